import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfgen.data import checks
from tfgen.metrics.encoder_inputs import (
    check_likelihood,
    check_seed,
    encoder_inputs,
)
from tfgen.metrics.importance_weighted_bound import (
    MeanOfExamples,
    importance_weighted_bound,
)
from tfgen.training import random

LEVELS = 256
ROWS_AT_ONCE = 1000


@dataclasses.dataclass(frozen=True)
class BitsPerDimension(MeanOfExamples):
    """Upper bounds of the bits that a value of the data takes.

    Attributes:
        values: `(n,)`, of each example.
        k: draws an example that the bounds are from.

    Example:
    >>> tfgen.metrics.BitsPerDimension(np.array([3.0, 4.0]), k=5).mean
    3.5
    """

    values: np.ndarray
    k: int


def bits_per_dimension(
    model: Any,
    x: np.ndarray,
    labels: np.ndarray | None = None,
    k: int = 100,
    seed: int = 0,
    *,
    data_range: tuple[float, float] | None = None,
    max_rows: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BitsPerDimension:
    """How many bits the model needs for each value of 8-bit data.

    A likelihood of 256 levels is taken as it is. A density is taken of the
    data with uniform noise: the grey value g = 0 ... 255 becomes
    `low + (g + u) / 256 * (high - low)`, u in [0, 1), and the mean over the
    noise bounds the probability of g from below. Random bytes take 8 bits.

    Formula: `-bound / (dimensions * log(2))`, of a density plus
    `log2(256 / (high - low))`, with the importance-weighted bound in nats.

    Args:
        model: a `GenerativeModel` with an encoder and a likelihood.
        x: examples `(n, *data_shape)`, 256 equally spaced values in the
            model's data range.
        labels: class of each example, for conditional models.
        k: posterior draws an example; 1 is the evidence lower bound.
        seed: of the draws and the noise, those of example i by (seed, i).
        data_range: `(low, high)` where 0 and 255 lie; default: that of the
            model. A Gaussian without a range needs it.
        max_rows: see `importance_weighted_bound`.
        progress: see `importance_weighted_bound`.

    Returns:
        A `BitsPerDimension`.

    Raises:
        ValueError: for a Bernoulli likelihood, whose data have 1 bit, for a
            missing range, for values between the 256.

    Reference:
        Theis et al. (2016), "A note on the evaluation of generative models",
        section 3.1.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(4, 4, 1), seed=0,
    ...                   network="mlp", likelihood="discretized_logistic")
    >>> grey = np.zeros((3, 4, 4, 1))
    >>> tfgen.metrics.bits_per_dimension(vae, grey, k=2).values.shape
    (3,)
    """
    check_seed(seed)
    x = encoder_inputs("bits_per_dimension", model, x, labels)["x"]
    check_likelihood("bits_per_dimension", model)
    low, high = _data_range(model, data_range)
    grey = _grey_values(x, low, high)
    log_width = 0.0
    if model.likelihood.levels is None:
        x = _with_noise(grey, low, high, seed)
        log_width = math.log((high - low) / LEVELS)
    bound = importance_weighted_bound(
        model, x, labels, k, seed, max_rows=max_rows, progress=progress
    )
    dimensions = math.prod(model.data_shape)
    nats = -bound.values - dimensions * log_width
    return BitsPerDimension(nats_to_bits_per_dimension(nats, dimensions), k)


def nats_to_bits_per_dimension(
    nats: float | np.ndarray, dimensions: int
) -> float | np.ndarray:
    """Nats an example as bits a dimension: `nats / (dimensions * log(2))`.

    Args:
        nats: a number or an array, such as `-bound.values` or the
            `negative_elbo` of `evaluate`.
        dimensions: values an example, such as 28 * 28 * 1.

    Returns:
        The same number, or array, in bits a dimension.

    Example:
    >>> round(tfgen.metrics.nats_to_bits_per_dimension(1086.9, 784), 3)
    2.0
    """
    return nats / (dimensions * math.log(2.0))


def binarized(x: np.ndarray, seed: int = 777) -> np.ndarray:
    """Grey images as binary ones, drawn once and for all.

    Every pixel is on with its grey value as probability. The same images and
    seed always give the same binary images, those of `np.random.seed(seed)`
    followed by `np.random.binomial(1, x)`, so that models trained on binary
    images can be compared on one fixed test set. Binarise the whole set at
    once: the draws of an image depend on the images before it.

    Args:
        x: images `(n, ...)` in [0, 1].
        seed: of the draws.

    Returns:
        float32 array of zeros and ones in the shape of `x`.

    Raises:
        ValueError: for values outside [0, 1].

    Reference:
        Salakhutdinov and Murray (2008), "On the quantitative analysis of deep
        belief networks", section 5.1.

    Example:
    >>> tfgen.metrics.binarized(np.array([[0.0, 1.0]]))
    array([[0., 1.]], dtype=float32)
    """
    x = checks.check_examples(x, value_range=(0.0, 1.0))
    probabilities = np.clip(x, 0.0, 1.0)
    draws = np.random.RandomState(seed).binomial(1, probabilities)
    return draws.astype(np.float32)


def _data_range(model, given):
    levels = model.likelihood.levels
    if levels not in (None, LEVELS):
        raise ValueError(
            f"bits_per_dimension is of 8-bit data, but "
            f"{type(model.likelihood).__name__} is a likelihood of {levels} "
            f"levels, {math.log2(levels):g} bit(s): use "
            "importance_weighted_bound and nats_to_bits_per_dimension, or "
            "build the model with the likelihood 'discretized_logistic'."
        )
    found = given if given is not None else model.data_range
    if found is None:
        raise ValueError(
            "bits_per_dimension needs to know where 0 and 255 lie in the "
            "data: pass data_range, such as (0, 1) for images divided by 255."
        )
    low, high = map(float, found)
    if not low < high:
        raise ValueError(f"data_range is {found}, expected (low, high).")
    return low, high


def _grey_values(x, low, high):
    exact = (x - low) * ((LEVELS - 1) / (high - low))
    grey = np.round(exact)
    off = (np.abs(exact - grey) > 0.01) | (grey < 0) | (grey >= LEVELS)
    if off.any():
        raise ValueError(
            f"x has values such as {x[off].flat[0]:g}, expected the "
            f"{LEVELS} grey values from {low:g} to {high:g}: bits per "
            "dimension are those of 8-bit data."
        )
    return grey


def _with_noise(grey, low, high, seed):
    stream = random.stream(seed, "dequantisation")
    x = np.empty_like(grey)
    for start in range(0, len(grey), ROWS_AT_ONCE):
        part = grey[start : start + ROWS_AT_ONCE]
        noise = random.uniform_rows(stream, start, len(part), part.shape[1:])
        unit = (part + noise.numpy()) / LEVELS
        x[start : start + ROWS_AT_ONCE] = low + unit * (high - low)
    return x
