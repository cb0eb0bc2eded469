"""Which layers treat each row of a batch by itself.

Served, examples must not see each other; with privacy, no row may count in the
gradient of another; and where rows do not matter to each other in training,
data and generated examples go through a discriminator in one pass.
"""

import keras

from tfgen.layers.dropout import Dropout
from tfgen.layers.spectral_norm import SpectralNorm


def mixes_rows(layer: keras.Layer) -> bool:
    """Whether what a row becomes depends on the others of its batch.

    A layer says so by an attribute of this name; all batch normalisation does.

    Example:
    >>> mixes_rows(tfgen.layers.MinibatchStddev())
    True
    """
    normalises = isinstance(layer, keras.layers.BatchNormalization)
    return normalises or getattr(layer, "mixes_rows", False)


def changes_itself(layer: keras.Layer) -> bool:
    """Whether each pass in training leaves the layer another one.

    Example:
    >>> changes_itself(tfgen.layers.SpectralDense(3))
    True
    """
    stock = keras.layers.SpectralNormalization
    return isinstance(layer, (SpectralNorm, stock))


def draws_for_batch(layer: keras.Layer) -> bool:
    """Whether a layer draws noise for a batch as a whole, as Keras' own do.

    Example:
    >>> draws_for_batch(keras.layers.GaussianNoise(0.1))
    True
    """
    return hasattr(layer, "seed_generator")


def trains_row_by_row(network: keras.Model) -> bool:
    """Whether training takes each row alike, whichever rows come with it.

    Then a pass of two batches is a pass of each. What is not known for it
    counts as not so: a layer of one's own unless its `mixes_rows` is False,
    a model with a `call` of its own, an operation that is no layer.

    Example:
    >>> dense = [keras.Input((3,)), keras.layers.Dense(1)]
    >>> trains_row_by_row(keras.Sequential(dense))
    True
    >>> dropout = tfgen.layers.Dropout(0.5)  # by the place in the batch
    >>> trains_row_by_row(keras.Sequential([*dense, dropout]))
    False
    """
    return all(map(_is_row_by_row, network._flatten_layers()))


def _is_row_by_row(layer):
    known = type(layer).__module__.startswith(("keras.", "tfgen.layers."))
    if not (known or getattr(layer, "mixes_rows", True) is False):
        return False
    steps = getattr(layer, "operations", [])
    return (
        all(isinstance(step, keras.Layer) for step in steps)
        and not mixes_rows(layer)
        and not changes_itself(layer)
        and not draws_for_batch(layer)
        and not isinstance(layer, (Dropout, keras.layers.Lambda))
    )
