"""What a run was made from."""

import os
import pathlib
import platform
import shlex
import sys

import keras
import numpy as np
import tensorflow as tf

from tfgen.version import __version__


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
        "command": shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
        "seed": seed,
        "data": {
            "description": source.description,
            "fingerprint": source.fingerprint(),
            "value_range": source.value_range,
            "columns": _columns(source),
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
