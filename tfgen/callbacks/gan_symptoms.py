"""Signs of a GAN's training that goes wrong, and what to say of them.

The thresholds were set on trainings on ring, grid, digits, iris and
fashion_mnist with every loss; healthy values and those of trainings that were
broken on purpose stand beside them.
"""

import dataclasses
import math

from tfgen.callbacks.sample_comparison import Likeness

# Largest change of a network's weights in a step, as a share of the weights.
# Adam at its usual rate: up to 0.01, at five times that: up to 0.05; at a
# hundred times that: from 0.19, of narrow networks (64 units) from 0.08.
LARGEST_STEP = 0.06
# Of Adam's steps only the first is as long as its rate; after quiet times a
# healthy one may be some times as long.
LARGEST_LATER_STEP = 0.2
# Size of a loss or a penalty. Healthy: up to 7; exploding: hundreds and more.
LARGEST_LOSS = 100.0
# Norm of a gradient of adversarial losses. Healthy: up to 40; exploding: from
# 600. (Those of likelihoods grow with the data: a VAE-GAN's other networks.)
LARGEST_GRADIENT = 1000.0
ADVERSARIAL = ("generator_gradient_norm", "discriminator_gradient_norm")
# Coverage over precision. Healthy, where precision and variety are high: from
# 0.79; 2 of 8 modes: 0.26, 2 of 10 kinds of digits: 0.32. Below the precision,
# untrained generators fall to 0.42.
LEAST_COVERAGE = 0.5
LEAST_PRECISION = 0.7
LEAST_VARIETY = 0.5
LEAST_COUNT = 50
# Distance of samples to each other over that of data. Healthy, after so many
# steps: from 0.1; samples that are all the same: below 0.01.
LEAST_CLOSENESS = 0.03
TRAINED_STEPS = 500
# The discriminator's loss over that of one which cannot tell. Healthy: below
# this for some hundred steps at the start, while coverage rises.
LEAST_LOSS = 0.1
WON_ACCURACY = 0.98
WON_COVERAGE = 0.1


@dataclasses.dataclass(frozen=True)
class Measurements:
    """Measurements after an epoch.

    Attributes:
        steps: training steps that the model has behind it.
        logs: logs of the epoch.
        relative_steps: by network, change of its weights in one step as a
            share of the weights.
        first_step: whether that was the first step of all.
        likeness: likeness of samples to data; None if samples are not finite.
        undecided_loss: loss of a discriminator that gives 0 for everything; 0
            where its outputs have no zero, as with Wasserstein.
    """

    steps: int
    logs: dict
    relative_steps: dict
    first_step: bool
    likeness: Likeness | None
    undecided_loss: float


def large_steps(now: Measurements) -> str | None:
    """Weights that move too far in a step."""
    sizes = now.relative_steps
    network = max(sizes, key=sizes.get, default=None)
    limit = LARGEST_STEP if now.first_step else LARGEST_LATER_STEP
    if network is None or sizes[network] <= limit:
        return None
    return (
        f"a step changes the weights of the {network} by "
        f"{sizes[network]:.0%} of their size, usual is about 1%: lower the "
        "learning rate"
    )


def explosion(now: Measurements) -> str | None:
    """Values out of all proportion."""
    if now.likeness is None:
        return (
            "samples are not finite: go back to an earlier model and lower "
            "the learning rate"
        )
    for name, value in now.logs.items():
        if not abs(value) <= _limit(name, now):
            return (
                f"{name} is {value:.3g}, usual is up to 10: lower the "
                "learning rate, or clip gradients (global_clipnorm=1.0)"
            )
    return None


def collapse(now: Measurements) -> str | None:
    """Few kinds of samples, or all samples the same."""
    like = now.likeness
    if like is None:
        return None
    if like.closeness < LEAST_CLOSENESS and now.steps >= TRAINED_STEPS:
        return (
            "samples are all but the same: neighbours are "
            f"{like.closeness:.1%} as far apart as in the data. {REMEDY}"
        )
    if (
        like.count >= LEAST_COUNT
        and like.precision >= LEAST_PRECISION
        and like.variety >= LEAST_VARIETY
        and like.coverage < LEAST_COVERAGE * like.precision
    ):
        return (
            f"{like.precision:.0%} of the samples look like data, but they "
            f"cover {like.coverage:.0%} of it instead of about as much. "
            f"{REMEDY}"
        )
    return None


def discriminator_won(now: Measurements) -> str | None:
    """A discriminator that is certain, of samples that do not get better."""
    loss = now.logs.get("discriminator_loss", math.inf)
    accuracies = [now.logs.get(f"{x}_accuracy", 0.0) for x in ("real", "fake")]
    if (
        now.likeness is not None
        and now.likeness.coverage < WON_COVERAGE
        and min(accuracies) >= WON_ACCURACY
        and loss < LEAST_LOSS * now.undecided_loss
    ):
        return (
            f"it tells {min(accuracies):.1%} rightly at a loss of {loss:.2g} "
            f"(undecided: {now.undecided_loss:.2g}), and samples cover "
            f"{now.likeness.coverage:.1%} of the data. Lower the "
            "discriminator's learning rate, or raise the penalty's weight"
        )
    return None


REMEDY = (
    "Lower the learning rate, or try larger batches, packing=2 (of a GAN) or "
    "the relativistic loss"
)
# By kind: the function, and for how many steps it must last to be reported.
SYMPTOMS = {
    "large steps": (large_steps, 0),
    "exploding training": (explosion, 0),
    "mode collapse": (collapse, 0),
    "discriminator has won": (discriminator_won, 1000),
}


def _limit(name, now):
    if name in ADVERSARIAL:
        return LARGEST_GRADIENT
    if name == "generator_loss" and not now.undecided_loss:
        return math.inf  # a critic's outputs may drift
    if name in ("generator_loss", "discriminator_loss", "gradient_penalty"):
        return LARGEST_LOSS
    return math.inf
