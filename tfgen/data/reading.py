"""Reading: how examples are read, as a model carries it."""

import dataclasses
import typing
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.column_values import with_frequent
from tfgen.data.columns import Column, snapped
from tfgen.data.row_numbers import (
    are_mixed,
    coded_tensor,
    number_names,
    placed,
    without_specials,
    without_specials_tensor,
)
from tfgen.data.rules import Rule
from tfgen.data.squashing import (
    squash,
    squash_tensor,
    unsquash,
    unsquash_tensor,
)
from tfgen.data.table_parts import number_or

if typing.TYPE_CHECKING:
    import tensorflow as tf

_FEW = 8


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """How the examples that a model was trained on were read.

    Part of a model (`model.reading`), so that whatever meets it later is read
    in the same way: `tfgen.data.load(file, like=model)`.

    Attributes:
        kind: `"image"`, `"table"` or `"points"`.
        shape: shape of one example.
        value_range: range that examples come in, or None for real data.
        stored_range: range that stored images are meant to lie in, or None.
        columns: what is known of a table's columns, or None.
        shift: number, or one a column, taken off a (squashed) stored value.
        scale: number, or one a column, that divides the result.
        standardized: whether these are mean and standard deviation of
            training rows.
        class_names: names of the classes, or None without labels.
        class_shares: how often each class stands in the training data, of 1;
            no part of how data are read, so readings are equal without it.
        label_column: column of the file that held the labels, or None.
        header: whether a file of text was said to have a header, or None; no
            part of readings' equality either.
        image_options: options of `tfgen.data.load` that images were read with.
        rules: what holds between a table's columns in every row.

    Example:
    >>> reading = tfgen.data.load("iris").reading
    >>> reading.to_data_units([[0, 0, 0, 0]]).round(2)
    array([[5.77, 3.06, 3.65, 1.16]])
    """

    kind: str
    shape: tuple[int, ...]
    value_range: tuple[float, float] | None = None
    stored_range: tuple[float, float] | None = None
    columns: tuple[Column, ...] | None = None
    shift: float | np.ndarray = 0.0
    scale: float | np.ndarray = 1.0
    standardized: bool = False
    class_names: tuple[str, ...] | None = None
    class_shares: tuple[float, ...] | None = None
    label_column: str | None = None
    header: bool | None = None
    image_options: dict = dataclasses.field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reading):
            return False
        if self.columns is not other.columns and self.columns != other.columns:
            return False
        apart = {"columns": None, "class_shares": None, "header": None}
        mine, others = (
            dataclasses.replace(reading, **apart).to_json()
            for reading in (self, other)
        )
        return mine == others

    @property
    def has_units(self) -> bool:
        """Whether rows of a table come otherwise than they are stored."""
        plain = not np.any(self.shift) and np.all(np.equal(self.scale, 1))
        return self.kind != "image" and not plain

    @property
    def color_mode(self) -> str | None:
        """`"grayscale"` or `"rgb"` for images, else None."""
        if self.kind != "image":
            return None
        return {1: "grayscale", 3: "rgb"}[self.shape[-1]]

    @property
    def column_names(self) -> tuple[str, ...] | None:
        """Names of the columns that a row needs, or None."""
        return self.columns and tuple(
            column.name for column in self.columns if column.width
        )

    @property
    def number_names(self) -> tuple[str, ...] | None:
        """A name for each number of a row, or None."""
        return self.columns and number_names(self.columns)

    @property
    def is_mixed(self) -> bool:
        """Whether a table has more than numbers without gaps."""
        return are_mixed(self.columns)

    @property
    def parts(self) -> tuple[int | str, ...] | None:
        """What the columns of a mixed table are to a likelihood, or None.

        See `TableParts`.
        """
        if not self.is_mixed:
            return None
        return tuple(
            column.levels or number_or(column.specials)
            for column in self.columns
            if column.width
        )

    def nearest(self, x: npt.ArrayLike) -> np.ndarray:
        """Return the nearest rows, in the data's units, that there may be."""
        x = np.array(x, np.float64)
        for place, column in placed(self.columns or ()):
            if column.levels:
                codes = np.rint(x[..., place])
                x[..., place] = np.clip(codes, 0, column.levels - 1)
            elif column.width:
                numbers = dataclasses.replace(column, dtype="float64")
                x[..., place] = snapped(numbers, x[..., place])
            if column.width == 2:
                codes = np.rint(x[..., place + 1]).clip(0, column.specials)
                x[..., place + 1] = codes
                x[..., place] = with_frequent(column, x[..., place], codes)
        return x

    def with_labels(self, columns: dict, labels: np.ndarray | None) -> dict:
        """Return columns with one for the classes, if there are any.

        Args:
            columns: arrays by name.
            labels: class numbers, or None.
        """
        if labels is None or not self.class_names:
            return columns
        name = self.label_column or "label"
        while name in columns:  # a feature is called so
            name += "_"
        return {**columns, name: np.array(self.class_names)[labels]}

    def from_data_units(self, x: npt.ArrayLike) -> np.ndarray:
        """Return rows in the data's own units as the model takes them.

        Args:
            x: shape `(n, *shape)`.

        Returns:
            float32 array of the same shape.
        """
        return scaled(np.asarray(x), self.columns, self.shift, self.scale)

    def to_data_units(self, x: npt.ArrayLike) -> np.ndarray:
        """Return rows as the model makes them in the data's own units.

        Args:
            x: shape `(n, *shape)`.

        Returns:
            float64 array of the same shape.
        """
        return unscaled(x, self.columns, self.shift, self.scale)

    def from_data_units_tensor(self, x: "tf.Tensor") -> "tf.Tensor":
        """`from_data_units` of a tensor: float64 in, float32 out."""
        import tensorflow as tf

        x = tf.cast(x, tf.float64)
        if any(column.frequent for column in self.columns or ()):
            x = coded_tensor(self.columns, x)
        z = squash_tensor(self.columns or (), x)
        z = tf.cast((z - self.shift) / self.scale, tf.float32)
        return without_specials_tensor(self.columns, z)

    def to_data_units_tensor(self, x: "tf.Tensor") -> "tf.Tensor":
        """`to_data_units` of a tensor: float64 out."""
        import tensorflow as tf

        z = tf.cast(x, tf.float64) * self.scale + self.shift
        return unsquash_tensor(self.columns or (), z)

    def differences(self, other: "Reading", with_classes: bool) -> list[str]:
        """What keeps examples of another reading from being read like these.

        Args:
            other: of the examples at hand.
            with_classes: whether their classes must be known here.
        """
        found = []
        if (other.kind == "image") != (self.kind == "image"):
            found.append(f"it holds {_words(other)}, not {_words(self)}")
        elif self.kind == "image" and other.shape != self.shape:
            found.append(
                f"its images have shape {other.shape}, expected {self.shape}"
            )
        elif self.kind != "image":
            found += self._columns_that_differ(other)
        if with_classes and self.class_names:
            found += self._classes_that_differ(other)
        return found

    def _columns_that_differ(self, other):
        mine, theirs = self.column_names, other.column_names
        if mine and theirs and mine != _numbered(len(mine)):
            missing = [name for name in mine if name not in theirs]
            if missing and len(theirs) >= len(mine) == len(missing):
                # Without a header the columns can be told by their place.
                unnamed = theirs == _numbered(len(theirs))
                if unnamed and len(theirs) == len(mine):
                    return []
            if missing:
                return [f"it has no column {_listed(missing)}"]
            return []
        if other.shape != self.shape:
            return [f"it has {other.shape[0]} columns, not {self.shape[0]}"]
        return []

    def _classes_that_differ(self, other):
        if other.class_names is None:
            column = self.label_column
            return [
                "it has no labels" + (f" (column {column!r})" if column else "")
            ]
        unknown = [n for n in other.class_names if n not in self.class_names]
        if not unknown:
            return []
        return [
            f"it has the classes {_listed(unknown)} beside "
            f"{_listed(self.class_names)}"
        ]

    def to_json(self) -> dict:
        """Return what `from_json` takes, fit for JSON."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
        }
        if self.columns:
            values["columns"] = [column.to_json() for column in self.columns]
        rules = values.pop("rules")
        if rules:
            values["rules"] = [_told_rule(rule) for rule in rules]
        for name in ("shift", "scale"):
            values[name] = np.asarray(values[name], np.float64).tolist()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    @classmethod
    def from_json(cls, values: dict) -> "Reading":
        """Return the reading that `to_json` told; unknown keys are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {name: v for name, v in values.items() if name in known}
        for name in (
            "shape",
            "value_range",
            "stored_range",
            "class_names",
            "class_shares",
        ):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        if values.get("columns"):
            values["columns"] = tuple(map(Column.from_json, values["columns"]))
        values["rules"] = tuple(map(Rule.from_json, values.get("rules") or ()))
        for name in ("shift", "scale"):
            values[name] = _number_or_array(values.get(name, name == "scale"))
        return cls(**values)


