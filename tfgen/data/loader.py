"""load: a Source by name or path."""

import contextlib
import dataclasses
import difflib
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfgen.data.arrays import from_file
from tfgen.data.catalog import DATA_SETS, Loaded
from tfgen.data.image_folder import is_image, read_image_folder
from tfgen.data.labels import encode_labels
from tfgen.data.mixed_tables import mixed_source
from tfgen.data.numpy_files import read_npy, read_npz
from tfgen.data.packed import is_pack, read_pack
from tfgen.data.reading import name_of, reading_of, takes_classes
from tfgen.data.record_files import is_tfrecord
from tfgen.data.schema import Schema, say_few_valued
from tfgen.data.source import Source
from tfgen.data.splits import hashed_on_the_way
from tfgen.data.squashing import say_squashed
from tfgen.data.tables import SUFFIXES, is_table, is_text, read_table
from tfgen.data.unknown_values import check_on_unknown, say_unknown

SPLITS = {
    "train": ("train",),
    "validation": ("validation",),
    "test": ("test",),
    "train+validation": ("train", "validation"),
    "all": ("train", "validation", "test"),
}
_OF_IMAGES = (
    *("value_range", "image_size", "color_mode"),
    *("fit", "background", "bit_depth"),
)
_OF_TABLES = ("label_column", "header", "drop_columns", "schema")
_kept: dict[str, Loaded] | None = None


def load(
    name_or_path: str | os.PathLike,
    split: str | None = None,
    *,
    seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    value_range: tuple[float, float] | None = None,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
    fit: str | None = None,
    background: str | None = None,
    bit_depth: int | None = None,
    label_column: str | None = None,
    header: bool | None = None,
    drop_columns: Sequence[str] | str = (),
    transform: str = "auto",
    schema: Schema | Mapping | str | os.PathLike | None = None,
    like: object = None,
    on_unknown: str = "refuse",
) -> Source:
    """Return one split of a data set, by name or path.

    A data set with an official test split keeps it, and validation rows are
    taken from its training rows. Others are divided in three. The division is
    a pure function of the content and the seed in which equal rows stay
    together. Tables are standardized by the training rows alone.

    Args:
        name_or_path: a name out of `tfgen.data.names()`; a folder of images
            (its sub-folders are the classes); a `.npz` with `x` and perhaps
            `y`, or `x_train`, `x_test` and the like; a `.npy`; a `.csv`,
            `.tsv` (also `.gz`) or `.parquet`; a `.tfrecord` file or a folder
            of them; what `pack` wrote.
        split: `"train"` (default), `"validation"`, `"test"`,
            `"train+validation"` or `"all"` (default with `like`).
        seed: which division, and which points where they are drawn.
        validation_fraction: share of all rows, or of the official training
            rows, for validation.
        test_fraction: share of all rows for the test, where there is no
            official one.
        value_range: `(0, 1)` or `(-1, 1)`; see `from_arrays`.
        image_size: height and width, or both in one number, to resize to.
        color_mode: `"grayscale"` or `"rgb"` to convert images to.
        fit: what becomes of images of other proportions than `image_size`:
            `"crop"` takes the middle (default), `"pad"` puts the background
            beside them, `"squash"` stretches them.
        background: colour behind transparent pixels and beside padded images,
            such as `"#808080"`; default: white.
        bit_depth: bits of stored whole numbers, of which the largest is
            white; by default what `from_arrays` finds.
        label_column: the column of a table's file with the classes.
        header: whether the first line of a table in text is a header; by
            default that is found out, and said where it is no plain matter.
        drop_columns: names of columns that are left out; in one text they are
            separated by commas.
        transform: which columns of a table are squashed; see `from_arrays`.
        schema: what the columns of a table are, as far as they are not to be
            found: a `Schema`, its JSON file or what that holds.
        like: a model, or a source, to read these like its training data:
            columns by name, scale, image size, range and classes.
        on_unknown: what becomes of a table's rows with a text or a gap that
            the training data of `like` had not: `"refuse"` raises, `"flag"`
            keeps them, with another value in its place; `Source.unknown` says
            which they are.

    Returns:
        A `Source`.

    Raises:
        ValueError: an unknown name, split or option, or unreadable content.
        FileNotFoundError: nothing at this path, or a data set not at hand.

    Example:
    >>> tfgen.data.load("digits", "test")
    <Source digits, test: 180 images of 8x8x1 in [0, 1], 10 classes>
    """
    if split is None:
        split = "train" if like is None else "all"
    if split not in SPLITS:
        raise ValueError(
            f"split is {split!r}; expected one of {', '.join(SPLITS)}."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed!r}; expected a whole number from 0.")
    _check_fractions(validation_fraction, test_fraction)
    check_on_unknown(on_unknown, like)
    options = {
        "value_range": value_range,
        "image_size": image_size,
        "color_mode": color_mode,
        "fit": fit,
        "background": background,
        "bit_depth": bit_depth,
    }
    of_tables = {
        "label_column": label_column,
        "header": header,
        "drop_columns": _names(drop_columns),
        "schema": None if schema is None else Schema.read(schema),
    }
    if like is not None:
        options |= _options_like(like, options)
        of_tables |= _columns_like(like, name_or_path, label_column, header)
        if of_tables["schema"] is not None:
            of_tables["schema"] = dataclasses.replace(
                of_tables["schema"], keeps_unknown=on_unknown == "flag"
            )
    elif transform != "auto":
        options["transform"] = transform
    # Others that a command reads of the same file will divide it.
    divides = split != "all" or _kept is not None
    with hashed_on_the_way(seed if divides else None):
        whole, official = _read(name_or_path, seed, options, of_tables)
    if split == "all" and not whole.standardized:
        parts = _undivided(whole)
    else:
        parts = _parts(
            whole, official, seed, validation_fraction, test_fraction
        )
    rows = np.sort(np.concatenate([parts[part] for part in SPLITS[split]]))
    if len(rows) == 0:
        raise ValueError(
            f"The {split} part of {whole.name!r} is empty, it has "
            f"{len(whole)} rows: take more rows, a larger fraction, or the "
            "split 'all'."
        )
    source = whole.subset(rows, split)
    if like is not None:
        found = source.read_like(
            reading_of(like), takes_classes(like, source), name_of(like)
        )
        say_unknown(found)
        return found
    if source.standardized:
        train = parts["train"] if len(parts["train"]) else rows
        source = source.standardized_by(whole.subset(train))
        say_squashed(source.columns or ())
    return source


