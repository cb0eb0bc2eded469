"""Cells of a column: its distinct values, and which of them each row has."""

import collections
import dataclasses
import decimal
import typing
from collections.abc import Iterable, Sequence

import numpy as np

from tfgen.data.csv_layout import MISSING

if typing.TYPE_CHECKING:
    import pandas as pd

DATES = "date"
"""The type of a column of objects that are Python's dates."""
MOST_DIGITS = 15
"""As many 64-bit floats hold of a decimal number."""


@dataclasses.dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a column, as texts of a file or as values of a frame.

    Attributes:
        values: the distinct ones, gaps left out.
        codes: which of them each row has, -1 for a gap; int32 `(n,)`.
        dtype: name of pandas' type of the column; `"str"` for texts.
        missing: how a gap is written, or None without gaps.
        are_texts: whether they are texts of a file, where all values are.
        categories: the categories of a categorical column, or None.
    """

    values: Sequence
    codes: np.ndarray
    dtype: str = "str"
    missing: str | None = None
    are_texts: bool = True
    categories: Sequence | None = None

    @classmethod
    def of_texts(cls, texts: Sequence[str], codes: np.ndarray) -> "Cells":
        """Cells of a text file.

        Args:
            texts: distinct ones, as they stand in the file.
            codes: which of them each row has.
        """
        codes, places = np.asarray(codes, np.int32), {}
        counts = np.bincount(codes, minlength=len(texts))
        marks, new = collections.Counter(), np.empty(len(texts), np.int32)
        for i, text in enumerate(texts):
            text = text.strip()
            if text.lower() in MISSING:
                marks[text] += int(counts[i])
                new[i] = -1
            else:
                new[i] = places.setdefault(text, len(places))
        missing = marks.most_common(1)[0][0] if marks else None
        return cls(list(places), new[codes], "str", missing)

    @classmethod
    def of_series(cls, series: "pd.Series") -> "Cells":
        """Cells of a column of a pandas frame; its gaps are pandas'."""
        import pandas as pd

        if not isinstance(series.dtype, pd.CategoricalDtype):
            series, dtype = _of_one_type(series)
            if dtype.startswith("of "):
                return cls([], np.full(len(series), -1), dtype, None, False)
        categories = None
        if isinstance(series.dtype, pd.CategoricalDtype):
            categories = series.cat.categories.tolist()
            dtype = _category_type(series.dtype)
        codes, values = pd.factorize(series)
        gaps = series.isna().to_numpy()
        codes = np.where(gaps, -1, codes).astype(np.int32)
        return cls(
            values,
            codes,
            dtype,
            "" if gaps.any() else None,
            False,
            categories,
        )

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def are_typed_texts(self) -> bool:
        """Whether they are texts because their type says so."""
        is_text = self.dtype.startswith(("str", "object", "large_string"))
        return is_text and not self.are_texts

    @property
    def filled(self) -> int:
        """How many cells are no gaps."""
        return int(np.count_nonzero(self.codes >= 0))

    @property
    def counts(self) -> np.ndarray:
        """How often each distinct value comes."""
        filled = self.codes[self.codes >= 0]
        return np.bincount(filled, minlength=len(self.values))

    @property
    def texts(self) -> list[str]:
        """The distinct values as texts."""
        return [str(value) for value in self.values]

    def spread(self, each: np.ndarray, gap: float = 0.0) -> np.ndarray:
        """What each distinct value is, for all rows.

        Args:
            each: one number a distinct value.
            gap: that of gaps.
        """
        return np.append(each, np.asarray([gap], each.dtype))[self.codes]

    def rows_of(self, chosen: Iterable[int]) -> np.ndarray:
        """Numbers of the rows that have one of these distinct values."""
        return np.flatnonzero(np.isin(self.codes, list(chosen)))


def _of_one_type(series: "pd.Series") -> tuple["pd.Series", str]:
    """The column, objects in the type that they have; and the type's name.

    Of what is no kind of column the name begins with "of ".
    """
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.ArrowDtype) and dtype.kind in "iufb":
        series = series.convert_dtypes(dtype_backend="numpy_nullable")
        return series, str(series.dtype)
    if isinstance(dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
        return series, str(series.dtype)
    if isinstance(dtype, pd.ArrowDtype) and str(dtype).startswith("decimal"):
        series = series.astype(object).where(series.notna(), None)
        dtype = series.dtype
    if not pd.api.types.is_object_dtype(dtype):
        simple = dtype.kind in "biufM" or pd.api.types.is_string_dtype(dtype)
        is_date = str(dtype).startswith(("date32", "timestamp"))
        name = str(dtype)
        return series, name if simple or is_date else f"of {name}"
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in ("string", "empty"):
        return series, "object"
    if kind == "boolean":
        return series, "bool"
    if kind == "decimal":
        return series.astype("float64"), _decimal_type(series.dropna())
    if kind in ("floating", "mixed-integer-float"):
        return series.astype("float64"), "float64"
    if kind == "integer":
        if any(abs(value) >= 2**63 for value in series.dropna()):
            return series, "of whole numbers of more than 64 bits"
        return series.astype("Int64"), "Int64"
    if kind == "date":
        return series, DATES
    if kind == "datetime":
        if len({value.tzinfo for value in series.dropna()}) > 1:
            return series, "of times of several time zones"
        series = pd.to_datetime(series)
        return series, str(series.dtype)
    return series, f"of {kind} objects"


def _category_type(dtype: "pd.CategoricalDtype") -> str:
    """Such as category, of texts, or category[int64, ordered]."""
    inside = dtype.categories.dtype
    name = str(inside) if inside.kind in "biuf" else "str"
    if dtype.ordered:
        return f"category[{name}, ordered]"
    return "category" if name == "str" else f"category[{name}]"


def _decimal_type(values: Sequence[decimal.Decimal]) -> str:
    """Arrow's type of Python's decimals, if floats hold all their digits."""
    parts = [value.as_tuple() for value in values]
    if not all(isinstance(part.exponent, int) for part in parts):
        return "float64"  # of which some are not finite
    digits = max([0, *(-part.exponent for part in parts)])
    before = max([1, *(len(p.digits) + p.exponent for p in parts)])
    if before + digits > MOST_DIGITS:
        return "float64"
    return f"decimal128({before + digits}, {digits})"
