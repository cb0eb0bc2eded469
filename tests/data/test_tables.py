import gzip
import warnings

import hypothesis
import numpy as np
import pandas
import pytest
from hypothesis import strategies as st

from tfgen.data import DataNote, columns, load
from tfgen.data.tables import read_table


@pytest.fixture
def write(tmp_path):
    def write(content, name="a.csv"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name

    return write


def raw(source):
    return source.original_units(source.arrays()[0])


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("a,b\n1,2.5\n-3,4e1\n", ("a", "b")),
        ("1,2.5\n-3,4e1\n", ("column_1", "column_2")),
        ("1;2.5\n-3;40\n", ("column_1", "column_2")),
        ("a\tb\n1\t2.5\n-3\t40\n", ("a", "b")),
        ('"a"|"b"\n"1"|"2.5"\n"-3"|"40"\n', ("a", "b")),
        ("\ufeffa,b\r\n1,2.5\r\n\r\n-3,40", ("a", "b")),
    ],
)
def test_csv_in_many_forms(write, content, names):
    source = load(write(content), "all")
    assert source.feature_names == names
    assert source.kind == "table"
    np.testing.assert_allclose(raw(source), [[1, 2.5], [-3, 40]], rtol=1e-6)


def test_csv_with_booleans_and_classes(write):
    lines = "".join(f"{i},{i % 2 == 0},{'xyz'[i % 3]}\n" for i in range(20))
    path = write("size,flag,kind\n" + lines)
    source = load(path, "all", label_column="kind")
    assert source.feature_names == ("size", "flag")
    assert source.class_names == ("x", "y", "z")
    assert source.labels.tolist() == [i % 3 for i in range(20)]
    np.testing.assert_allclose(raw(source)[:, 1], [1, 0] * 10, atol=1e-6)
    train = load(path, label_column="kind")
    np.testing.assert_allclose(train.arrays()[0].mean(axis=0), 0, atol=1e-6)


def test_csv_with_numbers_as_classes(write):
    source = load(write("a,k\n1,2\n2,0\n"), "all", label_column="k")
    assert source.labels.tolist() == [1, 0]
    assert source.class_names == ("0", "2")


def test_csv_of_one_row(write):
    path = write("1,2,3\n")
    assert len(load(path, "all")) == 1
    with pytest.raises(ValueError, match="validation part of 'a.csv' is empty"):
        load(path, "validation")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n\n1,2\n\n3,x\n", "line 5, column 'b': 'x' is no finite number"),
        ("a,b\n1,inf\n", "line 2, column 'b': 'inf' is no finite number"),
        ("a;b\n1,5;2\n", "'1,5' is no finite number: write numbers, as in"),
        ("a,b\n1_000,2\n", "'1_000' is no finite number"),
        ("a,b\n0x10,2\n", "'0x10' is no finite number"),
        ("a,b\n\u0661,2\n", "is no finite number"),
        ("a,b\n2024-31-01,2\n2,3\n", "'2024-31-01' is no finite number"),
        ('a,b\n"1,000",2\n', "'1,000' is no finite number"),
        ("a,b\ntrue,2\n1,3\n", "line 2, column 'a': 'true' is no finite"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 values, expected 2"),
        ("a,b\n1,2\n3\n", "line 3 has 1 values, expected 2"),
        ("a,b\n1,2,5\n3,4,6\n", "line 2 has 3, line 3 has 3 values, exp"),
        (",a,b\n0,1,2\n", "column 1 has no name"),
        ("a,a\n1,2\n", "column 2 has the name 'a' again"),
        ('a,b\n1,"2\n', "cannot be read"),
    ],
)
def test_wrong_csv_is_refused_by_line_and_column(write, content, expected):
    path = write(content)
    with pytest.raises(ValueError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_label_columns_are_refused(write):
    path = write("a,k\n1,x\n2,\n")
    with pytest.raises(
        ValueError, match="no column 'kind'; the columns are 'a', 'k'"
    ):
        load(path, label_column="kind")
    with pytest.raises(ValueError, match="line 3, column 'k': the label is"):
        load(path, label_column="k")
    with pytest.raises(ValueError, match="no column beside 'k'"):
        load(write("k\n1\n2\n"), label_column="k")


def test_csv_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes("a\n\xe9\n".encode("latin-1"))
    with pytest.raises(ValueError, match="no UTF-8 text"):
        load(tmp_path / "a.csv")


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"

    def write(**columns):
        parquet.write_table(pyarrow.table(columns), path)

    write(
        a=[1, 2, 3],
        b=[0.5, -1.0, 2.0],
        flag=[True, False, True],
        k=["x", "y", "x"],
    )
    source = load(path, "all", label_column="k")
    assert source.feature_names == ("a", "b", "flag")
    assert source.class_names == ("x", "y")
    np.testing.assert_allclose(
        raw(source), [[1, 0.5, 1], [2, -1, 0], [3, 2, 1]], atol=1e-6
    )
    write(a=[1.0, 2.0], t=pyarrow.array([5, 6], pyarrow.duration("s")))
    with pytest.raises(ValueError, match="column 't': the type is timedelta"):
        load(path)
    write(a=[1.0, 2.0], k=["x", None])
    with pytest.raises(ValueError, match="row 2, column 'k'"):
        load(path, label_column="k")
    path.write_text("no")
    with pytest.raises(ValueError, match="no Parquet file"):
        load(path)


def test_parquet_without_pyarrow_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"pip install 'tfgen\[parquet\]'"):
        load(write("", "a.parquet"))


