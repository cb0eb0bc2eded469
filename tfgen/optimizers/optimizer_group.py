"""One optimizer for each network, seen by Keras as one optimizer."""

from collections.abc import MutableMapping

import keras
import tensorflow as tf

from tfgen.optimizers.fused import fuse, squared_norm
from tfgen.optimizers.schedules import rate_of

NOT_FINITE = "tfgen: gradients are not finite"


@keras.saving.register_keras_serializable(package="tfgen")
class OptimizerGroup(keras.optimizers.Optimizer):
    """A named set of Keras optimizers, each owning one network's variables.

    `apply(gradients, variables)` hands each gradient to the optimizer that owns
    its variable. Gradients that are not finite stop the training before
    they touch their network. Over several replicas, gradients are added up
    before they are clipped, so that clipping sees the gradient of the whole
    batch.

    `learning_rate` reads the first optimizer's rate; setting it scales all
    of them alike, so their ratios stay as they were compiled.

    Args:
        optimizers: dict of network name to `keras.optimizers.Optimizer`.
        name: name of the group.

    Example:
    >>> group = OptimizerGroup({"vae": keras.optimizers.Adam(1e-3)})
    >>> group.build({"vae": [keras.Variable([1.0, 2.0])]})
    >>> round(float(group.learning_rate), 4)
    0.001
    """

    def __init__(
        self,
        optimizers: dict[str, keras.optimizers.Optimizer],
        name: str = "optimizer_group",
    ):
        super().__init__(learning_rate=0.0, name=name)
        # Not `optimizers`: Keras' callbacks take that for a list and would
        # give every network the same learning rate.
        self.by_network = dict(optimizers)
        self._owner = {}
        self._owned = {}
        self._rate_ratios = _rate_ratios(self.by_network)
        self.seen_finite = None
        """None where gradients must be finite, else whether all so far were."""

    @property
    def first(self) -> keras.optimizers.Optimizer:
        """The optimizer of the first network, which counts the steps."""
        return next(iter(self.by_network.values()))

    @property
    def iterations(self) -> keras.Variable:
        return self.first.iterations

    @property
    def learning_rate(self) -> tf.Tensor | keras.Variable:
        return self.first.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        for name, optimizer in self.by_network.items():
            optimizer.learning_rate = learning_rate * self._rate_ratios[name]

    @property
    def variables(self) -> list[keras.Variable]:
        return [v for o in self.by_network.values() for v in o.variables]

    def build(
        self, variables_by_network: dict[str, list[keras.Variable]]
    ) -> None:
        """Creates the state of every optimizer.

        Args:
            variables_by_network: dict of network name to its trainable
                variables, with the names given at construction.
        """
        for name, variables in variables_by_network.items():
            self._owned[name] = list(variables)
            # By identity, since Keras compares variables by value.
            self._owner.update({id(v): name for v in variables})
            self.by_network[name].build(list(variables))
            fuse(self.by_network[name])
        self._show_averages()
        self.built = True

    def owned(self, network: str) -> list[keras.Variable]:
        """The variables that a network's optimizer was built for."""
        return self._owned.get(network, [])

    def apply(
        self,
        grads: list[tf.Tensor | None],
        trainable_variables: list[keras.Variable] | None = None,
    ) -> tf.Tensor:
        """Hands each gradient to the optimizer of its variable.

        Args:
            grads: gradients of this replica, None where there is none.
            trainable_variables: the variable of each.

        Returns:
            Euclidean norm of the gradients, before clipping, added up over
            replicas.

        Raises:
            tf.errors.InvalidArgumentError: for gradients that are not finite.
        """
        by_owner = {}
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            pairs = by_owner.setdefault(self._owner[id(variable)], [])
            if gradient is not None:
                pairs.append((gradient, variable))
        squares = [tf.constant(0.0)]
        for name, pairs in by_owner.items():
            if not pairs:
                continue
            gradients, variables = zip(*pairs, strict=True)
            gradients = _over_replicas(gradients)
            squares.append(squared_norm(gradients))
            optimizer = self.by_network[name]
            with tf.control_dependencies(self._look_at(name, squares[-1])):
                # Only operations made in here wait for the check: without
                # the copies, an update could read the gradients before it.
                gradients = [tf.identity(gradient) for gradient in gradients]
                gradients = _clip_global(optimizer, gradients)
                optimizer.apply(gradients, variables)
        return tf.sqrt(tf.add_n(squares))

    def _look_at(self, name, squared_norm):
        if self.seen_finite is None:
            return _require_finite(name, squared_norm)
        finite = tf.logical_and(
            self.seen_finite, tf.math.is_finite(squared_norm)
        )
        return [self.seen_finite.assign(finite)]

    def _show_averages(self):
        """Shows the averages of all networks to `SwapEMAWeights`."""
        averaged = [o for o in self.by_network.values() if o.use_ema]
        self.use_ema = bool(averaged)
        if averaged:
            self._trainable_variables = [
                v for one in averaged for v in one._trainable_variables
            ]
            self._model_variables_moving_average = [
                v
                for one in averaged
                for v in one._model_variables_moving_average
            ]

    def finalize_variable_values(self, var_list: list) -> None:
        for name, optimizer in self.by_network.items():
            optimizer.finalize_variable_values(self._owned[name])

    def save_own_variables(self, store: MutableMapping) -> None:
        """The named optimizers save themselves."""

    def load_own_variables(self, store: MutableMapping) -> None:
        """The named optimizers load themselves."""

    def get_config(self) -> dict:
        serialize = keras.saving.serialize_keras_object
        optimizers = {k: serialize(o) for k, o in self.by_network.items()}
        return {"optimizers": optimizers, "name": self.name}

    @classmethod
    def from_config(
        cls, config: dict, custom_objects: dict | None = None
    ) -> "OptimizerGroup":
        optimizers = {
            name: keras.saving.deserialize_keras_object(
                optimizer, custom_objects=custom_objects
            )
            for name, optimizer in config["optimizers"].items()
        }
        return cls(optimizers, name=config["name"])


def _rate_ratios(optimizers):
    # As compiled. A callback later sets the first rate, and the others follow.
    rates = {name: rate_of(one) for name, one in optimizers.items()}
    first = next(iter(rates.values()), 0.0)
    return {n: rate / first if first else 1.0 for n, rate in rates.items()}


def _over_replicas(gradients):
    """Gradients of the whole batch, added up over replicas."""
    context = tf.distribute.get_replica_context()
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    if context.num_replicas_in_sync == 1:
        return gradients
    return context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)


def _require_finite(name, squared_norm):
    # A NaN that oneDNN's fused ReLU turned into 0 leaves a finite loss; it is
    # the gradients that show it. A sum is finite only if its terms are.
    check = tf.debugging.Assert(
        tf.math.is_finite(squared_norm), [f"{NOT_FINITE}: {name}"]
    )
    return [] if check is None else [check]


def _clip_global(optimizer, gradients):
    """Clips the sum over replicas, where Keras would clip each part."""
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return gradients
    if optimizer.clipnorm:
        gradients = [tf.clip_by_norm(g, optimizer.clipnorm) for g in gradients]
    elif optimizer.global_clipnorm:
        gradients, _ = tf.clip_by_global_norm(
            gradients, optimizer.global_clipnorm
        )
    elif optimizer.clipvalue:
        limit = optimizer.clipvalue
        gradients = [tf.clip_by_value(g, -limit, limit) for g in gradients]
    # Keras adds the replicas' gradients up once more; its own clipping then
    # finds nothing left to clip.
    return [gradient / replicas for gradient in gradients]
