"""Writes the goldens of this version: `make goldens`.

A set is what a release leaves behind for later ones: models, runs, searches
and exports as files, each with what it must still give. It is made once, by
the release itself, and never again.
"""

import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["MPLBACKEND"] = "Agg"

from tfgen import _quiet

tf = _quiet.import_tensorflow()
# As in tests/conftest.py: the numbers come from the set-up of the tests.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)

import golden_set  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
from golden_set import tfgen, write_json  # noqa: E402

import tfgen as library  # noqa: E402

HERE = Path(__file__).parent
CONFORMANCE = HERE.parent / "conformance"
ROWS = 24
COMMANDS = ("train", "tune", "sample", "evaluate", "export", "verify", "serve")
COMMANDS = (*COMMANDS, "serving-kit", "info")
SMALL = ("--data", "digits", "--network", "mlp", "--width", 16, "--depth", 1)
SMALL = (*SMALL, "--latent-dim", 2, "--epochs", golden_set.EPOCHS_OF_RUNS)
RUNS = {
    "vae": ("--beta-warmup", 0.5, "--seed", 3),
    "gan": ("--augmentation", "adaptive", "--average-decay", 0.9),
    "vae_gan": ("--conditional", "--learning-rate-schedule", "cosine"),
}
SPACE = ("network=mlp", "width=8..16", "depth=1", "latent_dim=2,3")
SEARCH = (
    *("vae", "--data", "digits", "--tuner", "hyperband", "--trials", 4),
    *("--max-epochs", 3, "--epochs", 0, "--workers", 0),
    *(word for each in SPACE for word in ("--space", each)),
)
PRESETS = {
    "circles_vae": (),
    "points_gan": ("--data", "circles"),
    "shared_vae_gan": ("--data", "digits"),
}
EXPORTED = ("vae_mlp", "gan_mlp")
LARGE = ("tensorboard", "workers", "samples_frames", "*.png", "*.gif", "*.html")


