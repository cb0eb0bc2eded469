"""What a `Search` refuses before it trains."""

import keras
import keras_tuner
import numpy as np
import pytest

import tfgen
from tfgen.tuning import Search
from tfgen.tuning.arguments import check_reloadable, strategy_of


def vae(features=4):
    return tfgen.build("vae", input_shape=(features,), latent_dim=1)


def compiled(hp):
    model = vae()
    model.compile("sgd")
    return model


def of_other_data(hp):
    model = vae(3)
    model.compile("sgd")
    return model


class Own(keras_tuner.HyperModel):
    def build(self, hp):
        return compiled(hp)


@pytest.mark.parametrize(
    "hypermodel, options, message",
    [
        (Own, {}, r"is the class Own, expected an object of it: Own\(...\)"),
        (lambda hp: None, {}, "returned None: end it with `return model`"),
        (
            lambda hp: keras.Sequential([keras.layers.Dense(4)]),
            {},
            "of type Sequential, expected a tfgen.VAE, GAN or VAEGAN",
        ),
        (lambda hp: vae(), {}, "the VAE that is built is not compiled: call"),
        (
            of_other_data,
            {},
            r"iris.* holds examples of shape \(4,\), but the model takes "
            r"\(3,\): build it with input_shape=\(4,\)",
        ),
        (
            compiled,
            {"train": np.zeros((9, 4), "float32")},
            "train is of type ndarray, expected a tfgen.data.Source",
        ),
        (compiled, {"validation": None}, "validation is of type NoneType"),
        (compiled, {"trials": 1.5}, "trials is 1.5, expected 1 or more"),
        (compiled, {"trials": 0}, "trials is 0, expected 1 or more"),
        (compiled, {"max_epochs": 0}, "max_epochs is 0, expected 1 or more"),
        (compiled, {"seed": -1}, "seed is -1, expected 0 or more"),
    ],
)
def test_refused(hypermodel, options, message, tmp_path):
    splits = {
        name: tfgen.data.load("iris", split=name)
        for name in ("train", "validation")
    }
    with pytest.raises(ValueError, match=message):
        Search(hypermodel, **{**splits, "out": tmp_path / "s", **options})


def test_whole_numbers_of_numpy(tmp_path):
    splits = [tfgen.data.load("iris", split=s) for s in ("train", "validation")]
    space = tfgen.tuning.VAEHyperModel(
        splits[0], {"network": "mlp", "latent_dim": np.int64(3)}
    ).space
    assert space.draw(keras_tuner.HyperParameters())["latent_dim"] == 3
    Search(
        *(compiled, *splits, tmp_path / "s"),
        trials=np.int64(1),
        max_epochs=np.int32(1),
        report="kl_loss:min",
    ).run()
    assert (tmp_path / "s" / "search.json").exists()


# Models that Keras cannot load are refused before a search begins.


class NotRegistered(keras.layers.Dense):
    pass


@keras.saving.register_keras_serializable("test_arguments")
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


def test_several_hosts_are_for_a_training():
    with pytest.raises(ValueError, match="a trial is trained by one process"):
        strategy_of("multi_worker", None)
