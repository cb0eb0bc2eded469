import datetime
import json
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import tensorflow as tf


class Results:
    """Runs that are done, one line each in a file.

    Args:
        folder: where the file `results.jsonl` lies, and what else runs keep.
        say: what is called with each run once it is done.
    """

    def __init__(self, folder, say=print):
        self.folder = folder
        self._say = say
        self._path = folder / "results.jsonl"
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, family) -> list[dict]:
        """Runs of a family with the settings of today, by row and seed."""
        runs = [run for run in self._read() if run["family"] == family.name]
        kept = [run for run in runs if _is_among(run, family.tasks)]
        return sorted(kept, key=lambda run: run["seed"])

    def run(self, family, seed):
        """Makes the runs of a seed that are not done."""
        for task in family.tasks(seed):
            known = {"family": family.name, **task}
            if any(known.items() <= run.items() for run in self._read()):
                continue
            began = time.perf_counter()
            found = family.measure(self.folder, **task)
            minutes = (time.perf_counter() - began) / 60
            run = {**known, "minutes": minutes, **found, **_circumstances()}
            with self._path.open("a") as file:
                file.write(json.dumps(run) + "\n")
            self._say(run)

    def _read(self):
        if not self._path.exists():
            return []
        lines = self._path.read_text().splitlines()
        return [json.loads(line) for line in lines]


def _is_among(run, tasks):
    return any(task.items() <= run.items() for task in tasks(run["seed"]))


def _circumstances():
    return {
        "date": str(datetime.date.today()),
        "versions": f"tfgen {tfgen.__version__}, tensorflow {tf.__version__}, "
        f"keras {keras.__version__}",
    }
