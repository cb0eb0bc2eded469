"""The command `tfgen evaluate`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.start import start

Option = typer.Option


def evaluate(
    runs: Annotated[
        list[pathlib.Path],
        typer.Argument(metavar="RUN...", help="Folders of one run or several."),
    ],
    out: Annotated[
        pathlib.Path | None,
        Option(
            metavar="DIR",
            help="Where to write report.html and report.json [evaluation in "
            "the run's folder; of several runs, in this one]",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        Option(
            min=2,
            metavar="N",
            help="Samples of a set [as many as the smaller of validation and "
            "test split, 10,000 at most]",
        ),
    ] = None,
    repeats: Annotated[
        int, Option(min=1, metavar="N", help="Sets of samples, for the spread")
    ] = 3,
    extractor: Annotated[
        str,
        Option(
            metavar="NAME",
            help="Features that samples are compared in: classifier (trained "
            "on the labelled training split), pixels (coarse ones), inception, "
            "none, a .keras file, or auto: classifier for images with labels, "
            "pixels for others, none for tables and points.",
        ),
    ] = "auto",
    k: Annotated[
        int,
        Option(
            "-k",
            "--draws",
            min=1,
            metavar="K",
            help="Draws of the importance-weighted bound",
        ),
    ] = 100,
    likelihood_examples: Annotated[
        int,
        Option(
            min=2, metavar="N", help="Test examples that the bound is taken of"
        ),
    ] = 1000,
    seed: Annotated[
        int, Option(min=0, metavar="N", help="Seed of all that is drawn")
    ] = 0,
) -> None:
    """Measure how good runs are, side by side, and whether they copy.

    Everything is measured on the test split, which no training has seen.
    """
    start(f"evaluating {', '.join(map(str, runs))}")
    from tfgen.evaluation.run_report import EvaluationReport

    report = EvaluationReport(runs, out, extractor)
    report.write(
        num_samples=samples,
        repeats=repeats,
        k=k,
        likelihood_rows=likelihood_examples,
        seed=seed,
    )
