"""Searches with hypermodels that users derive from ours, or write."""

import csv
import json

import keras
import keras_tuner
import pytest

import tfgen
from tfgen.tuning import Search, VAEHyperModel

TINY = {
    "network": "mlp",
    "width": 4,
    "depth": 1,
    "latent_dim": (1, 3),
    "batch_size": 60,
}


@pytest.fixture(scope="module")
def data():
    return [tfgen.data.load("iris", split=s) for s in ("train", "validation")]


def rows(folder):
    with open(folder / "trials.csv") as file:
        return list(csv.DictReader(file))


class OwnBuild(VAEHyperModel):
    def build(self, hyperparameters):
        size = self.settings(hyperparameters)["latent_dim"]
        rate = hyperparameters.Float("rate", 1e-3, 1e-2, sampling="log")
        vae = tfgen.build("vae", input_shape=(4,), latent_dim=size)
        vae.compile(keras.optimizers.SGD(rate))
        return vae


def test_own_build(data, tmp_path):
    """What it draws is known from the start, and it alone says what is."""
    folder = tmp_path / "s"
    hypermodel = OwnBuild(data[0], TINY)
    best = Search(hypermodel, *data, folder, trials=2, max_epochs=1).run()
    rates = {float(row["rate"]) for row in rows(folder)}
    assert len(rates) == 2 and 1e-3 in rates  # the default first
    settings = json.loads((folder / "best.json").read_text())["settings"]
    assert settings == best.values and "model" not in settings
    assert not list(folder.glob("trials/*/config.json"))
    space = json.loads((folder / "search.json").read_text())["space"]["space"]
    assert "rate" in [parameter["config"]["name"] for parameter in space]


class OwnSettings(VAEHyperModel):
    def settings(self, hyperparameters):
        return {
            **super().settings(hyperparameters),
            "free_bits": hyperparameters.Float("free_bits", 0.0, 1.0),
            "batch_size": 40,
        }


def test_own_settings(data, tmp_path):
    folder = tmp_path / "s"
    hypermodel = OwnSettings(data[0], TINY)
    search = Search(hypermodel, *data, folder, trials=2, max_epochs=1)
    best = search.run()
    assert len({row["free_bits"] for row in rows(folder)}) == 2
    config = json.loads((best.folder / "config.json").read_text())
    assert config["free_bits"] == pytest.approx(best.values["free_bits"])
    assert config["batch_size"] == 40
    assert search.best_model().steps_done == 120 / 40


class OwnHyperModel(keras_tuner.HyperModel):
    settings = {"units": 4}

    def build(self, hyperparameters):
        vae = tfgen.build("vae", input_shape=(4,), latent_dim=1)
        vae.compile("sgd")
        return vae


def test_own_attributes_mean_nothing(data, tmp_path, capsys):
    options = {"trials": 3, "max_epochs": 1}
    assert Search(OwnHyperModel(), *data, tmp_path / "s", **options).run()
    # Without hyperparameters there is one combination.
    assert capsys.readouterr().out.splitlines()[-1] == (
        "the search ends after 1 of 3 trials: the space has no other "
        "combinations"
    )
