"""How alike two tables are, by columns and by pairs, and checks of rows."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfgen.data.checks import to_array

FEW_VALUES = 10
LARGEST = 1e100
"""Squares and their sums are finite below; no float32 goes beyond."""


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

    Example:
    >>> real = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> found = tfgen.metrics.compare_columns(real, real + 1, ["price"])
    >>> found.names, found.score, found.wasserstein.round(3)
    (('price',), 0.75, array([0.894]))
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


def compare_columns(
    real: np.ndarray,
    generated: np.ndarray,
    names: Sequence[str] | None = None,
    codes: Sequence[int] | None = None,
) -> ColumnStatistics:
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
        codes: of how many codes, 0 and so on, each column is one; 0 for a
            column of numbers. Codes have no order, so they are compared by
            their shares, in `wasserstein` too. None: all are numbers.

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

    real, generated = check_tables(real, generated)
    stddev = np.where(vary(real), real.std(axis=0), 0.0)
    few, statistics, distances = [], [], []
    codes = codes or [0] * real.shape[1]
    for column, other, levels in zip(real.T, generated.T, codes, strict=True):
        if levels:
            few.append(True)
            distances.append(_code_distance(column, other, levels))
            varies = len(np.unique(column)) > 1
            statistics.append(distances[-1] if varies else np.nan)
            continue
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
        wasserstein=np.array(distances)
        / np.where((stddev > 0) & (np.array(codes) == 0), stddev, 1.0),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class PairStatistics:
    """How alike the correlations between columns of two tables are.

    Attributes:
        names: of the columns.
        real: Pearson correlations, `(columns, columns)`; NaN in the rows and
            columns of what is constant in the real table.
        generated: likewise; 0 between a column that is constant in the
            generated table only and the others.

    Example:
    >>> real = np.array([[0, 0], [1, 1], [2, 2]])
    >>> found = tfgen.metrics.compare_pairs(real, real * [1, -1])
    >>> round(float(found.difference[0, 1]), 3)
    -2.0
    """

    names: tuple[str, ...]
    real: np.ndarray
    generated: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """Generated less real correlations, `(columns, columns)`."""
        return self.generated - self.real

    @property
    def mean_absolute_difference(self) -> float:
        """Over the pairs of columns that vary: 0 is best, at most 2."""
        upper = np.triu_indices(len(self.names), 1)
        return float(np.nanmean(np.abs(self.difference[upper])))


def compare_pairs(
    real: np.ndarray, generated: np.ndarray, names: Sequence[str] | None = None
) -> PairStatistics:
    """Compare the correlations between columns with those of real rows.

    Pairs with a column that is constant in the real table are left out, since
    they have no correlation. A column that varies there and is constant in
    the generated table has lost its correlations: they count as 0.

    Formula: `mean_(i < j) |corr(generated_i, generated_j) - corr(real_i,
    real_j)|`

    Args:
        real: held-out rows, `(n, columns)`.
        generated: generated rows, `(m, columns)`.
        names: of the columns, or None.

    Raises:
        ValueError: for rows that are not finite or of another shape, or fewer
            than 2 columns that vary.

    Reference:
        SDMetrics (docs.sdv.dev/sdmetrics), `CorrelationSimilarity`, is 1 less
        half of this difference.

    Example:
    >>> real = np.array([[0, 0], [1, 1], [2, 2]])
    >>> generated = np.array([[0, 0], [1, 1], [2, 0]])
    >>> found = tfgen.metrics.compare_pairs(real, generated)
    >>> round(found.mean_absolute_difference, 3)
    1.0
    """
    real, generated = check_tables(real, generated)
    varies = vary(real)
    if varies.sum() < 2:
        raise ValueError(
            f"{varies.sum()} of the {len(varies)} columns of real vary; "
            "correlations take at least 2."
        )
    of_real, of_generated = map(_correlations, (real, generated))
    for matrix in (of_real, of_generated):
        matrix[~varies] = matrix[:, ~varies] = np.nan
    names = check_column_names(names, real.shape[1])
    return PairStatistics(names, of_real, of_generated)


def check_tables(
    real: np.ndarray, generated: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two tables of the same columns, see `check_rows`."""
    real = check_rows(real, "real")
    return real, check_rows(generated, "generated", real.shape[1])


def check_rows(
    x: np.ndarray, name: str, columns: int | None = None
) -> np.ndarray:
    """Rows of numbers as float64, shape `(n, columns)`.

    Args:
        x: numbers, `(n, columns)`.
        name: what a message calls them.
        columns: how many columns they must have, or None.

    Raises:
        ValueError: another shape, fewer than 2 rows, or numbers that are not
            finite or beyond 1e100.
    """
    rows = to_array(x, name).astype(np.float64, copy=False)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(
            f"{name} has shape {rows.shape}; expected rows of numbers, "
            "(n, columns)."
        )
    if columns is not None and rows.shape[1] != columns:
        raise ValueError(
            f"{name} has {rows.shape[1]} columns, expected {columns} as in "
            "the real rows: compare rows of the same table."
        )
    if len(rows) < 2:
        raise ValueError(f"{name} has {len(rows)} rows; expected at least 2.")
    usual = np.abs(rows) <= LARGEST  # False for NaN
    if not usual.all():
        row, column = np.argwhere(~usual)[0]
        raise ValueError(
            f"{name}, row {row}, column {column} is {rows[row, column]}; "
            f"expected finite numbers up to {LARGEST:g}: leave the row out, "
            "or repair the model that made it."
        )
    return rows


def check_column_names(
    names: Sequence[str] | None, columns: int
) -> tuple[str, ...]:
    """Names of the columns; `column_1`, `column_2` ... for None.

    Raises:
        ValueError: another number of names than of columns.
    """
    if names is None:
        return tuple(f"column_{i + 1}" for i in range(columns))
    names = tuple(str(name) for name in names)
    if len(names) != columns:
        raise ValueError(
            f"{len(names)} names for {columns} columns; expected one each."
        )
    return names


def vary(rows: np.ndarray) -> np.ndarray:
    """Whether each column holds more than one value up to rounding."""
    largest = np.abs(rows).max(axis=0)
    return np.ptp(rows, axis=0) > 1e-12 * largest


def some_rows(
    rows: np.ndarray, most: int, rng: np.random.Generator
) -> np.ndarray:
    """All rows, or `most` of them drawn without replacement."""
    if len(rows) <= most:
        return rows
    return rows[np.sort(rng.choice(len(rows), most, replace=False))]


def _code_distance(real, generated, levels) -> float:
    """Total variation distance of the shares of codes."""
    shares = [
        np.bincount(x.astype(np.int64), minlength=levels) / len(x)
        for x in (real, generated)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


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


def _correlations(rows):
    """Pearson correlations; 0 with a constant column, 1 on the diagonal."""
    # Squares of numbers near 1e-200 would vanish.
    rows = rows / np.maximum(np.abs(rows).max(axis=0), np.finfo(float).tiny)
    centered = np.where(vary(rows), rows - rows.mean(axis=0), 0.0)
    length = np.sqrt(np.square(centered).sum(axis=0))
    unit = centered / np.where(length > 0, length, 1.0)
    matrix = np.clip(unit.T @ unit, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return matrix
