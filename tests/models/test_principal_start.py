"""Against probabilistic principal component analysis in closed form."""

import keras
import numpy as np
import pytest
import scipy.stats

import tfgen
from tfgen.networks.parts import LINEAR_PATH

LINEAR = {"linear_path": True}


def correlated(rows=4000, columns=6, noise=0.5):
    """Rows with two strong directions in noise."""
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(columns, 2)))[0]
    z = rng.normal(size=(rows, 2)) * (5.0, 2.0)
    x = 3 + z @ directions.T + noise * rng.normal(size=(rows, columns))
    return np.float32(x)


def source_of(x):
    return tfgen.data.from_arrays(x, standardize=False)


def vae(source, latent_dim=2, **options):
    options = {
        "network_options": LINEAR,
        "network": "mlp",
        "likelihood": "gaussian",
        **options,
    }
    return tfgen.build("vae", data=source, latent_dim=latent_dim, **options)


def test_bound_is_the_likelihood_of_the_best_linear_model():
    x = correlated()
    model = vae(source_of(x))
    model.compile()
    logs = model.evaluate(x, batch_size=1000, verbose=0, return_dict=True)
    # Tipping and Bishop (1999), equations 7 and 8.
    mean, covariance = x.mean(0), np.cov(x.T)
    values, vectors = np.linalg.eigh(covariance.astype("float64"))
    noise = values[:-2].mean()
    strong = vectors[:, -2:] * np.sqrt(values[-2:] - noise)
    best = strong @ strong.T + noise * np.eye(len(mean))
    likelihood = scipy.stats.multivariate_normal(mean, best).logpdf(x).mean()
    # The noise is that of 256 held-out rows, 3% off; nothing else is.
    assert -logs["negative_elbo"] == pytest.approx(likelihood, abs=0.03)


def test_latents_beyond_the_components_are_idle():
    model = vae(source_of(correlated()), latent_dim=5)
    posterior = model.encoder(correlated(20))
    np.testing.assert_allclose(posterior[:, 2:5], 0, atol=0.2)
    spread = model.decode(np.eye(5, dtype="float32")) - model.decode(
        np.zeros((5, 5), "float32")
    )
    sizes = np.linalg.norm(spread, axis=1)
    assert sizes[0] == pytest.approx(5, rel=0.1)
    assert sizes[1] == pytest.approx(2, rel=0.1)
    assert sizes[2:].max() < 0.3


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 9, 1), (96, 50, 3)])
@pytest.mark.parametrize("network", ["mlp", "conv", "resnet"])
def test_images_of_any_size(shape, network):
    """The network beside the path starts as nothing."""
    x = np.random.default_rng(0).random((30, *shape), dtype=np.float32)
    source = tfgen.data.from_arrays(x, value_range=(0, 1))
    model = vae(source, network=network, likelihood="gaussian")
    latent = np.zeros((1, 2), "float32")
    paths = [
        network.get_layer(LINEAR_PATH)
        for network in (model.encoder, model.decoder)
    ]
    for path in paths:
        path.bias.assign(keras.ops.zeros_like(path.bias))
        path.kernel.assign(keras.ops.zeros_like(path.kernel))
    np.testing.assert_array_equal(model.decoder(latent), np.zeros((1, *shape)))
    np.testing.assert_array_equal(model.encoder(x[:1]), np.zeros((1, 4)))


def test_models_without_a_path_stay_as_they_are():
    source = source_of(correlated())
    shape = {"input_shape": source.shape}
    for options in (
        {"network_options": {}},
        {"likelihood": tfgen.probability.Gaussian(scale=1.0)},
    ):
        by_data = vae(source, seed=0, **options)
        options = {
            "network": "mlp",
            "network_options": LINEAR,
            "likelihood": "gaussian",
            **options,
        }
        plain = tfgen.build("vae", **shape, latent_dim=2, seed=0, **options)
        for one, other in zip(by_data.weights, plain.weights, strict=True):
            np.testing.assert_array_equal(one, other)


def test_constant_images():
    """Nothing varies, so there is nothing to start from."""
    source = tfgen.data.from_arrays(np.full((40, 4, 4, 3), 128, np.uint8))
    model = vae(source, network="conv", likelihood="gaussian")
    assert np.isfinite(model.reconstruct(source.arrays()[0][:2])).all()


def test_classes():
    x, y = correlated(), np.arange(4000) % 3
    source = tfgen.data.from_arrays(x, y, standardize=False)
    model = vae(source, num_classes=3)
    error = np.mean((model.reconstruct(x, y) - x) ** 2)
    # Four of six directions are noise of .5.
    assert error == pytest.approx(4 / 6 * 0.25, rel=0.1)


def test_each_class_has_its_mean():
    """The bound is the likelihood of the best linear model of each class."""
    means = np.float32(np.random.default_rng(1).normal(size=(3, 6)) * 4)
    x, y = correlated(), np.arange(4000) % 3
    source = tfgen.data.from_arrays(x + means[y], y, standardize=False)
    model = vae(source, num_classes=3)
    model.compile()
    logs = model.evaluate(
        x + means[y], y, batch_size=1000, verbose=0, return_dict=True
    )
    one = vae(source_of(x))
    one.compile()
    alone = one.evaluate(x, batch_size=1000, verbose=0, return_dict=True)
    assert logs["negative_elbo"] == pytest.approx(
        alone["negative_elbo"], abs=0.02
    )
    for label in range(3):
        middle = model.decode(np.zeros((1, 2)), [label])
        wanted = (x + means[y])[y == label].mean(0)
        np.testing.assert_allclose(middle[0], wanted, atol=0.1)


def test_a_mixture_starts_at_the_latents():
    """Two clusters far apart: their shares, and the exact likelihood."""
    rng = np.random.default_rng(1)
    is_first = rng.uniform(size=2000) < 0.3
    centres = np.where(is_first, -6.0, 6.0)
    x = np.float32(np.stack([centres, 0 * centres], 1))
    x += rng.normal(size=x.shape).astype("float32")
    prior = tfgen.probability.GaussianMixture(2, covariance="full")
    model = vae(source_of(x), prior=prior, seed=0)
    np.testing.assert_allclose(
        np.sort(keras.ops.softmax(model.prior.logits[0])), [0.3, 0.7], atol=0.03
    )
    found = tfgen.metrics.importance_weighted_bound(
        model, x[:500], None, 200, 0
    )
    exact = (
        np.logaddexp(
            np.log(0.3) - (x[:500, 0] + 6) ** 2 / 2,
            np.log(0.7) - (x[:500, 0] - 6) ** 2 / 2,
        )
        - np.log(2 * np.pi)
        - x[:500, 1] ** 2 / 2
    )
    assert found.values.mean() == pytest.approx(exact.mean(), abs=0.05)


def test_where_there_are_few_latents_some_components_have_no_weight():
    x = correlated(60, columns=4)
    prior = tfgen.probability.GaussianMixture(50)
    model = vae(source_of(x), prior=prior, num_classes=None)
    weights = keras.ops.softmax(model.prior.logits[0])
    assert 1 <= np.sum(np.asarray(weights) > 1e-6) < 50
