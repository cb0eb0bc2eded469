from tfgen.metrics.neighbor_metric import NeighborMetric
from tfgen.metrics.neighbors import ball_radii, balls_around


class Density(NeighborMetric):
    """How densely the data lie where the generated examples are.

    A generated example counts by the number of balls that it lies in, where
    the balls reach from each example of the data to its k-th nearest
    neighbour. About 1 for a perfect model, near 0 for examples far from the
    data; above 1 where the data are densest.

    Formula: `mean_j(sum_i(|x_i - y_j| <= |x_i - x_(k nearest to i)|)) / k`

    Args:
        k: which neighbour.
        **options: see `NeighborMetric`.

    Reference:
        Naeem et al. (2020), "Reliable fidelity and diversity metrics for
        generative models", equation 3.
    """

    def __init__(self, k: int = 5, **options):
        super().__init__(k, **options)

    def compare(self, real, generated):
        balls = balls_around(generated, real, ball_radii(real, self.k))
        return float(balls.mean() / self.k)
