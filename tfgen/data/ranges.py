"""What stored numbers mean: fractions, or whole numbers of some bits."""

import dataclasses
import math
from collections.abc import Iterable, Iterator

import numpy as np

from tfgen.data.notes import say
from tfgen.data.storage import let_go

DEPTHS = (8, 10, 12, 14, 16)
"""Bits a value that cameras, scanners and files have."""
TOLERANCE = 1e-3
"""By how much of the range a fraction may lie outside: it is clipped."""
_BULK = 0.02  # of the values below 0 make it [-1, 1]
_FEW = 1e-3  # of the values above an eighth: the set is all but black
_SAMPLE = 2**20
_PIECE_BYTES = 2**26


@dataclasses.dataclass(frozen=True)
class Values:
    """What a pass over numbers tells of them.

    Attributes:
        dtype: their type.
        low: the least.
        high: the largest.
        whole: whether all are whole numbers.
        sample: about a million of them, spread evenly.
    """

    dtype: np.dtype
    low: float
    high: float
    whole: bool
    sample: np.ndarray

    @classmethod
    def of(cls, pieces: Iterable[np.ndarray], size: int) -> "Values":
        """Pass over pieces, `size` numbers in all."""
        low, high, whole, samples = math.inf, -math.inf, True, []
        for piece in pieces:
            low = min(low, piece.min())
            high = max(high, piece.max())
            if piece.dtype.kind == "f":
                whole = whole and bool((piece == np.rint(piece)).all())
            step = max(1, size // _SAMPLE)
            # Not the same column of every image.
            while math.gcd(step, piece[:1].size) != 1:
                step += 1
            # A copy: a view would read all of a mapped file anew at the end.
            samples.append(piece.reshape(-1)[::step].copy())
        return cls(
            piece.dtype, float(low), float(high), whole, np.concatenate(samples)
        )

    @property
    def are_fractions(self) -> bool:
        """Whether they are floats up to 1, or signs."""
        if self.dtype.kind == "f":
            return self.high <= 1 + TOLERANCE
        return -1 <= self.low < 0 <= self.high <= 1

    def share(self, condition: np.ndarray) -> float:
        """The share of the sample that meets a condition."""
        return float(np.mean(condition))


def in_pieces(x: np.ndarray) -> Iterator[np.ndarray]:
    """Yield rows in pieces of bounded size: `x` may be a mapped file."""
    rows = max(1, _PIECE_BYTES // max(1, x[:1].nbytes))
    for start in range(0, len(x), rows):
        yield x[start : start + rows]
        let_go(x)


def check_bit_depth(bit_depth: int | None) -> int | None:
    """Return the depth; ValueError unless 1 to 32 or None."""
    is_whole = isinstance(bit_depth, (int, np.integer))
    if bit_depth is None or (is_whole and 1 <= bit_depth <= 32):
        return bit_depth
    raise ValueError(
        f"bit_depth is {bit_depth!r}; expected a whole number of bits, 1 to 32."
    )


def stored_range(
    values: Values,
    name: str,
    *,
    called: str = "x",
    value_range: tuple[float, float] | None = None,
    bit_depth: int | None = None,
) -> tuple[float, float]:
    """Return the range that stored numbers are meant to lie in.

    - Floats up to 1 are fractions: of [0, 1], or of [-1, 1] if 2% or more of
      them are negative. Fewer negative ones leave it open, and `value_range`
      must say it. 1e-3 beyond either end is rounding.
    - Whole numbers, floats too if larger than 1, have the smallest of 8, 10,
      12, 14 and 16 bits that holds the largest. Of 0 and 1 alone they are a
      mask: 1 is white. `bit_depth` sets another depth, for floats too.

    What the type of the numbers leaves open is said in one line, and so is a
    set that comes out all but black.

    Args:
        values: what is known of the numbers.
        name: what a note calls them.
        called: what an error calls them.
        value_range: what they are to be brought to, or None.
        bit_depth: bits of a whole number, or None to find them.

    Raises:
        ValueError: the values fit none of these.
    """
    check_bit_depth(bit_depth)
    if values.dtype == np.bool_:
        return 0.0, 1.0
    if values.are_fractions:
        found = _of_fractions(values, name, called, value_range)
    else:
        found = _of_whole_numbers(values, name, called, bit_depth)
    _say_if_dark(values, name, found)
    return found


def bit_depth_of(values: Values, found: tuple[float, float]) -> int | None:
    """Return the bits of whole numbers in a range found; None of fractions."""
    if values.dtype == np.bool_ or values.are_fractions:
        return None
    return round(math.log2(found[1] + 1))


def _of_fractions(values: Values, name, called, value_range):
    low, high = values.low, values.high
    if low >= -TOLERANCE:
        return 0.0, 1.0
    if low < -1 - TOLERANCE:
        raise _unknown(values, called)
    negative = values.share(values.sample < -TOLERANCE)
    if negative >= _BULK:
        if value_range is None or value_range[0] == 0:
            done = "value_range=(0, 1) brings it to [0, 1]"
            if value_range is not None:
                done = "-1 becomes 0, and 0 a half"
            say(
                f"{name} lies in [-1, 1] by its values, {negative:.0%} of them "
                f"below 0; {done}."
            )
        return -1.0, 1.0
    if value_range is None:
        raise ValueError(
            f"{called} has {values.dtype} values from {low:g} to {high:g}, "
            f"{negative:.1%} of them below 0, which leaves open whether they "
            "lie in [0, 1] or in [-1, 1]: pass value_range=(-1, 1), or "
            "value_range=(0, 1), which clips them at 0."
        )
    return -1.0 if value_range[0] < 0 else 0.0, 1.0


def _of_whole_numbers(values: Values, name, called, bit_depth):
    low, high = values.low, values.high
    is_float = values.dtype.kind == "f"
    if bit_depth is not None:
        return _of_depth(values, name, called, bit_depth)
    if low < 0 or high >= 2 ** DEPTHS[-1] or not values.whole:
        raise _unknown(values, called)
    if high == 1:
        say(
            f"{name} holds 0 and 1 alone: read as masks, 1 is white; "
            "bit_depth=8 makes 255 white."
        )
        return 0.0, 1.0
    depth = next(depth for depth in DEPTHS if high < 2**depth)
    white = 2**depth - 1
    if is_float or 8 * values.dtype.itemsize > depth:
        say(
            f"{name} holds {values.dtype} of {low:g} to {high:g}: read as "
            f"{depth} bits, {white} is white; bit_depth= sets another."
        )
    return 0.0, float(white)


def _of_depth(values: Values, name, called, bit_depth: int):
    is_float = values.dtype.kind == "f"
    if values.dtype == np.uint8 and bit_depth > 8:
        say(f"{name} holds 8 bits, not {bit_depth}: 255 is white.")
        bit_depth = 8
    white = float(2**bit_depth - 1)
    slack = TOLERANCE * white if is_float else 0
    if values.low < -slack or values.high > white + slack:
        raise ValueError(
            f"{called} has {values.dtype} values from {values.low:g} to "
            f"{_digits(values.high, white)}; expected 0 to {white:.0f} for "
            f"bit_depth={bit_depth}: pass another, or rescale them."
        )
    return 0.0, white


def _unknown(values: Values, called: str) -> ValueError:
    low, high = values.low, values.high
    is_float = values.dtype.kind == "f"
    advice = "rescale them"
    if low >= -TOLERANCE and high >= 2 ** DEPTHS[-1]:
        advice += ", or pass bit_depth"
    elif is_float and low >= -TOLERANCE and 2 < high <= 256:
        advice = "divide by 255, or pass bit_depth=8"
    elif is_float and low >= -2 and high <= 2:
        advice = f"rescale them, or clip them as in np.clip({called}, 0, 1)"
    return ValueError(
        f"{called} has {values.dtype} values from {_digits(low, -1, 0)} to "
        f"{_digits(high, 1)}; expected whole numbers of 0 to 65535, or floats "
        f"in [0, 1] or [-1, 1]: {advice}."
    )


def _digits(value: float, *bounds: float) -> str:
    """The number, with digits enough to differ from a bound it passes."""
    for precision in range(6, 18):
        text = f"{value:.{precision}g}"
        if value in bounds or float(text) not in bounds:
            break
    return text


def _say_if_dark(values: Values, name: str, found: tuple[float, float]) -> None:
    low, high = found
    eighth = low + (high - low) / 8
    # A set of zeros is as black as it was stored.
    if values.high <= 0 or values.share(values.sample > eighth) > _FEW:
        return
    bulk = float(np.quantile(values.sample.astype(np.float64), 1 - _FEW))
    advice = "rescale the values"
    if values.high > eighth:
        advice = "clip the few that are larger"
    elif high > 1:
        depth = math.ceil(math.log2(values.high + 1))
        advice = f"bit_depth={depth} holds them too"
    say(
        f"{name} comes out all but black: {high:g} is white, but 99.9% of the "
        f"values are up to {bulk:.3g}, the largest is {values.high:.3g}; "
        f"{advice}."
    )
