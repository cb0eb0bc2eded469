from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgen.data.table_parts import TableParts


@keras.saving.register_keras_serializable(package="tfgen")
class OneHotCodes(keras.layers.Layer):
    """Codes of a mixed table's rows as one-hot vectors, within a batch.

    Real numbers stay as they are and come first, codes follow.

    Args:
        columns: for each column `"number"`, `"number or 1"` or how many codes
            there are; see `tfgen.data.table_parts.TableParts`.
        **kwargs: other arguments of `keras.layers.Layer`.

    Input: `(rows, numbers)`. Output: `(rows, real numbers + all codes)`.

    Raises:
        ValueError: for columns that are none.

    Example:
    >>> layer = tfgen.layers.OneHotCodes(["number", 3])
    >>> layer(np.float32([[0.5, 2]])).numpy()
    array([[0.5, 0. , 0. , 1. ]], dtype=float32)
    """

    def __init__(self, columns: Sequence[int | str], **kwargs):
        super().__init__(**kwargs)
        self.columns = tuple(columns)
        self._parts = TableParts(tuple(columns))
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        found = [tf.gather(inputs, self._parts.numbers, axis=-1)]
        for levels, places in self._parts.codes.items():
            codes = tf.gather(inputs, places, axis=-1)
            codes = tf.cast(tf.round(codes), tf.int32)
            hot = tf.one_hot(codes, levels, dtype=inputs.dtype)
            size = levels * len(places)
            found.append(tf.reshape(hot, (-1, size)))
        return tf.concat(found, axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        codes = sum(n * len(p) for n, p in self._parts.codes.items())
        return (input_shape[0], len(self._parts.numbers) + codes)

    def get_config(self) -> dict:
        return {**super().get_config(), "columns": self.columns}
