"""Processes of tfgen that begin in milliseconds."""

import os
import pathlib
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests/support"))

import fork_server
import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# What a shell starts in the background ignores Ctrl-C, and its children too.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What commands import in their course would be imported by each child.
fork_server.LATER = (
    *fork_server.LATER,
    *("tfgen.runs.recovery", "tfgen.runs.run", "tfgen.cli.main"),
    *("matplotlib.pyplot", "tfgen.export", "tfgen.evaluation.run_report"),
)
SERVER = fork_server.ForkServer()
LOCK = threading.Lock()
"""The server answers one at a time."""
COMMAND = str(pathlib.Path(sys.executable).with_name("tfgen"))
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def start(words, folder):
    """A process of the command `tfgen`."""
    return _popen([COMMAND, *map(str, words)], folder)


def run(words, folder):
    """Its end, with status and output."""
    with start(words, folder) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def start_code(code, folder, *arguments, stdin=subprocess.DEVNULL):
    """A process that runs Python code."""
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return _popen(words, folder, stdin)


def _popen(words, folder, stdin=subprocess.DEVNULL):
    with LOCK:
        return SERVER.Popen(words, cwd=folder, stdin=stdin, **PIPES)


def write_images(folder, rows=96):
    """A small file of grey images, for models of every family."""
    x = np.random.default_rng(0).random((rows, 8, 8, 1)).astype("float32")
    np.save(folder / "images.npy", x)


SMALL = {
    "vae": ("--network", "mlp", "--width", 8, "--depth", 1, "--latent-dim", 2),
    "gan": ("--network", "mlp", "--width", 8, "--depth", 1, "--latent-dim", 2),
    "vae_gan": (
        *("--network", "mlp", "--width", 8, "--depth", 1),
        *("--latent-dim", 2),
    ),
    "vq_vae": ("--width", 8, "--latent-dim", 2, "--num-codes", 8),
}
"""Options of the smallest models."""


def train(family, epochs, *others):
    """Words of a command that trains one on these images in `run`."""
    patience = () if "gan" in family else ("--patience", 0)
    return (
        *("train", family, "--data", "images.npy", "--out", "run"),
        *("--batch-size", 16, "--epochs", epochs, "--seed", 5),
        *(*SMALL[family], *patience, *others),
    )


RESUME = ("train", "--resume", "--out", "run")
