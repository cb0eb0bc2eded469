"""The files that tell how a search goes."""

import shlex
import time

from tfgen.reports.short_text import short_duration
from tfgen.tuning.report.best_json import write_best_json
from tfgen.tuning.report.html_report import write_report
from tfgen.tuning.report.trials_csv import write_trials_csv
from tfgen.tuning.trial_record import best_of

PAGE_SECONDS = 20.0
ENDED = ("completed", "failed")


class SearchReports:
    """Writes `trials.csv`, `best.json` and `report.html` anew as trials end.

    Args:
        search: the `Search`.
        space: its `keras_tuner.HyperParameters`.
    """

    def __init__(self, search, space):
        self.search = search
        self.space = space
        self._ended = None
        self._page_at = 0.0

    def update(self, records, force: bool = False) -> None:
        """Writes what is outdated.

        Args:
            records: all `TrialRecord`s.
            force: the page too, which is else written now and then only.
        """
        ended = [r.trial_id for r in records if r.status in ENDED]
        outdated = ended != self._ended
        if outdated or force:
            self._ended = ended
            self._write_tables(records)
        due = time.monotonic() - self._page_at > PAGE_SECONDS
        if force or (outdated and due):
            self._write_page(records)
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

    def _write_page(self, records):
        folder, objective = self.search.folder, self.search.objective
        write_report(
            folder.report,
            records,
            objective_name=objective.log_name,
            direction=objective.direction,
            hyperparameters=self.space,
            summary=self._summary(records),
            command=f"tfgen train --from {shlex.quote(str(folder.best_file))}",
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
            "trials": f"{len(ended)} of about {search.trials}",
            "epochs of a trial": f"at most {search.max_epochs}",
            "training time": short_duration(
                sum(record.seconds for record in records)
            ),
        }
