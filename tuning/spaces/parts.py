"""Parameters that the spaces of all models have, by the data."""

import math

from tfgen.losses import ADVERSARIAL_LOSSES
from tfgen.models.from_settings import with_sizes
from tfgen.models.network_sizes import most_stages
from tfgen.networks.parts import doubling_widths
from tfgen.tuning.spaces.parameters import Choice, Condition, Fixed, Range

SMALL = 16
"""Pixels; smaller images can do with dense layers."""


def is_image(source) -> bool:
    """Whether examples are images, not rows of a table."""
    return len(source.shape) == 3


def is_small(source) -> bool:
    """Whether they are images of a few pixels."""
    return is_image(source) and max(source.shape[:2]) < SMALL


def latent_dim(source, images: tuple[int, int], default: int) -> Range:
    """Powers of two; for tables and points, up to twice their columns."""
    low, high = images
    if not is_image(source):
        columns = source.shape[0]
        low, high = min(2, columns), min(high, _power_of_two(2 * columns))
    return Range(low, high, min(max(default, low), high), log=True, step=2)


def networks(
    source,
    of_images: tuple[str, ...],
    of_small_images: tuple[str, ...] = ("conv", "mlp"),
):
    """What suits the data; the shipped network is the first."""
    if not is_image(source):
        return Fixed("mlp")
    if is_small(source):
        of_images = of_small_images
    if len(of_images) == 1:
        return Fixed(of_images[0])
    return Choice(of_images, of_images[0])


def width(source, least: int = 64) -> Range:
    """Around the shipped 256; tables and points are learned by less.

    `least` is that of images of a few pixels.
    """
    if not is_image(source):
        return Range(32, 512, 512, log=True, step=2)
    low = least if is_small(source) else 128
    return Range(low, 512, 256, log=True, step=2)


def depth(source) -> Range:
    """Layers, or stages: one less or more than bring images to 4 to 7 pixels.

    A multilayer perceptron on images gets as many layers.
    """
    if not is_image(source):
        return Range(1, 4, 2)
    shipped = len(doubling_widths(source.shape, 1, 1))
    most = min(shipped + 1, most_stages(source.shape))
    low = max(1, shipped - 1)
    return Range(low, most, shipped) if low < most else Fixed(low)


def batch_size(source):
    """Powers of two, so that an epoch has at least 8 steps."""
    high = max(1, min(256, _power_of_two(len(source) // 8)))
    low = max(min(4, high), high // 8)
    if low == high:
        return Fixed(high)
    shipped = with_sizes({}, len(source))["batch_size"]
    return Range(low, high, min(max(shipped, low), high), log=True, step=2)


def learning_rate_schedule() -> Choice:
    """The same rate all the time, or one that may be higher and falls."""
    return Choice(("constant", "warmup_cosine"), "constant")


def beta_warmup() -> Choice:
    """Shares of the whole training, so that trials are beginnings of it."""
    return Choice((0.0, 0.1, 0.3), 0.0)


def adversary() -> dict:
    """What all models with a discriminator have."""
    return {
        "learning_rate_ratio": Range(0.4, 2.5, 1.0, log=True),
        # Not least_squares and minimax, which are seldom best, nor
        # wasserstein, whose steps cost five times as much.
        "loss": Choice(
            ("relativistic", "non_saturating", "hinge"), "relativistic"
        ),
        # R1 and R2; that of wasserstein is another, with a scale of its own.
        "penalty_weight": Range(
            0.02,
            0.5,
            0.1,
            log=True,
            only=Condition("loss", _losses_without("wasserstein")),
        ),
        "average_decay": Choice((0.995, 0.999), 0.999),
    }


def _losses_without(name):
    return tuple(loss for loss in ADVERSARIAL_LOSSES if loss != name)


def _power_of_two(number):
    """The largest that is not larger; at least 1."""
    return 2 ** int(math.log2(max(1, number)))
