"""What a reader found in the columns of a file, and why it is no table."""

import collections
import dataclasses
import json
import pathlib
import typing
from collections.abc import Callable, Sequence

import numpy as np

from tfgen.data.csv_layout import UNNAMED

if typing.TYPE_CHECKING:
    from tfgen.data.schema import EncodedTable


@dataclasses.dataclass
class RawColumn:
    """A column that is read.

    Attributes:
        name: its name.
        dtype: name of the NumPy dtype that it came in.
        spelling: how false and true are written, or None.
        decimals: how many digits after the point all numbers are written with.
        code: a value that is written with a leading zero, or None.
        rounded: how many whole numbers float64 does not hold exactly.
        faults: by kind (`"text"`, `"missing"`), how often, and what and where
            the first is.
    """

    name: str
    dtype: str = "float64"
    spelling: tuple[str, str] | None = None
    decimals: int | None = None
    code: str | None = None
    rounded: int = 0
    faults: dict[str, list] = dataclasses.field(default_factory=dict)

    def fault(self, kind: str, place: str, what: str, count: int = 1) -> None:
        """Note values that are no numbers, the first at `place`."""
        found = self.faults.setdefault(kind, [0, place, what])
        found[0] += count

    def reasons(self) -> list[str]:
        """Return a line for each kind of fault."""
        return [
            f"{place}column {self.name!r}: {what}"
            + (f" (and {count - 1} more)" if count > 1 else "")
            for count, place, what in self.faults.values()
        ]


@dataclasses.dataclass
class RawTable:
    """Columns as they were read.

    Attributes:
        columns: those that are numbers, in their order.
        x: float64 values of shape `(n, len(columns))`.
        label: the column with the classes, or None.
        labels: its texts or numbers, shape `(n,)`, or None.
        reasons: what else is wrong.
        note: what was guessed, or None.
        left_out: names of columns that were not asked for.
        mixed: columns and numbers of a table that is not of numbers alone.
        place: what a message calls a row, such as `"line 3, "`.
    """

    columns: list[RawColumn]
    x: np.ndarray | None = None
    label: RawColumn | None = None
    labels: np.ndarray | None = None
    reasons: list[str] = dataclasses.field(default_factory=list)
    note: str | None = None
    left_out: Sequence[str] = ()
    mixed: "EncodedTable | None" = None
    place: Callable[[int], str] = "row {}, ".format

    def check(self, path: pathlib.Path) -> None:
        """Raise ValueError with all reasons why this is no table of numbers."""
        reasons = [*self.reasons, *(self.mixed.reasons if self.mixed else ())]
        for column in [*self.columns, *([self.label] if self.label else [])]:
            reasons += column.reasons()
        if not reasons:
            return
        end = advice_on(reasons, self.mixed)
        raise ValueError(f"{path}: {few(reasons, '; ')}{end}")


def advice_on(
    reasons: Sequence[str],
    mixed: "EncodedTable | None",
    of_file: bool = True,
) -> str:
    """Return the end of a message: what to do about reasons, or a full stop.

    Args:
        reasons: what is wrong with a table.
        mixed: its columns, unless it is of numbers alone.
        of_file: whether it is a file, of which columns can be left out.
    """
    advice = _advice(" ".join(reasons), mixed, of_file)
    return f": {'; '.join(advice)}." if advice else "."


