"""Schedules of learning rates over a training, by name in `SCHEDULES`.

A new one is a function here and a line of `SCHEDULES`.
"""

import keras
import tensorflow as tf
from keras.optimizers.schedules import CosineDecay, LearningRateSchedule

WARMUP = 0.1
"""Share of the training over which a rate rises first."""


def constant(rate: float, updates: int) -> float:
    """The same rate all the time.

    Args:
        rate: the highest learning rate.
        updates: number of updates in the whole training.
    """
    return rate


def cosine(rate: float, updates: int) -> LearningRateSchedule:
    """Falls to 0 along a half cosine.

    Reference:
        Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with
        warm restarts", equation 5, without restarts.

    Example:
    >>> [round(float(cosine(1.0, 100)(update)), 2) for update in (0, 50, 100)]
    [1.0, 0.5, 0.0]
    """
    return CosineDecay(rate, updates)


def warmup_cosine(rate: float, updates: int) -> LearningRateSchedule:
    """Rises evenly over the first tenth, then falls along a half cosine.

    Adam's first steps are as long as later ones while its averages know
    little: from a small rate on, a training bears a higher one.

    Example:
    >>> schedule = warmup_cosine(1.0, 100)
    >>> [round(float(schedule(update)), 2) for update in (0, 10, 55, 100)]
    [0.1, 1.0, 0.5, 0.0]
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
"""Schedules by name."""


def rate_of(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate in force, under a strategy's scope too."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))


def set_schedule(
    model: keras.Model,
    optimizers: dict[str, keras.optimizers.Optimizer],
    name: str,
    steps: int,
) -> None:
    """Gives optimizers a schedule over a training.

    Args:
        model: a `GenerativeModel`, whose networks they train.
        optimizers: optimizers by network name, at their highest rates.
        name: a key of `SCHEDULES`.
        steps: number of steps of the whole training.

    Raises:
        ValueError: for an unknown name.
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
        optimizer.learning_rate = SCHEDULES[name](rate_of(optimizer), updates)
