"""Several optimizers as one."""

import keras
import numpy as np
import pytest

from tfgen.optimizers import OptimizerGroup


def network(start):
    """Networks built alike have variables of equal names."""
    layer = keras.layers.Dense(1, use_bias=False, name="out")
    layer.build((None, 2))
    layer.kernel.assign([[start], [start]])
    return layer


@pytest.fixture
def pair():
    """Two networks, at learning rates 0.1 and 0.01."""
    first, second = network(1.0), network(2.0)
    group = OptimizerGroup(
        {
            "first": keras.optimizers.SGD(0.1),
            "second": keras.optimizers.SGD(1e-2),
        }
    )
    group.build(
        {
            "first": first.trainable_variables,
            "second": second.trainable_variables,
        }
    )
    return group, first, second


def values(layer):
    return layer.kernel.numpy()[:, 0]


def test_each_network_has_its_own_optimizer(pair):
    group, first, second = pair
    gradients = [np.float32([[1.0], [2.0]])] * 2
    group.apply(gradients, [first.kernel, second.kernel])
    np.testing.assert_allclose(values(first), [0.9, 0.8], rtol=1e-6)
    np.testing.assert_allclose(values(second), [1.99, 1.98], rtol=1e-6)


def test_one_network_alone(pair):
    group, first, second = pair
    group.apply([np.float32([[1.0], [2.0]])], [second.kernel])
    np.testing.assert_array_equal(values(first), [1.0, 1.0])
    counts = [int(o.iterations.numpy()) for o in group.by_network.values()]
    assert counts == [0, 1]


def test_setting_the_rate_keeps_the_ratio(pair):
    group, *_ = pair
    group.learning_rate = 0.05
    rates = [float(o.learning_rate.numpy()) for o in group.by_network.values()]
    np.testing.assert_allclose(rates, [0.05, 0.005], rtol=1e-6)
    assert float(group.learning_rate.numpy()) == pytest.approx(0.05)


def test_no_gradient_no_change(pair):
    group, first, second = pair
    group.apply(
        [None, np.float32([[1.0], [1.0]])], [second.kernel, first.kernel]
    )
    np.testing.assert_array_equal(values(second), [2.0, 2.0])


def test_config(pair):
    group, *_ = pair
    again = OptimizerGroup.from_config(group.get_config())
    rates = [float(o.learning_rate.numpy()) for o in again.by_network.values()]
    assert list(again.by_network) == ["first", "second"]
    np.testing.assert_allclose(rates, [0.1, 0.01], rtol=1e-6)


def test_averages_are_put_in_at_the_end():
    """Keras starts at 0.9; then 0.5 * 0.9 + 0.5 * 0.8."""
    layer = network(1.0)
    sgd = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    group = OptimizerGroup({"net": sgd})
    group.build({"net": layer.trainable_variables})
    for _ in range(2):
        group.apply([np.float32([[1.0], [1.0]])], [layer.kernel])
    group.finalize_variable_values(layer.trainable_variables)
    np.testing.assert_allclose(values(layer), [0.85, 0.85], rtol=1e-6)
