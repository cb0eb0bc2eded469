"""Fused updates against those that Keras writes down itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.optimizers import OptimizerGroup, optimizer_group
from tfgen.optimizers.fused import fuse

SHAPES = {"kernel": (30, 20), "bias": (20,)}
K = keras.optimizers
OPTIMIZERS = {
    "adam": lambda: K.Adam(1e-3),
    "adam without momentum": lambda: K.Adam(2e-4, beta_1=0.0, beta_2=0.9),
    "adam, both 0": lambda: K.Adam(2e-4, beta_1=0.0, beta_2=0.0),
    "adam, clipped by norm": lambda: K.Adam(1e-3, global_clipnorm=0.1),
    "adam, averaged": lambda: K.Adam(1e-3, use_ema=True, ema_momentum=0.9),
    "adam, decayed": lambda: K.Adam(1e-3, weight_decay=0.1),
    "adam, scheduled": lambda: K.Adam(K.schedules.CosineDecay(1e-3, 120)),
    "adam, accumulated": lambda: K.Adam(1e-3, gradient_accumulation_steps=4),
    "adamw": lambda: K.AdamW(1e-3, weight_decay=0.1),
    "momentum": lambda: K.SGD(0.1, momentum=0.9),
    "nesterov": lambda: K.SGD(0.1, momentum=0.9, nesterov=True),
    "rmsprop with momentum": lambda: K.RMSprop(1e-3, momentum=0.5),
}
BY_KERAS = {
    "sgd": lambda: K.SGD(0.1),
    "amsgrad": lambda: K.Adam(1e-3, amsgrad=True),
    "rmsprop": lambda: K.RMSprop(1e-3),
    "centered": lambda: K.RMSprop(1e-3, momentum=0.5, centered=True),
    "nadam": lambda: K.Nadam(1e-3),
}
KERNELS = {
    "ResourceApplyAdam",
    "ResourceApplyKerasMomentum",
    "ResourceApplyRMSProp",
}


def weights():
    draw = np.random.default_rng(0)
    return [
        keras.Variable(draw.normal(size=shape).astype("float32") * 0.1)
        for shape in SHAPES.values()
    ]


def gradients(steps):
    """Of sizes that change from step to step, as in training."""
    draw = np.random.default_rng(1)
    for _ in range(steps):
        size = 0.01 * draw.exponential()
        yield [
            tf.constant((size * draw.normal(size=shape)).astype("float32"))
            for shape in SHAPES.values()
        ]


def trained(optimizer, fused, steps=100):
    """Weights and state after some updates, and kinds of operations."""
    variables = weights()
    optimizer.build(variables)
    if fused:
        fuse(optimizer)

    @tf.function(autograph=False)
    def update(*gradients):
        optimizer.apply(list(gradients), variables)

    for each in gradients(steps):
        update(*each)
    graph = update.get_concrete_function(*each).graph.as_graph_def()
    kinds = {node.op for node in graph.node}
    for function in graph.library.function:  # of tf.cond
        kinds |= {node.op for node in function.node_def}
    return [v.numpy() for v in (*variables, *optimizer.variables)], kinds


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_are_those_of_keras(name):
    make = OPTIMIZERS[name]
    fused, kinds = trained(make(), True)
    assert kinds & KERNELS
    by_keras, kinds = trained(make(), False)
    assert not kinds & KERNELS
    for one, other in zip(fused, by_keras, strict=True):
        # Second moments differ by float32's rounding of 1 - beta_2.
        moments = np.linalg.norm(one - other) <= 2e-5 * np.linalg.norm(other)
        assert moments
    for one, other in zip(fused[:2], by_keras[:2], strict=True):
        assert np.linalg.norm(one - other) <= 1e-6 * np.linalg.norm(other)


@pytest.mark.parametrize("name", BY_KERAS)
def test_what_no_kernel_does_is_left_to_keras(name):
    make = BY_KERAS[name]
    fused, kinds = trained(make(), True, steps=3)
    assert not kinds & KERNELS
    by_keras, _ = trained(make(), False, steps=3)
    for one, other in zip(fused, by_keras, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_first_step_by_hand():
    """Adam's first step is the rate, against the gradient's sign."""
    weight = keras.Variable([1.0, -2.0])
    adam = K.Adam(0.25, epsilon=1e-12)
    adam.build([weight])
    fuse(adam)
    adam.apply([tf.constant([3.0, -0.5])], [weight])
    np.testing.assert_allclose(weight.numpy(), [0.75, -1.75], rtol=1e-5)


def test_a_subclass_updates_as_it_likes():
    class Backwards(keras.optimizers.Adam):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_add(variable, gradient * learning_rate)

    weight = keras.Variable([1.0])
    optimizer = Backwards(0.5)
    optimizer.build([weight])
    fuse(optimizer)
    optimizer.apply([tf.constant([1.0])], [weight])
    np.testing.assert_array_equal(weight.numpy(), [1.5])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sparse_gradients_and_other_types_of_weight(dtype):
    """An embedding's gradient has some of its rows."""
    weight = keras.Variable(np.ones((4, 2)), dtype=dtype)
    adam = K.Adam(0.25, epsilon=1e-12)
    adam.build([weight])
    fuse(adam)
    gradient = tf.IndexedSlices(tf.ones((1, 2), dtype), [2], [4, 2])
    if dtype != "float32":
        gradient = tf.convert_to_tensor(gradient)
    adam.apply([gradient], [weight])
    wanted = np.ones((4, 2))
    wanted[2] = 0.75
    np.testing.assert_allclose(
        np.asarray(weight.numpy(), "float64"), wanted, rtol=1e-2
    )


def test_a_group_fuses_what_it_holds(monkeypatch):
    def kinds():
        variables = weights()
        group = OptimizerGroup({"one": K.Adam(), "two": K.SGD(0.1, 0.9)})
        group.build({"one": variables[:1], "two": variables[1:]})
        update = tf.function(
            lambda *g: group.apply(list(g), variables), autograph=False
        )
        graph = update.get_concrete_function(*next(gradients(1))).graph
        return [op.type for op in graph.get_operations()]

    found = kinds()
    assert found.count("ResourceApplyAdam") == 1
    assert found.count("ResourceApplyKerasMomentum") == 1
    monkeypatch.setattr(optimizer_group, "fuse", lambda optimizer: None)
    assert not set(kinds()) & KERNELS
