"""VAEs and VAE-GANs of the same encoder and decoder on Fashion-MNIST."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np

from scoreboard.family import Column, Family
from scoreboard.fashion import extractor, load
from scoreboard.frechet import EXTRACTORS, SAMPLES, distances
from scoreboard.training import fit

LATENT_DIM = 32
EPOCHS = 4
BATCH_SIZE = 64
COMMON = {
    "network": "conv",
    # What the discriminator has, so that both decoders have it too.
    "network_options": {
        "activation": "leaky_relu",
        "kernel_initializer": "he_normal",
    },
    "latent_dim": LATENT_DIM,
    "likelihood": "bernoulli",
}
MODELS = {
    "VAE": {"model": "vae"},
    "VAE, `fit_prior`": {"model": "vae", "prior": "gaussian_mixture"},
    "VAE-GAN, `larsen`": {"model": "vae_gan", "objective": "larsen"},
    "VAE-GAN, `elbo_adversarial`": {
        "model": "vae_gan",
        "objective": "elbo_adversarial",
    },
}


def tasks(seed):
    return [
        {
            "row": row,
            "seed": seed,
            "samples": SAMPLES,
            "extractors": EXTRACTORS,
            "epochs": EPOCHS,
            **options,
        }
        for row, options in MODELS.items()
    ]


def measure(folder, seed, model, objective=None, prior=None, **_):
    """Distance of samples, error of reconstructions, latents in use."""
    model, minutes = trained(folder, seed, model, objective)
    if prior:
        tfgen.fit_prior(model, load("train"), prior, seed=seed)
    generated = model.sample(SAMPLES, seed=seed)
    found = [
        distances(extractor(number, folder), generated, (0.0, 1.0))
        for number in range(EXTRACTORS)
    ]
    x = load("test").arrays()[0]
    return {
        "distance": float(np.mean([own for own, _ in found])),
        "floor": float(np.mean([floor for _, floor in found])),
        "error": float(np.mean((model.reconstruct(x) - x) ** 2)),
        "active_units": tfgen.metrics.active_units(model, x).count,
        "kl": float(model.run_endpoint("score", {"x": x})["kl"].mean()),
        "minutes": minutes,
    }


def trained(folder, seed, model, objective=None):
    """The model, trained or restored, and the minutes of its training."""
    data = load("train")
    options = {} if objective is None else {"objective": objective}
    name = "-".join(filter(None, (model, objective, f"seed{seed}")))
    model = tfgen.build(
        model, input_shape=data.shape, seed=seed, **COMMON, **options
    )
    model.compile()
    batches = data.to_range(model.data_range).batches(BATCH_SIZE, seed=seed)
    return model, fit(model, batches, EPOCHS, folder / f"hybrids-{name}")


FAMILY = Family(
    name="hybrids",
    title="Fashion-MNIST, VAE-GANs beside a VAE",
    protocol=f"""\
The same convolutional encoder and decoder ({LATENT_DIM} latents, Bernoulli
likelihood, leaky ReLU), the same {EPOCHS} epochs of the 50,000 training images
in batches of {BATCH_SIZE}, otherwise all defaults. Frechet distance of
{SAMPLES:,} samples to the 10,000 test images in features of {EXTRACTORS}
classifiers (means over these; floor: 10,000 validation images in the samples'
place); mean squared error of the test images' reconstructions, pixels in
[0, 1]; latents whose posterior mean varies by more than 0.01 over the test
images; KL in nats. `fit_prior` fits a Gaussian mixture to the latents of the
training images, after training.""",
    columns=(
        Column("Frechet distance", "distance", ".1f"),
        Column("floor", "floor", ".2f"),
        Column("squared error", "error", ".4f"),
        Column("active latents", "active_units", ".1f"),
        Column("KL", "kl", ".1f"),
    ),
    tasks=tasks,
    measure=measure,
)
