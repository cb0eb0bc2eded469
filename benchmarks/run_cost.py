"""What a run of `tfgen train` costs beside a bare `fit`, in processor time.

    python benchmarks/run_cost.py    # some minutes of one processor

The same model on the same data, 21 steps an epoch: once as a `Run` with all
that it has by default, once by `model.fit` with the same validation and
nothing else; in turn, so that both meet the same neighbours. Processor time of
all threads. An epoch's cost is the mean over those from the third to the last
but one; what is left, of both ends of the training (tracing, first and last
pictures, the last save), is told apart.
"""

import argparse
import contextlib
import io
import pathlib
import statistics
import tempfile
import time

import tfgen  # noqa: F401  isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

from tfgen.runs.model import compiled_model
from tfgen.runs.run import Run

STEPS = 21
ROWS = 1680  # 1,344 of them to train on
WARM = 2  # epochs in which functions are traced


def blobs(rng, rows):
    """Grey images of 28 x 28, a soft spot in each."""
    place = rng.uniform(6, 22, (2, rows, 1, 1))
    size = rng.uniform(2, 6, (rows, 1, 1))
    grid = np.arange(28.0)
    y, x = grid[:, None] - place[0], grid[None] - place[1]
    return np.exp(-(x**2 + y**2) / (2 * size**2)).astype("float32")


def table(rng, rows):
    """A table of 12 columns that hang together."""
    causes = rng.normal(size=(rows, 4))
    noise = rng.normal(size=(rows, 12))
    return np.tanh(causes @ rng.normal(size=(4, 12))) + 0.1 * noise


def ring(rng, rows):
    """Points on a ring."""
    angle = rng.uniform(0, 2 * np.pi, rows)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + 0.05 * rng.normal(size=points.shape)


# By name: what is asked for beside the defaults, and the data.
RUNS = {
    "vae, dense, grey images of 28 x 28": (
        {"model": "vae", "network": "mlp"},
        blobs,
    ),
    "vae, a table of 12 columns": ({"model": "vae"}, table),
    "gan, points in the plane": ({"model": "gan"}, ring),
}


class Clock(keras.callbacks.Callback):
    """Processor time at the start of each epoch."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.times.append(time.process_time())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", default="", help="part of a run's name")
    options = parser.parse_args()
    print(
        "| | fit [s/epoch] | run [s/epoch] | ratio an epoch (range) "
        "| fit, ends [s] | run, ends [s] |\n|---|---|---|---|---|---|"
    )
    for name, made in RUNS.items():
        if options.only in name:
            pairs = [
                pair(*made, options.epochs, seed)
                for seed in range(options.pairs)
            ]
            print(row(name, pairs), flush=True)


def row(name, pairs):
    ratios = [run[0] / fit[0] for fit, run in pairs]
    (fit, fit_ends), (run, run_ends) = (
        map(statistics.median, zip(*side, strict=True))
        for side in zip(*pairs, strict=True)
    )
    middle = statistics.median(ratios)
    return (
        f"| {name} | {fit:.3f} | {run:.3f} | {middle:.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}) "
        f"| {fit_ends:.1f} | {run_ends:.1f} |"
    )


def pair(asked, make, epochs, seed):
    """Costs of a bare fit and of a run, each (an epoch, both ends)."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "data.npy")
        np.save(file, make(np.random.default_rng(seed), ROWS))
        given = asked | {"data": str(file), "epochs": epochs}
        given |= {"batch_size": 64, "seed": seed, "patience": 0}
        with contextlib.redirect_stdout(io.StringIO()):
            run = Run.new(pathlib.Path(folder, "run"), given)
            if run.batches.steps_per_epoch != STEPS:
                raise ValueError(f"{run.batches.steps_per_epoch} steps")
            bare = measured(lambda clock: fit_bare(run, epochs, clock))
            return bare, measured(lambda clock: run.train([clock]))


def fit_bare(run, epochs, clock):
    model = compiled_model(run.settings, run.source)
    model.fit(
        run.batches,
        epochs=epochs,
        verbose=0,
        validation_data=run.validation,
        validation_batch_size=run.batches.batch_size,
        callbacks=[clock],
    )


def measured(train):
    clock, start = Clock(), time.process_time()
    train(clock)
    whole = time.process_time() - start
    between = clock.times[-1] - clock.times[WARM]
    epoch = between / (len(clock.times) - 1 - WARM)
    return epoch, whole - epoch * len(clock.times)


if __name__ == "__main__":
    main()
