import keras_tuner

from tfgen.tuning.oracles.bayesian_search import BayesianSearch
from tfgen.tuning.oracles.durable_oracle import DurableOracle
from tfgen.tuning.oracles.grid_search import GridSearch
from tfgen.tuning.oracles.hyperband import Hyperband
from tfgen.tuning.oracles.random_search import RandomSearch

TUNERS = {
    "random": RandomSearch,
    "hyperband": Hyperband,
    "bayesian": BayesianSearch,
    "grid": GridSearch,
}


def make_oracle(
    tuner: str,
    *,
    objective: keras_tuner.Objective,
    trials: int,
    max_epochs: int,
    seed: int,
    space: keras_tuner.HyperParameters,
    folder,
) -> DurableOracle:
    """The oracle of a search; its `reload()` goes on with what is there.

    Args:
        tuner: `"random"`, `"hyperband"`, `"bayesian"` or `"grid"`.
        objective: what is searched for, with its direction.
        trials: how many there shall be, at most; with Hyperband, how many
            configurations are drawn. It may be raised later on, but not with
            Hyperband, whose brackets depend on it.
        max_epochs: of a trial; matters to Hyperband alone.
        seed: of all draws.
        space: all hyperparameters.
        folder: of the search; the state is its `oracle.json`.

    Raises:
        ValueError: for an unknown tuner or numbers below 1.
    """
    if tuner not in TUNERS:
        raise ValueError(
            f"Expected tuner to be one of {', '.join(TUNERS)}, got {tuner!r}."
        )
    numbers = {"trials": trials, "max_epochs": max_epochs, "seed": seed + 1}
    for name, number in numbers.items():
        if number < 1:
            least = 0 if name == "seed" else 1
            raise ValueError(
                f"Expected {name} to be at least {least}, got "
                f"{number - 1 + least}. Pass another number."
            )
    settings = {"max_epochs": max_epochs} if tuner == "hyperband" else {}
    return TUNERS[tuner](
        objective=objective,
        trials=trials,
        seed=seed,
        space=space,
        folder=folder,
        **settings,
    )
