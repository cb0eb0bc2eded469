"""The state of an oracle: as JSON, in its file, and as records of trials."""

import json
import pathlib
import time
import warnings

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from tfgen.training.files import write_text
from tfgen.tuning.heartbeat import read_heartbeat
from tfgen.tuning.trial_record import TrialRecord

FORMAT = 1
EPOCHS = "epochs"
"""The metric by which a trial reports how long it has trained."""


class StateFile:
    """A state in a JSON file, and the state before it in `NAME.backup`.

    Each of the two files is there whole or not at all, so a process that is
    killed at any moment leaves this state or the one before.

    Args:
        path: of the file.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.backup = path.with_name(f"{path.name}.backup")
        self._before = None

    def read(self) -> dict | None:
        """The newest state that can be read; None if there is no file.

        Raises:
            ValueError: if there are files, and none can be read.
        """
        present = [path for path in (self.path, self.backup) if path.exists()]
        for path in present:
            state = _parsed(path)
            if state is not None:
                self._warn_of_backup(path)
                self._before = json.dumps(state)
                return state
        if present:
            names = " and ".join(path.name for path in present)
            raise ValueError(
                f"{names} in {self.path.parent} cannot be read as JSON, "
                "expected the state of a search in one of them: put back a "
                "copy of either file, or begin the search again in another "
                "folder."
            )
        return None

    def write(self, state: dict) -> None:
        """Puts a state in the place of the one before, which is kept."""
        text = json.dumps(state)
        # From memory: the file itself might be the damaged one.
        if self._before is not None:
            write_text(self.backup, self._before)
        write_text(self.path, text)
        self._before = text

    def _warn_of_backup(self, path):
        if path == self.backup:
            damage = "damaged" if self.path.exists() else "gone"
            warnings.warn(
                f"{self.path} is {damage}: the search goes on from the state "
                f"before it, {self.backup.name}.",
                stacklevel=4,
            )


def state_of(oracle: keras_tuner.Oracle) -> dict:
    """All that a `DurableOracle` has to know after a kill."""
    return {
        "format": FORMAT,
        "settings": oracle.settings(),
        "space": oracle.hyperparameters.get_config()["space"],
        "trials": [
            _state_of_trial(oracle, trial) for trial in oracle.trials.values()
        ],
        "start_order": oracle.start_order,
        "end_order": oracle.end_order,
        "waiting": oracle.queue,
        "ongoing": {
            tuner_id: trial.trial_id
            for tuner_id, trial in oracle.ongoing_trials.items()
        },
    }


def restore(oracle: keras_tuner.Oracle, state: dict) -> None:
    """Puts `state_of` into an oracle.

    Raises:
        ValueError: if it is the state of another search.
    """
    _check(oracle, state)
    # Parameters that only models of trials asked for stand in the state alone.
    space = {"space": state["space"], "values": {}}
    space = keras_tuner.HyperParameters.from_config(space)
    oracle.hyperparameters.merge(space, overwrite=False)
    oracle.trials = {}
    for trial_state in state["trials"]:
        _restore_trial(oracle, trial_state)
    oracle.start_order = state["start_order"]
    oracle.end_order = state["end_order"]
    oracle.queue = state["waiting"]
    oracle.ongoing_trials = {
        tuner_id: oracle.trials[trial_id]
        for tuner_id, trial_id in state["ongoing"].items()
    }


def record_of(oracle: keras_tuner.Oracle, trial: Trial) -> TrialRecord:
    """What a `DurableOracle` knows of a trial, for the reports."""
    if trial.trial_id in oracle.queue:
        status = "waiting"
    elif trial.status == TrialStatus.COMPLETED:
        status = "completed"
    else:
        status = "failed" if trial.trial_id in oracle.reasons else "running"
    metrics = {
        name: float(trial.metrics.get_last_value(name))
        for name in trial.metrics.metrics
    }
    values = dict(trial.hyperparameters.values)
    return TrialRecord(
        trial_id=trial.trial_id,
        status=status,
        values=values,
        folder=oracle.folder_of(trial.trial_id),
        score=trial.score if status == "completed" else None,
        best_epoch=trial.best_step if status == "completed" else None,
        epochs=int(metrics.pop(EPOCHS, 0)),
        metrics=metrics,
        seconds=oracle.run_notes[trial.trial_id]["seconds"],
        reason=oracle.reasons.get(trial.trial_id, ""),
        parent=values.get("tuner/trial_id"),
    )


def last_seen(oracle: keras_tuner.Oracle, tuner_id: str) -> float:
    """When a worker that is gone was last heard of with its trial."""
    trial_id = oracle.ongoing_trials[tuner_id].trial_id
    started = oracle.run_notes[trial_id]["started"]
    heartbeat = read_heartbeat(oracle.folder, tuner_id)
    if heartbeat is None or heartbeat.trial != trial_id:
        return started
    return min(max(started, heartbeat.time), time.time())


def _state_of_trial(oracle, trial):
    return {
        "trial_id": trial.trial_id,
        "status": trial.status,
        "values": trial.hyperparameters.values,
        "metrics": trial.metrics.get_config()["metrics"],
        "score": trial.score,
        "best_step": trial.best_step,
        "reason": oracle.reasons.get(trial.trial_id),
        **oracle.run_notes[trial.trial_id],
    }


def _restore_trial(oracle, state):
    hyperparameters = oracle.hyperparameters.copy()
    hyperparameters.values = state["values"]
    trial = Trial(hyperparameters, state["trial_id"], state["status"])
    trial.metrics = trial.metrics.from_config({"metrics": state["metrics"]})
    trial.score, trial.best_step = state["score"], state["best_step"]
    trial.message = state["reason"]
    oracle.trials[trial.trial_id] = trial
    oracle.run_notes[trial.trial_id] = {
        key: state[key] for key in ("seconds", "started", "kernel_kills")
    }
    if trial.status == TrialStatus.FAILED:
        oracle.reasons[trial.trial_id] = state["reason"]
    oracle._record_values(trial)


def _check(oracle, state):
    """What a resumed search must share with what was begun."""
    own = oracle.settings()
    pairs = {name: (v, own.get(name)) for name, v in state["settings"].items()}
    begun_with = {_key(config): config for config in state["space"]}
    space = oracle.hyperparameters.get_config()["space"]
    for config in json.loads(json.dumps(space)):  # as it is read back
        before = begun_with.get(_key(config), config)
        pairs[f"range of {config['config']['name']}"] = (before, config)
    for name, (before, now) in pairs.items():
        if before != now:
            raise ValueError(
                f"{name} is {now!r}, expected {before!r}, with which the "
                f"search in {oracle.folder} was begun: pass that, or begin "
                "another search in a new folder."
            )


def _key(config):
    config = config["config"]
    return json.dumps([config["name"], config["conditions"]])


def _parsed(path):
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and "trials" in state else None
