"""A step of an optimizer that may not count."""

import tensorflow as tf


def apply_if(condition, group, name, gradients, variables):
    """Takes a step, and undoes it where the condition is false.

    The state of the optimizer is put back too: it is as if the step had not
    been. Replicas exchange gradients in a step, which they cannot do within a
    branch of `tf.cond`.

    Args:
        condition: boolean scalar, the same on every replica; None: always.
        group: the `OptimizerGroup`.
        name: of the network.
        gradients: of its variables.
        variables: of the network.

    Returns:
        Norm of the gradients, as `OptimizerGroup.apply`.
    """
    if condition is None:
        return group.apply(gradients, variables)
    state = [*variables, *group.by_network[name].variables]
    targets = [variable.value for variable in state]
    before = [tf.identity(target) for target in targets]
    norm = group.apply(gradients, variables)

    def put_back(strategy, condition, before):
        for target, old in zip(targets, before, strict=True):
            strategy.extended.update(
                target,
                lambda value, old, keep: value.assign(
                    tf.where(keep, value, old)
                ),
                args=(old, condition),
                group=False,
            )

    context = tf.distribute.get_replica_context()
    context.merge_call(put_back, args=(condition, before))
    return norm
