import dataclasses

import numpy as np

from tfgen.metrics.table_statistics import check_tables, some_rows

FOLDS = 5
MOST_ROWS = 10_000


@dataclasses.dataclass(frozen=True, eq=False)
class DetectionScore:
    """How well classifiers tell generated rows from real ones.

    Attributes:
        logistic_regression: areas under the ROC curve, one a fold: 0.5 where
            the rows cannot be told, 1 where they always can. Sees a shift of
            the columns.
        gradient_boosting: likewise; sees how columns hang together as well.

    Example:
    >>> areas = np.array([0.5, 0.6]), np.array([0.9, 0.7])
    >>> round(tfgen.metrics.DetectionScore(*areas).value, 3)
    0.8
    """

    logistic_regression: np.ndarray
    gradient_boosting: np.ndarray

    @property
    def value(self) -> float:
        """Mean area of the classifier that tells them best."""
        return float(self._best.mean())

    @property
    def spread(self) -> float:
        """Standard deviation of this classifier's area over the folds."""
        return float(self._best.std(ddof=1))

    @property
    def _best(self) -> np.ndarray:
        folds = (self.logistic_regression, self.gradient_boosting)
        return max(folds, key=np.mean)


def detection_score(
    real: np.ndarray, generated: np.ndarray, seed: int = 0
) -> DetectionScore:
    """Cross-validated area under the ROC curve of real against generated.

    Five folds, or as many as leave two rows of each side in one. At most
    10,000 rows of a side are used, drawn by the seed. The floor is what rows
    of the same data score in place of the generated ones, about 0.5. Rows
    that repeat are easily told: pass generated rows that are draws, and
    compare with rows that the model was not trained on.

    Formula: `P(p(generated row) > p(real row))` for p the classifier's
    probability of being generated, ties counted half

    Args:
        real: held-out rows, `(n, columns)`.
        generated: generated rows, `(m, columns)`, in the same units.
        seed: of the folds and the rows.

    Raises:
        ValueError: for rows that are not finite, of another shape, or fewer
            than 4 on a side.

    Reference:
        Lopez-Paz and Oquab (2017), "Revisiting classifier two-sample tests",
        with the area in place of the accuracy.

    Example:
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> tfgen.metrics.detection_score(x, x + 9).value
    1.0
    """
    rng = np.random.default_rng(seed)
    real, generated = check_tables(real, generated)
    fewest = min(len(real), len(generated))
    if fewest < 4:
        raise ValueError(
            f"{len(real)} real and {len(generated)} generated rows; expected "
            "at least 4 of each for two folds: pass more."
        )
    real = some_rows(real, MOST_ROWS, rng)
    generated = some_rows(generated, MOST_ROWS, rng)
    x = np.concatenate([real, generated])
    y = np.repeat([0, 1], [len(real), len(generated)])
    folds = min(FOLDS, fewest // 2)
    return DetectionScore(
        *(_areas(c, x, y, folds, seed) for c in _classifiers(len(x), seed))
    )


def _classifiers(rows, seed):
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    logistic = LogisticRegression(max_iter=1000)
    boosting = HistGradientBoostingClassifier(
        # The default of 20 would leave small tables without a split.
        min_samples_leaf=max(2, min(20, rows // 20)),
        # Rows have no more values than that; wide tables take a third.
        max_bins=min(255, rows),
        early_stopping=False,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), logistic), boosting


def _areas(classifier, x, y, folds, seed):
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from threadpoolctl import threadpool_limits

    division = StratifiedKFold(folds, shuffle=True, random_state=seed)
    # On a busy machine the threads of small sums wait for each other: with
    # two, a tenth of a second became ten.
    with threadpool_limits(1):
        return cross_val_score(classifier, x, y, cv=division, scoring="roc_auc")
