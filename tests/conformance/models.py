"""The models that every promise is tried on. New models join here."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Case:
    """A small model, as code that makes it in any process.

    Attributes:
        name: id of the test.
        code: expression; sees `tfgen`, `keras` and `seed`.
        shape: shape of one example.
        range: range of the data, None for real numbers.
        classes: number of classes, None without labels.
        codes: of a mixed table, of how many codes each number is one; 0 for
            real numbers.
    """

    name: str
    code: str
    shape: tuple
    range: tuple | None = (0.0, 1.0)
    classes: int | None = None
    codes: tuple[int, ...] = ()

    def build(self, seed=0):
        import keras

        import tfgen

        names = {"tfgen": tfgen, "keras": keras, "seed": seed}
        return eval(self.code, names)

    def data(self, rows, seed=0):
        """Examples of 256 grey values, or real ones, and labels or None."""
        random = np.random.default_rng(seed)
        if self.range is None:
            x = random.normal(size=(rows, *self.shape))
        else:
            low, high = self.range
            grey = random.integers(0, 256, (rows, *self.shape))
            x = low + (high - low) * grey / 255
        for place, levels in enumerate(self.codes):
            if levels:
                x[:, place] = random.integers(0, levels, rows)
        y = random.integers(0, self.classes, rows) if self.classes else None
        return np.float32(x), y


def vae(name, shape, options, **case):
    code = (
        f"tfgen.build('vae', input_shape={shape}, latent_dim=3, seed=seed, "
        f"{options})"
    )
    return Case(f"vae_{name}", code, shape, **case)


def gan(name, shape, options, **case):
    code = (
        f"tfgen.build('gan', input_shape={shape}, latent_dim=3, seed=seed, "
        f"{options})"
    )
    return Case(f"gan_{name}", code, shape, **case)


def vae_gan(name, shape, options, **case):
    code = (
        f"tfgen.build('vae_gan', input_shape={shape}, latent_dim=3, seed=seed, "
        f"{options})"
    )
    return Case(f"vae_gan_{name}", code, shape, **case)


MLP = "network='mlp', network_options={'units': (16,)}"
CONV = "network='conv', network_options={'filters': (4, 6), 'units': 12}"
RESNET = "network='resnet', network_options={'filters': (4,)}"
DCGAN = (
    "network='dcgan', network_options={'filters': (4, 6), 'kernel_size': 3, "
    "'dropout': 0.3, 'batch_norm': True}"
)

CASES = [
    vae("mlp", (4, 4, 1), MLP),
    vae("table", (5,), MLP, range=None),
    vae(
        "table_per_value",
        (5,),
        MLP + ", likelihood=tfgen.probability.Gaussian('per_value')",
        range=None,
    ),
    vae(
        "squared_error",
        (4, 4, 1),
        MLP + ", likelihood=tfgen.probability.Gaussian(0.5**0.5, (-1, 1))",
        range=(-1.0, 1.0),
    ),
    vae("conv_labels", (8, 8, 1), CONV + ", num_classes=3", classes=3),
    vae(
        "conv_odd",
        (9, 7, 3),
        CONV + ", likelihood='discretized_logistic'",
    ),
    vae(
        "resnet_odd",
        (9, 7, 3),
        RESNET + ", likelihood='continuous_bernoulli'",
    ),
    vae(
        "mlp_labels",
        (4, 4, 1),
        MLP + ", num_classes=2, observation_noise=True",
        classes=2,
    ),
    vae(
        "free_bits_and_warm_up",
        (4, 4, 1),
        MLP + ", free_bits=0.1, beta=2.0, beta_warmup_steps=5",
    ),
    vae(
        "trimmed",
        (5,),
        MLP + ", trim=0.2, trim_warmup_steps=1",
        range=None,
    ),
    vae(
        "dynamic_binarisation",
        (4, 4, 1),
        MLP + ", likelihood=tfgen.probability.Bernoulli('dynamic')",
    ),
    vae(
        "table_full",
        (5,),
        MLP + ", likelihood='full_gaussian'",
        range=None,
    ),
    vae(
        "table_low_rank",
        (5,),
        MLP + ", num_classes=2, "
        "likelihood=tfgen.probability.LowRankGaussian(2)",
        range=None,
        classes=2,
    ),
    vae(
        "logistic_mixture",
        (4, 3, 3),
        MLP + ", likelihood='logistic_mixture', observation_noise=True",
    ),
    vae(
        "categorical",
        (4, 4, 1),
        MLP + ", likelihood='categorical', observation_noise=True",
    ),
    vae(
        "autoregressive",
        (4, 3, 3),
        MLP + ", num_classes=2, likelihood="
        "tfgen.probability.AutoregressiveImage(filters=4, blocks=2)",
        classes=2,
    ),
    vae(
        "mixture_prior",
        (5,),
        MLP + ", num_classes=2, "
        "prior=tfgen.probability.GaussianMixture(3, 'full')",
        range=None,
        classes=2,
    ),
    vae(
        "vamp_prior",
        (4, 4, 1),
        MLP + ", prior=tfgen.probability.VampPrior(4)",
    ),
    vae(
        "flow_prior",
        (5,),
        MLP + ", num_classes=2, prior=tfgen.probability.Flow(2, (8,))",
        range=None,
        classes=2,
    ),
    vae(
        "iwae",
        (4, 4, 1),
        "network='conv', network_options={'filters': (4,), 'units': 12}, "
        "num_classes=2, objective='iwae', objective_draws=3",
        classes=2,
    ),
    vae(
        "mixed_table",
        (5,),
        MLP + ", num_classes=2, columns=('number', 4, 'number or 1', 2)",
        range=None,
        classes=2,
        codes=(0, 4, 0, 2, 2),
    ),
    vae(
        "given_columns",
        (4,),
        MLP + ", columns=('number', 4, 'number or 1')",
        range=None,
        codes=(0, 4, 0, 2),
    ),
    vae(
        "two_stage_prior",
        (5,),
        MLP + ", prior=tfgen.probability.TwoStage((8,), draws=2)",
        range=None,
    ),
    vae("full_posterior", (5,), MLP + ", posterior='full'", range=None),
    vae(
        "flow_posterior",
        (4, 4, 1),
        MLP + ", num_classes=2, "
        "posterior=tfgen.probability.FlowPosterior(2, (8,), 2)",
        classes=2,
    ),
    Case(
        "vae_levels",
        f"tfgen.build('vae', input_shape=(4, 4, 1), seed=seed, {MLP}, "
        "latent_dims=(2, 1), num_classes=2, "
        "prior=tfgen.probability.Autoregressive(2, (8,)))",
        (4, 4, 1),
        classes=2,
    ),
    Case(
        "vae_ladder",
        f"tfgen.build('vae', input_shape=(4, 4, 1), seed=seed, {MLP}, "
        "latent_dims=(2, 1), top_down=True, num_classes=2, objective='iwae', "
        "objective_draws=3)",
        (4, 4, 1),
        classes=2,
    ),
    Case(
        "vq_vae_labels",
        "tfgen.build('vq_vae', input_shape=(8, 7, 1), latent_dim=3, seed=seed, "
        "num_codes=6, network_options={'filters': (4, 6)}, num_classes=2, "
        "code_prior_options={'filters': 4, 'blocks': 2})",
        (8, 7, 1),
        classes=2,
    ),
    gan("mlp", (4, 4, 1), MLP, range=(-1.0, 1.0)),
    gan(
        "table_wasserstein",
        (5,),
        MLP + ", loss='wasserstein', discriminator_steps=2, average_decay=0",
        range=None,
    ),
    gan(
        "conv_labels",
        (8, 8, 1),
        CONV + ", num_classes=3, loss='hinge', "
        "penalties=[tfgen.losses.DRAGAN(), tfgen.losses.R1(every=2)]",
        range=(-1.0, 1.0),
        classes=3,
    ),
    gan(
        "least_squares_packed",
        (5,),
        MLP + ", loss='least_squares', packing=2, average_decay=0.9, "
        "penalties=[tfgen.losses.R2(0.1)]",
        range=None,
    ),
    gan(
        "minimax_augmented",
        (8, 8, 3),
        CONV + ", loss='minimax', augmentation='diff_augment', "
        "feature_matching=0.5, penalties=[tfgen.losses.R1(0.1, every=2)]",
        range=(-1.0, 1.0),
    ),
    gan(
        "non_saturating_adaptive",
        (8, 8, 1),
        CONV + ", loss='non_saturating', num_classes=2, penalties=['lecam'], "
        "augmentation=tfgen.augmentations.AdaptiveAugment(images=300)",
        range=(-1.0, 1.0),
        classes=2,
    ),
    gan(
        "mixed_table",
        (5,),
        MLP + ", columns=('number', 4, 'number or 1', 2), packing=2",
        range=None,
        codes=(0, 4, 0, 2, 2),
    ),
    gan(
        "dcgan",
        (8, 8, 1),
        DCGAN + ", loss='non_saturating', penalties=[], average_decay=0",
        range=(-1.0, 1.0),
    ),
    gan(
        "dcgan_projection",
        (9, 7, 3),
        DCGAN + ", num_classes=2, conditioning='projection', loss='hinge', "
        "penalties=['r1'], "
        "discriminator_options={'spectral_norm': True, 'batch_norm': False}",
        range=(-1.0, 1.0),
        classes=2,
    ),
    gan(
        "resnet_projection",
        (8, 8, 1),
        RESNET + ", num_classes=3, conditioning='projection', "
        "discriminator_options={'spectral_norm': True}",
        range=(-1.0, 1.0),
        classes=3,
    ),
    gan(
        "batch_norm_penalised",
        (8, 8, 1),
        DCGAN + ", penalties=['r1', 'r2']",
        range=(-1.0, 1.0),
    ),
    vae_gan("mlp", (4, 4, 1), MLP + ", balance_gate=True, loss='minimax'"),
    vae_gan(
        "table",
        (5,),
        MLP + ", objective='elbo_adversarial', loss='relativistic', "
        "adversarial_warmup_steps=3, free_bits=0.1, penalties=['r1', 'lecam']",
        range=None,
    ),
    vae_gan(
        "mixed_table",
        (4,),
        MLP + ", columns=('number', 4, 'number or 1')",
        range=None,
        codes=(0, 4, 0, 2),
    ),
    vae_gan(
        "conv_labels",
        (8, 8, 1),
        CONV + ", num_classes=3, average_decay=0, gamma=0.1, "
        "adversarial_weight=10.0, feature_variance=1.0",
        classes=3,
    ),
    vae_gan(
        "vamp_prior_labels",
        (4, 4, 1),
        MLP + ", num_classes=2, prior=tfgen.probability.VampPrior(5), "
        "average_decay=0",
        classes=2,
    ),
    vae_gan(
        "flow_posterior",
        (5,),
        MLP + ", posterior=tfgen.probability.FlowPosterior(2, (8,)), "
        "prior=tfgen.probability.GaussianMixture(2)",
        range=None,
    ),
    vae_gan(
        "conv_odd",
        (9, 7, 3),
        CONV + ", objective='elbo_adversarial', loss='hinge', "
        "likelihood='discretized_logistic', augmentation='adaptive'",
    ),
    vae_gan(
        "dcgan_projection",
        (8, 8, 3),
        DCGAN + ", num_classes=2, conditioning='projection', "
        "penalties=[tfgen.losses.R1(0.1)], beta_warmup_steps=4",
        range=(-1.0, 1.0),
        classes=2,
    ),
]

# Compiling for two replicas takes long: what trains others on them are slow
# tests, adaptive augmentations among them. Noise, labels, penalties and the
# order of losses are in these; batch normalisation, dropout and the balance
# gate have tests of their own.
ON_REPLICAS = (
    "vae_mlp_labels",
    "vae_trimmed",
    "gan_table_wasserstein",
    "vae_gan_table",
    "vq_vae_labels",
)

# Each family, network, likelihood, kind of labels, and packs.
VARIOUS = (
    "vae_table_per_value",
    "vae_conv_labels",
    "vae_conv_odd",
    "vae_resnet_odd",
    "vae_mlp_labels",
    "vae_table_full",
    "vae_mixture_prior",
    "gan_mlp",
    "gan_least_squares_packed",
    "gan_dcgan_projection",
    "vae_gan_table",
    "vae_gan_conv_odd",
)

# For what is dear, such as a new process: each network and likelihood once.
FEW = [
    case
    for case in CASES
    if case.name
    in (
        "vae_table",
        "vae_conv_labels",
        "vae_resnet_odd",
        "vae_free_bits_and_warm_up",
        "gan_mlp",
        "vae_gan_mlp",
        "vae_gan_table",
    )
]

# One of each family, where all of `FEW` are slow tests.
FAMILIES = ("vae_conv_labels", "gan_mlp", "vae_gan_table")

_TABLE_LABELS = MLP + ", num_classes=2"

# Each kind of model with and without labels, for images and for tables.
SERVED = [
    *FEW,
    vae("table_labels", (5,), _TABLE_LABELS, range=None, classes=2),
    gan("table_labels", (5,), _TABLE_LABELS, range=None, classes=2),
    vae_gan("table_labels", (5,), _TABLE_LABELS, range=None, classes=2),
    *(
        case
        for case in CASES
        if case.name
        in (
            "vae_table_full",
            "vae_table_low_rank",
            "vae_logistic_mixture",
            "vae_categorical",
            "vae_autoregressive",
            "vae_mixture_prior",
            "vae_flow_prior",
            "vae_full_posterior",
            "vae_flow_posterior",
            "vae_levels",
            "vq_vae_labels",
            "gan_conv_labels",
            "gan_table_wasserstein",
            "vae_gan_conv_labels",
            "vae_gan_vamp_prior_labels",
        )
    ),
]

# Those with most signatures. What the commands of tests/cli export and verify
# are the others of a kind; a GAN is in tests/goldens.
SERVED_FAST = ("vae_gan_table", "vae_table_labels")
