import pathlib

import keras
import numpy as np
import tensorflow as tf

from tfgen.metrics.inception import inception_extractor

LEVELS = 255


class FeatureExtractor:
    """What makes one vector of features of an example.

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
    """

    def __init__(self, model=None, value_range=None, batch_size: int = 256):
        self.model = _get(model)
        self.value_range = None if value_range is None else tuple(value_range)
        self.batch_size = batch_size
        self.name = "none" if self.model is None else self.model.name

    def features(self, x):
        """float32 `(n, features)`: NumPy, or a tensor where x is symbolic."""
        return self._run(x, "features")

    def logits(self, x):
        """float32 `(n, classes)`, likewise."""
        return self._run(x, "logits")

    def _run(self, x, key):
        if tf.is_symbolic_tensor(x):
            return self._batch(x, key)
        x = np.asarray(x)
        if self.model is None:
            x = np.asarray(self._prepared(x), np.float32)
            return x.reshape(len(x), -1)
        starts = range(0, len(x), self.batch_size)
        parts = [self._batch(x[i : i + self.batch_size], key) for i in starts]
        return np.concatenate([part.numpy() for part in parts])

    def _batch(self, x, key):
        x = self._prepared(tf.cast(x, tf.float32))
        if self.model is not None:
            x = self.model(x, training=False)
        if isinstance(x, dict):
            x = x[key]
        return tf.reshape(x, (tf.shape(x)[0], int(np.prod(x.shape[1:]))))

    def _prepared(self, x):
        if self.value_range is None:
            return x
        library = np if isinstance(x, np.ndarray) else tf
        low, high = self.value_range
        levels = library.round((x - low) / (high - low) * LEVELS)
        return _clip(levels, library) / LEVELS


def _clip(x, library):
    if library is np:
        return np.clip(x, 0, LEVELS)
    return tf.clip_by_value(x, 0.0, LEVELS)


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
