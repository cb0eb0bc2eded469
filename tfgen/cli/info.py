"""The command `tfgen info`."""

import importlib.metadata
import platform

from tfgen.cli.start import start

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
    """Show versions, devices, models, presets and data sets."""
    start("looking for devices")
    import tensorflow as tf

    import tfgen
    from tfgen.models.families import FAMILIES

    print("versions")
    _row("python", platform.python_version())
    for package in PACKAGES:
        _row(package, _version(package))
    print("devices")
    for device in tf.config.list_physical_devices():
        _row(device.name.removeprefix("/physical_device:"), _details(device))
    print("models")
    for family in FAMILIES.values():
        _row(family.name, family.summary)
    print("presets")
    for name in tfgen.presets.names():
        _row(name, tfgen.presets.get(name).summary)
    print("data sets")
    for data_set in tfgen.data.known():
        _row(data_set.name, data_set.description)
        if not data_set.at_hand:
            _row("", f"not at hand: {data_set.how_to_get}")


def _row(name, value):
    print(f"  {name:24}{value}".rstrip())


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _details(device):
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(device)
    return details.get("device_name", "")
