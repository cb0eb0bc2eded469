"""Strategies of several sizes in one process, as in a notebook."""

CODE = """
import tensorflow as tf
import tfgen

four = tfgen.training.get_strategy("mirrored", 4)  # makes the devices
two = tfgen.training.get_strategy("mirrored", 2)
own = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1", "CPU:2"])
assert tfgen.training.get_strategy("mirrored", 4) is four

@tf.function
def total():
    replica = tf.distribute.get_replica_context()
    return replica.all_reduce("SUM", tf.constant(1.0))

for strategy in (two, four, own, two, four):
    print(float(strategy.reduce("MEAN", strategy.run(total), None)))
"""


def test_two_three_and_four_replicas_take_turns(run_python):
    """With groups by the same numbers, as TensorFlow has them, all fail."""
    assert run_python(CODE).split() == ["2.0", "4.0", "3.0", "2.0", "4.0"]
