import warnings

import keras_tuner
import numpy as np
import threadpoolctl
from keras_tuner.oracles import BayesianOptimizationOracle

from tfgen.tuning.oracles.durable_oracle import DurableOracle

CANDIDATES = 2000
REFINED = 5
# The kernel has one length only, for which KerasTuner's 20 are waste.
RESTARTS = 3
# Choices take the last of their values from a probability just below 1.
LARGEST_PROBABILITY = 1 - 1e-9


class BayesianSearch(DurableOracle, BayesianOptimizationOracle):
    """Tries where a Gaussian process over the trials is low or unsure.

    The first `initial_points` trials that complete are random ones. What comes
    then minimises a lower confidence bound, mean - beta * stddev, over random
    candidates, the best of which are refined. A trial that still runs counts
    with a pessimistic guess (mean + stddev), and one that failed as the worst
    that completed, since the bound would lead to its neighbours for ever.

    The outcome is a function of the seed, the trials and their results.

    Args:
        trials: how many trials there shall be.
        **settings: see `DurableOracle`.

    Attributes:
        initial_points: max(5, trials // 4).

    Reference: Srinivas et al., Gaussian Process Optimization in the Bandit
    Setting, ICML 2010, equation 6.
    """

    def __init__(self, *, trials: int, **settings):
        super().__init__(trials=trials, **settings)
        self.initial_points = max(5, trials // 4)

    def get_state(self) -> dict:
        return {**super().get_state(), "initial_points": self.initial_points}

    def set_state(self, state: dict) -> None:
        super().set_state(state)
        self.initial_points = state["initial_points"]

    def populate_space(self, trial_id: str) -> dict:
        values = self._optimum()
        if values is None or self._duplicate(values):
            values = self._random_values()
        if values is None:
            return {"status": "IDLE" if self.ongoing_trials else "STOPPED"}
        return {"status": "RUNNING", "values": values}

    # Threads do not pay for matrices this small, and workers want them.
    @threadpoolctl.threadpool_limits.wrap(limits=1, user_api="blas")
    def _optimum(self):
        """The values with the lowest bound; None if too little is known."""
        completed = len(self.end_order) - len(self.reasons)
        if completed < self.initial_points or not self._nonfixed_space():
            return None
        generator = np.random.default_rng([self.seed, len(self.trials)])
        try:
            process = self._fitted(int(generator.integers(2**31)))
            point = _lowest(
                lambda points: _bound(process, points, self.beta),
                generator.uniform(
                    size=(CANDIDATES, len(self._nonfixed_space()))
                ),
            )
        except np.linalg.LinAlgError:
            return None
        return self._vector_to_values(np.minimum(point, LARGEST_PROBABILITY))

    def _fitted(self, seed):
        """A Gaussian process of the trials, ended and running."""
        known = [t for t in self.trials.values() if t.score is not None]
        sign = -1 if self.objective.direction == "max" else 1
        scores = [sign * trial.score for trial in known]
        failed = [self.trials[trial_id] for trial_id in self.reasons]
        process = self._make_gpr().set_params(
            random_state=seed, n_restarts_optimizer=RESTARTS
        )
        points = self._points([*known, *failed])
        scores += [max(scores)] * len(failed)
        _fit(process, points, scores)
        running = self._points(
            trial
            for trial in self.trials.values()
            if trial.trial_id not in self.end_order
        )
        if len(running):
            mean, stddev = process.predict(running, return_std=True)
            process.set_params(kernel=process.kernel_, optimizer=None)
            _fit(
                process,
                np.concatenate([points, running]),
                [*scores, *(mean + stddev)],
            )
        return process

    def _points(self, trials):
        """Where trials are in the unit cube, (trials, dimensions)."""
        space = self._nonfixed_space()
        return np.array(
            [[_position(trial, one) for one in space] for trial in trials]
        ).reshape(-1, len(space))

    def _vector_to_values(self, vector):
        values = super()._vector_to_values(vector)
        return {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in values.items()
        }


def _position(trial, hyperparameter):
    own: keras_tuner.HyperParameters = trial.hyperparameters
    value = hyperparameter.default
    if own.is_active(hyperparameter):
        value = own.values.get(hyperparameter.name, value)
    return hyperparameter.value_to_prob(value)


def _fit(process, points, scores):
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # That the kernel's length is at the end of its range is no news.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(points, np.array(scores))


def _bound(process, points, beta):
    mean, stddev = process.predict(points, return_std=True)
    return mean - beta * stddev


def _lowest(function, candidates):
    """The lowest point that the best candidates lead to."""
    import scipy.optimize

    best = candidates[np.argsort(function(candidates))[:REFINED]]
    results = [
        scipy.optimize.minimize(
            lambda point: function(point[np.newaxis])[0],
            start,
            bounds=[(0, 1)] * candidates.shape[1],
            method="L-BFGS-B",
        )
        for start in best
    ]
    return min(results, key=lambda result: float(result.fun)).x
