"""Speed of the exact training step against a plain hand-written one.

    python benchmarks/speed.py

Trains the same networks on the same data by `tfgen` and by a `keras.Model`
with the usual `train_step` (mean over the batch, `tf.random.normal`), in turn,
and prints images a second and the ratio of each pair of rounds. Only the
ratio means anything: the machine's own speed drifts.
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


def images_a_second(model, data, images):
    began = time.perf_counter()
    model.fit(data, epochs=1, verbose=0, shuffle=False)
    return images / (time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=25_600)
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
    print(f"{'networks':30}{'tfgen':>9}{'plain':>9}{'ratio':>8}  (min - max)")
    for name, case in CASES.items():
        exact, plain = make_pair(case)
        rounds = []
        for _ in range(options.rounds + 1):
            first = images_a_second(exact, exact_data, options.images)
            second = images_a_second(plain, plain_data, options.images)
            rounds.append((first, second, first / second))
        ours, theirs, ratios = zip(*rounds[1:], strict=True)
        print(
            f"{name:30}{statistics.median(ours):9,.0f}"
            f"{statistics.median(theirs):9,.0f}"
            f"{statistics.median(ratios):8.2f}  "
            f"({min(ratios):.2f} - {max(ratios):.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
