"""The folder of one training run."""

import json
import os
import pathlib
import platform
import sys

import keras
import tensorflow as tf

from tfgen.training.files import write_text
from tfgen.version import __version__


class RunFolder:
    """Where a run keeps what it makes.

    Args:
        path: the folder; it is made by `create`.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config_file = self.path / "config.json"
        self.manifest_file = self.path / "manifest.json"
        self.model_file = self.path / "model.keras"
        self.history_file = self.path / "history.csv"
        self.loss_plot = self.path / "loss.png"
        self.samples = self.path / "samples.png"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"

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

    def create(self, config: dict, manifest: dict) -> None:
        """Makes the folder with `config.json` and `manifest.json`."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.manifest_file, _json(manifest))
        write_text(self.config_file, _json(config))

    def config(self) -> dict:
        """The settings of the run.

        Raises:
            ValueError: if this is not the folder of a run.
        """
        if not self.config_file.exists():
            raise ValueError(
                f"{self.path} is not a run of `tfgen train`: it has no "
                "config.json. Pass the folder that was its --out."
            )
        return json.loads(self.config_file.read_text())

    def load_model(self):
        """The trained model.

        Raises:
            ValueError: if this is not a run, or one that has not finished.
        """
        self.config()
        if not self.model_file.exists():
            raise ValueError(
                f"{self.path} has no model.keras, its training has not "
                f"finished: run `tfgen train --resume --out {self.path}`."
            )
        return keras.models.load_model(self.model_file)


def manifest(source, seed: int, strategy) -> dict:
    """What bit-identical weights depend on, and what they came from."""
    threads = tf.config.threading
    return {
        "versions": {
            "tfgen": __version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "command": " ".join(["tfgen", *sys.argv[1:]]),
        "seed": seed,
        "data": {
            "description": source.description,
            "fingerprint": source.fingerprint(),
        },
        "machine": {
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "inter_op_threads": threads.get_inter_op_parallelism_threads(),
            "intra_op_threads": threads.get_intra_op_parallelism_threads(),
            "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            "devices": [d.name for d in tf.config.list_logical_devices()],
            "replicas": strategy.num_replicas_in_sync,
        },
    }


def _json(data):
    return json.dumps(data, indent=2) + "\n"
