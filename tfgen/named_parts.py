"""Parts of a model that are chosen by name: losses, penalties, likelihoods."""

import inspect
from collections.abc import Callable, Mapping

import keras


class Configurable:
    """A part whose config is the arguments of its constructor.

    Every argument is looked up as an attribute of the same name. A subclass
    that keeps one under another name overrides `get_config`.
    """

    def get_config(self) -> dict:
        """Arguments by name, for saving with Keras."""
        return {
            name: getattr(self, name)
            for name in _argument_names(type(self))
            if hasattr(self, name)
        }

    @classmethod
    def from_config(cls, config: dict):
        """The part that gave this config."""
        return cls(**config)


def get_part(
    what: str,
    value: object,
    named: Mapping[str, type],
    kind: type,
    also: str = "",
    **arguments: object,
):
    """A part from its name, its config or itself.

    Args:
        what: name of the argument, for the message.
        value: a key of `named`, a config of Keras, or a `kind`.
        named: classes by name.
        kind: their common base class.
        also: what else the message shall name as possible.
        **arguments: for the constructor of a class that is told by name.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, dict):
        return keras.saving.deserialize_keras_object(value)
    if isinstance(value, str) and value in named:
        return named[value](**arguments)
    package = kind.__module__.rpartition(".")[0]
    raise ValueError(
        f"{what} is {value!r}, expected {also}one of {', '.join(named)} or a "
        f"{package}.{kind.__name__}."
    )


def saved_number(add_weight: Callable, name: str) -> keras.Variable:
    """A float that starts at 0 and is saved with the model, but not trained.

    Args:
        add_weight: `keras.Model.add_weight` of the model that saves it.
        name: its name.
    """
    return add_weight(
        shape=(),
        initializer="zeros",
        dtype="float32",
        trainable=False,
        # Every replica assigns the same value.
        aggregation="only_first_replica",
        name=name,
    )


def _argument_names(cls: type) -> list[str]:
    names = []
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())
        takes_more = any(p.kind is p.VAR_KEYWORD for p in parameters)
        names += [
            p.name
            for p in parameters[1:]
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        if not takes_more:  # and so passes none on to its base
            break
    return names
