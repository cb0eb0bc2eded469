"""Updates of Keras' optimizers by TensorFlow's fused kernels.

Keras writes an update down as a dozen operations, each of which goes over the
whole weight. TensorFlow has one kernel for each of these rules, which goes
over weight, gradient and state once.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Rule:
    """How one kind of optimizer updates a weight.

    Args:
        fits: whether the kernel does what the optimizer is set to do.
        numbers: of the optimizer and its learning rate, the kernel's scalar
            arguments. Taken once an update, for all weights.
        slots: the kernel's arguments that are state, with the optimizer's
            list of each.
        kernel: the operation.
    """

    fits: Callable[[keras.optimizers.Optimizer], bool]
    numbers: Callable[[keras.optimizers.Optimizer, tf.Tensor], dict]
    slots: dict[str, str]
    kernel: Callable


def fuse(optimizer: keras.optimizers.Optimizer) -> None:
    """Has an optimizer update its weights by one kernel each.

    Everything else of it stays: state and its order, configuration, clipping,
    weight decay, accumulation, averages. After 100 steps, weights are Keras'
    within 1e-6 of their size. Optimizers that no kernel fits, weights that
    are not float32 and sparse gradients are updated by Keras itself.

    Args:
        optimizer: any optimizer; unchanged if there is no kernel for it.

    Example:
    >>> optimizer = keras.optimizers.Adam(0.1)
    >>> weight = keras.Variable([1.0, 2.0])
    >>> optimizer.build([weight])
    >>> fuse(optimizer)
    >>> optimizer.apply([tf.constant([0.5, -0.5])], [weight])
    >>> [round(float(value), 2) for value in weight.numpy()]
    [0.9, 2.1]
    """
    # A subclass may update as it likes.
    rule = RULES.get(type(optimizer))
    if rule and rule.fits(optimizer):
        # Keras' own seam between one update of all weights and that of each,
        # without a public name; where another Keras has none, it goes unused.
        optimizer._distributed_tf_update_step = functools.partial(
            _update, optimizer, rule
        )


def squared_norm(gradients: list[tf.Tensor]) -> tf.Tensor:
    """Sum of the squares of all values of all gradients, in float32.

    Example:
    >>> float(squared_norm([tf.constant([1.0, 2.0]), tf.constant(3.0)]))
    14.0
    """
    # Half the sum of squares: the kernel that reads a tensor only once.
    halves = [tf.nn.l2_loss(tf.cast(g, "float32")) for g in gradients]
    return 2.0 * tf.add_n(halves)


def _update(optimizer, rule, strategy, gradients_and_weights, learning_rate):
    numbers = rule.numbers(optimizer, tf.cast(learning_rate, "float32"))

    def update(weight, gradient, numbers, learning_rate):
        sparse = isinstance(gradient, tf.IndexedSlices)
        if sparse or weight.dtype != tf.float32:
            optimizer.update_step(gradient, weight, learning_rate)
            return
        index = optimizer._get_variable_index(weight)
        slots = {
            name: getattr(optimizer, slot)[index].value.handle
            for name, slot in rule.slots.items()
        }
        gradient = tf.cast(gradient, "float32")
        rule.kernel(var=weight.handle, grad=gradient, **slots, **numbers)

    for gradient, weight in gradients_and_weights:
        strategy.extended.update(
            weight,
            update,
            args=(gradient, numbers, learning_rate),
            group=False,
        )


def _adam_numbers(optimizer, rate):
    step = tf.cast(optimizer.iterations + 1, "float32")
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    return {
        "lr": rate * _rounding(beta_2, step),
        "beta1": beta_1,
        "beta2": beta_2,
        "beta1_power": tf.pow(beta_1, step),
        "beta2_power": tf.pow(beta_2, step),
        "epsilon": optimizer.epsilon,
    }


def _rounding(beta, step):
    """What the kernel's second moment differs by, as a factor of the rate.

    The kernel takes 1 - beta in float32, Keras in float64: at .999 the one is
    1.3e-5 smaller, and so is the moment until it has seen many gradients
    (Keras 3.15.1, TensorFlow 2.21.0: findings/keras_adam_rounds_beta.sh).
    """
    step = tf.cast(step, "float64")
    rounded = np.float64(np.float32(beta))
    kernels, keras_ = (
        -tf.math.expm1(step * np.log(b)) if b else tf.ones((), "float64")
        for b in (rounded, np.float64(beta))
    )
    return tf.cast(tf.sqrt(kernels / keras_), "float32")


def _momentum_numbers(optimizer, rate):
    return {
        "lr": rate,
        "momentum": optimizer.momentum,
        "use_nesterov": optimizer.nesterov,
    }


def _root_mean_square_numbers(optimizer, rate):
    return {
        "lr": rate,
        "rho": optimizer.rho,
        "momentum": optimizer.momentum,
        "epsilon": optimizer.epsilon,
    }


ADAM = Rule(
    fits=lambda optimizer: not optimizer.amsgrad,
    numbers=_adam_numbers,
    slots={"m": "_momentums", "v": "_velocities"},
    kernel=tf.raw_ops.ResourceApplyAdam,
)

RULES = {
    keras.optimizers.Adam: ADAM,
    # Keras decays the weights before it updates them.
    keras.optimizers.AdamW: ADAM,
    keras.optimizers.SGD: Rule(
        fits=lambda optimizer: bool(optimizer.momentum),
        numbers=_momentum_numbers,
        slots={"accum": "momentums"},
        kernel=tf.raw_ops.ResourceApplyKerasMomentum,
    ),
    # The kernel always keeps a momentum, which without one is not there.
    keras.optimizers.RMSprop: Rule(
        fits=lambda optimizer: optimizer.momentum and not optimizer.centered,
        numbers=_root_mean_square_numbers,
        slots={"ms": "_velocities", "mom": "_momentums"},
        kernel=tf.raw_ops.ResourceApplyRMSProp,
    ),
}
"""Rules by the optimizer's exact type."""
