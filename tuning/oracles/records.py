"""What an oracle knows of a trial, for the reports."""

from keras_tuner.engine.trial import TrialStatus

from tfgen.tuning.trial_record import TrialRecord

EPOCHS = "epochs"
"""The metric by which a trial reports how long it has trained."""


def record_of(oracle, trial) -> TrialRecord:
    """The record of a trial of a `DurableOracle`."""
    status = _status(oracle, trial)
    completed = status == "completed"
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
        score=trial.score if completed else None,
        best_epoch=trial.best_step if completed else None,
        epochs=int(metrics.pop(EPOCHS, 0)),
        metrics=metrics,
        seconds=oracle.run_notes[trial.trial_id]["seconds"],
        reason=oracle.reasons.get(trial.trial_id, ""),
        parent=values.get("tuner/trial_id"),
    )


def _status(oracle, trial):
    if trial.trial_id in oracle.queue:
        return "waiting"
    if trial.status == TrialStatus.COMPLETED:
        return "completed"
    return "failed" if trial.trial_id in oracle.reasons else "running"
