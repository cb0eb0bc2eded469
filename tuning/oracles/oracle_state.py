"""The state of an oracle as JSON, and back."""

import json
import time

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from tfgen.tuning.oracles.kernel_kills import kernel_killed_since
from tfgen.tuning.signs_of_life import read_sign

FORMAT = 1


def state_of(oracle) -> dict:
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


def restore(oracle, state: dict) -> None:
    """Puts `state_of` into an oracle.

    Raises:
        ValueError: if it is the state of another search.
    """
    _check(oracle, state)
    space = {"space": state["space"], "values": {}}
    space = keras_tuner.HyperParameters.from_config(space)
    oracle.hyperparameters.merge(_missing(space, oracle.hyperparameters))
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


def ended_by_the_kernel(note: dict) -> bool:
    """Whether memory ran out on the machine since a trial was begun."""
    return kernel_killed_since(note.get("kernel_kills", {}))


def last_sign(oracle, tuner_id: str) -> float:
    """When a worker that is gone was last seen with its trial."""
    trial_id = oracle.ongoing_trials[tuner_id].trial_id
    started = oracle.run_notes[trial_id]["started"]
    sign = read_sign(oracle.folder, tuner_id)
    if sign is None or sign.trial != trial_id:
        return started
    return min(max(started, sign.time), time.time())


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
    expected, got = state["settings"], oracle.settings()
    for name, value in expected.items():
        if value != got.get(name):
            raise ValueError(
                f"Expected to resume the search in {oracle.folder} with the "
                f"{name} that it was begun with, {value!r}, but got "
                f"{got.get(name)!r}. Pass {value!r}, or begin another search "
                "in a new folder."
            )
    begun_with = {_key(config): config for config in state["space"]}
    for config in _json(oracle.hyperparameters.get_config()["space"]):
        before = begun_with.get(_key(config), config)
        if before != config:
            raise ValueError(
                f"Expected to resume the search in {oracle.folder} with the "
                f"range of {config['config']['name']} that it was begun with, "
                f"{before['config']}, but got {config['config']}. Leave it as "
                "it was, or begin another search in a new folder."
            )


def _missing(space, known):
    return [
        hyperparameter
        for hyperparameter in space.space
        if not known._exists(hyperparameter.name, hyperparameter.conditions)
    ]


def _key(config):
    config = config["config"]
    return json.dumps([config["name"], config["conditions"]])


def _json(value):
    return json.loads(json.dumps(value))
