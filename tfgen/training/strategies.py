"""Strategies by name."""

import functools

import tensorflow as tf

STRATEGIES = ("none", "mirrored")


def get_strategy(name: str = "none", replicas: int | None = None):
    """A `tf.distribute.Strategy` by name.

    Args:
        name: `"none"` (one device) or `"mirrored"` (every GPU of this host;
            without GPUs, logical CPU devices).
        replicas: how many devices to use; default: every GPU, or 2 logical
            CPUs where there is no GPU.

    Raises:
        ValueError: for another name, or for more replicas than devices.
    """
    if name == "none":
        return tf.distribute.get_strategy()
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


@functools.cache
def _mirrored(devices):
    # Two strategies over the same devices number their collective operations
    # alike, and steps of different models then meet each other's gradients.
    return tf.distribute.MirroredStrategy(devices)


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