def reading_of(like: object) -> Reading:
    """Return the reading of a model, a source, or of one itself.

    Raises:
        ValueError: for a model that has none, or something else.
    """
    reading = like if isinstance(like, Reading) else _reading_in(like)
    if reading is None:
        raise ValueError(
            f"like is a {type(like).__name__} that does not know how its data "
            "were read: it was trained on plain arrays. Train it on a "
            "tfgen.data source, or pass the source that was trained on."
        )
    return reading


def takes_classes(like: object, other: typing.Any) -> bool:
    """Whether labels must be classes of `like`: a model's if it takes any."""
    if hasattr(like, "endpoints"):
        return bool(like.num_classes)
    return other.class_names is not None


def name_of(like: object) -> str:
    """What a message calls the data that others are read like."""
    is_source = hasattr(like, "rows") and hasattr(like, "name")
    return like.name if is_source else "the training data"


def _reading_in(like):
    if not hasattr(like, "reading"):
        raise ValueError(
            f"like is a {type(like).__name__}; expected a model that "
            "tfgen.load or keras.models.load_model gave, or a source."
        )
    return like.reading


def scaled(
    stored: np.ndarray,
    columns: Sequence[Column] | None,
    shift: float | np.ndarray,
    scale: float | np.ndarray,
) -> np.ndarray:
    """Return stored values as they come out: float32, scaled.

    float32 cannot hold every value of other types, so the shift is taken off
    before they are rounded.
    """
    plain = not np.ndim(shift) and not columns
    exact = plain and stored.dtype in (np.uint8, np.float32)
    dtype = np.float32 if exact else np.float64
    shift, scale = np.asarray(shift, dtype), np.asarray(scale, dtype)
    with np.errstate(over="ignore"):
        values = squash(columns, stored) if columns else stored.astype(dtype)
        x = ((values - shift) / scale).astype(np.float32, copy=False)
    if not exact and not np.isfinite(x).all():
        _refuse_too_far(stored, columns, x, shift, scale)
    return without_specials(columns, x)