def main() -> None:
    """Writes all parts of the set of this version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--force", action="store_true", help="replace a set that exists"
    )
    folder = HERE / library.__version__
    if folder.exists() and not parser.parse_args().force:
        sys.exit(
            f"{folder} exists, and later releases are measured by it: pass "
            "--force to replace it."
        )
    with tempfile.TemporaryDirectory() as scratch:
        made, work = Path(scratch) / "set", Path(scratch) / "work"
        work.mkdir()
        for part in (models, runs, search, presets, saved_models, public):
            print(part.__name__, flush=True)
            part(made, work)
        write_json(made / "machine.json", golden_set.machine())
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)


def models(made, work):
    """A `.keras` file of each model of the conformance tests."""
    conformance = load_neighbour("conftest")
    for case in conformance.models.CASES:
        keras.utils.clear_session()
        model = case.build()
        model.compile()
        x, y = case.data(ROWS)
        inputs = {"rows.x": x} | ({} if y is None else {"rows.y": y})
        few = 5
        for endpoint in model.endpoints().values():
            inputs |= conformance.make_inputs(
                model, endpoint, x[:few], None if y is None else y[:few]
            )
        golden_set.train(model, inputs)
        folder = made / "models" / case.name
        folder.mkdir(parents=True)
        model.save(folder / "model.keras")
        compress(folder / "model.keras")
        np.savez_compressed(folder / "inputs.npz", **inputs)
        wanted = golden_set.load_and_go_on(folder / "model.keras", inputs)
        np.savez_compressed(folder / "answers.npz", **wanted.pop("answers"))
        write_json(folder / "wanted.json", wanted)


def runs(made, work):
    """A run of each kind of model, killed within an epoch."""
    for model, own in RUNS.items():
        run = work / model
        every = ("--checkpoint-every", 0)
        words = ("train", model, *SMALL, *own, *every, "--out", run)
        kill(words, lambda run=run: within_an_epoch(run))
        stopped = made / "stopped_runs" / model
        copy_small(run, stopped)
        ended = golden_set.resume(stopped, work / f"{model}-ended")
        outcome = golden_set.run_outcome(ended)
        write_json(made / "stopped_runs" / f"{model}.json", outcome)


def search(made, work):
    """A search that was killed, and the best.json of its end."""
    killed, stopped = work / "search", made / "stopped_search" / "search"
    third = killed / "trials" / "0002"
    kill(("tune", *SEARCH, "--out", killed), third.exists)
    copy_small(killed, stopped)
    ended = golden_set.finish_search(stopped, work / "search-ended")
    for name in ("trials.csv", "best.json"):
        shutil.copy(ended / name, stopped.parent)
    run = golden_set.train_from(stopped.parent / "best.json", work / "from")
    outcome = golden_set.run_outcome(run)
    outcome["config"] = golden_set.read_json(run / "config.json")
    write_json(stopped.parent / "train_from.json", outcome)
    write_json(made / "search_files.json", golden_set.files(ended))


def presets(made, work):
    """The history.csv of one preset of each kind of model."""
    for name, more in PRESETS.items():
        out = work / name
        words = ("train", "--preset", name, *more, "--epochs", 2)
        tfgen(*words, "--out", out)
        folder = made / "presets" / name
        folder.mkdir(parents=True)
        shutil.copy(out / "history.csv", folder)
        write_json(folder / "options.json", list(words))
    write_json(made / "run_files.json", golden_set.files(out))


def saved_models(made, work):
    """SavedModels, with their answers to fixed inputs."""
    from tfgen.export import export_saved_model

    for name in EXPORTED:
        model = keras.models.load_model(made / "models" / name / "model.keras")
        folder = made / "saved_models" / name
        export_saved_model(model, folder)
        loaded = tf.saved_model.load(str(folder / "1"))
        inputs = np.load(made / "models" / name / "inputs.npz")
        arrays = {}
        for endpoint, spec in model.endpoints().items():
            given = {key: inputs[key] for key in spec.inputs}
            found = loaded.signatures[endpoint](
                **{key: tf.constant(array) for key, array in given.items()}
            )
            for key, array in given.items():
                arrays[f"{endpoint}.in.{key}"] = array
            for key, tensor in found.items():
                arrays[f"{endpoint}.out.{key}"] = tensor.numpy()
        np.savez_compressed(folder / "answers.npz", **arrays)


def public(made, work):
    """Names and options that users may have written down."""
    write_json(made / "names.json", load_neighbour("test_public_names").NAMES)
    (made / "help").mkdir()
    for command in COMMANDS:
        text = tfgen(command, "--help")
        (made / "help" / f"{command}.txt").write_text(text)


def load_neighbour(name):
    path = CONFORMANCE / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"golden_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compress(path):
    """Leaves the content as it was saved, in a fifth of the space."""
    with zipfile.ZipFile(path) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            file.writestr(name, content)


def kill(words, when):
    """Starts the command in a process of its own and kills it."""
    command = [Path(sys.executable).with_name("tfgen"), *words]
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL
    )
    while not when():
        if process.poll() is not None:
            sys.exit(f"ended before it was killed: {golden_set.shown(words)}")
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def within_an_epoch(run):
    """Whether the second epoch has begun and has a checkpoint of its own."""
    newest = tf.train.latest_checkpoint(str(run / "checkpoints"))
    if not newest or not (run / "history.csv").exists():
        return False
    per_epoch = steps_per_epoch(run)
    return 1 < int(newest.rpartition("-")[2]) / per_epoch < 2


def steps_per_epoch(run):
    config = json.loads((run / "config.json").read_text())
    return -(-1438 // config["batch_size"])  # rows of digits for training


def copy_small(run, to):
    """Copies what is needed to go on, and nothing that names a machine."""
    shutil.copytree(run, to, ignore=shutil.ignore_patterns(*LARGE))
    for path in to.rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["machine"]["platform"] = sys.platform
        name, *words = manifest["command"].split()
        words = [Path(w).name if w.startswith("/") else w for w in words]
        manifest["command"] = " ".join([name, *words])
        path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
