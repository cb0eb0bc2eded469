"""The command `tfgen schema`."""

import json
import pathlib
from typing import Annotated

import typer


def schema(
    file: Annotated[
        pathlib.Path,
        typer.Argument(metavar="FILE", help="A .csv, .tsv or .parquet."),
    ],
    by_value: Annotated[
        bool,
        typer.Option(
            "--by-value/--numbers",
            help="Whether a table of numbers alone is read value by value, "
            "as for a VAE, or as numbers.",
        ),
    ] = True,
) -> None:
    """Print what the columns of a table are found to be, as JSON.

    Edited or not, `tfgen train --schema` reads the table by it; columns that
    are left out of it are found again.
    """
    from tfgen.cli.output import show_notes
    from tfgen.data import Schema
    from tfgen.data.tables import SUFFIXES, is_table

    if not is_table(file) or not file.is_file():
        raise ValueError(
            f"{file} is no table, expected a file that ends in one of "
            f"{', '.join(SUFFIXES)}."
        )
    show_notes()
    found = Schema.of(file, by_value)
    print(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
