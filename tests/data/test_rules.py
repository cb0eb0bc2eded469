"""Rules between columns: declared, refused, held by whatever was drawn."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from tfgen.data import Column, Rule, Schema, from_arrays, load
from tfgen.data.conditions import find_conditions
from tfgen.data.held_rules import MOST_DRAWS, Keeper
from tfgen.data.reading import Reading
from tfgen.data.reading_json import read_reading
from tfgen.data.rules import values_of
from tfgen.data.rules_and_conditions import contradictions

TABLE = pd.DataFrame(
    {
        "city": ["Rome", "Oslo", "Bonn", "Rome"] * 6,
        "land": ["IT", "NO", "DE", None] * 6,
        "start": pd.date_range("2024-01-01", periods=24).strftime("%Y-%m-%d"),
        "end": pd.date_range("2024-02-01", periods=24).strftime("%Y-%m-%d"),
        "net": [i * i / 8 + 0.25 for i in range(24)],
        "tax": [i / 8 for i in range(24)],
        "price": [i * i / 8 + i / 8 + 0.25 for i in range(24)],
        "plate": [7 * i for i in range(24)],
        "key": [f"K{i:03d}" for i in range(24)],
    }
)
RULES = [
    {"rule": "at_most", "left": "start", "right": "end"},
    {"rule": "below", "left": "tax", "right": "price"},
    {"rule": "together", "columns": ["city", "land"]},
    {"rule": "sum", "columns": ["net", "tax"], "total": "price"},
    {"rule": "unique", "columns": ["plate"]},
    {"rule": "unique", "columns": ["key"]},
]


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Each writes and reads a frame; the name of its first row."""
    folder = tmp_path_factory.mktemp("rules")

    def of_csv(frame, schema):
        frame.to_csv(folder / "a.csv", index=False)
        return load(folder / "a.csv", "all", schema=schema)

    def of_parquet(frame, schema):
        frame.to_parquet(folder / "a.parquet")
        return load(folder / "a.parquet", "all", schema=schema)

    def of_frame(frame, schema):
        return from_arrays(frame, schema=schema)

    return {of_csv: ("line", 2), of_parquet: ("row", 1), of_frame: ("row", 0)}


def refused(function, *arguments):
    """The line that says what is wrong."""
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_rules_are_read_and_written(readers, tmp_path):
    said = {**Schema.of(TABLE).to_json(), "rules": RULES}
    schema = Schema.read(said)
    assert schema.to_json() == said
    assert schema.rules[3] == Rule("sum", ("net", "tax", "price"))
    (tmp_path / "s.json").write_text(json.dumps(said))
    assert Schema.read(tmp_path / "s.json") == schema
    for read in readers:
        for given in (said, schema, {"rules": RULES}):
            source = read(TABLE, given)
            assert [rule.kind for rule in source.rules] == [
                rule["rule"] for rule in RULES
            ]
            cities, lands = source.columns[:2]
            places = source.rules[2].combinations
            assert {
                (cities.categories[int(a)], lands.categories[int(b)])
                for a, b in places
            } == {("Rome", "IT"), ("Oslo", "NO"), ("Bonn", "DE")}
            reading = source.reading
            told = json.loads(json.dumps(reading.to_json()))
            assert read_reading(told).rules == reading.rules


def test_nothing_is_written_where_there_are_none(readers):
    assert [*Schema.of(TABLE).to_json()] == ["columns"]
    for read in readers:
        told = read(TABLE, None).reading.to_json()
        assert "rules" not in told
        assert Reading.from_json(told).rules == ()


