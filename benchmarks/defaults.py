"""What comes out with no option but the data.

    python benchmarks/defaults.py                         # all, an hour
    python benchmarks/defaults.py --only colour --seeds 1
    python benchmarks/defaults.py --data FOLDER   # one more table, cardio.npz

Three families of rows, each trained as `tfgen train MODEL --data DATA` does:

- `mixtures`: a GAN on the ring of 8 and on the grid of 25 Gaussians, and the
  share of its samples within 3 standard deviations of a centre (see
  `benchmarks/modes.py`);
- `tables`: a VAE by its defaults and by `--preset table_vae`, negative
  evidence lower bound of test rows in nats;
- `colour`: a VAE on five sets of colour images (`colour_sets.py`) for 240
  seconds of processor time, two minutes of two cores: KL in nats, and of
  test images' reconstructions the share of the variance that they explain
  and the share that lies nearer to its own image than to 299 others. A
  picture of images over reconstructions is kept beside.

Each family uses its test split once, at the end. Results are kept in
build/defaults as they come, one line a run; what is there is not run again.
"""

import argparse
import json
import pathlib
import statistics
import tempfile
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import colour_sets
import keras
import numpy as np
import tensorflow as tf
from modes import MIXTURES, score
from PIL import Image

from tfgen.runs.run import Run

FOLDER = pathlib.Path(__file__).parents[1] / "build" / "defaults"
SAMPLES = 2_500
TABLES = ("breast_cancer", "iris", "wine", "diabetes")
MORE_TABLES = "*cardio.npz"
PROCESSOR_SECONDS = 240
IDENTIFIED = 300
SHOWN, SHOWN_PIXELS = 12, 64


class Budget(keras.callbacks.Callback):
    """Ends a training after the epoch in which its processor time is spent."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def on_train_begin(self, logs=None):
        self.began = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        if time.process_time() - self.began > self.seconds:
            self.model.stop_training = True


def trained(settings, watchers=()):
    """The run, the kept model and the processor seconds that they took."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = Run.new(pathlib.Path(folder) / "run", settings)
        run.train(watchers)
        model = run.folder.load_model()
    return run, model, time.process_time() - began


def mixture(data, seed):
    """Of a GAN on points in the plane."""
    settings = {"model": "gan", "data": data, "seed": seed}
    run, model, seconds = trained(settings)
    points = run.source
    samples = model.sample(SAMPLES, seed=seed, batch_size=SAMPLES)
    samples = points.original_units(samples)
    scores = score(samples, *MIXTURES[data])
    return {**scores, "steps": run.model.steps_done, "seconds": seconds}


def table(data, seed):
    """Of a VAE on a table, by default and by the preset that is named."""
    bounds = {}
    for name, chosen in (
        ("default", {"model": "vae"}),
        ("preset", {"preset": "table_vae"}),
    ):
        settings = {**chosen, "data": data, "seed": seed}
        run, model, seconds = trained(settings)
        test = tfgen.data.load(data, split="test")
        logs = model.evaluate(test, verbose=0, return_dict=True)
        bounds[name] = logs["negative_elbo"]
        bounds[f"{name}_steps"] = run.model.steps_done
        bounds[f"{name}_seconds"] = seconds
        bounds[f"{name}_units"] = run.settings.get("width", 128)
    rows, columns = len(run.source), run.source.shape[0]
    return {**bounds, "rows": rows, "columns": columns}


def colour(data, seed, limit):
    """Of a VAE on one of the sets of colour images."""
    path = FOLDER / f"{data}.npz"
    if not path.exists():
        train, test = colour_sets.SETS[data]()
        np.savez_compressed(path, x_train=train, x_test=test)
    settings = {"model": "vae", "data": str(path), "seed": seed}
    run, model, _ = trained(settings, [Budget(limit)])
    test = tfgen.data.load(str(path), split="test")
    logs = model.evaluate(test, batch_size=100, verbose=0, return_dict=True)
    x, _ = test.arrays()
    reconstructions = model.reconstruct(x)
    draw(x, reconstructions, FOLDER / f"{data}-{seed}.png")
    error = np.mean((x - reconstructions) ** 2)
    return {
        "images": len(run.source),
        "size": x.shape[1],
        "steps": run.model.steps_done,
        "kl": logs["kl_loss"],
        "explained": float(1 - error / x.var(axis=0).mean()),
        "identified": identified(x, reconstructions),
    }


