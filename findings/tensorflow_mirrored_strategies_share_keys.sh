#!/usr/bin/env bash
# TensorFlow 2.21.0: each tf.distribute.MirroredStrategy of a process numbers
# the groups of its devices from 1. A second strategy with another number of
# devices, as in a notebook that compares two replicas with four, finds the
# first one's group under its number: its first all-reduce ends with an
# InternalError, and from then on so does every all-reduce of the process, also
# those of the strategy that worked before. Two strategies of the same size go
# unnoticed. TensorFlow's own tests give each strategy a base of its own
# (_collective_key_base, private); with it all of them work.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat >sums.py <<'PYTHON'
import sys

import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 4,
)


def sum_of_ones(strategy):
    """Over the replicas, or the kind of error."""

    @tf.function
    def on_each():
        replica = tf.distribute.get_replica_context()
        return replica.all_reduce("SUM", tf.constant(1.0))

    try:
        return float(strategy.reduce("MEAN", strategy.run(on_each), None))
    except tf.errors.OpError as error:
        return type(error).__name__


strategies = []
for number, replicas in enumerate((2, 4)):
    if sys.argv[1] == "own":
        tf.distribute.MirroredStrategy._collective_key_base = 100_000 * number
    devices = [f"CPU:{i}" for i in range(replicas)]
    strategies.append(tf.distribute.MirroredStrategy(devices))
print(*(sum_of_ones(s) for s in (*strategies, *strategies)))
PYTHON
echo "tensorflow 2.21.0; sums over 2, 4, 2 and 4 replicas"
shared=$(env/bin/python sums.py shared 2>/dev/null)
own=$(env/bin/python sums.py own 2>/dev/null)
echo "as they are:            $shared"
echo "with bases of their own: $own"
if [ "$shared" = "2.0 InternalError InternalError InternalError" ] &&
  [ "$own" = "2.0 4.0 2.0 4.0" ]; then
  echo "as before"
else
  echo "changed"
  exit 1
fi
