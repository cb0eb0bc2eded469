"""Draws samples, each row by its own noise."""

import math
import secrets

import numpy as np
import tensorflow as tf

from tfgen.data import checks
from tfgen.models.truncation import check_truncation, truncated
from tfgen.training import random


class Sampler:
    """What `sample` and the `generate` endpoint draw.

    Row i of `sample(seed=s)` has the noise of block i of the stream of s;
    `generate` with the seed s has that of block 0.

    Args:
        model: a `GenerativeModel`.
    """

    def __init__(self, model):
        self._model = model
        self._generate = None

    def sample(
        self,
        num_samples,
        seed,
        labels,
        batch_size,
        temperature=1.0,
        truncation=None,
    ) -> np.ndarray:
        """Samples in batches; see `GenerativeModel.sample`."""
        if int(num_samples) != num_samples or num_samples < 1:
            raise ValueError(
                f"num_samples is {num_samples!r}, expected 1, 2, 3, ..."
            )
        check_truncation(temperature, truncation)
        labels = self._labels(num_samples, labels)
        if seed is None:
            seed = secrets.randbelow(2**62)
        if self._generate is None:
            self._generate = self._compiled()
        parts = []
        for start in range(0, num_samples, batch_size):
            stop = min(start + batch_size, num_samples)
            noise, uniform = self._rows(
                tf.constant(seed, tf.int64), start, stop
            )
            latents = _narrowed(noise, temperature, truncation)
            part = None if labels is None else tf.constant(labels[start:stop])
            tensors = _given(latents, uniform, part)
            parts.append(self._generate(tensors).numpy())
        return np.concatenate(parts)

    def _compiled(self):
        """One function for batches of any size."""
        model = self._model
        latents = tf.TensorSpec((None, model.latent_dim), tf.float32)
        uniform = label = None
        if model.observation_noise:
            uniform = tf.TensorSpec((None, *model.data_shape), tf.float32)
        if model.num_classes:
            label = tf.TensorSpec((None,), tf.int64)

        @tf.function(autograph=False)
        def generate(tensors):
            hot = None
            if model.num_classes:
                hot = tf.one_hot(tensors["label"], model.num_classes)
            return model.generate(
                tensors["latents"], tensors.get("uniform"), hot
            )

        return generate.get_concrete_function(_given(latents, uniform, label))

    def noise_by_seed(self, seeds):
        """Latents, and observation noise or None, each row by its own seed."""
        model = self._model
        latents = random.normal_by_seed(seeds, "latent", (model.latent_dim,))
        if not model.observation_noise:
            return latents, None
        return latents, random.uniform_by_seed(
            seeds, "observation", model.data_shape
        )

    def _rows(self, seed, start, stop):
        """Noise of rows `start` to `stop` of `sample(seed=seed)`."""
        rows = (start, stop - start)
        latents = random.normal_rows(
            random.user_stream(seed, "latent"), *rows, (self._model.latent_dim,)
        )
        if not self._model.observation_noise:
            return latents, None
        uniform = random.uniform_rows(
            random.user_stream(seed, "observation"),
            *rows,
            self._model.data_shape,
        )
        return latents, uniform

    def _labels(self, num_samples, labels):
        num_classes = self._model.num_classes
        if not num_classes:
            if labels is None:
                return None
            raise ValueError(
                "labels were given, but this model is not class-conditional: "
                "leave them out, or build it with num_classes."
            )
        if labels is None:
            return np.arange(num_samples, dtype=np.int64) % num_classes
        if np.ndim(labels) == 0:
            labels = np.full(num_samples, labels)
        return checks.check_labels(labels, num_classes, num_samples)


def _narrowed(noise, temperature, truncation):
    if temperature == 1.0 and truncation is None:
        return noise
    bound = math.inf if truncation is None else truncation
    rows = noise.shape[:1]
    return truncated(noise, tf.fill(rows, temperature), tf.fill(rows, bound))


def _given(latents, uniform, label):
    tensors = {"latents": latents, "uniform": uniform, "label": label}
    return {k: v for k, v in tensors.items() if v is not None}
