"""Presets: every one builds, trains, saves; overrides are honoured."""

import keras
import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.data import loader
from tfgen.presets import Preset

NAMES = (
    "dense_vae",
    "circles_vae",
    "conv_vae",
    "dcgan",
    "dense_gan",
    "conv_gan",
    "shared_vae_gan",
    "vae_gan",
    "small_image_vae",
    "image_vae",
    "likelihood_vae",
    "points_vae",
    "table_vae",
    "small_image_gan",
    "image_gan",
    "points_gan",
    "table_gan",
    "image_vae_gan",
    "points_vae_gan",
    "table_vae_gan",
    "colour_vae",
    "full_table_vae",
    "mixed_table_vae",
    "small_image_vq_vae",
    "detector_table",
    "mixed_table_gan",
    "mixed_table_vae_gan",
    "pixel_vae",
)


def fake_data(model, rows=4):
    rng = np.random.default_rng(0)
    shape = (rows, *model.data_shape)
    if model.data_range is None:
        return rng.normal(size=shape).astype(np.float32)
    return rng.uniform(*model.data_range, shape).astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def read_once():
    """Many presets are for the same data."""
    with loader.read_once():
        yield


def test_names():
    assert tfgen.presets.names() == NAMES


def test_unknown_name():
    with pytest.raises(ValueError, match="did you mean 'table_vae'\\?"):
        tfgen.presets.get("table_vea")
    with pytest.raises(ValueError, match="expected one of dense_vae, "):
        tfgen.build(preset="")


@pytest.mark.parametrize("name", NAMES)
class TestEveryPreset:
    def test_says_what_it_is(self, name):
        preset = tfgen.presets.get(name)
        assert preset.name == name
        assert 0 < len(preset.summary) <= 65
        assert preset.data in tfgen.data.names()

    def test_fits_its_data(self, name):
        preset = tfgen.presets.get(name)
        known = {d.name: d for d in tfgen.data.known()}[preset.data]
        if not known.at_hand:
            pytest.skip(f"{preset.data} is not at hand")
        size = preset.image_size and int(preset.image_size)
        source = tfgen.data.load(preset.data, image_size=size)
        assert source.shape == preset.input_shape
        assert len(source) >= preset.batch_size
        wanted = preset.build().data_range
        assert wanted is None or source.value_range is not None


# Large ones of networks that others have, residual ones in image_gan.
LARGE = ("image_vae", "image_vae_gan")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE))
        for name in NAMES
    ],
)
def test_two_steps_then_save_and_load(name, tmp_path):
    preset = tfgen.presets.get(name)
    model = tfgen.build(preset=name, seed=0)
    # Two steps are done before a graph is made.
    model.compile(preset.make_optimizers(model), run_eagerly=True)
    x = fake_data(model)
    before = [w.copy() for w in model.get_weights()]
    model.fit(x, batch_size=4, epochs=2, verbose=0)
    assert model.steps_done == 2
    changed = [
        not np.array_equal(old, new)
        for old, new in zip(before, model.get_weights(), strict=True)
    ]
    assert np.mean(changed) > 0.8
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.sample(3, seed=1), model.sample(3, seed=1)
    )
    if model.encodes:
        np.testing.assert_array_equal(loaded.encode(x), model.encode(x))


def layers(network):
    """Type, size and activation of each layer that has any."""
    found = []
    for layer in network._flatten_layers(include_self=False, recursive=True):
        size = getattr(layer, "units", getattr(layer, "filters", None))
        activation = getattr(layer, "activation", None)
        activation = activation.__name__ if activation else None
        if size is not None or activation not in (None, "linear"):
            found.append((type(layer).__name__, size, activation))
    return found


def counts(network):
    """How many layers a network has of those that behave in training."""
    kinds = [type(layer).__name__ for layer in network.layers]
    special = ("BatchNormalization", "Dropout")
    return {kind: kinds.count(kind) for kind in special if kind in kinds}