def _refuse_too_far(stored, columns, x, shift, scale):
    """Raises ValueError for values that 32 bits cannot hold as scaled."""
    odd = np.isfinite(stored) & ~np.isfinite(x)
    if not odd.any():
        return
    place = tuple(np.argwhere(odd)[0])
    names = [c.name for c in columns or () for _ in range(c.width)]
    where = f"column {names[place[-1]]!r}" if names else "x"
    known = np.isfinite(shift) & np.isfinite(scale)
    if not np.broadcast_to(known, x.shape[-1:])[place[-1]]:
        most = np.abs(stored[..., place[-1]]).max()
        raise ValueError(
            f"{where} has numbers up to {most:.1e}, whose mean or deviation "
            "64 bits do not hold: write them in a larger unit, or leave the "
            "column out."
        )
    raise ValueError(
        f"{where} has {stored[place]:g}, too far from the other values to be "
        "a number of 32 bits beside them: mend it, or leave it out."
    )


def unscaled(
    x: npt.ArrayLike,
    columns: Sequence[Column] | None,
    shift: float | np.ndarray,
    scale: float | np.ndarray,
) -> np.ndarray:
    """Return the stored values of scaled ones, as float64."""
    return unsquash(columns or (), np.asarray(x, np.float64) * scale + shift)


def _told_rule(rule: Rule) -> dict:
    told = rule.to_json()
    if rule.combinations is not None:
        told["combinations"] = [*map(list, rule.combinations)]
    return told


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"column_{i + 1}" for i in range(count))


def _number_or_array(value):
    return np.array(value, np.float64) if np.ndim(value) else float(value)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(repr(name) for name in names[:_FEW]) + more


def _words(reading: Reading) -> str:
    size = "x".join(str(length) for length in reading.shape)
    return f"images of {size}" if reading.kind == "image" else f"{size} columns"
