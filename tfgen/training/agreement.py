"""What the hosts of a training tell each other, so that they do the same."""

import hashlib
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf


class Agreement:
    """Numbers of each host, told to all.

    All hosts must ask at the same step, in the same order. Where there is one
    host, nothing is exchanged.

    Args:
        strategy: the one that the hosts train under.

    Attributes:
        several: whether there are other hosts.

    Example:
    >>> agreement = Agreement(tfgen.training.get_strategy())
    >>> agreement.gather([3, 1]).tolist()
    [[3, 1]]
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self._strategy = strategy
        self.several = isinstance(
            strategy, tf.distribute.MultiWorkerMirroredStrategy
        )

    def gather(self, numbers: list[int]) -> np.ndarray:
        """The numbers of each host, int64 `(hosts, len(numbers))`.

        Args:
            numbers: those of this host.
        """
        mine = np.asarray(numbers, np.int64)
        if not self.several:
            return mine[None]
        rows = self._exchange(tf.constant(mine)).numpy()
        return rows[:: len(self._strategy.extended.worker_devices)]

    def check_same(self, values: Mapping[str, object], hint: str) -> None:
        """Refuses values that are not those of the chief.

        Args:
            values: of this host, by what they are in words.
            hint: what to do, in words.

        Raises:
            ValueError: on every host, if one has another value.
        """
        found = self.gather([_number(value) for value in values.values()])
        for name, column in zip(values, found.T, strict=True):
            others = np.flatnonzero(column != column[0])
            if others.size:
                raise ValueError(
                    f"host {others[0]} has another {name} than host 0: {hint}."
                )

    def share(self, variables: list[keras.Variable]) -> None:
        """Gives variables the values that they have on the chief.

        Args:
            variables: of floats, the same ones on each host.
        """
        if self.several:
            values = [tf.convert_to_tensor(variable) for variable in variables]
            for variable, value in zip(
                variables, self._of_chief(values), strict=True
            ):
                variable.assign(value)

    @tf.function(autograph=False)
    def _of_chief(self, values):
        def on_replica(values):
            context = tf.distribute.get_replica_context()
            is_chief = tf.equal(context.replica_id_in_sync_group, 0)
            mine = [tf.where(is_chief, v, tf.zeros_like(v)) for v in values]
            return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

        shared = self._strategy.run(on_replica, (values,))
        local = self._strategy.experimental_local_results
        return [local(value)[0] for value in shared]

    @tf.function(autograph=False)
    def _exchange(self, numbers):
        count = self._strategy.num_replicas_in_sync

        def on_replica(numbers):
            context = tf.distribute.get_replica_context()
            here = context.replica_id_in_sync_group
            mine = tf.one_hot(here, count, dtype=tf.int64)[:, None] * numbers
            return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

        rows = self._strategy.run(on_replica, (numbers,))
        return self._strategy.experimental_local_results(rows)[0]


def _number(value):
    """62 bits of a value, so that few differ unseen."""
    digest = hashlib.sha256(repr(value).encode()).digest()
    return int.from_bytes(digest[:8]) >> 2
