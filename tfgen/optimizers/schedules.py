"""Courses of learning rates over a training, by name."""

import tensorflow as tf
from keras.optimizers.schedules import CosineDecay

WARMUP = 0.1
"""Share of the training over which a rate rises first."""


def constant(rate, updates):
    """The same rate all the time."""
    return rate


def cosine(rate, updates):
    """Falls to 0 along a half cosine.

    Reference:
        Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with
        warm restarts", equation 5, without restarts.
    """
    return CosineDecay(rate, updates)


def warmup_cosine(rate, updates):
    """Rises evenly over the first tenth, then falls along a half cosine.

    Adam's first steps are as long as later ones while its averages know
    little: from a small rate on, a training bears a higher one.
    """
    warmup = round(WARMUP * updates)
    if not warmup:
        return cosine(rate, updates)
    return CosineDecay(
        rate / warmup,
        updates - warmup,
        warmup_target=rate,
        warmup_steps=warmup,
    )


SCHEDULES = {
    "constant": constant,
    "cosine": cosine,
    "warmup_cosine": warmup_cosine,
}


def rate_of(optimizer) -> float:
    """The learning rate in force, under a strategy's scope too."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))


def set_schedule(model, optimizers, name, steps):
    """Lets the rates of optimizers take a course over a training.

    Args:
        model: a `GenerativeModel`, whose networks they train.
        optimizers: by network name, at their highest rates.
        name: of a schedule.
        steps: of the whole training.

    Raises:
        ValueError: for another name.
    """
    if name not in SCHEDULES:
        raise ValueError(
            f"learning_rate_schedule is {name!r}, expected one of "
            f"{', '.join(SCHEDULES)}."
        )
    for network, optimizer in optimizers.items():
        # A schedule counts the updates of its own network.
        updates = steps
        if network == "discriminator":
            updates *= getattr(model, "discriminator_steps", 1)
        rate = SCHEDULES[name](rate_of(optimizer), updates)
        optimizer.learning_rate = rate
