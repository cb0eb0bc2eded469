"""What the look at the data costs, in percent of a training step.

    python benchmarks/batch_check.py    # some minutes of one processor

Data in memory is looked at once, as a whole: its share is that of one epoch.
Of data that comes batch by batch, each batch is looked at within the step. The
look is left out of one of two trainings that take turns, five steps each: the
ratio of their times shows what it costs. Two trainings with the same code
differ by a percent either way, by where their memory lies, so both are built
anew for each ratio: shown is the mean with its standard error, in processor
time and in passing time. On several threads, the processor time in which one
waits for another counts as well.
"""

import argparse
import time
from unittest import mock

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import tensorflow as tf

from tfgen.training import step_runner
from tfgen.training.batch_checks import BatchCheck

EPOCH, LOOKS = 100, 7
STEPS, SECONDS = 5, 4
MODELS = {
    "vae, dense, 784 values, batch 128": ("vae", (28, 28, 1), 128, "mlp"),
    "vae, convolutions, 28 x 28, batch 128": ("vae", (28, 28, 1), 128, "conv"),
    "gan, convolutions, 32 x 32 x 3, batch 64": (
        "gan",
        (32, 32, 3),
        64,
        "conv",
    ),
    "vae, a table of 20 columns, batch 64": ("vae", (20,), 64, "mlp"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a model's name")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    print(
        "| | step [ms] | in memory [% of an epoch] | batch by batch [%] "
        "| passing time [%] |\n|---|---|---|---|---|"
    )
    for name, options in MODELS.items():
        if arguments.only not in name:
            continue
        step, whole = _step(*options), _whole(*options)
        paired = [
            _ratios(repeat, step, *options)
            for repeat in range(arguments.repeats)
        ]
        mean, error = _mean(100 * (np.array(paired) - 1))
        print(
            f"| {name} | {step:.2f} | {100 * whole / (EPOCH * step):.2f} | "
            + " | ".join(
                f"{m:.2f} ± {e:.2f}" for m, e in zip(mean, error, strict=True)
            )
            + " |",
            flush=True,
        )


def _mean(ratios):
    return ratios.mean(0), ratios.std(0, ddof=1) / len(ratios) ** 0.5


def _made(family, shape, batch, network):
    """A model, and batches for it without end."""
    model = tfgen.build(
        family, input_shape=shape, latent_dim=16, network=network, seed=0
    )
    model.compile(steps_per_execution=STEPS)
    low, high = model.data_range or (-1, 1)
    rows = np.random.default_rng(0).uniform(low, high, (batch, *shape))
    data = tf.data.Dataset.from_tensors(rows.astype("float32")).repeat()
    return model, data


class _NoCheck(BatchCheck):
    def __call__(self, strategy, data, index):
        return data


def _ratios(repeat, step, *options):
    """Of two new trainings' times, with the look and without."""
    trainings = [None, None]
    checks = BatchCheck, _NoCheck
    for which in (0, 1) if repeat % 2 else (1, 0):
        model, data = _made(*options)
        with mock.patch.object(step_runner, "BatchCheck", checks[which]):
            model.fit(data, steps_per_epoch=STEPS, verbose=0)
        trainings[which] = model.train_function, iter(data)
    pairs = max(10, round(SECONDS * 1000 / (2 * STEPS * step)))
    spent = np.zeros((pairs, 2, 2))
    for pair in range(pairs):
        # Who is first has what the other left in the caches: by turns.
        for which in (0, 1) if pair % 2 else (1, 0):
            run, iterator = trainings[which]
            start = _clocks()
            run(iterator)
            spent[pair, which] = _clocks() - start
    return np.median(spent[:, 0] / spent[:, 1], axis=0)


def _clocks():
    return np.array([time.process_time(), time.perf_counter()])


def _step(*options):
    """Milliseconds of one step."""
    model, data = _made(*options)
    model.fit(data, steps_per_epoch=STEPS, verbose=0)
    run, iterator = model.train_function, iter(data)
    return _least(lambda: run(iterator)) / STEPS


def _whole(family, shape, batch, network):
    """Milliseconds to look at all rows of an epoch at once."""
    rows = np.random.default_rng(0).uniform(size=(EPOCH * batch, *shape))
    rows = rows.astype("float32")
    value_range = (0, 1) if len(shape) > 1 else None
    return _least(
        lambda: tfgen.data.check_examples(rows, value_range=value_range)
    )


def _least(run):
    times = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
