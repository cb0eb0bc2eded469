"""Adversarial losses and penalties by name."""

import keras

from tfgen.losses.adversarial_loss import AdversarialLoss
from tfgen.losses.dragan import DRAGAN
from tfgen.losses.gradient_penalty import GradientPenalty
from tfgen.losses.hinge import Hinge
from tfgen.losses.least_squares import LeastSquares
from tfgen.losses.lecam import LeCam
from tfgen.losses.minimax import Minimax
from tfgen.losses.non_saturating import NonSaturating
from tfgen.losses.penalty import Penalty
from tfgen.losses.r1 import R1
from tfgen.losses.r2 import R2
from tfgen.losses.relativistic import Relativistic
from tfgen.losses.wasserstein import Wasserstein

ADVERSARIAL_LOSSES = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
}
PENALTIES = {
    "gradient_penalty": GradientPenalty,
    "r1": R1,
    "r2": R2,
    "dragan": DRAGAN,
    "lecam": LeCam,
}


def get_adversarial_loss(loss) -> AdversarialLoss:
    """A loss from its name, its config or itself.

    Raises:
        ValueError: for anything else.
    """
    return _get("loss", loss, ADVERSARIAL_LOSSES, AdversarialLoss)


def get_penalty(penalty) -> Penalty:
    """A penalty from its name, its config or itself.

    Raises:
        ValueError: for anything else.
    """
    return _get("penalty", penalty, PENALTIES, Penalty)


def _get(what, value, named, kind):
    if isinstance(value, kind):
        return value
    if isinstance(value, dict):
        return keras.saving.deserialize_keras_object(value)
    if isinstance(value, str) and value in named:
        return named[value]()
    raise ValueError(
        f"{what} is {value!r}, expected one of {', '.join(named)} or a "
        f"tfgen.losses.{kind.__name__}."
    )
