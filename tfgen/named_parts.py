"""Parts of a model that are chosen by name: losses, penalties, likelihoods."""

import inspect
import typing
from collections.abc import Callable, Mapping

import keras


class Configurable:
    """A part whose config is the arguments of its constructor.

    Every argument is looked up as an attribute of the same name. A subclass
    that keeps one under another name overrides `get_config`.
    """

    def get_config(self) -> dict:
        """Arguments by name, for saving with Keras."""
        return constructor_arguments(self, Configurable)

    @classmethod
    def from_config(cls, config: dict) -> typing.Self:
        """The part that gave this config."""
        return cls(**config)


def constructor_arguments(part: object, below: type) -> dict:
    """Arguments of a constructor, from the attributes that keep them.

    Args:
        part: keeps each argument in an attribute of the same name.
        below: base class whose own arguments, which a subclass takes as
            `**kwargs`, are left out.
    """
    return {
        name: getattr(part, name)
        for name in _argument_names(type(part), below)
        if hasattr(part, name)
    }


def get_part(
    what: str,
    value: object,
    named: Mapping[str, type],
    kind: type,
    also: tuple[str, ...] = (),
    **arguments: object,
) -> typing.Any:
    """A part from its name, its config or itself.

    Args:
        what: name of the argument, for the message.
        value: a key of `named`, a config of Keras, or a `kind`.
        named: classes by name.
        kind: their common base class.
        also: what else the message names as possible.
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
        f"{what} is {value!r}, expected one of {', '.join((*named, *also))} "
        f"or a {package}.{kind.__name__}."
    )


def saved_number(
    add_weight: Callable, name: str, shape: tuple[int, ...] = ()
) -> keras.Variable:
    """A float that starts at 0 and is saved with the model, but not trained.

    Args:
        add_weight: `keras.Model.add_weight` of the model that saves it.
        name: its name.
        shape: of several floats.
    """
    return add_weight(
        shape=shape,
        initializer="zeros",
        dtype="float32",
        trainable=False,
        # Every replica assigns the same value.
        aggregation="only_first_replica",
        name=name,
    )


def _argument_names(cls: type, below: type) -> list[str]:
    names = []
    for base in cls.__mro__[: cls.__mro__.index(below)]:
        if "__init__" not in vars(base):
            continue
        own = list(inspect.signature(base.__init__).parameters.values())[1:]
        names += [p.name for p in own if p.kind is not p.VAR_KEYWORD]
        if all(p.kind is not p.VAR_KEYWORD for p in own):
            break  # it passes none on to its base
    return names
