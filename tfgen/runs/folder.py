"""The folder of one training run."""

import contextlib
import json
import os
import pathlib
import shlex
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfgen.callbacks import read_history
from tfgen.callbacks.checkpoint_files import CheckpointFiles
from tfgen.data import Source
from tfgen.data.columns import Column
from tfgen.data.reading import Reading
from tfgen.pictures import samples_picture, write_png
from tfgen.pictures.examples import can_show
from tfgen.training.files import claimed, remove_leftovers, write_text

# Where a `Checkpoint` keeps the number of epochs.
EPOCH = "epoch/.ATTRIBUTES/VARIABLE_VALUE"


class RunFolder:
    """Where a run keeps what it makes.

    Args:
        path: the folder; it is made by `claimed`.
        tensorboard: folder of TensorBoard's files; default: one in `path`.
    """

    def __init__(self, path: str | os.PathLike, tensorboard=None):
        self.path = pathlib.Path(path)
        self.config_file = self.path / "config.json"
        self.manifest_file = self.path / "manifest.json"
        self.model_file = self.path / "model.keras"
        self.history_file = self.path / "history.csv"
        self.loss_plot = self.path / "loss.png"
        self.samples = self.path / "samples.png"
        self.animation = self.path / "samples.gif"
        self.warnings = self.path / "warnings.txt"
        self.privacy = self.path / "privacy.json"
        self.recoveries_file = self.path / "recoveries.json"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = tensorboard or self.path / "tensorboard"

    def check_new(self) -> None:
        """Raises ValueError if the folder holds anything."""
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(
                f"{self.path} is a file, expected a new folder: choose "
                "another --out."
            )
        if self.path.exists() and any(self.path.iterdir()):
            if self.config_file.exists():
                raise ValueError(
                    f"{self.path} already holds a run: pass --resume to go "
                    "on with it, or another --out."
                )
            raise ValueError(
                f"{self.path} exists and is not empty: choose another --out."
            )

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Makes the folder and keeps other processes from writing there.

        Raises:
            ValueError: if another process is at it.
        """
        busy = (
            f"another process is training in {self.path}: wait until it has "
            "ended, or choose another --out."
        )
        with claimed(self.path, busy):
            remove_leftovers(self.path)
            yield

    def write_settings(self, config: dict, manifest: dict) -> None:
        """Writes `manifest.json` and, last, `config.json`."""
        write_text(self.manifest_file, _json(manifest))
        write_text(self.config_file, _json(dict(config)))

    def config(self) -> dict:
        """The settings of the run.

        Raises:
            ValueError: if this is not the folder of a run.
        """
        if not self.config_file.exists():
            what = (
                "has no config.json" if self.path.is_dir() else "is no folder"
            )
            raise ValueError(
                f"{self.path} is not a run of `tfgen train`, it {what}: pass "
                "the folder that was its --out."
            )
        return _read_json(self.config_file) | self._options_of_before()

    def manifest(self) -> dict:
        """What `tfgen.training.manifest` returned when the run was begun."""
        return _read_json(self.manifest_file)

    def recoveries(self) -> list[dict]:
        """When a loss exploded, and which step the run went back to."""
        if not self.recoveries_file.exists():
            return []
        return _read_json(self.recoveries_file)

    def add_recovery(self, **recovery: int) -> None:
        """Notes one more of `recoveries`."""
        write_text(self.recoveries_file, _json([*self.recoveries(), recovery]))

    def check_same_data(self, train: Source) -> None:
        """Raises ValueError if the training data are not those of the run."""
        saved = self.manifest()["data"]
        if saved["fingerprint"] != train.fingerprint():
            raise ValueError(
                f"the data of the run in {self.path} has changed (it was "
                f"{saved['description']}; it is {train.description}): put it "
                "back."
            )

    def _options_of_before(self) -> dict:
        """How data were read where a run does not say it, being older."""
        data = self.manifest()["data"] if self.manifest_file.exists() else {}
        if not data or "reading" in data:
            return {}
        if data["columns"]:
            return {"transform": "standard"}
        has_size = "image_size" in _read_json(self.config_file)
        return {"fit": "squash"} if has_size else {}

    def reading(self, model: keras.Model) -> Reading:
        """How the training data were read, for a model that does not say.

        Args:
            model: the one of this run.
        """
        data = self.manifest()["data"]
        if "reading" in data:
            return Reading.from_json(data["reading"])
        shape, columns = tuple(model.data_shape), data["columns"]
        if not columns:
            return Reading("image", shape, tuple(data["value_range"]))
        names = [Column(name) for name in columns["names"]]
        scale = {k: np.array(columns[k]) for k in ("shift", "scale")}
        return Reading("table", shape, columns=tuple(names), **scale)

    def epochs_done(self) -> int:
        """Number of epochs that the run has behind it."""
        if not self.history_file.exists():
            return 0
        return max(read_history(self.history_file)["epoch"], default=0)

    def is_checkpointed(self) -> bool:
        """Whether no epoch of the history is to be trained again."""
        newest = CheckpointFiles(self.checkpoints).newest(lambda line: None)
        if newest is None:
            return False
        epoch = tf.train.load_variable(newest, EPOCH)
        return int(epoch) == self.epochs_done()

    def draw_samples(self, model: keras.Model, source: Source) -> None:
        """Draws samples of a model, if there are pictures of such data.

        Args:
            model: a `GenerativeModel`.
            source: real data to compare with.
        """
        if can_show(model):
            picture = samples_picture(model, source)
            write_png(self.samples, picture)

    def load_model(self) -> keras.Model:
        """The trained model.

        Raises:
            ValueError: if this is not a run, or one without a model yet.
        """
        self.config()
        resume = f"`tfgen train --resume --out {shlex.quote(str(self.path))}`"
        if not self.model_file.exists():
            raise ValueError(
                f"{self.path} has no model.keras, its training has not "
                f"finished an epoch: run {resume}."
            )
        try:
            return keras.models.load_model(self.model_file)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(
                f"{self.model_file} cannot be loaded ({reason}): remove it, "
                f"and {resume} writes one from the last checkpoint."
            ) from error


def _read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"{path} is not what `tfgen train` wrote ({error}): start a new "
            "run in another --out."
        ) from error


def _json(data):
    return json.dumps(data, indent=2) + "\n"
