"""A search space: settings of `tfgen train` that are searched."""

import contextlib
import dataclasses
from collections.abc import Mapping

from tfgen.models.settings import SETTINGS
from tfgen.tuning.spaces.narrowing import check_name, parameter_of
from tfgen.tuning.spaces.narrowing import parse as parse
from tfgen.tuning.spaces.parameters import Parameter, Range

DIGITS = 6


class SearchSpace:
    """Named parameters in their order, each a range, a choice or one value.

    A parameter has the name of a setting of `tfgen train`: what is drawn are
    settings. Numbers become settings with six significant digits, so that
    what `best.json` and `config.json` say is what was trained, also if it came
    from another process. (`trials.csv` has them as they were drawn.)

    Args:
        parameters: `Range`, `Choice` or `Fixed` by name; one that depends on
            another stands after it.
        alternatives: what else changes where a parameter that is not in the
            space is given to `narrowed`: by its name, parameters by name to
            add, or None to take one out.

    Raises:
        ValueError: for names that no setting has.

    Example:
    >>> space = vae_space(tfgen.data.load("digits"))
    >>> space = space.narrowed({"latent_dim": (8, 32), "network": "mlp"})
    >>> hyperparameters = space.hyperparameters()
    >>> space.draw(hyperparameters)["network"]
    'mlp'
    """

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        alternatives: Mapping[str, Mapping[str, Parameter | None]] = {},
    ):
        self.parameters = dict(parameters)
        self.alternatives = dict(alternatives)
        for name in self.parameters:
            check_name(name)

    def __str__(self):
        return "\n".join(
            f"{name:20} {parameter}"
            for name, parameter in self.parameters.items()
        )

    def hyperparameters(self):
        """A `keras_tuner.HyperParameters` with all of them, at defaults."""
        import keras_tuner

        hyperparameters = keras_tuner.HyperParameters()
        self.draw(hyperparameters)
        return hyperparameters

    def draw(self, hyperparameters) -> dict:
        """The settings that a `keras_tuner.HyperParameters` stands for.

        Parameters that it does not know yet are registered.
        """
        drawn = {}
        for name, parameter in self.parameters.items():
            with _scope(hyperparameters, parameter.only):
                value = parameter.register(name, hyperparameters)
            if value is not None:
                drawn[name] = _as_setting(name, value)
        return drawn

    def narrowed(self, given: Mapping) -> "SearchSpace":
        """This space, with some parameters as a user wants them.

        Scale, step and default of a range stay as they are where they fit.

        Args:
            given: by name a range `(low, high)`, a list to choose from, a
                value to fix, or a `Parameter`; `parse` makes it from words.
                Names that are not in the space are added.

        Raises:
            ValueError: for names that no setting has, or values that the
                setting does not take.
        """
        parameters = dict(self.parameters)
        for name in given:
            check_name(name)
            if name not in parameters:
                parameters |= self.alternatives.get(name, {})
        absent = [n for n, p in parameters.items() if p is None]
        for name in absent:
            del parameters[name]
            if name in given:
                others = [n for n in given if name in self._without(n)]
                raise ValueError(
                    f"{name} and {', '.join(others)} exclude each other: "
                    "leave one out."
                )
        parameters |= {
            name: parameter_of(name, value, parameters.get(name))
            for name, value in given.items()
        }
        return SearchSpace(_settled(parameters, given), self.alternatives)

    def grid(self, points: int = 3) -> "SearchSpace":
        """This space with few values of each range, for a grid search.

        KerasTuner's own takes 10 values of a range: of 5 ranges 100,000
        trials. Here it is `points`, from end to end, the default among them.
        The first trial has all defaults; then the last parameters change
        first. `narrowed` with lists says exactly which values are tried.

        Args:
            points: values of a range, 2 or more.
        """
        if points < 2:
            raise ValueError(f"points is {points}, expected 2 or more.")
        return SearchSpace(
            {name: p.grid(points) for name, p in self.parameters.items()},
            self.alternatives,
        )

    def _without(self, name):
        """Names that a parameter of this name takes out."""
        changes = self.alternatives.get(name, {})
        return [other for other, value in changes.items() if value is None]


def _settled(parameters, given):
    """Parameters whose conditions can be met, without needless conditions."""
    settled = {}
    for name, parameter in parameters.items():
        condition = parameter.only
        if condition is None:
            settled[name] = parameter
            continue
        parent = parameters.get(condition.parameter)
        met = [
            value in condition.values
            for value in (() if parent is None else _values(parent))
        ]
        if all(met) or (name in given and not any(met)):
            settled[name] = dataclasses.replace(parameter, only=None)
        elif any(met):
            settled[name] = parameter
    return settled


def _values(parameter):
    return () if isinstance(parameter, Range) else parameter.values


def _scope(hyperparameters, condition):
    if condition is None:
        return contextlib.nullcontext()
    return hyperparameters.conditional_scope(
        condition.parameter, list(condition.values)
    )


def _as_setting(name, value):
    kind = SETTINGS[name].kind
    if kind is float:
        return float(f"{value:.{DIGITS}g}")
    return kind(value)
