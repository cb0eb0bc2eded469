from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import HyperbandOracle

from tfgen.tuning.oracles.durable_oracle import DurableOracle
from tfgen.tuning.oracles.hyperband_brackets import brackets_for


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

    def __init__(self, *, trials, max_epochs, **settings):
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

    def settings(self):
        return {
            **super().settings(),
            "trials": self.trials_wanted,
            "max_epochs": self.max_epochs,
        }

    def remaining_trials(self):
        return self.planned_trials - len(self.trials)

    def populate_space(self, trial_id):
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


def _place(values):
    return values["tuner/bracket"], values["tuner/round"]


def _keys(bracket, number):
    return {
        "tuner/bracket": bracket.number,
        "tuner/round": number,
        "tuner/epochs": bracket.epochs_of(number),
        "tuner/initial_epoch": bracket.epochs_of(number - 1) if number else 0,
    }
