"""The files of a search for programs: `best.json` and `trials.csv`."""

import csv
import io
import pathlib
from collections.abc import Sequence

import tfgen
from tfgen.reports.strict_json import to_json
from tfgen.training.files import write_text
from tfgen.tuning.trial_record import TrialRecord

BEFORE = ("trial", "status", "score")
AFTER = ("best_epoch", "epochs", "seconds", "parent", "reason")


def write_best_json(
    path: pathlib.Path | str,
    record: TrialRecord,
    objective_name: str,
    direction: str,
    train_settings: dict | None = None,
) -> None:
    """Writes the best trial, for programs and for `tfgen train --from`.

    `settings` describe a model and its training; `values` are all that was
    drawn, what the tuner keeps for itself (`tuner/...`) included. `folder` of a
    trial below the file's own folder is relative to that, so that a search
    may be moved. Numbers that are not finite are null.

    Args:
        path: path of the file, which is there whole or not at all.
        record: the best trial, as `best_of` gives it.
        objective_name: such as `"val_negative_elbo"`.
        direction: `"min"` or `"max"`.
        train_settings: the settings of `tfgen train`; default the values
            themselves.
    """
    path = pathlib.Path(path)
    best = {
        "trial": record.trial_id,
        "score": record.score,
        "objective": {"name": objective_name, "direction": direction},
        "settings": settings(
            record.values if train_settings is None else train_settings
        ),
        "values": record.values,
        "metrics": record.metrics,
        "best_epoch": record.best_epoch,
        "epochs": record.epochs,
        "folder": _beside(path, pathlib.Path(record.folder)),
        "tfgen": tfgen.__version__,
    }
    write_text(path, to_json(best) + "\n")


def settings(values: dict) -> dict:
    """The values without those that a tuner keeps for itself.

    >>> settings({"latent_dim": 8, "tuner/bracket": 1})
    {'latent_dim': 8}
    """
    return {
        name: value
        for name, value in values.items()
        if not name.startswith("tuner/")
    }


def write_trials_csv(
    path: pathlib.Path | str, records: Sequence[TrialRecord]
) -> None:
    """Writes all trials of a search as a table, one row a trial.

    Columns: trial, status, score, hyperparameters in the order in which they
    were drawn, metrics at the best epoch, best_epoch, epochs, seconds,
    parent, reason. What a trial does not have is empty. A hyperparameter or
    metric whose name is a column already becomes `hyperparameter/NAME` or
    `metric/NAME`. pandas takes trial names such as `07` for numbers unless
    told `dtype={"trial": str, "parent": str}`.

    Args:
        path: path of the file, which is there whole or not at all.
        records: the trials, in the order of the rows.
    """
    taken = {*BEFORE, *AFTER}
    values = _columns("hyperparameter", (r.values for r in records), taken)
    metrics = _columns("metric", (r.metrics for r in records), taken)
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [*BEFORE, *values, *metrics, *AFTER], lineterminator="\n"
    )
    writer.writeheader()
    for record in records:
        writer.writerow(
            {"trial": record.trial_id}
            | {name: getattr(record, name) for name in (*BEFORE[1:], *AFTER)}
            | _row(values, record.values)
            | _row(metrics, record.metrics)
        )
    write_text(path, text.getvalue())


def _beside(path, folder):
    folder, home = folder.resolve(), path.resolve().parent
    if folder.is_relative_to(home):
        folder = folder.relative_to(home)
    return folder.as_posix()


def _columns(kind, dictionaries, taken):
    """`{column: name}` of all names, in the order of their appearance."""
    names = dict.fromkeys(name for each in dictionaries for name in each)
    columns = {
        f"{kind}/{name}" if name in taken else name: name for name in names
    }
    taken.update(columns)
    return columns


def _row(columns, found):
    return {column: found.get(name) for column, name in columns.items()}
