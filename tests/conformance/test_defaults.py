"""`tfgen.build`, `tfgen train` and a search's first trial begin alike.

For each kind of data and each family: the same networks, losses, rates and
sizes, where nothing but the data was said.
"""

import json
import re

import keras
import numpy as np
import pytest

import tfgen
from tfgen.models.recommended import kind_of
from tfgen.runs.model import compiled_model
from tfgen.runs.settings import with_defaults
from tfgen.tuning.hypermodels import hypermodel_of

KINDS = ("points", "table", "few rows", "grey", "colour")
FAMILIES = ("vae", "gan", "vae_gan")


def source(kind):
    rng = np.random.default_rng(0)
    if kind == "points":
        return tfgen.data.load("ring").take(3000)
    if kind in ("table", "few rows"):
        rows = rng.normal(size=(600 if kind == "table" else 120, 5))
        return tfgen.data.from_arrays(rows.astype("float32"))
    channels = 3 if kind == "colour" else 1
    return tfgen.data.from_arrays(
        rng.integers(0, 256, (200, 8, 8, channels), np.uint8)
    )


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module", params=KINDS)
def made(request, family):
    """The data, and the settings and the model of each way to begin."""
    data = source(request.param)
    settings = {"train": with_defaults({"model": family}, data)}
    models = {"train": compiled_model(settings["train"], data)}
    models["build"] = tfgen.build(family, data=data, seed=0)
    models["build"].compile()
    search = hypermodel_of(family)(data, epochs=settings["train"]["epochs"])
    first = search.space.hyperparameters()
    settings["search"] = search.settings(first)
    models["search"] = search.build(first)
    return data, settings, models


def described(model):
    """All that makes a model, without the numbers of names."""
    config = keras.saving.serialize_keras_object(model.get_config())
    return re.sub(r"_\d+\b", "", json.dumps(config, sort_keys=True))


def widths(model):
    return {v.shape[-1] for v in model.trainable_variables if v.shape.rank}


def optimizers(model, rate_at=None):
    """Each with its highest rate, or that at a step, by a schedule or not."""
    configs = {}
    for name, optimizer in model.optimizer.by_network.items():
        config = optimizer.get_config()
        del config["learning_rate"], config["name"]
        rate = optimizer._learning_rate
        if not callable(rate):
            rate = optimizer.learning_rate
        elif rate_at is not None:
            rate = rate(rate_at)
        else:
            rate = rate.warmup_target or rate.initial_learning_rate
        rate = float(rate)
        configs[name] = config, pytest.approx(rate, rel=1e-5)
    return configs


def test_the_same_model(made):
    _, _, models = made
    assert described(models["train"]) == described(models["build"])
    assert described(models["train"]) == described(models["search"])


def test_the_same_rates(made):
    _, _, models = made
    first = {way: _plain(optimizers(model)) for way, model in models.items()}
    assert first["train"] == first["build"]
    assert first["train"] == first["search"]
    # `build` knows no length of the training over which rates might fall.
    late = {
        way: _plain(optimizers(models[way], 1500))
        for way in ("train", "search")
    }
    assert late["train"] == late["search"]


def _plain(configs):
    return {
        name: (config, float(f"{rate.expected:.5g}"))
        for name, (config, rate) in configs.items()
    }


def test_the_same_sizes(made):
    _, settings, _ = made
    train, search = settings["train"], settings["search"]
    for name in ("preset", "batch_size", "epochs"):
        assert train.get(name) == search.get(name), name
    # What else the run says the trial says too.
    said = {"model", "width"} & train.keys()
    assert {n: train[n] for n in said} == {n: search[n] for n in said}


def test_a_shape_says_the_kind(made, family):
    """As `data` does, but for the number of rows."""
    data, settings, models = made
    model = tfgen.build(family, input_shape=data.shape, seed=0)
    same = described(model) == described(models["build"])
    assert same == ("width" not in settings["train"])


def test_what_is_given_wins(family):
    data = source("few rows")
    model = tfgen.build(
        family, data=data, latent_dim=3, network_options={"units": (7,)}
    )
    preset = tfgen.presets.get(f"table_{family}")
    assert model.latent_dim == 3 != preset.options["latent_dim"]
    assert 7 in widths(model)
    assert not widths(model) & {32, 128}


def test_networks_of_ones_own(family):
    """They take the place of the preset's, whose other choices stay."""

    def dense(outputs, inputs):
        return keras.Sequential(
            [keras.Input((inputs,)), keras.layers.Dense(outputs)]
        )

    def networks(shape):
        (columns,) = shape
        encoder, decoder = dense(6, columns), dense(columns, 3)
        discriminator = dense(1, columns)
        return {
            "vae": (encoder, decoder),
            "gan": (decoder, discriminator),
            "vae_gan": (encoder, decoder, discriminator),
        }[family]

    model = tfgen.build(family, data=source("few rows"), networks=networks)
    assert model.latent_dim == 3


def test_a_shape_beside_data():
    data = source("table")
    with pytest.raises(ValueError, match=r"input_shape is \(4,\), but data"):
        tfgen.build("vae", data=data, input_shape=(4,))
    assert tfgen.build("vae", data=data, input_shape=(5,)).latent_dim == 8


def test_kinds():
    shapes = {(2,): "points", (1,): "table", (256,): "table"}
    shapes |= {(257,): "wide table"}
    shapes |= {(8, 8, 1): "grey", (8, 8, 3): "colour", (8, 8, 4): "colour"}
    assert {shape: kind_of(shape) for shape in shapes} == shapes


def test_settings_of_before_build_what_they_did():
    """Without a preset: those of a run that knew of no recommendation."""
    data = source("table")
    model = compiled_model({"model": "vae"}, data)
    assert model.latent_dim == 16
    assert 512 in widths(model)
