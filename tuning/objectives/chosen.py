"""What a search measures, where nothing else was said."""

from tfgen.tuning.objectives.measures import MEASURES, Measure
from tfgen.tuning.objectives.objective import (
    Objective,
    check_enough,
    check_measures,
    parse_measure,
    parse_objective,
)


def chosen(
    model, objective: str | None, report, held_out
) -> tuple[Objective, tuple[Measure, ...]]:
    """The objective, and what is reported besides.

    Args:
        model: a compiled `GenerativeModel`.
        objective: see `parse_objective`; default: the negative ELBO of models
            with a likelihood, the Frechet distance of others.
        report: text or texts, see `parse_measure`; default: coverage, where
            samples are compared and there are enough examples.
        held_out: a `tfgen.data.Source`.

    Raises:
        ValueError: if the model or the data do not have what is measured.
    """
    if objective is None:
        likely = hasattr(model, "likelihood") and not is_adversarial(model)
        objective = "negative_elbo" if likely else "frechet_distance"
    objective = parse_objective(objective)
    count = len(held_out)
    if report is None:
        kinds = [measure.kind for measure in objective.measures]
        enough = count >= MEASURES["coverage"].fewest
        report = ("coverage",) if "samples" in kinds and enough else ()
    if isinstance(report, str):
        report = (report,)
    reported = tuple(parse_measure(text) for text in report)
    measures = [*objective.measures, *reported]
    check_enough(measures, count)
    check_measures(model, measures, held_out)
    return objective, reported


def is_adversarial(model) -> bool:
    """Whether a discriminator is trained with it."""
    return hasattr(model, "discriminator")
