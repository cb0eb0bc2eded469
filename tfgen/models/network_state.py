"""What of a model a compiled function was traced for."""

import keras

from tfgen.data.reading import Reading

_BY_VALUE = (bool, int, float, str, tuple, type(None))


class NetworkState:
    """The layers of a model, how they compute, their variables, and rules.

    A function that was traced for one state computes by it for ever, also
    where the model has got a low-rank adaptation, quantised weights, frozen
    layers or another network since. Two states are equal if one function
    serves both: values of variables do not count.

    Args:
        model: a `GenerativeModel`.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    >>> before = NetworkState(vae)
    >>> before == NetworkState(vae)
    True
    >>> vae.decoder.layers[1].enable_lora(2)
    >>> before == NetworkState(vae)
    False
    """

    def __init__(self, model: keras.Model):
        # Holds what it compares: the identity of what is gone could return.
        attributes = model.config_names().values()
        values = [getattr(model, name, None) for name in attributes]
        reading = getattr(model, "reading", None)
        if reading is not None and reading.rules:
            values.append(reading)  # draws go by its rules
        # Networks and likelihoods are layers; other objects do not compute.
        kinds = (*_BY_VALUE, Reading)
        self._parts = [v for v in values if isinstance(v, kinds)]
        for layer in model._flatten_layers(include_self=False):
            self._parts += [
                layer,
                layer.dtype_policy.name,
                layer.trainable,
                getattr(layer, "lora_enabled", None),
                getattr(layer, "activation", None),
                *layer._trainable_variables,
                *layer._non_trainable_variables,
            ]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NetworkState):
            return NotImplemented
        if len(self._parts) != len(other._parts):
            return False
        pairs = zip(self._parts, other._parts, strict=True)
        return all(a is b or _equal_values(a, b) for a, b in pairs)

    __hash__ = None


class TracedFor:
    """The state that each function of a model was last traced for, by name.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    >>> traced_for = TracedFor()
    >>> [traced_for.is_new("decode", vae) for _ in range(2)]
    [True, False]
    """

    def __init__(self):
        self._states = {}

    def is_new(self, name: str, model: keras.Model) -> bool:
        """Whether a function wants tracing; afterwards it counts as traced."""
        state = NetworkState(model)
        if self._states.get(name) == state:
            return False
        self._states[name] = state
        return True


def _equal_values(a, b):
    return type(a) is type(b) and isinstance(a, _BY_VALUE) and a == b
