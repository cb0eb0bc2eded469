"""How many steps one compiled call runs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.training.execution import _evenly, steps_at_once

ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


@pytest.fixture(scope="module")
def model():
    model = tfgen.build(
        "vae", input_shape=(3,), network_options={"units": (8,)}, seed=0
    )
    model.compile("sgd")
    return model


class Batches(keras.callbacks.Callback):
    """A callback that looks at batches, as one of tfgen's own."""

    __module__ = "tfgen.tests"

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


def calls(model, x=ROWS, *more, **options):
    """Last step of each call of one epoch."""
    seen = Batches()
    options.setdefault("batch_size", 8)
    model.fit(x, verbose=0, callbacks=[seen, *more], **options)
    return seen.seen


class Own(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class OwnEpochs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass


def nothing(*_, logs=None):
    pass


@pytest.mark.parametrize(
    "callback, several",
    [
        (OwnEpochs(), True),
        (keras.callbacks.TerminateOnNaN(), True),
        (keras.callbacks.LambdaCallback(on_epoch_end=nothing), True),
        (Own(), False),
        (keras.callbacks.LambdaCallback(on_train_batch_end=nothing), False),
    ],
)
def test_a_callback_of_ones_own_sees_each_batch(model, callback, several):
    one_call, five = [4], [0, 1, 2, 3, 4]
    assert calls(model, ROWS, callback) == (one_call if several else five)
    assert model.steps_per_execution == 1


def test_a_list_that_keras_made(model):
    seen = Batches()
    callbacks = keras.callbacks.CallbackList([seen, Own()], model=model)
    model.fit(ROWS, batch_size=8, verbose=0, callbacks=callbacks)
    assert seen.seen == [0, 1, 2, 3, 4]


# Keras says so of any such data.
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_data_of_unknown_length(model):
    data = tf.data.Dataset.from_generator(
        lambda: iter(ROWS.reshape(5, 8, 3)),
        output_signature=tf.TensorSpec((8, 3), tf.float32),
    )
    assert calls(model, data, batch_size=None) == [0, 1, 2, 3, 4]
    known = data.apply(tf.data.experimental.assert_cardinality(5))
    assert calls(model, known, batch_size=None) == [4]
    # Three epochs of 2 steps want a batch more than there is.
    assert calls(
        model, known, epochs=3, steps_per_epoch=2, batch_size=None
    ) == [0, 1, 0, 1, 0]
    without_end = {"steps_per_epoch": 4, "batch_size": None}
    assert calls(model, known.repeat(), **without_end) == [3]
    both = {"validation_data": data, "batch_size": None}
    assert calls(model, known, **both) == [0, 1, 2, 3, 4]


def test_the_number_of_steps_by_hand():
    """10^9 multiplications in a pass: rows times weights, times pixels."""
    dense = tfgen.build(
        "vae", input_shape=(8,), network_options={"units": (1000, 1000)}, seed=0
    )
    weights = sum(
        np.prod(w.shape)
        for network in dense.network_variables().values()
        for w in network
    )
    assert steps_at_once(dense, 64) == 1e9 // (64 * weights)
    assert steps_at_once(dense, 1) == 32
    assert steps_at_once(dense, 10**7) == 1
    image = tfgen.build("vae", input_shape=(28, 28, 1), network="conv", seed=0)
    assert steps_at_once(image, 128) == 1


@pytest.mark.parametrize("rows, steps", [(40, [1, 5]), (8, [1]), (9, [1, 2])])
def test_a_callback_that_watches_the_first_step(model, rows, steps):
    class First(Batches):
        watches_first_step = True
        __module__ = "tfgen.tests"

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(self.model.steps_done - self.before)

        def on_epoch_begin(self, epoch, logs=None):
            self.before, self.seen = self.model.steps_done, []

    first = First()
    model.fit(ROWS[:rows], batch_size=8, verbose=0, callbacks=[first])
    assert first.seen == steps
    assert calls(model) == [4]  # others are as they were


@pytest.mark.parametrize(
    "steps, most, each",
    [
        (5, 32, 5),
        (100, 32, 25),
        (101, 32, 17),
        (64, 1, 1),
        (7, 4, 4),
        (1, 9, 1),
    ],
)
def test_calls_of_equal_length(steps, most, each):
    assert _evenly(steps, most) == each


def test_a_number_of_ones_own_is_kept(model, tmp_path):
    fixed = tfgen.build(
        "vae", input_shape=(3,), network_options={"units": (8,)}, seed=0
    )
    fixed.compile("sgd", steps_per_execution=2)
    assert calls(fixed) == [1, 3, 5]
    for one, wanted in ((fixed, 2), (model, "auto")):
        one.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert loaded.get_compile_config()["steps_per_execution"] == wanted


def test_eagerly_one_by_one(model):
    eager = tfgen.build(
        "vae", input_shape=(3,), network_options={"units": (8,)}, seed=0
    )
    eager.compile("sgd", run_eagerly=True)
    assert calls(eager) == [0, 1, 2, 3, 4]


def test_evaluation_within_a_training(model):
    """A callback may evaluate; training goes on in calls of its own."""

    class Evaluates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(ROWS, verbose=0)

    two_epochs = calls(model, ROWS, Evaluates(), epochs=2)
    assert two_epochs == [4, 4]
