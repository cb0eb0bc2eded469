"""tfgen: VAEs and GANs as ordinary Keras models.

`tfgen.evaluation`, `tfgen.export` and `tfgen.tuning` are loaded on first use.
"""

import importlib

from tfgen import _startup as _startup
from tfgen import augmentations as augmentations
from tfgen import callbacks as callbacks
from tfgen import data as data
from tfgen import layers as layers
from tfgen import losses as losses
from tfgen import metrics as metrics
from tfgen import networks as networks
from tfgen import optimizers as optimizers
from tfgen import presets as presets
from tfgen import probability as probability
from tfgen import training as training
from tfgen.models import GAN as GAN
from tfgen.models import VAE as VAE
from tfgen.models import VAEGAN as VAEGAN
from tfgen.models import GenerativeModel as GenerativeModel
from tfgen.models import build as build
from tfgen.version import __version__ as __version__


def __getattr__(name):
    if name in ("evaluation", "export", "tuning"):
        return importlib.import_module(f"tfgen.{name}")
    raise AttributeError(f"module 'tfgen' has no attribute {name!r}")
