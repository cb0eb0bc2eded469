"""What the columns of a table are: found, said, refused."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from tfgen.data import DataNote, Schema, load
from tfgen.data.cells import Cells
from tfgen.data.column_kinds import find_column
from tfgen.data.reading import Reading


@pytest.fixture
def write(tmp_path):
    def write(content, name="a.csv"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNote)
        yield


def found(cells, name="c"):
    texts = list(dict.fromkeys(cells))
    codes = [texts.index(cell) for cell in cells]
    faults = []
    column = find_column(
        name, Cells.of_texts(texts, codes), lambda *told: faults.append(told)
    )
    return column, faults


@pytest.mark.parametrize(
    ("cells", "kind", "dtype"),
    [
        (["red", "blue", "red"], "categorical", "str"),
        (["2", "3", "2"], "whole", "int64"),
        (["2", "3", ""], "whole", "int64"),
        (["1.5", "2", "?"], "decimal", "float64"),
        (["1e-05", "2.5E+16", "-3e-07"], "decimal", "float64"),
        (["1.0", "2.0"], "whole", "float64"),
        (["3", "4"] * 5, "categorical", "int64"),
        (["01234", "99"] * 3, "categorical", "str"),
        ([str(2**60 + i % 2) for i in range(6)], "categorical", "int64"),
        (["True", "false"], "boolean", "bool"),
        (["yes", "no", ""], "boolean", "str"),
        (["Y", "N"], "boolean", "str"),
        (["yes", "yes"], "constant", "str"),
        (["v2", "v2", "v2"], "constant", "str"),
        (["", "NA"], "constant", "str"),
        (["2024-01-31", "2023-02-01"], "datetime", "datetime64[us]"),
        (["31.01.2024", ""], "datetime", "datetime64[us]"),
        (["01/31/2024", "02/01/2024"], "datetime", "datetime64[us]"),
        (["2024-01-31T10:00:00Z"] * 2, "datetime", "datetime64[us]"),
        ([f"row {i}" for i in range(12)], "id", "str"),
        ([str(i) for i in range(12)], "id", "int64"),
        (["12", "half", "third", "most"], "categorical", "str"),
    ],
)
def test_kinds_by_the_rules(cells, kind, dtype):
    column, faults = found(cells)
    assert (column.kind, column.dtype, faults) == (kind, dtype, [])


def test_whole_numbers_by_the_name_of_an_id():
    cells = [str(i * i) for i in range(12)]
    assert found(cells)[0].kind == "whole"
    assert found(cells, "user_id")[0].kind == "id"


def test_ids_beyond_floats_stay_whole_numbers():
    cells = [str(2**60 + 7**i) for i in range(12)]
    column, _ = found(cells)
    assert (column.kind, column.dtype) == ("id", "int64")


def test_half_of_numbers_make_a_column_of_numbers():
    column, faults = found(["1", "2", "x", "12,5", "x"])
    assert column.kind == "decimal"
    assert [(what, rows.tolist()) for what, rows in faults] == [
        ("'x' is no finite number", [2, 4]),
        ("'12,5' is no finite number", [3]),
    ]


def test_frequent_numbers():
    column, _ = found(["0"] * 90 + [str(i) for i in range(7, 107)])
    assert (column.frequent, column.width) == ((0.0,), 2)
    assert found([str(i) for i in range(2, 100)])[0].frequent is None


def test_frequent_dates():
    years = [f"{year}-01-01" for year in (1970, 1971, 1972)]
    column, _ = found(years * 20)
    first = pd.Timestamp("1970-01-01").timestamp()
    assert column.frequent[0] == first
    assert (len(column.frequent), column.width) == (3, 2)


@pytest.mark.parametrize(
    ("days", "step"),
    [
        (["2024-01-31", "2024-02-01"], 86400.0),
        (["2024-01-31 10:00", "2024-01-31 11:30"], 60.0),
        (["2024-01-31 10:00:00", "2024-01-31 11:30:07"], 1.0),
        (["2024-01-31 10:00:00.5", "2024-01-31 11:30:00.125"], 1e-3),
    ],
)
def test_steps_of_dates(days, step):
    column, _ = found(days)
    assert column.step == step
    first = pd.Timestamp(days[0]).timestamp()
    assert column.low == pytest.approx(first, abs=1e-6)


def test_a_schema_says_what_columns_are(write):
    path = write("a,b,c\n" + "1,x,5\n2,y,6\n3,x,7\n" * 4)
    schema = {
        "columns": [
            {"name": "a", "kind": "categorical", "categories": ["1", "2", "3"]},
            {"name": "c", "kind": "id"},
        ]
    }
    file = write(json.dumps(schema), "schema.json")
    for said in (schema, file, str(file), Schema.read(file)):
        source = load(path, "all", schema=said)
        kinds = [column.kind for column in source.columns]
        assert kinds == ["categorical", "categorical", "id"]
    frame = pd.read_csv(path)
    assert [c.kind for c in Schema.of(frame).columns][1] == "categorical"


def test_a_schema_that_was_found_reads_the_same(write):
    path = write("a,b,c\n" + "1.5,x,2024-01-31\n2,,2024-03-31\n3,x,\n" * 4)
    schema = Schema.of(path)
    again = Schema.read(json.loads(json.dumps(schema.to_json())))
    one, other = load(path, "all"), load(path, "all", schema=again)
    assert one.columns == other.columns
    np.testing.assert_array_equal(one.arrays()[0], other.arrays()[0])
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("no", "is no schema"),
        ("{}", "has no list of columns"),
        ('{"columns": [{}]}', "column 1 has no name"),
        (
            '{"columns": [{"name": "a", "kind": "text"}, {"kind": "id"}]}',
            "column 1 ('a') has the kind 'text', expected one of decimal, ",
        ),
        (
            '{"columns": [{"name": "a", "kind": "id", "size": 3}]}',
            "('a') has 'size'",
        ),
        (
            '{"columns": [{"name": "a", "kind": "categorical", '
            '"categories": [1]}]}',
            "categories that are no texts",
        ),
        (
            '{"columns": [{"name": "a", "kind": "id"}, '
            '{"name": "a", "kind": "id"}]}',
            "'a' stands twice",
        ),
    ],
)
def test_wrong_schemas_are_refused(write, content, expected):
    file = write(content, "schema.json")
    with pytest.raises(ValueError) as caught:
        Schema.read(file)
    assert str(caught.value).startswith(str(file))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_does_not_fit_its_schema_is_refused_at_once(write):
    path = write("a,b\nx,2024-01-31\nz,31.01.2024\ny,2024-01-31\n")
    schema = {
        "columns": [
            {"name": "a", "kind": "categorical", "categories": ["x", "y"]},
            {"name": "b", "kind": "datetime", "format": "%Y-%m-%d"},
            {"name": "c", "kind": "id"},
        ]
    }
    with pytest.raises(ValueError) as caught:
        load(path, schema=schema)
    for part in (
        "there is no column 'c', which the schema names",
        "line 3, column 'a': 'z' is none of the 2 values known",
        "line 3, column 'b': '31.01.2024' is no date of the form %Y-%m-%d",
        "give the schema these categories too, or none; give the schema the "
        "format of the dates",
    ):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_without_values_is_known_by_a_model_and_a_schema(write):
    path = write("a,b\n" + "1.5,\n2.5,\n" * 4)
    source = load(path, "all")
    assert Reading.from_json(source.reading.to_json()) == source.reading
    schema = json.loads(json.dumps(Schema(source.columns).to_json()))
    again = load(path, "all", schema=schema)
    assert again.columns == source.columns
    empty = pd.Categorical([None] * 8, categories=["u", "w"])
    (_, column) = Schema.of(pd.read_csv(path).assign(b=empty)).columns
    assert (column.kind, column.categories) == ("constant", None)


def test_a_table_without_anything_to_learn_is_refused(write):
    with pytest.raises(ValueError, match="nothing to learn in 'a' .one value"):
        load(write("a\nx\nx\n"))


def test_what_is_found_is_said_in_one_line(write):
    path = write("id,a,b\n" + "".join(f"{i},{i / 7},u\n" for i in range(12)))
    path.write_text(path.read_text() + "12,,w\n")
    with pytest.warns(DataNote) as told:
        load(path, "all")
    (note,) = [str(warning.message) for warning in told]
    assert "1 decimal, 1 categorical, 1 id; gaps in a" in note
    assert "id is not learned but made anew" in note
