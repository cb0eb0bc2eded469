"""Latents: drawn, truncated, and on the way from one to another."""

import math
import secrets

import numpy as np
import tensorflow as tf

from tfgen.data import checks
from tfgen.models.network_sizes import rows_at_a_time
from tfgen.models.network_state import TracedFor
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
        self._functions = {}
        self._traced_for = TracedFor()

    def sample(
        self,
        num_samples: int,
        seed: int | None,
        labels: np.ndarray | int | None,
        batch_size: int | None,
        temperature: float = 1.0,
        truncation: float | None = None,
        first_row: int = 0,
    ) -> np.ndarray:
        """Samples in batches; see `GenerativeModel.sample`.

        With `first_row` those from there on, of which `labels` must then be
        the classes.
        """
        if int(num_samples) != num_samples or num_samples < 1:
            raise ValueError(
                f"num_samples is {num_samples!r}, expected 1, 2, 3, ..."
            )
        check_truncation(temperature, truncation)
        if seed is None:
            seed = secrets.randbelow(2**62)
        labels = self.labels(num_samples, labels, seed)
        narrow = temperature != 1.0 or truncation is not None
        given = {"seed": tf.constant(seed, tf.int64)}
        if narrow:
            bound = math.inf if truncation is None else truncation
            given["temperature"] = tf.constant(temperature, tf.float32)
            given["truncation"] = tf.constant(bound, tf.float32)
        generate, parts = self._compiled(narrow), []
        size = batch_size or rows_at_a_time(self._model)
        for start in range(0, num_samples, size):
            stop = min(start + size, num_samples)
            given["first_row"] = tf.constant(first_row + start, tf.int64)
            given["rows"] = tf.constant(stop - start, tf.int64)
            if labels is not None:
                given["label"] = tf.constant(labels[start:stop])
            parts.append(generate(given).numpy())
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _compiled(self, narrow):
        """One function for batches of any size: noise and networks."""
        name = "narrowed" if narrow else "whole"
        if self._traced_for.is_new(name, self._model):
            self._functions[name] = self._traced(narrow)
        return self._functions[name]

    def _traced(self, narrow):
        model = self._model
        names = {"seed": tf.int64, "first_row": tf.int64, "rows": tf.int64}
        if narrow:
            names |= {"temperature": tf.float32, "truncation": tf.float32}
        signature = {k: tf.TensorSpec((), v) for k, v in names.items()}
        if model.num_classes:
            signature["label"] = tf.TensorSpec((None,), tf.int64)

        @tf.function(autograph=False)
        def generate(given):
            rows = (given["first_row"], given["rows"])
            noise, uniform = self._rows(given["seed"], *rows)
            if narrow:
                noise = self.narrowed(
                    noise,
                    tf.repeat(given["temperature"], given["rows"]),
                    tf.repeat(given["truncation"], given["rows"]),
                )
            hot = None
            if model.num_classes:
                hot = tf.one_hot(given["label"], model.num_classes)
            return model.generate(noise, uniform, hot)

        return generate.get_concrete_function(signature)

    def noise_by_seed(
        self, seeds: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Latents, and observation noise or None, each row by its own seed."""
        model = self._model
        latents = random.normal_by_seed(seeds, "latent", (model.noise_dim,))
        if not model.observation_noise:
            return latents, None
        return latents, random.uniform_by_seed(
            seeds, "observation", model.data_shape
        )

    def narrowed(
        self, noise: tf.Tensor, temperature: tf.Tensor, truncation: tf.Tensor
    ) -> tf.Tensor:
        """`truncated` noise; what chooses among components stays."""
        size = self._model.narrowed_dim
        if noise.shape[1] == size:
            return truncated(noise, temperature, truncation)
        narrow = truncated(noise[:, :size], temperature, truncation)
        return tf.concat([narrow, noise[:, size:]], axis=1)

    def _rows(self, seed, first_row, rows):
        """Noise of the `rows` rows of `sample(seed=seed)` from `first_row`."""
        model = self._model
        latents = random.normal_rows(
            random.user_stream(seed, "latent"),
            first_row,
            rows,
            (model.noise_dim,),
        )
        if not model.observation_noise:
            return latents, None
        uniform = random.uniform_rows(
            random.user_stream(seed, "observation"),
            first_row,
            rows,
            model.data_shape,
        )
        return latents, uniform

    def labels(
        self,
        num_samples: int,
        labels: np.ndarray | int | str | None,
        seed: int,
    ) -> np.ndarray | None:
        """Class numbers of samples; see `GenerativeModel.sample`."""
        num_classes = self._model.num_classes
        if not num_classes:
            if labels is None:
                return None
            raise ValueError(
                "labels were given, but this model is not class-conditional: "
                "leave them out, or build it with num_classes."
            )
        if labels is None:
            return self._model.draw_labels(num_samples, seed)
        if np.asarray(labels).dtype.kind in "US":
            named = self._model.class_number
            labels = np.vectorize(named, otypes=[np.int64])(labels)
        if np.ndim(labels) == 0:
            labels = np.full(num_samples, labels)
        return checks.check_labels(labels, num_classes, num_samples)


def truncated(
    noise: tf.Tensor, temperature: tf.Tensor, truncation: tf.Tensor
) -> tf.Tensor:
    """Turns normal latents into those of a narrower prior, row by row.

    `temperature` is the standard deviation and `truncation` the farthest
    that a latent may lie from 0, in standard deviations. Each number keeps
    its quantile: with Phi the standard normal distribution function and
    bound b,

    Formula:
        u = Phi(noise)
        latent = temperature * Phi^-1(Phi(-b) + u * (Phi(b) - Phi(-b)))

    so that a row changes smoothly with its bound, and a large bound with
    temperature 1 gives the noise itself. Drawing again whatever lies outside,
    as the paper does, has the same distribution.

    Args:
        noise: float32 `(rows, latent_dim)`, standard normal.
        temperature: float32 `(rows,)`; 1 is the prior's.
        truncation: float32 `(rows,)`, above 0; 0 and less give 0, the prior's
            mean.

    Returns:
        float32 `(rows, latent_dim)`.

    Reference:
        Brock et al. (2019), "Large scale GAN training for high fidelity
        natural image synthesis", section 3.1.
    """
    bound = tf.maximum(tf.cast(truncation, tf.float64)[:, None], 0.0)
    scale = tf.cast(temperature, tf.float64)[:, None]
    # By the lower tails: they keep their digits where 1 - tail would not.
    outside = _lower_tail(bound)
    tail = outside + _lower_tail(tf.abs(tf.cast(noise, tf.float64))) * (
        1.0 - 2.0 * outside
    )
    latents = -tf.math.ndtri(tail) * scale
    return tf.cast(latents, tf.float32) * tf.sign(noise)


def straight(start: tf.Tensor, end: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """`start + weight * (end - start)`, as tensors.

    Args:
        start: `(rows, latent_dim)`.
        end: `(rows, latent_dim)`.
        weight: `(rows,)`; 0 gives `start`, 1 gives `end`.
    """
    return start + weight[:, None] * (end - start)


def spherical(start: tf.Tensor, end: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """Points on the arcs between Gaussian latents, as tensors.

    A straight line between two normal vectors passes nearer to 0 than any
    draw would; the arc keeps their length. With the angle a between them:

    Formula:
        sin((1 - weight) * a) / sin(a) * start + sin(weight * a) / sin(a) * end

    Where they have the same direction, or opposite ones, the line is straight.

    Args:
        start: float32 `(rows, latent_dim)`.
        end: float32 `(rows, latent_dim)`.
        weight: float32 `(rows,)`.

    Returns:
        float32 `(rows, latent_dim)`.

    Reference:
        White (2016), "Sampling generative networks", section 2.1.
    """
    start, end = tf.cast(start, tf.float64), tf.cast(end, tf.float64)
    weight = tf.cast(weight, tf.float64)[:, None]
    lengths = tf.norm(start, axis=1) * tf.norm(end, axis=1)
    cosine = tf.reduce_sum(start * end, axis=1) / tf.maximum(lengths, 1e-12)
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))[:, None]
    sine = tf.sin(angle)
    near = sine < 1e-6
    safe = tf.where(near, tf.ones_like(sine), sine)
    first = tf.where(near, 1.0 - weight, tf.sin((1.0 - weight) * angle) / safe)
    last = tf.where(near, weight, tf.sin(weight * angle) / safe)
    return tf.cast(first * start + last * end, tf.float32)


def on_lines(
    name: str,
    start: np.ndarray,
    end: np.ndarray,
    steps: int,
    labels: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Inputs of the endpoint `interpolate`: `steps` rows for each pair.

    Args:
        name: of what is given at both ends, `"x"` or `"latent"`.
        start: `(n, ...)`.
        end: `(n, ...)`.
        steps: evenly spaced weights from 0 to 1, both included.
        labels: class of each pair, for conditional models.
    """
    if len(start) != len(end):
        raise ValueError(
            f"start has {len(start)} rows and end {len(end)}; expected as many."
        )
    rows = {
        f"{name}_start": np.repeat(start, steps, axis=0),
        f"{name}_end": np.repeat(end, steps, axis=0),
        "weight": np.tile(np.linspace(0.0, 1.0, steps), len(start)),
    }
    if labels is not None:
        rows["label"] = np.repeat(labels, steps)
    return rows


def check_truncation(temperature: float, truncation: float | None) -> None:
    """Raises ValueError for what is no temperature or bound."""
    if not 0 <= temperature < math.inf:
        raise ValueError(
            f"temperature is {temperature}, expected a number from 0 on; 1 is "
            "that of training."
        )
    if truncation is not None and not truncation > 0:
        raise ValueError(
            f"truncation is {truncation}, expected a bound above 0 in standard "
            "deviations, such as 2.0, or None."
        )


def _lower_tail(distance):
    """Phi(-distance)."""
    return 0.5 * tf.math.erfc(distance / math.sqrt(2.0))
