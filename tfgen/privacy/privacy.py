"""What is promised to each row of the training data."""

import math
from collections.abc import Mapping

import keras

from tfgen.named_parts import Configurable

DELTA_POWER = 1.1
"""delta is by default 1 / rows ** this, less than one row's share."""
_FORM = "epsilon=3, or epsilon=3,delta=1e-5,clip_norm=1,noise_multiplier=1.1"
_BOUNDS = {
    "epsilon": (math.inf, "a number above 0"),
    "delta": (1.0, "a number above 0 and below 1"),
    "clip_norm": (math.inf, "a number above 0"),
    "noise_multiplier": (math.inf, "a number above 0"),
}


@keras.saving.register_keras_serializable(package="tfgen")
class Privacy(Configurable):
    """(epsilon, delta)-differential privacy of a training.

    Formula: `P(M(D) in S) <= exp(epsilon) P(M(D') in S) + delta` for all sets
    S of trained weights and all D, D' that differ in one row, which one of
    them has and the other has not.

    Args:
        epsilon: most that may be spent.
        delta: default: `1 / rows ** 1.1`, for the rows that are trained on.
        clip_norm: C, most of the Euclidean norm of a row's gradient.
        noise_multiplier: standard deviation of the noise, in units of
            `clip_norm`; default: the smallest that keeps epsilon over the
            epochs of the first `fit`.

    Raises:
        ValueError: for numbers out of bounds, with all reasons.

    Reference:
        Dwork and Roth (2014), "The algorithmic foundations of differential
        privacy", definition 2.4.

    Example:
    >>> tfgen.privacy.Privacy(epsilon=3.0).delta_for(60_000)
    5.546...e-06
    """

    def __init__(
        self,
        epsilon: float,
        delta: float | None = None,
        clip_norm: float = 1.0,
        noise_multiplier: float | None = None,
    ):
        self.epsilon = epsilon
        self.delta = delta
        self.clip_norm = clip_norm
        self.noise_multiplier = noise_multiplier
        reasons = [*filter(None, map(self._why_not, _BOUNDS))]
        if reasons:
            raise ValueError(" ".join(reasons))

    def delta_for(self, rows: int) -> float:
        """Delta of a training on so many rows.

        Raises:
            ValueError: for one of `1 / rows` or more, which promises nothing:
                who publishes a row drawn at random keeps it.
        """
        if self.delta is None:
            return min(0.5, rows**-DELTA_POWER)
        if self.delta * rows >= 1.0:
            raise ValueError(
                f"delta is {self.delta:g}, but of {rows:,} rows expected less "
                f"than {1 / rows:.3g}, one row's share: pass "
                f"delta={rows**-DELTA_POWER:.2g}, or leave it out."
            )
        return self.delta

    def _why_not(self, name):
        value, (below, expected) = getattr(self, name), _BOUNDS[name]
        if value is None and name in ("delta", "noise_multiplier"):
            return None
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and 0.0 < value < below:
            return None
        return f"privacy: {name} is {value!r}, expected {expected}."


def get_privacy(
    privacy: str | Mapping | Privacy | None,
) -> Privacy | None:
    """What is promised, from a text, numbers by name, a config or itself.

    Args:
        privacy: such as `"epsilon=3,delta=1e-5"` or `{"epsilon": 3}`.

    Raises:
        ValueError: for anything else, with all reasons.

    Example:
    >>> get_privacy("epsilon=3,clip_norm=0.5").clip_norm
    0.5
    """
    if privacy is None or isinstance(privacy, Privacy):
        return privacy
    if isinstance(privacy, str):
        privacy = _read(privacy)
    if not isinstance(privacy, Mapping):
        raise ValueError(f"privacy is {privacy!r}, expected {_FORM}.")
    if "class_name" in privacy:
        return keras.saving.deserialize_keras_object(dict(privacy))
    unknown = [repr(name) for name in privacy if name not in _BOUNDS]
    if unknown or "epsilon" not in privacy:
        lacks = f"has {', '.join(unknown)}" if unknown else "has no epsilon"
        raise ValueError(f"privacy {lacks}, expected {_FORM}.")
    return Privacy(**privacy)


def completed(text: str, rows: int) -> str:
    """The text with what it leaves to defaults, for so many rows.

    Example:
    >>> completed("epsilon=3", 1000)
    'epsilon=3,delta=0.000501,clip_norm=1'
    """
    said = get_privacy(text)
    numbers = {
        "epsilon": said.epsilon,
        "delta": float(f"{said.delta_for(rows):.3g}"),
        "clip_norm": said.clip_norm,
        "noise_multiplier": said.noise_multiplier,
    }
    given = {name: v for name, v in numbers.items() if v is not None}
    return ",".join(f"{name}={value:.12g}" for name, value in given.items())


def _read(text):
    """Numbers by name."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    try:
        numbers = [float(number) for _, _, number in pairs]
    except ValueError:
        numbers = None
    if numbers is None or len(set(names)) < len(names):
        raise ValueError(f"privacy is {text!r}, expected {_FORM}.")
    return dict(zip(names, numbers, strict=True))
