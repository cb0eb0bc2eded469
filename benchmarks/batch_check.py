"""What the look at every batch costs, in percent of a training step.

    python benchmarks/batch_check.py    # some minutes of one processor

It runs alone, in a compiled loop over batches, beside the same loop without it;
the least of several times each, in turn. And it is left out of one of two
trainings that take turns, five steps each: the ratio of their processor times
shows what it costs within a step. Two trainings with the same code differ by a
percent either way, by where their memory lies, so both are built anew for each
ratio: shown are the median of all and the mean with its standard error. On
several threads, the time in which one waits for another counts as well.
"""

import argparse
import time
from unittest import mock

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import tensorflow as tf

from tfgen.training import step_runner
from tfgen.training.batch_checks import BatchCheck

LOOKS, LOOP_REPEATS = 500, 7
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
        "| | step [ms] | look [ms] | share [%] | median [%] | mean [%] |\n"
        "|---|---|---|---|---|---|"
    )
    for name, options in MODELS.items():
        if arguments.only not in name:
            continue
        step, look = _times(*options)
        paired = [
            100 * (_ratio(repeat, step, *options) - 1)
            for repeat in range(arguments.repeats)
        ]
        middle, mean = np.median(paired), np.mean(paired)
        error = np.std(paired, ddof=1) / len(paired) ** 0.5
        print(
            f"| {name} | {step:.2f} | {look:.3f} | {100 * look / step:.2f} "
            f"| {middle:.2f} | {mean:.2f} ± {error:.2f} |",
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


def _ratio(repeat, step, *options):
    """Of two new trainings' processor times, with the look and without."""
    trainings = [None, None]
    checks = BatchCheck, _NoCheck
    for which in (0, 1) if repeat % 2 else (1, 0):
        model, data = _made(*options)
        with mock.patch.object(step_runner, "BatchCheck", checks[which]):
            model.fit(data, steps_per_epoch=STEPS, verbose=0)
        trainings[which] = model.train_function, iter(data)
    pairs = max(10, round(SECONDS * 1000 / (2 * STEPS * step)))
    spent = np.zeros((pairs, 2))
    for pair in range(pairs):
        # Who is first has what the other left in the caches: by turns.
        for which in (0, 1) if pair % 2 else (1, 0):
            run, iterator = trainings[which]
            start = time.process_time()
            run(iterator)
            spent[pair, which] = time.process_time() - start
    return np.median(spent[:, 0] / spent[:, 1])


def _times(*options):
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
    for _ in range(LOOP_REPEATS + 1):  # the first compiles
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            least[name] = min(least[name], time.perf_counter() - start)
    look = (least["with"] - least["without"]) / LOOKS
    return least["step"] / STEPS * 1000, look * 1000


if __name__ == "__main__":
    main()
