import dataclasses
import functools
import html
import math

from tfgen.reports.page import number
from tfgen.tuning.report.best_json import settings
from tfgen.tuning.report.scale import (
    Scale,
    scale_of,
    scale_of_numbers,
    scale_of_values,
)
from tfgen.tuning.trial_record import best_of

# Best, middle, worst: told apart on white and on black, and by the colour
# blind; grey is left for trials without a score.
COLOURS = ((47, 111, 222), (188, 76, 150), (240, 151, 58))


@dataclasses.dataclass(frozen=True)
class View:
    """A search as the parts of its report look at it.

    Attributes:
        records: all `TrialRecord`s in order.
        objective_name: such as `"val_negative_elbo"`.
        direction: `"min"` or `"max"`.
        scales: an axis for each hyperparameter that is not fixed.
        score: the axis of the scores.
    """

    records: tuple
    objective_name: str
    direction: str
    scales: tuple
    score: Scale

    @functools.cached_property
    def completed(self):
        """Trials with a score, the best first."""
        sign = -1 if self.direction == "max" else 1
        found = [record for record in self.records if has_score(record)]
        return sorted(found, key=lambda record: sign * record.score)

    @functools.cached_property
    def _ranks(self):
        return {record.trial_id: i for i, record in enumerate(self.completed)}

    @functools.cached_property
    def best(self):
        """The best trial, or None."""
        return best_of(self.records, self.direction)

    def colour(self, record) -> str | None:
        """By the rank of the record's score; None without one."""
        if not has_score(record):
            return None
        others = max(len(self.completed) - 1, 1)
        return blend(self._ranks[record.trial_id] / others)

    def tag(self, name: str, record, **attributes) -> str:
        """An SVG element that stands for a trial, with its words inside."""
        kind = "completed" if has_score(record) else record.status
        rank = self._ranks.get(record.trial_id, math.inf)
        if rank < len(self.completed) / 10:
            kind += " best" if rank == 0 else " good"
        found = {"data-trial": record.trial_id, **attributes}
        colour = self.colour(record)
        if colour is not None:
            found["style"] = f"--colour:{colour}"
        text = "".join(
            f' {key.replace("_", "-")}="{html.escape(str(value))}"'
            for key, value in found.items()
        )
        return (
            f'<{name} class="trial {kind}"{text}>'
            f"<title>{html.escape(words(record))}</title></{name}>"
        )


def view_of(records, objective_name, direction, hyperparameters) -> View:
    """Makes the axes that all parts of a report share."""
    scores = [record.score for record in records if has_score(record)]
    return View(
        tuple(records),
        objective_name,
        direction,
        tuple(_scales(records, hyperparameters)),
        scale_of_numbers(objective_name, scores),
    )


def has_score(record) -> bool:
    """Whether a trial completed with a finite score."""
    return record.status == "completed" and math.isfinite(record.score)


def words(record) -> str:
    """A trial in a line."""
    score = number(record.score) if has_score(record) else record.status
    return f"Trial {record.trial_id}: {score}"


def blend(place: float) -> str:
    """The colour of a place between best (0) and worst (1)."""
    ends = COLOURS[:2] if place < 0.5 else COLOURS[1:]
    part = 2 * place if place < 0.5 else 2 * place - 1
    mixed = (round(a + part * (b - a)) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _scales(records, hyperparameters):
    import keras_tuner

    found, fixed = {}, set()
    for hyperparameter in hyperparameters.space:
        name = hyperparameter.name
        if isinstance(hyperparameter, keras_tuner.engine.hyperparameters.Fixed):
            fixed.add(name)
        else:
            found.setdefault(name, scale_of(hyperparameter))
    values = {}
    for record in records:
        for name, value in settings(record.values).items():
            values.setdefault(name, []).append(value)
    for name in values:
        if name not in found and name not in fixed:
            found[name] = scale_of_values(name, values[name])
    return found.values()
