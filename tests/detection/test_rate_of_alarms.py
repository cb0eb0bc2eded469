"""The promise, on real tables, for each family and whatever the model is.

The number of alarms among fresh normal rows is known exactly: of the n held-out
scores and m others, all orders are as likely, so the m that exceed the r-th
largest of the n follow a beta-binomial distribution.
"""

import numpy as np
import pytest
import scipy.stats

import tfgen
from tfgen.detection import Detector
from tfgen.detection.calibration import Calibration

ALPHAS = (0.01, 0.05, 0.1)


@pytest.mark.parametrize("family", ["vae", "gan", "vae_gan"])
@pytest.mark.parametrize("table", ["breast_cancer", "wine", "iris"])
def test_on_real_tables(table, family):
    """An untrained model keeps it as a trained one does."""
    rows = tfgen.data.load(table, "all")
    order = np.random.default_rng(1).permutation(len(rows))
    held_out, fresh = np.array_split(order, [len(rows) * 2 // 3])
    # With a seed: of so many comparisons some fail by chance, now and then.
    model = tfgen.build(
        family, input_shape=rows.shape, network="mlp", latent_dim=2, seed=0
    )
    measure = "discriminator" if family == "gan" else "elbo"
    n = len(held_out)
    detector = Detector(model, rows.subset(held_out), measure)
    p_values = detector.p_values(rows.subset(fresh))
    for alpha in ALPHAS:
        rank = int(alpha * (n + 1) + 1e-9)
        alarms = np.sum(p_values <= alpha)
        if not rank:
            assert alarms == 0
            continue
        known = scipy.stats.betabinom(len(fresh), rank, n + 1 - rank)
        assert known.cdf(alarms) > 0.005 and known.sf(alarms - 1) > 0.005


def test_the_mean_over_held_out_rows_is_alpha(exact):
    """To a few permille, over 400 draws of 39 held-out rows each."""
    scores = -np.float64(exact.vae.score(exact.data(400 * 39, seed=11)))
    fresh = -np.float64(exact.vae.score(exact.data(400 * 50, seed=12)))
    flagged = [
        np.mean(Calibration(usual).p_values(others) <= 0.1)
        for usual, others in zip(
            scores.reshape(400, 39), fresh.reshape(400, 50), strict=True
        )
    ]
    error = np.std(flagged) / 400**0.5
    assert error < 0.005
    assert np.mean(flagged) == pytest.approx(0.1, abs=3 * error)
