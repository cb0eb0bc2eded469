"""Parts of a step that tfgen computes itself, beside the libraries' own.

    OMP_NUM_THREADS=1 python benchmarks/parts_cost.py

Each takes the value and all gradients, the two in turn, in processor time:
the median of the ratios of seven pairs, theirs over ours, and in brackets the
least and the largest.
"""

import statistics
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.probability.couplings import SplineCoupling

PAIRS, CALLS = 7, 20
RANDOM = np.random.default_rng(0)
BINS = 8


def main():
    for name, (theirs, ours) in {
        "group normalisation, Keras": normalisations((64, 28, 28, 32)),
        "Bernoulli of 784 pixels, TensorFlow Probability": bernoullis(),
        "spline coupling of 20, TensorFlow Probability": splines(),
    }.items():
        ratios = sorted(seconds(theirs) / seconds(ours) for _ in range(PAIRS))
        print(
            f"{name}: {statistics.median(ratios):.2f} "
            f"({ratios[0]:.2f}-{ratios[-1]:.2f})"
        )


def normal(*shape):
    return tf.constant(RANDOM.normal(size=shape), tf.float32)


def step(function, inputs, variables=()):
    """`function` and its gradients, compiled and called once."""

    @tf.function
    def compiled():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(function(*inputs))
        return tape.gradient(total, [*inputs, *variables])

    compiled()
    return compiled


def seconds(compiled):
    began = time.process_time()
    for _ in range(CALLS):
        compiled()
    return time.process_time() - began


def normalisations(shape):
    x, direction = normal(*shape), normal(*shape)
    for kind in (
        keras.layers.GroupNormalization,
        tfgen.layers.GroupNormalization,
    ):
        layer = kind(groups=8)
        layer.build(shape)

        def value(x, layer=layer):
            return direction * layer(x)

        yield step(value, [x], layer.trainable_variables)


def bernoullis():
    x = tf.constant(RANDOM.random((128, 784)), tf.float32)
    logits = 3.0 * normal(128, 784)
    for log_prob in (
        lambda a: tfp.distributions.Bernoulli(logits=a).log_prob(x),
        lambda a: tfgen.probability.Bernoulli().log_prob(x, a),
    ):
        yield step(log_prob, [logits])


def splines():
    """Both by the same network, of 20 values that see 20 others."""
    coupling = SplineCoupling(20, 20, (64, 64), BINS)
    for weight in coupling.weights:
        weight.assign(0.2 * normal(*weight.shape))
    x, seen = normal(100, 20), normal(100, 20)

    def theirs(x, seen):
        raw = tf.split(coupling._raw(seen), [BINS, BINS, BINS - 1], axis=-1)
        widths, heights = (10.0 * tf.nn.softmax(each) for each in raw[:2])
        spline = tfp.bijectors.RationalQuadraticSpline(
            widths, heights, tf.nn.softplus(raw[2]), range_min=-5.0
        )
        return spline.forward(x) + spline.forward_log_det_jacobian(x, 0)

    def ours(x, seen):
        y, log_determinant = coupling.to_noise(x, seen)
        return y + log_determinant[:, None]

    for function in (theirs, ours):
        yield step(function, [x, seen], coupling.trainable_variables)


if __name__ == "__main__":
    main()
