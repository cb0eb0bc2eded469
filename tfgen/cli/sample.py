"""The command `tfgen sample`."""

import pathlib
import secrets
from typing import Annotated

import typer

from tfgen.cli.files import progress
from tfgen.cli.start import start
from tfgen.runs.out_files import SUFFIXES

MOST_COLUMNS = 32


def sample(
    run: Annotated[
        pathlib.Path, typer.Argument(metavar="RUN", help="Folder of a run.")
    ],
    out: Annotated[
        pathlib.Path,
        typer.Option(
            metavar="FILE",
            help="A picture (.png), the numbers (.npz), or a table (.csv).",
        ),
    ],
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, metavar="N", help="How many")
    ] = 64,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Same seed, same samples [others each time]",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Name or number of a class, for a run with --conditional "
            "[classes as often as in training]",
        ),
    ] = None,
    balanced: Annotated[
        bool, typer.Option(help="Draw each class as often as the others.")
    ] = False,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITIONS",
            help="Rows of a table that keep them, such as "
            "'country=FR,age=30..40,income=' (nothing behind = for a gap).",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Replace FILE if it exists.")
    ] = False,
) -> None:
    """Draw samples from a trained run.

    Samples of a table come in the units of its columns.
    """
    if not out.name.lower().endswith((".png", *SUFFIXES)):
        raise ValueError(
            f"--out is {out}, expected a file that ends in .png (a picture), "
            f"or in one of {', '.join(SUFFIXES)}."
        )
    if out.is_dir():
        raise ValueError(f"{out} is a folder, expected the name of a new file.")
    if out.exists() and not force:
        raise ValueError(f"{out} exists: pass --force to replace it.")
    start(f"drawing samples from {run}")
    from tfgen.runs.folder import RunFolder
    from tfgen.runs.on_files import read_model

    model = read_model(run)
    is_image = len(model.data_shape) != 1
    seed = secrets.randbelow(2**31) if seed is None else seed
    if out.suffix not in (".png", ".npz") and is_image:
        raise ValueError(
            f"--out is {out}, but {run} makes images: pass a file that ends "
            "in .png or .npz."
        )
    if where is not None:
        if label is not None or balanced or out.suffix == ".png":
            raise ValueError(
                "--where takes a file of rows (.csv, .parquet) and neither "
                "--label nor --balanced."
            )
        _write_rows(out, model, number, seed, where=where)
    elif out.suffix == ".png" and not is_image:
        _write_plot(out, model, RunFolder(run).config(), number, seed, label)
    else:
        labels = _labels(model, label, number, seed, balanced)
        if out.suffix == ".png":
            samples = model.sample(number, seed=seed, labels=labels)
            _write_images(out, model, samples, balanced)
        else:
            _write_rows(out, model, number, seed, labels)
    print(f"{number} samples   {out}")


def _labels(model, label, number, seed, balanced):
    import numpy as np

    if model.num_classes:
        if label is None:
            return model.draw_labels(number, seed, balanced)
        return np.full(number, model.class_number(label))
    if label is None and not balanced:
        return None
    option = "--balanced" if label is None else f"--label is {label}"
    raise ValueError(
        f"{option}, but the run was trained without classes: leave it out, "
        "or train with --conditional."
    )


def _write_plot(out, model, settings, number, seed, label):
    """Generated over real data."""
    from tfgen import pictures
    from tfgen.runs.data import load_splits

    if label is not None:
        raise ValueError(
            f"--label is {label}, but a picture of a table shows all classes: "
            "leave it out, or pass a file that ends in .csv or .npz."
        )
    splits = load_splits(settings, ("train", "validation"), once_more=True)
    held_out = splits["validation"]
    picture = pictures.samples_picture(model, held_out, number, seed)
    pictures.write_png(out, picture)


def _write_images(out, model, samples, balanced):
    from tfgen import pictures

    columns = min(model.num_classes, MOST_COLUMNS) if balanced else None
    picture = pictures.image_grid(samples, columns, model.reading.value_range)
    pictures.write_png(out, picture)


def _write_rows(out, model, number, seed, labels=None, where=None):
    from tfgen.models import table_rows
    from tfgen.runs.on_files import own_columns
    from tfgen.runs.row_writer import RowWriter

    if len(model.data_shape) == 1:
        pieces = table_rows.draw_pieces(model, number, seed, labels, where)
    else:
        pieces = table_rows.draw_images(model, number, seed, labels)
    first, columns = 0, model.reading and model.reading.columns or ()
    with progress(number) as told, RowWriter(out, columns) as file:
        for rows, reading in pieces:
            stop = first + len(rows)
            own = None if labels is None else labels[first:stop]
            file.append(own_columns(reading, rows, own, out, first))
            told(len(rows))
            first = stop