WRONG = [
    ("at_most", "has no rule, expected one such as {"),
    ({"left": "a"}, "has no rule, expected one such as {"),
    ({"rule": "less"}, "has the rule 'less', expected one of at_most, below"),
    ({"rule": ["sum"]}, "has the rule ['sum'], expected one of at_most"),
    (
        {"rule": "below", "left": "a", "right": "b", "by": 1},
        "('below') has 'by', expected none but left, right",
    ),
    (
        {"rule": "below", "left": "a", "right": 120},
        "('below') has right that is no name of a column, 120",
    ),
    ({"rule": "below", "left": "a"}, "has right that is no name of a"),
    (
        {"rule": "below", "left": "a", "right": "a"},
        "('below') has the column 'a' more than once",
    ),
    (
        {"rule": "together", "columns": ["a"]},
        "('together') has one column alone, expected two at least",
    ),
    (
        {"rule": "together", "columns": "a, b"},
        "has columns that are no list of names, 'a, b'",
    ),
    ({"rule": "unique", "columns": []}, "columns that are no list of names"),
    (
        {"rule": "sum", "columns": ["a"], "total": "b"},
        "('sum') has one column alone, expected two at least",
    ),
    ({"rule": "sum", "columns": ["a", "b"]}, "has total that is no name of a"),
]


@pytest.mark.parametrize(("rule", "expected"), WRONG)
def test_rules_that_are_none(rule, expected):
    said = refused(Schema.read, {"rules": [RULES[0], rule]})
    assert said.startswith("schema: rule 2 ") and expected in said


def test_all_that_is_wrong_with_a_schema_is_said_at_once():
    columns = [{"name": "a", "kind": "text"}]
    said = refused(
        Schema.read, {"columns": columns, "rules": [WRONG[2][0], WRONG[5][0]]}
    )
    for part in ("column 1 ('a') has the kind", "rule 1 has", "rule 2 ('bel"):
        assert part in said
    said = refused(Schema.read, {"columns": columns, "rule": []})
    assert "'rule' is no key of a schema: write 'rules'" in said
    assert "rules is no list, 3" in refused(
        Schema.read, {"columns": [{"name": "a", "kind": "id"}], "rules": 3}
    )
    assert "has no list of columns" in refused(Schema.read, {"rules": []})


NONE_OF_TABLE = [
    (
        {"rule": "below", "left": "net", "right": "gross"},
        "rule 1 ('net' below 'gross'): there is no column 'gross' to learn; "
        "those are 'city', 'land'",
    ),
    (
        {"rule": "at_most", "left": "city", "right": "net"},
        "rule 1 ('city' at most 'net'): 'city' is categorical, expected one of "
        "decimal, whole, datetime: if it is a number, give it such a kind in "
        "the schema",
    ),
    (
        {"rule": "at_most", "left": "start", "right": "net"},
        "a date and a number have no order: name two of one kind",
    ),
    (
        {"rule": "sum", "columns": ["start", "net"], "total": "price"},
        "'start' is datetime, expected one of decimal, whole: name others",
    ),
    (
        {"rule": "together", "columns": ["key", "city"]},
        "'key' is id, expected one of decimal, whole, datetime, boolean, cat",
    ),
]


@pytest.mark.parametrize(("rule", "expected"), NONE_OF_TABLE)
def test_rules_that_are_none_of_the_table(readers, rule, expected):
    for read in readers:
        assert expected in refused(read, TABLE, {"rules": [rule]})


def test_sums_that_cannot_be_computed(readers):
    one = {"rule": "sum", "columns": ["net", "tax"], "total": "price"}
    again = {"rule": "sum", "columns": ["net", "plate"], "total": "price"}
    circle = {"rule": "sum", "columns": ["price", "plate"], "total": "net"}
    for read in readers:
        said = refused(read, TABLE, {"rules": [one, again]})
        assert "rule 2 ('net' + 'plate' = 'price'): another sum has" in said
        said = refused(read, TABLE, {"rules": [one, circle]})
        assert "'price' is a part of its own sum, by way of others" in said


def test_rows_that_break_them_are_refused_with_place_and_values(readers):
    table = TABLE.copy()
    table.loc[3, "start"] = "2024-03-01"
    table.loc[[5, 9], "tax"] = 999.5
    table.loc[7, "plate"] = 14
    table.loc[8, "key"] = "K001"
    for read, (word, first) in readers.items():
        said = refused(read, table, {"rules": RULES})
        for row, what in (
            (3, "rule 1 ('start' at most 'end') does not hold: start is "
             "2024-03-01, end is 2024-02-04;"),
            (5, "rule 2 ('tax' below 'price') does not hold: tax is 999.5, "
             "price is 4 (and 1 more);"),
            (5, "rule 4 ('net' + 'tax' = 'price') does not hold: net is "
             "3.375, tax is 999.5, price is 4 (and 1 more);"),
            (7, "rule 5 (unique: 'plate') does not hold: plate is 14;"),
            (8, "rule 6 (unique: 'key') does not hold: key is 'K001'"),
        ):  # fmt: skip
            assert f"{word} {first + row}, {what}" in said
        assert said.endswith("mend these rows, or leave the rule out.")


