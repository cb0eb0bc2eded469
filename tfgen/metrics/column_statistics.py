import dataclasses

import numpy as np

from tfgen.metrics.table_checks import check_column_names, check_rows, vary

FEW_VALUES = 10


@dataclasses.dataclass(frozen=True, eq=False)
class ColumnStatistics:
    """How alike the columns of two tables are, one by one.

    Attributes:
        names: of the columns.
        real_mean: `(columns,)`, as the others below.
        generated_mean: likewise.
        real_stddev: with n in the denominator.
        generated_stddev: likewise.
        few_values: whether the column was compared value by value.
        statistic: total variation distance where `few_values`, elsewhere the
            Kolmogorov-Smirnov statistic: 0 for equal columns, at most 1; NaN
            for columns that are constant in the real table.
        wasserstein: 1-Wasserstein distance in real standard deviations, or in
            the column's own unit where the real column is constant.
    """

    names: tuple[str, ...]
    real_mean: np.ndarray
    generated_mean: np.ndarray
    real_stddev: np.ndarray
    generated_stddev: np.ndarray
    few_values: np.ndarray
    statistic: np.ndarray
    wasserstein: np.ndarray

    @property
    def score(self) -> float:
        """Mean of `1 - statistic` over columns that vary: 1 is best."""
        if np.isnan(self.statistic).all():
            return 1.0
        return float(np.nanmean(1.0 - self.statistic))


def compare_columns(real, generated, names=None) -> ColumnStatistics:
    """Compare the distribution of each column with that of real rows.

    A real column of at most 10 values that come 5 times each on average is
    compared by the shares of these values. A generated number counts as the
    value that it is nearest to, if within half of the smallest gap between
    values; a model of continuous numbers would not meet them exactly.

    Formula: `ks = max_t |share(real <= t) - share(generated <= t)|`,
    `tv = sum_v |share(real = v) - share(generated = v)| / 2`, where numbers
    that are none of the values make one more v

    Two samples of one distribution differ as well: compare real rows with
    real rows to see by how much.

    Args:
        real: held-out rows, `(n, columns)`.
        generated: generated rows, `(m, columns)`, in the same units.
        names: of the columns, or None.

    Raises:
        ValueError: for rows that are not finite or of another shape.

    Reference:
        The `score` is what SDMetrics (docs.sdv.dev/sdmetrics) calls column
        shapes, the mean of `KSComplement` and `TVComplement`, but for the
        rounding to values.

    Example:
    >>> real = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> tfgen.metrics.compare_columns(real, real + 1).statistic
    array([0.25])
    """
    from scipy.stats import ks_2samp, wasserstein_distance

    real = check_rows(real, "real")
    generated = check_rows(generated, "generated", real.shape[1])
    stddev = np.where(vary(real), real.std(axis=0), 0.0)
    few, statistics, distances = [], [], []
    for column, other in zip(real.T, generated.T, strict=True):
        values = np.unique(column)
        few.append(len(values) <= max(1, min(FEW_VALUES, len(column) // 5)))
        if len(values) == 1:
            statistics.append(np.nan)
        elif few[-1]:
            statistics.append(_total_variation(column, other, values))
        else:
            found = ks_2samp(column, other, method="asymp")
            statistics.append(float(found.statistic))
        distances.append(wasserstein_distance(column, other))
    return ColumnStatistics(
        names=check_column_names(names, real.shape[1]),
        real_mean=real.mean(axis=0),
        generated_mean=generated.mean(axis=0),
        real_stddev=stddev,
        generated_stddev=generated.std(axis=0),
        few_values=np.array(few),
        statistic=np.array(statistics),
        wasserstein=np.array(distances) / np.where(stddev > 0, stddev, 1.0),
    )


def _total_variation(real, generated, values) -> float:
    """Total variation distance over `values` and "none of them"."""
    middles = (values[1:] + values[:-1]) / 2
    gap = np.diff(values).min() if len(values) > 1 else 0.0
    # What passed through float32 is still the same value.
    reach = gap / 2 + 1e-6 * np.abs(values).max()
    place = np.searchsorted(middles, generated)
    none = np.abs(generated - values[place]) > reach
    place[none] = len(values)
    shares = [
        np.bincount(places, minlength=len(values) + 1) / len(places)
        for places in (np.searchsorted(values, real), place)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
