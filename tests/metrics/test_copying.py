"""Against brute force with scipy.stats.mannwhitneyu in each cell."""

import numpy as np
import pytest
from copying_cases import mixture
from scipy import stats

from tfgen.metrics import copying_test
from tfgen.metrics.copying import rank_score


def z_by_scipy(held_out, generated):
    """From the p-value of the normal approximation, ties corrected."""
    p = stats.mannwhitneyu(
        generated,
        held_out,
        alternative="less",
        method="asymptotic",
        use_continuity=False,
    ).pvalue
    return stats.norm.ppf(p)


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_rank_score_as_scipy(decimals):
    rng = np.random.default_rng(decimals)
    held_out = rng.normal(size=40).round(decimals)
    generated = rng.normal(0.3, size=70).round(decimals)
    found = rank_score(held_out, generated)
    assert found == pytest.approx(z_by_scipy(held_out, generated))
    assert found == pytest.approx(-rank_score(generated, held_out))


def test_rank_score_by_hand():
    # U = 2 of 4, the mean: 0. U = 0: -2 / sqrt(4 * 5 / 12).
    assert rank_score(np.array([1.0, 4.0]), np.array([2.0, 3.0])) == 0
    found = rank_score(np.array([3.0, 4.0]), np.array([1.0, 2.0]))
    assert found == pytest.approx(-2 / np.sqrt(5 / 3))
    assert rank_score(np.zeros(5), np.zeros(6)) == 0


def blobs(seed, sizes):
    """Rows of three clouds far apart, and the numbers of their clouds."""
    rng = np.random.default_rng(seed)
    clouds = np.repeat(np.arange(3), sizes)
    x = rng.normal(size=(len(clouds), 4))
    x[:, 0] += 100.0 * clouds
    return x, clouds


def test_cells_by_brute_force():
    train, _ = blobs(0, (100, 80, 120))
    held_out, held_out_clouds = blobs(1, (30, 50, 60))
    generated, clouds = blobs(2, (70, 19, 40))  # the second has too few
    generated[:, 1:] *= 0.8

    def distances(x):
        return np.linalg.norm(x[:, None] - train, axis=2).min(axis=1)

    scores = [
        z_by_scipy(
            distances(held_out[held_out_clouds == cloud]),
            distances(generated[clouds == cloud]),
        )
        for cloud in (0, 2)
    ]
    found = copying_test(train, held_out, generated, cells=3)
    expected = (30 * scores[0] + 60 * scores[1]) / 90
    assert found.value == pytest.approx(expected)
    assert found.standard_error == pytest.approx(np.sqrt(1 / 9 + 4 / 9))
    assert (found.cells, found.num_held_out, found.num_generated) == (
        2,
        90,
        110,
    )


def test_of_fresh_draws_the_standard_error_is_right():
    found = [
        copying_test(*mixture(seed, (200, 300, 300))) for seed in range(80)
    ]
    scores = [test.value / test.standard_error for test in found]
    # 4 standard errors of a mean and of a standard deviation of 80 draws.
    assert np.mean(scores) == pytest.approx(0, abs=4 / np.sqrt(80))
    assert np.std(scores) == pytest.approx(1, abs=4 / np.sqrt(160))


def test_underfitting():
    train, held_out, fresh = mixture(0)
    found = copying_test(train, held_out, 1.5 * fresh)
    assert found.value > 3 and not found.copies
    assert found.cells <= 10  # of 1000 held-out examples


@pytest.mark.parametrize("cells", [0, 201])
def test_cells_refused(cells):
    train, held_out, fresh = mixture(0, (200, 100, 100))
    with pytest.raises(ValueError, match=f"cells is {cells}, .* 1 to 200"):
        copying_test(train, held_out, fresh, cells)


def test_too_few():
    train, held_out, fresh = mixture(0, (200, 100, 19))
    with pytest.raises(ValueError, match="none of 1 cells .* of 100 and 19"):
        copying_test(train, held_out, fresh)
