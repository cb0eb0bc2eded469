"""Checks of what a `Search` is given, before anything is trained."""

import numbers
import pathlib
import tempfile
from collections.abc import Iterable

import keras
import tensorflow as tf

from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.training import get_strategy
from tfgen.training.inputs import check_shape
from tfgen.tuning.failures import is_disk_error, one_line


def check_counts(least: int, **counts: int) -> None:
    """Raises ValueError for what is no whole number of `least` or more."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or count < least:
            raise ValueError(f"{name} is {count!r}, expected {least} or more.")


def check_sources(**sources: Source) -> None:
    """Raises ValueError for data that are no `tfgen.data.Source`."""
    for name, source in sources.items():
        if not isinstance(source, Source):
            raise ValueError(
                f"{name} is of type {type(source).__name__}, expected a "
                "tfgen.data.Source, as tfgen.data.load(NAME_OR_PATH, "
                "split=...) or tfgen.data.from_arrays(x, y) gives."
            )


def strategy_of(strategy: str, replicas: int | None) -> tf.distribute.Strategy:
    """The devices of each trial.

    Raises:
        ValueError: for several hosts, which share trials, not their steps.
    """
    if strategy == "multi_worker":
        raise ValueError(
            "strategy is 'multi_worker', but a trial is trained by one "
            "process: pass 'none' or 'mirrored', and more workers of the "
            "search for more trials at once."
        )
    return get_strategy(strategy, replicas)


def check_model(model: GenerativeModel, sources: Iterable[Source]) -> None:
    """Raises ValueError for what trials could not train on the data.

    Args:
        model: what a hypermodel has built.
        sources: its training and held-out data.
    """
    if model is None:
        raise ValueError(
            "the function that builds a model returned None: end it with "
            "`return model`."
        )
    if not isinstance(model, GenerativeModel):
        raise ValueError(
            f"what is built is of type {type(model).__name__}, expected a "
            "tfgen.VAE, GAN or VAEGAN, or a model derived from them."
        )
    if not model.compiled:
        raise ValueError(
            f"the {type(model).__name__} that is built is not compiled: call "
            "model.compile(...) before it is returned."
        )
    for source in sources:
        check_shape(model, source)


def check_reloadable(model: GenerativeModel) -> None:
    """Raises ValueError for a model that cannot be saved and loaded again.

    Each trial would fail of it, after all of its training.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.keras"
            model.save(path)
            keras.models.load_model(path)
    except Exception as error:
        if is_disk_error(error):
            raise
        cause = one_line(str(_root(error)))
        raise ValueError(
            f"the {type(model).__name__} that is built cannot be saved and "
            f"loaded again: {cause} Decorate your layer with "
            "@keras.saving.register_keras_serializable() and give it a "
            "get_config; write a Lambda as such a layer."
        ) from error


def _root(error):
    """Keras puts what went wrong behind the configuration of the model."""
    cause = error.__cause__ or error.__context__
    return error if cause is None else _root(cause)
