"""How a new run reads its table, where its settings do not say so."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tfgen.data import DataNote
from tfgen.detection.calibrated_run import calibrate_run
from tfgen.runs.data import load_splits
from tfgen.runs.folder import RunFolder
from tfgen.runs.load_options import with_reading
from tfgen.runs.run import Run


@pytest.mark.parametrize(
    "settings, schema",
    [
        ({"model": "vae", "data": "a.csv"}, "by_value"),
        ({"model": "vae", "data": "a.TSV.gz", "width": 8}, "by_value"),
        ({"model": "vae", "data": "a.parquet", "schema": "numbers"}, "numbers"),
        ({"model": "vae", "data": "a.npy"}, None),
        ({"model": "vae", "data": "iris"}, None),
        ({"model": "vae", "data": "a.csv", "likelihood": "gaussian"}, None),
        ({"model": "vae", "data": "a.csv", "preset": "table_vae"}, None),
        ({"model": "vae"}, None),
        ({"model": "gan", "data": "a.csv"}, None),
        ({"data": "a.csv", "preset": "table_vae"}, None),
    ],
)
def test_tables_of_vaes_are_read_by_value(settings, schema):
    assert with_reading(settings) == (
        {**settings, "schema": schema} if schema else settings
    )


def test_what_training_said_of_data_is_not_said_again(tmp_path):
    """Commands that read a run's own data once more have nothing to add."""
    few = np.arange(60) % 4
    frame = pd.DataFrame({"few": few, "size": np.arange(60) * 0.37 % 7})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    given = {"data": str(tmp_path / "rows.csv"), "preset": "table_vae"}
    with pytest.warns(DataNote, match="'few'"):
        Run.new(tmp_path / "run", given | {"epochs": 1}).train()
    folder = RunFolder(tmp_path / "run")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataNote)
        again = load_splits(folder.config(), ("train",), once_more=True)
        calibrate_run(tmp_path / "run", alpha=0.2)
    assert len(again["train"]) == 48
