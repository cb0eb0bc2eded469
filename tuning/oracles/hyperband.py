"""Hyperband: brackets of successive halving."""

import dataclasses
import math

from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import HyperbandOracle

from tfgen.tuning.oracles.durable_oracle import DurableOracle

MOST = 3
"""Times that a bracket selects. After a 27th of its epochs a training of a
generative model has little to say: warm-ups go on, large networks are behind.
"""


class Hyperband(DurableOracle, HyperbandOracle):
    """Trains many trials a little and the best of them on, in rounds.

    The first rounds of all brackets together draw `trials` configurations,
    see `brackets_for`. A round ends with the last of its trials; the best of
    those that completed go on, of equal ones those drawn first. So the trials
    do not depend on how many workers there are and on how fast they are, but
    for their ids. A bracket whose round has failed as a whole ends. While a
    round ends, further workers begin the next bracket.

    A trial has the values `tuner/bracket`, `tuner/round`, `tuner/epochs`,
    `tuner/initial_epoch` and, from the second round on, `tuner/trial_id`: the
    trial whose training it goes on with.

    Args:
        trials: configurations to draw.
        max_epochs: of the trials in last rounds.
        **settings: see `DurableOracle`.
    """

    def __init__(self, *, trials: int, max_epochs: int, **settings):
        super().__init__(trials=trials, max_epochs=max_epochs, **settings)
        self.max_trials = None
        self.plan = brackets_for(trials, max_epochs, self.factor)

    @property
    def planned_trials(self) -> int:
        return sum(
            bracket.size_of(round_number)
            for bracket in self.plan
            for round_number in range(bracket.rounds)
        )

    def settings(self) -> dict:
        return {
            **super().settings(),
            "trials": self.trials_wanted,
            "max_epochs": self.max_epochs,
        }

    def remaining_trials(self) -> int:
        return self.planned_trials - len(self.trials)

    def populate_space(self, trial_id: str) -> dict:
        drawn = 0
        for bracket in self.plan:
            values = self._next_of(bracket, drawn)
            if values is not None:
                return {"status": TrialStatus.RUNNING, "values": values}
            drawn += bracket.size
        waits = self.ongoing_trials or self.queue
        return {"status": TrialStatus.IDLE if waits else TrialStatus.STOPPED}

    def _next_of(self, bracket, drawn):
        """Values of the next trial of a bracket; None if it must wait."""
        rounds = [
            self._members(bracket, number) for number in range(bracket.rounds)
        ]
        if len(rounds[0]) < bracket.size and not any(rounds[1:]):
            values = self._random_values(drawn + len(rounds[0]))
            if values is not None:
                return {**values, **_keys(bracket, 0)}
        for number in range(1, bracket.rounds):
            parents = self._promoted(bracket, number, rounds[number - 1])
            if parents is None:
                return None
            if len(rounds[number]) < len(parents):
                parent = parents[len(rounds[number])]
                return {
                    **parent.hyperparameters.values,
                    **_keys(bracket, number),
                    "tuner/trial_id": parent.trial_id,
                }
        return None

    def _promoted(self, bracket, number, before):
        """The best of the round before; None while it is not over."""
        if any(trial.trial_id not in self.end_order for trial in before):
            return None
        sign = -1 if self.objective.direction == "max" else 1
        completed = [
            trial for trial in before if trial.trial_id not in self.reasons
        ]
        completed.sort(key=lambda trial: (sign * trial.score, trial.trial_id))
        return completed[: bracket.size_of(number)]

    def _members(self, bracket, number):
        place = (bracket.number, number)
        return [
            trial
            for trial in self.trials.values()
            if _place(trial.hyperparameters.values) == place
        ]


@dataclasses.dataclass(frozen=True)
class Bracket:
    """Successive halving of `size` configurations in `number + 1` rounds.

    Attributes:
        number: s of the paper: how many times it selects.
        size: configurations that the first round draws.
        max_epochs: that the last round trains to.
        factor: of the epochs between rounds.
    """

    number: int
    size: int
    max_epochs: int
    factor: int

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return self.number + 1

    def size_of(self, round_number: int) -> int:
        """max(1, floor(size / factor**round)) trials, if none fails."""
        return max(1, self.size // self.factor**round_number)

    def epochs_of(self, round_number: int) -> int:
        """ceil(max_epochs / factor**(number - round)), from the start on."""
        share = self.factor ** (self.number - round_number)
        return math.ceil(self.max_epochs / share)


def brackets_for(
    trials: int, max_epochs: int, factor: int = 3
) -> list[Bracket]:
    """Brackets whose first rounds together draw `trials` configurations.

    Formula, with S = min(MOST, floor(log(max_epochs) / log(factor))):

        weight(s) = (S + 1) / (s + 1) * factor**s,  s = 0, ..., S

    as in Hyperband, where each bracket then takes about as many epochs. The
    sizes are in proportion to the weights, rounded by largest remainders, and
    at least 1: `trials` below S + 1 gives S + 1 configurations.

    Args:
        trials: configurations to draw.
        max_epochs: of a training.
        factor: a round keeps 1 in `factor` trials.

    Returns:
        The brackets, from the one that selects nothing to that with most
        rounds: what is drawn first, the defaults, is trained to the end, and
        what others find is better than that.

    Reference: Li et al., Hyperband: A Novel Bandit-Based Approach to
    Hyperparameter Optimization, JMLR 18 (2018), algorithm 1.

    >>> [bracket.size for bracket in brackets_for(20, max_epochs=27)]
    [2, 2, 5, 11]
    """
    most = 0
    while most < MOST and factor ** (most + 1) <= max_epochs:
        most += 1
    numbers = range(most + 1)
    weights = [factor**s / (s + 1) for s in numbers]
    shares = [trials * weight / sum(weights) for weight in weights]
    sizes = [max(1, math.floor(share)) for share in shares]
    by_remainder = sorted(
        range(len(shares)), key=lambda i: sizes[i] - shares[i]
    )
    for i in by_remainder[: max(0, trials - sum(sizes))]:
        sizes[i] += 1
    return [
        Bracket(number, size, max_epochs, factor)
        for number, size in zip(numbers, sizes, strict=True)
    ]


def _place(values):
    return values["tuner/bracket"], values["tuner/round"]


def _keys(bracket, number):
    return {
        "tuner/bracket": bracket.number,
        "tuner/round": number,
        "tuner/epochs": bracket.epochs_of(number),
        "tuner/initial_epoch": bracket.epochs_of(number - 1) if number else 0,
    }
