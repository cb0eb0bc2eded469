"""What a `Search` refuses before it trains."""

import keras
import keras_tuner
import numpy as np
import pytest

import tfgen
from tfgen.tuning import Search


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
