"""What is wrong with a schema is said in one line, for files and frames."""

import json

import pandas as pd
import pytest

from tfgen.data import from_arrays, load

TABLE = pd.DataFrame(
    {
        "city": ["Rome", "Oslo", "Rome", "Bonn"] * 3,
        "size": [i * i + 0.5 for i in range(12)],
        "day": ["2024-01-31", "2024-02-01", "2024-02-02", "2024-02-03"] * 3,
        "own": ["yes", "no"] * 6,
        "key": range(5, 17),
        "none": [None] * 12,
    }
)
WRONG_COLUMNS = [
    ({"name": "city"}, "has no kind, expected one of decimal, whole"),
    ({"name": "city", "kind": "text"}, "has the kind 'text', expected one of"),
    ({"name": "city", "kind": ["id"]}, "has the kind ['id'], expected one"),
    ({"name": "size", "kind": "decimal", "low": 3}, "has 'low', expected none"),
    (
        {"name": "size", "kind": "decimal", "categories": ["1"]},
        "has 'categories', which is for categorical, boolean, constant",
    ),
    (
        {"name": "city", "kind": "categorical", "frequent": [1]},
        "has 'frequent', which is for decimal, whole, datetime",
    ),
    (
        {"name": "size", "kind": "decimal", "format": "%d"},
        "has 'format', which is for datetime, id",
    ),
    (
        {"name": "size", "kind": "decimal", "missing": 5},
        "has a missing that is no text, 5",
    ),
    (
        {"name": "day", "kind": "datetime", "format": 3},
        "has a format that is no text, 3",
    ),
    (
        {"name": "city", "kind": "categorical", "categories": "Rome"},
        "has categories that are no texts, 'Rome'",
    ),
    (
        {"name": "city", "kind": "categorical", "categories": []},
        "has no categories: name them, or leave the key out",
    ),
    (
        {"name": "city", "kind": "categorical", "categories": ["a", "b", "a"]},
        "has the category 'a' more than once",
    ),
    (
        {"name": "city", "kind": "categorical", "categories": ["a", "NA"]},
        "has the category 'NA', which is read as a gap",
    ),
    (
        {"name": "own", "kind": "boolean", "categories": ["no"]},
        "has 1 categories, expected two of a boolean",
    ),
    (
        {"name": "city", "kind": "constant", "categories": ["a", "b"]},
        "has 2 categories, expected one of a constant",
    ),
    *(
        (
            {"name": "size", "kind": "decimal", "frequent": values},
            "has frequent values that are no finite numbers",
        )
        for values in (["0.5"], [True], [float("nan")], [10**400], 3)
    ),
    (
        {"name": "size", "kind": "decimal", "frequent": [0.5, 0.5]},
        "has the frequent value 0.5 more than once",
    ),
    (
        {"name": "size", "kind": "decimal", "frequent": [*range(300)]},
        "has 300 frequent values, expected 254 at most",
    ),
    *(
        (
            {"name": "day", "kind": "datetime", "format": form},
            f"has the format {form!r}, expected one such as '%d.%m.%Y",
        )
        for form in ("hello", "%Q", "%d.%m.", "mixed")
    ),
    *(
        (
            {"name": "key", "kind": "id", "format": form},
            f"has the format {form!r}, expected one place for a number",
        )
        for form in ("C-", "{}-{}", "{", "{:s}", "{a}", "{0.x}", "%d")
    ),
]
WRONG_CELLS = [
    (
        {"name": "town", "kind": "categorical"},
        (None, "there is no column 'town', which the schema names; the"),
        ".",
    ),
    (
        {"name": "city", "kind": "categorical", "categories": ["Rome", "Oslo"]},
        (3, "column 'city': 'Bonn' is none of the 2 values known (and 2 more)"),
        "give the schema these categories too, or none.",
    ),
    (
        {"name": "city", "kind": "decimal"},
        (0, "column 'city': 'Rome' is no finite number (and 11 more)"),
        None,
    ),
    (
        {"name": "size", "kind": "whole"},
        (0, "column 'size': '0.5' is no whole number (and 11 more)"),
        "give the schema the kind decimal.",
    ),
    (
        {"name": "city", "kind": "datetime"},
        (0, "column 'city': 'Rome' is no date of the form %Y-%m-%d (and 11"),
        "give the schema the format of the dates, or no kind.",
    ),
    (
        {"name": "day", "kind": "datetime", "format": "%d.%m.%Y"},
        (0, "column 'day': '2024-01-31' is no date of the form %d.%m.%Y"),
        "give the schema the format of the dates, or no kind.",
    ),
    (
        {"name": "city", "kind": "boolean"},
        (0, "column 'city': 'Rome' is no truth value, expected one pair: true"),
        "give the schema the kind categorical, or none.",
    ),
    (
        {"name": "own", "kind": "constant"},
        (0, "column 'own': 'yes' is not 'no', the column's one value"),
        "give the schema the kind categorical, or none.",
    ),
    (
        {"name": "none", "kind": "categorical"},
        (0, "column 'none': there is no value, expected one or categories in"),
        ".",
    ),
]


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Each reads the table by a schema; the name of its first row."""
    return _readers(TABLE, tmp_path_factory.mktemp("wrong"))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """The same of the table's numbers alone."""
    folder = tmp_path_factory.mktemp("numbers")
    return _readers(TABLE[["size", "key"]].assign(flag=[0, 1] * 6), folder)


