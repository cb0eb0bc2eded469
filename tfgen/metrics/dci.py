import dataclasses

import numpy as np

from tfgen.metrics.codes import check_code, divide

MOST_ROWS = 10_000


@dataclasses.dataclass(frozen=True, eq=False)
class DCI:
    """Disentanglement, completeness and informativeness of a code.

    Attributes:
        importance: share of each latent in the prediction of each factor,
            `(latent_dim, num_factors)`; its columns sum to 1, or are 0 for
            factors that no latent tells.
        accuracy: of the predictions on examples not trained on,
            `(num_factors,)`.
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


def dci(latents, factors, seed: int = 0) -> DCI:
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
        ValueError: see `tfgen.metrics.codes.check_code`.

    Reference:
        Eastwood and Williams (2018), "A framework for the quantitative
        evaluation of disentangled representations", section 2. The trees, and
        accuracy instead of the error, as Locatello et al. (2019) and their
        disentanglement_lib.
    """
    latents, factors = check_code(latents, factors)
    if factors.shape[1] < 2:
        raise ValueError(
            "factors has one factor; disentanglement is of at least 2."
        )
    rows = divide(len(latents), MOST_ROWS, 1 / 2, seed)
    found = [_predict(latents, factor, *rows, seed) for factor in factors.T]
    importance, accuracy = zip(*found, strict=True)
    return DCI(np.stack(importance, axis=1), np.array(accuracy))


def _predict(latents, factor, train, test, seed):
    """Importances of the latents, and accuracy on the test rows."""
    from sklearn.ensemble import GradientBoostingClassifier

    values = np.unique(factor[train])
    if len(values) == 1:
        return np.zeros(latents.shape[1]), np.mean(factor[test] == values)
    trees = GradientBoostingClassifier(random_state=seed)
    trees.fit(latents[train], factor[train])
    accuracy = np.mean(trees.predict(latents[test]) == factor[test])
    # Impurities of useless splits round to just below 0.
    return np.maximum(trees.feature_importances_, 0.0), accuracy


def _concentration(importance):
    """Mean over the rows of 1 less the entropy, by the sum of the row."""
    from scipy.stats import entropy

    weights = importance.sum(axis=1)
    rows = importance[weights > 0]
    if not len(rows):
        return 0.0
    each = 1.0 - entropy(rows, axis=1, base=importance.shape[1])
    return float(np.average(each, weights=weights[weights > 0]))
