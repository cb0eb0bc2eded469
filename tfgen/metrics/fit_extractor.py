import keras
import numpy as np

from tfgen.data import Source
from tfgen.networks.parts import channels_last

layers = keras.layers
DROPOUT = 0.3
LEARNING_RATE = 2e-3
STEPS = 4000
MOST_EPOCHS = 100


def fit_extractor(
    train: Source,
    epochs: int | None = None,
    batch_size: int = 128,
    num_features: int = 128,
    seed: int = 0,
    verbose: int = 0,
) -> keras.Model:
    """Trains a classifier of the data, for features that know the domain.

    Distances in its features see what matters for the classes. Images: two or
    more convolutions of 3 x 3 with pooling, then a dense layer, whose outputs
    are the features. Rows and points: two dense layers.

    The same seed and data give the same extractor. Distances differ between
    extractors: keep it, `extractor.save("extractor.keras")`.

    A classifier sees the examples that it was trained on otherwise than
    others: reference data, and data whose distance is the floor, must be new
    to it.

    Args:
        train: labelled training data; nothing else may be in it, above all
            not the data that samples are compared with.
        epochs: passes over the data; default: 4,000 steps, at most 100 passes.
        batch_size: examples a step.
        num_features: length of the vector of features.
        seed: of the weights, the dropout and the order of the data.
        verbose: as for `keras.Model.fit`.

    Returns:
        A `keras.Model` from examples, images as pixels in [0, 1], to a dict of
        `"features"` `(n, num_features)` and `"logits"` `(n, classes)`.

    Raises:
        ValueError: for data without at least two classes.

    Example:
    >>> train = tfgen.data.load("iris", split="train")
    >>> extractor = tfgen.metrics.fit_extractor(train, epochs=1)
    >>> distance = tfgen.metrics.FrechetDistance(extractor=extractor)
    >>> distance.features(train.rows([0, 1])[0]).shape
    (2, 128)
    """
    if (train.num_classes or 0) < 2:
        raise ValueError(
            f"{train.name} has {train.num_classes or 'no'} classes, but an "
            "extractor is a classifier: pass data with labels, or use another "
            "extractor ('inception' for photographs, None for small tables)."
        )
    if train.value_range is not None:
        train = train.to_range((0.0, 1.0))
    batch_size = min(batch_size, len(train))
    batches = train.batches(batch_size, seed=seed, labels=True)
    if epochs is None:
        epochs = min(MOST_EPOCHS, -(-STEPS // batches.steps_per_epoch))
    steps = epochs * batches.steps_per_epoch
    classifier, extractor = _networks(train, num_features, seed)
    classifier.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(
        batches.dataset(),
        epochs=epochs,
        steps_per_epoch=batches.steps_per_epoch,
        shuffle=False,  # the batches are in random order already
        verbose=verbose,
    )
    return extractor


def accuracy(extractor: keras.Model, source: Source) -> float:
    """Share of the examples whose class an extractor's logits name."""
    if source.value_range is not None:
        source = source.to_range((0.0, 1.0))
    right = 0
    for start in range(0, len(source), 1000):
        rows = np.arange(start, min(start + 1000, len(source)))
        x, labels = source.rows(rows)
        logits = extractor(x, training=False)["logits"].numpy()
        right += np.sum(logits.argmax(axis=1) == labels)
    return float(right / len(source))


def _networks(train, num_features, seed):
    seeds = iter(range(seed * 100, seed * 100 + 100))

    def new(layer, *args, **options):
        start = keras.initializers.GlorotUniform(next(seeds))
        return layer(*args, kernel_initializer=start, **options)

    x = inputs = keras.Input(train.shape, name="examples")
    if len(train.shape) == 3:
        with channels_last():
            x = _convolutions(x, new, seeds)
    else:
        mean, deviation = _statistics(train)
        x = layers.Normalization(mean=mean, variance=deviation**2)(x)
        x = new(layers.Dense, 128, activation="relu")(x)
    features = new(
        layers.Dense, num_features, activation="relu", name="features"
    )(x)
    x = layers.Dropout(DROPOUT, seed=next(seeds))(features)
    logits = new(layers.Dense, train.num_classes, name="logits")(x)
    outputs = {"features": features, "logits": logits}
    name = f"classifier_of_{train.name}_seed_{seed}"
    name = "".join(c if c.isalnum() else "_" for c in name)
    classifier = keras.Model(inputs, logits)
    return classifier, keras.Model(inputs, outputs, name=name)


def _convolutions(x, new, seeds):
    filters = 32
    for _ in range(_poolings(x.shape[1:3])):
        x = new(layers.Conv2D, filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(padding="same")(x)
        filters = min(2 * filters, 256)
    x = layers.Dropout(DROPOUT, seed=next(seeds))(x)
    return layers.Flatten()(x)


def _poolings(size):
    """So that about 7 x 7 places remain; one at least."""
    return max(1, int(np.round(np.log2(min(size) / 7))))


def _statistics(train):
    x, _ = train.rows(np.arange(min(len(train), 10_000)))
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    # A constant column has some, by rounding.
    varies = deviation > 1e-6 * np.maximum(np.abs(mean), 1e-30)
    return mean, np.where(varies, deviation, 1.0)
