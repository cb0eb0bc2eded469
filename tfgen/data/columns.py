"""Columns of a table: what their values are."""

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.row_numbers import placed

KINDS = (
    *("decimal", "whole", "boolean"),
    *("categorical", "datetime", "id", "constant"),
)
_MAY_BE_ABSENT = (
    *("categories", "missing", "frequent", "format", "step"),
    "written_decimals",
)


@dataclasses.dataclass(frozen=True)
class Column:
    """What the values of one column are, and the numbers that stand for them.

    A model sees `width` numbers of a column: one, and none of ids and
    constants. Numbers and dates with gaps or frequent values have a second, a
    code: 0 says that the number counts, 1 and so on that it is a frequent
    value, the last that it is missing.

    Attributes:
        name: name of the column.
        kind: `"decimal"`, `"whole"`, `"boolean"`, `"categorical"`,
            `"datetime"`, `"id"` (made anew) or `"constant"`.
        dtype: name of the NumPy or pandas dtype that the values came in.
        decimals: the most digits after the point, or None for full precision
            and for other kinds.
        low: the smallest value seen, in the column's own unit.
        high: the largest value seen.
        center: median of a column that is squashed.
        spread: range of the middle half of the values of a column that is
            squashed, or 0 where values are taken as they are.
        texts: how false and true were written, or None.
        categories: texts of the values that a code stands for, or None; of a
            constant its value, if it has one.
        missing: how a gap is written, or None for a column without gaps.
        frequent: numbers or dates that come so often, such as the 0 of an
            income, that a code stands for each; or None.
        format: of dates in text that of `strftime`; of ids in text a form of
            `str.format` for the number of the row.
        step: seconds that dates and times are multiples of, or None.
        written_decimals: how many digits after the point all numbers of a text
            are written with, such as the 2 of 27.80, or None.

    Example:
    >>> ages = Column("age", "whole", "int64", low=18.0, high=90.0)
    >>> tfgen.data.columns.restored([ages], np.array([[17.2], [41.7]]))
    {'age': array([18, 42])}
    """

    name: str
    kind: str = "decimal"
    dtype: str = "float64"
    decimals: int | None = None
    low: float = -np.inf
    high: float = np.inf
    center: float = 0.0
    spread: float = 0.0
    texts: tuple[str, str] | None = None
    categories: tuple[str, ...] | None = None
    missing: str | None = None
    frequent: tuple[float, ...] | None = None
    format: str | None = None
    step: float | None = None
    written_decimals: int | None = None

    @property
    def levels(self) -> int:
        """How many codes there are, a gap's among them; 0 for real numbers."""
        if self.categories is None or self.kind == "constant":
            return 0
        return len(self.categories) + (self.missing is not None)

    @property
    def width(self) -> int:
        """How many numbers of a row stand for it."""
        if self.kind in ("id", "constant"):
            return 0
        return 2 if self.specials and not self.levels else 1

    @property
    def specials(self) -> int:
        """How many codes there are beside a number, a gap's among them."""
        if self.categories is not None:
            return 0
        return len(self.frequent or ()) + (self.missing is not None)

    @property
    def resolution(self) -> float | None:
        """What the numbers are multiples of, or None for full precision."""
        if self.kind == "whole":
            return 1.0
        if self.decimals is not None:
            return 10.0**-self.decimals
        return self.step

    @property
    def is_plain(self) -> bool:
        """Whether it is numbers, or true and false, without a gap."""
        return (
            self.kind in ("decimal", "whole", "boolean")
            and self.categories is None
            and not self.specials
        )

    def to_json(self) -> dict:
        """Return what `from_json` takes; infinite bounds are None."""
        values = dict(vars(self))
        for name in _MAY_BE_ABSENT:
            if values[name] is None:
                del values[name]
        for bound in ("low", "high"):
            if not np.isfinite(values[bound]):
                values[bound] = None
        return values

    @classmethod
    def from_json(cls, values: dict) -> "Column":
        """Return the column that `to_json` told; unknown keys are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {
            key: value
            for key, value in values.items()
            if key in known and value is not None
        }
        for name in ("texts", "categories", "frequent"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)


def find_columns(
    x: np.ndarray,
    names: Sequence[str] | None = None,
    *,
    dtypes: Sequence[npt.DTypeLike] | None = None,
    texts: dict[str, tuple[str, str]] | None = None,
    written: dict[str, int] | None = None,
) -> tuple[Column, ...]:
    """Return what the columns of a table are; none is squashed yet.

    A column of whole numbers is whole, in whatever dtype it comes. 0 and 1 are
    whole numbers; what comes as bool is boolean.

    Args:
        x: finite numbers, shape `(n, features)`.
        names: names of the columns, or None for `column_1` and so on.
        dtypes: what each column came in, of NumPy, or the name of a type that
            `number_type` takes; None for that of `x`.
        texts: for boolean columns how false and true were written.
        written: with how many digits after the point columns are written.

    Returns:
        One `Column` a column.

    Raises:
        ValueError: a name that stands twice.
    """
    names = names or [f"column_{i + 1}" for i in range(x.shape[1])]
    twice = [name for name, n in collections.Counter(names).items() if n > 1]
    if twice:
        raise ValueError(
            f"columns have the name {twice[0]!r} more than once; expected a "
            "name of its own for each column."
        )
    dtypes = dtypes or [x.dtype] * x.shape[1]
    found = [
        _find_column(x[:, i], str(name), _name_of(dtype), (texts or {}))
        for i, (name, dtype) in enumerate(zip(names, dtypes, strict=True))
    ]
    return tuple(
        dataclasses.replace(c, written_decimals=(written or {}).get(c.name))
        for c in found
    )


def restored(
    columns: Sequence[Column], x: npt.ArrayLike, first_row: int = 0
) -> dict[str, np.ndarray]:
    """Return columns as such values came: dtypes, digits and bounds.

    Values are clipped to what was seen, and rounded to whole numbers or to the
    digits that the column had.

    Args:
        columns: of the table whose rows these are.
        x: finite values in the columns' own units, shape `(n, features)`.
        first_row: number of the first row, by which ids are made.

    Returns:
        For each name an array of shape `(n,)`; bool for boolean columns, an
        array of pandas' for texts, dates, gaps and pandas' own types.
    """
    from tfgen.data.column_values import decoded

    x = np.asarray(x, np.float64)
    return {
        column.name: snapped(column, x[:, place])
        if column.is_plain and column.dtype in np.sctypeDict
        else decoded(column, x[:, place : place + column.width], first_row)
        for place, column in placed(columns)
    }


def spelled(
    columns: Sequence[Column], values: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return restored columns as a text file has them.

    Args:
        columns: what is known of them.
        values: what `restored` gave.

    Returns:
        The same, with booleans, dates and gaps as they were written.
    """
    from tfgen.data.column_values import written

    known = {column.name: column for column in columns}
    return {
        name: written(known[name], array) if name in known else array
        for name, array in values.items()
    }


