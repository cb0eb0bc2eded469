"""The command `tfgen sample`."""

import pathlib
import secrets
from typing import Annotated

import typer

from tfgen.cli.start import start

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
    force: Annotated[
        bool, typer.Option(help="Replace FILE if it exists.")
    ] = False,
) -> None:
    """Draw samples from a trained run.

    Samples of a table come in the units of its columns.
    """
    if out.suffix not in WRITERS:
        raise ValueError(
            f"--out is {out}, expected a file that ends in .png (a picture), "
            ".npz (the numbers) or .csv (a table)."
        )
    if out.is_dir():
        raise ValueError(f"{out} is a folder, expected the name of a new file.")
    if out.exists() and not force:
        raise ValueError(f"{out} exists: pass --force to replace it.")
    start(f"drawing samples from {run}")
    from tfgen.runs.folder import RunFolder

    folder = RunFolder(run)
    model = folder.load_model()
    seed = secrets.randbelow(2**31) if seed is None else seed
    labels = _labels(model, label, number, seed, balanced)
    if out.suffix == ".csv" and len(model.data_shape) != 1:
        raise ValueError(
            f"--out is {out}, but {run} makes images: pass a file that ends "
            "in .png or .npz."
        )
    if out.suffix == ".png" and len(model.data_shape) == 1:
        _write_plot(out, model, folder.config(), number, seed, label)
    else:
        samples = model.sample(number, seed=seed, labels=labels)
        data = folder.manifest()["data"]
        WRITERS[out.suffix](out, samples, labels, data)
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
    held_out = load_splits(settings, ("train", "validation"))["validation"]
    picture = pictures.samples_picture(model, held_out, number, seed)
    pictures.write_png(out, picture)


def _write_grid(out, samples, labels, data):
    from tfgen import pictures

    columns = None
    if labels is not None and len(set(labels)) > 1:
        columns = min(len(set(labels)), MOST_COLUMNS)  # one a class
    value_range = data["value_range"]
    pictures.write_png(out, pictures.image_grid(samples, columns, value_range))


def _write_npz(out, samples, labels, data):
    import numpy as np

    from tfgen.training.files import written_whole

    arrays = {"x": _own_units(samples, data["columns"])}
    if labels is not None:
        arrays["y"] = labels
    with written_whole(out) as temporary:
        np.savez_compressed(temporary, **arrays)


def _write_csv(out, samples, labels, data):
    import csv

    from tfgen.training.files import written_whole

    columns = data["columns"]
    with written_whole(out) as temporary, open(temporary, "w") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns["names"])
        writer.writerows(_own_units(samples, columns).tolist())


def _own_units(samples, columns):
    if not columns:
        return samples
    return samples * columns["scale"] + columns["shift"]


WRITERS = {".png": _write_grid, ".npz": _write_npz, ".csv": _write_csv}
