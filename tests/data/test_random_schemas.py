"""Random tables come out as they went in, with a model between or without."""

import types

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from random_tables import COLUMNS, GAPS, tables

import tfgen
from tfgen.data.columns import restored, spelled
from tfgen.data.tables import read_table
from tfgen.runs.on_files import write_examples
from tfgen.runs.row_writer import RowWriter


def texts(path):
    """The cells as they stand in a file."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def written_back(path, out):
    """Writes a table's own rows as commands write samples; its columns."""
    table = read_table(path)
    rows = table.x
    if isinstance(rows, list):
        rows = np.stack(rows, axis=1) if rows else np.zeros((len(texts(path)), 0))
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
    found = [column.kind for column in read_table(path).columns]
    assert found == [column.kind for column in columns]


@hypothesis.settings(max_examples=60)
@hypothesis.given(frame=tables())
def test_rows_of_any_columns_come_out_as_they_went_in(
    tmp_path_factory, frame
):
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


def check_samples(path, out, columns):
    """Samples in a file are as the rows of another, as pandas sees both."""
    wanted, found = pd.read_csv(path), pd.read_csv(out)
    cells, drawn = texts(path), texts(out)
    assert list(found) == list(wanted)
    for column in columns:
        name = column.name
        real, new = wanted[name], found[name]
        if column.kind == "id":
            assert new.is_unique
            continue
        gaps = cells[name].isin(GAPS)
        has_gaps = drawn[name].isin(GAPS)
        assert set(drawn[name][has_gaps]) <= set(cells[name][gaps])
        if column.kind in ("categorical", "boolean", "constant"):
            assert set(drawn[name]) <= set(cells[name])
        elif column.kind == "datetime":
            dates = [
                pd.to_datetime(part[~none], format=column.format)
                for part, none in ((cells[name], gaps), (drawn[name], has_gaps))
            ]
            check_range(*dates)
        else:
            numbers = [
                pd.to_numeric(part[~none])
                for part, none in ((cells[name], gaps), (drawn[name], has_gaps))
            ]
            check_range(*numbers)
        if has_gaps.any() == gaps.any() and not has_gaps.all():
            assert new.dtype == real.dtype or real.dtype == bool


def check_range(wanted, found):
    """No value lies outside of what there was."""
    if len(found):
        assert found.min() >= wanted.min()
        assert found.max() <= wanted.max()


def sampled(path, out, count=200):
    """Writes samples of a model that was trained for one step; columns."""
    source = tfgen.data.load(path, "all")
    source = source.standardized_by(source)
    model = tfgen.build(
        "vae",
        data=source,
        network="mlp",
        network_options={"units": (8,)},
        latent_dim=2,
    )
    model.compile("adam")
    model.fit(source, batch_size=len(source), epochs=1, verbose=0)
    x = model.sample(count, seed=0)
    examples = [(np.arange(count), x, None)]
    write_examples(model, examples, out, lambda done: None)
    return source.columns
