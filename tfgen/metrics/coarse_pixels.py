import keras

LONGEST_SIDE = 16


def coarse_pixels(shape) -> keras.Model:
    """Means over squares of pixels, so that at most 16 by 16 are left.

    An extractor for images without labels. It sees coarse shapes and colours
    and is blind to sharpness; needs neither training nor weights.

    Args:
        shape: of an image, `(height, width, channels)`.

    Returns:
        A `keras.Model` from images to `(n, features)`.
    """
    factor = -(-max(shape[:2]) // LONGEST_SIDE)
    pixels = keras.Input(tuple(shape), name="pixels")
    means = keras.layers.AveragePooling2D(factor, padding="same")(pixels)
    return keras.Model(
        pixels,
        keras.layers.Flatten()(means),
        name=f"means_of_{factor}x{factor}_pixels",
    )
