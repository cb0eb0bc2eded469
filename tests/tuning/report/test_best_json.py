import json
import math

import numpy as np

import tfgen
from tfgen.tuning.report.result_files import write_best_json
from tfgen.tuning.trial_record import TrialRecord


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_what_it_says(tmp_path):
    record = TrialRecord(
        "07",
        "completed",
        {"latent_dim": np.int64(8), "network": "conv", "tuner/bracket": 1},
        tmp_path / "out" / "trials" / "07",
        score=np.float64(1.5),
        metrics={"val_loss": 1.5, "kl": math.nan, "bound": -math.inf},
        best_epoch=2,
        epochs=3,
    )
    path = tmp_path / "out" / "best.json"
    write_best_json(path, record, "val_loss", "min")
    assert json.loads(path.read_text(), parse_constant=refuse) == {
        "trial": "07",
        "score": 1.5,
        "objective": {"name": "val_loss", "direction": "min"},
        "settings": {"latent_dim": 8, "network": "conv"},
        "values": {"latent_dim": 8, "network": "conv", "tuner/bracket": 1},
        "metrics": {"val_loss": 1.5, "kl": None, "bound": None},
        "best_epoch": 2,
        "epochs": 3,
        "folder": "trials/07",
        "tfgen": tfgen.__version__,
    }


def test_a_trial_elsewhere_has_its_whole_path(tmp_path):
    record = TrialRecord("0", "completed", {}, tmp_path / "other", score=1.0)
    path = tmp_path / "out" / "best.json"
    write_best_json(path, record, "val_loss", "min")
    folder = json.loads(path.read_text())["folder"]
    assert folder == (tmp_path / "other").as_posix()
