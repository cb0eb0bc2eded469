import keras_tuner
from keras_tuner.oracles import GridSearchOracle

from tfgen.tuning.oracles.durable_oracle import DurableOracle


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

    def populate_space(self, trial_id):
        values = self._place or self._first_combination()
        while values is not None and self._duplicate(values):
            self._place = values
            values = self._get_next_combination(values)
        if values is not None:
            return {"status": "RUNNING", "values": values}
        # The models that are being built may add to the space.
        return {"status": "IDLE" if self.ongoing_trials else "STOPPED"}

    def update_space(self, hyperparameters):
        known = len(self.hyperparameters.space)
        super().update_space(hyperparameters)
        if len(self.hyperparameters.space) > known:
            self._place = None

    def _first_combination(self):
        first = keras_tuner.HyperParameters()
        first.merge(self.hyperparameters.space)
        return first.values
