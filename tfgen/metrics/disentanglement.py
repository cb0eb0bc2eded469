"""How far single latents stand for the factors of the data."""

import dataclasses

import numpy as np

from tfgen.metrics.table_statistics import LARGEST, vary

BINS = 20
MOST_ROWS_OF_DCI = 10_000
MOST_ROWS_OF_SAP = 15_000


@dataclasses.dataclass(frozen=True, eq=False)
class MutualInformationGap:
    """How far one latent alone tells each factor.

    Attributes:
        gaps: `(num_factors,)`, from 0 to 1.
        mutual_information: nats, `(latent_dim, num_factors)`.
        entropy: of the factors, nats, `(num_factors,)`.

    Example:
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> found = tfgen.metrics.mutual_information_gap(factors, factors)
    >>> found.gaps.round(3), found.entropy.round(3)
    (array([1., 1.]), array([1.386, 1.609]))
    """

    gaps: np.ndarray
    mutual_information: np.ndarray
    entropy: np.ndarray

    @property
    def value(self) -> float:
        """Mean gap: 1 is best."""
        return float(self.gaps.mean())


def mutual_information_gap(
    latents: np.ndarray, factors: np.ndarray
) -> MutualInformationGap:
    """MIG: the two latents that tell most about a factor, one less the other.

    1 if one latent alone tells a factor and no other tells anything of it;
    near 0 if two tell the same. Latents are divided into 20 bins of equal
    width from their smallest to their largest value.

    Formula: `mean_k((I(z_a; v_k) - I(z_b; v_k)) / H(v_k))`, a and b the
    latents of largest and second largest `I(z_j; v_k)`

    Args:
        latents: means of the posterior, `(n, latent_dim)`; 10,000 are usual.
        factors: whole numbers, `(n, num_factors)`.

    Raises:
        ValueError: for fewer than 2 latents or 10 examples, latents that are
            not finite, factors that are no whole numbers or constant.

    Reference:
        Chen et al. (2018), "Isolating sources of disentanglement in
        variational autoencoders", equation 6. Bins as Locatello et al. (2019),
        "Challenging common assumptions in the unsupervised learning of
        disentangled representations", and their disentanglement_lib.

    Example:
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> round(tfgen.metrics.mutual_information_gap(factors, factors).value, 3)
    1.0
    """
    from sklearn.metrics import mutual_info_score

    latents, factors = check_code(latents, factors)
    bins = np.stack([_bins(latent) for latent in latents.T])
    information = np.array(
        [[mutual_info_score(f, b) for f in factors.T] for b in bins]
    )
    entropy = np.array([mutual_info_score(f, f) for f in factors.T])
    return MutualInformationGap(
        gap(information) / entropy, information, entropy
    )


@dataclasses.dataclass(frozen=True, eq=False)
class SeparatedAttributePredictability:
    """How much better one latent predicts each factor than any other.

    Attributes:
        gaps: `(num_factors,)`, from 0 to 1.
        scores: of each latent for each factor, `(latent_dim, num_factors)`:
            accuracy, or squared correlation where the factor is ordered.

    Example:
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> found = tfgen.metrics.separated_attribute_predictability(
    ...     factors, factors, ordered=True
    ... )
    >>> found.scores.round(3)
    array([[1., 0.],
           [0., 1.]])
    """

    gaps: np.ndarray
    scores: np.ndarray

    @property
    def value(self) -> float:
        """Mean gap: 1 is best, but see `separated_attribute_predictability`."""
        return float(self.gaps.mean())