def test_tables_of_numbers_alone(tmp_path):
    """Pandas reads them without lines; the third row is on line 5."""
    path = tmp_path / "n.csv"
    path.write_text("a,b\n1.5,2\n2,3\n\n9.25,3.5\n4,5.5\n")
    schema = {"rules": [{"rule": "at_most", "left": "a", "right": "b"}]}
    assert "line 5, rule 1 ('a' at most 'b') does not hold: a is 9.25, " in (
        refused(lambda: load(path, "all", schema=schema))
    )
    path.write_text(path.read_text().replace("9.25", "0.25"))
    source = load(path, "all", schema=schema)
    assert not source.is_mixed and source.rules[0].columns == ("a", "b")


def test_combinations_are_those_of_the_training_rows():
    rng = np.random.default_rng(0)
    kinds = [f"k{i}" for i in range(40)]
    frame = pd.DataFrame(
        {"a": rng.choice(kinds, 300), "b": rng.choice(kinds, 300)}
    )
    rule = {"rule": "together", "columns": ["a", "b"]}
    source = from_arrays(frame, schema={"rules": [rule]})
    train, _ = source.divide((0.5, 0.5))
    rows = frame.iloc[train.indices]
    assert len(train.rules[0].combinations) == len(rows.drop_duplicates())
    assert len(source.rules[0].combinations) == len(frame.drop_duplicates())


def number(name, decimals=None, low=-np.inf, high=np.inf, **more):
    kind = "whole" if decimals == 0 else "decimal"
    digits = decimals or None
    return Column(name, kind, decimals=digits, low=low, high=high, **more)


@pytest.mark.parametrize(
    ("rule", "row", "expected"),
    [
        (Rule("at_most", ("a", "b")), (2.0, 2.0, 0, 0), True),
        (Rule("below", ("a", "b")), (2.0, 2.0, 0, 0), False),
        (Rule("below", ("a", "b")), (2.0, 1.0, 1, 0), True),  # b is a gap
        (Rule("at_most", ("b", "c")), (0, 3.0, 0, 2.5), False),
        (Rule("sum", ("a", "b", "c")), (0.1, 0.2, 0, 0.3), True),
        (Rule("sum", ("a", "b", "c")), (0.1, 0.2, 0, 0.4), False),
        # Rounded to the digit that c has: 0.26 and 0.34 are 0.3.
        (Rule("sum", ("a", "b", "c")), (0.1, 0.16, 0, 0.3), True),
        (Rule("sum", ("a", "b", "c")), (0.1, 0.24, 0, 0.3), True),
        (Rule("sum", ("a", "b", "c")), (0.1, 0.26, 0, 0.3), False),
        (Rule("together", ("a", "c"), ((1.0, 2.0),)), (1.0, 9, 0, 2.0), True),
        (Rule("together", ("a", "c"), ((1.0, 2.0),)), (2.0, 9, 0, 1.0), False),
    ],
)
def test_what_holds(rule, row, expected):
    columns = [number("a"), number("b", missing=""), number("c", 1)]
    values = values_of(columns, np.array([row]), rule.columns)
    known = {column.name: column for column in columns}
    assert rule.holds(known, values).tolist() == [expected]


def test_sums_are_computed_in_their_order():
    """The price has a code for 3.5, which it gets."""
    columns = [
        number("total", 0, 0, 90),
        number("net", 1, 0, 50),
        number("tax", 1, 0, 50),
        number("price", 1, 0, 60, frequent=(3.5,)),
        number("fee", 1, 0, 50),
    ]
    rules = [
        Rule("sum", ("price", "fee", "total")),
        Rule("sum", ("net", "tax", "price")),
    ]
    x = [[7.0, 0.1, 0.2, 9.9, 1, 0.4], [7.0, 3.0, 0.5, 9.9, 0, 1.2]]
    held = Keeper(rules, columns).hold(np.array(x), None).x
    # 0.3 + 0.4 rounds to 1; 3.5 + 1.2 to 5.
    wanted = [[1, 0.1, 0.2, 0.3, 0, 0.4], [5, 3, 0.5, 3.5, 1, 1.2]]
    np.testing.assert_allclose(held, wanted, atol=1e-12)