def notes_of(call):
    """What a call gives, and the notes that it says."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", DataNote)
        found = call()
    return found, [str(warning.message) for warning in told]


DECIMALS = "0.5,1.5,2.5\n" * 9
WHOLE = "5,6,7\n" * 9


@pytest.mark.parametrize(
    ("first", "below", "names"),
    [
        ("0,1,2", DECIMALS, ("0", "1", "2")),
        ("1,2,3", DECIMALS, ("1", "2", "3")),
        ("0,1,2", WHOLE, ("0", "1", "2")),
        (",0,1", WHOLE, ("Unnamed: 0", "0", "1")),
        ("2019,2020,2021", DECIMALS, ("2019", "2020", "2021")),
        ("2019,2020,2021", WHOLE, ("2019", "2020", "2021")),
        ("400,410,425", DECIMALS, ("400", "410", "425")),
        ("a,1,2", DECIMALS, ("a", "1", "2")),
    ],
)
def test_numbers_as_a_header_are_taken_and_said(write, first, below, names):
    path = write(f"{first}\n{below}")
    drop = [name for name in names if name.startswith("Unnamed")]
    source, notes = notes_of(lambda: load(path, "all", drop_columns=drop))
    assert len(source) == 9
    assert source.feature_names == tuple(n for n in names if n not in drop)
    if first[0] != "a":
        assert f"first line, {first}, is taken as the header" in notes[0]
        assert "header=False" in notes[0]
        if not drop:
            assert len(load(path, "all", header=False)) == 10


@pytest.mark.parametrize(
    ("first", "below"),
    [
        ("0.1,1.2,2.3", DECIMALS),
        ("2019,2020,2021", "2019,2020,2021\n" * 9),
        ("7,7,7", DECIMALS),
        ("10,20,30", WHOLE),
        ("5,3,8", "5,3.5,8\n" * 9),
        ("nan,1.5,2.5", DECIMALS),
    ],
)
def test_numbers_as_a_row_are_taken_and_said(write, first, below):
    path = write(f"{first}\n{below}")
    source, notes = notes_of(lambda: load(path, "all"))
    assert len(source) == 10
    names = tuple(column.name for column in source.columns)
    assert names == ("column_1", "column_2", "column_3")
    assert f"first line, {first}, is taken as a row" in notes[0]
    if first != "7,7,7":
        assert len(load(path, "all", header=True)) == 9


def test_rows_of_numbers_and_a_class_without_header(write):
    path = write("5.1,3.5,setosa\n" + "4.9,3.0,virginica\n" * 3)
    source = load(path, "all", label_column="column_3")
    assert len(source) == 4
    assert source.class_names == ("setosa", "virginica")


def test_asked_for_names_tell_a_header(write):
    path = write("kind,7\n" + "a,2.5\nb,3.5\n" * 3)
    source = load(path, "all", label_column="kind")
    assert source.feature_names == ("7",)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv.gz", "A.TSV.GZ", "a.csv"])
def test_files_of_tables(tmp_path, name):
    text = b"a\tb\n1\t2.5\n-3\t40\n"
    packed = name.lower().endswith(".gz")
    (tmp_path / name).write_bytes(gzip.compress(text) if packed else text)
    source = load(tmp_path / name, "all")
    assert source.feature_names == ("a", "b")
    np.testing.assert_allclose(raw(source), [[1, 2.5], [-3, 40]], rtol=1e-6)


def test_broken_gzip_is_refused(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(ValueError, match="a.csv.gz cannot be read: .*gzip"):
        load(tmp_path / "a.csv.gz")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 9)[:-9])
    with pytest.raises(ValueError, match="a.csv.gz cannot be read"):
        load(tmp_path / "a.csv.gz")


def test_all_reasons_are_told_at_once(write):
    path = write("a,a,c,d\n1,2,x,3\n1,2,7,\n1,2\n1,2,z,5\n1,2,8,7\n")
    with pytest.raises(ValueError) as caught:
        load(path)
    for part in (
        "column 2 has the name 'a' again",
        "line 4 has 2 values, expected 4",
        "line 2, column 'c': 'x' is no finite number (and 1 more)",
        "drop_columns='c'",
    ):
        assert part in str(caught.value)


def test_many_reasons_are_counted(write):
    names = [f"c{i}" for i in range(9)]
    cells = "x" * 9, "1" * 9
    path = write("\n".join(map(",".join, (names, *cells))) + "\n")
    with pytest.raises(ValueError, match="and 4 more: write numbers"):
        load(path)


def test_true_and_false_among_faults_are_no_faults(write):
    path = write("flag,b\nTrue,1\nfalse,x\nTRUE,2\n")
    with pytest.raises(ValueError) as caught:
        load(path)
    assert "flag" not in str(caught.value)


def test_columns_are_left_out(write):
    path = write("id,city,a\n1,Paris,2\n2,Rome,4\n")
    source = load(path, "all", drop_columns=["id", "city"])
    assert source.feature_names == ("a",)
    source = load(path, "all", drop_columns="city, id", label_column=None)
    assert source.feature_names == ("a",)
    with pytest.raises(ValueError, match="no column 'town'; the columns are"):
        load(path, drop_columns="town")
    with pytest.raises(ValueError, match="no column beside 'id', 'city', 'a'"):
        load(path, drop_columns="id,city,a")


def test_only_some_columns_in_their_order(write, tmp_path):
    path = write("city,b,a\nParis,2,1\nRome,4,3\n")
    table, notes = notes_of(lambda: read_table(path, only=("a", "b")))
    assert table.names == ["a", "b"]
    assert table.x.tolist() == [[1, 2], [3, 4]]
    assert "not trained on are left out: 'city'" in notes[0]
    with pytest.raises(ValueError, match="there is no column 'c', 'd'; the"):
        read_table(path, only=("a", "c", "d"))
    pandas.read_csv(path).to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", only=("a", "b"))
    assert table.x.tolist() == [[1, 2], [3, 4]]


def test_a_file_is_read_like_another(write):
    train = load(write("a,b\n" + "1,2\n3,5\n4,4\n" * 9), "all")
    path = write("text,b,a\nx,5,3\n", "new.csv")
    x, _ = load(path, like=train).arrays()
    np.testing.assert_array_equal(x[0], train.rows([1])[0][0])


def test_names_that_stand_twice_are_refused_beside_others(write):
    train = load(write("a,b\n" + "1,2\n3,5\n4,4\n" * 9), "all")
    path = write("a,b,a\n5,3,9\n", "new.csv")
    with pytest.raises(ValueError, match="the name 'a' stands more than once"):
        load(path, like=train)


def test_a_row_that_holds_the_name_of_a_column_is_no_header(write):
    train = load(write("0,1,2\n" + "1.5,2.5,3.5\n2.5,0.5,1\n" * 9), "all")
    assert train.feature_names == ("0", "1", "2")
    # One number of the first line is the name of a column, by chance.
    new = load(write("1,0.5,7\n2.5,3.5,4.5\n", "new.csv"), like=train)
    assert len(new) == 2
    new = load(write("2,1,0\n7,8,9\n", "new.csv"), like=train)
    np.testing.assert_allclose(raw(new), [[9, 8, 7]], rtol=1e-6)


def test_classes_are_read_like_those_of_another(write):
    train = load(write("k,a\n" + "u,1\nv,3\n" * 9), "all", label_column="k")
    new = load(write("a,k\n3,v\n1,v\n", "new.csv"), like=train)
    assert new.labels.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["01234", "99999"] * 6, "'c' (01234) has leading zeros"),
        ([str(2**53 + 1), "5"] * 6, "'c' (6 values) has whole numbers beyond"),
        (["9" * 30, "5"] * 6, "'c' (6 values) has whole numbers beyond"),
        ([str(i) for i in range(12)], "'c' looks like the number of a row"),
        ([str(i) for i in range(1, 13)], "'c' looks like the number of a row"),
    ],
)
def test_columns_that_are_no_measurements_are_said(write, column, expected):
    path = write("c,b\n" + "".join(f"{c},2.5\n" for c in column))
    table, notes = notes_of(lambda: read_table(path))
    assert len(notes) == 1
    assert expected in notes[0] and str(path) in notes[0]
    assert table.x[:, 0].tolist() == [float(cell) for cell in column]


def test_ids_by_name_are_said(write):
    ids = np.random.default_rng(0).permutation(12)
    path = write("user_id,b\n" + "".join(f"{i},2.5\n" for i in ids))
    _, notes = notes_of(lambda: load(path, "all"))
    assert "'user_id' looks like the number of a row" in notes[0]


@pytest.mark.parametrize(
    "column",
    [
        ["0", "-0.5", "00.5", "1"],
        [str(2**53), "-1", "1700000000000000000", "0"],
        ["0", "1", "1", "0"],
        ["2001", "2002", "2003", "2004"],
    ],
)
def test_ordinary_columns_say_nothing(write, column):
    path = write("c,b\n" + "".join(f"{c},2.5\n" for c in column * 4))
    table, notes = notes_of(lambda: read_table(path))
    assert notes == []
    assert table.x[:4, 0].tolist() == [float(c) for c in column]


def test_what_columns_are(write):
    path = write(
        "age,member,price,ratio,whole\n"
        "18,no,1.25,0.1234567890123,1.0\n".replace("no", "False")
        + "90,True,99.5,0.2345678901234,2.0\n"
    )
    age, member, price, ratio, whole = load(path, "all").columns
    assert (age.kind, age.dtype, age.low, age.high) == (
        "whole",
        "int64",
        18,
        90,
    )
    assert (member.kind, member.texts) == ("boolean", ("False", "True"))
    assert (price.kind, price.decimals) == ("decimal", 2)
    assert (ratio.kind, ratio.decimals) == ("decimal", 13)
    assert (whole.kind, whole.dtype) == ("whole", "float64")


@pytest.mark.parametrize("is_mixed", [False, True])
def test_decimals_are_written_as_they_were(write, is_mixed):
    rows = [f"{i}.{i}0,{i}.00,{i}.5" for i in range(1, 9)]
    rows[3] = rows[3][:-1] + "25"  # of other lengths
    city = ",Rome" if is_mixed else ""
    lines = ["price,sum,free" + (",city" if is_mixed else "")]
    lines += [row + city for row in rows]
    source = load(write("\n".join(lines)), "all")
    restored = columns.restored(source.columns, raw(source))
    found = columns.spelled(source.columns, restored)
    for name, place in (("price", 0), ("sum", 1), ("free", 2)):
        expected = {row.split(",")[place] for row in rows}
        assert set(map(str, found[name])) <= expected


@pytest.mark.parametrize(
    ("cells", "spelling"),
    [
        (["TRUE", "TRUE"], ("FALSE", "TRUE")),
        (["false"], ("false", "true")),
        (["True", "false "], ("false", "True")),
        (["tRUE", "FALSE"], ("FALSE", "tRUE")),
    ],
)
def test_spelling_of_true_and_false(write, cells, spelling):
    path = write("flag,b\n" + "".join(f"{cell},1.5\n" for cell in cells))
    column = read_table(path).columns[0]
    assert (column.kind, column.texts) == ("boolean", spelling)


def test_parquet_types(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    table = pyarrow.table(
        {
            "small": pyarrow.array([1, 2], "int8"),
            "single": pyarrow.array([0.5, 1.5], "float32"),
            "flag": [True, False],
            "code": pyarrow.array([3, 4]).dictionary_encode(),
            "price": pyarrow.array([1, 2]).cast(pyarrow.decimal128(21, 2)),
        }
    )
    parquet.write_table(table, path)
    found = read_table(path)
    assert found.x.tolist() == [[1, 0.5, 1, 3, 1], [2, 1.5, 0, 4, 2]]
    assert [c.dtype for c in found.columns] == [
        "int8",
        "float32",
        "bool",
        "int64",
        "float64",
    ]
    with pytest.raises(ValueError, match="header is for text"):
        load(path, header=True)


def test_parquet_tells_all_reasons(tmp_path):
    path = tmp_path / "a.parquet"
    frame = pandas.DataFrame(
        {
            "span": pandas.to_timedelta([1, 2], "s"),
            "list": [[1], [2, 3]],
            "id": [2**60 + 1, 5],
        }
    )
    frame.to_parquet(path)
    with pytest.raises(ValueError) as caught:
        load(path)
    for part in (
        "column 'span': the type is timedelta64",
        "column 'list': the type is ",
    ):
        assert part in str(caught.value)
    _, notes = notes_of(lambda: load(path, "all", drop_columns="span,list"))
    assert "'id' (1 values) has whole numbers beyond 2^53" in notes[0]


def test_ten_rows_of_text_among_many_are_found_in_the_last_line(write):
    path = write("a,b\n" + "1,2\n" * 5000 + "1,x\n")
    with pytest.raises(ValueError, match="line 5002, column 'b': 'x' is no"):
        load(path)


FORMS = {
    ",": {"sep": ","},
    ";": {"sep": ";"},
    "tab": {"sep": "\t"},
    "quoted": {"quoting": 1},
    "packed": {"compression": "gzip"},
}


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    form=st.sampled_from(sorted(FORMS)),
    values=st.lists(
        st.tuples(
            st.integers(-(2**53), 2**53),
            st.floats(allow_nan=False, allow_infinity=False),
            st.booleans(),
            st.decimals(-1000, 1000, places=2, allow_nan=False).map(float),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_what_pandas_wrote_is_read_bit_by_bit(tmp_path_factory, form, values):
    suffix = ".csv.gz" if form == "packed" else ".csv"
    path = tmp_path_factory.mktemp("csv") / f"a{suffix}"
    frame = pandas.DataFrame(values, columns=["i", "f", "b", "d"])
    frame.to_csv(path, index=False, **FORMS[form])
    table = read_table(path)
    np.testing.assert_array_equal(table.x, frame.to_numpy(np.float64))
    assert table.columns[2].texts == ("False", "True")
    frame.to_parquet(path.with_name("a.parquet"))
    again = read_table(path.with_name("a.parquet"))
    np.testing.assert_array_equal(again.x, table.x)
