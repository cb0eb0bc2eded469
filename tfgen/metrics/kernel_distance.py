from typing import Any

import numpy as np

from tfgen.metrics.distribution_metric import DistributionMetric
from tfgen.metrics.reservoir_sample import ReservoirSample


class KernelDistance(DistributionMetric):
    """Squared maximum mean discrepancy of the features, a cubic kernel.

    0 is best. Unbiased, unlike the Frechet distance, so that it is about 0 for
    real data and small sets are no disadvantage; it may come out negative. The
    mean over subsets, each of as many examples of the data and of the samples;
    where one subset would hold all examples, there is only that one.

    Formula: `k(x, y) = (x . y / d + 1)^3` with d features

    Args:
        subsets: how many.
        subset_size: examples of each side in a subset; fewer where there are
            fewer.
        max_rows: most examples of a side that are kept, a reservoir
            sample.
        seed: of the subsets.
        **options: see `DistributionMetric`.

    Raises:
        ValueError: in `result`, for fewer than 2 examples on a side.

    Reference:
        Binkowski et al. (2018), "Demystifying MMD GANs", section 4 ("kernel
        inception distance").

    Example:
    >>> distance = tfgen.metrics.KernelDistance()
    >>> x = np.array([[0.0], [2.0]])
    >>> distance.update_state(real=x, generated=x + 1)
    >>> distance.result()  # 1 + 4^3 - (1 + 1 + 3^3 + 7^3) / 2
    -121.0
    """

    setting_names = ("subsets", "subset_size", "max_rows", "seed")

    def __init__(
        self,
        subsets: int = 100,
        subset_size: int = 1000,
        max_rows: int = 10_000,
        seed: int = 2020,
        **options: Any,
    ):
        self.subsets = subsets
        self.subset_size = subset_size
        self.max_rows = max_rows
        self.seed = seed
        self._values = None
        super().__init__(**options)

    def new_side(self, name: str) -> ReservoirSample:
        return ReservoirSample(self.max_rows)

    def value(self, real: ReservoirSample, generated: ReservoirSample) -> float:
        rows = real.rows, generated.rows
        size = min(self.subset_size, *map(len, rows))
        if size < 2:
            raise ValueError(
                f"{self.name} got {len(rows[0])} real and {len(rows[1])} "
                "generated examples, expected 2 or more of each."
            )
        everything = len(rows[0]) == len(rows[1]) == size
        # As in torch-fidelity, so that its numbers can be had: the generated
        # ones are drawn first.
        rng = np.random.RandomState(self.seed)
        values = []
        for _ in range(1 if everything else self.subsets):
            y = rows[1][rng.choice(len(rows[1]), size, replace=False)]
            x = rows[0][rng.choice(len(rows[0]), size, replace=False)]
            values.append(_discrepancy(np.float64(x), np.float64(y)))
        self._values = values
        return float(np.mean(values))

    def spread(self) -> tuple[float | None, str]:
        """Of one subset; None where all examples are in the only one."""
        if len(self._values) == 1:
            return None, ""
        return float(np.std(self._values)), f"{self.subsets} subsets"


def _discrepancy(x, y) -> float:
    """Unbiased estimate from two sets of one size (Binkowski, equation 4)."""
    n = len(x)
    # A point's kernel with itself, on the diagonal, is not of two draws; with
    # it the estimate would be biased upwards.
    within = sum(
        kernel.sum() - np.trace(kernel)
        for kernel in (_kernel(x, x), _kernel(y, y))
    )
    return within / (n * (n - 1)) - 2 * _kernel(x, y).mean()


def _kernel(x, y):
    base = x @ y.T / x.shape[1] + 1
    return base * base * base  # a power of 3 takes many times as long