@contextlib.contextmanager
def read_once() -> Iterator[None]:
    """Within it a file that is loaded several times is read once."""
    global _kept
    outer, _kept = _kept, {} if _kept is None else _kept
    try:
        yield
    finally:
        _kept = outer


def read_whole(
    name_or_path: str | os.PathLike, seed: int, options: Mapping
) -> Loaded:
    """Return all rows at a name or path, and the rows of official splits.

    Args:
        name_or_path: as for `load`.
        seed: which points where they are drawn.
        options: those of `load` that say how data are read.
    """
    if unknown := options.keys() - {*_OF_IMAGES, *_OF_TABLES, "transform"}:
        raise ValueError(f"{sorted(unknown)[0]} is no option of load.")
    # As in `load`, so that a file is read once.
    of_images = {name: options.get(name) for name in _OF_IMAGES}
    of_tables = {name: options.get(name) for name in _OF_TABLES}
    of_tables["drop_columns"] = _names(of_tables["drop_columns"] or ())
    if of_tables["schema"] is not None:
        of_tables["schema"] = Schema.read(of_tables["schema"])
    if options.get("transform", "auto") != "auto":
        of_images["transform"] = options["transform"]
    return _read(name_or_path, seed, of_images, of_tables)


def _read(name_or_path, seed: int, options: dict, of_tables: dict) -> Loaded:
    if _kept is None or not isinstance(name_or_path, (str, os.PathLike)):
        return _read_anew(name_or_path, seed, options, of_tables)
    where = os.fspath(name_or_path)
    if where not in DATA_SETS:
        where = os.path.abspath(os.path.expanduser(where))
    key = repr((where, seed, options, of_tables))
    if key not in _kept:
        _kept[key] = _read_anew(name_or_path, seed, options, of_tables)
    return _kept[key]


def _read_anew(
    name_or_path, seed: int, options: dict, of_tables: dict
) -> Loaded:
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise ValueError(
            f"load takes a name or a path, got {type(name_or_path).__name__}: "
            "for arrays there is tfgen.data.from_arrays."
        )
    name = os.fspath(name_or_path)
    if name in DATA_SETS:
        _check_no_options(of_tables, name)
        return DATA_SETS[name].read(seed, {"name": name, **options})
    path = pathlib.Path(name).expanduser()
    if os.path.exists(path):
        if path.suffix.lower() == ".npz" and path.is_file():
            _check_no_options(of_tables, str(path))
            return read_npz(path, options)
        if is_pack(path):
            _check_no_options(of_tables, str(path))
            return read_pack(path, options)
        return _read_path(path, options, of_tables), {}
    if os.sep in name or path.suffix or name.startswith("~"):
        raise FileNotFoundError(
            f"No file or folder at {name!r} (looked in {pathlib.Path.cwd()}); "
            f"expected a path or one of {', '.join(DATA_SETS)}."
        )
    close = difflib.get_close_matches(name, DATA_SETS, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"Unknown data set {name!r}.{hint} Expected a path or one of "
        f"{', '.join(DATA_SETS)}."
    )


def _names(drop_columns) -> tuple[str, ...]:
    if isinstance(drop_columns, str):
        drop_columns = [name.strip() for name in drop_columns.split(",")]
    return tuple(drop_columns)


def _options_like(like, given: dict) -> dict:
    """Options that images are read with, where none are given."""
    reading = reading_of(like)
    if reading.kind != "image":
        return {}
    found = {
        "value_range": reading.value_range,
        "image_size": reading.shape[:2],
        "color_mode": reading.color_mode,
        **reading.image_options,
    }
    return {k: v for k, v in found.items() if given.get(k) is None}


