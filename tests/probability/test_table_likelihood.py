"""Likelihood of a mixed table's rows, against SciPy and hand calculation."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

import tfgen
from tfgen.data.table_parts import TableParts
from tfgen.layers import OneHotCodes
from tfgen.probability import Table

PARTS = (3, "number or 2", "number", 2)
ROWS = np.float32(
    [
        # category; number and its code; number; boolean
        [2, 0.5, 0, -1.0, 1],
        [0, 0.0, 2, 0.25, 0],
    ]
)


@pytest.fixture
def parameters():
    rng = np.random.default_rng(0)
    (size,) = Table(PARTS, components=2).decoder_shape((5,))
    assert size == 2 * 3 * 2 + 3 + 3 + 2
    return rng.normal(size=(2, size)).astype("float32")


def mixture(x, logits, means, raws):
    """Log-density of two Gaussians, as SciPy has it."""
    weights = scipy.special.softmax(logits)
    scales = 0.01 + np.logaddexp(0, raws)
    means = means + np.array([-1.5, 1.5])
    return np.log(sum(weights * scipy.stats.norm.pdf(x, means, scales)))


def by_hand(row, p):
    logits, means, raws = p[:4], p[4:8], p[8:12]
    first, other, boolean = p[12:15], p[15:18], p[18:20]
    code = lambda logits, k: scipy.special.log_softmax(logits)[int(k)]  # noqa: E731
    number = mixture(row[1], logits[:2], means[:2], raws[:2])
    return [
        code(first, row[0]),
        number if row[2] == 0 else 0.0,
        code(other, row[2]),
        mixture(row[3], logits[2:], means[2:], raws[2:]),
        code(boolean, row[4]),
    ]


def test_likelihood_of_rows_and_values(parameters):
    wanted = [by_hand(*both) for both in zip(ROWS, parameters, strict=True)]
    likelihood = Table(PARTS, components=2)
    each = likelihood.log_prob_of_values(ROWS, parameters)
    np.testing.assert_allclose(each, wanted, rtol=1e-5, atol=1e-6)
    whole = likelihood.log_prob(ROWS, parameters)
    np.testing.assert_allclose(whole, np.sum(wanted, axis=1), rtol=1e-5)
    draws = likelihood.log_prob_of_draws(ROWS, parameters[:, None])
    np.testing.assert_allclose(draws[:, 0], whole, rtol=1e-6)


def test_a_number_that_does_not_count_says_nothing(parameters):
    other = ROWS.copy()
    other[1, 1] = 7.0
    likelihood = Table(PARTS, components=2)
    np.testing.assert_array_equal(
        likelihood.log_prob(ROWS, parameters)[1],
        likelihood.log_prob(other, parameters)[1],
    )


def test_probabilities_of_all_codes_sum_to_1():
    likelihood = Table((3, 2))
    logits = np.random.default_rng(1).normal(size=(1, 5)).astype("float32")
    rows = np.float32([[i, j] for i in range(3) for j in range(2)])
    each = likelihood.log_prob(rows, np.repeat(logits, 6, axis=0))
    assert np.exp(each).sum() == pytest.approx(1, abs=1e-6)


def test_draws_have_the_distribution(parameters):
    rng = np.random.default_rng(2)
    uniform = rng.random((20_000, 5)).astype("float32")
    many = np.repeat(parameters[:1], len(uniform), axis=0)
    likelihood = Table(PARTS, components=2)
    x = likelihood.sample(many, uniform).numpy()
    for place, logits in ((0, slice(12, 15)), (2, slice(15, 18))):
        shares = np.bincount(x[:, place].astype(int), minlength=3) / len(x)
        wanted = scipy.special.softmax(parameters[0, logits])
        np.testing.assert_allclose(shares, wanted, atol=0.015)
    np.testing.assert_array_equal(x[x[:, 2] > 0, 1], 0)
    p = parameters[0]
    weights = scipy.special.softmax(p[2:4])
    mean = (weights * (p[6:8] + [-1.5, 1.5])).sum()
    assert x[:, 3].mean() == pytest.approx(mean, abs=0.05)
    assert float(likelihood.mean(many[:1])[0, 3]) == pytest.approx(
        mean, abs=1e-5
    )
    likely = [np.argmax(p[12:15]), np.argmax(p[15:18]), np.argmax(p[18:20])]
    assert likelihood.mean(many[:1]).numpy()[0, [0, 2, 4]].tolist() == likely


def test_codes_as_one_hot_vectors():
    hot = OneHotCodes(PARTS)(ROWS).numpy()
    # Numbers first, then codes by how many there are.
    wanted = [
        [0.5, -1.0, 0, 0, 1, 1, 0, 0, 0, 1],
        [0.0, 0.25, 1, 0, 0, 0, 0, 1, 1, 0],
    ]
    np.testing.assert_array_equal(hot, np.float32(wanted))
    assert OneHotCodes(PARTS).compute_output_shape((None, 5)) == (None, 10)
    np.testing.assert_array_equal(TableParts(PARTS).one_hot(ROWS), hot)


@pytest.mark.parametrize("part", ["text", 0, -2, "number or 0", 1.5])
def test_parts_that_are_none_are_refused(part):
    with pytest.raises(ValueError, match="expected 'number'"):
        TableParts((part,))


def test_refusals():
    with pytest.raises(ValueError, match="components is 0"):
        Table(components=0)
    with pytest.raises(ValueError, match="has 5 numbers a row, got"):
        Table(PARTS).decoder_shape((4,))
    with pytest.raises(ValueError, match="of the columns of a table"):
        Table().decoder_shape((8, 8, 1))
    with pytest.raises(ValueError, match=r"x has 3 in column 0, expected"):
        Table((3,)).check_values(np.float32([[2], [3]]))
    with pytest.raises(ValueError, match="likelihood='table'"):
        tfgen.build("vae", input_shape=(1,), columns=[3], likelihood="gaussian")


def test_numbers_alone_need_no_columns():
    vae = tfgen.build("vae", input_shape=(3,), likelihood="table", seed=0)
    assert vae.decoder.output_shape == (None, 3 * 3 * 5)
    assert np.isfinite(vae.score(np.zeros((2, 3)))).all()


def test_a_model_of_columns_learns_and_comes_back(tmp_path):
    rng = np.random.default_rng(3)
    a = rng.integers(0, 4, 256)
    x = np.float32([a, a % 2]).T
    vae = tfgen.build(
        "vae", input_shape=(2,), columns=[4, 2], latent_dim=2, seed=0,
        network_options={"units": (16,)},
    )  # fmt: skip
    vae.compile(optimizer="adam")
    before = vae.score(x).mean()
    vae.fit(x, batch_size=32, epochs=8, verbose=0)
    assert vae.score(x).mean() > before + 0.2
    vae.save(tmp_path / "vae.keras")
    again = tfgen.load(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.score(x), vae.score(x))
    samples = again.sample(50, seed=1)
    assert set(np.unique(samples[:, 0])) <= {0, 1, 2, 3}
