import dataclasses
from collections.abc import Sequence

import numpy as np

from tfgen.tuning.report.view import Scale, has_score
from tfgen.tuning.trial_record import TrialRecord

FEWEST_TRIALS = 10
TREES = 64
RESAMPLES = 8
TREES_A_RESAMPLE = 16
POINTS = 256
SEED = 0


@dataclasses.dataclass(frozen=True)
class Importance:
    """How much each hyperparameter mattered to the score.

    A forest is fitted to the completed trials; what it predicts over the
    whole search space is divided by Sobol's indices. With y the prediction
    and x_j the hyperparameter (all uniform over their ranges, log ranges in
    the logarithm):

        alone_j = Var_j(E[y | x_j]) / Var(y)
        total_j = E[Var_j(y | all but x_j)] / Var(y)

    Attributes:
        total: by name, most important first: the share of the variance that
            would stay if all other hyperparameters were known.
        alone: the share that goes away if this one alone is known. The
            difference to `total` is due to interactions.
        spread: of each total, standard deviation over forests of trials drawn
            again with replacement.
        explained: R2 of the forest on trials that it was not fitted to
            ("out of bag"); None where it could not be fitted.
        note: why the figures mean nothing, or little; empty if they do.

    Reference:
        Hutter, Hoos and Leyton-Brown (2014), An Efficient Approach for
        Assessing Hyperparameter Importance, ICML. Saltelli et al. (2010),
        Variance based sensitivity analysis of model output, table 2.
    """

    total: dict[str, float]
    alone: dict[str, float]
    spread: dict[str, float]
    explained: float | None
    note: str


def importance(
    records: Sequence[TrialRecord], scales: Sequence[Scale]
) -> Importance:
    """Measures importance by the completed trials.

    A hyperparameter that a trial does not have stands at its default. Scores
    count by rank where a few are so far off that they would hide all else.

    Args:
        records: the trials, those without a score too.
        scales: axes of the hyperparameters that varied.
    """
    completed = [record for record in records if has_score(record)]
    score = np.array([record.score for record in completed], np.float64)
    if not scales or len(completed) < 4 or np.ptp(score) == 0:
        return Importance({}, {}, {}, None, _refusal(scales, completed))
    at = np.array([_coordinates(scales, record) for record in completed])
    score = _without_outliers(score)
    forest = _forest(TREES, SEED).set_params(oob_score=True).fit(at, score)
    forests = [forest, *_resampled(at, score)]
    alone, total = _indices(forests, len(scales))
    order = np.argsort(-total[0], kind="stable")
    names = [scales[j].name for j in order]
    return Importance(
        total=_named(names, total[0][order]),
        alone=_named(names, np.minimum(alone, total)[0][order]),
        spread=_named(names, np.std(total[1:], axis=0, ddof=1)[order]),
        explained=float(forest.oob_score_),
        note=_note(len(completed), forest.oob_score_),
    )


def _named(names, shares):
    return dict(zip(names, shares.tolist(), strict=True))


def _refusal(scales, completed):
    if not scales:
        return "No hyperparameter varied."
    if len(completed) < 4:
        return (
            f"Too few trials have completed ({len(completed)}) to tell: from "
            f"{FEWEST_TRIALS} on they begin to."
        )
    return "All trials have the same score."


def _note(count, explained):
    notes = []
    if count < FEWEST_TRIALS:
        notes.append(
            f"{count} completed trials are too few: these figures mean "
            f"nothing yet. From {FEWEST_TRIALS} on they begin to."
        )
    if explained <= 0:
        notes.append(
            "The score of a trial could not be foretold from the others "
            f"(out-of-bag R2 {explained:.2f}): these figures mean nothing."
        )
    return " ".join(notes)


def _coordinates(scales, record):
    places = [scale.position(record.values.get(scale.name)) for scale in scales]
    return [
        scale.default if place is None else place
        for scale, place in zip(scales, places, strict=True)
    ]


def _without_outliers(score):
    """Ranks where one diverged trial would be all of the variance."""
    low, high = np.quantile(score, [0.25, 0.75])
    reach = 5 * (high - low)  # as for the axes of the report
    if score.min() >= low - reach and score.max() <= high + reach:
        return score
    return np.searchsorted(np.sort(score), score).astype(np.float64)


def _forest(trees, seed):
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(trees, random_state=seed)


def _resampled(at, score):
    """Smaller forests, each of trials drawn with replacement."""
    rng = np.random.default_rng(SEED)
    for seed in range(RESAMPLES):
        rows = rng.integers(len(score), size=len(score))
        yield _forest(TREES_A_RESAMPLE, seed).fit(at[rows], score[rows])


def _indices(forests, count):
    """Sobol's indices: two arrays `(forests, count)`, alone and total.

    All forests are asked at the same points: two sets a and b of points that
    fill the space evenly, and a with one column after the other from b.
    """
    from scipy.stats import qmc, sobol_indices

    points = qmc.Sobol(2 * count, rng=np.random.default_rng(SEED))
    a, b = np.split(points.random(POINTS), 2, axis=1)
    mixed = np.repeat(a[None], count, axis=0)
    for j in range(count):
        mixed[j, :, j] = b[:, j]
    asked = np.concatenate([a, b, mixed.reshape(-1, count)])
    told = np.array([_predict(forest, asked) for forest in forests])
    told = told.reshape(len(told), count + 2, POINTS)
    found = sobol_indices(
        func={
            "f_A": told[:, 0],
            "f_B": told[:, 1],
            "f_AB": told[:, 2:].transpose(1, 0, 2),
        },
        n=POINTS,
    )
    shares = np.clip([found.first_order, found.total_order], 0, 1)
    return shares.reshape(2, len(told), count)  # SciPy drops axes of length 1


def _predict(forest, at):
    """As `forest.predict`, without its checks of each tree."""
    at = at.astype(np.float32)
    trees = forest.estimators_
    return np.mean([tree.predict(at, check_input=False) for tree in trees], 0)
