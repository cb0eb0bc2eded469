import dataclasses

import numpy as np

from tfgen.metrics.codes import check_code, divide, gap
from tfgen.metrics.table_checks import vary

MOST_ROWS = 15_000


@dataclasses.dataclass(frozen=True, eq=False)
class SeparatedAttributePredictability:
    """How much better one latent predicts each factor than any other.

    Attributes:
        gaps: `(num_factors,)`, from 0 to 1.
        scores: of each latent for each factor, `(latent_dim, num_factors)`:
            accuracy, or squared correlation where the factor is ordered.
    """

    gaps: np.ndarray
    scores: np.ndarray

    @property
    def value(self) -> float:
        """Mean gap: 1 is best, but see `separated_attribute_predictability`."""
        return float(self.gaps.mean())


def separated_attribute_predictability(
    latents, factors, ordered=False, seed: int = 0
) -> SeparatedAttributePredictability:
    """SAP: the two latents that predict a factor best, one less the other.

    A factor whose values are ordered, such as a place, can be scored by
    its squared correlation with a latent. Else, a linear support vector
    machine predicts its value: trained on two thirds of at most 15,000
    examples, its accuracy taken on the rest. Published figures score all
    factors in this way. They cannot come near to 1: the accuracy of the
    second latent is that of guessing at least, and lines in one latent tell
    the middle ones of many values badly.

    Formula: `mean_k(s_ak - s_bk)`, a and b the latents of largest and second
    largest `s_jk`

    Args:
        latents: means of the posterior, `(n, latent_dim)`.
        factors: whole numbers, `(n, num_factors)`.
        ordered: whether the factors are ordered, one bool or one a factor.
        seed: of the division.

    Raises:
        ValueError: see `tfgen.metrics.codes.check_code`; and another number
            of bools than of factors.

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
    rows = divide(len(latents), MOST_ROWS, 2 / 3, seed)
    scores = np.zeros((latents.shape[1], count))
    for k, factor in enumerate(factors.T):
        for j, latent in enumerate(latents.T):
            if ordered[k]:
                scores[j, k] = _squared_correlation(latent, factor)
            else:
                scores[j, k] = _accuracy(latent[:, None], factor, *rows, seed)
    return SeparatedAttributePredictability(gap(scores), scores)


def _squared_correlation(latent, factor):
    """0 for a latent that is constant."""
    if not vary(latent):
        return 0.0
    return np.corrcoef(latent, factor)[0, 1] ** 2


def _accuracy(latent, factor, train, test, seed):
    from sklearn.svm import LinearSVC

    values = np.unique(factor[train])
    if len(values) == 1:
        return np.mean(factor[test] == values)
    machine = LinearSVC(C=0.01, class_weight="balanced", random_state=seed)
    machine.fit(latent[train], factor[train])
    return np.mean(machine.predict(latent[test]) == factor[test])
