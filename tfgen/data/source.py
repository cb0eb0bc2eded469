"""Source: examples that know their shape, range, classes and size."""

import copy
import dataclasses
import hashlib
import typing
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.checks import affine, check_value_range
from tfgen.data.columns import Column
from tfgen.data.mixed_tables import recoded, same_codes, standardizing
from tfgen.data.notes import say
from tfgen.data.reading import Reading, scaled, unscaled
from tfgen.data.row_numbers import are_mixed
from tfgen.data.rules import Rule, seen_in
from tfgen.data.splits import divide_rows
from tfgen.data.squashing import may_be_squashed, squash, with_transform
from tfgen.data.storage import ArrayStorage, Storage

UNNAMED = "arrays"
"""Name of what comes from no data set and no file."""
_SOME = 1000

if typing.TYPE_CHECKING:
    from tfgen.data.batches import Batches


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Source:
    """Examples with random access, scaled to a declared range.

    Made by `tfgen.data.load` and `tfgen.data.from_arrays`. A row that comes
    out is `(stored - shift) / scale`, float32; of a table's column with long
    tails the stored value is squashed before (`Column`).

    Attributes:
        storage: where the rows lie.
        kind: `"image"`, `"table"` or `"points"`.
        name: name of the data set, or of the file.
        split: `"train"`, `"validation"`, `"test"`, `"all"`, ...
        value_range: `(0.0, 1.0)`, `(-1.0, 1.0)`, or None for real data.
        class_names: names of the classes, or None without labels.
        feature_names: names of the columns, or None.
        factor_names: names of the known factors, or None.
        indices: which rows of the storage these are, or None for all.
        shift: number, or one a column, taken off a stored value.
        scale: number, or one a column, that divides the result.
        standardized: whether shift and scale are the mean and the standard
            deviation of training rows.
        stored_range: lowest and highest value that the stored ones are meant
            to take, such as `(0.0, 4095.0)` for 12 bits, or None.
        columns: what is known of a table's columns, or None.
        transform: `"auto"`, `"standard"` or `"asinh"`: which columns are
            squashed.
        label_column: the column of the file that held the labels, or None.
        header: whether the file was said to have a header, or None.
        image_options: options of `load` that images were read with.
        rules: what holds between a table's columns in every row.
        is_like: whether scale and columns are those of other data, which
            `divide` keeps then.

    Example:
    >>> train = tfgen.data.load("digits")
    >>> x, labels = train.rows([0, 1])
    >>> x.shape, labels.shape
    ((2, 8, 8, 1), (2,))
    """

    storage: Storage
    kind: str
    name: str = UNNAMED
    split: str = "all"
    value_range: tuple[float, float] | None = None
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    factor_names: tuple[str, ...] | None = None
    indices: np.ndarray | None = None
    shift: float | np.ndarray = 0.0
    scale: float | np.ndarray = 1.0
    standardized: bool = False
    stored_range: tuple[float, float] | None = None
    columns: tuple[Column, ...] | None = None
    transform: str = "auto"
    label_column: str | None = None
    header: bool | None = None
    image_options: dict = dataclasses.field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    is_like: bool = False

    def __len__(self) -> int:
        return len(self.storage if self.indices is None else self.indices)

    def __repr__(self) -> str:
        return f"<Source {self.description}>"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.storage.shape

    @property
    def num_classes(self) -> int | None:
        """The number of classes, or None without labels."""
        return None if self.class_names is None else len(self.class_names)

    @property
    def labels(self) -> np.ndarray | None:
        """int64 class numbers of all rows, shape `(n,)`, or None."""
        labels = self.storage.labels
        return None if labels is None else labels[self._stored_indices()]

    @property
    def unknown(self) -> dict[str, np.ndarray]:
        """Rows with values that other data had not, which these are read like.

        Of each column that has such, which rows they are: bool `(n,)`. There
        are some only where a source was read with `on_unknown="flag"`.
        """
        rows, found = self._stored_indices(), {}
        for name, said in self.storage.unknown.items():
            has_any = np.isin(rows, np.concatenate([*said.values()]))
            if has_any.any():
                found[name] = has_any
        return found

    @property
    def is_mixed(self) -> bool:
        """Whether it is a table of more than numbers without gaps."""
        return are_mixed(self.columns)

    @property
    def factors(self) -> np.ndarray | None:
        """int64 known factors of all rows, `(n, num_factors)`, or None."""
        factors = self.storage.factors
        return None if factors is None else factors[self._stored_indices()]

    @property
    def description(self) -> str:
        """One line: name, split, size, shape, range and classes."""
        noun = {"image": "images", "table": "rows", "points": "points"}
        text = f"{self.name}, {self.split}: {len(self)} {noun[self.kind]} of "
        text += "x".join(str(size) for size in self.shape)
        if self.value_range is not None:
            text += " in [{:g}, {:g}]".format(*self.value_range)
        if self.standardized:
            text += ", standardized"
        if self.num_classes is not None:
            text += f", {self.num_classes} classes"
        return text

    def rows(
        self, indices: npt.ArrayLike
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return some rows.

        Args:
            indices: whole numbers from 0 to `len(self) - 1`, shape `(k,)`.

        Returns:
            float32 examples of shape `(k, *shape)` in `value_range`, and
            int64 labels of shape `(k,)` or None.

        Raises:
            IndexError: a number outside the source.
        """
        x, labels = self.stored_rows(indices)
        return self.scaled(x), labels

    def stored_rows(
        self, indices: npt.ArrayLike
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return some rows as `rows` does, but as they are stored."""
        indices = np.atleast_1d(np.asarray(indices))
        if indices.size == 0:
            indices = indices.astype(np.int64)
        if indices.dtype.kind not in "iu" or indices.ndim != 1:
            raise IndexError(
                f"rows takes whole numbers of shape (k,), got {indices.dtype} "
                f"of shape {indices.shape}."
            )
        if indices.size and not 0 <= indices.min() <= indices.max() < len(self):
            raise IndexError(
                f"rows {indices.min()} to {indices.max()} asked for; this "
                f"source has rows 0 to {len(self) - 1}."
            )
        stored = indices if self.indices is None else self.indices[indices]
        labels = self.storage.labels
        return (
            self.storage.read(stored),
            None if labels is None else labels[stored],
        )

    def arrays(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return everything, as `rows` does; it must fit in memory."""
        return self.rows(np.arange(len(self)))

    def take(self, n: int) -> "Source":
        """Return the first `n` rows, or all if there are fewer."""
        if n < 1:
            raise ValueError(f"take(n) takes at least one row, got {n}.")
        return self.subset(np.arange(min(n, len(self))))

    def subset(
        self, indices: npt.ArrayLike, split: str | None = None
    ) -> "Source":
        """Return the rows at `indices`, scaled as they are here."""
        stored = self._stored_indices()[np.asarray(indices, np.int64)]
        return dataclasses.replace(
            self, indices=stored, split=split or self.split
        )

    def to_range(self, value_range: tuple[float, float]) -> "Source":
        """Return the same rows in `[0, 1]` or `[-1, 1]`.

        Raises:
            ValueError: another range, or data without a range.
        """
        target = check_value_range(value_range)
        if self.value_range is None:
            raise ValueError(
                f"{self.name!r} holds real numbers without a range, so it "
                f"cannot be brought to [{target[0]:g}, {target[1]:g}]: choose "
                "a likelihood or network for real data."
            )
        shift, scale = affine(self.value_range, target)
        return dataclasses.replace(
            self,
            value_range=target,
            shift=self.shift + shift * self.scale,
            scale=self.scale * scale,
        )

    def divide(
        self, fractions: Sequence[float], seed: int = 0
    ) -> tuple["Source", ...]:
        """Divide into parts without leakage.

        Equal rows land in the same part whatever their order. A standardized
        table is standardized anew, by the rows of the first part alone, unless
        it was read like other data.

        Args:
            fractions: share of each part, summing to 1; the first is the
                training part.
            seed: which of the divisions.

        Returns:
            One source a fraction; their split is still this one's.
        """
        parts = [self.subset(rows) for rows in self.division(fractions, seed)]
        if self.standardized and not self.is_like and len(parts[0]):
            parts = [part.standardized_by(parts[0]) for part in parts]
        return tuple(parts)

    def division(
        self, fractions: Sequence[float], seed: int = 0
    ) -> list[np.ndarray]:
        """Return the row numbers of the parts that `divide` makes."""
        stored = self._stored_indices()
        hashes = self.storage.row_hashes(stored, seed)
        return divide_rows(hashes, fractions)

    def standardized_by(self, train: "Source") -> "Source":
        """Return the same rows, standardized by the rows of `train`.

        Columns of a table that have long tails there are squashed, and their
        bounds are those of `train`, as are the combinations of rules.
        """
        columns, mean, deviation = _seen(train)
        return dataclasses.replace(
            self,
            shift=mean,
            # A column that is constant, up to rounding, is shifted only.
            scale=np.where(
                deviation <= 1e-12 * np.maximum(np.abs(mean), 1e-300),
                1.0,
                deviation,
            ),
            standardized=True,
            columns=columns,
            rules=self.rules and seen_in(self.rules, columns, train.stored()),
            is_like=False,
        )

    @property
    def class_shares(self) -> tuple[float, ...] | None:
        """How often each class stands in the rows, of 1, or None."""
        if self.class_names is None or not len(self):
            return None
        # Labels that are no classes are for others to refuse.
        labels, count = self.labels, len(self.class_names)
        known = labels[(labels >= 0) & (labels < count)]
        return tuple((np.bincount(known, minlength=count) / len(self)).tolist())

    @property
    def reading(self) -> Reading:
        """How these examples are read."""
        return Reading(
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(Reading)
            }
        )

    def read_like(
        self,
        reading: Reading,
        with_classes: bool = False,
        called: str = "the training data",
    ) -> "Source":
        """Return the rows as others were read: columns, scale, range, classes.

        Columns are found by name; further ones are left out, which is said.

        Args:
            reading: of the examples that a model was trained on.
            with_classes: whether labels are numbered as there. Otherwise they
                stay as they are here.
            called: what a message calls the others.

        Raises:
            ValueError: with all that differs.
        """
        own = self.reading
        if differences := reading.differences(own, with_classes):
            raise ValueError(
                f"{self.name} cannot be read like {called}: "
                f"{'; '.join(differences)}: mend it, or take other data."
            )
        found = self
        if reading.kind == "image":
            return self._in_range_of(reading)._with_classes_of(
                reading, with_classes
            )
        if reading.is_mixed or self.is_mixed:
            found = self._recoded(reading)
        elif own.column_names and reading.column_names:
            found = self._with_columns(reading.column_names)
        found = dataclasses.replace(
            found,
            kind=reading.kind,
            value_range=reading.value_range,
            shift=reading.shift,
            scale=reading.scale,
            standardized=reading.standardized,
            columns=reading.columns,
            feature_names=reading.number_names or found.feature_names,
            label_column=reading.label_column,
            header=reading.header,
            rules=reading.rules,
            is_like=True,
        )
        return found._with_classes_of(reading, with_classes)

    def original_units(self, x: npt.ArrayLike) -> np.ndarray:
        """Return examples in the units they are stored in, as float64."""
        return unscaled(x, self.columns, self.shift, self.scale)

    def unscaled(self) -> "Source":
        """Return the same rows as they are stored."""
        columns = self.columns and tuple(
            dataclasses.replace(column, center=0.0, spread=0.0)
            for column in self.columns
        )
        return dataclasses.replace(
            self,
            value_range=None,
            shift=0.0,
            scale=1.0,
            standardized=False,
            columns=columns,
        )

    def fingerprint(self) -> str:
        """Return a sha256, in hex, of the rows, labels, factors and scaling.

        Arrays are hashed whole. Data streamed from files are hashed by the
        files' relative names and sizes and a sample of 64 files or records,
        so a change inside an unsampled file of the same size is not seen.
        """
        sha256 = hashlib.sha256()
        stored = self._stored_indices()
        header = (
            self.kind,
            len(self),
            self.shape,
            str(self.storage.dtype),
            self.value_range,
            np.asarray(self.shift, np.float64).tolist(),
            np.asarray(self.scale, np.float64).tolist(),
            self.class_names,
        )
        # As stored: the rows themselves are hashed without being scaled.
        sha256.update(repr(header).encode())
        if self.is_mixed:
            sha256.update(repr([c.categories for c in self.columns]).encode())
        self.storage.digest(stored, sha256)
        for numbers in (self.labels, self.factors):
            if numbers is not None:
                sha256.update(numbers.astype("<i8").tobytes())
        return sha256.hexdigest()

    def batches(
        self,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        labels: bool = False,
        memory_limit: int | None = None,
    ) -> "Batches":
        """Return the rows in batches; see `tfgen.data.Batches`."""
        from tfgen.data.batches import Batches

        return Batches(
            self,
            batch_size,
            seed=seed,
            shuffle=shuffle,
            labels=labels,
            memory_limit=memory_limit,
        )

    def scaled(self, stored: np.ndarray) -> np.ndarray:
        """Return stored values as they come out: float32, in range."""
        return scaled(stored, self.columns, self.shift, self.scale)

    def stored(self) -> np.ndarray:
        """Return all rows as they are stored, before scaling."""
        if self.indices is None and isinstance(self.storage, ArrayStorage):
            return self.storage.x
        return self.storage.read(self._stored_indices())

    def _with_columns(self, names: tuple[str, ...]) -> "Source":
        """The columns of these names, in their order."""
        own = self.reading.column_names
        if own == names or len(set(names) & set(own)) < len(names):
            return self  # columns without names are taken by their place
        if extra := [name for name in own if name not in names]:
            say(
                f"{self.name} has columns that the model was not trained on, "
                f"they are left out: {', '.join(extra[:8])}"
                f"{' ...' if len(extra) > 8 else ''}."
            )
        order = [own.index(name) for name in names]
        whole = self.storage
        x = whole.read(np.arange(len(whole)))[:, order]
        storage = ArrayStorage(x, whole.labels, whole.factors)
        return dataclasses.replace(self, storage=storage)

    def _recoded(self, reading: Reading) -> "Source":
        """The rows of a mixed table in the codes of the reading's columns."""
        if same_codes(self.columns or (), reading.columns or ()):
            return self
        return recoded(self, reading.columns or ())

    def _in_range_of(self, reading: Reading) -> "Source":
        wanted = reading.value_range
        if self._lies_in(reading):
            return dataclasses.replace(
                self,
                value_range=wanted,
                shift=reading.shift,
                scale=reading.scale,
                stored_range=reading.stored_range,
                image_options=reading.image_options,
            )
        if wanted is None or self.value_range == wanted:
            return self
        return self.to_range(wanted)

    def _lies_in(self, reading: Reading) -> bool:
        """Whether images are stored as there, but do not reach the ends.

        Such are fractions in [-1, 1] of which none is negative, and 12 bits
        of which none is above 1023.
        """
        own, there = self.stored_range, reading.stored_range
        if own is None or there is None or own == there:
            return False
        alike = "bit_depth" in self.image_options
        alike = alike == ("bit_depth" in reading.image_options)
        white = {"|u1": 255, "|b1": 1}.get(self.storage.dtype.str, np.inf)
        return alike and there[0] <= own[0] and own[1] <= there[1] <= white

    def _with_classes_of(self, reading: Reading, wanted: bool) -> "Source":
        """Labels as numbers of the classes there."""
        names = reading.class_names
        if not wanted or names is None or self.class_names == names:
            return self
        storage = copy.copy(self.storage)
        numbers = np.array([names.index(name) for name in self.class_names])
        storage.labels = numbers[self.storage.labels]
        return dataclasses.replace(self, storage=storage, class_names=names)

    def _stored_indices(self) -> np.ndarray:
        if self.indices is None:
            return np.arange(len(self.storage))
        return self.indices


def _seen(
    train: Source,
) -> tuple[tuple[Column, ...] | None, np.ndarray, np.ndarray]:
    """The columns as these rows have them, their means and deviations."""
    if train.is_mixed:
        return standardizing(train.columns, train.stored(), train.transform)
    low, high, mean, deviation = _statistics(train, ())
    if train.columns is None:
        return None, mean, deviation
    columns = tuple(
        dataclasses.replace(column, low=float(a), high=float(b))
        for column, a, b in zip(train.columns, low, high, strict=True)
    )
    stored = train._stored_indices()
    some = train.storage.read(stored[:: max(1, len(stored) // _SOME)])
    if may_be_squashed(some, deviation, train.transform).any():
        columns = with_transform(columns, train.stored(), train.transform)
        _, _, mean, deviation = _statistics(train, columns)
    else:
        columns = with_transform(columns, some, "standard")
    return columns, mean, deviation


def _statistics(
    train: Source, columns: Sequence[Column]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest values, means and deviations of squashed columns."""
    total, squares = np.zeros(train.shape), np.zeros(train.shape)
    low, high = np.full(train.shape, np.inf), np.full(train.shape, -np.inf)
    stored = train._stored_indices()
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in train.storage.chunks(stored):
            rows = squash(columns, rows)
            total += rows.sum(axis=0)
            low = np.minimum(low, rows.min(axis=0))
            high = np.maximum(high, rows.max(axis=0))
        mean = total / len(train)
        # A second pass, as the difference of two large sums would cancel.
        for rows in train.storage.chunks(stored):
            squares += np.square(squash(columns, rows) - mean).sum(axis=0)
    return low, high, mean, np.sqrt(squares / len(train))
