import dataclasses

import numpy as np

from tfgen.metrics.table_checks import check_column_names, check_rows, vary


@dataclasses.dataclass(frozen=True, eq=False)
class PairStatistics:
    """How alike the correlations between columns of two tables are.

    Attributes:
        names: of the columns.
        real: Pearson correlations, `(columns, columns)`; NaN in the rows and
            columns of what is constant in the real table.
        generated: likewise; 0 between a column that is constant in the
            generated table only and the others.
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


def compare_pairs(real, generated, names=None) -> PairStatistics:
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
    """
    real = check_rows(real, "real")
    generated = check_rows(generated, "generated", real.shape[1])
    varies = vary(real)
    if varies.sum() < 2:
        raise ValueError(
            f"{varies.sum()} of the {len(varies)} columns of real vary; "
            "correlations take at least 2."
        )
    of_real, of_generated = _correlations(real), _correlations(generated)
    for matrix in (of_real, of_generated):
        matrix[~varies] = matrix[:, ~varies] = np.nan
    names = check_column_names(names, real.shape[1])
    return PairStatistics(names, of_real, of_generated)


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