def number_type(dtype: str) -> np.dtype:
    """Return NumPy's type for the numbers of a column.

    Args:
        dtype: name of a type of NumPy, of pandas (`"Int64"`, `"boolean"`), or
            of Arrow's decimals (`"decimal128(9, 2)"`).

    Example:
    >>> number_type("Int16"), number_type("decimal128(9, 2)")
    (dtype('int16'), dtype('float64'))
    """
    if dtype.startswith("decimal"):
        return np.dtype("float64")
    return np.dtype(dtype.lower().replace("boolean", "bool"))


def _name_of(dtype: npt.DTypeLike) -> str:
    return dtype if isinstance(dtype, str) else np.dtype(dtype).name


def _find_column(
    values: np.ndarray, name: str, type_name: str, texts: dict
) -> Column:
    kind, decimals, dtype = "decimal", None, number_type(type_name)
    if dtype.kind == "b":
        kind = "boolean"
    elif dtype.kind in "iu" or np.array_equal(values, np.rint(values)):
        kind = "whole"
    else:
        decimals = _decimals(values, dtype)
    return Column(
        name,
        kind,
        type_name,
        decimals,
        float(values.min()),
        float(values.max()),
        texts=texts.get(name),
    )


def _decimals(values: np.ndarray, dtype: np.dtype) -> int | None:
    """Return how many digits after the point say the values whole, or None."""
    values = values.astype(np.float64)
    # Beyond these digits any number would pass, as its dtype holds no more.
    largest = max(1.0, float(np.abs(values).max()))
    most = {2: 3, 4: 6, 8: 15}[dtype.itemsize] - int(np.ceil(np.log10(largest)))
    digits = 1
    # A few values decide quickly for most columns; all must agree.
    for part in (values[:100], values):
        while digits <= most and not np.array_equal(
            np.round(part, digits).astype(dtype), part.astype(dtype)
        ):
            digits += 1
    return digits if digits <= most else None


def snapped(column: Column, values: np.ndarray) -> np.ndarray:
    """Return numbers as a column of them has them, in its dtype of NumPy."""
    values = np.clip(values, column.low, column.high)
    if column.kind == "boolean":
        return values >= 0.5
    dtype = np.dtype(column.dtype)
    if column.kind == "whole":
        values = np.rint(values)
    elif column.step is not None:
        values = np.rint(values / column.step) * column.step
    elif column.decimals is not None:
        values = np.round(values, column.decimals)
    if dtype.kind in "iu":
        # 2**63 - 1 and the like are no floats; their neighbour below is.
        info = np.iinfo(dtype)
        top = float(info.max)
        if int(top) > info.max:
            top = np.nextafter(top, 0)
        values = np.clip(values, float(info.min), top)
    return values.astype(dtype)
