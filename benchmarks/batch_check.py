"""What the look at every batch costs, in percent of a training step.

    python benchmarks/batch_check.py    # a minute of one processor

The look is too cheap to show in the difference of two trainings on a machine
with neighbours. So it runs alone, in a compiled loop over batches, beside the
same loop without it; the least of several times each, in turn.
"""

import argparse
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import tensorflow as tf

from tfgen.training.batch_checks import BatchCheck

LOOKS, STEPS = 500, 5
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
    print("| | step [ms] | look [ms] | share [%] |\n|---|---|---|---|")
    for name, options in MODELS.items():
        step, look = _times(repeats, *options)
        share = 100 * look / step
        print(f"| {name} | {step:.2f} | {look:.3f} | {share:.2f} |", flush=True)


def _times(repeats, family, shape, batch, network):
    model = tfgen.build(
        family, input_shape=shape, latent_dim=16, network=network, seed=0
    )
    model.compile(steps_per_execution=STEPS)
    low, high = model.data_range or (-1, 1)
    rows = np.random.default_rng(0).uniform(low, high, (batch, *shape))
    data = tf.data.Dataset.from_tensors(rows.astype("float32")).repeat()
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
