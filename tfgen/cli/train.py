"""The command `tfgen train`."""

import contextlib
import pathlib
from typing import Annotated

import typer

from tfgen.cli.ahead import read_ahead
from tfgen.cli.options import chosen, takes_settings
from tfgen.cli.start import announce, start
from tfgen.hosts import is_chief, silenced
from tfgen.settings.table import SETTINGS

Option = typer.Option


@takes_settings(lambda setting: True)
def train(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help=SETTINGS["model"].help),
    ] = None,
    data=None,
    out: Annotated[
        pathlib.Path,
        Option(metavar="RUN", help="Folder of the run, made anew."),
    ] = ...,
    preset=None,
    settings_file: Annotated[
        pathlib.Path | None,
        Option(
            "--from",
            metavar="FILE",
            help="Settings of a search's best.json, or of a run's "
            "config.json; other options override them.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        Option(
            help="Go on with the run in --out; a larger --epochs trains on.",
        ),
    ] = False,
    profile: Annotated[
        bool,
        Option(
            "--profile",
            help="Profile of ten steps for TensorBoard; prints the five "
            "dearest operations.",
        ),
    ] = False,
    **settings,
) -> None:
    """Train a model, or go on with a run that was stopped.

    RUN gets model.keras, history.csv, samples.png, samples.gif, loss.png,
    tensorboard/, checkpoints/, config.json (the settings) and manifest.json
    (versions, data and machine); of a GAN that goes wrong warnings.txt too.
    What stands in brackets is the default.
    """
    given = chosen({"model": model, "data": data, "preset": preset, **settings})
    several = resume or given.get("strategy") == "multi_worker"
    with contextlib.ExitStack() as stack:
        if several and not is_chief():
            stack.enter_context(silenced())
        _train(given, out, settings_file, resume, profile)


def _train(given, out, settings_file, resume, profile):
    if not (resume or settings_file):
        from tfgen.runs.load_options import with_reading

        given = with_reading(given)
    # A preset may say how images are read, files and resumed runs all.
    says_all = not (resume or settings_file or "preset" in given)
    announce(f"training in {out}")
    with read_ahead(given.get("data") if says_all else None, given):
        start()
        from tfgen.runs import recovery
        from tfgen.runs.run import Run
        from tfgen.runs.settings import with_settings_of

        if settings_file is not None:
            given = with_settings_of(settings_file, given, resume)
        if resume:
            run = Run.resumed(out, given)
        else:
            run = Run.new(out, given, whole=settings_file is not None)
    recovery.train(run, profile)
