"""Work and speed of a GAN's training step against the usual one.

    python benchmarks/gan_step.py

The usual step, as in tutorials, makes generated examples twice, once for each
network. tfgen's makes them once. Both train the same networks by the same
non-saturating loss without penalties or averages. Prints floating-point
operations of one step, counted in its graph, and the median over rounds of the
ratio of times (above 1: tfgen is faster), in wall and in processor seconds.
"""

import argparse
import statistics
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

tf.get_logger().setLevel("ERROR")  # counting is an API of old
LATENT_DIM = 128
layers = keras.layers


class UsualGAN(keras.Model):
    """The step of tutorials: fresh examples for each network."""

    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.built = True

    def compile(self, generator_optimizer, discriminator_optimizer):
        super().compile(jit_compile=False)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        self.generator_loss = keras.metrics.Mean(name="generator_loss")
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")

    @property
    def metrics(self):
        return [self.generator_loss, self.discriminator_loss]

    def train_step(self, real):
        rows = tf.shape(real)[0]
        latents = tf.random.normal((rows, LATENT_DIM))
        fake = self.generator(latents, training=True)
        both = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.zeros((rows, 1)), tf.ones((rows, 1))], axis=0)
        variables = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.discriminator(both, training=True)
            discriminator_loss = self.cross_entropy(labels, logits)
        gradients = tape.gradient(discriminator_loss, variables)
        self.discriminator_optimizer.apply(gradients, variables)

        latents = tf.random.normal((rows, LATENT_DIM))
        variables = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            fake = self.generator(latents, training=True)
            logits = self.discriminator(fake, training=True)
            generator_loss = self.cross_entropy(tf.ones((rows, 1)), logits)
        gradients = tape.gradient(generator_loss, variables)
        self.generator_optimizer.apply(gradients, variables)
        self.generator_loss.update_state(generator_loss)
        self.discriminator_loss.update_state(discriminator_loss)
        return {m.name: m.result() for m in self.metrics}


def dcgan_64():
    """64x64 colour: the face generator of Keras' DCGAN example."""
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(8 * 8 * 128),
            layers.Reshape((8, 8, 128)),
            layers.Conv2DTranspose(128, 4, 2, "same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(256, 4, 2, "same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(512, 4, 2, "same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(3, 5, padding="same", activation="sigmoid"),
        ]
    )
    return generator, _discriminator((64, 64, 3), (64, 128, 128), 4)


def dcgan_28():
    """28x28 grey: convolutions of 128 and 64 below 7x7x256."""
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(7 * 7 * 256),
            layers.Reshape((7, 7, 256)),
            layers.Conv2DTranspose(128, 5, 1, "same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(64, 5, 2, "same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(1, 5, 2, "same", activation="sigmoid"),
        ]
    )
    return generator, _discriminator((28, 28, 1), (64, 128), 5)


def _discriminator(shape, filters, kernel_size):
    network = keras.Sequential([keras.Input(shape)])
    for width in filters:
        network.add(layers.Conv2D(width, kernel_size, 2, "same"))
        network.add(layers.LeakyReLU(0.2))
    network.add(layers.Flatten())
    network.add(layers.Dense(1))
    return network


NETWORKS = {"64x64x3": dcgan_64, "28x28x1": dcgan_28}


def make_pair(make_networks):
    """A model of tfgen and the usual one, ready for training."""
    ours = tfgen.GAN(
        *make_networks(), "non_saturating", penalties=[], average_decay=0.0
    )
    ours.compile(keras.optimizers.Adam(1e-4))
    usual = UsualGAN(*make_networks())
    usual.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4))
    return ours, usual


def operations(model, shape):
    """Floating-point operations of a training step on data of this shape."""
    data = tf.TensorSpec(shape, tf.float32)
    step = tf.function(model.train_step, autograph=False)
    graph = step.get_concrete_function(data).graph
    counts = (
        ops.get_stats_for_node_def(graph, node, "flops").value
        for node in graph.as_graph_def(add_shapes=True).node
    )
    return sum(count or 0 for count in counts)


def measure(model, data):
    """Wall and processor seconds of an epoch."""
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(data, verbose=0, shuffle=False)
    return time.perf_counter() - wall, time.process_time() - processor


def compare(pair, data, rounds):
    """Ratios (wall, processor) of the usual step's time to tfgen's."""
    ours, usual = pair
    for model in pair:
        measure(model, data)
    ratios = []
    for number in range(rounds):
        order = (ours, usual) if number % 2 else (usual, ours)
        seconds = {id(model): measure(model, data) for model in order}
        mine, theirs = seconds[id(ours)], seconds[id(usual)]
        ratios.append([b / a for a, b in zip(mine, theirs, strict=True)])
    return list(zip(*ratios, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=6)
    options = parser.parse_args()
    for name, make_networks in NETWORKS.items():
        shape = tuple(int(size) for size in name.split("x"))
        pair = make_pair(make_networks)
        mine, theirs = (
            operations(model, (options.batch_size, *shape)) for model in pair
        )
        print(
            f"{name}: {mine / 1e9:.1f} GFLOP a step, usual "
            f"{theirs / 1e9:.1f}, ratio {mine / theirs:.3f}",
            flush=True,
        )
        rows = options.batch_size * options.steps
        x = np.random.default_rng(0).random((rows, *shape), np.float32)
        data = tf.data.Dataset.from_tensor_slices(x).batch(options.batch_size)
        wall, processor = compare(pair, data.cache(), options.rounds)
        print(
            f"{name}: usual time over tfgen's, median "
            f"{statistics.median(wall):.2f} ({min(wall):.2f} to "
            f"{max(wall):.2f}) wall, {statistics.median(processor):.2f} "
            "processor"
        )


if __name__ == "__main__":
    main()
