"""A search of `tfgen tune`, and the training with what it finds."""

import math
import shlex

from tfgen.cli.run_folder import RunFolder
from tfgen.cli.settings import new_settings, with_whole_path
from tfgen.cli.training_run import TrainingRun
from tfgen.models.from_settings import with_sizes
from tfgen.models.settings_data import load_splits
from tfgen.tuning import HYPERMODELS, Search
from tfgen.tuning.search_folder import SearchFolder
from tfgen.tuning.spaces.narrowing import parse

SEARCH_OPTIONS = (
    "tuner",
    "objective",
    "report",
    "trials",
    "patience",
    "extractor",
    "seed",
    "strategy",
    "replicas",
)
"""Options that are arguments of `tfgen.tuning.Search`."""
OF_THE_SEARCH = (*SEARCH_OPTIONS, "max_epochs", "epochs", "space")
"""Options that are no settings of `tfgen train`, or mean something else."""
CHANGEABLE = ("trials", "epochs")
SHARE = 4
"""A trial has one in so many of the epochs of a whole training."""


class SearchRun:
    """A search of `tfgen tune`.

    Args:
        out: folder of the search; one that holds a search goes on.
        given: options that were given, by name.

    Raises:
        ValueError: for options that do not fit; nothing is written then.
    """

    def __init__(self, out, given: dict):
        self.folder = SearchFolder(out)
        self.given = given = _resumed(self.folder, with_whole_path(given))
        settings = {k: v for k, v in given.items() if k not in OF_THE_SEARCH}
        for name in ("seed", "strategy", "replicas"):
            if name in given:
                settings[name] = given[name]
        self.settings = new_settings(settings)
        splits = load_splits(self.settings, ("train", "validation"))
        train, validation = splits["train"], splits["validation"]
        sizes = with_sizes({}, len(train))
        self.epochs = given.get("epochs", sizes["epochs"])
        whole = self.epochs or sizes["epochs"]
        max_epochs = given.get("max_epochs", math.ceil(whole / SHARE))
        hypermodel = HYPERMODELS[self.settings["model"]](
            train,
            parse(given.get("space", [])),
            seed=given.get("seed", 0),
            epochs=max_epochs,
            **_fixed(given),
        )
        self.search = Search(
            hypermodel,
            train,
            validation,
            out,
            max_epochs=max_epochs,
            settings=_without(self.settings, ("epochs",)),
            note={**given, "max_epochs": max_epochs},
            **{k: given[k] for k in SEARCH_OPTIONS if k in given},
        )

    def run(self, workers: int) -> None:
        """Searches, trains with the best settings, says where all is."""
        search = self.search
        best = search.run(workers)
        print(
            f"best   trial {best.trial_id}, {search.objective} {best.score:.5g}"
        )
        settings = search.settings_of(best)
        for name in sorted(search.drawn(best)):
            print(f"       {name} {settings[name]}")
        self._report()
        if self.epochs:
            self._train(best)

    def _train(self, best):
        """The best settings on the full budget."""
        settings = {**self.search.settings_of(best), "epochs": self.epochs}
        folder = RunFolder(self.folder.best_run)
        print(f"training with the best settings in {folder.path}")
        if folder.config_file.exists():
            run = TrainingRun.resumed(folder.path, {"epochs": self.epochs})
        else:
            run = TrainingRun(folder.path, settings)
        run.train()

    def _report(self):
        folder = self.folder
        rows = [
            ("report", folder.report),
            ("trials", folder.table),
            ("best", folder.best_file),
        ]
        for name, place in rows:
            print(f"{name:12}{place}")
        board = shlex.quote(str(folder.tensorboard))
        print(f"{'TensorBoard':12}tensorboard --logdir {board}")


def _resumed(folder, given):
    """What the search in the folder was begun with, if there is one."""
    begun = folder.settings()
    if begun is None:
        return given
    earlier = begun["note"]
    for name, value in given.items():
        if name in CHANGEABLE or earlier.get(name) == value:
            continue
        had = f"{name}={earlier[name]!r}" if name in earlier else f"no {name}"
        raise ValueError(
            f"the search in {folder.path} was begun with {had}, got {value!r}: "
            "leave the option out to go on with the search, or start a new "
            "one in another --out."
        )
    changed = {name: given[name] for name in CHANGEABLE if name in given}
    return {**earlier, **changed}


def _fixed(given):
    return {"conditional": True} if given.get("conditional") else {}


def _without(settings, names):
    return {k: v for k, v in settings.items() if k not in names}
