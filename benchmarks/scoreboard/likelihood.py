"""Test negative log-likelihood of the VAE that papers compare with."""

import os

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

from scoreboard import fashion
from scoreboard.family import Column, Family
from scoreboard.training import fit

layers = keras.layers
LATENT_DIM = 40
UNITS = (300, 300)
BATCH_SIZE = 100
LEARNING_RATE = 1e-3
WARMUP_EPOCHS = 60
EPOCHS = 300
DRAWS = 5000
STEPS_PER_EXECUTION = 50
PSEUDO_INPUTS = 500
MNIST = os.environ.get("QUALITY_MNIST")
"""Path of `mnist.npz` as Keras has it; without it there are no rows of it."""
DATA = ("Fashion-MNIST", *(("MNIST",) if MNIST else ()))
MODELS = {
    "standard normal prior": {},
    "VampPrior": {"prior": "vamp"},
    "flow prior": {"prior": "flow"},
    "two levels": {"latent_dims": (LATENT_DIM, LATENT_DIM)},
    "two levels, VampPrior": {
        "latent_dims": (LATENT_DIM, LATENT_DIM),
        "prior": "vamp",
    },
    "two levels, flow prior": {
        "latent_dims": (LATENT_DIM, LATENT_DIM),
        "prior": "flow",
    },
}


def tasks(seed):
    return [
        {
            "row": f"{data}: {model}",
            "seed": seed,
            "data": data,
            "model": model,
            "epochs": EPOCHS,
            "draws": DRAWS,
        }
        for data in DATA
        for model in MODELS
    ]


def networks(shape, outputs, latent_dim):
    """Encoder and decoder of gated layers."""
    x = keras.Input(shape)
    h = gated(layers.Flatten()(x))
    encoder = keras.Model(x, layers.Dense(outputs)(h))
    z = keras.Input((latent_dim,))
    h = layers.Dense(x.shape[1] * x.shape[2] * x.shape[3])(gated(z))
    decoder = keras.Model(z, layers.Reshape(shape)(h))
    return encoder, decoder


def gated(h):
    """Layers of `(W h + b) * sigmoid(V h + c)`."""
    for units in UNITS:
        gate = layers.Dense(units, activation="sigmoid")(h)
        h = layers.Multiply()([layers.Dense(units)(h), gate])
    return h


def load(data, split):
    """50,000 images to train on, 10,000 for validation, 10,000 for the test."""
    if data == "Fashion-MNIST":
        return fashion.load(split).arrays()[0]
    with np.load(MNIST) as file:
        x = file["x_test" if split == "test" else "x_train"]
    x = np.float32(x[..., None] / 255)
    return {"train": x[:50_000], "validation": x[50_000:], "test": x}[split]


def binary(data, split):
    """Images of a split, binarised once and for all."""
    return tfgen.metrics.binarized(load(data, split))


def measure(folder, seed, data, model, epochs, draws, **_):
    """Bound on the test split in nats."""
    name = f"likelihood-{data}-{model}-seed{seed}".replace(", ", "-")
    folder = folder / name.replace(" ", "-")
    epoch, minutes = train(data, model, seed, epochs, folder)
    bound = tfgen.metrics.importance_weighted_bound(
        keras.models.load_model(folder / "best.keras"),
        binary(data, "test"),
        k=draws,
        seed=seed,
    )
    np.save(folder / "bounds.npy", bound.values)
    return {
        "nats": -bound.mean,
        "standard_error": bound.standard_error,
        "monte_carlo_error": bound.monte_carlo_error,
        "epoch": epoch,
        "minutes": minutes,
    }


def train(data, model, seed, epochs, folder):
    """Keeps the epoch that is best on the validation split."""
    source = tfgen.data.from_arrays(load(data, "train"), value_range=(0, 1))
    batches = source.batches(BATCH_SIZE, seed=seed)
    made = build(model, source, seed, WARMUP_EPOCHS * batches.steps_per_epoch)
    rate = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE, epochs * batches.steps_per_epoch
    )
    made.compile(
        keras.optimizers.Adam(rate), steps_per_execution=STEPS_PER_EXECUTION
    )
    best = tfgen.callbacks.BestModel(folder / "best.keras")
    minutes = fit(
        made,
        batches,
        epochs,
        folder,
        [best],
        validation_data=binary(data, "validation"),
        validation_batch_size=500,
    )
    return best.epoch, minutes


def build(model, source, seed, warmup_steps):
    options = dict(MODELS[model])
    sizes = options.get("latent_dims", (LATENT_DIM,))
    outputs = 2 * LATENT_DIM
    if len(sizes) > 1:
        family = tfgen.probability.HierarchicalPosterior(sizes)
        outputs = family.parameters(sum(sizes))
    if options.get("prior") == "vamp":
        options["prior"] = tfgen.probability.VampPrior(PSEUDO_INPUTS)
    made = tfgen.build(
        "vae",
        input_shape=source.shape,
        networks=lambda shape: networks(shape, outputs, sum(sizes)),
        likelihood=tfgen.probability.Bernoulli(targets="dynamic"),
        beta_warmup_steps=warmup_steps,
        seed=seed,
        **options,
        **({"latent_dim": LATENT_DIM} if len(sizes) == 1 else {}),
    )
    made.prior.start_at(source, seed)
    return made


FAMILY = Family(
    name="likelihood",
    title="Binary images, test negative log-likelihood in nats",
    protocol=f"""\
The VAE of Norouzi et al. (2020), "Exemplar VAE": two gated layers of 300
units in encoder and decoder, 40 latents, in two levels twice as many; training
images are binarised anew in each pass, 10,000 validation and 10,000 test
images once (NumPy, seed 777). Batch {BATCH_SIZE}, Adam from
{LEARNING_RATE:g} to 0 by a cosine over {EPOCHS} epochs (the authors: 0.0005,
up to 2,000 epochs, a patience of 50); beta rises over {WARMUP_EPOCHS} epochs;
the epoch is chosen by the evidence lower bound of the validation images.
{PSEUDO_INPUTS} pseudo-inputs of a VampPrior, which begin at training images.
Importance-weighted bound with k = {DRAWS:,}. Rows of MNIST need
`QUALITY_MNIST=mnist.npz`, the file that Keras downloads.""",
    columns=(
        Column("nats", "nats"),
        Column("Monte Carlo error", "monte_carlo_error", ".3f"),
        Column("error over images", "standard_error"),
        Column("best epoch", "epoch", ".0f"),
    ),
    tasks=tasks,
    measure=measure,
    references=(
        ("Fashion-MNIST: VAE, standard normal prior", "228.70", "", "", ""),
        ("Fashion-MNIST: VAE with VampPrior", "227.35", "", "", ""),
        ("Fashion-MNIST: Exemplar VAE", "226.75", "", "", ""),
        ("Fashion-MNIST: hierarchical Exemplar VAE", "226.53", "", "", ""),
        ("Fashion-MNIST: independent pixels", "385.02", "", "", ""),
        ("Fashion-MNIST: entropy of the binarisation", "189.86", "", "", ""),
        ("MNIST: VAE, standard normal prior", "84.45", "", "", ""),
        ("MNIST: VAE with VampPrior", "82.43", "", "", ""),
        ("MNIST: hierarchical Exemplar VAE", "81.22", "", "", ""),
    ),
    seeds=1,
)
