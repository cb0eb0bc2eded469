"""Dropout by row, not by device."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import Dropout
from tfgen.training import GlobalBatch

X = tf.ones((7, 20))


def draw(layer, x=X, step=0, first_row=0, uses=1):
    with GlobalBatch(x, None, 3, step, first_row=first_row) as batch:
        return [layer(batch.x, training=True).numpy() for _ in range(uses)][-1]


def test_values():
    layer = Dropout(0.25)
    with GlobalBatch(tf.ones((50, 400)), None, 0, 0) as batch:
        y = layer(batch.x, training=True).numpy()
    np.testing.assert_allclose(np.unique(y), [0.0, 1 / 0.75], rtol=1e-6)
    # 20,000 draws: the standard deviation of the share is 0.003.
    assert np.mean(y == 0.0) == pytest.approx(0.25, abs=0.015)
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(draw(Dropout(0.0)), X)


def test_the_mask_depends_on_row_step_use_and_name():
    layer = Dropout(0.5, name="a")
    mask = draw(layer)
    np.testing.assert_array_equal(draw(Dropout(0.5, name="a")), mask)
    np.testing.assert_array_equal(draw(layer, X[:4], first_row=3), mask[3:])
    others = (
        draw(layer, step=1),
        draw(layer, uses=2),
        draw(Dropout(0.5, name="b")),
    )
    for other in others:
        assert 0.3 < np.mean(mask == other) < 0.7


def test_two_replicas_as_one(two_replicas):
    def step(x):
        with GlobalBatch(x, None, 3, 0) as batch:
            return Dropout(0.5, name="a")(batch.x, training=True)

    parts = two_replicas.experimental_distribute_values_from_function(
        lambda context: X[:5] if not context.replica_id_in_sync_group else X[5:]
    )
    came = two_replicas.run(tf.function(step), (parts,))
    rows = [r.numpy() for r in two_replicas.experimental_local_results(came)]
    np.testing.assert_array_equal(
        np.concatenate(rows), draw(Dropout(0.5, name="a"))
    )


def test_config():
    layer = Dropout.from_config(Dropout(0.3, name="a").get_config())
    assert (layer.rate, layer.name) == (0.3, "a")
    assert keras.saving.get_registered_name(Dropout) == "tfgen>Dropout"


def test_what_is_refused():
    with pytest.raises(ValueError, match="from 0 to below 1"):
        Dropout(1.0)
    with pytest.raises(ValueError, match="outside of a training step"):
        Dropout(0.5)(X, training=True)