def test_a_part_is_computed_where_the_total_is_asked_for_or_given():
    columns = [number(name, 0, 0, 20) for name in "abc"]
    rules = [Rule("sum", ("a", "b", "c"))]
    x = np.array([[3.0, 9.0, 8.0]])
    asked = Keeper(rules, columns, asked=("c",)).hold(x, None).x
    assert asked.tolist() == [[3, 5, 8]]
    x = np.array([[3.0, 6.0, 8.0]])
    both = Keeper(rules, columns, asked=("b", "c")).hold(x, None).x
    assert both.tolist() == [[2, 6, 8]]
    every = Keeper(rules, columns, asked=("a", "b", "c")).hold(x, None).x
    assert every.tolist() == [[3, 6, 9]]
    # What is computed from given ones alone may lie anywhere; rows that are
    # given as a whole stay.
    x = np.array([[15.0, 10.0, 2.0], [1.0, 7.0, 0.0], [1.0, 1.0, 9.0]])
    given = np.array([[1, 1, 0], [0, 1, 1], [1, 1, 1]], bool)
    held = Keeper(rules, columns, given).hold(x, None)
    assert held.x.tolist() == [[15, 10, 25], [-7, 7, 0], [1, 1, 9]]
    assert held.note is None


def test_other_rows_are_drawn_again_until_they_hold():
    columns = [number("a", 0, 0, 9), number("b", 0, 0, 9)]
    draws = {
        0: [[1, 2], [5, 3], [7, 7], [9, 8]],
        1: [[0, 0], [4, 3], [2, 1], [6, 5]],
        2: [[0, 0], [3, 3], [0, 9], [1, 0]],
        3: [[0, 0], [0, 0], [0, 0], [1, 1]],
    }
    asked = []

    def redraw(rows, draw):
        asked.append(rows.tolist())
        return np.array(draws[draw], float)[rows]

    keeper = Keeper([Rule("at_most", ("a", "b"))], columns)
    held = keeper.hold(np.array(draws[0], float), redraw)
    assert held.x.tolist() == [[1, 2], [3, 3], [7, 7], [1, 1]]
    assert asked == [[1, 3], [1, 3], [3]]
    assert held.note == (
        "2 of 4 rows were drawn again to hold the rules (5 draws)."
    )


def test_what_no_draw_holds_is_refused():
    columns = [number("a", 0, 0, 9), number("b", 0, 0, 9)]
    rules = [Rule("below", ("a", "b"))]
    x = np.array([[1.0, 2.0], [5.0, 3.0], [5.0, 4.0]])
    drawn = []

    def redraw(rows, draw):
        drawn.append(draw)
        return x[rows]

    said = refused(Keeper(rules, columns).hold, x, redraw)
    assert said == (
        f"row 1, none of {MOST_DRAWS} draws holds the rules (and 1 more); of "
        "the last one rule 1 ('a' below 'b'): a is 5, b is 3: train for "
        "longer, or leave the rule out."
    )
    assert drawn[:-1] == [*range(1, MOST_DRAWS)]
    sums = Keeper([Rule("sum", ("a", "a2", "b"))], [*columns, number("a2")])
    far = np.array([[8.0, 0, 5.0]])  # 8 + 5 is more than b may be
    said = refused(sums.hold, far, lambda *_: far)
    assert "a is 8, a2 is 5, b is 9, beyond the training rows" in said
    unique = Keeper([Rule("unique", ("a",))], columns)
    said = refused(unique.hold, x, lambda rows, _: x[rows])
    assert "row 2, none of" in said and "a is 5, as before" in said


