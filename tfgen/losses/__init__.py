"""Objectives of VAEs, adversarial losses, penalties of the discriminator.

Every function returns one value an example; `GlobalBatch.mean` reduces them.
"""

from tfgen.losses.adversarial import *  # noqa: F403
from tfgen.losses.adversarial import ADVERSARIAL_LOSSES as ADVERSARIAL_LOSSES
from tfgen.losses.discriminator_outputs import Critique as Critique
from tfgen.losses.discriminator_outputs import (
    DiscriminatorOutputs as DiscriminatorOutputs,
)
from tfgen.losses.objectives import *  # noqa: F403
from tfgen.losses.objectives import OBJECTIVES as OBJECTIVES
from tfgen.losses.penalties import *  # noqa: F403
from tfgen.losses.penalties import PENALTIES as PENALTIES
