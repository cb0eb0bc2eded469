"""A training that is stopped anywhere goes on as if it had not been."""

import functools

import keras
import numpy as np
import pytest

import tfgen

ROWS = 150  # of 64: three steps an epoch, the last one uneven


def make_model(run_eagerly=True):
    keras.utils.set_random_seed(0)
    model = tfgen.build(
        "vae",
        input_shape=(4, 4, 1),
        latent_dim=2,
        network="mlp",
        network_options={"units": (8,)},
    )
    model.compile("adam", run_eagerly=run_eagerly)
    return model


def train(model, folder, epochs=4, callbacks=(), held_out=40, **options):
    x = np.random.RandomState(0).rand(ROWS, 4, 4, 1).astype("float32")
    return model.fit(
        x,
        batch_size=64,
        epochs=epochs,
        verbose=0,
        validation_data=x[:held_out] if held_out else None,
        callbacks=[
            *callbacks,
            tfgen.callbacks.Checkpoint(folder, **options),
        ],
    )


class StopAt(keras.callbacks.Callback):
    """Ends training without warning, as a kill would."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done == self.step:
            raise RuntimeError("killed")


@pytest.fixture(scope="module")
def train_whole(tmp_path_factory):
    """A model that nothing stopped, and its history."""

    @functools.cache
    def run(run_eagerly):
        model = make_model(run_eagerly)
        folder = tmp_path_factory.mktemp("whole")
        return model, train(model, folder).history

    return run


@pytest.mark.parametrize(
    "step, run_eagerly",
    [
        *((2, True), (6, True), (7, False)),
        *(
            pytest.param(step, True, marks=pytest.mark.slow)
            for step in (5, 7, 11)
        ),
    ],
)
def test_a_killed_training_ends_with_the_same_weights(
    tmp_path, train_whole, step, run_eagerly
):
    whole, history = train_whole(run_eagerly)
    killed = make_model(run_eagerly)
    with pytest.raises(RuntimeError, match="killed"):
        train(killed, tmp_path / "run", callbacks=[StopAt(step)], every_steps=1)
    resumed = make_model(run_eagerly)
    rest = train(resumed, tmp_path / "run", every_steps=1)
    variables = [*whole.variables, *whole.optimizer.variables]
    for wanted, came in zip(
        variables,
        [*resumed.variables, *resumed.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(came.numpy(), wanted.numpy())
    first = rest.epoch[0]
    assert first == (step - 1) // 3
    for name, values in history.items():
        assert rest.history[name] == values[first:], name


def test_two_replicas_end_with_the_same_weights(tmp_path, two_replicas):
    def life(folder, *callbacks):
        with two_replicas.scope():
            model = make_model(run_eagerly=False)
        train(model, folder, 1, callbacks, held_out=0, every_steps=1)
        return model

    whole = life(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="killed"):
        life(tmp_path / "run", StopAt(2))
    resumed = life(tmp_path / "run")
    assert resumed.steps_done == whole.steps_done == 3
    for wanted, came in zip(
        [*whole.variables, *whole.optimizer.variables],
        [*resumed.variables, *resumed.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(came.numpy(), wanted.numpy())


def test_a_finished_training_is_left_alone(tmp_path):
    model = make_model()
    train(model, tmp_path)
    before = model.get_weights()
    assert train(make_model(), tmp_path).history == {}
    again = make_model()
    train(again, tmp_path)
    for wanted, came in zip(before, again.get_weights(), strict=True):
        np.testing.assert_array_equal(came, wanted)


def test_stop_soon_saves_the_step(tmp_path):
    checkpoint = tfgen.callbacks.Checkpoint(tmp_path, every_seconds=None)

    class Ask(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.steps_done == 4:
                checkpoint.stop_soon()

    model = make_model()
    x = np.random.RandomState(0).rand(ROWS, 4, 4, 1).astype("float32")
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            x, batch_size=64, epochs=4, verbose=0, callbacks=[Ask(), checkpoint]
        )
    assert model.steps_done == 5
    assert (tmp_path / "ckpt-5.index").exists()


def test_checkpoints_of_another_model_are_refused(tmp_path):
    train(make_model(), tmp_path, epochs=1)
    other = tfgen.build("vae", input_shape=(4, 4, 1), latent_dim=3)
    other.compile("adam")
    with pytest.raises(ValueError, match="is of another model"):
        train(other, tmp_path)


def test_resume_false_refuses_a_used_folder(tmp_path):
    train(make_model(), tmp_path, epochs=1)
    with pytest.raises(ValueError, match="already holds checkpoints"):
        train(make_model(), tmp_path, resume=False)
