"""The network along codes: what is drawn with what layers keep."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks.code_prior import CodePrior


def moved(network):
    """With weights that are all other than where they start."""
    random = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(random.normal(size=weight.shape))
    return network


@pytest.mark.parametrize(
    "classes, options",
    [
        (None, {"blocks": 4}),
        (3, {"blocks": 2, "kernel_size": 5}),
        (None, {"blocks": 1}),
        (None, {"blocks": 2, "kernel_size": 1}),
    ],
)
def test_each_code_is_drawn_by_the_logits_of_a_whole_pass(classes, options):
    """At each place the logits are those of the network for what was drawn."""
    height, width, codes = 4, 5, 6
    network = moved(
        CodePrior((height, width), codes, classes, filters=4, **options)
    )
    labels = None if classes is None else tf.eye(classes)
    seen = tf.Variable(tf.zeros((height * width, 3, codes)))
    wanted = np.random.default_rng(1).integers(0, codes, (height * width, 3))

    def choose(logits, place):
        seen.scatter_nd_update([[place]], logits[None])
        return tf.gather(tf.constant(wanted, tf.int32), place)

    draw = tf.function(lambda: network.draw(choose, tf.constant(3), labels))
    grids = draw()
    np.testing.assert_array_equal(grids, wanted.T.reshape(3, height, width))
    whole = network(grids if labels is None else [grids, labels])
    whole = np.reshape(whole, (3, height * width, codes))
    np.testing.assert_allclose(
        np.swapaxes(seen.numpy(), 0, 1), whole, rtol=1e-4, atol=1e-4
    )


def test_it_is_saved(tmp_path):
    network = moved(CodePrior((2, 3), 4, 2, filters=3, blocks=2))
    network.save(tmp_path / "prior.keras")
    again = keras.models.load_model(tmp_path / "prior.keras")
    assert isinstance(again, CodePrior)
    inputs = [np.zeros((2, 2, 3), "int32"), np.eye(2, dtype="float32")]
    np.testing.assert_array_equal(again(inputs), network(inputs))
