"""Memory of a model that is not used any more is free again."""

import gc
import weakref

import pytest
import tensorflow as tf


def handles_after_training(case, strategy, **compiled):
    """Weak references to where the values of a trained model were."""
    with strategy.scope():
        model = case.build()
        model.compile("adam", **compiled)
    x, y = case.data(20)
    model.fit(x, y, batch_size=8, verbose=0)
    model.evaluate(x, y, batch_size=8, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    handles = [
        weakref.ref(part.handle)
        for variable in variables
        for part in strategy.experimental_local_results(variable.value)
    ]
    assert len(handles) == strategy.num_replicas_in_sync * len(variables) > 0
    return handles


def assert_free(handles):
    gc.collect()
    assert [ref() for ref in handles if ref() is not None] == []


def test_a_trained_model_leaves_nothing(one):
    strategy = tf.distribute.get_strategy()
    assert_free(handles_after_training(one, strategy))


@pytest.mark.slow
def test_nor_does_one_on_two_replicas(one, two_replicas):
    assert_free(handles_after_training(one, two_replicas))


@pytest.mark.parametrize(
    "compiled",
    [
        {"steps_per_execution": 2},
        pytest.param({"jit_compile": True}, marks=pytest.mark.slow),
    ],
)
def test_nor_does_one_compiled_otherwise(compiled, first):
    strategy = tf.distribute.get_strategy()
    assert_free(handles_after_training(first, strategy, **compiled))
