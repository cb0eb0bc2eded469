"""What a user may give to a search."""

import copy

import keras_tuner

from tfgen.tuning.hypermodels.generative_hypermodel import GenerativeHyperModel


def as_hypermodel(
    given, tuner: str, epochs: int, seed: int
) -> keras_tuner.HyperModel:
    """What a user gives to a search, ready for its tuner.

    Args:
        given: a `keras_tuner.HyperModel`, or a function that builds a model
            from hyperparameters.
        tuner: its name; a grid needs values instead of ranges.
        epochs: of a whole training, for hypermodels that were not told.
        seed: of the search, for hypermodels that were not told.

    Raises:
        ValueError: for anything else, or a hypermodel with another seed.
    """
    if isinstance(given, type):
        raise ValueError(
            f"hypermodel is the class {given.__name__}, expected an object of "
            f"it: {given.__name__}(...)."
        )
    if not isinstance(given, keras_tuner.HyperModel):
        if not callable(given):
            raise ValueError(
                f"hypermodel is {given!r}, expected a keras_tuner.HyperModel "
                "or a function that builds a model from hyperparameters."
            )
        return _OwnFunction(given)
    if isinstance(given, GenerativeHyperModel):
        given = copy.copy(given)
        given.epochs = given.epochs or epochs
        if given.seed not in (None, seed):
            raise ValueError(
                f"the hypermodel has seed {given.seed} and the search seed "
                f"{seed}: pass the seed to the search alone."
            )
        given.seed = seed
        if tuner == "grid":
            given.space = given.space.grid()
    return given


class _OwnFunction(keras_tuner.HyperModel):
    """A user's function as a hypermodel."""

    def __init__(self, function):
        super().__init__()
        self.build = function
