"""Configs of models, read off their constructors."""

import inspect

import keras

_POSITIONAL = inspect.Parameter.VAR_POSITIONAL
_KEYWORD = inspect.Parameter.VAR_KEYWORD


class ConfigFromSignature:
    """`get_config` and `from_config` by the constructor's parameters.

    Each parameter is kept by the model as an attribute of its own name, or of
    the one that `config_attributes` gives, of its class or of one above.
    Networks, likelihoods, losses and
    whatever else Keras can serialise may stand in it, also in lists.

    Of a subclass that passes `**kwargs` on, the config holds those that were
    given: others may be what the subclass itself gives to its parent.
    """

    config_attributes: dict[str, str] = {}

    def __new__(cls, *args, **kwargs):
        model = super().__new__(cls, *args, **kwargs)
        # Past Keras' __setattr__, which is not ready before __init__.
        vars(model)["_given"] = frozenset(kwargs)
        return model

    def get_config(self) -> dict:
        """Arguments that make this model again, as JSON can hold them.

        Raises:
            ValueError: if the model has no attribute for a parameter.
        """
        # A get_config that adds to this one may know those without attribute.
        extended = type(self).get_config is not ConfigFromSignature.get_config
        config = {}
        for name, attribute in self.config_names().items():
            if hasattr(self, attribute):
                value = getattr(self, attribute)
                config[name] = keras.saving.serialize_keras_object(value)
            elif not extended:
                raise ValueError(
                    f"{type(self).__name__} takes {name!r}, but has no "
                    f"attribute {attribute!r} to save it by: set "
                    f"self.{attribute} in __init__, or write get_config()."
                )
        return config

    def config_names(self) -> dict[str, str]:
        """The attribute by which each of the constructor's names is kept."""
        names = _parameters(type(self), self._given)
        known = {}
        for base in reversed(type(self).__mro__):
            known |= vars(base).get("config_attributes", {})
        return {name: known.get(name, name) for name in names}

    @classmethod
    def from_config(
        cls, config: dict, custom_objects: dict | None = None
    ) -> "ConfigFromSignature":
        """The model that `get_config` describes, with new weights."""
        arguments = keras.saving.deserialize_keras_object(
            config, custom_objects=custom_objects
        )
        return cls(**arguments)


def _parameters(cls, given):
    """Names that the constructor takes, and that it passed on if given."""
    names, all_of_them = [], True
    for owner in cls.__mro__:
        if owner is keras.Model:
            break
        if "__init__" not in vars(owner):
            continue
        _, *taken = inspect.signature(owner.__init__).parameters.values()
        kinds = {parameter.kind for parameter in taken}
        names += [
            parameter.name
            for parameter in taken
            if parameter.kind not in (_POSITIONAL, _KEYWORD)
            and parameter.name not in names
            and (all_of_them or parameter.name in given)
        ]
        if _KEYWORD not in kinds:
            return names
        all_of_them = _POSITIONAL in kinds
    return [*names, "name"]
