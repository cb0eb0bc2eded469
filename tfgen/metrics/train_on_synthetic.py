import dataclasses
from collections.abc import Sequence

import numpy as np

from tfgen.metrics.table_statistics import (
    check_column_names,
    check_rows,
    some_rows,
    vary,
)

MOST_ROWS = 10_000
MOST_TARGETS = 20
TREES = 100


@dataclasses.dataclass(frozen=True, eq=False)
class TrainOnSynthetic:
    """What estimators score on real rows after training on either kind.

    Attributes:
        measure: `"balanced_accuracy"` or `"r2"`; 1 is best for both.
        targets: what was predicted: `"label"`, or columns.
        real_scores: trained on real rows, `(targets,)`.
        generated_scores: trained on generated rows, `(targets,)`.

    Example:
    >>> scores = np.array([0.5, 0.75]), np.array([0.5, 0.25])
    >>> tfgen.metrics.TrainOnSynthetic("r2", ("a", "b"), *scores).difference
    -0.25
    """

    measure: str
    targets: tuple[str, ...]
    real_scores: np.ndarray
    generated_scores: np.ndarray

    @property
    def real(self) -> float:
        """Mean over the targets, trained on real rows."""
        return float(np.mean(self.real_scores))

    @property
    def generated(self) -> float:
        """Mean over the targets, trained on generated rows."""
        return float(np.mean(self.generated_scores))

    @property
    def difference(self) -> float:
        """Generated less real: 0 is best, negative is usual."""
        return self.generated - self.real


def train_on_synthetic(
    train: np.ndarray,
    generated: np.ndarray,
    test: np.ndarray,
    labels: Sequence[np.ndarray] | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> TrainOnSynthetic:
    """Train on generated rows, test on real ones, against training on real.

    A random forest is trained on the real training rows, and one on the
    generated rows; both are tested on the real test rows. With `labels`, of a
    class-conditional model, it predicts the label. Without, each column in
    turn is predicted from the others: columns that are constant in `train` or
    `test` are left out, and of more than 20 the seed draws 20. At most 10,000
    rows of each training set are used. Pass as many generated rows as
    training rows: more of them would be an advantage.

    Args:
        train: real training rows, `(n, columns)`, at least 2 columns without
            labels.
        generated: generated rows, `(m, columns)`, in the same units.
        test: real rows that neither model nor estimator was trained on.
        labels: class numbers of the three, a sequence of `(n,)`, `(m,)` and
            those of test; or None. Classes may be missing in any of them.
        names: of the columns, or None.
        seed: of the forests and of what is drawn.

    Raises:
        ValueError: for rows that are not finite or of another shape, or
            nothing to predict.

    Reference:
        Esteban, Hyland and Raetsch (2017), "Real-valued (medical) time series
        generation with recurrent conditional GANs", section 4.1 (TSTR).

    Example:
    >>> x = np.random.default_rng(0).normal(size=(60, 1)) * [1, 2]
    >>> generated = np.random.default_rng(1).normal(size=(60, 2))
    >>> found = tfgen.metrics.train_on_synthetic(x, generated, x)
    >>> found.real > 0.9 > found.generated  # the columns hang together
    True
    """
    train = check_rows(train, "train")
    generated = check_rows(generated, "generated", train.shape[1])
    test = check_rows(test, "test", train.shape[1])
    names = check_column_names(names, train.shape[1])
    tables = [train, generated, test]
    if labels is not None:
        labels = _check_labels(labels, tables)
        data = zip(tables, labels, strict=True)
        scores = [_scores(data, seed, _classify)]
        measure, targets = "balanced_accuracy", ("label",)
    else:
        columns = _targets(train, test, seed)
        scores = []
        for i in columns:
            data = [(np.delete(x, i, axis=1), x[:, i]) for x in tables]
            scores.append(_scores(data, seed, _regress))
        measure, targets = "r2", tuple(names[i] for i in columns)
    return TrainOnSynthetic(measure, targets, *np.array(scores).T)


def _check_labels(labels, rows):
    labels = [np.asarray(part) for part in labels]
    expected = [(len(part),) for part in rows]
    if [part.shape for part in labels] != expected:
        raise ValueError(
            f"labels have shapes {[part.shape for part in labels]}; expected "
            f"those of train, generated and test, {expected}."
        )
    for part in labels:
        if part.dtype.kind == "f" and (part != np.rint(part)).any():
            raise ValueError(
                f"labels hold {part[part != np.rint(part)][0]}; expected "
                "class numbers or texts."
            )
    return labels


def _targets(train, test, seed):
    if train.shape[1] < 2:
        raise ValueError(
            "train has one column and no labels; expected other columns to "
            "predict it from, or labels."
        )
    targets = np.flatnonzero(vary(train) & vary(test))
    if not len(targets):
        raise ValueError(
            "No column varies in both train and test; expected something to "
            "predict."
        )
    return some_rows(targets, MOST_TARGETS, np.random.default_rng(seed))


def _scores(data, seed, score):
    """Scores on the last of three tables after training on the others."""
    *training, test = data
    found = []
    for x, y in training:
        rng = np.random.default_rng(seed)
        rows = some_rows(np.arange(len(x)), MOST_ROWS, rng)
        found.append(score(x[rows], y[rows], *test, seed))
    return found


def _classify(x, y, x_test, y_test, seed):
    """Balanced accuracy: the mean over the classes that `y_test` has."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import recall_score

    forest = RandomForestClassifier(TREES, random_state=seed).fit(x, y)
    return recall_score(
        y_test,
        forest.predict(x_test),
        labels=np.unique(y_test),
        average="macro",
    )


def _regress(x, y, x_test, y_test, seed):
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.metrics import r2_score

    forest = RandomForestRegressor(
        TREES, max_features=1 / 3, random_state=seed
    ).fit(x, y)
    return r2_score(y_test, forest.predict(x_test))
