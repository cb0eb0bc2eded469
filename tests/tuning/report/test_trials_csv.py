import csv
import math
import pathlib

from tfgen.tuning.report.result_files import write_trials_csv
from tfgen.tuning.trial_record import TrialRecord


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len({len(row) for row in rows}) == 1
    return rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_columns_and_cells(tmp_path):
    folder = pathlib.Path("x")
    reason = 'say "a, b";\r\nthen\nc'
    records = [
        TrialRecord(
            "00",
            "completed",
            {"network": "conv, big", "rate": 0.1},
            folder,
            score=1.5,
            metrics={"val_loss": 1.5, "loss": math.nan},
            best_epoch=2,
            epochs=3,
            seconds=4.25,
            parent="07",
        ),
        TrialRecord(
            "01", "failed", {"width": 3, "rate": 1e-12}, folder, reason=reason
        ),
    ]
    path = tmp_path / "trials.csv"
    write_trials_csv(path, records)
    header, (first, second) = read(path)
    assert header == [
        *("trial", "status", "score", "network", "rate", "width"),
        *("val_loss", "loss"),
        *("best_epoch", "epochs", "seconds", "parent", "reason"),
    ]
    assert first == {
        "trial": "00",
        "status": "completed",
        "score": "1.5",
        "network": "conv, big",
        "rate": "0.1",
        "width": "",
        "val_loss": "1.5",
        "loss": "nan",
        "best_epoch": "2",
        "epochs": "3",
        "seconds": "4.25",
        "parent": "07",
        "reason": "",
    }
    assert second["score"] == second["network"] == second["val_loss"] == ""
    assert (second["rate"], second["reason"]) == ("1e-12", reason)


def test_names_that_are_taken(tmp_path):
    record = TrialRecord(
        "0",
        "completed",
        {"epochs": 9, "beta": 2},
        tmp_path,
        score=1.0,
        metrics={"score": 3.0, "beta": 4.0},
        epochs=5,
    )
    path = tmp_path / "trials.csv"
    write_trials_csv(path, [record])
    header, (row,) = read(path)
    assert len(set(header)) == len(header)
    assert (row["epochs"], row["hyperparameter/epochs"]) == ("5", "9")
    assert (row["score"], row["metric/score"]) == ("1.0", "3.0")
    assert (row["beta"], row["metric/beta"]) == ("2", "4.0")


def test_no_trials(tmp_path):
    write_trials_csv(tmp_path / "trials.csv", [])
    header, rows = read(tmp_path / "trials.csv")
    assert header[0] == "trial" and header[-1] == "reason" and not rows
