"""An oracle of KerasTuner that survives kills."""

import os
import pathlib
import threading
import time

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

from tfgen.training.files import write_text
from tfgen.tuning import failures
from tfgen.tuning.failures import FAILURE_FILE, one_line
from tfgen.tuning.oracles import oracle_state
from tfgen.tuning.oracles.oracle_state import StateFile
from tfgen.tuning.oracles.stateless_draws import StatelessDraws
from tfgen.tuning.trial_record import TrialRecord, best_of

IN_THIS_PROCESS = "main"
"""The worker's name where trials run in the process of the oracle."""


class DurableOracle(StatelessDraws):
    """Lets an oracle of KerasTuner survive kills, failures and lost workers.

    Stands before KerasTuner's class among the bases. Differences from there:

    - the whole state is one file, `oracle.json`, with the state before in
      `oracle.json.backup`; trials that ran when the process died are waiting
      again, with the same id and values;
    - draws are a function of (seed, number of the trial, name), so that no
      random state exists, and searches with seeds near each other share none;
    - a trial fails with a reason, never twice, and never raises here;
    - trials of lost workers go to those that are left;
    - all methods may be called from several threads.

    Args:
        objective: what is searched for, with its direction.
        trials: how many trials there shall be, at most; may be raised later.
        seed: of all draws.
        space: all hyperparameters.
        folder: of the search; the state is its `oracle.json`.
        **options: of KerasTuner's class.

    Attributes:
        reasons: why trials failed, in a line each, by their id.
        queue: ids of the trials that wait to be run again, first in, first
            out.
        version: counts the changes of the state.
    """

    def __init__(
        self,
        *,
        objective: keras_tuner.Objective,
        trials: int,
        seed: int,
        space: keras_tuner.HyperParameters,
        folder: os.PathLike,
        **options,
    ):
        # KerasTuner takes a seed of 0 for none.
        super().__init__(
            objective=objective,
            hyperparameters=space.copy(),
            seed=1,
            **options,
        )
        self.seed = seed
        self.trials_wanted = self.max_trials = trials
        self.verbose = 0
        self.folder = pathlib.Path(folder)
        self.reasons = {}
        self.queue = []
        self.version = 0
        self.lock = threading.RLock()
        self.run_notes = {}
        self._out_of_trials = False
        self._state_file = StateFile(self.folder / "oracle.json")

    @property
    def planned_trials(self) -> int:
        """How many trials there will be, if none fails."""
        return self.trials_wanted

    @property
    def hopeless(self) -> bool:
        """Whether max(5, trials // 4) trials have ended and all failed."""
        enough = max(5, self.trials_wanted // 4)
        return enough <= len(self.end_order) == len(self.reasons)

    @property
    def finished(self) -> bool:
        """Whether nothing runs, and who asks is told to stop."""
        with self.lock:
            if self.ongoing_trials:
                return False
            return self.hopeless or (self._out_of_trials and not self.queue)

    def create_trial(self, tuner_id: str) -> Trial:
        """The trial that a worker shall run.

        Returns:
            A copy of it, with the status RUNNING, IDLE (ask again later) or
            STOPPED.
        """
        with self.lock:
            if tuner_id not in self.ongoing_trials:
                self.tuner_ids.add(tuner_id)
                trial = self._next_trial()
                if trial.status == TrialStatus.STOPPED:
                    self.tuner_ids.discard(tuner_id)
                    self._out_of_trials = True
                if trial.status != TrialStatus.RUNNING:
                    return trial
                self._begin(trial, tuner_id)
            return _copy(self.ongoing_trials[tuner_id])

    def update_trial(
        self, trial_id: str, metrics: dict, step: int = 0
    ) -> Trial:
        """Notes what a worker measured; what came before is forgotten."""
        with self.lock:
            trial = self.trials[trial_id]
            if trial_id not in self.end_order:
                trial.metrics = _tracked(metrics, step, self.objective)
                self.save()  # who runs it does not report it again
            return _copy(trial)

    def end_trial(self, trial: Trial) -> None:
        """Notes how a trial ended; the first result counts."""
        with self.lock:
            own = self.trials.get(trial.trial_id)
            # A worker that was given up may come back with a result.
            if own is None or own.trial_id in self.end_order:
                return
            self._learn(own, trial.hyperparameters)
            if trial.status == TrialStatus.COMPLETED:
                reason = failures.score_reason(own.metrics, self.objective.name)
            else:  # KerasTuner's protocol carries no message
                reason = (
                    failures.read_reason(self.folder_of(own.trial_id))
                    or one_line(trial.message or "")
                    or "it failed without a reason"
                )
            self._end(own, reason)

    def trial_of(self, tuner_id: str) -> str | None:
        """The id of the trial that a worker runs."""
        trial = self.ongoing_trials.get(tuner_id)
        return trial and trial.trial_id

    def take_over(self, tuner_id: str, seen: float | None = None) -> str | None:
        """A worker is gone: its trial waits for another one.

        Args:
            tuner_id: the worker's name.
            seen: when it was last seen, in seconds since 1970; default: now.

        Returns:
            The id of the trial, if it had one.
        """
        with self.lock:
            self.tuner_ids.discard(tuner_id)
            trial_id = self.trial_of(tuner_id)
            if trial_id is not None:
                self._wait_again(tuner_id, seen)
                self.save()
            return trial_id

    def fail_ongoing(self, tuner_id: str, reason: str) -> str | None:
        """A worker is gone because of its trial, which fails.

        Returns:
            The id of the trial, if it had one.
        """
        with self.lock:
            self.tuner_ids.discard(tuner_id)
            trial_id = self.trial_of(tuner_id)
            if trial_id is not None:
                self._end(self.trials[trial_id], one_line(reason))
            return trial_id

    def records(self) -> list[TrialRecord]:
        """What is known of all trials, by their ids."""
        with self.lock:
            return [
                oracle_state.record_of(self, trial)
                for trial in self.trials.values()
            ]

    def best(self) -> TrialRecord | None:
        """The completed trial with the best score."""
        return best_of(self.records(), self.objective.direction)

    def folder_of(self, trial_id: str) -> pathlib.Path:
        """Where a trial's files are."""
        return self.folder / "trials" / trial_id

    def settings(self) -> dict:
        """What must be the same when a search is resumed."""
        return {
            "tuner": type(self).__name__,
            "objective": self.objective.name,
            "direction": self.objective.direction,
            "seed": self.seed,
        }

    def save(self) -> None:
        """Writes the state, whole or not at all."""
        with self.lock:
            self._state_file.write(self.get_state())
            self.version += 1

    def reload(self, held: bool = False) -> None:
        """Goes on with the state in the folder, if there is one.

        Args:
            held: that trials which workers of a cluster had stay theirs until
                the chief finds that they are gone.

        Raises:
            ValueError: if it cannot be read, or is that of another search.
        """
        state = self._state_file.read()
        if state is not None:
            self.set_state(state)
            for tuner_id in list(self.ongoing_trials):
                if not held or tuner_id == IN_THIS_PROCESS:
                    self._resume(tuner_id)

    def is_over(self) -> bool:
        """Whether, by the state in the folder, no trial is left to run.

        Reads only, for a process that is not the one that leads the search;
        afterwards only this oracle's records can be used. Of what cannot be
        read the leader will say so.
        """
        try:
            state = self._state_file.read()
            if state is None:
                return False
            self.set_state(state)
        except (ValueError, OSError):
            return False
        if self.ongoing_trials:
            return False
        # Asked, not read: whether a space is exhausted stands in no file.
        return self._next_trial().status == TrialStatus.STOPPED

    def get_state(self) -> dict:
        return oracle_state.state_of(self)

    def set_state(self, state: dict) -> None:
        oracle_state.restore(self, state)

    def score_trial(self, trial: Trial) -> None:
        history = trial.metrics.get_history(self.objective.name)
        trial.score = float(history[-1].mean())
        trial.best_step = int(history[-1].step)

    def _next_trial(self):
        if self.queue and not self.hopeless:
            return self.trials[self.queue.pop(0)]
        return self._new_trial()

    def _new_trial(self):
        trial_id = f"{len(self.trials):04d}"
        hyperparameters = self.hyperparameters.copy()
        hyperparameters.values = {}
        full = self.max_trials and len(self.trials) >= self.max_trials
        answer = {"status": TrialStatus.STOPPED}
        if not full and not self.hopeless:
            answer = self.populate_space(trial_id)
        status = answer["status"]
        # Whoever runs the last trials may be lost: others wait for those.
        awaited = self.ongoing_trials and not self.hopeless
        if status == TrialStatus.STOPPED and awaited:
            status = TrialStatus.IDLE
        hyperparameters.values = answer.get("values") or {}
        return Trial(hyperparameters, trial_id, status)

    def _begin(self, trial, tuner_id):
        trial.status = TrialStatus.RUNNING
        if trial.trial_id not in self.trials:
            self.trials[trial.trial_id] = trial
            self.start_order.append(trial.trial_id)
            self._record_values(trial)  # so that no other trial gets them
        note = self.run_notes.setdefault(trial.trial_id, {"seconds": 0.0})
        note["started"] = time.time()
        note["kernel_kills"] = failures.count_kernel_kills()
        self.ongoing_trials[tuner_id] = trial
        self.save()  # before the worker hears of it: an id is never lost

    def _end(self, trial, reason):
        for tuner_id, ongoing in list(self.ongoing_trials.items()):
            if ongoing.trial_id == trial.trial_id:
                self._leave(tuner_id, time.time())
        if trial.trial_id in self.queue:
            self.queue.remove(trial.trial_id)
        trial.status = TrialStatus.FAILED if reason else TrialStatus.COMPLETED
        if reason:
            self.reasons[trial.trial_id] = trial.message = reason
            # Also for trials whose process could not write it any more.
            file = self.folder_of(trial.trial_id) / FAILURE_FILE
            write_text(file, f"{reason}\n")
        else:
            self.score_trial(trial)
        self.end_order.append(trial.trial_id)
        self.save()

    def _wait_again(self, tuner_id, now=None):
        """With the same id and values; what was measured is measured anew."""
        trial = self._leave(tuner_id, now or time.time())
        trial.metrics = MetricsTracker()
        self.queue.append(trial.trial_id)

    def _leave(self, tuner_id, now):
        trial = self.ongoing_trials.pop(tuner_id)
        note = self.run_notes[trial.trial_id]
        note["seconds"] += max(0.0, now - note["started"])
        return trial

    def _resume(self, tuner_id):
        """A trial ran in a process that is gone."""
        trial = self.ongoing_trials[tuner_id]
        counted = self.run_notes[trial.trial_id].get("kernel_kills", {})
        # Compared before the trial waits: it is begun with a new count.
        by_kernel = failures.kernel_killed_since(counted)
        self._wait_again(tuner_id, oracle_state.last_seen(self, tuner_id))
        # Of workers it is not known whether they died or went with the chief.
        if by_kernel and tuner_id == IN_THIS_PROCESS:
            self._end(
                trial,
                "out of memory: the kernel ended the process that ran it",
            )


def _tracked(metrics, step, objective):
    tracker = MetricsTracker()
    for name, value in metrics.items():
        direction = objective.direction if name == objective.name else "min"
        tracker.register(name, direction)
        # The tracker's own update warns of values that are not a number.
        tracker.metrics[name].update(float(value), int(step))
    return tracker


def _copy(trial):
    return Trial.from_state(trial.get_state())
