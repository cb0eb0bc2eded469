"""Where and how exactly a training computes, and what it was made from."""

import contextlib
import functools
import itertools
import os
import pathlib
import platform
import re
import shlex
import sys

import keras
import numpy as np
import tensorflow as tf

from tfgen.data import Source
from tfgen.hosts import EXPECTED, VARIABLE, Hosts
from tfgen.version import __version__

STRATEGIES = ("none", "mirrored", "multi_worker")
_KEYS = 100_000
"""Of collective operations that one strategy may number."""
_numbers = itertools.count(1)  # from 0 count those made elsewhere


def get_strategy(
    name: str = "none", replicas: int | None = None
) -> tf.distribute.Strategy:
    """A `tf.distribute.Strategy` by name.

    Args:
        name: `"none"` (one device), `"mirrored"` (every GPU of this host;
            without GPUs, logical CPU devices) or `"multi_worker"` (several
            hosts, each of which runs the same program; `TF_CONFIG` says
            which they are).
        replicas: how many devices of this host to use; default: every GPU,
            or 2 logical CPUs where there is no GPU.

    Raises:
        ValueError: for another name, for more replicas than devices, for
            hosts without `TF_CONFIG`.

    Example:
    >>> with tfgen.training.get_strategy("none").scope():
    ...     model = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    >>> model.distribute_strategy.num_replicas_in_sync
    1
    """
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "multi_worker":
        return _multi_worker(replicas)
    if name != "mirrored":
        raise ValueError(
            f"strategy is {name!r}, expected one of {', '.join(STRATEGIES)}."
        )
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        devices = _first([f"GPU:{i}" for i in range(len(gpus))], replicas)
    else:
        devices = _logical_cpus(replicas or 2)
    return _mirrored(tuple(devices))


def manifest(
    source: Source, seed: int, strategy: tf.distribute.Strategy
) -> dict:
    """What bit-identical weights depend on, and what they came from.

    Args:
        source: the training data.
        seed: of the model and the order of its data.
        strategy: the one that it is trained under.

    Returns:
        A dict that JSON can hold.

    Example:
    >>> digits = tfgen.data.load("digits")
    >>> made_from = tfgen.training.manifest(
    ...     digits, 0, tfgen.training.get_strategy()
    ... )
    >>> made_from["data"]["value_range"], made_from["machine"]["replicas"]
    ((0.0, 1.0), 1)
    """
    threads = tf.config.threading
    return {
        "versions": {
            "tfgen": __version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "command": shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
        "seed": seed,
        "data": {
            "description": source.description,
            "fingerprint": source.fingerprint(),
            "value_range": source.value_range,
            "columns": _columns(source),
            "reading": source.reading.to_json(),
        },
        "machine": {
            "platform": platform.platform(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "inter_op_threads": threads.get_inter_op_parallelism_threads(),
            "intra_op_threads": threads.get_intra_op_parallelism_threads(),
            "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            "devices": [d.name for d in tf.config.list_logical_devices()],
            "replicas": strategy.num_replicas_in_sync,
        },
    }


_DIGITS = (
    *("tensorflow", "keras", "inter_op_threads", "intra_op_threads"),
    *("onednn", "replicas", "devices", "processor"),
)


def _processor():
    """Its model, where Linux tells: others add up in another order."""
    with contextlib.suppress(OSError):
        found = re.search(
            r"^model name\s*: (.*)$",
            pathlib.Path("/proc/cpuinfo").read_text(),
            re.MULTILINE,
        )
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def differences(begun: dict, now: dict) -> list[str]:
    """What of two manifests differs by which numbers may round otherwise.

    Args:
        begun: the manifest that a training was begun with.
        now: that of the process that goes on with it.

    Returns:
        Of each, what it was and, in parentheses, what it is.

    Example:
    >>> from tfgen.training.environment import differences
    >>> begun = {"versions": {"keras": "3.14"}, "machine": {"replicas": 1}}
    >>> now = {"versions": {"keras": "3.15"}, "machine": {"replicas": 1}}
    >>> differences(begun, now)
    ['keras 3.14 (now 3.15)']
    """
    before, after = (
        m["versions"] | m["machine"] | {"devices": _kinds(m)}
        for m in (begun, now)
    )
    return [
        f"{name} {before[name]} (now {after[name]})"
        for name in _DIGITS
        if name in before and before[name] != after.get(name)
    ]


def _kinds(manifest):
    """CPU or GPU: how many a process may use is told by its replicas."""
    names = manifest["machine"].get("devices", ())
    return " and ".join(sorted({name.split(":")[1] for name in names}))


@functools.cache
def _multi_worker(replicas):
    if replicas is not None:
        raise ValueError(
            f"replicas is {replicas}, but on several hosts each takes all of "
            "its devices: leave it out."
        )
    hosts = Hosts.from_environment()
    if hosts is None:
        raise ValueError(
            f"strategy is 'multi_worker', but {VARIABLE}, which names the "
            f"hosts, is not set: {EXPECTED}; on one machine tfgen launch "
            "sets it."
        )
    hosts.wait_for_all()
    return tf.distribute.MultiWorkerMirroredStrategy()


@functools.cache
def _mirrored(devices):
    # Two strategies over the same devices number their collective operations
    # alike, and steps of different models then meet each other's gradients:
    # one for each. Of other devices, too, numbers start at 1, and a second
    # strategy of another size finds the first one's group, whereupon all fail
    # (TensorFlow 2.21: findings/tensorflow_mirrored_strategies_share_keys.sh).
    # The base has no public name; where another TensorFlow has none, it goes
    # unused.
    own = {"_collective_key_base": _KEYS * next(_numbers)}
    kind = type("MirroredStrategy", (tf.distribute.MirroredStrategy,), own)
    return kind(devices)


def _first(devices, replicas):
    if replicas is not None and replicas > len(devices):
        raise ValueError(
            f"replicas is {replicas}, but this machine has {len(devices)} "
            f"GPUs: pass at most {len(devices)}."
        )
    return devices[:replicas]


def _logical_cpus(replicas):
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * replicas
    try:
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError:  # TensorFlow is running, its devices are fixed
        pass
    found = len(tf.config.list_logical_devices("CPU"))
    if found < replicas:
        raise ValueError(
            f"the mirrored strategy wants {replicas} logical CPUs and this "
            f"process has {found}: call tfgen.training.get_strategy before "
            "anything else uses TensorFlow."
        )
    return [f"CPU:{i}" for i in range(replicas)]


def _columns(source):
    """Names of the columns, and how to get back to their own units."""
    if len(source.shape) != 1:
        return None
    names = source.feature_names or [
        f"column_{i + 1}" for i in range(source.shape[0])
    ]
    ones = np.ones(source.shape)
    return {
        "names": list(names),
        "shift": (source.shift * ones).tolist(),
        "scale": (source.scale * ones).tolist(),
    }
