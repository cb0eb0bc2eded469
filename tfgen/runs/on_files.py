"""A trained model's answers to a file, piece by piece into another file."""

import os
import pathlib
import re
from collections.abc import Callable, Iterator

import keras
import numpy as np

from tfgen import data
from tfgen.data import Source
from tfgen.data.checks import reason_of
from tfgen.data.columns import restored, spelled
from tfgen.data.csv_layout import find_layout
from tfgen.models import GenerativeModel
from tfgen.runs.folder import RunFolder
from tfgen.runs.row_writer import RowWriter

ROWS = 1024
"""Rows at a time: what is in memory does not grow with their number."""


def load(path: str | os.PathLike) -> GenerativeModel:
    """Return the model of a run, or of a `.keras` file.

    It knows how its data were read, so
    `tfgen.data.load(file, like=model)` reads others like them.

    Args:
        path: folder of a run of `tfgen train`, of a trial of `tfgen tune`, or
            a `.keras` file.

    Raises:
        ValueError: if there is no such model, or it cannot be loaded.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), latent_dim=1)
    >>> vae.save("vae.keras")
    >>> tfgen.load("vae.keras").sample(3, seed=0).shape
    (3, 2)
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        return read_model(path)
    if not path.is_file():
        raise ValueError(
            f"No file at {str(path)!r}; expected a .keras file, or the folder "
            "of a run."
        )
    try:
        return keras.models.load_model(path)
    except Exception as error:
        raise ValueError(
            f"{path} cannot be loaded ({reason_of(error)}): take another copy "
            "of it, and register classes of your own before."
        ) from error


def read_model(run: pathlib.Path) -> GenerativeModel:
    """The model of a run, with the reading of its training data.

    Raises:
        ValueError: if it does not know how its data were read.
    """
    folder = RunFolder(run)
    model = folder.load_model()
    if model.reading is None and folder.manifest_file.exists():
        # A run of before models carried it.
        model.reading = folder.reading(model)
    return model


def read_source(
    model: GenerativeModel,
    name_or_path: str,
    split: str | None,
    on_unknown: str = "refuse",
) -> Source:
    """Data by name or path, read like those that the model was trained on."""
    return data.load(name_or_path, split, like=model, on_unknown=on_unknown)


def check_endpoint(model: GenerativeModel, endpoint: str) -> None:
    """Raises ValueError for what a model of another family alone can do."""
    if endpoint not in model.endpoints():
        raise ValueError(
            f"a {type(model).__name__} cannot {endpoint}, it has "
            f"{', '.join(model.endpoints())}: pass the run of another model."
        )


def write_answers(
    model: GenerativeModel,
    endpoint: str,
    source: Source,
    out: pathlib.Path,
    told: Callable[[int], None],
) -> None:
    """Writes what an endpoint says of each row.

    A column `row` counts them from 0 as they stand in the data; for images in
    a folder `file` says which it is. Vectors such as latents become columns
    `mean_1`, `mean_2` and so on, in a `.npz` one array. Scores of rows with
    values that the training data had not are -inf: such have no probability.

    Args:
        model: with the endpoint.
        endpoint: `"score"` or `"encode"`.
        source: read like the model's training data.
        out: the file, of a suffix that `RowWriter` takes.
        told: called with the number of rows done.
    """
    flat = out.suffix != ".npz"
    with RowWriter(out) as file:
        for rows, answer in _answers(model, endpoint, source):
            columns = row_columns(source, rows)
            if endpoint == "score":
                answer = _with_unknown(answer, source.subset(rows))
            for name, values in answer.items():
                columns |= _flat(name, values) if flat else {name: values}
            file.append(columns)
            told(len(rows))


def row_columns(source: Source, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Columns that say which rows these are.

    Their numbers as they stand in the data, files that they lie in, and names
    of their classes.
    """
    stored = source._stored_indices()[rows]
    columns = {"row": stored}
    files = source.storage.files
    if files is not None:
        columns["file"] = np.array([str(files[i]) for i in stored])
    if source.class_names is not None:
        columns["label"] = np.array(source.class_names)[source.labels[rows]]
    return columns


def write_examples(
    model: GenerativeModel,
    examples: Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]],
    out: pathlib.Path,
    told: Callable[[int], None],
) -> None:
    """Writes examples as the training data are: rows, or images.

    Args:
        model: that they come from.
        examples: row numbers, examples as the model makes them, labels or
            None.
        out: a file of rows, or a folder of PNG images.
        told: called with the number of rows done.
    """
    reading = model.reading
    if reading.kind == "image" and out.suffix != ".npz":
        return _write_images(reading, examples, out, told)
    with RowWriter(out, reading.columns or ()) as file:
        for rows, x, labels in examples:
            first = int(rows[0]) if len(rows) else 0
            file.append(example_columns(reading, x, labels, out, first))
            told(len(rows))
    return None


def example_columns(
    reading, x, labels, out: pathlib.Path, first_row: int = 0
) -> dict:
    """Examples as columns of a file; see `own_columns`."""
    own = reading.to_data_units(x) if reading.kind != "image" else x
    return own_columns(reading, own, labels, out, first_row)


def own_columns(
    reading, own, labels, out: pathlib.Path, first_row: int = 0
) -> dict:
    """Examples as columns of a file: a table's own, or arrays of `.npz`.

    Of a mixed table a `.npz` holds the numbers of its rows, codes of
    categories for one.

    Args:
        reading: of the examples.
        own: images, or rows in the columns' units.
        labels: class numbers, or None.
        out: the file.
        first_row: number of the first row, by which ids are made.
    """
    values = restored(reading.columns or (), own, first_row)
    if out.suffix == ".npz":
        if reading.is_mixed:
            own = reading.nearest(own)
        elif values:
            own = np.stack([*map(_numbers, values.values())], axis=1)
        is_image = reading.kind == "image"
        columns = {"x": own.astype(np.float32) if is_image else own}
        return columns | ({} if labels is None else {"y": labels})
    columns = values or _flat("column", own)
    if out.suffix != ".parquet":
        columns = spelled(reading.columns or (), columns)
    return reading.with_labels(columns, labels)


