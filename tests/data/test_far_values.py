"""Values that no 32 or 64 bits hold, and texts of no encoding, are refused."""

import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.data.columns import Column
from tfgen.data.reading import scaled
from tfgen.data.squashing import squash, unsquash


def test_digits_beyond_64_bits_are_refused_in_words(tmp_path):
    rows = "".join(f"{i},{i}\n" for i in range(30))
    (tmp_path / "a.csv").write_text(f"a,b\n{rows}{'9' * 400},3\n")
    with pytest.raises(ValueError, match="line 32, column 'a': '999.* finite"):
        tfgen.data.load(tmp_path / "a.csv")


def test_values_far_from_the_others_are_named():
    columns = (Column("a"), Column("b"))
    stored = np.array([[0.0, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(
        scaled(stored, columns, [0.0, 0.0], [0.5, 1.0]), [[0, 1], [2, 1]]
    )
    for place, name in enumerate("ab"):
        far = stored.copy()
        far[1, place] = 1e200
        with pytest.raises(
            ValueError, match=f"column '{name}' has 1e.200, too"
        ):
            scaled(far, columns, [0.0, 0.0], [1.0, 1.0])


def test_texts_that_are_no_utf8_in_parquet(tmp_path):
    frame = pd.DataFrame({"city": ["Oslo", "Rome"] * 10, "x": range(20)})
    path = tmp_path / "a.parquet"
    frame.to_parquet(path, compression=None)
    path.write_bytes(path.read_bytes().replace(b"Oslo", b"Os\xffo"))
    with pytest.raises(ValueError, match="a.parquet is no Parquet file: .*UTF"):
        tfgen.data.load(path)


def test_squashed_values_have_no_end():
    column = Column("a", spread=1e-10)
    z = squash((column,), np.array([[-1e308], [0.0], [1e-10]]))
    # asinh(x) = log(x + sqrt(x^2 + 1)).
    wanted = [-(np.log(2) + 318 * np.log(10)), 0, np.log(1 + np.sqrt(2))]
    np.testing.assert_allclose(z[:, 0], wanted, rtol=1e-5)
    assert unsquash((column,), z)[0] < -1e290
