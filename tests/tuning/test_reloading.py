"""Models that Keras cannot load are refused before a search begins."""

import keras
import pytest

import tfgen
from tfgen.tuning import Search
from tfgen.tuning.reloading import check_reloadable


class NotRegistered(keras.layers.Dense):
    pass


@keras.saving.register_keras_serializable("test_reloading")
class Registered(keras.layers.Dense):
    pass


def vae_with(layer):
    encoder = keras.Sequential(
        [keras.Input((4,)), layer, keras.layers.Dense(2)]
    )
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4)])
    vae = tfgen.VAE(encoder, decoder, likelihood="gaussian")
    vae.compile("sgd")
    return vae


def test_a_layer_that_is_registered():
    check_reloadable(vae_with(Registered(3)))


def not_registered(hp):
    hp.Float("rate", 0.0, 1.0)
    return vae_with(NotRegistered(3))


def test_refused_before_the_first_trial(tmp_path):
    train, validation = (
        tfgen.data.load("iris", split=split)
        for split in ("train", "validation")
    )
    message = (
        "NotRegistered.* Decorate your layer with @keras.saving.register_k"
    )
    with pytest.raises(ValueError, match=message):
        Search(not_registered, train, validation, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_lambda():
    vae = vae_with(keras.layers.Lambda(lambda x: 2 * x))
    with pytest.raises(ValueError, match="loaded again: .*ambda.* Decorate"):
        check_reloadable(vae)
