"""The commands `tfgen score`, `encode`, `reconstruct` and `decode`."""

import pathlib
import sys
from typing import Annotated

import typer

from tfgen.cli.ahead import read_ahead
from tfgen.cli.start import announce, start

Run = Annotated[
    pathlib.Path, typer.Argument(metavar="RUN", help="Folder of a run.")
]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A file, a folder of images, or the name of a data set; read as "
        "the run's training data: columns by name, scale, size, classes.",
    ),
]
Table = Annotated[
    pathlib.Path,
    typer.Option(
        "--out", metavar="FILE", help="A .csv, .tsv, .parquet or .npz."
    ),
]
Examples = Annotated[
    pathlib.Path,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Of a table a .csv, .tsv or .parquet with its columns; of images "
        "a folder of PNG; or a .npz.",
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        metavar="SPLIT", help="train, validation or test [all of the data]"
    ),
]
OnUnknown = Annotated[
    str,
    typer.Option(
        metavar="refuse|flag",
        help="A table's rows with a text or a gap that the training data had "
        "not: refuse the file, or go on and say which rows they are",
    ),
]
Force = Annotated[bool, typer.Option(help="Replace FILE if it exists.")]


def score(
    run: Run,
    data: Data,
    out: Table,
    on_unknown: OnUnknown = "refuse",
    split: Split = None,
    force: Force = False,
) -> None:
    """Score each row: how likely a model takes it to be, in nats.

    FILE gets score (the evidence lower bound; high is usual, low is odd),
    log_likelihood and kl, in the units of the training. With --on-unknown flag
    a row has -inf that has a text or a gap which the training data had not.
    """
    _write_table("score", run, data, out, split, force, on_unknown)


def encode(
    run: Run, data: Data, out: Table, split: Split = None, force: Force = False
) -> None:
    """Encode each row as latents: mean and standard deviation."""
    _write_table("encode", run, data, out, split, force)


def reconstruct(
    run: Run,
    data: Data,
    out: Examples,
    split: Split = None,
    force: Force = False,
) -> None:
    """Write each row as it looks after encoding and decoding."""
    from tfgen.runs.out_files import check_out

    check_out(out, image_folder=True, force=force)
    announce(f"reconstructing {data} with {run}")
    with read_ahead(data, {}, run):
        start()
        from tfgen.runs import on_files

        model = on_files.read_model(run)
        on_files.check_endpoint(model, "reconstruct")
        source = on_files.read_source(model, data, split)
    with progress(len(source)) as told:
        examples = on_files.reconstructions(model, source)
        on_files.write_examples(model, examples, out, told)
    print(f"{len(source):,} rows   {out}")


def decode(
    run: Run,
    latents: Annotated[
        pathlib.Path,
        typer.Argument(
            metavar="LATENTS",
            help="What `tfgen encode` wrote, edited or not: a .csv, .parquet, "
            ".npz or .npy of latents.",
        ),
    ],
    out: Examples,
    force: Force = False,
) -> None:
    """Make rows or images of latents."""
    from tfgen.runs.out_files import check_out

    check_out(out, image_folder=True, force=force)
    if not latents.is_file():
        raise ValueError(f"{latents} is no file, expected one of latents.")
    start(f"decoding {latents} with {run}")
    from tfgen.runs import on_files

    model = on_files.read_model(run)
    on_files.check_endpoint(model, "decode")
    rows, labels = on_files.read_latents(model, latents)
    with progress(len(rows)) as told:
        examples = on_files.decoded(model, rows, labels)
        on_files.write_examples(model, examples, out, told)
    print(f"{len(rows):,} rows   {out}")


def impute(
    run: Run,
    file: Annotated[
        pathlib.Path,
        typer.Argument(metavar="FILE", help="A .csv, .tsv or .parquet."),
    ],
    out: Table,
    seed: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Another seed, another draw."),
    ] = 0,
    on_unknown: OnUnknown = "refuse",
    force: Force = False,
) -> None:
    """Fill a table's gaps by draws, given what is there.

    RUN is of a VAE of a table with texts, dates or gaps. What is no gap stays
    as it is, columns that the run does not know among it; with --on-unknown
    flag texts that the training data had not, too, of which nothing is given.
    """
    from tfgen.data.tables import SUFFIXES, is_table
    from tfgen.data.unknown_values import check_on_unknown
    from tfgen.runs.out_files import check_out

    check_out(out, image_folder=False, force=force)
    check_on_unknown(on_unknown)
    if not file.is_file() or not is_table(file) or out.suffix == ".npz":
        raise ValueError(
            f"{file} to {out}: expected two files of rows, which end in one of "
            f"{', '.join(SUFFIXES)}."
        )
    start(f"filling the gaps of {file} by {run}")
    from tfgen.runs.impute import write_imputed
    from tfgen.runs.on_files import read_model

    rows, drawn = write_imputed(read_model(run), file, out, seed, on_unknown)
    print(f"{rows:,} rows, {drawn:,} values drawn   {out}")


def _write_table(endpoint, run, data, out, split, force, on_unknown="refuse"):
    from tfgen.data.unknown_values import check_on_unknown
    from tfgen.runs.out_files import check_out

    check_out(out, image_folder=False, force=force)
    check_on_unknown(on_unknown)
    announce(f"asking {run} to {endpoint} {data}")
    with read_ahead(data, {}, run, on_unknown=on_unknown):
        start()
        from tfgen.runs import on_files

        model = on_files.read_model(run)
        on_files.check_endpoint(model, endpoint)
        source = on_files.read_source(model, data, split, on_unknown)
    with progress(len(source)) as told:
        on_files.write_answers(model, endpoint, source, out, told)
    print(f"{len(source):,} rows   {out}")


class progress:
    """A bar on a terminal; `with progress(n) as told`, then `told(done)`."""

    def __init__(self, rows):
        self.bar = typer.progressbar(length=rows, file=sys.stderr)

    def __enter__(self):
        if not sys.stderr.isatty():
            return lambda rows: None
        self.bar.__enter__()
        return self.bar.update

    def __exit__(self, *error):
        if sys.stderr.isatty():
            self.bar.__exit__(*error)
