"""Hypermodels in a plain KerasTuner search, and what they build."""

import keras_tuner
import numpy as np
import pytest

import tfgen
from tfgen.settings.parameters import Fixed
from tfgen.tuning.hypermodels import GANHyperModel, VAEHyperModel
from tfgen.tuning.search_space import SearchSpace

TINY = {"network": "mlp", "width": 8, "depth": 1, "latent_dim": [2, 3]}


@pytest.fixture(scope="module")
def train():
    return tfgen.data.load("digits").take(64)


# KerasTuner 1.4.8 names threads so.
@pytest.mark.filterwarnings("ignore:currentThread:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:getName:DeprecationWarning")
def test_random_search_by_keras_tuner(train, tmp_path, monkeypatch):
    # It collects garbage around every build, which takes seconds each.
    monkeypatch.setattr("gc.collect", lambda: 0)
    space = {**TINY, "batch_size": [16, 32]}
    tuner = keras_tuner.RandomSearch(
        VAEHyperModel(train, space, likelihood="bernoulli"),
        objective=keras_tuner.Objective("val_negative_elbo", "min"),
        max_trials=2,
        seed=1,
        directory=tmp_path,
    )
    x, _ = train.arrays()
    validation = tfgen.data.load("digits", split="validation").take(32)
    tuner.search(x, epochs=1, validation_data=validation, verbose=0)
    trials = tuner.oracle.get_best_trials(2)
    assert [trial.status for trial in trials] == ["COMPLETED"] * 2
    assert trials[0].score <= trials[1].score
    for trial in trials:
        values = trial.hyperparameters.values
        model = tuner.load_model(trial)
        assert model.latent_dim == values["latent_dim"]
        # 64 rows once, by the batch size that was drawn.
        assert model.steps_done == 64 // values["batch_size"]


def test_settings_and_model(train):
    hypermodel = VAEHyperModel(
        train, TINY, seed=3, epochs=4, conditional=True, batch_size=32
    )
    hyperparameters = keras_tuner.HyperParameters()
    hyperparameters.values |= {"latent_dim": 3, "beta_warmup": 0.3}
    hyperparameters.values["learning_rate"] = 2**-10
    settings = hypermodel.settings(hyperparameters)
    assert settings == {
        "model": "vae",
        "epochs": 4,
        "latent_dim": 3,
        "network": "mlp",
        "width": 8,
        "depth": 1,
        "likelihood": "bernoulli",
        "beta": 1.0,
        "beta_warmup": 0.3,
        "learning_rate": 0.000976562,  # six digits
        "learning_rate_schedule": "constant",
        "batch_size": 32,
        "conditional": True,
        "seed": 3,
    }
    model = hypermodel.build(hyperparameters)
    encoder = ((64 + 10) * 8 + 8) + (8 * 6 + 6)
    decoder = ((3 + 10) * 8 + 8) + (8 * 64 + 64)
    assert model.encoder.count_params() == encoder
    assert model.decoder.count_params() == decoder
    (optimizer,) = model.optimizer.by_network.values()
    assert float(optimizer.learning_rate) == pytest.approx(0.000976562)
    # 2 steps an epoch: .3 of 8, in the short trials of Hyperband too.
    assert model.beta_warmup_steps == 2
    hyperparameters.values["tuner/epochs"] = 1
    assert hypermodel.build(hyperparameters).beta_warmup_steps == 2
    assert hypermodel.settings(hyperparameters)["epochs"] == 4
    assert hypermodel.batch_size(hyperparameters) == 32


def test_trimming_is_fixed_or_searched(train):
    """In the short trials of Hyperband, too, a tenth of the whole training."""
    for wanted in (0.1, (0.05, 0.2)):
        hypermodel = VAEHyperModel(
            train, {**TINY, "trim": wanted}, epochs=10, batch_size=32
        )
        hyperparameters = keras_tuner.HyperParameters()
        hyperparameters.values |= {"trim": 0.1, "tuner/epochs": 1}
        assert hypermodel.settings(hyperparameters)["trim"] == 0.1
        model = hypermodel.build(hyperparameters)
        assert (model.trim, model.trim_warmup_steps) == (0.1, 2)


def test_fit_of_sources_arrays_and_batches(train):
    # Images in [0, 1], while the generator makes those in [-1, 1].
    hypermodel = GANHyperModel(train, TINY, batch_size=16)
    hyperparameters = keras_tuner.HyperParameters()
    model = hypermodel.build(hyperparameters)
    model.run_eagerly = True
    own = {"epochs": 1, "verbose": 0}
    history = hypermodel.fit(
        hyperparameters, model, **own, validation_data=train.take(8)
    ).history
    assert model.steps_done == 64 // 16
    assert np.isfinite(history["val_generator_loss"]).all()
    hypermodel.fit(hyperparameters, model, train.take(32), **own)
    assert model.steps_done == 4 + 32 // 16
    x, _ = train.to_range((-1, 1)).arrays()
    hypermodel.fit(hyperparameters, model, x[:16], batch_size=2, **own)
    assert model.steps_done == 6 + 1
    batches = train.to_range((-1, 1)).batches(64)
    hypermodel.fit(hyperparameters, model, batches, **own)
    assert model.steps_done == 7 + 1


def test_a_space_of_ones_own(train):
    space = SearchSpace({"latent_dim": Fixed(2), "network": Fixed("mlp")})
    hypermodel = VAEHyperModel(train, space)
    hyperparameters = keras_tuner.HyperParameters()
    assert hypermodel.settings(hyperparameters) == {
        "model": "vae",
        "latent_dim": 2,
        "network": "mlp",
        "seed": 0,
    }
    assert hypermodel.batch_size(hyperparameters) == 3  # a 20th of 64


def test_unknown_names(train):
    with pytest.raises(ValueError, match="'units' is no setting that can be"):
        VAEHyperModel(train, units=3)
    with pytest.raises(ValueError, match="'data' is no setting that can be"):
        VAEHyperModel(train, {"data": "digits"})


@pytest.mark.parametrize("objective", ["larsen", ["elbo", "larsen"]])
def test_names_of_another_family(train, objective):
    VAEHyperModel(train, {"objective": ["elbo", "iwae"]})
    with pytest.raises(ValueError, match="larsen, expected one of elbo"):
        VAEHyperModel(train, {"objective": objective})
