"""The table of settings: each is told here, and nowhere else.

Options of `tfgen train` and `tfgen tune`, checks of `tfgen.build`, messages,
search spaces, `config.json` and docs/settings.md are made from these rows.
The order is that of the help and of search spaces.
"""

from tfgen.settings import searched
from tfgen.settings.setting import Setting

_NUMBER = r"[0-9]+([.][0-9]+)?(e-?[0-9]+)?"
TABLE = (
    Setting(
        "model",
        part="training",
        metavar="MODEL",
        choices="tfgen.models.families:FAMILIES",
        help="Family of models: vae, gan, vae_gan or vq_vae; or leave it to a "
        "preset",
    ),
    Setting(
        "preset",
        part="training",
        help="A whole set-up (tfgen info); other options override it.",
    ),
    # The data.
    Setting(
        "data",
        part="data",
        metavar="NAME_OR_PATH",
        of_data_set=True,
        help="A known data set (tfgen info), an image folder, .npz, .npy, "
        ".csv, .tsv, .parquet or TFRecords.",
    ),
    Setting(
        "image_size",
        part="data",
        metavar="PIXELS",
        of_data_set=True,
        help="Resize images: 64, or height x width as in 48x64.",
    ),
    Setting(
        "color_mode",
        part="data",
        metavar="MODE",
        choices=("grayscale", "rgb"),
        of_data_set=True,
        help="Convert images: grayscale or rgb.",
    ),
    Setting(
        "fit",
        part="data",
        choices=("crop", "pad", "squash"),
        of_data_set=True,
        help="Images of other proportions than --image-size: {names} [crop]",
    ),
    Setting(
        "background",
        part="data",
        metavar="COLOUR",
        of_data_set=True,
        help="Colour behind transparent pixels and beside padded images, as "
        "in #808080 [white]",
    ),
    Setting(
        "bit_depth",
        kind=int,
        least=1,
        most=32,
        part="data",
        metavar="BITS",
        of_data_set=True,
        help="Bits of stored whole numbers, of which the largest is white "
        "[the fewest of 8, 10, 12, 14, 16 that hold all]",
    ),
    Setting(
        "value_range",
        part="data",
        metavar="RANGE",
        of_data_set=True,
        help="0,1 or -1,1: where fractions lie if few are negative [0,1 "
        "without negative ones, -1,1 with many]",
    ),
    Setting(
        "label_column",
        part="data",
        of_data_set=True,
        help="Column of a table that is the class.",
    ),
    Setting(
        "drop_columns",
        part="data",
        metavar="NAMES",
        of_data_set=True,
        help="Columns of a table to leave out, separated by commas.",
    ),
    Setting(
        "header",
        part="data",
        kind=bool,
        tells_false=True,
        of_data_set=True,
        help="Whether the first line of a .csv is a header [found out]",
    ),
    Setting(
        "transform",
        part="data",
        metavar="KIND",
        choices=("auto", "standard", "asinh"),
        of_data_set=True,
        help="Columns of a table whose tails are squashed before they are "
        "standardized: those that ask for it (auto), none (standard) or all "
        "(asinh) [auto]",
    ),
    Setting(
        "schema",
        part="data",
        metavar="FILE",
        of_data_set=True,
        help="What the columns of a table are, as JSON that `tfgen schema` "
        "writes; by_value: found out, where columns with few values are "
        "categories; numbers: found out, but a table of numbers alone is one "
        "of numbers [by_value for VAEs, else numbers]",
    ),
    Setting(
        "conditional",
        derived=True,
        kind=bool,
        of_data_set=True,
        help="Condition on the data's classes.",
    ),
    Setting(
        "normal_only",
        part="training",
        metavar="LABEL",
        of_data_set=True,
        excludes=("conditional",),
        help="Train on the rows of this class alone, which are normal; tfgen "
        "detect and evaluate take all others for odd.",
    ),
    # The length of a training.
    Setting(
        "epochs",
        kind=int,
        least=1,
        part="training",
        help="Passes over the data [4,000 steps or those of the recommended "
        "preset, at least 10 epochs; of a preset that is named its own]",
    ),
    Setting(
        "patience",
        kind=int,
        least=0,
        part="training",
        metavar="EPOCHS",
        help="Epochs without a better validation loss after which the training "
        "ends; 0 for never [10, at least 400 steps, and a quarter of the "
        "epochs where the learning rate falls; of a model with a discriminator "
        "0]",
    ),
    # The networks.
    Setting(
        "latent_dim",
        kind=int,
        least=1,
        search=searched.latent_dim,
        help="Latent values; of a VQ-VAE those of each code [of the "
        "recommended preset, else 16; of a GAN 64, of a VAE-GAN or VQ-VAE 32]",
    ),
    Setting(
        "network",
        choices="tfgen.networks:NETWORKS",
        search=searched.network,
        help="Kind of networks: {names} [conv for images, mlp else]",
    ),
    Setting(
        "width",
        derived=True,
        kind=int,
        least=1,
        search=searched.width,
        help="Units of each layer of mlp [512-256]; the other networks too "
        "get wider or narrower with it [256]",
    ),
    Setting(
        "depth",
        derived=True,
        kind=int,
        least=1,
        search=searched.depth,
        help="Layers of mlp [2]; in the other networks, how often the image "
        "is halved [down to 4 to 7 pixels]",
    ),
    # The encoder: likelihood and evidence lower bound.
    Setting(
        "likelihood",
        part="likelihood",
        choices="tfgen.probability:LIKELIHOODS",
        help="Distribution of the data given the latents: {names} [bernoulli "
        "for grey images, gaussian else]",
    ),
    Setting(
        "prior",
        part="kl",
        choices="tfgen.probability:PRIORS",
        help="Distribution of the latents: {names} [standard_normal]",
    ),
    Setting(
        "latent_dims",
        part="vae",
        metavar="SIZES",
        form=(r"\d+([-,x]\d+)+", "sizes of levels such as 40-40"),
        excludes=("latent_dim", "posterior", "free_bits"),
        help="VAE: sizes of two or more levels of latents, from the top, as in "
        "40-40, whose prior is that of the top level [one level]",
    ),
    Setting(
        "top_down",
        part="vae",
        kind=bool,
        help="VAE: infer the levels of --latent-dims from the top down, by the "
        "networks of the prior, too (ladder).",
    ),
    Setting(
        "posterior",
        part="kl",
        choices="tfgen.probability:POSTERIORS",
        help="Distribution of an example's latents: {names} [diagonal]",
    ),
    Setting(
        "objective",
        part="kl",
        # Each family takes some of them (`Family.choices`).
        choices=(
            "elbo",
            "iwae",
            "total_correlation",
            "mmd",
            "larsen",
            "elbo_adversarial",
        ),
        help="What is trained: of a VAE elbo, iwae, total_correlation or mmd "
        "[elbo], of a VAE-GAN larsen or elbo_adversarial [larsen]",
    ),
    Setting(
        "objective_draws",
        kind=int,
        least=1,
        part="vae",
        help="VAE by iwae: draws of each example [50]",
    ),
    Setting(
        "trim",
        kind=float,
        fixed_by_option=True,
        least=0.0,
        below=0.5,
        part="vae",
        metavar="SHARE",
        help="VAE: share of each batch, its rows of the largest loss, that is "
        "not learned from once a tenth of the training is done, where some "
        "training rows may be odd [0]",
    ),
    Setting(
        "beta",
        kind=float,
        least=0.0,
        part="kl",
        metavar="WEIGHT",
        help="Weight of the KL term [1]",
    ),
    Setting(
        "beta_warmup",
        derived=True,
        kind=float,
        least=0.0,
        most=1.0,
        part="kl",
        metavar="SHARE",
        search=searched.beta_warmup,
        help="Share of the training, 0 to 1, over which beta rises from 0 [0]",
    ),
    Setting(
        "free_bits",
        kind=float,
        least=0.0,
        part="kl",
        metavar="NATS",
        help="Nats that each latent may tell free of charge [0]",
    ),
    Setting(
        "adversarial_ratio",
        kind=float,
        least=0.0,
        part="vae_gan",
        metavar="RATIO",
        help="VAE-GAN: ratio of the adversarial to the reconstruction's part "
        "of the gradient [0.5]",
    ),
    Setting(
        "adversarial_weight",
        kind=float,
        least=0.0,
        part="vae_gan",
        metavar="WEIGHT",
        # With a ratio the adversary's weight follows the reconstruction's, so
        # a weight or gamma says nothing.
        excludes=("adversarial_ratio",),
        joins=("gamma",),
        help="VAE-GAN: a fixed weight of the adversarial part",
    ),
    Setting(
        "gamma",
        kind=float,
        least=0.0,
        part="vae_gan",
        metavar="WEIGHT",
        excludes=("adversarial_ratio",),
        joins=("adversarial_weight",),
        help="VAE-GAN by larsen: weight of the reconstruction [1]",
    ),
    # The codes of a VQ-VAE.
    Setting(
        "num_codes",
        kind=int,
        least=2,
        part="vq_vae",
        search=searched.num_codes,
        help="VQ-VAE: codes to choose from at each place [256]",
    ),
    Setting(
        "commitment",
        kind=float,
        least=0.0,
        part="vq_vae",
        metavar="WEIGHT",
        search=searched.commitment,
        help="VQ-VAE: weight that keeps the encoder near to its codes [0.25]",
    ),
    # The optimizers.
    Setting(
        "learning_rate",
        derived=True,
        kind=float,
        above=0.0,
        metavar="RATE",
        search=searched.learning_rate,
        help="Learning rate of Adam [0.001; of a VAE-GAN 0.0005]",
    ),
    Setting(
        "learning_rate_schedule",
        derived=True,
        choices="tfgen.optimizers.schedules:SCHEDULES",
        search=searched.learning_rate_schedule,
        help="Course of the learning rate: constant, cosine (falls to 0 over "
        "the training) or warmup_cosine (rises over its first tenth, then "
        "falls) [constant]",
    ),
    # The adversary.
    Setting(
        "learning_rate_ratio",
        derived=True,
        kind=float,
        above=0.0,
        part="discriminator",
        metavar="RATIO",
        search=searched.learning_rate_ratio,
        help="Adversary: the discriminator's learning rate over the "
        "generator's [1]",
    ),
    Setting(
        "loss",
        part="discriminator",
        choices="tfgen.losses:ADVERSARIAL_LOSSES",
        search=searched.loss,
        help="Adversary: its loss, {names} [relativistic]",
    ),
    Setting(
        "penalty_weight",
        derived=True,
        kind=float,
        least=0.0,
        part="discriminator",
        metavar="WEIGHT",
        search=searched.penalty_weight,
        help="Adversary: weight of the penalties that come with its loss "
        "[0.1; of wasserstein 10]",
    ),
    Setting(
        "average_decay",
        kind=float,
        least=0.0,
        below=1.0,
        part="discriminator",
        metavar="DECAY",
        search=searched.average_decay,
        help="Adversary: decay of the moving average of the generator's "
        "weights, which samples come from; 0 for none [0.999]",
    ),
    Setting(
        "augmentation",
        part="discriminator",
        choices="tfgen.augmentations:AUGMENTATIONS",
        help="Adversary with few images: {names} [none]",
    ),
    Setting(
        "packing",
        kind=int,
        least=1,
        part="gan",
        help="GAN: examples judged together, against collapse [1]",
    ),
    Setting(
        "discriminator_steps",
        kind=int,
        least=1,
        part="gan",
        help="GAN: discriminator steps for each of the generator [1]",
    ),
    Setting(
        "conditioning",
        part="discriminator",
        choices=("concatenation", "projection"),
        help="Adversary with --conditional: {names} [concatenation]",
    ),
    # The promise to each row.
    Setting(
        "privacy",
        part="privacy",
        metavar="epsilon=NUMBER",
        form=(
            rf"epsilon={_NUMBER}(,(delta|clip_norm|noise_multiplier)="
            rf"{_NUMBER}){{0,3}}",
            "epsilon=3, or with delta, clip_norm and noise_multiplier such as "
            "epsilon=3,delta=1e-5",
        ),
        help="Differential privacy of each training row, by DP-SGD: epsilon=3, "
        "or epsilon=3,delta=1e-5,clip_norm=1 [none; delta 1 / rows ** 1.1, "
        "clip_norm 1]",
    ),
    # The machine.
    Setting(
        "batch_size",
        derived=True,
        kind=int,
        least=1,
        metavar="ROWS",
        search=searched.batch_size,
        help="Rows a step, over all replicas [128, fewer for small data]",
    ),
    Setting(
        "seed",
        kind=int,
        least=0,
        most=2**31 - 1,
        part="training",
        help="Seed of weights, noise and order of the data [0]",
    ),
    Setting(
        "strategy",
        part="training",
        choices=("none", "mirrored", "multi_worker"),
        help="Devices: none (one device), mirrored (all GPUs, or parts of "
        "the CPU) or multi_worker (of the hosts in TF_CONFIG) [none]",
    ),
    Setting(
        "replicas",
        kind=int,
        least=1,
        part="training",
        of_data_set=True,
        help="Devices of --strategy mirrored [every GPU, or 2]",
    ),
    Setting(
        "precision",
        fixed_by_option=True,
        choices=("float32", "mixed_bfloat16", "auto"),
        help="Numbers to compute in: {names}, which is mixed_bfloat16 for "
        "images where the machine has it natively [float32]",
    ),
    Setting(
        "on_non_finite",
        part="training",
        choices=("stop", "skip"),
        help="What a loss, a gradient or an example that is NaN or infinite "
        "does: stop the training, or skip the step, which is counted [stop]",
    ),
    Setting(
        "recover",
        kind=bool,
        part="training",
        # What was spent beyond the checkpoint would not be counted.
        excludes=("privacy",),
        help="Go back to the last good checkpoint, at a third of the learning "
        "rate, where a loss explodes; three times at most.",
    ),
    Setting(
        "checkpoint_every",
        kind=float,
        least=0.0,
        part="training",
        metavar="SECONDS",
        help="Longest time between two checkpoints, 0 for one after each step; "
        "there are more where they cost little [60]",
    ),
)
SETTINGS = {setting.name: setting for setting in TABLE}
"""Rows by name; families defined outside the package add theirs."""
PARTS = {
    "likelihood": "likelihood",
    "kl": "KL term",
    "discriminator": "discriminator",
    "privacy": "private training",
}
"""Parts that families declare, in words."""


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


def check_values(**arguments) -> None:
    """Raises ValueError for a model's arguments that are out of bounds.

    Args:
        **arguments: by name, where None is always taken. The table holds the
            bounds; what has no row is a weight or a number of steps, 0 or
            more.
    """
    reasons = []
    for name, value in arguments.items():
        row = SETTINGS.get(name) or Setting(name, kind=float, least=0, help="")
        if value is not None:
            reasons.append(row.why_not(value))
    if any(reasons):
        raise ValueError(" ".join(filter(None, reasons)))


def searchable() -> tuple[str, ...]:
    """Names of the settings that a search space may hold."""
    return tuple(
        name for name, setting in SETTINGS.items() if setting.is_of_models
    )
