import keras_tuner

ATTEMPTS = 1000
"""Draws in a row that are all tried already: the space is exhausted."""


class StatelessDraws(keras_tuner.Oracle):
    """Draws of hyperparameters as a function of (seed, number, name).

    KerasTuner counts a seed up by one with each draw, so that its state must
    be kept, and a search with seed 10 over 10 hyperparameters begins with the
    second trial of the search with seed 0. Draw 0 is the space's defaults, so
    that a search that compares whole trainings finds nothing worse than those.
    """

    def _random_values(self, number=None):
        """Values that no trial has; None if there seem to be none left.

        Args:
            number: of the draw; by default the number of trials.
        """
        number = len(self.trials) if number is None else number
        for attempt in range(ATTEMPTS):
            first = number == attempt == 0
            purpose = None if first else f"{self.seed} {number} {attempt}"
            values = self._draw(purpose)
            if not self._duplicate(values):
                return values
        return None

    def _draw(self, purpose):
        """Random values; the defaults if `purpose` is None."""
        drawn = keras_tuner.HyperParameters()
        for hyperparameter in self.hyperparameters.space:
            drawn.merge([hyperparameter])
            if drawn.is_active(hyperparameter):
                name = hyperparameter.name
                drawn.values[name] = (
                    hyperparameter.default
                    if purpose is None
                    else hyperparameter.random_sample(f"{purpose} {name}")
                )
        return drawn.values

    def _record_values(self, trial):
        hyperparameters = trial.hyperparameters
        for hyperparameter in hyperparameters.space:
            if hyperparameters.is_active(hyperparameter):
                hyperparameters.values.setdefault(
                    hyperparameter.name, hyperparameter.default
                )
        hyperparameters.ensure_active_values()
        self._id_to_hash[trial.trial_id] = self._compute_values_hash(
            hyperparameters.values
        )
        # Anew: what a trial learned may have changed its own hash.
        self._tried_so_far = set(self._id_to_hash.values())

    def _compute_values_hash(self, values):
        return super()._compute_values_hash(
            {
                name: value
                for name, value in values.items()
                if not name.startswith("tuner/")
            }
        )

    def _learn(self, trial, hyperparameters):
        """Adds what a trial's model asked for and the space did not know."""
        self.update_space(hyperparameters)
        # Also where another trial has told of them in the meantime.
        if not hyperparameters.values.keys() <= (
            trial.hyperparameters.values.keys()
        ):
            values = {**hyperparameters.values, **trial.hyperparameters.values}
            trial.hyperparameters = self.hyperparameters.copy()
            trial.hyperparameters.values = values
            self._record_values(trial)
