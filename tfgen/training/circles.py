"""Layers that lead back to themselves, which Keras saves but cannot load."""

import functools
from collections.abc import Iterator

import keras


def refuse_circles(model: keras.Model) -> None:
    """Refuses a layer with an attribute that is a layer which holds it.

    Where a property returns the layer itself, or one that holds it, Keras 3.15
    writes the model without a word and ends the reading of the file, or of a
    checkpoint, in a RecursionError: it follows properties, too, and notes a
    layer as read only once those in it are.

    Args:
        model: whose layers are looked at.

    Raises:
        ValueError: names the layer and the attribute.

    Example:
    >>> refuse_circles(keras.Sequential([keras.layers.Dense(2)]))
    """
    _visit(model, [], set())


def _visit(layer, holders, seen):
    for name, child in _attributes(layer):
        if any(child is holder for holder in (*holders, layer)):
            raise ValueError(
                f"{layer!r} has an attribute {name!r} that leads to "
                f"{child!r}, which holds it: Keras would write a file that it "
                "cannot read. Make the property a method."
            )
        if id(child) not in seen:
            seen.add(id(child))
            _visit(child, [*holders, layer], seen)


def _attributes(layer) -> Iterator[tuple[str, keras.layers.Layer]]:
    """Layers that Keras finds in a layer, by the names it finds them by."""
    if isinstance(layer, keras.Model):
        yield from (("layers", each) for each in layer.layers)
    for name in dir(layer):
        if name.startswith("__") or name in _of_keras(type(layer)):
            continue
        try:
            value = getattr(layer, name)
        except Exception:  # as Keras passes over it
            continue
        values = value.values() if isinstance(value, dict) else value
        if not isinstance(value, (list, tuple, dict)):
            values = (value,)
        for each in values:
            if isinstance(each, keras.layers.Layer):
                yield name, each


@functools.cache
def _of_keras(kind):
    """Names that Keras' own class has, which it does not follow."""
    if issubclass(kind, keras.Sequential):
        return frozenset(dir(keras.Sequential()))
    if issubclass(kind, keras.Model):
        x = keras.Input((1,))
        return frozenset([*dir(keras.Model()), *dir(keras.Model(x, x))])
    return frozenset(dir(keras.layers.Layer()))
