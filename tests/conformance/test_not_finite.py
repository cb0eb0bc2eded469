"""A gradient that is not finite stops training before it does harm."""

import re

import numpy as np
import pytest
import tensorflow as tf

from tfgen.training.batch_checks import BatchCheck


@pytest.fixture(autouse=True)
def unseen(monkeypatch):
    """Batches are not looked at, so that NaN reaches the gradients."""
    monkeypatch.setattr(BatchCheck, "__call__", lambda self, on, data, i: data)


@pytest.mark.slow  # beside those on two replicas
def test_weights_stay(one):
    check_weights_stay(one, tf.distribute.get_strategy())


def test_weights_stay_on_two_replicas(one, two_replicas):
    check_weights_stay(one, two_replicas)


def check_weights_stay(case, strategy):
    """The third batch is bad, in one row, on the last replica alone."""
    with strategy.scope():
        model = case.build()
        model.compile("adam")
    x, y = case.data(24)
    model.fit(x, y, batch_size=8, verbose=0)
    good = model.get_weights(), state(model.optimizer)
    x, y = case.data(8)
    x[7].flat[0] = np.nan
    data = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    # Its thread keeps an iterator that an error left behind for a minute.
    options = tf.data.Options()
    options.autotune.enabled = False
    data = data.with_options(options)
    first = data.take(4).repeat(2).batch(8)
    data = first.concatenate(data.batch(8))

    message = "network (.*) are not finite at step 4"
    with pytest.raises(FloatingPointError, match=message) as error:
        model.fit(data, verbose=0)
    network = re.search(message, str(error.value)).group(1)
    assert network in model.optimizer_names
    assert model.steps_done == 4

    # The same steps without the bad one.
    with strategy.scope():
        twin = case.build()
        twin.compile("adam")
    x, y = case.data(24)
    twin.fit(x, y, batch_size=8, verbose=0)
    for a, b in zip(twin.get_weights(), good[0], strict=True):
        np.testing.assert_array_equal(a, b)
    twin.fit(first, verbose=0)
    for a, b in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(state(twin.optimizer), state(model.optimizer), strict=True):
        np.testing.assert_array_equal(a, b)


def state(optimizer):
    return [variable.numpy() for variable in optimizer.variables]


def test_run_eagerly(fewer):
    model = fewer.build()
    model.compile("sgd", run_eagerly=True)
    x, y = fewer.data(8)
    data = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    model.fit(data.batch(8), verbose=0)
    before = model.get_weights()
    x = np.full_like(x, np.nan)
    bad = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    data = data.batch(8).concatenate(bad.batch(8)).skip(1)
    with pytest.raises((FloatingPointError, ValueError)):
        model.fit(data, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
