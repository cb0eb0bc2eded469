"""How the goldens of a release are used: `make.py` and the tests share it.

Only what users may rely on is called here, so that every later release can
run it: public names, `keras.models.load_model` and the `tfgen` command.
"""

import contextlib
import csv
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

BATCH_SIZE = 8
EPOCHS_OF_RUNS = 3
ASKED = ("encode", "reconstruct", "score", "discriminate")
"""Endpoints whose answers are kept, of models that offer them; compiling the
others would take minutes."""
ROUNDING = 1e-3
RTOL = 1e-3
"""Across machines: kernels sum in another order, and Adam divides by the size
of a gradient, so that rounding errors grow with each step."""
KERNEL_FLAGS = r"(avx|fma|amx|f16c|sse4)\w*"


def machine() -> dict:
    """What equal bits depend on, besides the code of this project."""
    text = Path("/proc/cpuinfo")
    text = text.read_text() if text.exists() else ""
    model = re.search(r"^model name\s*: (.*)", text, re.M)
    flags = re.search(r"^flags\s*: (.*)", text, re.M)
    words = flags[1].split() if flags else []
    threads = tf.config.threading
    packages = ("tensorflow", "numpy", "tensorflow-probability")
    packages = (*packages, "scikit-learn", "keras-tuner")
    versions = {name: importlib.metadata.version(name) for name in packages}
    return {
        # Its nightly packages have another name.
        "versions": versions | {"keras": keras.__version__},
        "machine": platform.machine(),
        "processor": model[1] if model else platform.processor(),
        "flags": sorted(w for w in words if re.fullmatch(KERNEL_FLAGS, w)),
        "cores": len(os.sched_getaffinity(0)),
        "intra_op_threads": threads.get_intra_op_parallelism_threads(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "devices": len(tf.config.list_logical_devices()),
    }


def made_here(folder: Path) -> bool:
    """Whether the set comes from such a machine: its bits are expected."""
    return read_json(folder / "machine.json") == machine()


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, data) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n")


# Comparisons


def digests(arrays) -> list:
    """Of each array in order: its bits, and what is near for near values."""
    return [_digest(np.asarray(array)) for array in arrays]


def _digest(array):
    values = np.ravel(array).astype("float64")
    # Weighted, so that arrays with the same values in another order differ.
    weights = np.cos(np.arange(values.size))
    return {
        "sha256": hashlib.sha256(array.tobytes()).hexdigest()[:24],
        "shape": list(array.shape),
        "norm": float(np.linalg.norm(values)),
        "sum": float(values @ weights),
    }


def check_digests(came: list, wanted: list, exact: bool) -> None:
    """Fails, with the number of the array, unless all are as they were."""
    assert len(came) == len(wanted)
    for number, (one, other) in enumerate(zip(came, wanted, strict=True)):
        assert one["shape"] == other["shape"], number
        if exact:
            assert one["sha256"] == other["sha256"], number
        size = max(1, np.prod(one["shape"]))
        # The sum of values that are each off by RTOL of their mean size.
        atol = RTOL * (other["norm"] * size**0.5 + 1e-3)
        # A relativistic loss does not depend on the discriminator's last bias,
        # nor any loss on a bias that a normalization takes off again: Adam
        # takes steps by the sign of rounding errors.
        least = ROUNDING * size**0.5
        if len(one["shape"]) < 2 and other["norm"] < least:
            atol = least * size**0.5
        near = {"norm": atol / size**0.5, "sum": atol}
        for key, tolerance in near.items():
            np.testing.assert_allclose(
                one[key], other[key], RTOL, tolerance, err_msg=f"{number} {key}"
            )


def check_arrays(came: dict, wanted: dict, exact: bool) -> None:
    """Fails unless all that is wanted came, of equal or near values."""
    assert set(wanted) <= set(came)
    for name, array in wanted.items():
        if exact or not np.issubdtype(array.dtype, np.floating):
            np.testing.assert_array_equal(came[name], array, name)
        else:
            np.testing.assert_allclose(
                came[name], array, RTOL, RTOL, err_msg=name
            )


def check_rows(
    came: list, wanted: list, exact: bool, near: float = RTOL
) -> None:
    """Fails unless two tables have the same columns and values."""
    assert [list(row) for row in came] == [list(row) for row in wanted]
    for one, other in zip(came, wanted, strict=True):
        for column, value in other.items():
            check_value(one[column], value, exact, column, near)


def check_value(
    came, wanted, exact: bool, name: str = "", near: float = RTOL
) -> None:
    """Numbers may be near unless `exact`; all else is equal, key by key."""
    if isinstance(wanted, dict):
        assert set(wanted) <= set(came), name
        for key, value in wanted.items():
            check_value(came[key], value, exact, f"{name}.{key}", near)
    elif exact or not _is_number(wanted):
        assert came == wanted, name
    else:
        np.testing.assert_allclose(
            float(came), float(wanted), near, near, err_msg=name
        )


def _is_number(value):
    try:
        return isinstance(value, (str, float)) and np.isfinite(float(value))
    except ValueError:
        return False


# Models


def state(model) -> list:
    """All that training goes on from, in the order that files rely on."""
    variables = [*model.variables, *model.optimizer.variables]
    return [variable.numpy() for variable in variables]


