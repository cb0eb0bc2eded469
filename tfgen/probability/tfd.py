"""`tensorflow_probability.distributions`, imported on first use.

The import takes longer than a second, and a GAN needs none of it.
"""

import functools
import importlib
import types
import warnings

import tensorflow as tf

from tfgen import _quiet


def __getattr__(name: str):
    if name.startswith("__"):  # asked of every module, by inspection
        raise AttributeError(name)
    return getattr(_distributions(), name)


@functools.cache
def _distributions() -> types.ModuleType:
    # The first use may be within a function that is being traced: what the
    # library makes at its import must not become part of that one graph.
    with (
        tf.init_scope(),
        _quiet.without_left_out(),
        warnings.catch_warnings(),
    ):
        # Version 0.25, its last release, compares versions so.
        warnings.filterwarnings(
            "ignore", "distutils Version classes", DeprecationWarning
        )
        module = importlib.import_module("tensorflow_probability")
        dir(module.distributions)  # lazy itself: loaded by the first look
    return module.distributions