def _readers(table, folder):
    table.to_csv(folder / "a.csv", index=False)
    table.to_parquet(folder / "a.parquet")
    return {
        lambda schema: load(folder / "a.csv", schema=schema): ("line", 2),
        lambda schema: load(folder / "a.parquet", schema=schema): ("row", 1),
        lambda schema: from_arrays(table, schema=schema): ("row", 0),
    }


def refused(read, schema):
    """The line that says what is wrong."""
    with pytest.raises(ValueError) as caught:
        read(schema)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("column", "expected"), WRONG_COLUMNS)
def test_columns_that_are_none(readers, tmp_path, column, expected):
    schema = {"columns": [{"name": "own", "kind": "boolean"} | column]}
    if "kind" not in column:
        del schema["columns"][0]["kind"]
    file = tmp_path / "s.json"
    file.write_text(json.dumps(schema))
    said = f"column 1 ({column['name']!r}) {expected}"
    for read in readers:
        assert refused(read, schema).startswith(f"schema: {said}")
        assert refused(read, file).startswith(f"{file}: {said}")


@pytest.mark.parametrize(("column", "told", "advice"), WRONG_CELLS)
def test_cells_that_do_not_fit(readers, column, told, advice):
    row, what = told
    for read, (word, first) in readers.items():
        said = refused(read, {"columns": [column]})
        place = "" if row is None else f"{word} {first + row}, "
        assert place + what in said
        assert advice is None or said.endswith(advice)


def test_all_reasons_at_once(readers):
    columns = [
        {"name": "city", "kind": "boolean"},
        {"name": "size", "kind": "whole"},
        {"name": "day", "kind": "datetime", "format": "%d.%m.%Y"},
        {"name": "town", "kind": "id"},
    ]
    for read in readers:
        said = refused(read, {"columns": columns})
        for part in ("no truth value", "no whole", "no date", "no column 't"):
            assert part in said
        columns_too = [{**column, "kind": "text"} for column in columns]
        said = refused(read, {"columns": columns_too})
        assert said.count("has the kind 'text'") == 4


@pytest.mark.parametrize(
    ("schema", "row", "what"),
    [
        (
            {"columns": [{"name": "sizes", "kind": "decimal"}]},
            None,
            "there is no column 'sizes', which the schema names; the columns "
            "are 'size', 'key', 'flag': add it, or rename the one that is "
            "meant.",
        ),
        (
            {"columns": [{"name": "size", "kind": "whole"}]},
            0,
            "column 'size': '0.5' is no whole number (and 11 more): give the "
            "schema the kind decimal.",
        ),
        (
            {"columns": [{"name": "key", "kind": "boolean"}]},
            0,
            "column 'key': '5' is no truth value, expected one pair: true and "
            "false, yes and no, or y and n: give the schema the "
            "kind categorical, or none.",
        ),
        (
            {
                "columns": [{"name": "key", "kind": "decimal"}],
                "rules": [{"rule": "below", "left": "size", "right": "key"}],
            },
            3,
            "rule 1 ('size' below 'key') does not hold: size is 9.5, key is 8 "
            "(and 8 more): mend these rows, or leave the rule out.",
        ),
    ],
)
def test_tables_of_numbers_that_do_not_fit(numbers, schema, row, what):
    for read, (word, first) in numbers.items():
        place = "" if row is None else f"{word} {first + row}, "
        assert place + what in refused(read, schema)


def test_what_a_schema_calls_numbers(numbers):
    """The same in each form: a kind as said, others as numbers, rules."""
    columns = [{"name": "key", "kind": "decimal"}]
    rules = [{"rule": "at_most", "left": "flag", "right": "key"}]
    for said in ({"rules": rules}, {"columns": [], "rules": rules}):
        for read in numbers:
            source = read(said)
            assert [c.kind for c in source.columns] == [
                "decimal",
                *2 * ["whole"],
            ]
            assert [rule.kind for rule in source.rules] == ["at_most"]
    for read in numbers:
        source = read({"columns": columns})
        assert [c.kind for c in source.columns] == [
            "decimal",
            "decimal",
            "whole",
        ]
        assert source.shape == (3,) and not source.rules


def test_arrays_have_no_schema():
    with pytest.raises(ValueError, match="schema is for frames of pandas or"):
        from_arrays(TABLE[["size"]].to_numpy(), schema="by_value")


@pytest.mark.parametrize("content", [[], 5, {}, {"columns": {"name": "a"}}])
def test_what_is_no_schema(readers, content):
    for read in readers:
        said = refused(read, content)
        assert said.startswith('schema has no list of columns, expected {"col')


def test_keys_without_a_value_are_left_out(readers):
    column = {"name": "city", "kind": "categorical"}
    nothing = dict.fromkeys(("categories", "missing", "frequent", "format"))
    for read in readers:
        found = read({"columns": [column | nothing]})
        assert found.columns[0].categories == ("Bonn", "Oslo", "Rome")