def _columns_like(
    like, name_or_path, label_column: str | None, header: bool | None
) -> dict:
    """Columns that are read of a table's file, by what `like` was read of."""
    reading = reading_of(like)
    if label_column is not None and label_column in (
        reading.column_names or ()
    ):
        raise ValueError(
            f"label_column is {label_column!r}, one of the columns that the "
            "model was trained on, expected one of the file's others: name "
            "that with the labels."
        )
    found = {"only": reading.column_names}
    if reading.columns and is_table(pathlib.Path(name_or_path)):
        found["schema"] = Schema(reading.columns)
    if header is None and is_text(pathlib.Path(name_or_path)):
        found["header"] = reading.header
    of_file = is_table(pathlib.Path(name_or_path))
    if label_column is None and of_file and getattr(like, "num_classes", None):
        found["label_column"] = reading.label_column
    return found


def _check_fractions(validation_fraction: float, test_fraction: float) -> None:
    fractions = (validation_fraction, test_fraction)
    if min(fractions) < 0 or sum(fractions) >= 1:
        raise ValueError(
            f"validation_fraction is {validation_fraction} and test_fraction "
            f"{test_fraction}; expected shares of at least 0 that leave some "
            "rows for training."
        )


def _parts(
    whole: Source, official, seed: int, validation: float, test: float
) -> dict[str, np.ndarray]:
    if "validation" in official:
        return official
    if "test" in official:
        train = official["train"]
        divided = whole.subset(train).division(
            (1 - validation, validation), seed
        )
        return {
            "train": train[divided[0]],
            "validation": train[divided[1]],
            "test": official["test"],
        }
    divided = whole.division((1 - validation - test, validation, test), seed)
    return dict(zip(("train", "validation", "test"), divided, strict=True))


def _undivided(whole: Source) -> dict[str, np.ndarray]:
    """All rows, without the pass over them that a division takes."""
    none = np.zeros(0, np.int64)
    return {"train": np.arange(len(whole)), "validation": none, "test": none}


def _check_no_options(of_tables: dict, name: str) -> None:
    given = [k for k in _OF_TABLES if of_tables[k] not in (None, ())]
    if given:
        raise ValueError(
            f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} for "
            f"{', '.join(SUFFIXES)} files; got {name!r}."
        )


def _read_path(path: pathlib.Path, options: dict, of_tables: dict) -> Source:
    """Return all rows at an existing path."""
    if is_table(path) and not path.is_dir():
        return _read_table(path, options, of_tables)
    _check_no_options(of_tables, str(path))
    if path.is_dir():
        return _read_folder(path, options)
    if is_tfrecord(path):
        return _read_records([path], path.name, options)
    if path.suffix.lower() == ".npy":
        return read_npy(path, options)
    advice = "convert it"
    if is_image(path):
        advice = "pass the folder the images are in"
    raise ValueError(
        f"{str(path)!r} is no kind of file tfgen reads; expected .npz, .npy, "
        f"{', '.join(SUFFIXES)}, .tfrecord or a folder of images: {advice}."
    )


def _read_folder(path: pathlib.Path, options: dict) -> Source:
    records = sorted(file for file in path.iterdir() if is_tfrecord(file))
    if records:
        return _read_records(records, path.name, options)
    if "transform" in options:
        raise ValueError(f"transform is for tables; got {str(path)!r}.")
    return read_image_folder(path, **options)


def _read_records(files, name: str, options: dict) -> Source:
    from tfgen.data.tfrecords import read_tfrecords  # loads TensorFlow

    return read_tfrecords(files, name, **options)


def _read_table(path: pathlib.Path, options: dict, of_tables: dict) -> Source:
    table = read_table(path, **of_tables)
    found = {
        "kind": "table",
        "feature_names": table.names,
        "columns": table.columns,
        "standardize": False,  # by the training rows, in `load`
    }
    if isinstance(table.x, list):
        return _mixed_table(path, table, options, of_tables)
    if "only" not in of_tables and of_tables["schema"] is None:
        say_few_valued(path.name, table.columns, table.x)
    source = from_file(path, table.x, table.labels, {**found, **options})
    return dataclasses.replace(
        source,
        label_column=of_tables["label_column"],
        header=of_tables["header"],
        standardized=source.value_range is None,
        rules=table.rules,
    )


def _mixed_table(path, table, options: dict, of_tables: dict) -> Source:
    given = [k for k in _OF_IMAGES if options.get(k) is not None]
    if given:
        raise ValueError(
            f"{given[0]} is for images and numbers; {str(path)!r} is a table "
            "of texts, dates or gaps: leave it out."
        )
    labels = names = None
    if table.labels is not None:
        labels, names = encode_labels(table.labels, len(table.labels))
    return mixed_source(
        table.columns,
        table.x,
        labels,
        names,
        name=path.name,
        transform=options.get("transform", "auto"),
        label_column=of_tables["label_column"],
        header=of_tables["header"],
        standardized=True,
        rules=table.rules,
        unknown=table.unknown,
    )
