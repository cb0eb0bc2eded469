"""The VAE against closed forms and an independent gradient."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen

layers = keras.layers


def dense(inputs, outputs, kernel=None, bias=None):
    network = keras.Sequential([keras.Input((inputs,)), layers.Dense(outputs)])
    if kernel is not None:
        network.set_weights([np.float32(kernel), np.float32(bias)])
    return network


class TestLinearGaussian:
    """x = W z + b + 0.5 e with z ~ N(0, 1): x ~ N(b, W W' + 0.25 I)."""

    W = np.array([[1.0], [-0.5], [2.0]])
    b = np.array([0.3, 0.0, -1.0])
    sigma = 0.5

    @pytest.fixture
    def model(self):
        # The posterior is N(v W'(x - b) / 0.25, v), v = 1/(1 + W'W / 0.25).
        variance = 1 / (1 + np.sum(self.W**2) / self.sigma**2)
        to_mean = variance * self.W / self.sigma**2
        encoder = dense(
            3,
            2,
            np.concatenate([to_mean, np.zeros((3, 1))], axis=1),
            [-self.b @ to_mean[:, 0], np.log(variance)],
        )
        return tfgen.VAE(
            encoder,
            dense(1, 3, self.W.T, self.b),
            tfgen.probability.Gaussian(self.sigma),
        )

    @pytest.fixture
    def x(self):
        random = np.random.default_rng(0)
        z = random.normal(size=(4000, 1))
        noise = self.sigma * random.normal(size=(4000, 3))
        return np.float32(z @ self.W.T + self.b + noise)

    @pytest.fixture
    def evidence(self, x):
        covariance = self.W @ self.W.T + self.sigma**2 * np.eye(3)
        return scipy.stats.multivariate_normal(self.b, covariance).logpdf(x)

    def test_bound_is_tight(self, model, x, evidence):
        """The ELBO's mean over draws is log p(x) for the exact posterior."""
        model.compile()
        logs = model.evaluate(x, batch_size=1000, verbose=0, return_dict=True)
        # Terms of order 1, 4000 rows: a standard error of about 0.02.
        assert logs["negative_elbo"] == pytest.approx(
            -evidence.mean(), abs=0.06
        )

    def test_score_is_the_evidence(self, model, x, evidence):
        """Up to the noise of 8 draws, which all rows share."""
        difference = model.score(x[:200]) - evidence[:200]
        # E[log p(x|z)] has a variance of about 1/2 a draw.
        assert np.abs(difference.mean()) < 1.0
        assert np.corrcoef(model.score(x), evidence)[0, 1] > 0.99

    def test_kl_is_the_closed_form(self, model, x):
        out = model.run_endpoint("encode", {"x": x[:5]})
        mean, variance = out["mean"][:, 0], out["stddev"][:, 0] ** 2
        wanted = (mean**2 + variance - np.log(variance) - 1) / 2
        came = model.run_endpoint("score", {"x": x[:5]})["kl"]
        np.testing.assert_allclose(came, wanted, rtol=1e-4)

    def test_samples_have_the_marginal(self, model):
        samples = model.sample(20_000, seed=0, batch_size=20_000)
        wanted = self.W @ self.W.T + self.sigma**2 * np.eye(3)
        np.testing.assert_allclose(np.cov(samples.T), wanted, atol=0.15)
        np.testing.assert_allclose(samples.mean(axis=0), self.b, atol=0.06)


def tiny(**options):
    random = np.random.default_rng(3)
    encoder = dense(3, 4, 0.5 * random.normal(size=(3, 4)), np.zeros(4))
    decoder = dense(2, 3, 0.5 * random.normal(size=(2, 3)), np.ones(3))
    likelihood = tfgen.probability.Gaussian(0.7)
    return tfgen.VAE(encoder, decoder, likelihood, seed=11, **options)


def numpy_loss(weights, x, noise, beta=1.0, free_bits=0.0, trimmed=0):
    """Mean of -log p(x|z) + beta KL over all rows but the largest."""
    a, a0, c, c0 = weights
    mean, log_variance = np.split(x @ a + a0, 2, axis=1)
    z = mean + np.exp(log_variance / 2) * noise
    scaled = (x - (z @ c + c0)) / 0.7
    reconstruction = np.sum(
        scaled**2 / 2 + np.log(0.7) + np.log(2 * np.pi) / 2, axis=1
    )
    kl = (mean**2 + np.exp(log_variance) - log_variance - 1) / 2
    kl = np.maximum(kl, free_bits).sum(axis=1)
    losses = np.sort(reconstruction + beta * kl)
    return losses[: len(x) - trimmed].mean()


def finite_differences(function, weights, step=1e-6):
    gradients = []
    for weight in weights:
        gradient = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            kept = weight[index]
            weight[index] = kept + step
            above = function(weights)
            weight[index] = kept - step
            below = function(weights)
            weight[index] = kept
            gradient[index] = (above - below) / (2 * step)
        gradients.append(gradient)
    return gradients


@pytest.mark.parametrize(
    "options", [{}, {"beta": 3.0}, {"beta": 2.0, "free_bits": 0.3}]
)
def test_one_step_of_sgd(options):
    """Against float64 finite differences, with the noise of step 0."""
    model = tiny(**options)
    x = np.random.default_rng(4).normal(size=(8, 3)).astype("float32")
    noise = np.float64(
        tfgen.training.GlobalBatch(tf.constant(x), None, 11, 0).normal(
            (2,), "posterior"
        )
    )
    before = [np.float64(w.numpy()) for w in model.trainable_variables]
    wanted = finite_differences(
        lambda w: numpy_loss(w, np.float64(x), noise, **options), before
    )
    model.compile(keras.optimizers.SGD(0.1))
    logs = model.fit(x, batch_size=8, shuffle=False, verbose=0).history
    for old, new, gradient in zip(
        before, model.trainable_variables, wanted, strict=True
    ):
        np.testing.assert_allclose(
            (old - new.numpy()) / 0.1, gradient, rtol=1e-4, atol=2e-5
        )
    np.testing.assert_allclose(
        logs["loss"], numpy_loss(before, x, noise, **options), rtol=1e-5
    )


@pytest.mark.parametrize("rate, beta", [(0.2, 1.0), (0.45, 3.0)])
def test_one_step_of_trimmed_training(rate, beta):
    """Of 8 rows 2 or 4 are passed over; logs are of all of them."""
    model = tiny(trim=rate, beta=beta)
    x = np.random.default_rng(4).normal(size=(8, 3)).astype("float32")
    noise = np.float64(
        tfgen.training.GlobalBatch(tf.constant(x), None, 11, 0).normal(
            (2,), "posterior"
        )
    )
    before = [np.float64(w.numpy()) for w in model.trainable_variables]
    arguments = (np.float64(x), noise, beta)
    count = {0.2: 2, 0.45: 4}[rate]
    wanted = finite_differences(
        lambda w: numpy_loss(w, *arguments, trimmed=count), before
    )
    model.compile(keras.optimizers.SGD(0.1))
    logs = model.fit(x, batch_size=8, shuffle=False, verbose=0).history
    for old, new, gradient in zip(
        before, model.trainable_variables, wanted, strict=True
    ):
        np.testing.assert_allclose(
            (old - new.numpy()) / 0.1, gradient, rtol=1e-4, atol=2e-5
        )
    assert logs["trimmed"] == [count / 8]
    np.testing.assert_allclose(
        logs["loss"], numpy_loss(before, *arguments), rtol=1e-5
    )


def test_trimming_begins_after_its_warm_up_and_leaves_validation_alone():
    x = np.random.default_rng(4).normal(size=(20, 3)).astype("float32")
    models = tiny(trim=0.1, trim_warmup_steps=3), tiny()
    for model in models:
        model.compile(keras.optimizers.SGD(0.0))
    trimmed, plain = (
        m.fit(x, batch_size=10, epochs=3, validation_data=x, verbose=0).history
        for m in models
    )
    # Steps 0 to 2 take all 10 rows, steps 3 to 5 leave one out.
    assert trimmed.pop("trimmed") == pytest.approx([0.0, 0.05, 0.1])
    assert trimmed == plain


def test_trimmed_training_goes_on_from_a_file(tmp_path):
    """Whole or in two halves, the warm-up ending in the second."""
    x = np.random.default_rng(4).normal(size=(50, 3)).astype("float32")

    def started():
        model = tiny(trim=0.2, trim_warmup_steps=12)
        model.compile(keras.optimizers.Adam(1e-2))
        return model

    whole, half = started(), started()
    logs = whole.fit(x, batch_size=10, epochs=4, verbose=0).history
    half.fit(x, batch_size=10, epochs=2, verbose=0)
    half.save(tmp_path / "half.keras")
    again = keras.models.load_model(tmp_path / "half.keras")
    rest = again.fit(
        x, batch_size=10, initial_epoch=2, epochs=4, verbose=0
    ).history
    assert rest["trimmed"] == logs["trimmed"][2:] == pytest.approx([0.12, 0.2])
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_loss_that_overflows_is_not_trimmed_in_silence():
    model = tiny(trim=0.4)
    model.compile(keras.optimizers.SGD(0.1))
    x = np.ones((5, 3), "float32")
    x[0] = 1e30
    with pytest.raises(FloatingPointError, match="not finite"):
        model.fit(x, batch_size=5, verbose=0)


def test_warm_up_by_hand():
    """beta 2 over 4 steps: 0, 0.5, 1, 1.5, 2, 2."""
    model = tiny(beta=2.0, beta_warmup_steps=4)
    model.compile(keras.optimizers.SGD(0.0))
    x = np.ones((2, 3), "float32")
    logs = model.fit(x, epochs=6, validation_data=x, verbose=0).history
    betas = (
        np.subtract(logs["loss"], logs["reconstruction_loss"]) / logs["kl_loss"]
    )
    np.testing.assert_allclose(betas, [0, 0.5, 1, 1.5, 2, 2], atol=1e-5)
    # Evaluation takes the full beta from the start.
    full = np.add(
        logs["val_reconstruction_loss"], np.multiply(2, logs["val_kl_loss"])
    )
    np.testing.assert_allclose(logs["val_loss"], full, rtol=1e-5)


def sequential(shape, *stack):
    return keras.Sequential([keras.Input(shape), *stack])


def test_own_networks_train():
    encoder = sequential((4, 4, 1), layers.Flatten(), layers.Dense(6))
    decoder = sequential((3,), layers.Dense(16), layers.Reshape((4, 4, 1)))
    model = tfgen.VAE(encoder, decoder, "bernoulli")
    model.compile(keras.optimizers.Adam(1e-2))
    x = np.random.default_rng(0).uniform(size=(64, 4, 4, 1)) ** 4
    loss = model.fit(x, epochs=20, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    assert model.reconstruct(x[:2]).shape == (2, 4, 4, 1)


def test_pair_of_outputs():
    inputs = keras.Input((3,))
    pair = [layers.Dense(2)(inputs), layers.Dense(2)(inputs)]
    model = tfgen.VAE(keras.Model(inputs, pair), dense(2, 3), "gaussian")
    model.compile()
    model.fit(np.ones((4, 3), "float32"), verbose=0)
    assert model.encode(np.ones((1, 3))).shape == (1, 2)


SIGMOID = layers.Dense(3, activation="sigmoid")


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: tfgen.VAE(dense(3, 5), dense(2, 3)), r"expected \(4,\)"),
        (lambda: tfgen.VAE(dense(3, 4), dense(2, 5)), r"expected \(3,\)"),
        (
            lambda: tfgen.VAE(dense(3, 4), dense(2, 3), "discretized_logistic"),
            r"expected \(6,\)",
        ),
        (
            lambda: tfgen.VAE(dense(3, 4), sequential((2,), SIGMOID)),
            r"from_logits=False",
        ),
        (
            lambda: tfgen.VAE(
                dense(3, 4),
                dense(2, 3),
                tfgen.probability.Bernoulli(from_logits=False),
            ),
            "end it in a sigmoid",
        ),
        (
            lambda: tfgen.VAE(
                dense(3, 4),
                sequential((2,), layers.Dense(3), layers.Activation("sigmoid")),
            ),
            "from_logits=False",
        ),
        (
            lambda: tfgen.VAE(keras.Sequential([layers.Dense(4)]), dense(2, 3)),
            "does not know its input shape",
        ),
        (
            lambda: tfgen.VAE(dense(3, 4), dense(2, 3), num_classes=2),
            "check num_classes",
        ),
        (
            lambda: tfgen.VAE(dense(3, 4), sequential((2, 2), layers.Dense(3))),
            r"expected \(latent_dim,\)",
        ),
        (lambda: tiny().sample(2, labels=0), "not class-conditional"),
        (lambda: tiny().run_endpoint("grow", {}), "no endpoint 'grow'"),
        (lambda: tiny().decode(np.ones((2, 3))), r"expected \(n, 2\)"),
        (lambda: tiny().encode(np.ones((2, 4))), r"expected \(n, 3\)"),
        (
            lambda: tfgen.VAE(dense(3, 4), dense(2, 3), seed=-1),
            "from 0 to 2",
        ),
        (lambda: tiny(beta=-1.0), "beta is -1"),
        (lambda: tiny(free_bits=-1.0), "free_bits is -1"),
        (lambda: tiny(beta_warmup_steps=-1), "beta_warmup_steps is -1"),
        (lambda: tiny(trim=0.5), "trim is 0.5, expected .* to below 0.5"),
        (lambda: tiny(trim_warmup_steps=-1), "trim_warmup_steps is -1"),
        (
            lambda: tiny(trim=0.1, objective="mmd"),
            "trim is 0.1, but the objective MMD compares each row with all",
        ),
        (
            lambda: tiny(trim=0.1, privacy="epsilon=3").compile(),
            "privacy epsilon=3: trim is 0.1, which compares the rows",
        ),
        (lambda: tiny(num_classes=0), "num_classes is 0"),
        (lambda: tiny().sample(0), "num_samples is 0"),
        (lambda: tiny().sample(2.5), "num_samples is 2.5"),
        (lambda: tiny().fit(np.ones((2, 3))), "compile"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_interpolation_ends_at_reconstructions():
    model = tiny()
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    lines = model.interpolate(x[:2], x[2:], steps=5)
    assert lines.shape == (2, 5, 3)
    np.testing.assert_allclose(lines[:, 0], model.reconstruct(x[:2]), rtol=1e-5)
    np.testing.assert_allclose(
        lines[:, -1], model.reconstruct(x[2:]), rtol=1e-5
    )


def test_options_go_to_the_network_that_knows_them():
    model = tfgen.build(
        "vae",
        input_shape=(16, 16, 1),
        network="dcgan",
        network_options={"dropout": 0.5, "filters": (4,)},
    )
    kinds = [
        {type(layer).__name__ for layer in network.layers}
        for network in (model.encoder, model.decoder)
    ]
    assert "Dropout" in kinds[0]
    assert "Dropout" not in kinds[1]
    assert model.encoder.layers[1].filters == 4
