"""Whatever is traced follows layers that change after it was traced."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen

X = np.random.default_rng(0).uniform(size=(12, 8, 8, 1)).astype("float32")
LATENTS = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy"
)


def make(family="vae", **options):
    model = tfgen.build(
        family,
        input_shape=(8, 8, 1),
        latent_dim=2,
        network="mlp",
        network_options={"units": (16,)},
        seed=0,
        **options,
    )
    low, high = model.data_range
    model.compile("adam")
    model.fit(low + (high - low) * X, batch_size=6, verbose=0)
    return model


def decoder_of(model):
    return model.serving_decoder if model.encodes else model.average_generator


def adapt(network):
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dense):
            layer.enable_lora(2)


def by_layers(model):
    """What `decode` is to give, from the layers as they stand."""
    outputs = decoder_of(model)(LATENTS)
    if model.encodes:
        outputs = model.likelihood.mean(outputs)
    return outputs.numpy()


def exported(model, tmp_path):
    path = tfgen.export.export_saved_model(model, tmp_path / "export")
    signature = tf.saved_model.load(str(path)).signatures["decode"]
    return signature(latent=tf.constant(LATENTS))["x"].numpy()


def tune(model):
    """Ten steps of low-rank adaptation on few images."""
    trained = model.decoder if model.encodes else model.generator
    adapt(trained)
    with pytest.raises(ValueError, match="call compile\\(\\) again"):
        model.fit(X, verbose=0)
    model.compile(keras.optimizers.Adam(0.01))
    low, high = model.data_range
    kept = trained.layers[1]._kernel.numpy()
    model.fit(low + (high - low) * X[:6], epochs=10, batch_size=6, verbose=0)
    np.testing.assert_array_equal(trained.layers[1]._kernel.numpy(), kept)


OTHERS = ("gan", "vae_gan")


@pytest.mark.parametrize(
    "family",
    ["vae", *(pytest.param(f, marks=pytest.mark.slow) for f in OTHERS)],
)
def test_low_rank_adaptation_of_a_decoder(family, tmp_path):
    """Python, a reloaded file and an export agree to 1e-6."""
    model = make(family)
    before = model.decode(LATENTS), model.sample(3, seed=1)
    model.predict(X if model.encodes else LATENTS, verbose=0)
    tune(model)
    found = model.decode(LATENTS)
    assert np.abs(found - before[0]).max() > 1e-3
    assert np.abs(model.sample(3, seed=1) - before[1]).max() > 1e-3
    np.testing.assert_allclose(found, by_layers(model), atol=1e-6)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.decode(LATENTS), found, atol=1e-6)
    np.testing.assert_allclose(
        loaded.sample(3, seed=1), model.sample(3, seed=1), atol=1e-6
    )
    np.testing.assert_allclose(exported(model, tmp_path), found, atol=1e-6)


def test_a_loaded_adaptation_goes_on_learning(tmp_path):
    """Keras loads zeros for both factors, whose gradients are zero."""
    model = make()
    tune(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    loaded.compile(keras.optimizers.SGD(0.1))
    loaded.fit(X, epochs=2, verbose=0)
    for factor in ("lora_kernel_a", "lora_kernel_b"):
        assert getattr(loaded.decoder.layers[1], factor).numpy().any()


def test_quantised_kernels(tmp_path):
    model = make()
    before = model.decode(LATENTS)
    model.evaluate(X, verbose=0)
    model.quantize("int8")
    found = model.decode(LATENTS)
    assert 1e-6 < np.abs(found - before).max() < 0.05
    np.testing.assert_allclose(found, by_layers(model), atol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.decode(LATENTS), found, atol=1e-6)
    np.testing.assert_allclose(exported(model, tmp_path), found, atol=1e-6)
    assert loaded.evaluate(X, verbose=0) == model.evaluate(X, verbose=0)
    with pytest.raises(ValueError, match="quantised to int8.*not trained"):
        model.fit(X, verbose=0)


def test_quantising_is_refused_whole():
    model = make()
    before = model.get_weights()
    with pytest.raises(
        ValueError, match="'float8', expected one of int8, int4"
    ):
        model.quantize("float8")
    with pytest.raises(ValueError, match="no layer of this VAE"):
        model.quantize("int8", filters="nobody")
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def freeze(model):
    model.encoder.trainable = False


def other_activation(model):
    model.decoder.layers[1].activation = keras.activations.tanh


def other_noise(model):
    model.observation_noise = True


def other_dtype(model):
    model.decoder.layers[1].dtype_policy = "mixed_bfloat16"


@pytest.mark.parametrize("change", [other_activation, other_noise, other_dtype])
def test_what_has_no_variables_is_seen(change):
    model = make()
    before = model.sample(5, seed=1)
    logs = model.evaluate(X, verbose=0)
    change(model)
    assert np.abs(model.sample(5, seed=1) - before).max() > 1e-4
    # Graphs fuse what rounds to bfloat16 in between otherwise.
    atol = 2e-3 if change is other_dtype else 1e-6
    np.testing.assert_allclose(
        model.decode(LATENTS), by_layers(model), atol=atol
    )
    if change is not other_noise:
        assert model.evaluate(X, verbose=0) != logs


def test_frozen_without_compiling():
    model = make()
    freeze(model)
    message = r"those of vae \(\d+ then, \d+ now\): call compile\(\) again"
    with pytest.raises(ValueError, match=message) as error:
        model.fit(X, verbose=0)
    assert "\n" not in str(error.value)
    model.compile("adam")
    kept = model.encoder.get_weights()
    model.fit(X, verbose=0)
    for a, b in zip(kept, model.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_network_that_was_replaced_is_gone(tmp_path):
    """Its weights are not counted, and a file with the new one loads."""
    model, other = make(), make()
    shapes = [tuple(v.shape) for v in model.weights]
    model.decoder = other.decoder
    assert [tuple(v.shape) for v in model.weights] == shapes
    assert any(v is other.decoder.weights[0] for v in model.weights)
    model.compile("adam")
    model.fit(X, batch_size=6, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    pairs = zip(
        [*model.variables, *model.optimizer.variables],
        [*loaded.variables, *loaded.optimizer.variables],
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_nothing_is_traced_twice(monkeypatch):
    model = make()
    calls = []
    monkeypatch.setattr(
        model, "generate", lambda *a: calls.append(a) or a[0], raising=False
    )
    for seed in range(3):
        model.sample(2 + seed, seed=seed)
        model.fit(X, verbose=0)
    assert len(calls) == 1


def test_spectral_kernels_stay_as_they_are():
    layer = tfgen.layers.SpectralDense(3)
    layer.build((None, 4))
    for method in (
        lambda: layer.enable_lora(2),
        lambda: layer.quantize("int8"),
    ):
        with pytest.raises(ValueError, match="SpectralDense"):
            method()


def test_keras_own_export_names_ours(tmp_path):
    with pytest.raises(ValueError, match="tfgen.export.export_saved_model"):
        make().export(tmp_path / "export")
