"""The files that tell how a search goes."""

import shlex
import sys
import time

from tfgen.tuning.report.hparams import (
    write_hparams_config,
    write_hparams_result,
)
from tfgen.tuning.report.html_report import write_report
from tfgen.tuning.report.result_files import (
    write_best_json,
    write_trials_csv,
)
from tfgen.tuning.trial_record import best_of

PAGE_SECONDS = 20.0
ENDED = ("completed", "failed")


class SearchReports:
    """Writes `trials.csv`, `best.json` and `report.html` anew as trials end.

    And, for TensorBoard, what is searched and how each trial ended.

    Args:
        search: the `Search`.
        space: its `keras_tuner.HyperParameters`.
        planned_trials: how many there will be at most; of Hyperband with
            those that go on.
    """

    def __init__(self, search, space, planned_trials: int):
        self.search = search
        self.space = space
        self.planned_trials = planned_trials
        self._ended = []
        self._page_at = 0.0
        objective, measures = search.objective, search.measures
        names = [m.log_name for m in (*objective.measures, *measures)]
        write_hparams_config(search.folder.tensorboard, space, names)

    def update(self, records, force: bool = False) -> None:
        """Writes what is outdated.

        Args:
            records: all `TrialRecord`s.
            force: the page too, which is else written now and then only.
        """
        ended = [r.trial_id for r in records if r.status in ENDED]
        outdated = ended != self._ended
        for record in records:
            if record.trial_id in ended and record.trial_id not in self._ended:
                self._write_hparams(record)
        if outdated or force:
            self._ended = ended
            self._write_tables(records)
        due = time.monotonic() - self._page_at > PAGE_SECONDS
        if force or (outdated and due):
            self._write_page_if_possible(records)
            self._page_at = time.monotonic()

    def _write_hparams(self, record):
        write_hparams_result(
            self.search.folder.tensorboard / record.trial_id,
            record.status,
            record.score,
            record.best_epoch,
        )

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
            hyperparameters=self.space,
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
