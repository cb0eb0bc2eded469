"""The command `tfgen train`."""

import pathlib
from typing import Annotated

import typer

Option = typer.Option


def train(
    model: Annotated[
        str | None, typer.Argument(help="vae; or leave it to --preset")
    ] = None,
    data: Annotated[
        str | None,
        Option(
            help="a known data set (tfgen info), an image folder, .npz, .npy, "
            ".csv, .parquet or TFRecords"
        ),
    ] = None,
    out: Annotated[
        pathlib.Path, Option(help="folder of the run, made anew")
    ] = ...,
    preset: Annotated[
        str | None, Option(help="a whole set-up by name (tfgen info)")
    ] = None,
    resume: Annotated[
        bool, Option("--resume", help="go on with the run in --out")
    ] = False,
    epochs: Annotated[
        int | None,
        Option(min=1, help="passes over the data; default: 4,000 steps"),
    ] = None,
    batch_size: Annotated[
        int | None, Option(min=1, help="rows a step, over all replicas [128]")
    ] = None,
    learning_rate: Annotated[
        float | None, Option(min=0.0, help="of Adam [0.001]")
    ] = None,
    latent_dim: Annotated[
        int | None, Option(min=1, help="latent values [16]")
    ] = None,
    network: Annotated[
        str | None, Option(help="mlp, conv, resnet [by the data's shape]")
    ] = None,
    likelihood: Annotated[
        str | None,
        Option(
            help="bernoulli, continuous_bernoulli, discretized_logistic, "
            "gaussian [by the data's kind]"
        ),
    ] = None,
    beta: Annotated[
        float | None, Option(min=0.0, help="weight of the KL term [1]")
    ] = None,
    free_bits: Annotated[
        float | None, Option(min=0.0, help="free nats a latent [0]")
    ] = None,
    conditional: Annotated[
        bool, Option("--conditional", help="condition on the data's classes")
    ] = False,
    image_size: Annotated[
        str | None, Option(help="resize images, as in 64 or 48x64")
    ] = None,
    label_column: Annotated[
        str | None, Option(help="column of a table that holds the class")
    ] = None,
    seed: Annotated[
        int | None, Option(min=0, help="of weights, noise and order [0]")
    ] = None,
    strategy: Annotated[
        str | None, Option(help="none or mirrored [none]")
    ] = None,
    replicas: Annotated[
        int | None, Option(min=1, help="devices of the mirrored strategy")
    ] = None,
    precision: Annotated[
        str | None, Option(help="float32 or mixed_bfloat16 [float32]")
    ] = None,
) -> None:
    """Train a model; or go on with a run that was stopped."""
    settings = dict(locals())
    out, resume = settings.pop("out"), settings.pop("resume")
    from tfgen.cli.training_run import TrainingRun

    given = {k: v for k, v in settings.items() if v not in (None, False)}
    run = TrainingRun.resumed(out, given) if resume else TrainingRun(out, given)
    run.train()
