"""Samples in a file are as the rows of the file that a model was trained on.

A table is known by the number in its test's name, so that

    pytest "tests/data/test_real_tables.py" --tables 400:600

tries others, and one of these that fails does so again by its number.
"""

import itertools
import json

import keras
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from random_tables import BOOLEANS
from real_tables import real_table, write

import tfgen
from tfgen.data.reading_json import read_reading
from tfgen.data.row_numbers import placed
from tfgen.runs.on_files import write_examples

SUFFIXES = (".csv", ".parquet")
COUNT, PIECE = 100, 50
REFUSED = ("there is nothing to learn in", "too far from the other values")


def pytest_generate_tests(metafunc):
    """Those of --tables in place of the tables that a test has."""
    mark = metafunc.definition.get_closest_marker("tables")
    if mark:
        asked = metafunc.config.getoption("tables")
        seeds = range(*map(int, asked.split(":"))) if asked else mark.args[0]
        metafunc.parametrize("seed", seeds)


class Noise:
    """In a model's place: any numbers, of each code as many as of others."""

    def __init__(self, source, seed):
        # As a saved model has it.
        told = json.dumps(source.reading.to_json())
        self.reading = read_reading(json.loads(told))
        assert self.reading == source.reading
        rng = np.random.default_rng(seed)
        self.x = rng.normal(0, 2, (COUNT, *source.shape)).astype(np.float32)
        for place, column in placed(source.columns):
            if column.levels:
                self.x[:, place] = rng.integers(0, column.levels, COUNT)
            elif column.width == 2:
                codes = rng.integers(0, column.specials + 1, COUNT)
                self.x[:, place + 1] = codes


def trained(source, seed):
    """A model after one step, and what it draws."""
    keras.utils.set_random_seed(seed)
    model = tfgen.build(
        "vae",
        data=source,
        network="mlp",
        network_options={"units": (8,)},
        latent_dim=2,
    )
    model.compile("adam")
    model.fit(source, batch_size=len(source), epochs=1, verbose=0)
    model.x = model.sample(COUNT, seed=0)
    return model


def sampled(path, out, make, seed):
    """Writes samples; columns, or None for a table that is refused."""
    try:
        source = tfgen.data.load(path, "all")
        source = source.standardized_by(source)
        source.arrays()
    except ValueError as error:
        assert "\n" not in str(error).replace("two\nlines", "")
        assert any(part in str(error) for part in REFUSED), error
        return None
    model = make(source, seed)
    pieces = [
        (np.arange(start, start + PIECE), model.x[start : start + PIECE], None)
        for start in range(0, COUNT, PIECE)
    ]
    write_examples(model, pieces, out, lambda done: None)
    return source.columns


def read(path):
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def check(path, out, columns):
    """Samples have the names, types and values of the rows."""
    wanted, found = read(path), read(out)
    assert list(found) == list(wanted)
    for column in columns:
        check_type(column, wanted[column.name], found[column.name], path, out)
        check_values(column, wanted[column.name], found[column.name])


def check_type(column, wanted, found, path, out):
    if path.suffix == ".csv":
        is_like = wanted.hasnans == found.hasnans and found.notna().any()
        if is_like and column.kind != "id":
            assert found.dtype == wanted.dtype, column
        return
    kinds = [pq.read_schema(p).field(column.name).type for p in (path, out)]
    assert kinds[0] == kinds[1], column
    # Of whole numbers with gaps pandas makes floats, unless Parquet says
    # otherwise, which samples do.
    floats = "float64" if str(kinds[0]).startswith(("int", "uint")) else None
    if not (wanted.hasnans and wanted.dtype == floats):
        assert found.dtype == wanted.dtype, column


def check_values(column, wanted, found):
    assert wanted.hasnans or not found.hasnans or " " in set(wanted), column
    wanted, found = wanted.dropna(), found.dropna()
    if column.kind == "id":
        assert found.is_unique
        return
    if not len(found) or "%z" in (column.format or ""):
        return
    if column.kind in ("whole", "decimal", "datetime"):
        if column.format:
            days = [as_days(cells, column.format) for cells in (wanted, found)]
            wanted, found = days
        assert found.min() >= wanted.min(), column
        assert found.max() <= wanted.max(), column
        return
    assert {*map(shown, found)} <= known_values(column, wanted), column


def as_days(cells, form):
    return pd.to_datetime(cells, format=form)


def shown(value):
    """A value in words, whole numbers alike whatever their type."""
    is_number = isinstance(value, (float, np.floating))
    return str(int(value) if is_number and value % 1 == 0 else value).strip()


def known_values(column, cells):
    """All that there were, of two truth values the other, and categories."""
    known = {*map(shown, cells)}
    if isinstance(cells.dtype, pd.CategoricalDtype):
        known.update(map(shown, cells.cat.categories))
    if column.kind == "boolean":
        pairs = [pair for pair in BOOLEANS if known <= {*pair}]
        known.update(itertools.chain(*pairs))
    return known


def try_table(seed, folder, make):
    """Both files of a table."""
    for suffix in SUFFIXES:
        path, out = folder / f"table{suffix}", folder / f"samples{suffix}"
        write(real_table(seed), path)
        columns = sampled(path, out, make, seed)
        if columns is not None:
            check(path, out, columns)


@pytest.mark.tables(range(60))
def test_any_rows_are_written_as_the_file(tmp_path, seed):
    try_table(seed, tmp_path, Noise)


@pytest.mark.tables(range(1))
def test_samples_are_written_as_the_file(tmp_path, seed):
    try_table(seed, tmp_path, trained)


@pytest.mark.slow
@pytest.mark.tables(range(100, 130))
def test_samples_of_many_tables_are_as_their_files(tmp_path, seed):
    try_table(seed, tmp_path, trained)
