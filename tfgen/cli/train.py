"""The command `tfgen train`."""

import pathlib
from typing import Annotated

import typer

from tfgen.cli.shared_options import (
    ColorMode,
    Conditional,
    Data,
    ImageSize,
    LabelColumn,
    Replicas,
)

Option = typer.Option


def train(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="vae, gan or vae_gan; or leave it to a preset",
        ),
    ] = None,
    data: Data = None,
    out: Annotated[
        pathlib.Path,
        Option(metavar="RUN", help="Folder of the run, made anew."),
    ] = ...,
    preset: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="A whole set-up (tfgen info); other options override it.",
        ),
    ] = None,
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
            "--resume",
            help="Go on with the run in --out; a larger --epochs trains on.",
        ),
    ] = False,
    epochs: Annotated[
        int | None,
        Option(
            min=1,
            metavar="N",
            help="Passes over the data [4,000 steps, at least 10 epochs]",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        Option(
            min=1,
            metavar="ROWS",
            help="Rows a step, over all replicas [128, fewer for small data]",
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="RATE",
            help="Of Adam [0.001; of a VAE-GAN 0.0005]",
        ),
    ] = None,
    learning_rate_ratio: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="RATIO",
            help="Of an adversary: the discriminator's learning rate over the "
            "generator's [1]",
        ),
    ] = None,
    learning_rate_schedule: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="constant, cosine (falls to 0 over the training) or "
            "warmup_cosine (rises over its first tenth, then falls) "
            "[constant]",
        ),
    ] = None,
    latent_dim: Annotated[
        int | None,
        Option(
            min=1,
            metavar="N",
            help="Latent values [16; of a GAN 64, of a VAE-GAN 32]",
        ),
    ] = None,
    network: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="mlp, conv, dcgan, resnet [conv for images, mlp else]",
        ),
    ] = None,
    width: Annotated[
        int | None,
        Option(
            min=1,
            metavar="N",
            help="Units of each layer of mlp [512-256]; of the other networks "
            "too, it makes all layers wider or narrower [256]",
        ),
    ] = None,
    depth: Annotated[
        int | None,
        Option(
            min=1,
            metavar="N",
            help="Layers of mlp [2]; of the other networks, how often the "
            "image is halved [down to 4 to 7 pixels]",
        ),
    ] = None,
    loss: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Of an adversary: minimax, non_saturating, least_squares, "
            "hinge, wasserstein, relativistic [relativistic]",
        ),
    ] = None,
    penalty_weight: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="WEIGHT",
            help="Of an adversary: of the penalties that come with its loss "
            "[0.1; of wasserstein 10]",
        ),
    ] = None,
    average_decay: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="DECAY",
            help="Of an adversary: of the moving average of the generator's "
            "weights, which samples come from; 0 for none [0.999]",
        ),
    ] = None,
    augmentation: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Of an adversary, for few images: diff_augment or adaptive "
            "[none]",
        ),
    ] = None,
    packing: Annotated[
        int | None,
        Option(
            min=1,
            metavar="N",
            help="Of a GAN: examples judged together, against collapse [1]",
        ),
    ] = None,
    discriminator_steps: Annotated[
        int | None,
        Option(
            min=1, metavar="N", help="Of a GAN: for each of the generator [1]"
        ),
    ] = None,
    objective: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Of a VAE-GAN: larsen or elbo_adversarial [larsen]",
        ),
    ] = None,
    adversarial_ratio: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="RATIO",
            help="Of a VAE-GAN: of the adversarial to the reconstruction's "
            "part of the gradient [0.5]",
        ),
    ] = None,
    adversarial_weight: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="WEIGHT",
            help="Of a VAE-GAN: a fixed weight of the adversarial part",
        ),
    ] = None,
    gamma: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="WEIGHT",
            help="Of a VAE-GAN by larsen: of the reconstruction [1]",
        ),
    ] = None,
    likelihood: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="bernoulli, continuous_bernoulli, discretized_logistic, "
            "gaussian [bernoulli for grey images, gaussian else]",
        ),
    ] = None,
    beta: Annotated[
        float | None,
        Option(min=0.0, metavar="WEIGHT", help="Weight of the KL term [1]"),
    ] = None,
    beta_warmup: Annotated[
        float | None,
        Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="Share of the training, 0 to 1, over which beta rises from "
            "0 [0]",
        ),
    ] = None,
    free_bits: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="NATS",
            help="What each latent may tell free of charge [0]",
        ),
    ] = None,
    conditional: Conditional = False,
    conditioning: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Of an adversary with --conditional: concatenation or "
            "projection [concatenation]",
        ),
    ] = None,
    image_size: ImageSize = None,
    color_mode: ColorMode = None,
    label_column: LabelColumn = None,
    seed: Annotated[
        int | None,
        Option(
            min=0, metavar="N", help="Of weights, noise and order of data [0]"
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="none (one device) or mirrored (all GPUs, or parts of the "
            "CPU) [none]",
        ),
    ] = None,
    replicas: Replicas = None,
    precision: Annotated[
        str | None,
        Option(metavar="NAME", help="float32 or mixed_bfloat16 [float32]"),
    ] = None,
    checkpoint_every: Annotated[
        float | None,
        Option(
            min=0.0,
            metavar="SECONDS",
            help="Save within long epochs too; after each epoch in any case "
            "[60]",
        ),
    ] = None,
) -> None:
    """Train a model, or go on with a run that was stopped.

    RUN gets model.keras, history.csv, samples.png, samples.gif, loss.png,
    tensorboard/, checkpoints/, config.json (the settings) and manifest.json
    (versions, data and machine); of a GAN that goes wrong warnings.txt too.
    What stands in brackets is the default.
    """
    settings = dict(locals())
    out, resume = settings.pop("out"), settings.pop("resume")
    file = settings.pop("settings_file")
    from tfgen.runs.run import TrainingRun
    from tfgen.runs.settings import with_settings_of

    # Not `in (None, False)`: 0 equals False.
    given = {
        name: value
        for name, value in settings.items()
        if value is not None and value is not False
    }
    if file is not None:
        given = with_settings_of(file, given, resume)
    run = TrainingRun.resumed(out, given) if resume else TrainingRun(out, given)
    run.train()
