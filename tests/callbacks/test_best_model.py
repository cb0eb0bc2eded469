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
        "vae", input_shape=(3,), latent_dim=1, network="mlp", seed=0
    )
    model.compile("adam")
    return model


def train(model, path, values, first=0):
    best = tfgen.callbacks.BestModel(path)
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


def test_without_the_metric_the_last_epoch_is_kept(tmp_path):
    path = tmp_path / "model.keras"
    model = make_model()
    model.fit(
        np.zeros((40, 3)),
        batch_size=20,
        epochs=3,
        verbose=0,
        callbacks=[tfgen.callbacks.BestModel(path)],
    )
    assert keras.models.load_model(path).steps_done == 6