def separated_attribute_predictability(
    latents: np.ndarray,
    factors: np.ndarray,
    ordered: bool | np.ndarray = False,
    seed: int = 0,
) -> SeparatedAttributePredictability:
    """SAP: the two latents that predict a factor best, one less the other.

    A factor whose values are ordered, such as a place, can be scored by
    its squared correlation with a latent. Else, a linear support vector
    machine predicts its value: trained on two thirds of at most 15,000
    examples, its accuracy taken on the rest. Published figures score all
    factors in this way. They cannot come near to 1: the accuracy of the
    second latent is that of guessing at least, and lines in one latent tell
    the middle ones of many values badly. The machine's penalty weighs more on
    latents of smaller scale, so that scores change when latents are rescaled;
    squared correlations do not.

    Formula: `mean_k(s_ak - s_bk)`, a and b the latents of largest and second
    largest `s_jk`

    Args:
        latents: means of the posterior, `(n, latent_dim)`.
        factors: whole numbers, `(n, num_factors)`.
        ordered: whether the factors are ordered, one bool or one a factor.
        seed: of the division.

    Raises:
        ValueError: as for `mutual_information_gap`; and for another number of
            bools than of factors.

    Reference:
        Kumar, Sattigeri and Balakrishnan (2018), "Variational inference of
        disentangled latent concepts from unlabeled observations", section 3.
        The support vector machine (C = 0.01, balanced classes) is that of
        Locatello et al. (2019) and their disentanglement_lib.

    Example:
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> tfgen.metrics.separated_attribute_predictability(
    ...     factors, factors, ordered=True
    ... ).value
    1.0
    """
    latents, factors = check_code(latents, factors)
    count = factors.shape[1]
    ordered = np.asarray(ordered)
    if ordered.dtype != bool or ordered.shape not in ((), (count,)):
        raise ValueError(
            f"ordered is {ordered.tolist()}; expected True, False, or one of "
            f"them for each of the {count} factors."
        )
    ordered = np.broadcast_to(ordered, count)
    rows = divide(len(latents), MOST_ROWS_OF_SAP, 2 / 3, seed)
    scores = np.zeros((latents.shape[1], count))
    for k, factor in enumerate(factors.T):
        for j, latent in enumerate(latents.T):
            if ordered[k]:
                scores[j, k] = _squared_correlation(latent, factor)
            else:
                scores[j, k] = _linear(latent, factor, rows, seed)
    return SeparatedAttributePredictability(gap(scores), scores)


@dataclasses.dataclass(frozen=True, eq=False)
class DCI:
    """Disentanglement, completeness and informativeness of a code.

    Attributes:
        importance: share of each latent in the prediction of each factor,
            `(latent_dim, num_factors)`; its columns sum to 1, or are 0 for
            factors that no latent tells.
        accuracy: of the predictions on examples not trained on,
            `(num_factors,)`.

    Example:
    >>> parts = tfgen.metrics.DCI(np.array([[1, 0.5], [0, 0.5]]), np.ones(2))
    >>> round(parts.completeness, 3), parts.informativeness
    (0.5, 1.0)
    """

    importance: np.ndarray
    accuracy: np.ndarray

    @property
    def disentanglement(self) -> float:
        """1 if each latent matters to one factor only, 0 if to all alike."""
        return _concentration(self.importance)

    @property
    def completeness(self) -> float:
        """1 if one latent only matters to each factor, 0 if all alike."""
        return _concentration(self.importance.T)

    @property
    def informativeness(self) -> float:
        """Mean accuracy: 1 is best."""
        return float(self.accuracy.mean())


def dci(latents: np.ndarray, factors: np.ndarray, seed: int = 0) -> DCI:
    """Disentanglement, completeness, informativeness.

    Gradient-boosted trees predict each factor from all latents, trained on
    one half of at most 10,000 examples and tested on the other. The
    importance of a latent is the decrease of impurity by the splits at it.
    One to two seconds for each value of each factor.

    Formula: for `P_jk = R_jk / sum_k R_jk` of the importances R, `D =
    sum_j w_j (1 + sum_k P_jk log P_jk / log num_factors)` with `w_j =
    sum_k R_jk / sum R`; C likewise with j and k exchanged.

    Args:
        latents: means of the posterior, `(n, latent_dim)`.
        factors: whole numbers, `(n, num_factors)`, at least 2 factors.
        seed: of the division and the trees.

    Raises:
        ValueError: for fewer than 2 latents or 10 examples, latents that are
            not finite, factors that are no whole numbers or constant.

    Reference:
        Eastwood and Williams (2018), "A framework for the quantitative
        evaluation of disentangled representations", section 2. The trees, and
        accuracy instead of the error, as Locatello et al. (2019) and their
        disentanglement_lib.

    Example:
    >>> factors = np.indices((2, 2)).repeat(50, axis=1).reshape(2, -1).T
    >>> round(tfgen.metrics.dci(factors, factors).disentanglement, 3)
    1.0
    """
    latents, factors = check_code(latents, factors)
    if factors.shape[1] < 2:
        raise ValueError(
            "factors has one factor; disentanglement is of at least 2."
        )
    rows = divide(len(latents), MOST_ROWS_OF_DCI, 1 / 2, seed)
    found = [_boosted(latents, factor, rows, seed) for factor in factors.T]
    importance, accuracy = zip(*found, strict=True)
    return DCI(np.stack(importance, axis=1), np.array(accuracy))