def _advice(said: str, mixed: "EncodedTable | None", of_file: bool):
    odd = mixed.odd if mixed else []
    left_out = ""
    if odd and of_file:
        left_out = f" with drop_columns={','.join(odd[:3])!r}"
    advice = []
    if mixed and mixed.of_model:
        if odd:
            advice.append(
                "write values as they were in the training data, or remove "
                "these rows"
            )
    else:
        if "is no finite number" in said:
            comma, rest = " or", ""
            if of_file:
                comma = ","
                rest = (
                    f", or leave them out{left_out}; "
                    f"label_column={odd[0]!r} takes it as the class"
                )
            advice.append(
                f"write numbers, as in 1000.5 with a point{comma} say by a "
                f"schema what columns are (such as {schema_of(odd[0])}){rest}"
            )
        if "the type is" in said:
            advice.append(f"convert the column, or leave it out{left_out}")
        if "is no whole number" in said:
            advice.append("give the schema the kind decimal")
        if "is no truth value" in said or "column's one value" in said:
            advice.append("give the schema the kind categorical, or none")
        if "values known" in said:
            advice.append("give the schema these categories too, or none")
        if "is no date" in said:
            advice.append("give the schema the format of the dates, or no kind")
    if "there is no column" in said:
        advice.append("add it, or rename the one that is meant")
    if "does not hold" in said:
        advice.append("mend these rows, or leave the rule out")
    if "is missing" in said:
        advice.append("fill what is missing or remove these rows")
    of_model = mixed is not None and mixed.of_model and of_file
    if of_model and ("values known" in said or "is missing" in said):
        advice.append(
            "tfgen detect, score and impute go on with --on-unknown flag"
        )
    return advice


def schema_of(name: str) -> str:
    """Return a schema, as JSON, that calls a column categorical."""
    column = {"name": name, "kind": "categorical"}
    return json.dumps({"columns": [column]}, ensure_ascii=False)


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which columns of a file are read.

    Attributes:
        numbers: places of the columns of numbers, in the wanted order.
        label: place of the column with the classes, or None.
        reasons: what is wrong with names.
        left_out: names of columns that `only` does not have.
        missing: names that are asked for and are not there.
    """

    numbers: list[int]
    label: int | None
    reasons: list[str]
    left_out: list[str]
    missing: Sequence[str] = ()


def select(
    names: Sequence[str],
    label_column: str | None = None,
    drop_columns: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> Selection:
    """Find the columns that are read.

    Args:
        names: of all columns of a file.
        label_column: the one with the classes, or None.
        drop_columns: those that are left out.
        only: those that are read, in this order; or None for all others. A
            table that has none of them is read whole.
    """
    if only and set(names).isdisjoint(only):
        only = None
    asked = [*([label_column] if label_column else ()), *drop_columns]
    asked += only or []
    places = {name: i for i, name in reversed([*enumerate(names)])}
    missing = [name for name in asked if name not in places]
    reasons = []
    if missing:
        reasons.append(
            f"there is no column {few([*map(repr, missing)])}; the columns are "
            f"{few([repr(name) for name in names], most=20)}"
        )
    counts = collections.Counter(names)
    if twice := [repr(name) for name in only or () if counts[name] > 1]:
        reasons.append(
            f"the name {few(twice)} stands more than once; expected a name of "
            "its own for each column"
        )
    chosen = [
        i
        for i, name in enumerate(names)
        if name != label_column and name not in drop_columns
    ]
    wanted = set(only or names)
    left_out = [names[i] for i in chosen if names[i] not in wanted]
    if only is not None:
        chosen = [places[name] for name in only if name in places]
    if not chosen and not missing:
        reasons.append(
            f"there is no column beside {few([repr(n) for n in asked])}"
        )
    for i in chosen:
        if places[names[i]] != i:
            reasons.append(
                f"column {i + 1} has the name {names[i]!r} again; expected a "
                "name of its own for each column"
            )
        if names[i] in (f"{UNNAMED}{i}", "__index_level_0__"):
            reasons.append(
                f"column {i + 1} has no name (a row index? write it with "
                f"index=False, or pass drop_columns={names[i]!r})"
            )
    return Selection(
        chosen, places.get(label_column), reasons, left_out, missing
    )


def rounded(values: np.ndarray) -> int:
    """Return how many whole numbers float64 does not hold exactly."""
    if -(2**53) <= int(values.min()) and int(values.max()) <= 2**53:
        return 0
    return sum(int(float(value)) != value for value in values.tolist())


def few(texts: Sequence[str], comma: str = ", ", most: int = 5) -> str:
    """Return the first of these, and how many more there are."""
    more = f"{comma}and {len(texts) - most} more" if len(texts) > most else ""
    return comma.join(texts[:most]) + more
