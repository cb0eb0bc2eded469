"""Tables of numbers alone, of which few columns take many values."""

import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.data import Schema, from_arrays, load

SURVEY = pd.DataFrame(
    {
        "children": [0, 1, 2, 1] * 30,
        "income": np.linspace(1000, 2000, 120).round(2),
        "married": [0, 1] * 60,
    }
)


@pytest.fixture(params=["csv", "parquet", "frame"])
def survey(request, tmp_path):
    """The table in each form, and what reads it."""
    if request.param == "frame":
        return SURVEY, from_arrays
    path = tmp_path / f"survey.{request.param}"
    if request.param == "csv":
        SURVEY.to_csv(path, index=False)
    else:
        SURVEY.to_parquet(path)
    return path, lambda file, **options: load(file, "all", **options)


def test_columns_with_few_values_are_categories(survey):
    table, read = survey
    with pytest.warns(tfgen.data.DataNote, match="1 decimal, 2 categorical"):
        source = read(table, schema="by_value")
    kinds = {c.name: (c.kind, c.categories) for c in source.columns}
    assert kinds == {
        "children": ("categorical", ("0", "1", "2")),
        "income": ("decimal", None),
        "married": ("categorical", ("0", "1")),
    }
    x = source.original_units(source.arrays()[0])
    np.testing.assert_allclose(x, SURVEY, atol=1e-3)


def test_else_they_are_numbers_which_is_said(survey):
    table, read = survey
    with pytest.warns(tfgen.data.DataNote) as noted:
        source = read(table)
    assert [column.kind for column in source.columns] == [
        "whole",
        "decimal",
        "whole",
    ]
    (note,) = noted
    assert str(note.message).endswith(
        "'children', 'married' have at most 10 values each and are read as "
        "numbers (schema='by_value' has a VAE learn them as categories, "
        "'numbers' says this no more)."
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"a": range(120), "b": [0, 1] * 60, "c": range(120)},  # one of three
        {"a": [0.5, 1] * 60, "b": [0.5, 2] * 60},  # decimals
        {"a": [7] * 120, "b": range(120)},  # a constant
        {"a": range(11), "b": range(11)},  # eleven values
    ],
)
def test_other_tables_say_nothing(columns, recwarn):
    from_arrays(pd.DataFrame(columns))
    assert not [w for w in recwarn if "values each" in str(w.message)]


def test_the_same_rows_are_read_like_them(tmp_path):
    SURVEY.to_csv(tmp_path / "a.csv", index=False)
    train = load(tmp_path / "a.csv", "all", schema="by_value")
    new = load(tmp_path / "a.csv", like=train)
    np.testing.assert_array_equal(new.arrays()[0], train.arrays()[0])


def test_the_schema_of_a_table_by_value(survey):
    table, _ = survey
    kinds = [c["kind"] for c in Schema.of(table, True).to_json()["columns"]]
    assert kinds == ["categorical", "decimal", "categorical"]
    kinds = [c["kind"] for c in Schema.of(table).to_json()["columns"]]
    assert kinds == ["whole", "decimal", "whole"]


def test_frames_of_one_type_say_it_too():
    answers = SURVEY[["children", "married"]]
    with pytest.warns(tfgen.data.DataNote, match="have at most 10 values"):
        from_arrays(answers)


@pytest.mark.parametrize("said", [Schema.of, lambda table: "numbers"])
def test_a_schema_that_says_numbers_is_taken_without_a_word(
    survey, recwarn, said
):
    table, read = survey
    source = read(table, schema=said(table))
    assert source.columns[0].kind == "whole"
    assert not [w for w in recwarn if "values each" in str(w.message)]


def test_decimals_without_frequent_values_stay_a_table_of_numbers():
    numbers = pd.DataFrame({"a": np.random.default_rng(0).normal(size=60)})
    source = from_arrays(numbers, schema="by_value")
    assert not source.is_mixed
    x = source.arrays()[0]
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=1e-5)
    vae = tfgen.build("vae", data=source, latent_dim=1)
    assert type(vae.likelihood).__name__ != "Table"


def test_a_schema_of_a_few_columns_leaves_the_others_to_their_values(survey):
    table, read = survey
    said = {"columns": [{"name": "children", "kind": "whole"}]}
    kinds = [c.kind for c in read(table, schema=said).columns]
    assert kinds == ["whole", "decimal", "whole"]
    said["by_value"] = True
    kinds = [c.kind for c in read(table, schema=said).columns]
    assert kinds == ["whole", "decimal", "categorical"]
    written = Schema.of(table, True).to_json()
    assert written["by_value"] and Schema.read(written).by_value
    assert "by_value" not in Schema.of(table).to_json()


def test_a_schema_says_by_value_as_true_or_false():
    for wrong in ({"by_value": "yes"}, {"by_values": True}):
        said = {"columns": [{"name": "a", "kind": "whole"}], **wrong}
        with pytest.raises(ValueError, match="by_value"):
            Schema.read(said)
