import sys
import time

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import TrialStatus

from tfgen.training.files import write_text
from tfgen.tuning.disk_error import is_disk_error
from tfgen.tuning.oracles.failure_reason import FILE
from tfgen.tuning.processes.failure import reason_of
from tfgen.tuning.processes.lease import TrialLost
from tfgen.tuning.signs_of_life import SignOfLife

SECONDS_TO_WAIT = 0.5
"""Between two questions for a trial, and between two calls of `on_change`."""


class TrialLoop(BaseTuner):
    """Asks an oracle for trials and runs them until it says stop.

    Keeps no state of its own, so there is no `tuner0.json`. In a worker,
    KerasTuner's `OracleClient` stands for the oracle.

    Args:
        oracle: a `keras_tuner.Oracle`.
        function: runs a trial: (trial, beat) -> (metrics, best epoch). It
            calls `beat(epoch=3, epochs=30, ...)` now and then.
        folder: of the search.
        worker: name of who runs the trials.
        on_change: called with what running trials said last, by their ids,
            when they begin, end, or say something.
    """

    def __init__(self, oracle, function, folder, worker, on_change=None):
        self.folder = folder
        super().__init__(oracle, directory=str(folder), project_name=".")
        self.tuner_id = worker
        self.function = function
        self.sign = SignOfLife(folder, worker)
        self._tell = on_change or _nothing
        self._told = 0.0

    def search(self):
        self.sign.begin(None)
        while True:
            trial = self.oracle.create_trial(self.tuner_id)
            if trial.status == TrialStatus.STOPPED:
                break
            if trial.status == TrialStatus.RUNNING:
                self._run(trial)
            else:
                time.sleep(SECONDS_TO_WAIT)
            self.sign.begin(None)

    def run_trial(self, trial):
        def beat(**said):
            self.sign.beat(**said)
            now = time.monotonic()
            if now - self._told >= SECONDS_TO_WAIT:
                self._told = now
                self._tell({trial.trial_id: said})

        metrics, best_epoch = self.function(trial, beat)
        metrics = {name: float(value) for name, value in metrics.items()}
        return metrics, int(best_epoch)

    def save(self):
        """There is nothing to save: the oracle saves itself."""

    def _get_tuner_fname(self):
        """A file that never exists, so that nothing is read from it."""
        return str(self.folder / "workers" / ".none")

    def _run(self, trial):
        failure = self.folder / "trials" / trial.trial_id / FILE
        failure.unlink(missing_ok=True)
        self.sign.begin(trial.trial_id)
        self._tell({trial.trial_id: {}})
        try:
            result, reason = self._result_or_reason(trial)
        except TrialLost as lost:
            print(f"{self.tuner_id}: {lost}.", file=sys.stderr, flush=True)
            return
        if result is None:
            trial.status, trial.message = TrialStatus.FAILED, reason
            write_text(failure, f"{reason}\n")
        else:
            metrics, best_epoch = result
            self.oracle.update_trial(trial.trial_id, metrics, step=best_epoch)
            trial.status = TrialStatus.COMPLETED
        self.oracle.end_trial(trial)
        self._tell({})

    def _result_or_reason(self, trial):
        try:
            return self.run_trial(trial), ""
        except TrialLost:
            raise
        except Exception as error:
            if is_disk_error(error):  # so would be all trials to come
                raise
            return None, reason_of(error)


def _nothing(signs):
    pass
