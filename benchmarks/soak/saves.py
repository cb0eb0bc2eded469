"""Processes killed while they write: what was there before loads."""

import concurrent.futures
import json
import random
import signal
import subprocess
import time

import processes

# Each writes for ever and says when it begins and when it has ended.
MODEL = """
import os, sys, numpy as np, tfgen
def mark(word): os.write(1, word + b"\\n")
def big():
    model = tfgen.build("vae", input_shape=(500,), latent_dim=2, seed=0,
        network="mlp", network_options={"units": (1000, 500)})
    model.compile("adam")
    return model
def repeat(save):
    while True:
        mark(b"begin"); save(); mark(b"end")
"""
PROGRAMS = {
    "checkpoint": MODEL
    + """
model, checkpoint = big(), tfgen.callbacks.Checkpoint("checkpoints")
checkpoint.set_model(model)
checkpoint.restore(steps_per_epoch=None)
def save():
    model.step.assign_add(1)
    checkpoint.save()
repeat(save)
""",
    "keras": MODEL + "model = big(); repeat(lambda: model.save('model.keras'))",
    "export": MODEL
    + """
model = tfgen.build("gan", input_shape=(3,), latent_dim=2)
repeat(lambda: tfgen.export.export_saved_model(model, "serving", keep=3))
""",
    "tuner": MODEL
    + """
import pathlib
from tfgen.tuning.oracles.oracle_state import StateFile
file = StateFile(pathlib.Path("oracle.json"))
state = file.read() or {"trials": [{"values": [0.5] * 50}] * 20000, "n": 0}
def save():
    state["n"] += 1
    file.write(state)
repeat(save)
""",
    "report": MODEL
    + """
from tfgen.evaluation import Evaluation, write_html, write_json
from tfgen.evaluation.section import Section
noise = np.random.default_rng(0).integers(0, 255, (900, 900, 3), "uint8")
part = Section("Pictures", notes=("x" * 10**6,), pictures={"data": noise})
one = Evaluation("run", "model", "data", "f" * 64, (part,), {})
def save():
    write_html("report.html", [one], {"seed": 0})
    write_json("report.json", [one], {"seed": 0})
repeat(save)
""",
}


def check_checkpoint(folder):
    from tfgen.callbacks.checkpoint_files import CheckpointFiles

    said = []
    newest = CheckpointFiles(folder / "checkpoints").newest(said.append)
    return newest is not None and not said


def check_keras(folder):
    import keras

    import tfgen  # noqa: F401

    return keras.models.load_model(folder / "model.keras").steps_done == 0


def check_export(folder):
    from tfgen.export.manifest import read_manifest
    from tfgen.export.version_folders import list_versions

    versions = list_versions(folder / "serving")
    return versions and all(read_manifest(p) for p in versions.values())


def check_tuner(folder):
    from tfgen.tuning.oracles.oracle_state import StateFile

    return StateFile(folder / "oracle.json").read()["n"] > 0


def check_report(folder):
    runs = json.loads((folder / "report.json").read_text())["runs"]
    page = (folder / "report.html").read_text()
    return len(runs) == 1 and page.rstrip().endswith("</html>")


CHECKS = {
    "checkpoint": check_checkpoint,
    "keras": check_keras,
    "export": check_export,
    "tuner": check_tuner,
    "report": check_report,
}


def measure(folder, options):
    """As many kills during each kind of save."""
    import tfgen.export
    import tfgen.tuning  # noqa: F401 - before threads import it at once

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = {
            name: pool.submit(
                kill_often, folder / name, name, options.saves, options.seed
            )
            for name in PROGRAMS
        }
        for name, job in jobs.items():
            whole = job.result()
            yield (
                whole == options.saves,
                (
                    f"{whole} of {options.saves} kills during a save of "
                    f"{name}: what was there before, or the new one, loads"
                ),
            )


def kill_often(folder, name, kills, seed):
    folder.mkdir()
    moments, whole, met = random.Random(f"{seed} {name}"), 0, 0
    while met < kills:
        process = processes.start_code(PROGRAMS[name], folder)
        seconds = time_of_a_save(process)
        for line in process.stdout:
            if line == "begin\n" and moments.random() < 0.5:
                break
        time.sleep(moments.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        process.wait()
        if "end" in rest:
            continue  # it was not during the save
        met += 1
        try:
            whole += bool(CHECKS[name](folder))
        except Exception as error:
            print(f"  {name}: {error}", flush=True)
    return whole


def time_of_a_save(process):
    """Of the second one: the first compiles."""
    times = []
    for line in process.stdout:
        times.append(time.monotonic())
        if len(times) >= 4 and line == "end\n":
            return times[-1] - times[-2]
    raise subprocess.SubprocessError(process.stderr.read()[-2000:])