class TestNetworksAreTheDocumentedOnes:
    def test_dense_vae(self):
        model = tfgen.build(preset="dense_vae")
        assert model.data_shape == (28, 28, 1)
        # One Dense layer to mean and log variance.
        assert layers(model.encoder) == [("Dense", 2 * 16, "linear")]
        *dense, last = layers(model.decoder)
        assert dense in ([], [("Dense", 784, "linear")])
        assert last[2] == "sigmoid"
        assert model.decoder.count_params() == 16 * 784 + 784
        assert model.encoder.count_params() == 784 * 32 + 32

    def test_dense_vae_pays_the_squared_error(self):
        likelihood = tfgen.build(preset="dense_vae").likelihood
        x, mean = np.float32([[0.2, 1.0, 0.0]]), np.float32([[0.5, 0.5, 0.1]])
        zero = np.asarray(likelihood.log_prob(x, x))
        came = zero - np.asarray(likelihood.log_prob(x, mean))
        np.testing.assert_allclose(came, [0.09 + 0.25 + 0.01], rtol=1e-5)

    def test_circles_vae(self):
        preset = tfgen.presets.get("circles_vae")
        assert (preset.batch_size, preset.epochs) == (100, 10)
        assert preset.learning_rate == 1e-3
        model = preset.build()
        # 2 - 4 - 2 (mean and log variance each), and back.
        assert layers(model.encoder) == [
            ("Dense", 4, "relu"),
            ("Dense", 2 * 2, "linear"),
        ]
        assert layers(model.decoder) == [
            ("Dense", 4, "relu"),
            ("Dense", 2, "linear"),
        ]
        assert (model.data_shape, model.latent_dim) == ((2,), 2)

    def test_conv_vae(self):
        model = tfgen.build(preset="conv_vae")
        assert model.data_shape == (32, 32, 3)
        assert layers(model.encoder) == [
            ("Conv2D", 32, "relu"),
            ("Conv2D", 64, "relu"),
            ("Dense", 128, "relu"),
            ("Dense", 2 * 64, "linear"),
        ]
        assert layers(model.decoder) == [
            ("Dense", 4 * 4 * 128, "relu"),
            ("Conv2DTranspose", 64, "relu"),
            ("Conv2DTranspose", 32, "relu"),
            ("Conv2DTranspose", 3, "linear"),
            ("Activation", None, "tanh"),
        ]
        for network in (model.encoder, model.decoder):
            for layer in network.layers:
                assert getattr(layer, "strides", (2, 2)) == (2, 2)
        assert model.data_range == (-1.0, 1.0)

    def test_dcgan(self):
        model = tfgen.build(preset="dcgan")
        assert (model.latent_dim, model.data_range) == (100, (-1.0, 1.0))
        assert layers(model.generator) == [
            ("Dense", 7 * 7 * 256, "linear"),
            ("Conv2DTranspose", 128, "linear"),
            ("Conv2DTranspose", 64, "linear"),
            ("Conv2DTranspose", 1, "linear"),
            ("Activation", None, "tanh"),
        ]
        assert counts(model.generator) == {"BatchNormalization": 3}
        assert layers(model.discriminator) == [
            ("Conv2D", 64, "linear"),
            ("Conv2D", 128, "linear"),
            ("Dense", 1, "linear"),
        ]
        assert counts(model.discriminator) == {"Dropout": 2}
        rates = {getattr(n, "rate", 0.3) for n in model.discriminator.layers}
        assert rates == {0.3}
        assert type(model.adversarial_loss).__name__ == "NonSaturating"
        assert model.penalties == []
        # The sizes that the tutorial's `summary` prints.
        assert model.generator.count_params() == 2_330_944
        assert model.discriminator.count_params() == 212_865

    def test_dense_gan(self):
        model = tfgen.build(preset="dense_gan")
        assert (model.latent_dim, model.data_range) == (100, (-1.0, 1.0))
        assert layers(model.generator) == [
            ("Dense", 128, "leaky_relu"),
            ("Dense", 128, "leaky_relu"),
            ("Dense", 784, "linear"),
            ("Activation", None, "tanh"),
        ]
        # 784 - 128 - 128 - 1
        assert layers(model.discriminator) == [
            ("Dense", 128, "leaky_relu"),
            ("Dense", 128, "leaky_relu"),
            ("Dense", 1, "linear"),
        ]
        activation = model.discriminator.get_layer(index=2).activation
        np.testing.assert_allclose(activation(np.float32([-1.0])), [-0.2])
        assert "real_accuracy" in {metric.name for metric in model.metrics}

    def test_conv_gan(self):
        model = tfgen.build(preset="conv_gan")
        assert model.data_shape == (16, 16, 3)
        assert layers(model.generator) == [
            *(("Dense", n, "linear") for n in (128, 128, 256, 512, 1024)),
            ("Dense", 4 * 4 * 256, "linear"),
            ("Conv2DTranspose", 128, "linear"),
            ("Conv2DTranspose", 3, "linear"),
            ("Activation", None, "tanh"),
        ]
        assert layers(model.discriminator) == [
            ("Conv2D", 64, "linear"),
            ("Conv2D", 128, "linear"),
            ("Conv2D", 256, "linear"),
            ("Dense", 1, "linear"),
        ]
        assert counts(model.generator) == {"BatchNormalization": 7}
        assert counts(model.discriminator) == {"BatchNormalization": 2}
        for network in (model.generator, model.discriminator):
            for layer in network.layers:
                assert getattr(layer, "momentum", 0.8) == 0.8

    def test_shared_vae_gan(self):
        model = tfgen.build(preset="shared_vae_gan")
        assert (model.latent_dim, model.data_range) == (100, (-1.0, 1.0))
        hidden = [("Dense", 400, "relu")] * 2
        assert layers(model.encoder) == [*hidden, ("Dense", 200, "linear")]
        assert layers(model.decoder) == [
            *hidden,
            ("Dense", 784, "linear"),
            ("Activation", None, "tanh"),
        ]
        assert layers(model.discriminator) == [*hidden, ("Dense", 1, "linear")]
        assert type(model.adversarial_loss).__name__ == "LeastSquares"
        assert (model.objective, model.penalties) == ("elbo_adversarial", [])

    def test_vae_gan(self):
        model = tfgen.build(preset="vae_gan")
        assert model.data_shape == (28, 28, 1)
        assert model.objective == "elbo_adversarial"
        assert type(model.likelihood).__name__ == "Bernoulli"
        gaussian = tfgen.build(preset="vae_gan", likelihood="gaussian")
        assert type(gaussian.likelihood).__name__ == "Gaussian"

    @pytest.mark.parametrize(
        "name, wanted",
        [
            ("dcgan", (1e-4, 0.9, 0.999)),
            ("dense_gan", (2e-4, 0.5, 0.999)),
            ("conv_gan", (2e-4, 0.5, 0.999)),
        ],
    )
    def test_optimizers_of_gans(self, name, wanted):
        preset = tfgen.presets.get(name)
        model = preset.build()
        optimizers = preset.make_optimizers(model)
        assert set(optimizers) == {"generator", "discriminator"}
        for adam in optimizers.values():
            came = (float(adam.learning_rate), adam.beta_1, adam.beta_2)
            assert came == pytest.approx(wanted)
        for adam in preset.make_optimizers(model, 0.25).values():
            assert float(adam.learning_rate) == 0.25

    def test_learning_rate_of_a_vae(self):
        preset = tfgen.presets.get("likelihood_vae")
        (adam,) = preset.make_optimizers(preset.build()).values()
        assert float(adam.learning_rate) == pytest.approx(5e-4)