def identified(x, reconstructions):
    """The share of reconstructions that lie nearest to their own image.

    Of `IDENTIFIED` images from all over the split.
    """
    chosen = _from_all_over(len(x), IDENTIFIED)
    x, near = (a[chosen].reshape(len(chosen), -1) for a in (x, reconstructions))
    distances = (x**2).sum(1)[None] - 2 * near @ x.T
    return float(np.mean(distances.argmin(1) == np.arange(len(x))))


def draw(x, reconstructions, path):
    """Writes a row of images over a row of their reconstructions."""
    chosen = _from_all_over(len(x), SHOWN)
    rows = [_side_by_side(each[chosen]) for each in (x, reconstructions)]
    Image.fromarray(np.concatenate(rows)).save(path)


def _from_all_over(rows, number):
    return np.linspace(0, rows - 1, min(rows, number)).round().astype(int)


def _side_by_side(images):
    images = np.uint8(np.rint(255 * np.clip(images, 0, 1)))
    size = (SHOWN_PIXELS, SHOWN_PIXELS)
    scaled = [
        Image.fromarray(image).resize(size, Image.Resampling.NEAREST)
        for image in images
    ]
    return np.concatenate(scaled, axis=1)


FAMILIES = {"mixtures": mixture, "tables": table, "colour": colour}
COLUMNS = {
    "mixtures": {
        "modes": ".1f",
        "good": ".1%",
        "width": ".2f",
        "steps": ",.0f",
        "seconds": ".0f",
    },
    "tables": {
        "rows": ",.0f",
        "columns": ".0f",
        "default": ".2f",
        "preset": ".2f",
        "default_units": ".0f",
        "default_steps": ",.0f",
        "preset_steps": ",.0f",
        "default_seconds": ".0f",
        "preset_seconds": ".0f",
    },
    "colour": {
        "images": ",.0f",
        "size": ".0f",
        "limit": ".0f",
        "steps": ",.0f",
        "kl": ".1f",
        "explained": ".1%",
        "identified": ".1%",
    },
}


def tables(results):
    """A table for each family: means, and spreads over the seeds."""
    return "\n\n".join(
        _table(family, [run for run in results if run["family"] == family])
        for family in FAMILIES
    )


def _table(family, results):
    columns = COLUMNS[family]
    lines = [
        f"| {family} | " + " | ".join(columns) + " | seeds |",
        "|---" * (2 + len(columns)) + "|",
    ]
    kinds = {(run["data"], run.get("limit")): [] for run in results}
    for run in results:
        kinds[run["data"], run.get("limit")].append(run)
    for (data, _), runs in kinds.items():
        cells = [
            _spread([run[name] for run in runs], form)
            for name, form in columns.items()
        ]
        name = pathlib.Path(data).stem
        lines.append(f"| {name} | {' | '.join(cells)} | {len(runs)} |")
    return "\n".join(lines)


def _spread(values, form):
    mean = f"{statistics.mean(values):{form}}"
    if len(set(values)) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values):{form}}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=FAMILIES, action="append")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--data", help="a folder that has cardio.npz of ADBench"
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="processor cores to use"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=PROCESSOR_SECONDS,
        help="processor time of a training on colour images",
    )
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = {
        "mixtures": MIXTURES,
        "tables": [*TABLES, *_more_tables(options.data)],
        "colour": colour_sets.SETS,
    }
    for seed in range(options.seeds):
        for family in options.only or FAMILIES:
            for name in data[family]:
                task = {"family": family, "data": name, "seed": seed}
                if family == "colour":
                    task["limit"] = options.seconds
                run_once(task)
    print(tables(read()))


def run_once(task):
    """Runs what has no result yet, and keeps the result."""
    if any(task.items() <= done.items() for done in read()):
        return
    print(task, flush=True)
    arguments = {name: v for name, v in task.items() if name != "family"}
    result = task | FAMILIES[task["family"]](**arguments)
    with (FOLDER / "results.jsonl").open("a") as file:
        file.write(json.dumps(result) + "\n")
    print(result, flush=True)


def read():
    """The results so far."""
    path = FOLDER / "results.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _more_tables(folder):
    found = sorted(pathlib.Path(folder).glob(MORE_TABLES)) if folder else []
    if not found:
        print(f"without {MORE_TABLES}: no --data folder has it")
    return [str(path) for path in found]


if __name__ == "__main__":
    main()
