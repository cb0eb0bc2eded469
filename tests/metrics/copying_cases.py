"""Models that copy, and models that do not."""

import numpy as np


def mixture(seed, sizes=(1000, 1000, 1000)):
    """Sets of draws of one mixture of 5 Gaussians in 10 dimensions."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0.0, 3.0, (5, 10))
    x = centers[rng.integers(5, size=sum(sizes))]
    x += rng.normal(size=x.shape)
    return np.split(x, np.cumsum(sizes)[:-1])


def digits(seed, sizes=(600, 600, 597)):
    """Three parts of scikit-learn's digits, flattened, in [0, 1]."""
    from sklearn.datasets import load_digits

    x = np.random.default_rng(seed).permutation(load_digits().data / 16)
    return np.split(x[: sum(sizes)], np.cumsum(sizes)[:-1])


def copied(train, others, share, seed, noise=1e-3):
    """`others`, a share of them replaced by training examples with noise."""
    rng = np.random.default_rng(seed)
    copies = train[rng.choice(len(train), len(others))]
    copies = copies + rng.normal(0.0, noise, others.shape)
    chosen = rng.random(len(others)) < share
    return np.where(chosen[:, None], copies, others)


def smoothed(others):
    """Means of each of `others` and its two nearest: blurred, no copies."""
    from scipy.spatial.distance import cdist

    nearest = cdist(others, others).argsort(axis=1)[:, :3]
    return others[nearest].mean(axis=1)
