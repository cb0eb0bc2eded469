"""Options that several commands have."""

from typing import Annotated

import typer

Option = typer.Option

Data = Annotated[
    str | None,
    Option(
        metavar="NAME_OR_PATH",
        help="A known data set (tfgen info), an image folder, .npz, .npy, "
        ".csv, .parquet or TFRecords.",
    ),
]
Conditional = Annotated[
    bool, Option("--conditional", help="Condition on the data's classes.")
]
ImageSize = Annotated[
    str | None,
    Option(
        metavar="PIXELS",
        help="Resize images: 64, or height x width as in 48x64.",
    ),
]
ColorMode = Annotated[
    str | None,
    Option(metavar="MODE", help="Convert images: grayscale or rgb."),
]
LabelColumn = Annotated[
    str | None,
    Option(metavar="NAME", help="Column of a table that is the class."),
]
Replicas = Annotated[
    int | None,
    Option(
        min=1,
        metavar="N",
        help="Devices of --strategy mirrored [every GPU, or 2]",
    ),
]
