"""A search for the HParams tab of TensorBoard."""

import math
import pathlib
import time
import typing
from collections.abc import Sequence

import tensorflow as tf

from tfgen.training.files import written_whole
from tfgen.tuning.report.result_files import settings

if typing.TYPE_CHECKING:
    import keras_tuner

# TensorBoard reads the files of a folder in the order of their names.
CONFIG = "events.out.tfevents.0000000000.search"
START = "events.out.tfevents.0000000000.start"
RESULT = "events.out.tfevents.0000000001.result"
OBJECTIVE = "objective"


def write_hparams_config(
    log_dir: pathlib.Path | str,
    hyperparameters: "keras_tuner.HyperParameters",
    metrics: Sequence[str],
) -> None:
    """Tells TensorBoard what is searched, and what shows in the table.

    The first column of the table is `objective`, which
    `write_hparams_result` writes; those of `metrics` are the curves of
    `tfgen.callbacks.TensorBoard` at their last epoch.

    Args:
        log_dir: folder of the whole search, above the folders of the trials.
        hyperparameters: the `keras_tuner.HyperParameters` of the search.
        metrics: names of logs, such as `["val_negative_elbo", "loss"]`.
    """
    from tensorboard.plugins.hparams import api

    found = {}
    for hyperparameter in hyperparameters.space:
        name = hyperparameter.name
        found.setdefault(name, api.HParam(name, _domain(api, hyperparameter)))
    columns = [
        api.Metric(OBJECTIVE, display_name=OBJECTIVE),
        *(_metric(api, name) for name in metrics),
    ]
    config = api.hparams_config_pb(list(found.values()), columns)
    _write(pathlib.Path(log_dir) / CONFIG, _as_event(config))


def write_hparams(
    log_dir: pathlib.Path | str, trial_id: str, values: dict
) -> None:
    """Tells TensorBoard that a trial begins.

    A trial that goes on after an interruption stays the same session.

    Args:
        log_dir: folder of the trial, above its `train` and `validation`.
        trial_id: its name in the table.
        values: values of its hyperparameters. Those that the tuner keeps for
            itself and None, which TensorBoard does not know, are left out.
    """
    from tensorboard.plugins.hparams import api

    path = pathlib.Path(log_dir) / START
    if path.exists():
        return
    known = {
        name: value
        for name, value in settings(values).items()
        if value is not None
    }
    _write(path, _as_event(api.hparams_pb(known, trial_id=trial_id)))


def write_hparams_result(
    log_dir: pathlib.Path | str,
    status: str,
    score: float | None,
    best_epoch: int | None = None,
) -> None:
    """Tells TensorBoard how a trial ended.

    The score is that of the best epoch, while curves end with the last.

    Args:
        log_dir: folder of the trial.
        status: `"completed"` or `"failed"`.
        score: value of the objective; None of a failed trial.
        best_epoch: step of the score.

    Raises:
        ValueError: if the trial has not ended.
    """
    if status not in ("completed", "failed"):
        raise ValueError(
            f"status is {status!r}, expected 'completed' or 'failed': call "
            "this when the trial has ended."
        )
    events = [_as_event(_session_end(status))]
    if score is not None and math.isfinite(score):
        events.append(_scalar(score, best_epoch or 0))
    _write(pathlib.Path(log_dir) / RESULT, *events)


def _domain(api, hyperparameter):
    """The values that TensorBoard's sliders and boxes offer."""
    if hasattr(hyperparameter, "min_value"):
        low, high = hyperparameter.min_value, hyperparameter.max_value
        if isinstance(low, int) and isinstance(high, int):
            return api.IntInterval(low, high)
        return api.RealInterval(float(low), float(high))
    if hasattr(hyperparameter, "values"):
        return api.Discrete(hyperparameter.values)
    if hasattr(hyperparameter, "value"):  # fixed
        return api.Discrete([hyperparameter.value])
    return api.Discrete([False, True])


def _metric(api, name):
    """The curve of a log, as `keras.callbacks.TensorBoard` names it."""
    log = name.removeprefix("val_")
    group = "train" if log == name else "validation"
    return api.Metric(f"epoch_{log}", group=group, display_name=name)


def _session_end(status):
    """As TensorBoard's second version writes it, which lacks a function."""
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.hparams import (
        api_pb2,
        metadata,
        plugin_data_pb2,
    )

    ended = {
        "completed": api_pb2.STATUS_SUCCESS,
        "failed": api_pb2.STATUS_FAILURE,
    }
    info = plugin_data_pb2.SessionEndInfo(
        status=ended[status], end_time_secs=time.time()
    )
    data = plugin_data_pb2.HParamsPluginData(session_end_info=info)
    summary = summary_pb2.Summary()
    summary.value.add(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return summary


def _scalar(value, step):
    from tensorboard.plugins.scalar import summary_v2

    return _as_event(summary_v2.scalar_pb(OBJECTIVE, value), step)


def _as_event(summary, step=0):
    from tensorboard.compat.proto import event_pb2

    return event_pb2.Event(wall_time=time.time(), step=step, summary=summary)


def _write(path, *events):
    """An event file is a TFRecord file; this one is there whole or not."""
    from tensorboard.compat.proto import event_pb2

    first = event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2")
    with written_whole(path) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for event in (first, *events):
                writer.write(event.SerializeToString())
