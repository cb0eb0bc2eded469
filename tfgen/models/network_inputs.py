"""What the inputs and outputs of a network are."""

import keras


def first_input(network, role, num_classes):
    """Shape of the first input, after a look at all of them.

    Raises:
        ValueError: for inputs that do not fit `num_classes`.
    """
    if not getattr(network, "built", False) or not network.inputs:
        raise ValueError(
            f"the {role} does not know its input shape: start it with "
            "keras.Input(shape)."
        )
    count = 2 if num_classes else 1
    if len(network.inputs) != count:
        wanted = (
            f"a conditional {role} takes two inputs, [data, one-hot labels]"
            if num_classes
            else f"the {role} takes one input"
        )
        raise ValueError(
            f"the {role} has {len(network.inputs)} input(s), but {wanted}: "
            "check num_classes."
        )
    if num_classes and network.inputs[1].shape[-1] != num_classes:
        raise ValueError(
            f"the {role}'s second input has shape "
            f"{tuple(network.inputs[1].shape)}, expected (None, {num_classes})"
            " for one-hot labels."
        )
    return tuple(network.inputs[0].shape[1:])


def with_labels(x, labels):
    """What a network takes: x, or [x, one-hot labels] if there are any."""
    return x if labels is None else [x, labels]


def last_activation(network):
    """The activation that the outputs have gone through last, or None."""
    layers = keras.layers
    shapes = (layers.Reshape, layers.Flatten, layers.Permute)
    for layer in reversed(network.layers):
        if isinstance(layer, keras.Model):
            return last_activation(layer)
        if not isinstance(layer, (*shapes, layers.Cropping2D)):
            return getattr(layer, "activation", None)
    return None


def only_axis(shape, role):
    """The length of a rank-one shape.

    Raises:
        ValueError: for another rank.
    """
    if len(shape) != 1:
        raise ValueError(
            f"the {role} takes inputs of shape {shape}, expected "
            "(latent_dim,): start it with keras.Input((latent_dim,))."
        )
    return shape[0]
