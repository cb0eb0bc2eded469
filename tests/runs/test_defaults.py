"""What a new run takes by its data, where its settings say nothing."""

import numpy as np
import pytest

import tfgen
from tfgen.models.recommended import recommended_settings
from tfgen.runs.model import compiled_model
from tfgen.runs.settings import with_defaults


def table(rows, columns=5):
    x = np.random.default_rng(0).normal(size=(rows, columns))
    return tfgen.data.from_arrays(x.astype("float32"))


def images(channels, rows=60):
    x = np.random.default_rng(0).random((rows, 8, 8, channels))
    return tfgen.data.from_arrays(x.astype("float32"), value_range=(0, 1))


@pytest.mark.parametrize("family", ["vae", "gan", "vae_gan"])
@pytest.mark.parametrize("kind", ["points", "table"])
def test_a_preset_by_kind(family, kind):
    source = table(3000)
    if kind == "points":
        source = tfgen.data.load("ring").take(3000)
    settings = with_defaults({"model": family}, source)
    full = "full_" * (kind == "table" and family == "vae")
    assert settings["preset"] == f"{full}{kind}_{family}"
    preset = tfgen.presets.get(settings["preset"])
    assert settings["batch_size"] == preset.batch_size
    assert "width" not in settings
    model = compiled_model(settings, source)
    assert model.latent_dim == preset.options["latent_dim"]


def test_the_length_of_the_ring():
    source = tfgen.data.load("ring")
    settings = with_defaults({"model": "gan"}, source)
    # 40,000 steps of 64 rows, at least 10 epochs.
    assert settings["epochs"] == max(10, -(-40_000 // -(-len(source) // 64)))


@pytest.mark.parametrize("rows, size", [(1000, 64), (256, 64), (120, 30)])
def test_an_epoch_has_four_steps(rows, size):
    settings = with_defaults({"model": "vae"}, table(rows))
    assert settings["batch_size"] == size  # the preset's is 64
    # 4,000 steps.
    assert settings["epochs"] == -(-4000 // -(-rows // size))


@pytest.mark.parametrize(
    "rows, width",
    [(20, 32), (128, 64), (224, 64), (255, 64), (256, None), (1000, None)],
)
def test_size_follows_rows(rows, width):
    settings = with_defaults({"model": "vae"}, table(rows))
    assert settings.get("width") == width


def test_few_rows_have_few_parameters():
    source = table(224, columns=30)
    settings = with_defaults({"model": "vae"}, source)
    model = compiled_model(settings, source)
    # 30-64-64-16 and 8-64-64-30, with biases, and the covariance.
    encoder = 31 * 64 + 65 * 64 + 65 * 16
    decoder = 9 * 64 + 65 * 64 + 65 * 30
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == (
        encoder + decoder + 30 * 31 // 2
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("family", ["vae", "gan", "vae_gan"])
def test_images_have_the_defaults_of_build(family, channels):
    """But for a VAE of colour images, which takes more latents."""
    settings = with_defaults({"model": family}, images(channels))
    of_colour = family == "vae" and channels == 3
    assert settings.get("preset") == ("colour_vae" if of_colour else None)
    assert "width" not in settings


def test_grey_images_have_those_of_their_preset():
    """Of a VAE, which has one for all sizes."""
    preset = tfgen.presets.get("small_image_vae")
    source = images(1)
    by_default = compiled_model({"model": "vae"}, source)
    named = compiled_model({"preset": preset.name}, source)
    assert by_default.latent_dim == named.latent_dim == 16
    shapes = [v.shape for v in by_default.weights]
    assert shapes == [v.shape for v in named.weights]
    assert type(by_default.likelihood) is type(named.likelihood)


@pytest.mark.parametrize(
    ("rows", "epochs"),
    # 12,000 steps of 256 rows; 500 epochs of 12 steps; 4,000 steps of 100 rows.
    [(25_600, 120), (3072, 500), (400, 1000)],
)
@pytest.mark.parametrize("name", ["vae", "gan", "vae_gan"])
def test_steps_of_mixed_tables(rows, epochs, name):
    family = tfgen.models.families.get_family(name)
    found = recommended_settings(family, (5,), rows, is_mixed=True)
    preset = f"mixed_table_{name}"
    assert (found["preset"], found["epochs"]) == (preset, epochs)


def test_what_is_given_stays():
    given = {
        "model": "vae",
        "preset": "circles_vae",
        "batch_size": 7,
        "epochs": 3,
        "patience": 0,
    }
    source = table(100, columns=2)
    assert dict(with_defaults(given, source)) == given
    given = {"model": "vae", "batch_size": 7, "epochs": 3, "width": 9}
    settings = with_defaults(given, source)
    assert {**settings, **given} == dict(settings)


def test_another_network_has_no_width():
    given = {"model": "vae", "network": "conv"}
    assert "width" not in with_defaults(given, table(100))


@pytest.mark.parametrize(
    "family, rows, patience",
    # 4 steps an epoch: 400 steps; 100 steps an epoch: 10 epochs.
    [("vae", 224, 100), ("vae", 6400, 10), ("gan", 224, None)],
)
def test_patience(family, rows, patience):
    settings = with_defaults({"model": family}, table(rows))
    assert settings.get("patience") == patience


def test_patience_waits_for_a_rate_that_falls():
    given = {"model": "vae", "learning_rate_schedule": "cosine"}
    settings = with_defaults(given | {"epochs": 400}, table(6400))
    assert settings["patience"] == 100
    settings = with_defaults(given | {"epochs": 20}, table(6400))
    assert settings["patience"] == 10


@pytest.mark.parametrize("likelihood", [None, "gaussian"])
def test_the_scale_of_colour_images_starts_below_their_spread(likelihood):
    """From 0.7 it needs thousands of steps, and latents hardly pay."""
    model = tfgen.build(
        "vae", input_shape=(8, 8, 3), latent_dim=2, likelihood=likelihood
    )
    raw = float(model.likelihood.raw_scale)
    assert 1e-3 + np.log1p(np.exp(raw)) == pytest.approx(0.1, rel=1e-5)
    for shape in ((3,), (8, 8, 1)):
        other = tfgen.build("vae", input_shape=shape, likelihood="gaussian")
        assert other.likelihood.initial_scale == 0.7
