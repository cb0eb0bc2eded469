"""Adversarial losses and gradient penalties, one a file.

Every function returns one value an example; `GlobalBatch.mean` reduces them.
"""

from tfgen.losses.adversarial_loss import AdversarialLoss as AdversarialLoss
from tfgen.losses.critique import Critique as Critique
from tfgen.losses.dragan import DRAGAN as DRAGAN
from tfgen.losses.gradient_penalty import GradientPenalty as GradientPenalty
from tfgen.losses.hinge import Hinge as Hinge
from tfgen.losses.least_squares import LeastSquares as LeastSquares
from tfgen.losses.lecam import LeCam as LeCam
from tfgen.losses.minimax import Minimax as Minimax
from tfgen.losses.named import ADVERSARIAL_LOSSES as ADVERSARIAL_LOSSES
from tfgen.losses.named import PENALTIES as PENALTIES
from tfgen.losses.named import get_adversarial_loss as get_adversarial_loss
from tfgen.losses.named import get_penalty as get_penalty
from tfgen.losses.non_saturating import NonSaturating as NonSaturating
from tfgen.losses.penalty import Penalty as Penalty
from tfgen.losses.r1 import R1 as R1
from tfgen.losses.r2 import R2 as R2
from tfgen.losses.relativistic import Relativistic as Relativistic
from tfgen.losses.wasserstein import Wasserstein as Wasserstein
