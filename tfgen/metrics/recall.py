from tfgen.metrics.neighbor_metric import NeighborMetric
from tfgen.metrics.precision import in_any_ball


class Recall(NeighborMetric):
    """Share of the data that the model could have generated.

    An example of the data counts if it lies in a ball around any generated
    example that reaches to its k-th nearest neighbour among the generated.
    One stray example has a large ball and counts for much: `Coverage` does
    not have this weakness.

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
        return in_any_ball(real, generated, self.k)
