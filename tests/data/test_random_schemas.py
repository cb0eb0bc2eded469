"""Random tables come out as they went in."""

import hypothesis
import numpy as np
import pandas as pd
from random_tables import GAPS, tables

from tfgen.data.columns import restored, spelled
from tfgen.data.tables import read_table
from tfgen.runs.row_writer import RowWriter


def texts(path):
    """The cells as they stand in a file."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def written_back(path, out):
    """Writes a table's own rows as commands write samples; its columns."""
    table = read_table(path)
    rows = table.x
    if isinstance(rows, list):
        rows = np.array(rows, float).T.reshape(len(texts(path)), -1)
    with RowWriter(out) as file:
        file.append(spelled(table.columns, restored(table.columns, rows)))
    return table.columns


def remade(columns, cells):
    """Names of ids that had gaps, which what is made anew has not."""
    return [
        column.name
        for column in columns
        if column.kind == "id" and cells[column.name].isin(GAPS).any()
    ]


def check_kinds(columns, path):
    """The file's columns are found to be of these kinds."""
    again = read_table(path).columns
    for column, found in zip(columns, again, strict=True):
        # Numbers that are counted on from others than 0 and 1 may be any.
        is_counted = column.kind == "id" and column.format is None
        assert found.kind == column.kind or is_counted, column


@hypothesis.settings(max_examples=60)
@hypothesis.given(frame=tables())
def test_rows_of_any_columns_come_out_as_they_went_in(tmp_path_factory, frame):
    hypothesis.note(frame.to_csv(index=False))  # of which a frame shows parts
    folder = tmp_path_factory.mktemp("random")
    path, out = folder / "a.csv", folder / "b.csv"
    frame.to_csv(path, index=False)
    columns = written_back(path, out)
    wanted, found = pd.read_csv(path), pd.read_csv(out)
    assert list(found) == list(wanted)
    anew = remade(columns, texts(path))
    ids = [column.name for column in columns if column.kind == "id"]
    for name in {*ids} - {*anew}:
        assert found[name].dtype == wanted[name].dtype
        assert found[name].is_unique
    pd.testing.assert_frame_equal(
        found.drop(columns=ids), wanted.drop(columns=ids), check_exact=True
    )
    zeros = [c.name for c in columns if c.kind == "whole"]  # a note tells it
    pd.testing.assert_frame_equal(
        texts(out).drop(columns=ids + zeros),
        texts(path).drop(columns=ids + zeros),
    )
    if not anew:
        check_kinds(columns, out)
