"""What a search shows: on the terminal, and in the files of its folder."""

import contextlib
import shlex
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from tfgen.reports.short_text import short_duration, short_number
from tfgen.tuning.objectives import Objective
from tfgen.tuning.report.hparams import (
    write_hparams_config,
    write_hparams_result,
)
from tfgen.tuning.report.html_report import write_report
from tfgen.tuning.report.result_files import (
    write_best_json,
    write_trials_csv,
)
from tfgen.tuning.trial_record import TrialRecord, best_of

if TYPE_CHECKING:
    from tfgen.tuning.search import Search

ENDED = ("completed", "failed")
STATUS_SECONDS = 0.5
PAGE_SECONDS = 20.0


class SearchProgress:
    """Prints a line for each trial that has ended, with the best so far.

    On a terminal the last line follows the trials that are running.

    Args:
        objective: what is searched for.
        trials: how many there will be; None if that is not known.
        stream: where to print; default: standard output.
    """

    def __init__(
        self,
        objective: Objective,
        trials: int | None,
        stream: TextIO | None = None,
    ):
        self.objective = objective
        self.trials = trials
        self.stream = stream or sys.stdout
        self._follows = self.stream.isatty()
        self._ended = None
        self._began = time.monotonic()
        self._ended_before = 0
        self._shown_at = 0.0

    def update(
        self,
        records: Sequence[TrialRecord],
        best: TrialRecord | None,
        said: Mapping[str, dict] = {},
    ) -> None:
        """Shows what is new.

        Args:
            records: of all trials.
            best: the best of them, or None.
            said: what running trials said last, by their ids: dicts with
                `epoch`, `epochs` and perhaps `objective`.
        """
        ended = [record for record in records if record.status in ENDED]
        if self._ended is None:
            self._begin(ended)
        for record in ended:
            if record.trial_id not in self._ended:
                self._ended.add(record.trial_id)
                self._print(self._line(record, best))
        now = time.monotonic()
        if self._follows and now - self._shown_at >= STATUS_SECONDS:
            self._shown_at = now
            self._print(self._status(said), end="")

    def end(self) -> None:
        """Takes the status line away."""
        if self._follows:
            self._print("", end="")

    def say(self, text: str) -> None:
        """Prints a line of its own."""
        self._print(text)

    def _begin(self, ended):
        self._ended = {record.trial_id for record in ended}
        self._ended_before = len(ended)
        if ended:
            self._print(f"going on: {len(ended)} trials have ended before")

    def _line(self, record, best):
        start = f"trial {record.trial_id}{self._count()}"
        if record.status == "failed":
            return f"{start}  failed: {record.reason}"
        line = (
            f"{start}  {self.objective} {short_number(record.score)} after "
            f"{record.best_epoch} of {record.epochs} epochs"
        )
        if best is not None and best.trial_id == record.trial_id:
            line += "  the best so far"
        elif best is not None:
            line += f"  best {short_number(best.score)} (trial {best.trial_id})"
        return f"{line}  {self._time_left()}".rstrip()

    def _count(self):
        of = f"/{self.trials}" if self.trials else ""
        return f"  {len(self._ended)}{of}"

    def _time_left(self):
        new = len(self._ended) - self._ended_before
        if not self.trials or len(self._ended) >= self.trials:
            return ""
        spent = time.monotonic() - self._began
        left = spent / new * (self.trials - len(self._ended))
        return f"{short_duration(left)} left"

    def _status(self, said):
        parts = []
        for trial_id, known in sorted(said.items()):
            part = f"trial {trial_id}"
            if "epoch" in known:
                part += f" epoch {known['epoch']}/{known['epochs']}"
            if "objective" in known:
                part += f" {short_number(known['objective'])}"
            parts.append(part)
        return "  ".join(parts)

    def _print(self, text, end="\n"):
        if self._follows:
            width = shutil.get_terminal_size().columns - 1
            whole = text if end else text[:width]
            text = "\r" + whole.ljust(width)
        with contextlib.suppress(OSError):  # nobody is there to read it
            print(text, end=end, flush=True, file=self.stream)


class SearchReports:
    """Writes `trials.csv`, `best.json` and `report.html` anew as trials end.

    And, for TensorBoard, what is searched and how each trial ended.

    Args:
        search: the `Search`.
        planned_trials: how many there will be at most; of Hyperband with
            those that go on.
    """

    def __init__(self, search: "Search", planned_trials: int):
        self.search = search
        self.planned_trials = planned_trials
        self._ended = []
        self._page_at = 0.0
        objective, measures = search.objective, search.measures
        names = [m.log_name for m in (*objective.measures, *measures)]
        write_hparams_config(search.folder.tensorboard, search.space, names)

    def update(
        self, records: Sequence[TrialRecord], force: bool = False
    ) -> None:
        """Writes what is outdated.

        Args:
            records: of all trials.
            force: the page too, which is else written now and then only.
        """
        ended = [r.trial_id for r in records if r.status in ENDED]
        outdated = ended != self._ended
        for record in records:
            if record.trial_id in ended and record.trial_id not in self._ended:
                write_hparams_result(
                    self.search.folder.tensorboard / record.trial_id,
                    record.status,
                    record.score,
                    record.best_epoch,
                )
        if outdated or force:
            self._ended = ended
            self._write_tables(records)
        due = time.monotonic() - self._page_at > PAGE_SECONDS
        if force or (outdated and due):
            self._write_page_if_possible(records)
            self._page_at = time.monotonic()

    def _write_tables(self, records):
        folder, objective = self.search.folder, self.search.objective
        write_trials_csv(folder.table, records)
        best = best_of(records, objective.direction)
        if best is not None:
            write_best_json(
                folder.best_file,
                best,
                objective.log_name,
                objective.direction,
                self.search.settings_of(best),
            )

    def _write_page_if_possible(self, records):
        try:
            self._write_page(records)
        except Exception as error:  # a page is not worth a night's search
            print(
                f"{self.search.folder.report} was not written "
                f"({type(error).__name__}: {error}); the search goes on.",
                file=sys.stderr,
            )

    def _write_page(self, records):
        folder, objective = self.search.folder, self.search.objective
        write_report(
            folder.report,
            records,
            objective_name=objective.log_name,
            direction=objective.direction,
            hyperparameters=self.search.space,
            summary=self._summary(records),
            command=self._command(records),
            tensorboard=f"tensorboard --logdir "
            f"{shlex.quote(str(folder.tensorboard))}",
        )

    def _command(self, records):
        """What takes the best trial on, in a shell or in Python."""
        search = self.search
        best = best_of(records, search.objective.direction)
        if best is None:
            return ""
        if not search.is_built_from_settings:
            file = str(best.folder / "model.keras")
            return (
                f"import keras, tfgen\n\n"
                f"model = keras.models.load_model({file!r})"
            )
        named = "data" in search.settings_of(best)
        return (
            f"tfgen train --from {shlex.quote(str(search.folder.best_file))} "
            f"{'' if named else '--data DATA '}--out run"
        )

    def _summary(self, records):
        search = self.search
        ended = [record for record in records if record.status in ENDED]
        return {
            "model": search.model_name,
            "data": search.train.description,
            "compared on": search.validation.description,
            "searched for": str(search.objective),
            "tuner": search.tuner,
            "trials": f"{len(ended)} of at most {self.planned_trials}",
            "epochs of a trial": f"at most {search.max_epochs}",
        }
