"""A search space: settings of `tfgen train` that are searched."""

import contextlib
import dataclasses
import math
from collections.abc import Mapping

import keras_tuner

from tfgen.data import Source
from tfgen.models.families import Family
from tfgen.models.preset import Preset
from tfgen.models.recommended import recommended_preset, recommended_settings
from tfgen.settings.parameters import Parameter, Range
from tfgen.settings.table import SETTINGS
from tfgen.tuning.narrowing import check_name, parameter_of
from tfgen.tuning.narrowing import parse as parse

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
    >>> train = tfgen.data.load("digits")
    >>> space = tfgen.tuning.VAEHyperModel(train).space
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

    @classmethod
    def default(
        cls,
        family: Family,
        source: Source,
        recommended: bool = True,
        preset: Preset | None = None,
    ) -> "SearchSpace":
        """What is searched of a family where nothing else was said.

        The table of settings says how each is searched; the family overrides
        it where that does not fit. The first trial has the defaults of
        `tfgen train`, those of the preset that is recommended for such data.

        Args:
            family: of the models.
            source: the training data.
            recommended: False: the table's defaults and the family's alone,
                for trials without that preset.
            preset: another one, of the family, that trials follow instead.
        """
        rules = {
            name: family.space.get(name, setting.search)
            for name, setting in SETTINGS.items()
            if family.takes(setting)
        }
        parameters = {name: _made(rule, source) for name, rule in rules.items()}
        if recommended or preset is not None:
            _begin_as_preset(parameters, family, source, preset)
        alternatives = {
            name: _instead(SETTINGS[name], family, source) for name in rules
        }
        return cls(
            {name: p for name, p in parameters.items() if p is not None},
            {name: c for name, c in alternatives.items() if c},
        )

    def __str__(self):
        return "\n".join(
            f"{name:20} {parameter}"
            for name, parameter in self.parameters.items()
        )

    def hyperparameters(self) -> keras_tuner.HyperParameters:
        """A `keras_tuner.HyperParameters` with all of them, at defaults."""
        hyperparameters = keras_tuner.HyperParameters()
        self.draw(hyperparameters)
        return hyperparameters

    def draw(self, hyperparameters: keras_tuner.HyperParameters) -> dict:
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


def _made(rule, source):
    return rule(source) if callable(rule) else rule


def _begin_as_preset(parameters, family, source, preset):
    """Makes a preset's values the defaults, or those that are recommended."""
    rows = len(source)
    if preset is not None:
        batch_size = min(preset.batch_size, rows)
        found = {"batch_size": batch_size, "epochs": preset.epochs}
    else:
        preset = recommended_preset(family, source.shape, source.is_mixed)
        if preset is None:
            return
        found = recommended_settings(
            family, source.shape, rows, is_mixed=source.is_mixed
        )
    steps = found["epochs"] * math.ceil(rows / found["batch_size"])
    values = {**preset.as_settings(steps), **found}
    for name, value in values.items():
        if parameters.get(name) is not None:
            parameters[name] = parameters[name].with_default(value)


def _instead(setting, family, source):
    """What else changes where a setting is given that is not in the space."""
    changes = dict.fromkeys(setting.excludes)
    if changes:
        for name in (setting.name, *setting.joins):
            changes[name] = _made(family.alternatives[name], source)
    return changes


def combinations(space: keras_tuner.HyperParameters) -> int:
    """How many trials a whole grid has.

    Args:
        space: a `keras_tuner.HyperParameters` in which what depends on
            another hyperparameter stands after it.
    """
    parents = {c.name for one in space.space for c in one.conditions}
    return _count(space.space, parents, {})


def _count(hyperparameters, parents, values):
    """Of what is left, given values of those that others depend on."""
    if not hyperparameters:
        return 1
    first, rest = hyperparameters[0], hyperparameters[1:]
    if not all(condition.is_active(values) for condition in first.conditions):
        return _count(rest, parents, values)
    # As in KerasTuner, the default is there even where no step leads to it.
    choices = {first.default, *first.values}
    if first.name not in parents:
        return len(choices) * _count(rest, parents, values)
    return sum(
        _count(rest, parents, {**values, first.name: choice})
        for choice in choices
    )