def reconstructions(
    model: GenerativeModel, source: Source
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yields row numbers, reconstructions and labels, a piece at a time."""
    for rows, answer in _answers(model, "reconstruct", source):
        labels = source.labels
        yield rows, answer["x"], None if labels is None else labels[rows]


def decoded(
    model: GenerativeModel, latents: np.ndarray, labels: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yields row numbers, examples of latents and labels."""
    for start in range(0, len(latents), ROWS):
        piece = slice(start, start + ROWS)
        inputs = {"latent": latents[piece]}
        if model.num_classes:
            inputs["label"] = labels[piece]
        x = model.run_endpoint("decode", inputs)["x"]
        part = None if labels is None else labels[piece]
        yield np.arange(start, start + len(x)), x, part


def read_latents(
    model: GenerativeModel, path: pathlib.Path
) -> tuple[np.ndarray, np.ndarray | None]:
    """Latents, and labels for a model that takes them, from a file.

    Args:
        model: whose latents they are.
        path: what `tfgen encode` wrote, or a table of `latent_dim` columns,
            a `.npy`, or a `.npz` with `mean` or `latent`.

    Raises:
        ValueError: for another number of columns, or no labels where the
            model takes them.
    """
    columns = _latent_columns(path)
    labels = columns.pop("label", None)
    names = [n for n in columns if n.startswith(("mean", "latent"))]
    names = sorted(names, key=_number_at_end) or [
        n for n in columns if n != "row"
    ]
    if not names or not len(columns[names[0]]):
        raise ValueError(f"{path} has no rows; expected one a latent.")
    latents = np.concatenate(
        [np.reshape(columns[n], (len(columns[n]), -1)) for n in names], axis=1
    )
    if latents.shape[1] != model.latent_dim:
        raise ValueError(
            f"{path} has {latents.shape[1]} columns of latents; expected "
            f"{model.latent_dim}, named mean_1 and so on as `tfgen encode` "
            "writes them."
        )
    if model.num_classes and labels is None:
        raise ValueError(
            f"{path} has no column label, but the model is conditional on "
            f"{model.num_classes} classes: add one with their names."
        )
    if not model.num_classes:
        labels = None
    if labels is not None:
        labels = np.array([model.class_number(label) for label in labels])
    return latents.astype(np.float32), labels


def _latent_columns(path):
    if path.suffix == ".npy":
        return {"latent": np.load(path)}
    if path.suffix == ".npz":
        with np.load(path) as file:
            return dict(file)
    import pandas as pd

    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        layout = find_layout(path)
        frame = pd.read_csv(
            path,
            sep=layout.delimiter,
            header=0 if layout.header else None,
            names=layout.names,
        )
    return {name: c.to_numpy() for name, c in frame.items()}


def _number_at_end(name):
    number = re.search(r"\d*$", name)[0]
    return int(number or 0)


def _answers(model, endpoint, source):
    """Row numbers, and what an endpoint says of these rows."""
    for start in range(0, len(source), ROWS):
        rows = np.arange(start, min(start + ROWS, len(source)))
        x, labels = source.rows(rows)
        inputs = {"x": x, **({"label": labels} if model.num_classes else {})}
        yield rows, model.run_endpoint(endpoint, inputs)


def _numbers(values):
    """A column of numbers as an array of NumPy's type, whatever it came in."""
    if isinstance(values, np.ndarray):
        return values
    own = getattr(values.dtype, "numpy_dtype", np.dtype("float64"))
    return np.asarray(values, own if own.kind in "biuf" else np.float64)


def _with_unknown(answer, source):
    """Scores, those of rows with an unknown value as low as can be."""
    if not source.unknown:
        return answer
    rows = np.any([*source.unknown.values()], axis=0)
    ends = {"score": -np.inf, "log_likelihood": -np.inf, "kl": np.nan}
    return {
        name: np.where(rows, ends[name], values)
        for name, values in answer.items()
    }


def _flat(name, values):
    """A column, or one for each number of an example."""
    if values.ndim == 1:
        return {name: values}
    values = values.reshape(len(values), -1)
    return {f"{name}_{i + 1}": column for i, column in enumerate(values.T)}


def _remove_images(out):
    """Those that were written here before, which would stand for new ones."""
    for file in [*out.glob("*.png"), *out.glob("*/*.png")]:
        if re.fullmatch(r"\d{6,}", file.stem):
            file.unlink()


def _write_images(reading, examples, out, told):
    import PIL.Image

    out.mkdir(parents=True, exist_ok=True)
    _remove_images(out)
    low, high = reading.value_range
    for rows, x, labels in examples:
        levels = np.rint((np.clip(x, low, high) - low) / (high - low) * 255)
        for i, image in zip(rows, levels.astype(np.uint8), strict=True):
            folder = out
            if labels is not None and reading.class_names:
                name = reading.class_names[labels[i - rows[0]]]
                folder = out / _as_file_name(name)
                folder.mkdir(exist_ok=True)
            squeezed = image[..., 0] if image.shape[-1] == 1 else image
            PIL.Image.fromarray(squeezed).save(folder / f"{i:06d}.png")
        told(len(rows))


def _as_file_name(name):
    """A class's name as the name of a folder, and of one beneath only."""
    return re.sub(r"[^\w .-]", "_", name).strip(". ") or "class"
