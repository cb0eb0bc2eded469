"""Random tables come out as they went in, with a model between or without."""

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from random_tables import BOOLEANS, COLUMNS, GAPS, tables

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
    found = [column.kind for column in read_table(path).columns]
    assert found == [column.kind for column in columns]


@hypothesis.settings(max_examples=60)
@hypothesis.given(frame=tables())
def test_rows_of_any_columns_come_out_as_they_went_in(tmp_path_factory, frame):
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


def known_values(column, cells):
    """All that samples may have: cells of the file, and of two the other."""
    pairs = [pair for pair in BOOLEANS if set(cells) <= {*pair, *GAPS}]
    other = pairs[0] if column.kind == "boolean" and pairs else ()
    return {*cells, *other}


def check_samples(path, out, columns):
    """Samples in a file are as the rows of another, as pandas sees both."""
    wanted, found = pd.read_csv(path), pd.read_csv(out)
    cells, drawn = texts(path), texts(out)
    assert list(found) == list(wanted)
    for column in columns:
        real, new = cells[column.name], drawn[column.name]
        gaps, new_gaps = real.isin(GAPS), new.isin(GAPS)
        if column.kind == "id":
            assert new.is_unique
            continue
        assert set(new[new_gaps]) <= set(real[gaps])
        if column.kind == "datetime":
            days = [
                pd.to_datetime(part, format=column.format)
                for part in (real[~gaps], new[~new_gaps])
            ]
            check_range(*days)
        elif column.kind in ("whole", "decimal"):
            numbers = real[~gaps].astype(float), new[~new_gaps].astype(float)
            check_range(*numbers)
        else:
            assert set(new) <= known_values(column, real)
        if new_gaps.any() == gaps.any() and not new_gaps.all():
            assert found[column.name].dtype == wanted[column.name].dtype


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


def check_a_model_of(frame, folder):
    """A file's samples are like its rows."""
    path, out = folder / "a.csv", folder / "b.csv"
    frame.to_csv(path, index=False)
    # Of the first tables that hypothesis draws all cells are alike.
    hypothesis.assume((frame.nunique() > 2).sum() > len(frame.columns) / 2)
    check_samples(path, out, sampled(path, out))


@hypothesis.settings(max_examples=1, phases=[hypothesis.Phase.generate])
@hypothesis.given(frame=tables(COLUMNS, rows=st.just(40)))
def test_samples_of_all_kinds_are_as_the_file(tmp_path_factory, frame):
    check_a_model_of(frame, tmp_path_factory.mktemp("random"))


@pytest.mark.slow
@hypothesis.settings(max_examples=25)
@hypothesis.given(frame=tables(rows=st.just(40)))
def test_samples_of_many_tables_are_as_their_files(tmp_path_factory, frame):
    check_a_model_of(frame, tmp_path_factory.mktemp("random"))
