"""The command `tfgen fit-prior`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.start import start

Option = typer.Option


def fit_prior(
    run: Annotated[
        pathlib.Path, typer.Argument(metavar="RUN", help="Folder of a run.")
    ],
    prior: Annotated[
        str,
        Option(
            metavar="NAME",
            help="gaussian_mixture, vamp, flow, or standard_normal: that "
            "which the run was trained with",
        ),
    ] = "gaussian_mixture",
    seed: Annotated[
        int, Option(min=0, metavar="N", help="Seed of the fit")
    ] = 0,
) -> None:
    """Fit a better density of the latents to a trained VAE or VAE-GAN.

    Samples, scores and exports of the run go by it from then on; encoder,
    decoder and reconstructions stay as they are. The model without it is kept
    as model-as-trained.keras.
    """
    start(f"fitting a prior to {run}")
    from tfgen.runs.prior import PriorOfRun

    PriorOfRun(run).fit(prior, seed)
