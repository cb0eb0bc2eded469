"""Two replicas take the very step of one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

BATCH = 64


def train(
    case, strategy, rows, optimizer=None, epochs=3, batch=BATCH, **compiled
):
    with strategy.scope():
        model = case.build(seed=1)
        optimizer = optimizer or {}
        rate = 3e-4 if len(case.shape) == 3 else 1e-2
        model.compile(keras.optimizers.SGD(rate, **optimizer), **compiled)
    x, y = case.data(rows)
    held_out = case.data(rows // 2 + 1, seed=5)
    if y is None:
        held_out = held_out[0]
    history = model.fit(
        x,
        y,
        batch_size=batch,
        epochs=epochs,
        validation_data=held_out,
        verbose=0,
    ).history
    return model, history


def assert_equal_training(one, two):
    (one, one_logs), (two, two_logs) = one, two
    assert int(one.step.numpy()) == int(two.step.numpy()) > 0
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), rtol=1e-6, atol=1e-6, err_msg=a.path
        )
    assert one_logs.keys() == two_logs.keys()
    for name in one_logs:
        np.testing.assert_allclose(
            one_logs[name], two_logs[name], rtol=1e-5, err_msg=name
        )


def test_every_model(case, two_replicas):
    before = case.build(seed=1)
    # Packs are made of each replica's rows: of 17 and 16 one would be left.
    last = 33 if getattr(before, "packing", 1) == 1 else 36
    before = before.get_weights()
    one = train(case, tf.distribute.get_strategy(), BATCH + last, epochs=2)
    two = train(case, two_replicas, BATCH + last, epochs=2)
    assert_equal_training(one, two)
    moved = [
        np.abs(a - b).max()
        for a, b in zip(before, two[0].get_weights(), strict=True)
    ]
    assert max(moved[2:]) > 1e-4


@pytest.mark.parametrize(
    "last, steps_per_execution",
    [(1, 1), (2, 1), (31, 1), (33, 1), (63, 1), (1, 4), (33, 4)],
)
def test_uneven_last_batch(last, steps_per_execution, first, two_replicas):
    """Five batches an epoch, so that 4 steps a call leave one over."""
    rows = 4 * BATCH + last
    options = {"steps_per_execution": steps_per_execution}
    one = train(first, tf.distribute.get_strategy(), rows, **options)
    two = train(first, two_replicas, rows, **options)
    assert int(two[0].step.numpy()) == 15
    assert_equal_training(one, two)


@pytest.mark.parametrize(
    "clip", [{"clipnorm": 0.01}, {"global_clipnorm": 0.1}, {"clipvalue": 1e-3}]
)
def test_clipping(clip, first, two_replicas):
    one = train(first, tf.distribute.get_strategy(), 97, clip)
    two = train(first, two_replicas, 97, clip)
    assert_equal_training(one, two)
    # and the clipping did something
    free, _ = train(first, tf.distribute.get_strategy(), 97)
    largest = max(
        np.abs(a - b).max()
        for a, b in zip(free.get_weights(), one[0].get_weights(), strict=True)
    )
    assert largest > 1e-5


def test_first_batch_that_does_not_divide(first, two_replicas):
    one = train(first, tf.distribute.get_strategy(), 33, batch=33)
    assert_equal_training(one, train(first, two_replicas, 33, batch=33))


def test_steps_per_execution_changes_nothing(first):
    strategy = tf.distribute.get_strategy()
    one = train(first, strategy, 4 * BATCH + 3)
    four = train(first, strategy, 4 * BATCH + 3, steps_per_execution=4)
    for a, b in zip(one[0].weights, four[0].weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
