"""Two replicas take the very step of one."""

import numpy as np
import pytest
import tensorflow as tf
from conformance_models import gan

BATCH = 64


def assert_equal_training(one, two):
    assert int(one.model.step.numpy()) == int(two.model.step.numpy()) > 0
    paths = [weight.path for weight in one.model.weights]
    for a, b, path in zip(one.weights, two.weights, paths, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6, err_msg=path)
    assert one.logs.keys() == two.logs.keys()
    for name in one.logs:
        np.testing.assert_allclose(
            one.logs[name], two.logs[name], rtol=1e-5, err_msg=name
        )


def test_every_model(pair):
    assert_equal_training(pair.one, pair.two)
    before = pair.case.build(seed=1).get_weights()
    moved = [
        np.abs(a - b).max()
        for a, b in zip(before, pair.two.weights, strict=True)
    ]
    assert max(moved[2:]) > 1e-4


@pytest.mark.parametrize(
    "last, steps_per_execution",
    # One replica has nothing, or a row less than the other.
    [
        pytest.param(1, 1, marks=pytest.mark.slow),
        pytest.param(33, 1, marks=pytest.mark.slow),
        (1, 4),
    ],
)
def test_uneven_last_batch(
    last, steps_per_execution, first, train, two_replicas
):
    """Five batches an epoch, so that 4 steps a call leave one over."""
    rows = 4 * BATCH + last
    options = {"steps_per_execution": steps_per_execution}
    one = train(first, tf.distribute.get_strategy(), rows, **options)
    two = train(first, two_replicas, rows, **options)
    assert int(two.model.step.numpy()) == 15
    assert_equal_training(one, two)


@pytest.fixture(scope="module")
def free(first, train):
    return train(first, tf.distribute.get_strategy(), 97)


@pytest.mark.parametrize(
    "clip",
    [
        {"global_clipnorm": 0.1},
        pytest.param({"clipnorm": 0.01}, marks=pytest.mark.slow),
        pytest.param({"clipvalue": 1e-3}, marks=pytest.mark.slow),
    ],
)
def test_clipping(clip, first, free, train, two_replicas):
    one = train(first, tf.distribute.get_strategy(), 97, clip)
    two = train(first, two_replicas, 97, clip)
    assert_equal_training(one, two)
    # and the clipping did something
    largest = max(
        np.abs(a - b).max()
        for a, b in zip(free.weights, one.weights, strict=True)
    )
    assert largest > 1e-5


def test_packs_several_steps_and_dragan(train, two_replicas):
    """Each of them takes rows of other replicas, or noise, of its own."""
    case = gan(
        "packs_steps_dragan",
        (5,),
        "network='mlp', network_options={'units': (8,)}, packing=2, "
        "loss='wasserstein', discriminator_steps=2, penalties=['dragan']",
        range=None,
    )
    # Packs are made of each replica's rows, whose number is even here.
    one = train(case, tf.distribute.get_strategy(), 100, epochs=2)
    assert_equal_training(one, train(case, two_replicas, 100, epochs=2))


@pytest.mark.slow  # beside a last batch
def test_first_batch_that_does_not_divide(first, train, two_replicas):
    one = train(first, tf.distribute.get_strategy(), 33, batch=33)
    assert_equal_training(one, train(first, two_replicas, 33, batch=33))


def test_steps_per_execution_changes_nothing(first, train):
    strategy = tf.distribute.get_strategy()
    one = train(first, strategy, 4 * BATCH + 3)
    four = train(first, strategy, 4 * BATCH + 3, steps_per_execution=4)
    for a, b in zip(one.weights, four.weights, strict=True):
        np.testing.assert_array_equal(a, b)
