"""A section of a report, and what its numbers are called."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tfgen.metrics import Measurement


@dataclasses.dataclass(frozen=True, eq=False)
class Section:
    """One part of an evaluation.

    Attributes:
        title: what it is about.
        measurements: the numbers, in the order shown.
        pictures: uint8 arrays by name.
        notes: what the reader must know, such as what was left out and why.
        verdict: how good it is, why, and what to try, or "".

    Example:
    >>> distance = tfgen.metrics.Measurement("frechet_distance", 3.2, "lower")
    >>> section = tfgen.evaluation.Section("Sample quality", (distance,))
    >>> section.measurements[0].value, section.notes
    (3.2, ())
    """

    title: str
    measurements: tuple[Measurement, ...] = ()
    pictures: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    verdict: str = ""


def collected(
    title: str, parts: Iterable[Callable[[], Iterable[Measurement]]]
) -> Section:
    """A section of several parts; one that is not possible leaves a note."""
    found, notes = [], []
    for part in parts:
        try:
            found += list(part())
        except ValueError as reason:
            notes.append(f"Left out: {reason}")
    return Section(title, tuple(found), notes=tuple(notes))


def over_sets(
    measurement: Measurement, values: Sequence[float], floor: float
) -> Measurement:
    """The same metric as a mean over sets of samples.

    Args:
        measurement: what is known of the metric but for these.
        values: of each set of samples.
        floor: of real data in the samples' place.
    """
    several = len(values) > 1
    return dataclasses.replace(
        measurement,
        value=float(np.mean(values)),
        spread=float(np.std(values, ddof=1)) if several else None,
        spread_of=f"{len(values)} sets of samples" if several else "",
        floor=float(floor),
    )


def of_test_split(count: int) -> dict[str, int | str]:
    """Details of what is measured on so many examples of the test split."""
    return {"num_real": count, "reference": "test split"}


def title(name: str) -> str:
    """The name of a metric in words."""
    words = name.replace("_", " ")
    known = words.capitalize() if name in EXPLANATIONS else words
    return TITLES.get(name, known)


def explanation(name: str) -> str:
    """What a metric means, in a line."""
    return EXPLANATIONS.get(name, "")


TITLES = {
    "good_samples": "Samples within 3 standard deviations",
    "mode_divergence": "Divergence of the modes' shares",
    "negative_elbo": "Negative ELBO",
    "negative_log_likelihood": "Negative log-likelihood",
    "kl": "KL term",
    "aggregate_kl": "Aggregate KL",
    "dimension_wise_kl": "Dimension-wise KL",
    "correlation_difference": "Difference of correlations",
    "train_on_synthetic": "Train on synthetic, test on real",
    "dci_disentanglement": "Disentanglement (DCI)",
    "dci_completeness": "Completeness (DCI)",
    "dci_informativeness": "Informativeness (DCI)",
    "auroc": "AUROC",
    "epsilon": "Epsilon",
    "delta": "Delta",
    "copying_test": "Copying test C_T",
    "training_excess": "Lean towards the training data",
}
"""Where these are not the name itself."""

EXPLANATIONS = {
    "frechet_distance": (
        "between Gaussians fitted to the features of data and samples"
    ),
    "kernel_distance": (
        "squared maximum mean discrepancy; unbiased, so about 0 for real data"
    ),
    "precision": "share of the samples that lie among the data",
    "recall": "share of the data that lie among the samples",
    "density": (
        "how densely the data lie around the samples; about 1 for real data"
    ),
    "coverage": "share of the data that samples come near to",
    "inception_score": (
        "how sure the classifier is, and how many classes it sees"
    ),
    "modes_found": "with at least one sample",
    "good_samples": "of the centre of a mode",
    "mode_divergence": "from equal ones; 0 where all come equally often",
    "negative_elbo": (
        "upper bound of the negative log-likelihood, one draw an example; "
        "compares among likelihoods of the same kind"
    ),
    "negative_log_likelihood": "a closer upper bound, by importance weights",
    "bits_per_dimension": (
        "upper bound of the bits that a value of 8 bits takes"
    ),
    "kl": "what the code of an example costs",
    "mutual_information": (
        "what the latents tell of the example, part of the KL term"
    ),
    "aggregate_kl": (
        "distance of all codes together from the prior, the rest of it"
    ),
    "total_correlation": "dependence between latents, part of the aggregate KL",
    "dimension_wise_kl": (
        "distance of single latents from the prior, the rest of that"
    ),
    "active_units": "latents whose mean varies with the example",
    "column_score": (
        "1 less the distance of each column's distribution, their mean"
    ),
    "correlation_difference": (
        "between pairs of columns, mean of the absolute values"
    ),
    "detection_score": (
        "area under the curve of a classifier that tells rows apart; 0.5 is "
        "best"
    ),
    "train_on_synthetic": "score of a forest trained on generated rows",
    "false_alarm_rate": (
        "share of normal rows that are flagged; alpha, but for chance"
    ),
    "odd_rows_found": "share of odd rows that are flagged",
    "auroc": (
        "how likely an odd row has a higher score than a normal one; 0.5 by "
        "chance"
    ),
    "average_precision": (
        "share of odd rows among those with the highest scores, averaged"
    ),
    "mutual_information_gap": "how far one latent alone tells each factor",
    "separated_attribute_predictability": (
        "how much better one latent predicts each factor than the next"
    ),
    "dci_disentanglement": "1 if each latent matters to one factor only",
    "dci_completeness": "1 if one latent only matters to each factor",
    "dci_informativeness": "how well the latents tell the factors",
    "epsilon": "spent of what was promised to each training row",
    "delta": "by which the promise may fail",
    "copying_test": (
        "far below 0: samples lie nearer to the training data than unseen data "
        "do"
    ),
    "authenticity": (
        "share of the samples that stand apart from the training data"
    ),
    "training_excess": (
        "0 if the real example nearest to a sample is training or test data by "
        "chance, 1 for copies; smooth samples do not raise it"
    ),
}
