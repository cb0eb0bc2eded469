"""A small model with the contract of docs/architecture.md, for the tests.

Loaded by path (see conftest.py), also by the processes that tests start.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@dataclass
class StandInEndpoint:
    function: Any
    inputs: dict


class StandIn(keras.Model):
    """Encoder and decoder of 4x4 images, latent 3."""

    def __init__(self, num_classes=None, dtype=None):
        super().__init__(dtype=dtype)
        self.num_classes = num_classes
        self.data_range = (0.0, 1.0)
        labels = num_classes or 0
        self.encoder = keras.Sequential(
            [
                keras.Input((16 + labels,)),
                keras.layers.Dense(32, activation="tanh", dtype=dtype),
                keras.layers.BatchNormalization(dtype=dtype),
                keras.layers.Dense(6, dtype=dtype),
            ]
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((3 + labels,)),
                keras.layers.Dense(500, activation="tanh", dtype=dtype),
                keras.layers.Dense(16, activation="sigmoid", dtype=dtype),
                keras.layers.Reshape((4, 4, 1)),
            ]
        )
        self.built = True

    def _join(self, flat, label):
        if label is None:
            return flat
        one_hot = tf.one_hot(label, self.num_classes, dtype=flat.dtype)
        return tf.concat([flat, one_hot], axis=-1)

    def _encode(self, x, label=None):
        flat = self._join(tf.reshape(x, (-1, 16)), label)
        both = self.encoder(flat, training=False)
        return {"mean": both[:, :3], "stddev": tf.nn.softplus(both[:, 3:])}

    def _decode(self, latent, label=None):
        return {"x": self.decoder(self._join(latent, label), training=False)}

    def _generate(self, seed, label=None):
        def one_row(row_seed):
            seeds = tf.stack([row_seed, tf.constant(1, "int64")])
            return tf.random.stateless_normal((3,), seeds)

        latent = tf.map_fn(one_row, seed, fn_output_signature="float32")
        return self._decode(latent, label)

    def endpoints(self):
        x = keras.KerasTensor((None, 4, 4, 1), "float32")
        latent = keras.KerasTensor((None, 3), "float32")
        integers = keras.KerasTensor((None,), "int64")
        label = {"label": integers} if self.num_classes else {}
        return {
            "encode": StandInEndpoint(self._encode, {"x": x, **label}),
            "decode": StandInEndpoint(
                self._decode, {"latent": latent, **label}
            ),
            "generate": StandInEndpoint(
                self._generate, {"seed": integers, **label}
            ),
        }

    def compiled_endpoint(self, name):
        endpoint = self.endpoints()[name]
        specs = {
            key: tf.TensorSpec(tensor.shape, tensor.dtype, name=key)
            for key, tensor in endpoint.inputs.items()
        }

        @tf.function(autograph=False)
        def compiled(tensors):
            return endpoint.function(**tensors)

        return compiled.get_concrete_function(specs)

    def run_endpoint(self, name, inputs, batch_size=256):
        outputs = self.endpoints()[name].function(**inputs)
        return {
            k: np.asarray(tf.cast(v, "float32")) for k, v in outputs.items()
        }


class WithEndpoint(StandIn):
    """A stand-in with one more endpoint, or another in place of one."""

    def __init__(self, name, function, inputs):
        super().__init__()
        self.extra = {name: StandInEndpoint(function, inputs)}

    def endpoints(self):
        return {**super().endpoints(), **self.extra}
