"""Oracles by the names of their tuners."""

import keras_tuner
from keras_tuner.oracles import GridSearchOracle, RandomSearchOracle

from tfgen.tuning.oracles.bayesian_search import BayesianSearch
from tfgen.tuning.oracles.durable_oracle import DurableOracle
from tfgen.tuning.oracles.hyperband import Hyperband


class RandomSearch(DurableOracle, RandomSearchOracle):
    """Draws every trial at random, never the same one twice."""


class GridSearch(DurableOracle, GridSearchOracle):
    """Tries all combinations in order, that of the defaults first.

    The next trial is the first combination that no trial has. So nothing but
    the trials must be kept, several workers are kept busy (KerasTuner waits
    for the newest trial before it goes on), and what a trial adds to the space
    is made up for. Ranges without steps have 10 values.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        # The combinations up to this one are all tried.
        self._place = None

    def populate_space(self, trial_id: str) -> dict:
        values = self._place or self._first_combination()
        while values is not None and self._duplicate(values):
            self._place = values
            values = self._get_next_combination(values)
        if values is not None:
            return {"status": "RUNNING", "values": values}
        # The models that are being built may add to the space.
        return {"status": "IDLE" if self.ongoing_trials else "STOPPED"}

    def update_space(
        self, hyperparameters: keras_tuner.HyperParameters
    ) -> None:
        known = len(self.hyperparameters.space)
        super().update_space(hyperparameters)
        if len(self.hyperparameters.space) > known:
            self._place = None

    def _first_combination(self):
        first = keras_tuner.HyperParameters()
        first.merge(self.hyperparameters.space)
        return first.values


TUNERS = {
    "random": RandomSearch,
    "hyperband": Hyperband,
    "bayesian": BayesianSearch,
    "grid": GridSearch,
}


def make_oracle(tuner: str, *, max_epochs: int, **settings) -> DurableOracle:
    """The oracle of a search; its `reload()` goes on with what is there.

    Args:
        tuner: `"random"`, `"hyperband"`, `"bayesian"` or `"grid"`.
        max_epochs: of a trial; matters to Hyperband alone.
        **settings: see `DurableOracle`. With Hyperband, `trials` is how many
            configurations are drawn, and cannot be raised later on, since the
            brackets depend on it.

    Raises:
        ValueError: for an unknown tuner.
    """
    if tuner not in TUNERS:
        raise ValueError(
            f"tuner is {tuner!r}, expected one of {', '.join(TUNERS)}."
        )
    if tuner == "hyperband":
        settings["max_epochs"] = max_epochs
    return TUNERS[tuner](**settings)
