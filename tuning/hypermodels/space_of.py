import tempfile

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner

from tfgen.tuning.hypermodels.generative_hypermodel import keeps


def space_of(hypermodel) -> keras_tuner.HyperParameters:
    """All of a hypermodel's hyperparameters, those under conditions too."""
    if keeps(hypermodel, "build", "settings"):
        return hypermodel.space.hyperparameters()
    # Asked itself: in a worker, a tuner's own would ask the chief.
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("any", "min")
    )
    with tempfile.TemporaryDirectory() as folder:
        BaseTuner(oracle, hypermodel, directory=folder)
    return oracle.get_space()