def endpoint_inputs(model) -> dict:
    """`{endpoint: {input: [shape, type]}}`, as signatures have them."""
    return {
        name: {
            key: [list(spec.shape), spec.dtype]
            for key, spec in endpoint.inputs.items()
        }
        for name, endpoint in model.endpoints().items()
    }


def answers(model, inputs: dict) -> dict:
    """What the model says at endpoints, and samples, as flat arrays."""
    found = {"sample": model.sample(3, seed=1)}
    endpoints = model.endpoints()
    for name in filter(endpoints.__contains__, ASKED):
        given = {key: inputs[key] for key in endpoints[name].inputs}
        outputs = model.run_endpoint(name, given)
        found |= {f"{name}.{key}": array for key, array in outputs.items()}
    return found


def train(model, inputs: dict) -> dict:
    """A few steps on all rows; the last losses."""
    history = model.fit(
        inputs["rows.x"],
        inputs.get("rows.y"),
        batch_size=BATCH_SIZE,
        epochs=1,
        verbose=0,
    )
    return {name: float(each[-1]) for name, each in history.history.items()}


def load_and_go_on(path: Path, inputs: dict) -> dict:
    """Loads a model as any user does, asks it and trains it further."""
    model = keras.models.load_model(path)
    return {
        "loaded": digests(state(model)),
        "endpoints": endpoint_inputs(model),
        "answers": answers(model, inputs),
        "losses": train(model, inputs),
        "trained": digests(state(model)),
    }


def check_model(path: Path, inputs: dict, wanted: dict, exact: bool) -> None:
    """Fails unless a `.keras` file loads and goes on as it did.

    Args:
        path: of the file.
        inputs: arrays that it is asked and trained with.
        wanted: what `load_and_go_on` found when the set was made.
        exact: whether bits must be equal.
    """
    model = check_loaded(path, wanted)
    check_arrays(answers(model, inputs), wanted["answers"], exact)
    check_value(train(model, inputs), wanted["losses"], exact)
    check_digests(digests(state(model)), wanted["trained"], exact)


def check_loaded(path: Path, wanted: dict):
    """Fails unless a `.keras` file loads as it was; returns the model."""
    model = keras.models.load_model(path)
    # What is only read is the same on every machine.
    check_digests(digests(state(model)), wanted["loaded"], exact=True)
    came = endpoint_inputs(model)
    for name, keys in wanted["endpoints"].items():
        assert came[name] == keys
    return model


# The command, its runs and its searches


def tfgen(*words) -> str:
    """Runs the command in this process, which has TensorFlow already."""
    (entry,) = importlib.metadata.entry_points(
        group="console_scripts", name="tfgen"
    )
    out, before = io.StringIO(), sys.argv
    sys.argv = ["tfgen", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out):
            entry.load()()
    except SystemExit as end:
        assert not end.code, f"{shown(sys.argv)} ended with {end.code}"
    finally:
        sys.argv = before
    return out.getvalue()


def shown(words) -> str:
    return " ".join(map(str, words))


def table(path: Path) -> list:
    """Rows of a CSV file, without what a clock says."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert float(row.pop("seconds") or 0) >= 0
    return rows


def checkpoint_digests(run: Path) -> list:
    """Of the newest checkpoint of a run: the state at its end."""
    newest = tf.train.latest_checkpoint(str(run / "checkpoints"))
    reader = tf.train.load_checkpoint(newest)
    ours = re.compile(r"(\d+|epoch|epoch_steps)/\.ATTRIBUTES/VARIABLE_VALUE")
    names = sorted(filter(ours.fullmatch, reader.get_variable_to_shape_map()))
    return digests(map(reader.get_tensor, names))


def run_outcome(run: Path) -> dict:
    """What is the same whenever the same run is trained."""
    model = keras.models.load_model(run / "model.keras")
    return {
        "history": table(run / "history.csv"),
        "checkpoint": checkpoint_digests(run),
        "kept": digests(state(model)),
    }


def check_run(run: Path, wanted: dict, exact: bool) -> None:
    """Fails unless a run ended as it did when the set was made."""
    came = run_outcome(run)
    check_rows(came["history"], wanted["history"], exact)
    check_digests(came["checkpoint"], wanted["checkpoint"], exact)
    check_digests(came["kept"], wanted["kept"], exact)


def resume(stopped: Path, folder: Path) -> Path:
    """Trains a copy of a run that was stopped to its end."""
    shutil.copytree(stopped, folder)
    tfgen("train", "--resume", "--out", folder, "--epochs", EPOCHS_OF_RUNS)
    return folder


def finish_search(stopped: Path, folder: Path) -> Path:
    """Goes on, in a copy, with a search that was killed."""
    shutil.copytree(stopped, folder)
    tfgen("tune", "--out", folder, "--workers", 0)
    return folder


def train_from(best: Path, folder: Path) -> Path:
    """Trains with the settings that a search found."""
    tfgen("train", "--from", best, "--epochs", 1, "--out", folder)
    return folder


def files(folder: Path) -> list:
    """What lies in a folder, with N for numbers."""
    names = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }
    names = {re.sub("(events.out.tfevents).*", r"\1", name) for name in names}
    return sorted({re.sub(r"\d+", "N", name) for name in names})


def options(help_text: str) -> list:
    """Names of the options that a help text lists."""
    lists = re.findall(r"^ +((?:-\w, )?--[\w-]+)", help_text, re.M)
    return sorted({name for each in lists for name in each.split(", ")})
