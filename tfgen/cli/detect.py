"""The command `tfgen detect`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.ahead import read_ahead
from tfgen.cli.calibrate import Combine, HeldOut, Measures
from tfgen.cli.files import Data, Force, OnUnknown, Run, Split, progress
from tfgen.cli.start import announce, start

Option = typer.Option


def detect(
    run: Run,
    data: Data,
    out: Annotated[
        pathlib.Path,
        Option(metavar="FILE", help="A .csv, .tsv, .parquet or .npz."),
    ],
    alpha: Annotated[
        float | None,
        Option(
            metavar="SHARE",
            help="Of normal rows, to be flagged [that of `tfgen calibrate`, or "
            "0.05]",
        ),
    ] = None,
    held_out: HeldOut = None,
    measure: Measures = None,
    combine: Combine = None,
    k: Annotated[
        int | None,
        Option(
            *("-k", "--draws"), min=1, metavar="K", help="Draws of bound [100]"
        ),
    ] = None,
    also: Annotated[
        list[pathlib.Path] | None,
        Option(
            metavar="RUN",
            help="A further run, for an ensemble; may be given several times",
        ),
    ] = None,
    labels: Annotated[
        str | None,
        Option(
            metavar="COLUMN",
            help="Column of DATA that says which rows are odd (1, true or yes; "
            "normal ones 0, false or no), for AUROC, average precision, F1 "
            "and alarm rates",
        ),
    ] = None,
    normal: Annotated[
        str | None,
        Option(
            metavar="CLASS",
            help="Instead of 0: the label of normal rows, all others are odd. "
            "Without --labels, a class of DATA",
        ),
    ] = None,
    maps: Annotated[
        pathlib.Path | None,
        Option(
            metavar="PNG",
            help="Of images: a picture of the 16 oddest, each above a map of "
            "what its pixels add",
        ),
    ] = None,
    on_unknown: OnUnknown = "flag",
    split: Split = None,
    force: Force = False,
) -> None:
    """Flag odd rows, at a rate of false alarms that held-out rows keep.

    FILE gets score (the larger, the odder), p_value and is_odd, and of tables
    the three columns that weigh most with their shares of the score. A row
    with a text or a gap that the training data had not is odd by that, which
    is said. A run that `tfgen calibrate` made a detector of needs no held-out
    rows.
    """
    from tfgen.data.unknown_values import check_on_unknown
    from tfgen.runs.out_files import check_out, check_png

    check_out(out, image_folder=False, force=force)
    check_on_unknown(on_unknown)
    if maps is not None:
        check_png(maps, "--maps", force)
    announce(f"looking for what is odd in {data} with {run}")
    # With a column of labels the file is read in another way.
    ahead = data if labels is None else None
    with read_ahead(ahead, {}, run, on_unknown=on_unknown):
        start()
        from tfgen.detection.on_run import DetectionOfRuns

        runs = [run, *(also or ())]
        found = DetectionOfRuns(runs, data, split, labels, normal, on_unknown)
        found.calibrate(held_out, measure, alpha, k, combine)
        if maps is not None:
            found.check_maps()
    with progress(len(found.source)) as told:
        found.write(out, told)
    print("\n".join(found.lines()))
    print(f"file           {out}")
    if maps is not None:
        found.write_maps(maps)
        print(f"maps           {maps}")
