import pathlib
from collections.abc import Iterable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.metrics.inception import inception_extractor

Rows = np.ndarray | tf.Tensor
"""Examples, or rows of numbers: an array, or a tensor in compiled functions."""
LEVELS = 255
LONGEST_SIDE = 16


class FeatureExtractor:
    """What makes one vector of features of an example.

    It stands before the metrics of distributions, which see its rows alone.

    Args:
        model: a `keras.Model`; the path of a `.keras` file; `"inception"`
            (see `inception_extractor`); or None for the examples themselves,
            flattened. A model may give a dict of `"features"` and `"logits"`,
            as those of `fit_extractor` do; other outputs are flattened, and
            are features and logits alike.
        value_range: `(low, high)` of image values, which are then clipped,
            rounded to 8 bits and brought to [0, 1], as if they had been kept
            in picture files; None: as they are.
        batch_size: examples at a time.

    Raises:
        ValueError: for a model that is none of these.

    Example:
    >>> extractor = tfgen.metrics.FeatureExtractor(value_range=(-1, 1))
    >>> extractor.features(np.array([[[-1.0], [0.1]], [[1.0], [3.0]]]))
    array([[0.        , 0.54901963],
           [1.        , 1.        ]], dtype=float32)
    """

    def __init__(
        self,
        model: keras.Model | str | pathlib.Path | None = None,
        value_range: Sequence[float] | None = None,
        batch_size: int = 256,
    ):
        self.model = _get(model)
        self.value_range = None if value_range is None else tuple(value_range)
        self.batch_size = batch_size
        self.name = "none" if self.model is None else self.model.name

    @property
    def is_classifier(self) -> bool:
        """Whether the model gives logits besides features."""
        return isinstance(getattr(self.model, "output", None), dict)

    def features(self, x: Rows) -> Rows:
        """float32 `(n, features)`: NumPy, or a tensor where x is symbolic."""
        return self.outputs(x, ("features",))["features"]

    def logits(self, x: Rows) -> Rows:
        """float32 `(n, classes)`, likewise."""
        return self.outputs(x, ("logits",))["logits"]

    def outputs(
        self, x: Rows, keys: Iterable[str] = ("features", "logits")
    ) -> dict[str, Rows]:
        """Features, logits or both of one pass through the model.

        Args:
            x: examples `(n, ...)`.
            keys: which of the two.

        Returns:
            By key, what `features` and `logits` give.
        """
        if tf.is_symbolic_tensor(x):
            return self._batch(x, keys)
        x = np.asarray(x)
        if self.model is None:
            rows = np.asarray(self._prepared(x), np.float32)
            return dict.fromkeys(keys, rows.reshape(len(x), -1))
        starts = range(0, len(x), self.batch_size)
        parts = [self._batch(x[i : i + self.batch_size], keys) for i in starts]
        return {
            key: np.concatenate([part[key].numpy() for part in parts])
            for key in keys
        }

    def _batch(self, x, keys):
        x = self._prepared(tf.cast(x, tf.float32))
        if self.model is not None:
            x = self.model(x, training=False)
        if not isinstance(x, dict):
            x = dict.fromkeys(keys, x)
        return {key: _flat(x[key]) for key in keys}

    def _prepared(self, x):
        if self.value_range is None:
            return x
        library = np if isinstance(x, np.ndarray) else tf
        low, high = self.value_range
        levels = library.round((x - low) / (high - low) * LEVELS)
        if library is np:
            return np.clip(levels, 0, LEVELS) / LEVELS
        return tf.clip_by_value(levels, 0.0, LEVELS) / LEVELS


def coarse_pixels(shape: Sequence[int]) -> keras.Model:
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
    pool = keras.layers.AveragePooling2D(
        factor, padding="same", data_format="channels_last"
    )
    return keras.Model(
        pixels,
        keras.layers.Flatten(data_format="channels_last")(pool(pixels)),
        name=f"means_of_{factor}x{factor}_pixels",
    )


def refuse_symbolic(what: str, x: Rows) -> None:
    """Raises ValueError within compiled functions, where NumPy cannot work."""
    if tf.is_symbolic_tensor(x):
        raise ValueError(
            f"{what} in the host's memory: call its update_state outside of "
            "tf.function and strategy.run."
        )


def _flat(x):
    return tf.reshape(x, (tf.shape(x)[0], int(np.prod(x.shape[1:]))))


def _get(model):
    if model is None or isinstance(model, keras.Model):
        return model
    if model == "inception":
        return inception_extractor()
    if isinstance(model, (str, pathlib.Path)):
        if pathlib.Path(model).suffix == ".keras":
            return keras.models.load_model(model)
    raise ValueError(
        f"extractor is {model!r}, expected a keras.Model, the path of a .keras "
        "file, 'inception', or None for the examples themselves."
    )
