import keras
import numpy as np

import tfgen


class Fake(keras.callbacks.Callback):
    """Overwrites the logs with values that go down and up again."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["val_negative_elbo"] = self.values[epoch]


def make_model():
    model = tfgen.build(
        "vae",
        input_shape=(3,),
        latent_dim=1,
        network="mlp",
        network_options={"units": (4,)},
        seed=0,
    )
    model.compile("adam", run_eagerly=True)
    return model


def train(model, path, values, first=0, **options):
    best = tfgen.callbacks.BestModel(path, **options)
    model.fit(
        np.random.default_rng(0).normal(size=(40, 3)),
        batch_size=20,
        initial_epoch=first,
        epochs=len(values),
        verbose=0,
        callbacks=[Fake(values), best],
    )
    return best


def test_the_lowest_epoch_is_kept(tmp_path):
    path = tmp_path / "model.keras"
    best = train(make_model(), path, [5.0, 3.0, 4.0, 3.5])
    assert (best.epoch, best.value) == (2, 3.0)
    # Two steps an epoch: the model of epoch 2 has made four.
    assert keras.models.load_model(path).steps_done == 4


def test_the_highest_epoch_is_kept(tmp_path):
    path = tmp_path / "model.keras"
    best = train(make_model(), path, [2.0, 5.0, 4.0], mode="max")
    assert (best.epoch, best.value) == (2, 5.0)
    best = train(make_model(), path, [2.0, 1.0, 4.0], mode="max")
    assert (best.epoch, best.value) == (3, 4.0)


def test_a_resumed_training_goes_on_comparing(tmp_path):
    path = tmp_path / "model.keras"
    model = make_model()
    train(model, path, [5.0, 3.0])
    best = train(model, path, [5.0, 3.0, 4.0, 3.5], first=2)
    assert (best.epoch, best.value) == (2, 3.0)
    assert keras.models.load_model(path).steps_done == 4


def test_a_new_training_does_not_compare_with_an_old_one(tmp_path):
    path = tmp_path / "model.keras"
    train(make_model(), path, [5.0, 3.0])
    best = train(make_model(), path, [9.0])
    assert (best.epoch, best.value) == (1, 9.0)


def fit(model, epochs, *callbacks, first=0):
    model.fit(
        np.zeros((40, 3)),
        batch_size=20,
        initial_epoch=first,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
    )


class Saves(keras.callbacks.Callback):
    """After each epoch, how many steps the saved model has behind it."""

    def __init__(self, path):
        super().__init__()
        self.path, self.steps = path, []

    def on_epoch_end(self, epoch, logs=None):
        self.steps.append(keras.models.load_model(self.path).steps_done)


def test_without_the_metric_the_last_epoch_is_kept(tmp_path):
    """The first at once, the others only after a while, the last for sure."""
    path = tmp_path / "model.keras"
    saves = Saves(path)
    fit(make_model(), 3, tfgen.callbacks.BestModel(path), saves)
    assert saves.steps == [2, 2, 2]
    assert keras.models.load_model(path).steps_done == 6


def test_without_the_metric_and_without_a_wait(tmp_path):
    path = tmp_path / "model.keras"
    saves = Saves(path)
    fit(
        make_model(),
        3,
        tfgen.callbacks.BestModel(path, every_seconds=0.0),
        saves,
    )
    assert saves.steps == [2, 4, 6]


def test_killed_after_the_last_epoch(tmp_path):
    """The resumed training has nothing left to do but to save."""
    path = tmp_path / "model.keras"
    model = make_model()
    fit(model, 1, tfgen.callbacks.BestModel(path))
    fit(model, 3, first=1)  # nothing was saved
    fit(model, 3, tfgen.callbacks.BestModel(path), first=3)
    assert keras.models.load_model(path).steps_done == 6
