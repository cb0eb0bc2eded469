"""Numbers of other programs on the same features.

The constants were printed by torch-fidelity 0.4.0 and prdc 0.2 through
`benchmarks/against_peers.py`, which draws the same features.
"""

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from sklearn.metrics.pairwise import polynomial_kernel

from tfgen.metrics import (
    Coverage,
    Density,
    FrechetDistance,
    InceptionScore,
    KernelDistance,
    Precision,
    Recall,
)
from tfgen.metrics.frechet_distance import gaussian_distance


def draw(num_real=600, num_generated=500, num_features=16):
    """As in benchmarks/against_peers.py."""
    rng = np.random.RandomState(0)
    mixing = rng.normal(size=(num_features, num_features))
    real = rng.normal(size=(num_real, num_features)) @ mixing
    generated = 0.9 * rng.normal(size=(num_generated, num_features)) @ mixing
    logits = 2 * rng.normal(size=(num_generated, 10))
    return [np.float32(x) for x in (real, generated + 0.3, logits)]


def value(metric, real, generated):
    metric.update_state(real=real, generated=generated)
    return metric.result()


FROZEN = [
    (FrechetDistance(), 6.59462309),
    (KernelDistance(subset_size=400), 8.30678848),
    (Precision(), 0.94),
    (Recall(), 0.783333333),
    (Density(), 1.354),
    (Coverage(), 0.965),
]


@pytest.mark.parametrize("metric, expected", FROZEN, ids=lambda x: str(x))
def test_frozen(metric, expected):
    real, generated, _ = draw()
    assert value(metric, real, generated) == pytest.approx(expected, rel=1e-6)


def test_inception_score():
    logits = draw()[2]
    score = InceptionScore()
    score.update_state(generated=logits)
    assert score.result() == pytest.approx(2.60880319, rel=1e-8)
    # By scipy: exp(H(mean) - mean(H)).
    p = scipy.special.softmax(np.float64(logits), axis=1)
    entropies = scipy.special.entr(p).sum(axis=1)
    entropy = scipy.special.entr(p.mean(axis=0)).sum()
    expected = np.exp(entropy - entropies.mean())
    assert score.result() == pytest.approx(expected, rel=1e-12)
    of_probabilities = InceptionScore(from_logits=False)
    of_probabilities.update_state(generated=p)
    assert of_probabilities.result() == pytest.approx(expected, rel=1e-6)


def test_inception_score_by_hand():
    certain = np.log(np.eye(4) + 1e-300)
    score = InceptionScore()
    score.update_state(generated=certain)
    assert score.result() == pytest.approx(4.0)
    score.reset_state()
    score.update_state(generated=np.zeros((5, 4)))
    assert score.result() == pytest.approx(1.0)


def by_sqrtm(mean_1, covariance_1, mean_2, covariance_2):
    root = scipy.linalg.sqrtm(covariance_1 @ covariance_2).real
    covariances = np.trace(covariance_1 + covariance_2 - 2 * root)
    return np.square(mean_1 - mean_2).sum() + covariances


@pytest.mark.parametrize("features", [1, 5, 40])
def test_frechet_distance_by_sqrtm(features):
    rng = np.random.default_rng(features)
    moments = []
    for _ in range(2):
        x = rng.normal(size=(80, features)) @ rng.normal(
            size=(features, features)
        )
        x += rng.normal(size=features)
        covariance = np.cov(x, rowvar=False).reshape(features, features)
        moments += [x.mean(axis=0), covariance]
    found = gaussian_distance(*moments)
    assert found == pytest.approx(by_sqrtm(*moments), rel=1e-7)


def test_frechet_distance_of_gaussians_that_commute():
    # sum((s1 - s2)^2) + |m1 - m2|^2, and 0 deviations are no trouble.
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    first = np.array([0, 0, 1, 2, 3, 0.5])
    second = np.array([0, 2, 0, 2, 1, 0.5])
    means = rng.normal(size=(2, 6))
    covariances = [
        rotation @ np.diag(s**2) @ rotation.T for s in (first, second)
    ]
    found = gaussian_distance(
        means[0], covariances[0], means[1], covariances[1]
    )
    expected = np.square(first - second).sum()
    expected += np.square(means[0] - means[1]).sum()
    assert found == pytest.approx(expected, rel=1e-6)


def test_kernel_distance_by_scikit_learn():
    real, generated, _ = draw()
    n, real = 500, real[:500]

    def kernel(x, y):
        return polynomial_kernel(
            np.float64(x), np.float64(y), degree=3, gamma=1 / 16, coef0=1
        )

    def others(x):
        matrix = kernel(x, x)
        return (matrix.sum() - np.trace(matrix)) / (n * (n - 1))

    expected = others(real) + others(generated)
    expected -= 2 * kernel(real, generated).mean()
    metric = KernelDistance()
    assert value(metric, real, generated) == pytest.approx(expected, rel=1e-9)
    # All examples are in the one subset: nothing varies.
    assert metric.measurement().spread is None


@pytest.mark.parametrize("shift", [0.0, 100.0])
@pytest.mark.parametrize("features", [2, 40])
def test_precision_and_recall_by_brute_force(features, shift):
    rng = np.random.default_rng(features)
    real = np.float32(rng.normal(shift, 1, size=(150, features)))
    generated = np.float32(rng.normal(shift + 0.3, 0.8, size=(90, features)))

    def share(points, centers, k=3):
        points, centers = np.float64(points), np.float64(centers)
        among = np.linalg.norm(centers[:, None] - centers[None], axis=-1)
        radii = np.sort(among, axis=1)[:, k]  # place 0 is the center itself
        across = np.linalg.norm(points[:, None] - centers[None], axis=-1)
        return (across <= radii).any(axis=1).mean()

    found = value(Precision(), real, generated)
    assert 0 < found == share(generated, real)
    found = value(Recall(), real, generated)
    assert 0 < found == share(real, generated)
