"""The network along codes: what is drawn with what layers keep."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks.code_prior import CodePrior
from tfgen.training.precision import precision_policy


def moved(network):
    """With weights that are all other than where they start."""
    random = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(random.normal(size=weight.shape))
    return network


@pytest.mark.parametrize("grid", [(4, 5), (1, 9), (9, 2)])
@pytest.mark.parametrize(
    "classes, options",
    [
        (None, {"blocks": 4}),
        (3, {"blocks": 2, "kernel_size": 5}),
        (None, {"blocks": 1}),
        (None, {"blocks": 2, "kernel_size": 1}),
    ],
)
def test_each_code_is_drawn_by_the_logits_of_a_whole_pass(
    grid, classes, options
):
    """The largest of logits and noise: those of a pass give each code again."""
    codes, places = 6, grid[0] * grid[1]
    network = moved(CodePrior(grid, codes, classes, filters=4, **options))
    labels = None if classes is None else tf.eye(classes)
    random = np.random.default_rng(1)
    noise = np.float32(random.normal(size=(places, 3, codes), scale=20.0))

    def choose(logits, places):
        numbers = logits + tf.gather(noise, places)
        return tf.argmax(numbers, axis=-1, output_type=tf.int32)

    draw = tf.function(lambda: network.draw(choose, tf.constant(3), labels))
    drawn = draw()
    assert drawn.shape == (3, *grid)
    assert len(np.unique(drawn)) > 2
    whole = network(drawn if labels is None else [drawn, labels])
    whole = np.reshape(whole, (3, places, codes)).swapaxes(0, 1)
    wanted = np.argmax(whole + noise, axis=-1).T.reshape(3, *grid)
    np.testing.assert_array_equal(drawn, wanted)


def test_it_is_saved(tmp_path):
    network = moved(CodePrior((2, 3), 4, 2, filters=3, blocks=2))
    network.save(tmp_path / "prior.keras")
    again = keras.models.load_model(tmp_path / "prior.keras")
    assert isinstance(again, CodePrior)
    inputs = [np.zeros((2, 2, 3), "int32"), np.eye(2, dtype="float32")]
    np.testing.assert_array_equal(again(inputs), network(inputs))


@pytest.mark.parametrize("classes", [None, 3])
def test_it_draws_in_bfloat16(classes):
    with precision_policy("mixed_bfloat16", (2, 3)):
        network = CodePrior((2, 3), 4, classes, filters=3, blocks=2)
    labels = None if classes is None else tf.eye(classes)

    def choose(logits, places):
        assert logits.dtype == tf.float32
        return tf.argmax(logits, axis=-1, output_type=tf.int32)

    assert network.draw(choose, tf.constant(3), labels).shape == (3, 2, 3)
