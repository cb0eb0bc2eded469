"""Frechet distance in the features of classifiers of the same data."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np

from scoreboard.family import Column, Family
from scoreboard.fashion import extractor, load
from scoreboard.training import fit

SAMPLES = 10_000
EXTRACTORS = 3
MODELS = {"vae": (128, 10), "gan": (64, 6)}  # batch size, epochs
BLUR = 1.0  # pixels
CONTROLS = {
    "blurred": f"real images, blurred by {BLUR:g} pixel",
    "half": "real images of half of the classes",
}


def tasks(seed):
    rows = {}
    if seed == 0:  # nothing in the controls depends on a seed
        rows |= {row: {"made_by": name} for name, row in CONTROLS.items()}
    for model, (_, epochs) in MODELS.items():
        row = f"{model.upper()}, all defaults, {epochs} epochs"
        rows[row] = {"made_by": model, "epochs": epochs}
    common = {"seed": seed, "samples": SAMPLES, "extractors": EXTRACTORS}
    return [{"row": row, **own, **common} for row, own in rows.items()]


def measure(folder, seed, made_by, epochs=None, **_):
    """Distance to the test split, and over that of the validation split."""
    minutes = {}
    if made_by in MODELS:
        model, taken = train(made_by, seed, epochs, folder)
        generated = model.sample(SAMPLES, seed=seed)
        value_range, minutes = model.data_range, {"minutes": taken}
    else:
        generated, value_range = control(made_by), (0.0, 1.0)
    found = [
        distances(extractor(number, folder), generated, value_range)
        for number in range(EXTRACTORS)
    ]
    ratios = [own / floor for own, floor in found]
    return {
        "ratio": float(np.mean(ratios)),
        "ratio_spread": float(np.std(ratios, ddof=1)),
        "distance": float(np.mean([own for own, _ in found])),
        "floor": float(np.mean([floor for _, floor in found])),
        **minutes,
    }


def train(name, seed, epochs, folder):
    """The model that `tfgen.build` makes of nothing but the shape."""
    data = load("train")
    model = tfgen.build(name, input_shape=data.shape, seed=seed)
    model.compile()
    batches = data.to_range(model.data_range).batches(
        MODELS[name][0], seed=seed
    )
    return model, fit(model, batches, epochs, folder / f"{name}-seed{seed}")


def control(name):
    """Unseen real images, spoilt."""
    from scipy.ndimage import gaussian_filter

    x, labels = load("validation").arrays()
    if name == "blurred":
        return gaussian_filter(x, (0, BLUR, BLUR, 0))
    few = x[labels < 5]
    return np.concatenate([few, few])[: len(x)]


def distances(features, generated, value_range):
    """Of samples and of validation images, both to the test images."""
    test, validation = (
        load(split).arrays()[0] for split in ("test", "validation")
    )
    return [
        distance(features, test, *pair)
        for pair in ((generated, value_range), (validation, (0.0, 1.0)))
    ]


def distance(features, test, generated, value_range):
    low, high = value_range
    metric = tfgen.metrics.FrechetDistance(
        extractor=features, value_range=value_range
    )
    metric.update_state(real=low + (high - low) * test)
    metric.update_state(generated=generated)
    return metric.result()


FAMILY = Family(
    name="frechet",
    title="Fashion-MNIST, Frechet distance in features of the same domain",
    protocol=f"""\
Features of {EXTRACTORS} classifiers of the training images
(`tfgen.metrics.fit_extractor`, seeds 0 to {EXTRACTORS - 1}), {SAMPLES:,}
samples against the 10,000 test images. The floor are the 10,000 validation
images in the samples' place. Compare the ratio to it; distances belong to
these classifiers, not to Inception. `of classifiers` is the ratio's standard
deviation over the classifiers.""",
    columns=(
        Column("ratio to the floor", "ratio", ".1f"),
        Column("of classifiers", "ratio_spread", ".1f"),
        Column("distance", "distance"),
        Column("floor", "floor", ".3f"),
    ),
    tasks=tasks,
    measure=measure,
    seeds=1,
)
