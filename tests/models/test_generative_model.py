"""What every model has, those of users included."""

import json
import pathlib

import keras
import numpy as np
import pytest

import tfgen
from tfgen import losses, probability

CAPABILITIES = (
    "encodes",
    "has_likelihood",
    "has_discriminator",
    "trains_bound",
)


@pytest.mark.parametrize(
    "model, able",
    [
        (tfgen.GenerativeModel, ()),
        (tfgen.VAE, ("encodes", "has_likelihood", "trains_bound")),
        (tfgen.GAN, ("has_discriminator",)),
        (tfgen.VAEGAN, ("encodes", "has_likelihood", "has_discriminator")),
    ],
)
def test_capabilities(model, able):
    found = [name for name in CAPABILITIES if getattr(model, name)]
    assert found == list(able)


def dense(inputs, outputs, name=None):
    layers = [keras.Input((inputs,)), keras.layers.Dense(outputs)]
    return keras.Sequential(layers, name=name)


@keras.saving.register_keras_serializable(package="test")
class Mirrored(tfgen.GenerativeModel):
    """A model of its own: a network, a list of parts, plain values."""

    config_attributes = {"loss": "own_loss"}

    def __init__(self, network, loss, parts, sizes=(1, 2), *, rate, **kwargs):
        super().__init__(**kwargs)
        self.network = network
        self.own_loss = loss
        self.parts = parts
        self.sizes = sizes
        self.rate = rate


@keras.saving.register_keras_serializable(package="test")
class SizedVAE(tfgen.VAE):
    """A VAE that makes its networks, and has an opinion on beta."""

    def __init__(self, units, scale=2.0, **kwargs):
        self.units = units
        self.scale = scale
        super().__init__(
            dense(units, 4), dense(2, units), "gaussian", beta=scale, **kwargs
        )


@keras.saving.register_keras_serializable(package="test")
class NotedVAE(tfgen.VAE):
    """A VAE with something besides."""

    def __init__(self, *args, note="", **kwargs):
        super().__init__(*args, **kwargs)
        self.note = note


@keras.saving.register_keras_serializable(package="test")
class HiddenVAE(tfgen.VAE):
    """Keeps its parameter where the config does not look for it."""

    def __init__(self, encoder, decoder, strength):
        super().__init__(encoder, decoder, "gaussian")
        self._strength = strength


@keras.saving.register_keras_serializable(package="test")
class HiddenAndToldVAE(HiddenVAE):
    def __init__(self, encoder, decoder, strength):
        super().__init__(encoder, decoder, strength)

    def get_config(self):
        return {**super().get_config(), "strength": self._strength}


def again(model, tmp_path):
    """The model out of its file, once its config was seen to be JSON."""
    json.dumps(model.get_config())
    model.save(tmp_path / "model.keras")
    return keras.models.load_model(tmp_path / "model.keras")


def test_config_of_a_model_of_ones_own():
    model = Mirrored(
        dense(2, 3),
        losses.Hinge(),
        [losses.R1(0.25), None],
        rate=0.5,
        seed=7,
        name="mirrored",
    )
    config = json.loads(json.dumps(model.get_config()))
    assert set(config) == set("network loss parts sizes rate seed name".split())
    assert config["sizes"] == [1, 2]
    assert (config["rate"], config["seed"]) == (0.5, 7)
    made = Mirrored.from_config(config)
    assert made.network.output_shape == (None, 3)
    assert isinstance(made.own_loss, losses.Hinge)
    assert (made.parts[0].weight, made.parts[1]) == (0.25, None)
    assert json.loads(json.dumps(made.get_config())) == config


def test_what_a_subclass_gives_its_parent_is_not_given_again(tmp_path):
    model = SizedVAE(3, free_bits=0.5, seed=4)
    assert set(model.get_config()) == {
        *("units", "scale", "free_bits", "seed", "name")
    }
    made = again(model, tmp_path)
    assert (made.units, made.beta, made.free_bits) == (3, 2.0, 0.5)
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(made.encode(x), model.encode(x))


def test_positional_arguments_that_a_subclass_passes_on(tmp_path):
    likelihood = probability.Gaussian(0.5)
    model = NotedVAE(dense(3, 4), dense(2, 3), likelihood, note="hello")
    made = again(model, tmp_path)
    assert made.note == "hello"
    assert made.likelihood.get_config() == likelihood.get_config()


def test_a_parameter_that_the_model_does_not_keep():
    model = HiddenVAE(dense(3, 4), dense(2, 3), 0.5)
    with pytest.raises(
        ValueError, match="HiddenVAE takes 'strength'.*set self"
    ):
        model.get_config()


def test_a_get_config_that_adds_what_is_kept_elsewhere(tmp_path):
    model = HiddenAndToldVAE(dense(3, 4), dense(2, 3), 0.5)
    assert again(model, tmp_path)._strength == 0.5


@keras.saving.register_keras_serializable("tests")
class WithAssets(tfgen.VAE):
    """A subclass that keeps a file of its own and does not call `super()`."""

    def save_assets(self, folder):
        pathlib.Path(folder, "mine.txt").write_text("kept")

    def load_assets(self, folder):
        self.mine = pathlib.Path(folder, "mine.txt").read_text()


def test_a_subclass_with_assets_keeps_the_reading(tmp_path):
    like = tfgen.build("vae", input_shape=(4,), latent_dim=2, network="mlp")
    model = WithAssets(like.encoder, like.decoder, likelihood=like.likelihood)
    model.reading = tfgen.data.load("iris").reading
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.mine == "kept"
    assert again.reading == model.reading
