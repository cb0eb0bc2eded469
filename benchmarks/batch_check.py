"""What the look at every batch costs, in percent of a training step.

    python benchmarks/batch_check.py    # some minutes of one processor

It runs alone, in a compiled loop over batches, beside the same loop without it;
the least of several times each, in turn. And it is left out of one of two
trainings that take turns, five steps each: the median of the ratios of their
processor times, with its standard error, shows what it costs within a step.
"""

import argparse
import time
from unittest import mock

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import tensorflow as tf

from tfgen.training import step_runner
from tfgen.training.batch_checks import BatchCheck

LOOKS, STEPS, PAIRS = 500, 5, 160
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
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    print(
        "| | step [ms] | look [ms] | share [%] | paired [%] |\n"
        "|---|---|---|---|---|"
    )
    for name, options in MODELS.items():
        step, look = _times(repeats, *options)
        share = 100 * look / step
        paired = 100 * (_ratios(*options) - 1)
        print(
            f"| {name} | {step:.2f} | {look:.3f} | {share:.2f} "
            f"| {np.median(paired):.2f} ± {_error(paired):.2f} |",
            flush=True,
        )


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


def _ratios(*options):
    """Of a training's processor times with and without the look, in turn."""
    trainings = []
    for check in (BatchCheck, _NoCheck):
        model, data = _made(*options)
        with mock.patch.object(step_runner, "BatchCheck", check):
            model.fit(data, steps_per_epoch=STEPS, verbose=0)
        trainings.append((model.train_function, iter(data)))
    spent = np.zeros((PAIRS, 2))
    for pair in range(PAIRS):
        # Who is first has what the other left in the caches: by turns.
        for which in (0, 1) if pair % 2 else (1, 0):
            step, iterator = trainings[which]
            start = time.process_time()
            step(iterator)
            spent[pair, which] = time.process_time() - start
    return spent[:, 0] / spent[:, 1]


def _error(values):
    """Of the median, by what lies around it."""
    low, high = np.quantile(
        values, [0.5 - 0.5 / PAIRS**0.5, 0.5 + 0.5 / PAIRS**0.5]
    )
    return (high - low) / 2


def _times(repeats, *options):
    model, data = _made(*options)
    check, strategy = BatchCheck(model), tf.distribute.get_strategy()

    def loop(look):
        @tf.function(reduce_retracing=True)
        def run(iterator):
            total = 0.0
            for _ in tf.range(LOOKS):
                batch = (next(iterator),)
                if look:
                    batch = check(strategy, batch, 0)
                total += tf.reshape(batch[0], (-1,))[0]
            return total

        return lambda: run(iter(data))

    runs = {
        "step": lambda: model.fit(data, steps_per_epoch=STEPS, verbose=0),
        "with": loop(True),
        "without": loop(False),
    }
    least = dict.fromkeys(runs, np.inf)
    for _ in range(repeats + 1):  # the first compiles
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            least[name] = min(least[name], time.perf_counter() - start)
    look = (least["with"] - least["without"]) / LOOKS
    return least["step"] / STEPS * 1000, look * 1000


if __name__ == "__main__":
    main()
