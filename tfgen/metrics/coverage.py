import numpy as np

from tfgen.metrics.neighbor_metric import NeighborMetric
from tfgen.metrics.neighbors import ball_radii, nearest_distance


class Coverage(NeighborMetric):
    """Share of the data that generated examples come near to.

    An example of the data is covered if at least one generated example lies
    in the ball around it that reaches to its k-th nearest neighbour in the
    data. Near 0 for a model that is untrained or shows a few kinds of examples
    only. A perfect model does not reach 1: see `expected_coverage`.

    Formula: `mean_i(min_j |x_i - y_j| <= |x_i - x_(k nearest to i)|)`

    Args:
        k: which neighbour.
        **options: see `NeighborMetric`.

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

    def __init__(self, k: int = 5, **options):
        super().__init__(k, **options)

    def compare(self, real, generated):
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
