"""The exact training step: batches, noise, checkpoints, strategies."""

from tfgen.training.global_batch import GlobalBatch as GlobalBatch
from tfgen.training.manifest import manifest as manifest
from tfgen.training.precision import precision_policy as precision_policy
from tfgen.training.strategies import get_strategy as get_strategy
