"""Modes of stacked Fashion-MNIST that the default image GAN finds."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
from scoreboard.family import Column, Family
from scoreboard.fashion import extractor, load
from scoreboard.training import fit
from tfgen.metrics.fit_extractor import accuracy

BATCH_SIZE = 64
EPOCHS = 3
SAMPLES = 26_000


def tasks(seed):
    both = {"seed": seed, "epochs": EPOCHS, "samples": SAMPLES}
    return [{"row": "GAN, all defaults", **both}]


def measure(folder, seed, epochs, samples, **_):
    """Modes and divergence of a GAN's samples, and of real images."""
    model, minutes = train(seed, epochs, folder / f"stacked-seed{seed}")
    classifier = extractor(seed, folder)
    found = tfgen.metrics.stacked_modes(
        model.sample(samples, seed=seed),
        classifier,
        value_range=model.data_range,
    )
    real = tfgen.data.load("stacked_fashion_mnist", split="test", seed=seed)
    floor = tfgen.metrics.stacked_modes(
        real.arrays()[0][:samples], classifier, value_range=real.value_range
    )
    return {
        "modes": found.found,
        "divergence": found.divergence,
        "real_modes": floor.found,
        "real_divergence": floor.divergence,
        "accuracy": accuracy(classifier, load("test")),
        "minutes": minutes,
    }


def train(seed, epochs, folder):
    """The GAN that `tfgen.build` makes of nothing but the shape."""
    data = tfgen.data.load("stacked_fashion_mnist", seed=seed)
    data = data.to_range((-1, 1))
    model = tfgen.build("gan", input_shape=data.shape, seed=seed)
    model.compile()
    batches = data.batches(BATCH_SIZE, seed=seed)
    return model, fit(model, batches, epochs, folder)


FAMILY = Family(
    name="stacked",
    title="Stacked Fashion-MNIST, modes of 1,000",
    protocol=f"""\
Three random grey images are the channels of one, 128,000 of them: 1,000
modes. Of {SAMPLES:,} samples a classifier of 50,000 grey training images names
the class of each channel; reverse KL divergence in nats of the modes' shares
from uniform ones. The GAN is `tfgen.build("gan", input_shape=(28, 28, 3))`
with its recommended optimizers, batch {BATCH_SIZE}, {EPOCHS} epochs. The last
columns are real test images in the samples' place, and the classifier's
accuracy on grey test images. The published numbers are for stacked digits, so
only their order of size compares: Lin et al. (2018), "PacGAN"; Huang et al.
(2024), "The GAN is dead; long live the GAN!".""",
    columns=(
        Column("modes", "modes", ".0f"),
        Column("KL", "divergence", ".3f"),
        Column("modes of real images", "real_modes", ".0f"),
        Column("KL of real images", "real_divergence", ".4f"),
        Column("classifier", "accuracy", ".1%"),
    ),
    tasks=tasks,
    measure=measure,
    references=(
        ("DCGAN, digits", "99", "3.40", "", "", ""),
        ("ALI, digits", "16", "5.40", "", "", ""),
        ("VEEGAN, digits", "150", "2.95", "", "", ""),
        ("PacDCGAN2, digits", "1000", "0.06", "", "", ""),
        ("WGAN-GP, digits", "959", "0.73", "", "", ""),
        ("R3GAN's loss, digits", "1000", "0.078", "", "", ""),
        ("26,000 draws of 1,000 even modes", "1000", "0.0192", "", "", ""),
    ),
    seeds=1,
)
