"""Hyperparameter search, imported as tfgen.tuning."""

import os

if __name__ != "tfgen.tuning":
    raise ImportError(
        f"The folder tuning/ was imported as {__name__!r}, which would make a "
        "second copy of its classes. It is installed as tfgen.tuning: run "
        "`pip install -e .` in the repository, then `import tfgen.tuning`."
    )

try:
    import keras_tuner  # noqa: F401
except ImportError as error:
    raise ImportError(
        "Searches need KerasTuner: pip install 'tfgen[tuning]'."
    ) from error

from tfgen.tuning.failures import TrialFailed as TrialFailed
from tfgen.tuning.hypermodels import HYPERMODELS as HYPERMODELS
from tfgen.tuning.hypermodels import GANHyperModel as GANHyperModel
from tfgen.tuning.hypermodels import VAEGANHyperModel as VAEGANHyperModel
from tfgen.tuning.hypermodels import VAEHyperModel as VAEHyperModel
from tfgen.tuning.processes.environment import (
    share_gpu_memory as _share_gpu_memory,
)
from tfgen.tuning.search import Search as Search
from tfgen.tuning.search_space import SearchSpace as SearchSpace
from tfgen.tuning.trial_record import TrialRecord as TrialRecord

_share_gpu_memory(os.environ)  # before TensorFlow makes its devices
