import tempfile

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner

from tfgen.tuning.hypermodels.generative_hypermodel import GenerativeHyperModel


def space_of(hypermodel) -> keras_tuner.HyperParameters:
    """All of a hypermodel's hyperparameters, those under conditions too."""
    if _draws_its_space_alone(hypermodel):
        return hypermodel.space.hyperparameters()
    # Asked itself: in a worker, a tuner's own would ask the chief.
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("any", "min")
    )
    with tempfile.TemporaryDirectory() as folder:
        BaseTuner(oracle, hypermodel, directory=folder)
    return oracle.get_space()


def _draws_its_space_alone(hypermodel):
    ours, kind = GenerativeHyperModel, type(hypermodel)
    return (
        isinstance(hypermodel, ours)
        and kind.build is ours.build
        and kind.settings is ours.settings
    )
