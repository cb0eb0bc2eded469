"""What a search knows of one trial."""

import dataclasses
import math
import pathlib
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class TrialRecord:
    """One trial of a search.

    Attributes:
        trial_id: such as `"0007"`; also the name of its folders.
        status: `"waiting"`, `"running"`, `"completed"` or `"failed"`.
        values: of the hyperparameters, by name.
        score: value of the objective at the best epoch; None unless
            completed.
        metrics: all that was measured at that epoch, by name.
        best_epoch: number of the best epoch, from 1; None unless completed.
        epochs: trained so far, those of the trial it goes on from included.
        seconds: that its training took.
        reason: why it failed, in a line; empty unless failed.
        parent: id of the trial whose training it goes on with, or None.
        folder: of the run: `model.keras`, `history.csv`, `samples.png`, ...

    Example:
    >>> import pathlib
    >>> record = tfgen.tuning.TrialRecord(
    ...     "0007", "completed", {"latent_dim": 8}, pathlib.Path("0007"), 31.5
    ... )
    >>> record.score, record.values["latent_dim"], record.reason
    (31.5, 8, '')
    """

    trial_id: str
    status: str
    values: dict
    folder: pathlib.Path
    score: float | None = None
    metrics: dict = dataclasses.field(default_factory=dict)
    best_epoch: int | None = None
    epochs: int = 0
    seconds: float = 0.0
    reason: str = ""
    parent: str | None = None


def best_of(
    records: Iterable[TrialRecord], direction: str
) -> TrialRecord | None:
    """The completed trial with the best score; of equals, the first.

    Args:
        records: of the trials.
        direction: `"min"` or `"max"`.
    """
    completed = [
        record
        for record in records
        if record.status == "completed" and math.isfinite(record.score)
    ]
    sign = -1 if direction == "max" else 1
    key = lambda record: (sign * record.score, record.trial_id)  # noqa: E731
    return min(completed, key=key, default=None)


def ends_of_rounds(
    record: TrialRecord, records: Iterable[TrialRecord]
) -> list[int]:
    """The last epochs of a trial and of those that it goes on from.

    Args:
        record: of a trial of Hyperband; others have none.
        records: of all trials.
    """
    by_id = {each.trial_id: each for each in records}
    ends = []
    while record is not None:
        ends.append(record.values.get("tuner/epochs"))
        record = by_id.get(record.parent)
    return [epoch for epoch in reversed(ends) if epoch is not None]