def check_code(
    latents: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Latents as float64 and factors as int64, one row an example.

    Raises:
        ValueError: another shape, fewer than 2 latents or 10 examples,
            latents that are not finite, factors that are no whole numbers or
            constant.
    """
    latents = np.asarray(latents, np.float64)
    factors = np.asarray(factors)
    if latents.ndim != 2 or latents.shape[1] < 2 or len(latents) < 10:
        raise ValueError(
            f"latents has shape {latents.shape}; expected (n, latent_dim) with "
            "at least 10 examples and 2 latents."
        )
    if not (np.abs(latents) <= LARGEST).all():
        raise ValueError(
            f"latents holds numbers that are not finite or beyond {LARGEST:g}: "
            "repair the model that made them."
        )
    if factors.ndim != 2 or len(factors) != len(latents):
        raise ValueError(
            f"factors has shape {factors.shape}; expected "
            f"({len(latents)}, num_factors) as latents has."
        )
    if factors.dtype.kind not in "iub":
        raise ValueError(
            f"factors has dtype {factors.dtype}; expected whole numbers: "
            "number the values of each factor from 0 on."
        )
    constant = np.flatnonzero(np.ptp(factors.astype(np.int64), axis=0) == 0)
    if len(constant) or not factors.shape[1]:
        raise ValueError(
            f"Of {factors.shape[1]} factors those in columns "
            f"{constant.tolist()} are constant; expected factors that vary: "
            "leave the others out."
        )
    return latents, factors.astype(np.int64)


def divide(
    n: int, most: int, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train and to test on, at most `most` of n, drawn by the seed."""
    order = np.random.default_rng(seed).permutation(n)[:most]
    count = round(share * len(order))
    return order[:count], order[count:]


def gap(scores: np.ndarray) -> np.ndarray:
    """Largest less second largest along the first axis."""
    ordered = np.sort(scores, axis=0)
    return ordered[-1] - ordered[-2]


def _bins(latent: np.ndarray) -> np.ndarray:
    """Number of the bin of each value."""
    edges = np.histogram_bin_edges(latent, BINS)
    return np.digitize(latent, edges[1:-1])


def _squared_correlation(latent, factor):
    """0 for a latent that is constant."""
    if not vary(latent):
        return 0.0
    return np.corrcoef(latent, factor)[0, 1] ** 2


def _linear(latent, factor, rows, seed):
    """Accuracy of a linear support vector machine on one latent."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=0.01, class_weight="balanced", random_state=seed)
    return _tested(machine, latent[:, None], factor, *rows)[0]


def _boosted(latents, factor, rows, seed):
    """Importances of the latents to boosted trees, and their accuracy."""
    from sklearn.ensemble import GradientBoostingClassifier

    trees = GradientBoostingClassifier(random_state=seed)
    accuracy, fitted = _tested(trees, latents, factor, *rows)
    if not fitted:
        return np.zeros(latents.shape[1]), accuracy
    # Impurities of useless splits round to just below 0.
    return np.maximum(trees.feature_importances_, 0.0), accuracy


def _tested(classifier, x, factor, train, test):
    """Accuracy on the test rows, and whether there was anything to learn."""
    values = np.unique(factor[train])
    if len(values) == 1:
        return np.mean(factor[test] == values), False
    classifier.fit(x[train], factor[train])
    return np.mean(classifier.predict(x[test]) == factor[test]), True


def _concentration(importance):
    """Mean over the rows of 1 less the entropy, by the sum of the row."""
    from scipy.stats import entropy

    weights = importance.sum(axis=1)
    rows = importance[weights > 0]
    if not len(rows):
        return 0.0
    each = 1.0 - entropy(rows, axis=1, base=importance.shape[1])
    return float(np.average(each, weights=weights[weights > 0]))
