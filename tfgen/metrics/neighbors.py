"""Metrics of nearest neighbours, by balls that reach to the k-th nearest."""

from typing import Any

import numpy as np

from tfgen.metrics.distribution_metric import DistributionMetric
from tfgen.metrics.reservoir_sample import ReservoirSample


class NeighborMetric(DistributionMetric):
    """Abstract base of the metrics of nearest neighbours.

    A subclass gives `compare(real, generated)`. The numbers of examples matter:
    compare only values of the same numbers.

    Args:
        k: which neighbour.
        max_rows: most examples of a side that are kept, a reservoir sample.
        **options: see `DistributionMetric`.
    """

    better = "higher"
    setting_names = ("k", "max_rows")

    def __init__(self, k: int, max_rows: int = 10_000, **options: Any):
        self.k = k
        self.max_rows = max_rows
        super().__init__(**options)

    def compare(self, real: np.ndarray, generated: np.ndarray) -> float:
        """The metric of two arrays of features, `(n, features)`."""
        raise NotImplementedError(type(self).__name__)

    def new_side(self, name: str) -> ReservoirSample:
        return ReservoirSample(self.max_rows)

    def value(self, real: ReservoirSample, generated: ReservoirSample) -> float:
        return self.compare(real.rows, generated.rows)


class Precision(NeighborMetric):
    """Share of the generated examples that look like data.

    A generated example counts if it lies in a ball around any example of the
    data that reaches to its k-th nearest neighbour in the data. 1 is best, but
    data against data score less, and in many dimensions far less.

    Args:
        k: which neighbour.
        **options: `max_rows`, most examples of a side that are kept (10,000),
            and those of `DistributionMetric`.

    Raises:
        ValueError: in `result`, for k examples of the data or fewer.

    Reference:
        Kynkaanniemi et al. (2019), "Improved precision and recall metric for
        assessing generative models", equations 1 and 2.

    Example:
    >>> precision = tfgen.metrics.Precision(k=1)
    >>> real = np.array([[0.0], [1.0], [2.0]])  # balls of radius 1
    >>> precision.update_state(real=real, generated=np.array([[0.5], [9.0]]))
    >>> precision.result()
    0.5
    """

    def __init__(self, k: int = 3, **options: Any):
        super().__init__(k, **options)

    def compare(self, real: np.ndarray, generated: np.ndarray) -> float:
        return _in_any_ball(generated, real, self.k)


class Recall(NeighborMetric):
    """Share of the data that the model could have generated.

    An example of the data counts if it lies in a ball around any generated
    example that reaches to its k-th nearest neighbour among the generated.
    One stray example has a large ball and counts for much: `Coverage` does
    not have this weakness.

    Args:
        k: which neighbour.
        **options: as those of `Precision`.

    Raises:
        ValueError: in `result`, for k generated examples or fewer.

    Reference:
        Kynkaanniemi et al. (2019), "Improved precision and recall metric for
        assessing generative models", equations 1 and 2.

    Example:
    >>> recall = tfgen.metrics.Recall(k=1)
    >>> real = np.array([[0.0], [1.0], [2.0], [9.0]])
    >>> recall.update_state(real=real, generated=np.array([[0.0], [1.5]]))
    >>> recall.result()
    0.75
    """

    def __init__(self, k: int = 3, **options: Any):
        super().__init__(k, **options)

    def compare(self, real: np.ndarray, generated: np.ndarray) -> float:
        return _in_any_ball(real, generated, self.k)


