"""A step whose numbers overflow is undone on request, on all replicas."""

import numpy as np
import pytest
import tensorflow as tf


@pytest.mark.slow
def test_one_replica(few):
    check_skips(few, tf.distribute.get_strategy())


def test_two_replicas(one, two_replicas):
    """The bad row lies on the second replica alone."""
    check_skips(one, two_replicas)


def check_skips(case, strategy):
    """With the third of four batches bad, all but the steps' number is kept."""
    x, y = case.data(32)
    good = in_order(x, y)
    x = x.copy()
    x[23].flat[0] = np.nan
    bad = in_order(x, y)
    model, twin = built(case, strategy), built(case, strategy)
    log = model.fit(bad, verbose=0).history
    assert model.steps_done == 4
    assert log["skipped_steps"] == [1]
    assert all(np.isfinite(values).all() for values in log.values())
    # Steps of the same numbers on the same batches, the third left out.
    twin.fit(good.take(2), verbose=0)
    twin.step.assign(3)
    twin.fit(good.skip(3), verbose=0)
    pairs = zip(state(model), state(twin), strict=True)
    for (name, mine), (_, theirs) in pairs:
        np.testing.assert_array_equal(mine, theirs, err_msg=name)


def built(case, strategy):
    with strategy.scope():
        model = case.build()
        model.compile("adam", on_non_finite="skip")
    return model


def in_order(x, y):
    data = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    # Its thread keeps an iterator that an error left behind for a minute.
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options).batch(8)


def state(model):
    """On each replica."""
    local = model.distribute_strategy.experimental_local_results
    return [
        (variable.path, part.numpy())
        for variable in [*model.variables, *model.optimizer.variables]
        for part in local(variable.value)
    ]


def test_other_words_are_refused(first):
    with pytest.raises(ValueError, match="on_non_finite is 'go', expected one"):
        first.build().compile(on_non_finite="go")


def test_it_is_saved(first, tmp_path):
    import keras

    model = first.build()
    model.compile(on_non_finite="skip")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_compile_config()["on_non_finite"] == "skip"
