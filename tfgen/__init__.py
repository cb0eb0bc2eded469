"""tfgen: VAEs and GANs as ordinary Keras models.

`tfgen.detection`, `tfgen.evaluation`, `tfgen.export` and `tfgen.tuning` are
loaded on first use.
The command `tfgen` loads TensorFlow when it needs it, and the rest with it.
"""

import importlib

from tfgen import _quiet
from tfgen.version import __version__ as __version__

_PARTS = (
    "augmentations",
    "callbacks",
    "data",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "optimizers",
    "presets",
    "privacy",
    "probability",
    "settings",
    "training",
)
_OF_MODELS = (
    "GAN",
    "VAE",
    "VAEGAN",
    "VQVAE",
    "GenerativeModel",
    "build",
    "fit_prior",
)
_ON_FIRST_USE = ("detection", "evaluation", "export", "tuning")


def _load() -> None:
    """Imports all parts, which registers their classes with Keras."""
    _quiet.import_tensorflow()
    for name in _PARTS:
        importlib.import_module(f"tfgen.{name}")


def __getattr__(name):
    if name in (*_PARTS, *_ON_FIRST_USE):
        return importlib.import_module(f"tfgen.{name}")
    if name in _OF_MODELS:
        return getattr(importlib.import_module("tfgen.models"), name)
    if name == "load":
        return importlib.import_module("tfgen.runs.on_files").load
    raise AttributeError(f"module 'tfgen' has no attribute {name!r}")


if not _quiet.is_the_command():
    _load()
    from tfgen.models import GAN as GAN
    from tfgen.models import VAE as VAE
    from tfgen.models import VAEGAN as VAEGAN
    from tfgen.models import VQVAE as VQVAE
    from tfgen.models import GenerativeModel as GenerativeModel
    from tfgen.models import build as build
    from tfgen.models import fit_prior as fit_prior
    from tfgen.runs.on_files import load as load
