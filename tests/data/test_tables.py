import numpy as np
import pytest

from tfgen.data import load


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
        ("a,b\n", "has a header but no rows"),
        ("a,b\n1,2\n3,\n", "line 3, column 'b': the value is missing"),
        ("a,b\n1,2\n3,nan\n", "line 3, column 'b': the value is missing"),
        ("a,b\n\n1,2\n\n3,x\n", "line 5, column 'b': 'x' is no finite number"),
        ("a,b\n1,inf\n", "line 2, column 'b': 'inf' is no finite number"),
        ("a;b\n1,5;2\n", "decimals take a point"),
        ("a,b\n1,2\n3,4,5\n", "line 3: 3 values; expected 2"),
        (",a,b\n0,1,2\n", "column 1 has no name"),
        ("a,a\n1,2\n", "column 2 has twice the name 'a'"),
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
    with pytest.raises(ValueError, match="no column 'kind'; its columns are a"):
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
    with pytest.raises(ValueError, match="column 'k' has type string"):
        load(path)
    write(a=[1.0, None])
    with pytest.raises(ValueError, match="row 2, column 'a': the value is mis"):
        load(path)
    write(a=[1.0, np.nan])
    with pytest.raises(ValueError, match="row 2, column 'a': the value is NaN"):
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
