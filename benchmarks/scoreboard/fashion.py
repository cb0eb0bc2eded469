"""Fashion-MNIST and classifiers of it, trained once and kept."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras


def load(split):
    """50,000 images to train on, 10,000 for validation, 10,000 for the test."""
    return tfgen.data.load(
        "fashion_mnist", split=split, validation_fraction=1 / 6
    )


def extractor(seed, folder):
    """Features and logits by a classifier of the training images."""
    path = folder / f"extractor-seed{seed}.keras"
    if not path.exists():
        tfgen.metrics.fit_extractor(load("train"), seed=seed).save(path)
    return keras.models.load_model(path)
