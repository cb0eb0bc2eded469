"""The command `tfgen evaluate`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.ahead import read_ahead
from tfgen.cli.options import chosen, takes_settings
from tfgen.cli.start import announce, start

Option = typer.Option


@takes_settings(
    lambda setting: setting.part == "data" and setting.name != "data"
)
def evaluate(
    runs: Annotated[
        list[pathlib.Path] | None,
        typer.Argument(
            metavar="[RUN...]", help="Folders of one run or several."
        ),
    ] = None,
    generated: Annotated[
        list[str] | None,
        Option(
            metavar="FILE",
            help="Instead of runs: samples from anywhere, a table, a folder "
            "of images or what else --data takes; read as --real is. May be "
            "given several times.",
        ),
    ] = None,
    real: Annotated[
        str | None,
        Option(
            metavar="FILE",
            help="The real data that --generated is compared with.",
        ),
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        Option(
            metavar="DIR",
            help="Where to write report.html and report.json [evaluation in "
            "the run's folder; of several runs or of files, in this one]",
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
    **settings,
) -> None:
    """Measure how good runs are, side by side, and whether they copy.

    Everything is measured on the test split, which no training has seen.
    With --generated and --real it measures rows or images from anywhere.
    """
    options = chosen(settings)
    if generated or real:
        _check_files(runs, generated, real)
        out = out or pathlib.Path("evaluation")
        announce(f"comparing {', '.join(generated)} with {real}")
        with read_ahead(real, options, also=tuple(generated)):
            start()
            from tfgen.evaluation.file_report import FileReport

            report = FileReport(generated, real, options, out, extractor)
        report.write(num_samples=samples, most_repeats=repeats, seed=seed)
        return
    if not runs:
        raise ValueError(
            "nothing to evaluate: name folders of runs, or files by "
            "--generated and --real."
        )
    if options:
        flags = ", ".join("--" + name.replace("_", "-") for name in options)
        raise ValueError(
            f"{flags} of runs are those of their training: leave them out."
        )
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


def _check_files(runs, generated, real):
    if runs:
        raise ValueError(
            "runs have their own data: name runs, or --generated and --real."
        )
    if not generated or not real:
        raise ValueError(
            "--generated and --real go together: name the samples and the "
            "real data that they are compared with."
        )
