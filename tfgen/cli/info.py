"""The command `tfgen info`."""

import importlib.metadata
import pathlib
import platform
from typing import Annotated

import numpy as np
import typer

from tfgen.cli.start import start

MOST_CATEGORIES = 8
PACKAGES = (
    "tfgen",
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "keras-tuner",
    "tensorboard",
    "numpy",
)


def info(
    run: Annotated[
        pathlib.Path | None,
        typer.Argument(metavar="RUN", help="Folder of a run [all there is]"),
    ] = None,
) -> None:
    """Show versions, devices, models, presets and data sets; or a run.

    Of a run: its settings, and how its data are read: columns, range, classes.
    """
    if run is not None:
        start(f"reading {run}")
        _show_run(run)
        return
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


def _show_run(run):
    from tfgen.runs.folder import RunFolder
    from tfgen.runs.on_files import read_model
    from tfgen.runs.progress import described

    folder = RunFolder(run)
    config = folder.config()
    print("settings")
    for name, value in config.items():
        _row(name, value)
    model = read_model(run)
    print("model")
    _row("", described(model))
    _row("epochs", folder.epochs_done())
    if model.held_out_scores is not None:
        _row("detector", model.held_out_scores)
    print("data")
    _row("", folder.manifest()["data"]["description"])
    for name, value in _facts(model.reading):
        _row(name, value)


def _facts(reading):
    if reading.kind == "image":
        yield "values", "{:g} to {:g}".format(*reading.value_range)
        if reading.stored_range:
            yield "stored", "{:g} to {:g}".format(*reading.stored_range)
        yield from reading.image_options.items()
    for column in reading.columns or ():
        yield column.name, f"{column.kind}{_values_of(column)}"
    for rule in reading.rules:
        yield "rule", rule.text
    if reading.label_column:
        yield "label column", reading.label_column
    shares = reading.class_shares or ()
    for name, share in zip(reading.class_names or (), shares, strict=False):
        yield "class", f"{name} ({share:.1%})"


def _values_of(column):
    text = ""
    if column.levels:
        more = ", ..." if len(column.categories) > MOST_CATEGORIES else ""
        shown = ", ".join(column.categories[:MOST_CATEGORIES])
        text = f", {len(column.categories)} values: {shown}{more}"
    elif column.kind == "datetime":
        bounds = np.array([column.low, column.high]).astype("datetime64[s]")
        text = f", {bounds[0]} to {bounds[1]}".replace("T00:00:00", "")
    elif column.width:
        text = f", {column.low:g} to {column.high:g}"
    text += ", long tails squashed" if column.spread else ""
    return text + ("" if column.missing is None else ", with gaps")


def _row(name, value):
    print(f"  {name:24}{value}".rstrip() if name else f"  {value}")


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _details(device):
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(device)
    return details.get("device_name", "")
