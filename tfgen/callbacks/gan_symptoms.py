"""Signs of a GAN's training that goes wrong, and what to say of them.

The thresholds were set on trainings on ring, grid, digits, iris and
fashion_mnist with every loss; healthy values and those of trainings that were
broken on purpose stand beside them.
"""

import dataclasses
import math

# Largest change of a network's weights in a step, as a share of the weights.
# Adam at its usual rate: up to 0.01; at a hundred times that: 0.36 and more.
LARGEST_STEP = 0.1
# Size of a loss, a penalty or a gradient norm. Healthy: up to 10; exploding:
# hundreds to millions.
LARGEST_VALUE = 100.0
# Coverage over that of independent draws of equal precision. Healthy, where
# precision and variety are high: from 0.6; 2 of 8 modes: 0.25.
LEAST_COVERAGE = 0.5
LEAST_PRECISION = 0.5
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
    """What is known after an epoch.

    Attributes:
        steps: training steps that the model has behind it.
        logs: of the epoch.
        relative_steps: by network, change of its weights in one step as a
            share of the weights.
        likeness: of samples to data; None if samples are not finite.
        undecided_loss: of a discriminator that gives 0 for everything; 0
            where its outputs have no zero, as with Wasserstein.
    """

    steps: int
    logs: dict
    relative_steps: dict
    likeness: object
    undecided_loss: float


def large_steps(now: Measurements) -> str | None:
    """Weights that move too far in a step."""
    for network, size in now.relative_steps.items():
        if not size <= LARGEST_STEP:
            return (
                f"a step changes the weights of the {network} by {size:.0%} of "
                "their size, usual is about 1%: lower the learning rate"
            )
    return None


def explosion(now: Measurements) -> str | None:
    """Values out of all proportion."""
    if now.likeness is None:
        return (
            "samples are not finite: go back to an earlier model and lower "
            "the learning rate"
        )
    for name, value in now.logs.items():
        if _is_bounded(name, now) and not abs(value) <= LARGEST_VALUE:
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
        and like.coverage < LEAST_COVERAGE * like.expected
    ):
        return (
            f"{like.precision:.0%} of the samples look like data, but they "
            f"cover {like.coverage:.0%} of it where {like.expected:.0%} is "
            f"expected. {REMEDY}"
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
    "Lower the learning rate, take larger batches, or the relativistic loss "
    "with its penalties"
)
# By kind: the function, and for how many steps it must last to be reported.
SYMPTOMS = {
    "large steps": (large_steps, 0),
    "exploding training": (explosion, 0),
    "mode collapse": (collapse, 100),
    "discriminator has won": (discriminator_won, 1000),
}


def _is_bounded(name, now):
    if name.endswith("gradient_norm") or name == "gradient_penalty":
        return not name.startswith("val_")
    if name == "generator_loss" and not now.undecided_loss:
        return False  # a critic's outputs may drift
    return name in ("generator_loss", "discriminator_loss")
