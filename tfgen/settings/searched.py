"""How settings are searched by default, by the training data.

Each function takes the training data, a `tfgen.data.Source`, and gives the
parameter that a search draws the setting from.
"""

import math
import typing

from tfgen.settings.parameters import Choice, Condition, Fixed, Range

if typing.TYPE_CHECKING:
    from tfgen.data import Source

SMALL = 16
"""Pixels; smaller images can do with dense layers."""
DEFAULT_BATCH_SIZE = 128


def is_image(source: "Source") -> bool:
    """Whether examples are images, not rows of a table."""
    return len(source.shape) == 3


def is_grey(source: "Source") -> bool:
    """Whether they are images of one channel."""
    return is_image(source) and source.shape[-1] == 1


def is_small(source: "Source") -> bool:
    """Whether they are images of a few pixels."""
    return is_image(source) and max(source.shape[:2]) < SMALL


def latent_dim(
    source: "Source",
    small: tuple[int, int] = (8, 64),
    large: tuple[int, int] = (8, 128),
    default: int = 16,
) -> Range:
    """Powers of two; for tables and points, up to twice their columns.

    Args:
        source: the training data.
        small: range for images of a few pixels.
        large: range for other images.
        default: value that the family has without a search.
    """
    low, high = small if is_small(source) else large
    if not is_image(source):
        columns = source.shape[0]
        low, high = min(2, columns), min(high, _power_of_two(2 * columns))
    return Range(low, high, min(max(default, low), high), log=True, step=2)


def latent_dims(source: "Source") -> Choice:
    """Two equal levels."""
    sizes = (8, 16, 32) if is_image(source) else (2, 4, 8)
    texts = tuple(f"{size}-{size}" for size in sizes)
    return Choice(texts, texts[1])


def num_codes(source: "Source") -> Range:
    """Powers of two."""
    return Range(64, 512, 256, log=True, step=2)


def commitment(source: "Source") -> Range:
    """Around the paper's 0.25, of which it says that it matters little."""
    return Range(0.1, 2.0, 0.25, log=True)


def network(
    source: "Source",
    images: tuple[str, ...] = ("conv", "resnet"),
    small: tuple[str, ...] = ("conv", "mlp"),
) -> Choice | Fixed:
    """What suits the data; the default network is the first."""
    if not is_image(source):
        return Fixed("mlp")
    names = small if is_small(source) else images
    return Fixed(names[0]) if len(names) == 1 else Choice(names, names[0])


def width(source: "Source", least: int = 64) -> Range:
    """Around the default of 256; tables and points are learned by less.

    `least` is that of images of a few pixels.
    """
    if not is_image(source):
        return Range(32, 512, 512, log=True, step=2)
    low = least if is_small(source) else 128
    return Range(low, 512, 256, log=True, step=2)


def depth(source: "Source") -> Range | Fixed:
    """Layers, or stages: one less or more than bring images to 4 to 7 pixels.

    A multilayer perceptron on images gets as many layers.
    """
    if not is_image(source):
        return Range(1, 4, 2)
    from tfgen.models.network_sizes import most_stages
    from tfgen.networks.parts import doubling_widths

    shipped = len(doubling_widths(source.shape, 1, 1))
    most = min(shipped + 1, most_stages(source.shape))
    low = max(1, shipped - 1)
    return Range(low, most, shipped) if low < most else Fixed(low)


def batch_size(source: "Source") -> Range | Fixed:
    """Powers of two, so that an epoch has at least 8 steps."""
    high = max(1, min(256, _power_of_two(len(source) // 8)))
    low = max(min(4, high), high // 8)
    if low == high:
        return Fixed(high)
    default = default_batch_size(len(source))
    return Range(low, high, min(max(default, low), high), log=True, step=2)


def default_batch_size(rows: int) -> int:
    """128 rows a step, at most a twentieth of the data."""
    return min(DEFAULT_BATCH_SIZE, max(1, rows // 20))


def beta_warmup(source: "Source") -> Choice:
    """Shares of the whole training, so that trials are beginnings of it."""
    return Choice((0.0, 0.1, 0.3), 0.0)


def learning_rate(
    source: "Source",
    low: float = 3e-4,
    high: float = 3e-3,
    default: float = 1e-3,
) -> Range:
    """Rates around the family's default, by ratio."""
    return Range(low, high, default, log=True)


def learning_rate_schedule(source: "Source") -> Choice:
    """The same rate all the time, or one that may be higher and falls."""
    return Choice(("constant", "warmup_cosine"), "constant")


def learning_rate_ratio(source: "Source") -> Range:
    """The discriminator slower or faster, by at most 2.5 times."""
    return Range(0.4, 2.5, 1.0, log=True)


def loss(source: "Source") -> Choice:
    """Without least_squares and minimax, which are seldom best.

    And without wasserstein, whose steps cost five times as much.
    """
    return Choice(("relativistic", "non_saturating", "hinge"), "relativistic")


def penalty_weight(source: "Source") -> Range:
    """Weights of R1 and R2; that of wasserstein has a scale of its own."""
    from tfgen.losses import ADVERSARIAL_LOSSES

    others = tuple(name for name in ADVERSARIAL_LOSSES if name != "wasserstein")
    return Range(0.02, 0.5, 0.1, log=True, only=Condition("loss", others))


def average_decay(source: "Source") -> Choice:
    """Averages over about 200 or 1,000 steps."""
    return Choice((0.995, 0.999), 0.999)


def _power_of_two(number):
    """The largest that is not larger; at least 1."""
    return 2 ** int(math.log2(max(1, number)))
