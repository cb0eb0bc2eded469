"""The VQ-VAE against hand calculations, brute force and counts."""

import itertools

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.models.codebook import Codebook, CodePerplexity, CodesUsed
from tfgen.training import GlobalBatch


def small(**options):
    options = {"network_options": {"filters": (4,)}, **options}
    return tfgen.build(
        "vq_vae",
        input_shape=(4, 4, 1),
        latent_dim=2,
        num_codes=3,
        code_prior_options={"filters": 8, "blocks": 2},
        seed=0,
        **options,
    )


@pytest.fixture(scope="module")
def model():
    """With a prior that is far from equal probabilities."""
    model = small()
    random = np.random.default_rng(0)
    for weight in model.code_prior.weights:
        weight.assign(random.normal(size=weight.shape))
    return model


class TestCodebook:
    z = np.float32([[[[0.0, 0.0], [1.0, 0.0]]], [[[0.0, 3.0], [1.2, 0.0]]]])

    def codebook(self, vectors, counts):
        codebook = Codebook(len(vectors), 2, decay=0.75)
        vectors = np.float32(vectors)
        codebook.vectors.assign(vectors)
        codebook.counts.assign(counts)
        codebook.sums.assign(vectors * np.float32(counts)[:, None])
        return codebook

    def updated(self, codebook):
        codes = codebook.nearest(self.z)
        batch = GlobalBatch(self.z, None, seed=0, step=0)
        codebook.update(batch, self.z, codes, seed=0, step=0)
        return codes.numpy()

    def test_moving_averages_by_hand(self):
        codebook = self.codebook([[0.0, 1.0], [1.0, 1.0]], [2.0, 4.0])
        codes = self.updated(codebook)
        np.testing.assert_array_equal(codes, [[[0, 1]], [[0, 1]]])
        # .75 2 + .25 2, and .75 4 + .25 2.
        np.testing.assert_allclose(codebook.counts, [2.0, 3.5])
        # .75 (0, 2) + .25 (0, 3), and .75 (4, 4) + .25 (2.2, 0).
        sums = np.array([[0.0, 2.25], [3.55, 3.0]])
        np.testing.assert_allclose(codebook.sums, sums, rtol=1e-6)
        wanted = sums / [[2.0], [3.5]]
        np.testing.assert_allclose(codebook.vectors, wanted, rtol=1e-6)

    def test_a_dead_code_starts_anew_at_a_place_of_the_batch(self):
        codebook = self.codebook([[0.0, 1.0], [9.0, 9.0]], [2.0, 0.01])
        self.updated(codebook)
        # A twentieth of the mean use, 4 places by 2 codes.
        assert codebook.counts.numpy()[1] == pytest.approx(0.1)
        # Of 8 draws of 4 places one is the farthest from (0, 1), all but
        # surely.
        np.testing.assert_allclose(codebook.vectors[1], [0, 3], rtol=1e-6)
        again = self.codebook([[0.0, 1.0], [9.0, 9.0]], [2.0, 0.01])
        self.updated(again)
        np.testing.assert_array_equal(again.vectors, codebook.vectors)

    def test_use_by_hand(self):
        """Of three codes two are in use, one a half and one a quarter..."""
        perplexity, used = CodePerplexity(3, "p"), CodesUsed(3, "u")
        for metric in (perplexity, used):
            metric.update_state([[3.0, 1.0, 0.0], [5.0, 5.0, 5.0]], [1.0, 0.0])
        shares = np.array([0.75, 0.25])
        wanted = np.exp(-np.sum(shares * np.log(shares)))
        assert float(perplexity.result()) == pytest.approx(wanted)
        assert float(used.result()) == pytest.approx(2 / 3)


def test_gradients_go_past_the_choice(model):
    """The encoder's, by the decoder's at the codes, and the commitment's."""
    x, _ = images(6)
    batch = GlobalBatch(x, None, 0, 0)
    found = model.quantized(x, None, True)
    with tf.GradientTape() as tape:
        tape.watch(found.vectors)
        logits = model.decoder(found.vectors)
        nats = -model.likelihood.log_prob(x, logits)
    wanted = tape.gradient(nats, found.vectors)
    wanted += 2 * model.commitment * (found.z - found.vectors)
    z = tf.identity(found.z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        losses = model.losses_of(batch, found._replace(z=z), True)
    came = tape.gradient(losses["loss"], z)
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-5)