class TestOverrides:
    def test_latent_dim(self):
        for name in NAMES:
            model = tfgen.build(preset=name, latent_dim=3)
            assert model.latent_dim == 3, name

    def test_beta_and_shape(self):
        model = tfgen.build(preset="dense_vae", input_shape=(8, 8, 1), beta=4.0)
        assert (model.data_shape, model.beta) == ((8, 8, 1), 4.0)

    def test_another_network_takes_its_own_sizes(self):
        model = tfgen.build(preset="dense_vae", network="conv")
        assert any(name == "Conv2D" for name, _, _ in layers(model.encoder))

    def test_a_ratio_replaces_a_fixed_weight(self):
        model = tfgen.build(preset="shared_vae_gan", adversarial_ratio=0.3)
        assert (model.adversarial_ratio, model.adversarial_weight) == (
            0.3,
            None,
        )

    def test_another_likelihood_takes_its_own_activation(self):
        model = tfgen.build(preset="dense_vae", likelihood="bernoulli")
        assert layers(model.decoder)[-1][2] == "linear"

    def test_classes(self):
        model = tfgen.build(preset="small_image_vae", num_classes=10)
        assert model.sample(2, labels=[1, 2]).shape == (2, 28, 28, 1)

    def test_image_gan_of_another_size(self):
        model = tfgen.build(
            preset="image_gan", input_shape=(32, 32, 3), num_classes=10
        )
        assert model.sample(2, labels=1).shape == (2, 32, 32, 3)

    @pytest.mark.parametrize(
        "override",
        [{"network": "mlp"}, {"num_classes": 3}],
        ids=["network", "num_classes"],
    )
    def test_networks_of_its_own_are_not_passed_over(self, override):
        with pytest.raises(ValueError, match="has networks of its own, got"):
            tfgen.build(preset="conv_vae", **override)

    def test_shape_that_the_networks_do_not_take(self):
        with pytest.raises(ValueError, match=r"is for images of \(32, 32, 3\)"):
            tfgen.build(preset="conv_vae", input_shape=(16, 16, 3))

    def test_a_preset_is_not_changed(self):
        preset = tfgen.presets.get("circles_vae")
        before = repr(preset)
        preset.build(latent_dim=5, network="mlp")
        assert repr(preset) == before
        assert isinstance(preset, Preset)


