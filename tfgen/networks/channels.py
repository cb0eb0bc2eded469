"""Images have their channels last, whatever Keras is set to."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def channels_last() -> Iterator[None]:
    """Builds layers for images with channels last.

    An old `~/.keras/keras.json` may say `channels_first`. Layers remember what
    they were built for, also in a saved model.

    Example:
    >>> keras.config.set_image_data_format("channels_first")
    >>> with channels_last():
    ...     layer = keras.layers.Conv2D(4, 3)
    >>> layer.data_format, keras.config.image_data_format()
    ('channels_last', 'channels_first')
    >>> keras.config.set_image_data_format("channels_last")
    """
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)