class Density(NeighborMetric):
    """How densely the data lie where the generated examples are.

    A generated example counts by the number of balls that it lies in, where
    the balls reach from each example of the data to its k-th nearest
    neighbour. About 1 for a perfect model, near 0 for examples far from the
    data; above 1 where the data are densest. Rows of a table that are equal
    have balls of radius 0 that hold all of them: where more than k rows are,
    a perfect model is above 1, too. Compare with real rows in their place.

    Formula: `mean_j(sum_i(|x_i - y_j| <= |x_i - x_(k nearest to i)|)) / k`

    Args:
        k: which neighbour.
        **options: as those of `Precision`.

    Raises:
        ValueError: in `result`, for k examples of the data or fewer.

    Reference:
        Naeem et al. (2020), "Reliable fidelity and diversity metrics for
        generative models", equation 3.

    Example:
    >>> density = tfgen.metrics.Density(k=1)
    >>> real = np.array([[0.0], [1.0], [2.0]])  # balls of radius 1
    >>> density.update_state(real=real, generated=np.array([[0.5], [9.0]]))
    >>> density.result()  # in two balls, and in none
    1.0
    """

    def __init__(self, k: int = 5, **options: Any):
        super().__init__(k, **options)

    def compare(self, real: np.ndarray, generated: np.ndarray) -> float:
        balls = balls_around(generated, real, ball_radii(real, self.k))
        return float(balls.mean() / self.k)


class Coverage(NeighborMetric):
    """Share of the data that generated examples come near to.

    An example of the data is covered if at least one generated example lies
    in the ball around it that reaches to its k-th nearest neighbour in the
    data. Near 0 for a model that is untrained or shows a few kinds of examples
    only. A perfect model does not reach 1: see `expected_coverage`.

    Formula: `mean_i(min_j |x_i - y_j| <= |x_i - x_(k nearest to i)|)`

    Args:
        k: which neighbour.
        **options: as those of `Precision`.

    Raises:
        ValueError: in `result`, for k examples of the data or fewer.

    Reference:
        Naeem et al. (2020), "Reliable fidelity and diversity metrics for
        generative models", equation 4.

    Example:
    >>> coverage = tfgen.metrics.Coverage()
    >>> x = np.random.default_rng(0).normal(size=(2000, 2))
    >>> coverage.update_state(real=x[:1000], generated=x[1000:])
    >>> round(coverage.result(), 1)
    1.0
    """

    def __init__(self, k: int = 5, **options: Any):
        super().__init__(k, **options)

    def compare(self, real: np.ndarray, generated: np.ndarray) -> float:
        radii = ball_radii(real, self.k)
        return float(np.mean(nearest_distance(real, generated) <= radii))


def expected_coverage(num_real: int, num_generated: int, k: int = 5) -> float:
    """Coverage of a model that draws from the data's own distribution.

    Of an example's distances to `num_real - 1` others and `num_generated`
    draws, all orders are equally likely: it is not covered if the k smallest
    are all to others. 0.969 for two large sets of one size and k = 5.

    Reference:
        Naeem et al. (2020), lemma 2.
    """
    others = num_real - 1 - np.arange(k)
    return float(1.0 - np.prod(others / (others + num_generated)))


def ball_radii(real: np.ndarray, k: int) -> np.ndarray:
    """Distance of each example to its k-th nearest other, `(n,)`.

    Raises:
        ValueError: if there are not more than k examples.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(real) <= k:
        raise ValueError(
            f"{len(real)} real examples have no {k}-th nearest neighbour: "
            f"pass at least {k + 1}, or a smaller k."
        )
    distances, _ = NearestNeighbors(n_neighbors=k).fit(real).kneighbors()
    return distances[:, -1]


def nearest_distance(points: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Distance of each point to the nearest of others, `(n,)`."""
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=1).fit(to).kneighbors(points)
    return distances[:, 0]


def balls_around(
    points: np.ndarray, centers: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """In how many of the balls each point lies, `(n,)`."""
    from sklearn.metrics import pairwise_distances_chunked

    if not len(points):
        return np.zeros(0, np.int64)

    def count(distances, start):
        return (distances <= radii).sum(axis=1)

    # Not all distances are in the memory at once.
    return np.concatenate(
        list(pairwise_distances_chunked(points, centers, reduce_func=count))
    )


def _in_any_ball(points, centers, k) -> float:
    """Share of points within the k-nearest-neighbour balls of centers."""
    balls = balls_around(points, centers, ball_radii(centers, k))
    return float(np.mean(balls > 0))