@pytest.mark.parametrize("seed", range(5))
def test_unique_rows_go_by_those_before_alone(seed):
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 5, (MOST_DRAWS, 20, 2)).astype(float)
    columns = [number("a", 0, 0, 9), number("b", 0, 0, 9)]
    keeper = Keeper([Rule("unique", ("a", "b"))], columns)

    def redraw(rows, draw):
        return draws[draw][rows]

    whole = keeper.hold(draws[0], redraw).x
    assert len({*map(tuple, whole)}) == 20
    for row, found in enumerate(whole):
        assert (draws[:, row] == found).all(axis=1).any()
    for count in (3, 11):
        part = keeper.hold(draws[0][:count], redraw).x
        np.testing.assert_array_equal(part, whole[:count])


def test_unique_leaves_gaps_and_given_rows():
    columns = [number("a", 0, missing="")]
    x = np.array([[3.0, 0], [3.0, 0], [0.0, 1], [0.0, 1], [4.0, 0]])
    given = np.array([[1, 1], [1, 1], [0, 0], [0, 0], [0, 0]], bool)
    keeper = Keeper([Rule("unique", ("a",))], columns, given)
    assert keeper.hold(x, None).x.tolist() == x.tolist()
    x[4, 0] = 3.0  # which rows that are given have
    drawn = keeper.hold(x, lambda rows, draw: np.array([[5.0, 0]]))
    assert drawn.x[4].tolist() == [5, 0] and drawn.rows_again == 1


DAY = 86400.0
COLUMNS = [
    Column("city", "categorical", categories=("Bonn", "Oslo", "Rome")),
    Column("land", "categorical", categories=("DE", "IT", "NO")),
    *(
        Column(name, "datetime", step=DAY, low=0, high=100 * DAY)
        for name in ("start", "end")
    ),
    number("a", 0, 0, 9),
    number("b", 0, 0, 9),
    number("c", 0, 0, 18),
]
OF_COLUMNS = (
    Rule("below", ("start", "end")),
    Rule("together", ("city", "land"), ((0.0, 0.0), (1.0, 2.0), (2.0, 1.0))),
    Rule("sum", ("a", "b", "c")),
    Rule("unique", ("a", "city")),
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("start=1970-01-05..,end=..1970-01-05", "start is 1970-01-05 at leas"),
        ("start=1970-01-05..,end=..1970-01-06", None),
        ("start=1970-04-11", "start is 1970-04-11 at least, end 1970-04-11 at"),
        ("city=Rome,land=NO", "no training row has such a combination"),
        ("city=Rome", None),
        ("a=5..,b=5..,c=..9", "the parts give 10 to 18, c is 0 to 9"),
        ("a=5..,b=4..,c=..9", None),
        ("city=Rome,a=5..7", "of 4 rows at most 3 can differ"),
        ("city=Rome,a=5..8", None),
    ],
)
def test_conditions_that_contradict_them(where, expected):
    conditions = find_conditions(where, COLUMNS)
    found = contradictions(OF_COLUMNS, COLUMNS, conditions, 4)
    assert bool(found) == bool(expected), found
    if expected:
        assert expected in found[0] and found[0].startswith("rule ")


def test_gaps_contradict_nothing():
    columns = [dataclasses.replace(c, missing="") for c in COLUMNS]
    for where in ("start=1970-04-11", "a=5..,b=5..", "city=Rome,land="):
        conditions = find_conditions(where, columns)
        assert not contradictions(OF_COLUMNS, columns, conditions, 2)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("sum", "rule 1: a str is no rule"),
        ({"rule": "sum"}, "rule 1: ('sum') has columns that are no list"),
        (
            {"rule": "together", "columns": ["city", "land"]},
            "rule 1: combinations is missing",
        ),
        (
            {
                "rule": "together",
                "columns": ["city", "land"],
                "combinations": [[0]],
            },
            "rule 1: combinations is '[[0]]'",
        ),
        (
            {"rule": "below", "left": "net", "right": "gross"},
            "there is no column 'gross'",
        ),
    ],
)
def test_a_damaged_reading_is_refused(rule, expected):
    told = from_arrays(TABLE, schema={"rules": RULES}).reading.to_json()
    told = {**json.loads(json.dumps(told)), "rules": [rule]}
    assert expected in refused(read_reading, told)
