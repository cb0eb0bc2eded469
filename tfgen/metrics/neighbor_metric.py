from tfgen.metrics.distribution_metric import DistributionMetric
from tfgen.metrics.kept_rows import KeptRows


class NeighborMetric(DistributionMetric):
    """Abstract base of the metrics of nearest neighbours.

    A subclass gives `compare(real, generated)`. The numbers of examples matter:
    compare only values of the same numbers.

    Args:
        k: which neighbour.
        max_rows: most examples of a side that are kept, a fair draw.
        **options: see `DistributionMetric`.
    """

    better = "higher"

    def __init__(self, k: int, max_rows: int = 10_000, **options):
        self.k = k
        self.max_rows = max_rows
        super().__init__(**options)

    def compare(self, real, generated) -> float:
        """The metric of two arrays of features, `(n, features)`."""
        raise NotImplementedError(type(self).__name__)

    def new_side(self, name):
        return KeptRows(self.max_rows)

    def value(self, real, generated):
        return self.compare(real.rows, generated.rows)

    def settings(self):
        return {"k": self.k, "max_rows": self.max_rows}