def test_score_is_the_bound(model):
    x, _ = images(5)
    model.compile()
    logs = model.evaluate(x, verbose=0, return_dict=True)
    assert model.score(x).mean() == pytest.approx(-logs["negative_elbo"])
    terms = logs["reconstruction_loss"] + logs["kl_loss"]
    assert logs["negative_elbo"] == pytest.approx(terms)
    with_commitment = terms + logs["commitment_loss"]
    assert logs["loss"] == pytest.approx(with_commitment)


def test_samples_have_the_probabilities_of_the_prior(model):
    """All 81 grids of 2 x 2, counted in 4,000 draws."""
    grids = np.array(list(itertools.product(range(3), repeat=4)))
    log_prob = model.log_prob_of_codes(
        tf.constant(grids.reshape(-1, 2, 2), tf.int32)
    )
    expected = 4000 * np.exp(np.float64(log_prob))
    assert expected.sum() == pytest.approx(4000, rel=1e-5)
    noise = np.float32(np.random.default_rng(0).normal(size=(4000, 4)))
    codes = model.drawn_codes(tf.constant(noise)).numpy().reshape(-1, 4)
    counts = np.bincount(codes @ [27, 9, 3, 1], minlength=81)
    often = expected > 5
    pooled = [
        np.append(each[often], each[~often].sum())
        for each in (counts, expected)
    ]
    pooled[1] *= pooled[0].sum() / pooled[1].sum()
    assert scipy.stats.chisquare(*pooled).pvalue > 1e-3


def test_without_noise_each_code_is_the_likeliest(model):
    codes = model.drawn_codes(tf.zeros((1, 4))).numpy()
    logits = model.code_prior(codes).numpy()
    np.testing.assert_array_equal(logits.argmax(axis=-1), codes)
    sample = model.sample(2, seed=0, temperature=0.0)
    np.testing.assert_allclose(sample[:1], model.decode_codes(codes), rtol=1e-5)


def test_it_learns_which_codes_go_together():
    """Two images, each a grid of one code: the prior costs one bit."""
    model = small(network_options={"filters": (8,)})
    model.compile(keras.optimizers.Adam(1e-2))
    x = np.zeros((32 * 110, 4, 4, 1), "float32")
    x[::2] = 1.0
    model.fit(x, epochs=2, batch_size=32, verbose=0)
    logs = model.evaluate(x[:64], verbose=0, return_dict=True)
    assert logs["kl_loss"] == pytest.approx(np.log(2), abs=0.1)
    assert logs["reconstruction_loss"] < 0.5
    means = model.sample(200, seed=0).mean(axis=(1, 2, 3))
    assert 0.35 < np.mean(means > 0.5) < 0.65
    assert np.all(np.abs(means - 0.5) > 0.4)


def images(rows):
    case = np.random.default_rng(0)
    return np.float32(case.uniform(size=(rows, 4, 4, 1))), None


@pytest.mark.parametrize(
    "codes", [[[[0, 1], [2, 3]]], [[0, 1, 2, 0]], [[[0, -1], [0, 0]]]]
)
def test_what_are_no_codes(model, codes):
    with pytest.raises(ValueError, match="whole numbers from 0 to 2 of shape"):
        model.decode_codes(codes)


@pytest.mark.parametrize("options", [{"input_shape": (5,)}, {"network": "mlp"}])
def test_images_alone(options):
    options = {"input_shape": (8, 8, 1), **options}
    with pytest.raises(ValueError, match="a VQ-VAE is for images"):
        tfgen.build("vq_vae", **options)


def test_networks_that_do_not_fit(model):
    wrong = small(network_options={"filters": (4, 4)}).decoder
    with pytest.raises(ValueError, match="the decoder leads from"):
        tfgen.VQVAE(model.encoder, wrong, model.code_prior)
