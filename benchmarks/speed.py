"""Speed of the exact training step against a plain hand-written one.

    python benchmarks/speed.py

Trains the same networks on the same data by `tfgen` and by a `keras.Model`
with the usual `train_step` (mean over the batch, `tf.random.normal`), in turn,
and prints images a second of tfgen and the median over rounds of the ratio,
in wall and in processor seconds. Only ratios mean anything, since a machine's
speed drifts; on a shared one processor seconds are the steadier.
"""

import argparse
import statistics
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np
import tensorflow as tf

CASES = {
    "dense": {
        "network": "mlp",
        "network_options": {"units": (500, 500)},
        "steps_per_execution": 1,
    },
    "dense, 20 steps an execution": {
        "network": "mlp",
        "network_options": {"units": (500, 500)},
        "steps_per_execution": 20,
    },
    "convolutional": {
        "network": "conv",
        "network_options": {"filters": (32, 64)},
        "steps_per_execution": 1,
    },
}
BATCH_SIZE = 128
EPOCHS = 4


class PlainVAE(keras.Model):
    """What people write by hand, one replica, nothing exact."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.trackers = [
            keras.metrics.Mean(name=name)
            for name in ("loss", "reconstruction_loss", "kl_loss")
        ]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, x):
        with tf.GradientTape() as tape:
            mean, log_variance = tf.split(self.encoder(x), 2, axis=-1)
            noise = tf.random.normal(tf.shape(mean))
            logits = self.decoder(mean + tf.exp(0.5 * log_variance) * noise)
            each = tf.nn.sigmoid_cross_entropy_with_logits(x, logits)
            reconstruction = tf.reduce_mean(tf.reduce_sum(each, (1, 2, 3)))
            kl = 0.5 * tf.reduce_mean(
                tf.reduce_sum(
                    mean**2 + tf.exp(log_variance) - log_variance - 1.0, -1
                )
            )
            loss = reconstruction + kl
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for tracker, value in zip(
            self.trackers, (loss, reconstruction, kl), strict=True
        ):
            tracker.update_state(value)
        return {m.name: m.result() for m in self.metrics}


def make_pair(case):
    """The same networks as a tfgen model and as a plain one."""
    case = dict(case)
    steps = case.pop("steps_per_execution")
    models = []
    for _ in range(2):
        model = tfgen.build("vae", input_shape=(28, 28, 1), seed=0, **case)
        models.append(model)
    exact, other = models
    plain = PlainVAE(other.encoder, other.decoder)
    plain.built = True
    exact.compile("adam", steps_per_execution=steps)
    plain.compile("adam", steps_per_execution=steps, jit_compile=False)
    return exact, plain


def measure(model, data):
    """Wall and processor seconds of one call of fit, its start included."""
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(data, epochs=EPOCHS, verbose=0, shuffle=False)
    return time.perf_counter() - wall, time.process_time() - processor


def compare(exact, exact_data, plain, plain_data, rounds):
    """Rows of (wall, processor) seconds of both, in turn, warmed up."""
    rows = []
    for number in range(rounds + 1):
        pairs = [(exact, exact_data), (plain, plain_data)]
        if number % 2:  # who goes first changes
            second, first = (measure(*pair) for pair in reversed(pairs))
        else:
            first, second = (measure(*pair) for pair in pairs)
        rows.append((first, second))
    return rows[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=12_800)
    options = parser.parse_args()
    x = np.random.default_rng(0).random(
        (options.images, 28, 28, 1), dtype=np.float32
    )
    plain_data = (
        tf.data.Dataset.from_tensor_slices(x)
        .shuffle(10_000)
        .batch(BATCH_SIZE)
        .prefetch(4)
    )
    exact_data = tfgen.data.from_arrays(x).batches(BATCH_SIZE)
    print("seconds of fit, plain over tfgen: above 1 tfgen is the faster")
    print(f"{'networks':30}{'images/s':>9}{'wall':>7}  (min - max)  processor")
    for name, case in CASES.items():
        exact, plain = make_pair(case)
        rows = compare(exact, exact_data, plain, plain_data, options.rounds)
        rate = statistics.median(
            EPOCHS * options.images / ours[0] for ours, _ in rows
        )
        wall, processor = (
            [plain[i] / ours[i] for ours, plain in rows] for i in (0, 1)
        )
        print(
            f"{name:30}{rate:9,.0f}{statistics.median(wall):7.2f}"
            f"  ({min(wall):.2f} - {max(wall):.2f})"
            f"{statistics.median(processor):11.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
