from typing import Any

import numpy as np

from tfgen.metrics.distribution_metric import DistributionMetric
from tfgen.metrics.moments import Moments


class FrechetDistance(DistributionMetric):
    """Distance between Gaussians fitted to the features of data and samples.

    0 is best. It is biased upwards where there are few examples, and differs
    between extractors: compare only values of the same extractor, reference
    data and numbers of examples, and look at what real data score.

    Formula: `|m1 - m2|^2 + trace(S1 + S2 - 2 sqrt(S1 S2))`

    Works within compiled functions and `strategy.run` too, once `build` was
    called under the strategy's scope.

    Args:
        **options: see `DistributionMetric`.

    Raises:
        ValueError: in `result`, for fewer than 2 examples on a side.

    Reference:
        Heusel et al. (2017), "GANs trained by a two time-scale update rule
        converge to a local Nash equilibrium", equation 6.

    Example:
    >>> distance = tfgen.metrics.FrechetDistance()
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> distance.update_state(real=x, generated=x + 3)
    >>> round(distance.result(), 3)
    18.0
    """

    def __init__(self, **options: Any):
        super().__init__(**options)

    def build(self, num_features: int) -> None:
        """Makes the variables; needed before use in a compiled function."""
        for side in self._sides.values():
            side.build(num_features)

    def new_side(self, name: str) -> Moments:
        return Moments(self, name)

    def value(self, real: Moments, generated: Moments) -> float:
        moments = []
        for name, side in (("real", real), ("generated", generated)):
            if side.count < 2:
                raise ValueError(
                    f"{self.name} got {side.count} {name} example, expected "
                    "2 or more: one has no covariance."
                )
            moments.append(side.mean_and_covariance())
            # Compiled functions do not check what they sum.
            if not np.isfinite(moments[-1][0]).all():
                raise ValueError(
                    f"{self.name} got {name} examples that are not finite: "
                    "leave them out, or repair the model that made them."
                )
        return gaussian_distance(*moments[0], *moments[1])


def gaussian_distance(
    mean_1: np.ndarray,
    covariance_1: np.ndarray,
    mean_2: np.ndarray,
    covariance_2: np.ndarray,
) -> float:
    """Squared 2-Wasserstein distance between two Gaussians.

    Reference:
        Dowson and Landau (1982), "The Frechet distance between multivariate
        normal distributions".
    """
    # sqrt(S1 S2) and R^T S2 R have the same trace, where S1 = R R^T; the
    # latter is symmetric, and no eigenvalue of it is negative but by rounding.
    root = _root(covariance_1)
    eigenvalues = np.linalg.eigvalsh(root.T @ covariance_2 @ root)
    covariances = (
        np.trace(covariance_1)
        + np.trace(covariance_2)
        - 2 * np.sqrt(np.maximum(eigenvalues, 0)).sum()
    )
    means = np.square(mean_1 - mean_2).sum()
    return float(max(means + covariances, 0.0))


def _root(covariance):
    """R of `R R^T`; where the matrix is singular, by its eigenvectors."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0))
