"""The command `tfgen calibrate`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.start import start

Option = typer.Option

Run = Annotated[
    pathlib.Path, typer.Argument(metavar="RUN", help="Folder of a run.")
]
HeldOut = Annotated[
    str | None,
    Option(
        metavar="DATA",
        help="Normal rows that no training has seen [the run's validation "
        "split]",
    ),
]
Measures = Annotated[
    list[str] | None,
    Option(
        metavar="NAME",
        help="elbo, bound, reconstruction, latent, discriminator, neighbours "
        "or mixture; may be given several times [those that the run's preset "
        "recommends, else elbo; discriminator for GANs]",
    ),
]
Combine = Annotated[
    str | None,
    Option(
        metavar="HOW",
        help="Several measures: max, of which the oddest counts, or mean [max, "
        "but with the measures of a preset as it recommends]",
    ),
]


def calibrate(
    run: Run,
    held_out: HeldOut = None,
    measure: Measures = None,
    alpha: Annotated[
        float,
        Option(metavar="SHARE", help="Of normal rows, to be flagged"),
    ] = 0.05,
    combine: Combine = None,
    k: Annotated[
        int, Option("-k", "--draws", min=1, metavar="K", help="Draws of bound")
    ] = 100,
    normal: Annotated[
        str | None,
        Option(
            metavar="CLASS",
            help="Of the validation split take rows of this class alone",
        ),
    ] = None,
) -> None:
    """Make a run a detector of what is odd, by held-out normal rows.

    Their scores become a part of model.keras: `tfgen detect` takes them, and
    an export answers `detect` and `explain`. Other weights need others.
    """
    start(f"scoring held-out rows with {run}")
    from tfgen.detection.calibrated_run import calibrate_run
    from tfgen.runs.folder import RunFolder

    detector = calibrate_run(run, held_out, measure, alpha, k, normal, combine)
    print(f"measure     {detector.words}")
    if detector.num_training_rows:
        print(
            f"keeps       {detector.num_training_rows:,} training rows as they "
            "are, here and in exports"
        )
    print(f"held out    {detector.num_held_out:,} rows, {detector.source}")
    print(f"alarm rate  {detector.promise}")
    print(f"model       {RunFolder(run).model_file}")
