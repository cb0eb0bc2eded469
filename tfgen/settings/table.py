"""The table of settings: each is told here, and nowhere else.

Options of `tfgen train` and `tfgen tune`, checks of `tfgen.build`, messages,
search spaces, `config.json` and docs/settings.md are made from these rows.
The order is that of the help and of search spaces.
"""

from tfgen.settings import searched
from tfgen.settings.setting import Setting

TABLE = (
    Setting(
        name="model",
        part="training",
        metavar="MODEL",
        choices="tfgen.models.families:FAMILIES",
        help="Family of models: vae, gan or vae_gan; or leave it to a preset",
    ),
    Setting(
        name="preset",
        part="training",
        help="A whole set-up (tfgen info); other options override it.",
    ),
    # The data.
    Setting(
        name="data",
        part="data",
        metavar="NAME_OR_PATH",
        of_data_set=True,
        help="A known data set (tfgen info), an image folder, .npz, .npy, "
        ".csv, .parquet or TFRecords.",
    ),
    Setting(
        name="image_size",
        part="data",
        metavar="PIXELS",
        of_data_set=True,
        help="Resize images: 64, or height x width as in 48x64.",
    ),
    Setting(
        name="color_mode",
        part="data",
        metavar="MODE",
        choices=("grayscale", "rgb"),
        of_data_set=True,
        help="Convert images: grayscale or rgb.",
    ),
    Setting(
        name="label_column",
        part="data",
        of_data_set=True,
        help="Column of a table that is the class.",
    ),
    Setting(
        name="conditional",
        kind=bool,
        of_data_set=True,
        help="Condition on the data's classes.",
    ),
    # The length of a training.
    Setting(
        name="epochs",
        kind=int,
        least=1,
        part="training",
        metavar="N",
        help="Passes over the data [4,000 steps, at least 10 epochs]",
    ),
    # The networks.
    Setting(
        name="latent_dim",
        kind=int,
        least=1,
        metavar="N",
        argument="latent_dim",
        search=searched.latent_dim,
        help="Latent values [16; of a GAN 64, of a VAE-GAN 32]",
    ),
    Setting(
        name="network",
        choices="tfgen.networks:NETWORKS",
        argument="network",
        search=searched.network,
        help="Kind of networks: {names} [conv for images, mlp else]",
    ),
    Setting(
        name="width",
        kind=int,
        least=1,
        metavar="N",
        search=searched.width,
        help="Units of each layer of mlp [512-256]; the other networks too "
        "get wider or narrower with it [256]",
    ),
    Setting(
        name="depth",
        kind=int,
        least=1,
        metavar="N",
        search=searched.depth,
        help="Layers of mlp [2]; in the other networks, how often the image "
        "is halved [down to 4 to 7 pixels]",
    ),
    # The encoder: likelihood and evidence lower bound.
    Setting(
        name="likelihood",
        part="likelihood",
        noun="likelihood",
        choices="tfgen.probability:LIKELIHOODS",
        argument="likelihood",
        help="Distribution of the data given the latents: {names} [bernoulli "
        "for grey images, gaussian else]",
    ),
    Setting(
        name="objective",
        part="vae_gan",
        noun="choice of objectives",
        choices=("larsen", "elbo_adversarial"),
        argument="objective",
        help="VAE-GAN: what is trained, {names} [larsen]",
    ),
    Setting(
        name="beta",
        kind=float,
        least=0.0,
        part="kl",
        noun="KL term",
        metavar="WEIGHT",
        argument="beta",
        help="Weight of the KL term [1]",
    ),
    Setting(
        name="beta_warmup",
        kind=float,
        least=0.0,
        most=1.0,
        part="kl",
        noun="KL term",
        metavar="SHARE",
        search=searched.beta_warmup,
        help="Share of the training, 0 to 1, over which beta rises from 0 [0]",
    ),
    Setting(
        name="free_bits",
        kind=float,
        least=0.0,
        part="kl",
        noun="KL term",
        metavar="NATS",
        argument="free_bits",
        help="Nats that each latent may tell free of charge [0]",
    ),
    Setting(
        name="adversarial_ratio",
        kind=float,
        least=0.0,
        part="vae_gan",
        noun="reconstruction beside an adversary",
        metavar="RATIO",
        argument="adversarial_ratio",
        help="VAE-GAN: ratio of the adversarial to the reconstruction's part "
        "of the gradient [0.5]",
    ),
    Setting(
        name="adversarial_weight",
        kind=float,
        least=0.0,
        part="vae_gan",
        noun="reconstruction beside an adversary",
        metavar="WEIGHT",
        argument="adversarial_weight",
        # With a ratio the adversary's weight follows the reconstruction's, so
        # a weight or gamma says nothing.
        excludes=("adversarial_ratio",),
        joins=("gamma",),
        help="VAE-GAN: a fixed weight of the adversarial part",
    ),
    Setting(
        name="gamma",
        kind=float,
        least=0.0,
        part="vae_gan",
        noun="reconstruction beside an adversary",
        metavar="WEIGHT",
        argument="gamma",
        excludes=("adversarial_ratio",),
        joins=("adversarial_weight",),
        help="VAE-GAN by larsen: weight of the reconstruction [1]",
    ),
    # The optimizers.
    Setting(
        name="learning_rate",
        kind=float,
        above=0.0,
        metavar="RATE",
        search=searched.learning_rate,
        help="Learning rate of Adam [0.001; of a VAE-GAN 0.0005]",
    ),
    Setting(
        name="learning_rate_schedule",
        choices="tfgen.optimizers.schedules:SCHEDULES",
        search=searched.learning_rate_schedule,
        help="Course of the learning rate: constant, cosine (falls to 0 over "
        "the training) or warmup_cosine (rises over its first tenth, then "
        "falls) [constant]",
    ),
    # The adversary.
    Setting(
        name="learning_rate_ratio",
        kind=float,
        above=0.0,
        part="discriminator",
        noun="discriminator",
        metavar="RATIO",
        search=searched.learning_rate_ratio,
        help="Adversary: the discriminator's learning rate over the "
        "generator's [1]",
    ),
    Setting(
        name="loss",
        part="discriminator",
        noun="discriminator",
        choices="tfgen.losses:ADVERSARIAL_LOSSES",
        argument="loss",
        search=searched.loss,
        help="Adversary: its loss, {names} [relativistic]",
    ),
    Setting(
        name="penalty_weight",
        kind=float,
        least=0.0,
        part="discriminator",
        noun="discriminator",
        metavar="WEIGHT",
        search=searched.penalty_weight,
        help="Adversary: weight of the penalties that come with its loss "
        "[0.1; of wasserstein 10]",
    ),
    Setting(
        name="average_decay",
        kind=float,
        least=0.0,
        below=1.0,
        part="discriminator",
        noun="averaged generator",
        metavar="DECAY",
        argument="average_decay",
        search=searched.average_decay,
        help="Adversary: decay of the moving average of the generator's "
        "weights, which samples come from; 0 for none [0.999]",
    ),
    Setting(
        name="augmentation",
        part="discriminator",
        noun="discriminator",
        choices="tfgen.augmentations:AUGMENTATIONS",
        argument="augmentation",
        help="Adversary with few images: {names} [none]",
    ),
    Setting(
        name="packing",
        kind=int,
        least=1,
        part="gan",
        noun="packing",
        metavar="N",
        argument="packing",
        help="GAN: examples judged together, against collapse [1]",
    ),
    Setting(
        name="discriminator_steps",
        kind=int,
        least=1,
        part="gan",
        noun="steps of the discriminator alone",
        metavar="N",
        argument="discriminator_steps",
        help="GAN: discriminator steps for each of the generator [1]",
    ),
    Setting(
        name="conditioning",
        part="discriminator",
        noun="discriminator",
        choices=("concatenation", "projection"),
        argument="conditioning",
        help="Adversary with --conditional: {names} [concatenation]",
    ),
    # The machine.
    Setting(
        name="batch_size",
        kind=int,
        least=1,
        metavar="ROWS",
        search=searched.batch_size,
        help="Rows a step, over all replicas [128, fewer for small data]",
    ),
    Setting(
        name="seed",
        kind=int,
        least=0,
        most=2**31 - 1,
        part="training",
        metavar="N",
        help="Seed of weights, noise and order of the data [0]",
    ),
    Setting(
        name="strategy",
        part="training",
        choices=("none", "mirrored"),
        help="Devices: none (one device) or mirrored (all GPUs, or parts of "
        "the CPU) [none]",
    ),
    Setting(
        name="replicas",
        kind=int,
        least=1,
        part="training",
        metavar="N",
        of_data_set=True,
        help="Devices of --strategy mirrored [every GPU, or 2]",
    ),
    Setting(
        name="precision",
        choices=("float32", "mixed_bfloat16"),
        argument="precision",
        help="Numbers to compute in: {names} [float32]",
    ),
    Setting(
        name="checkpoint_every",
        kind=float,
        least=0.0,
        part="training",
        metavar="SECONDS",
        help="Seconds between checkpoints within long epochs; there is one "
        "after each epoch in any case [60]",
    ),
)
SETTINGS = {setting.name: setting for setting in TABLE}
"""Rows by name; families defined outside the package add theirs."""
MODEL_INDEPENDENT = ("training", "data")
"""Parts that no model has."""


def add_setting(setting: Setting) -> None:
    """Adds a row, for a family that is defined outside the package.

    Raises:
        ValueError: for a name that another setting has.
    """
    known = SETTINGS.setdefault(setting.name, setting)
    if known != setting:
        raise ValueError(
            f"a setting {setting.name!r} is there already ({known.help}): "
            "choose another name."
        )


def searchable() -> tuple[str, ...]:
    """Names of the settings that a search space may hold."""
    return tuple(
        name
        for name, setting in SETTINGS.items()
        if setting.part not in MODEL_INDEPENDENT
    )
