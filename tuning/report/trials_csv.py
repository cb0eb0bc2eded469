import csv
import io

from tfgen.training.files import write_text

BEFORE = ("trial", "status", "score")
AFTER = ("best_epoch", "epochs", "seconds", "parent", "reason")


def write_trials_csv(path, records) -> None:
    """Writes all trials of a search as a table, one row a trial.

    Columns: trial, status, score, hyperparameters in the order in which they
    were drawn, metrics at the best epoch, best_epoch, epochs, seconds,
    parent, reason. What a trial does not have is empty. A hyperparameter or
    metric whose name is a column already becomes `hyperparameter/NAME` or
    `metric/NAME`. pandas takes trial names such as `07` for numbers unless
    told `dtype={"trial": str, "parent": str}`.

    Args:
        path: of the file, which is there whole or not at all.
        records: a sequence of `TrialRecord`.
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
