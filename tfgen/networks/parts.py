"""Parts that the networks share."""

import keras

layers = keras.layers


def data_input(shape, num_classes):
    """Inputs `x` (and one-hot `label`), and x with the label laid beside it.

    For images the label becomes `num_classes` constant channels.
    """
    x = keras.Input(shape, name="x")
    if not num_classes:
        return x, x
    label = keras.Input((num_classes,), name="label")
    beside = label
    if len(shape) == 3:
        beside = layers.Reshape((1, 1, num_classes))(label)
        beside = layers.UpSampling2D(shape[:2])(beside)
    return [x, label], layers.Concatenate()([x, beside])


def latent_input(latent_dim, num_classes):
    """Inputs `latent` (and one-hot `label`), and the two side by side."""
    latent = keras.Input((latent_dim,), name="latent")
    if not num_classes:
        return latent, latent
    label = keras.Input((num_classes,), name="label")
    return [latent, label], layers.Concatenate()([latent, label])


def output(h, activation="linear"):
    """The last activation, in float32 whatever the network computes in."""
    return layers.Activation(activation, dtype="float32", name="output")(h)


def halved_sizes(shape, times):
    """Image sizes from the data's down, each half the one before, rounded up.

    >>> halved_sizes((28, 28, 1), 3)
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    sizes = [tuple(shape[:2])]
    for _ in range(times):
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes


def crop_to(h, size):
    """Cuts a row or column that rounding up has added."""
    extra = [have - want for have, want in zip(h.shape[1:3], size, strict=True)]
    if not any(extra):
        return h
    return layers.Cropping2D([(0, extra[0]), (0, extra[1])])(h)
