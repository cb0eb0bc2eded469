"""The command `tfgen info`."""

import importlib.metadata
import platform

PACKAGES = (
    "tfgen",
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "keras-tuner",
    "tensorboard",
    "numpy",
)


def info() -> None:
    """Show versions, devices, data sets and presets."""
    import tensorflow as tf

    import tfgen

    print("versions")
    _row("python", platform.python_version())
    for package in PACKAGES:
        _row(package, _version(package))
    print("devices")
    for device in tf.config.list_physical_devices():
        _row(device.device_type, device.name)
    print("data sets")
    for data_set in tfgen.data.known():
        _row(data_set.name, _describe(data_set))
    print("presets")
    for name in tfgen.presets.names():
        _row(name, tfgen.presets.get(name).summary)


def _row(name, value):
    print(f"  {name:24}{value}")


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _describe(data_set):
    return f"{data_set.description}{'' if data_set.at_hand else ' (not at hand)'}"
