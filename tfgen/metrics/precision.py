import numpy as np

from tfgen.metrics.neighbor_metric import NeighborMetric
from tfgen.metrics.neighbors import ball_radii, balls_around


class Precision(NeighborMetric):
    """Share of the generated examples that look like data.

    A generated example counts if it lies in a ball around any example of the
    data that reaches to its k-th nearest neighbour in the data. 1 is best, but
    data against data score less, and in many dimensions far less.

    Args:
        k: which neighbour.
        **options: see `NeighborMetric`.

    Reference:
        Kynkaanniemi et al. (2019), "Improved precision and recall metric for
        assessing generative models", equations 1 and 2.
    """

    def __init__(self, k: int = 3, **options):
        super().__init__(k, **options)

    def compare(self, real, generated):
        return in_any_ball(generated, real, self.k)


def in_any_ball(points, centers, k) -> float:
    """Share of points within the k-nearest-neighbour balls of centers."""
    balls = balls_around(points, centers, ball_radii(centers, k))
    return float(np.mean(balls > 0))
