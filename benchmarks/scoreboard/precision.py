"""What computing in bfloat16 costs in quality, and saves in time."""

import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np

from scoreboard import frechet
from scoreboard.family import Column, Family
from scoreboard.fashion import extractor, load

MODELS = {"vae": (128, 4), "gan": (64, 2), "vae_gan": (64, 2)}
"""Batch size and epochs."""
FILTERS = (32, 64)
PRECISIONS = ("float32", "mixed_bfloat16")
SAMPLES, EXTRACTORS = 10_000, 3


def tasks(seed):
    return [
        {
            "row": f"{model.upper()}, {precision}",
            "seed": seed,
            "model": model,
            "precision": precision,
            "epochs": epochs,
            "samples": SAMPLES,
        }
        for model, (_, epochs) in MODELS.items()
        for precision in PRECISIONS
    ]


def measure(folder, seed, model, precision, epochs, samples, **_):
    """Bound on test images, distance of samples to them, time of a step."""
    train, test = (load(split) for split in ("train", "test"))
    network = {"network": "conv", "network_options": {"filters": FILTERS}}
    made = tfgen.build(
        model,
        input_shape=train.shape,
        precision=precision,
        seed=seed,
        **network,
    )
    made.compile()
    batch_size, _ = MODELS[model]
    batches = train.to_range(made.data_range).batches(batch_size, seed=seed)
    began = time.process_time()
    made.fit(batches, epochs=epochs, verbose=0)
    spent = time.process_time() - began
    generated = made.sample(samples, seed=seed)
    distances = [
        frechet.distance(
            extractor(number, folder),
            test.arrays()[0],
            generated,
            made.data_range,
        )
        for number in range(EXTRACTORS)
    ]
    found = {
        "distance": float(np.mean(distances)),
        "milliseconds": 1e3 * spent / (epochs * batches.steps_per_epoch),
    }
    if made.trains_bound:
        logs = made.evaluate(test, batch_size=100, verbose=0, return_dict=True)
        found["negative_elbo"] = logs["negative_elbo"]
    return found


FAMILY = Family(
    name="precision",
    title="Fashion-MNIST, float32 beside mixed_bfloat16",
    protocol=f"""\
Convolutional networks of {FILTERS} filters, otherwise all defaults. Negative
evidence lower bound of the 10,000 test images in nats, Frechet distance of
{SAMPLES:,} samples to them (features as above), and milliseconds of processor
time of a training step, which depend on the processor and on what else it
does.""",
    columns=(
        Column("negative ELBO", "negative_elbo"),
        Column("Frechet distance", "distance"),
        Column("ms a step", "milliseconds", ".1f"),
    ),
    tasks=tasks,
    measure=measure,
)
