"""The command `tfgen pack`."""

import contextlib
import pathlib
import shlex
import signal
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from tfgen.cli.ahead import read_ahead
from tfgen.cli.options import chosen, takes_settings
from tfgen.cli.start import announce, start

Option = typer.Option


@takes_settings(lambda row: row.part == "data" and row.name != "data")
def pack(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="What `tfgen train --data` takes: a known data set, an image "
            "folder, .npz, .npy, .csv, .tsv, .parquet or TFRecords.",
        ),
    ],
    out: Annotated[
        pathlib.Path,
        Option(metavar="FOLDER", help="The folder to write; new or empty."),
    ],
    shards: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Number of files [by --shard-size]"),
    ] = None,
    shard_size: Annotated[
        str | None,
        Option(
            metavar="SIZE",
            help="About how large a file is before compression [200MB]",
        ),
    ] = None,
    compression: Annotated[
        str | None,
        Option(
            metavar="KIND",
            help="GZIP or ZLIB; such a pack is written out in the temporary "
            "folder whenever it is read [none]",
        ),
    ] = None,
    seed: Annotated[
        int,
        Option(
            min=0,
            metavar="N",
            help="Which points, of a data set that draws them.",
        ),
    ] = 0,
    force: Annotated[
        bool, Option("--force", help="Replace a pack in FOLDER.")
    ] = False,
    **settings,
) -> None:
    """Write data as TFRecord shards that are read as the same data.

    Values, rows, classes, splits and how they are read stay as they are, so
    that a model trained on FOLDER is the one trained on SOURCE. Loading it
    takes no pass over it, and training no memory beyond its batches.
    """
    from tfgen.data.out_folder import check_options
    from tfgen.runs.load_options import load_options

    given = chosen(settings)
    check_options(out, shards, shard_size, compression, force)
    options = load_options(given)
    announce(f"packing {source}")
    with _tidy_end(), read_ahead(source, given):
        start()
        from tfgen.data import pack as write
        from tfgen.data.packed import size_of_pack

        write(
            source,
            out,
            shards=shards,
            shard_size=shard_size,
            compression=compression,
            force=force,
            seed=seed,
            **options,
        )
    rows, files, size = size_of_pack(out)
    print(
        f"{rows:,} rows   {files} shard{'s' if files > 1 else ''} of "
        f"{size / 1e6:,.1f} MB   --data {shlex.quote(str(out))}"
    )


@contextlib.contextmanager
def _tidy_end() -> Iterator[None]:
    """Within it SIGTERM, too, removes what is half written."""
    status = 128 + signal.SIGTERM
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(status))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
