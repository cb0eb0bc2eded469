"""What the metrics of disentanglement ask of latents and factors."""

import numpy as np

from tfgen.metrics.table_checks import LARGEST


def check_code(latents, factors) -> tuple[np.ndarray, np.ndarray]:
    """Latents as float64 and factors as int64, one row an example.

    Raises:
        ValueError: another shape, fewer than 2 latents or 10 examples,
            latents that are not finite, factors that are no whole numbers or
            constant.
    """
    latents = np.asarray(latents, np.float64)
    factors = np.asarray(factors)
    if latents.ndim != 2 or latents.shape[1] < 2 or len(latents) < 10:
        raise ValueError(
            f"latents has shape {latents.shape}; expected (n, latent_dim) with "
            "at least 10 examples and 2 latents."
        )
    if not (np.abs(latents) <= LARGEST).all():
        raise ValueError(
            f"latents holds numbers that are not finite or beyond {LARGEST:g}: "
            "repair the model that made them."
        )
    if factors.ndim != 2 or len(factors) != len(latents):
        raise ValueError(
            f"factors has shape {factors.shape}; expected "
            f"({len(latents)}, num_factors) as latents has."
        )
    if factors.dtype.kind not in "iub":
        raise ValueError(
            f"factors has dtype {factors.dtype}; expected whole numbers: "
            "number the values of each factor from 0 on."
        )
    constant = np.flatnonzero(np.ptp(factors.astype(np.int64), axis=0) == 0)
    if len(constant) or not factors.shape[1]:
        raise ValueError(
            f"Of {factors.shape[1]} factors those in columns "
            f"{constant.tolist()} are constant; expected factors that vary: "
            "leave the others out."
        )
    return latents, factors.astype(np.int64)


def divide(
    n: int, most: int, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train and to test on, at most `most` of n, drawn by the seed."""
    order = np.random.default_rng(seed).permutation(n)[:most]
    count = round(share * len(order))
    return order[:count], order[count:]


def gap(scores: np.ndarray) -> np.ndarray:
    """Largest less second largest along the first axis."""
    ordered = np.sort(scores, axis=0)
    return ordered[-1] - ordered[-2]
