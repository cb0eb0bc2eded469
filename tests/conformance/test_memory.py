"""Memory of a model that is not used any more is free again."""

import gc
import weakref

import pytest
import tensorflow as tf


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_trained_model_leaves_nothing(replicas, fewer, two_replicas):
    strategy = two_replicas if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        model = fewer.build()
        model.compile("adam")
    x, y = fewer.data(12)
    model.fit(x, y, batch_size=8, verbose=0)
    model.evaluate(x, y, batch_size=8, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    handles = [
        weakref.ref(part.handle)
        for variable in variables
        for part in strategy.experimental_local_results(variable.value)
    ]
    assert len(handles) >= replicas * len(variables) > 0

    del model, variables
    gc.collect()
    assert [ref() for ref in handles if ref() is not None] == []