def test_compile_takes_the_preset_s_optimizers():
    model = tfgen.build(preset="points_gan")
    model.compile()
    rates = {
        name: float(optimizer.learning_rate)
        for name, optimizer in model.optimizer.by_network.items()
    }
    expected = {"generator": 4e-3, "discriminator": 1e-3}
    assert rates == pytest.approx(expected)


def test_rates_that_decay():
    """Along (1 + cos) / 2 over the training."""
    preset = tfgen.presets.get("points_gan")
    optimizers = preset.make_optimizers(preset.build(), steps=400)
    optimizers["generator"].build([keras.Variable([1.0])])
    for step, factor in ((0, 1.0), (100, 0.853553), (200, 0.5), (400, 0.0)):
        optimizers["generator"].iterations.assign(step)
        rate = float(optimizers["generator"].learning_rate)
        assert rate == pytest.approx(4e-3 * factor, rel=1e-4, abs=1e-9)


def test_penalties_belong_to_the_preset_s_loss():
    own = tfgen.build(preset="points_gan")
    other = tfgen.build(preset="points_gan", loss="wasserstein")
    assert [p.weight for p in own.penalties] == [0.05, 0.05]
    assert [p.weight for p in other.penalties] == [10.0]


def test_rates_decay_with_the_updates_of_each_network():
    preset = tfgen.presets.get("points_gan")
    model = preset.build(loss="wasserstein")
    optimizers = preset.make_optimizers(model, steps=100)
    for name, updates in (("generator", 50), ("discriminator", 250)):
        optimizers[name].build([keras.Variable([1.0])])
        optimizers[name].iterations.assign(updates)
    rates = {name: float(o.learning_rate) for name, o in optimizers.items()}
    assert rates == pytest.approx({"generator": 2e-3, "discriminator": 5e-4})


def test_choices_as_settings():
    assert tfgen.presets.get("points_gan").as_settings(40_000) == {
        "latent_dim": 2,
        "loss": "relativistic",
        "width": 96,
        "depth": 4,
        "penalty_weight": 0.05,
        "learning_rate": pytest.approx(4e-3),
        "learning_rate_ratio": pytest.approx(0.25),
        "learning_rate_schedule": "cosine",
    }
    # 2,000 steps of warm-up are half of the training.
    settings = tfgen.presets.get("points_vae").as_settings(4000)
    assert settings["beta_warmup"] == 0.5
    assert settings["learning_rate"] == 1e-3
    # The model's own rates are named by nobody.
    assert "learning_rate" not in tfgen.presets.get("table_gan").as_settings(1)


def test_what_is_of_larsen_takes_the_objective_with_it():
    """As a model without a preset has it."""
    preset = tfgen.presets.get("table_vae_gan")
    assert preset.build().objective == "elbo_adversarial"
    model = preset.build(gamma=2.0, adversarial_weight=1.0)
    assert model.objective == "larsen"


def test_a_mixed_table_refuses_the_likelihood_of_a_preset_by_its_name():
    frame = pd.DataFrame({"a": [0.5, 1], "b": ["x", "y"]})
    data = tfgen.data.from_arrays(frame)
    with pytest.raises(ValueError) as error:
        tfgen.build(preset="detector_table", data=data)
    assert str(error.value) == (
        "likelihood, the preset's if none was given, is Gaussian, but the "
        "table has texts, gaps or dates beside numbers: pass "
        "likelihood='table'."
    )
