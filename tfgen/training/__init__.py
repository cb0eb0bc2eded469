"""The exact training step: batches, noise, checkpoints, strategies."""

from tfgen.training.environment import get_strategy as get_strategy
from tfgen.training.environment import manifest as manifest
from tfgen.training.global_batch import GlobalBatch as GlobalBatch
from tfgen.training.precision import precision_policy as precision_policy
