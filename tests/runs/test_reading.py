"""How a new run reads its table, where its settings do not say so."""

import pytest

from tfgen.runs.load_options import with_reading


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
