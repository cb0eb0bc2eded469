"""Runs that are killed again and again end as one that nothing stopped."""

import concurrent.futures
import hashlib
import json
import random
import re
import signal
import time
import zipfile

import processes

EPOCHS = 40
STEPS = 5  # an epoch
INTERVAL = 0.3
CHAIN = 5
"""Kills of a run, one of them before its first step."""
FAMILIES = ("vae", "gan", "vae_gan", "vq_vae")
TWO = ("--strategy", "mirrored", "--replicas", 2)


def measure(folder, options):
    """Chains of kills, as many for each family on one and two replicas."""
    kinds = [(f, two) for f in FAMILIES for two in (False, True)]
    chains = [kinds[i % len(kinds)] for i in range(options.kills // CHAIN)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wholes = {}
        for kind in dict.fromkeys(chains):
            name = f"{kind[0]}_{1 + kind[1]}"
            wholes[kind] = pool.submit(whole, folder / name, *kind)
        jobs = [
            pool.submit(
                chain,
                folder / f"chain_{number}",
                *kind,
                random.Random(f"{options.seed} {number}"),
                wholes[kind],
            )
            for number, kind in enumerate(chains)
        ]
        same, lost, oldest, done = 0, [], [], 0
        for number, job in enumerate(jobs):
            killed, ended_same, steps, ages, said = job.result()
            done += killed
            same += killed * ended_same
            lost += steps
            oldest += ages
            family, two = chains[number]
            where = f"{family} on {1 + two}"
            print(f"  chain {number + 1}, {where}: {said}", flush=True)
    yield (
        same == done == options.kills,
        (f"{same} of {done} kills resumed to the same hash"),
    )
    yield (
        not any(lost),
        (
            f"SIGTERM lost {sum(lost)} steps in {len(lost)} kills; SIGKILL at "
            f"most {max(oldest, default=0):.2f} s of training in {len(oldest)} "
            f"(--checkpoint-every {INTERVAL}: a save follows the step at "
            "which so many seconds are over)"
        ),
    )


def words(family, two):
    more = ("--checkpoint-every", INTERVAL, *(TWO if two else ()))
    return processes.train(family, EPOCHS, *more)


def whole(folder, family, two):
    """Of a run that nothing stopped: the hash, and seconds, of an epoch too."""
    folder.mkdir()
    processes.write_images(folder)
    began = time.monotonic()
    done = processes.run(words(family, two), folder)
    if done.returncode:
        raise RuntimeError(f"{family}: {done.stderr}")
    seconds = time.monotonic() - began
    rows = (folder / "run/history.csv").read_text().splitlines()[1:]
    epochs = sorted(float(row.rpartition(",")[2]) for row in rows)
    return digest(folder / "run"), seconds, epochs[len(epochs) // 2]


def chain(folder, family, two, moments, reference):
    expected, seconds, epoch = reference.result()
    folder.mkdir()
    processes.write_images(folder)
    command, killed, lost, ages = words(family, two), 0, [], []
    trained = None  # steps that were done when it was killed
    targets = sorted(moments.randrange(EPOCHS * 3 // 4) for _ in range(CHAIN))
    at_start, said, stopped_at = moments.randrange(CHAIN), "", None
    for number in range(CHAIN):
        begun = epochs_done(folder)
        process = processes.start(command, folder)
        if number == at_start:
            left = epoch * (EPOCHS - begun) / 2  # not after its end
            time.sleep(moments.uniform(0, min(seconds / 3, left)))
        else:
            target = max(targets[number], begun)
            while epochs_done(folder) <= target and process.poll() is None:
                time.sleep(0.005)
            time.sleep(moments.uniform(0, 2 * epoch))
        name = moments.choice(["SIGTERM", "SIGKILL"])
        process.send_signal(getattr(signal, name))
        out, err = process.communicate()
        killed += process.returncode != 0
        said += f"{name} after {epochs_done(folder)} epochs, "
        if process.returncode not in (-15, -9, 143):
            said += f"status {process.returncode} {err.strip()[-300:]}, "
        lost += lost_steps(stopped_at, out)
        ages += [n * epoch / STEPS for n in lost_steps(trained, out)]
        trained = None if going_on(out) is not None else trained
        if name == "SIGKILL":
            trained = max(trained or 0, STEPS * epochs_done(folder))
        found = re.search(r"stopped at step ([\d,]+);", err)
        if found:
            stopped_at = int(found[1].replace(",", ""))
        elif epochs_done(folder) > begun:
            stopped_at = None
        if (folder / "run/config.json").exists():
            command = processes.RESUME
    done = processes.run(command, folder)
    lost += lost_steps(stopped_at, done.stdout)
    ages += [n * epoch / STEPS for n in lost_steps(trained, done.stdout)]
    if done.returncode:
        return killed, False, lost, ages, f"{said}{done.stderr.strip()[-500:]}"
    same = digest(folder / "run") == expected
    return killed, same, lost, ages, said + ("same" if same else "ANOTHER END")


def lost_steps(stopped_at, out):
    """Steps lost by the process before, if it is known where that stopped."""
    step = going_on(out)
    # The other one may have been killed before it said so.
    return [] if None in (stopped_at, step) else [max(stopped_at - step, 0)]


def going_on(out):
    """The step at which a process went on, or None."""
    found = re.search(r"^going on at step ([\d,]+)$", out, re.M)
    return None if found is None else int(found[1].replace(",", ""))


def epochs_done(folder):
    try:
        text = (folder / "run/history.csv").read_text()
    except OSError:
        return 0
    return text.count("\n") - 1


def digest(run):
    """Of all arrays in the last checkpoint and the best model, and the logs."""
    import h5py
    import numpy as np
    import tensorflow as tf

    found = hashlib.sha256()
    reader = tf.train.load_checkpoint(str(run / "checkpoints"))
    for name in sorted(reader.get_variable_to_shape_map()):
        if "save_counter" not in name and "OBJECT_GRAPH" not in name:
            found.update(name.encode())
            found.update(np.asarray(reader.get_tensor(name)).tobytes())
    with zipfile.ZipFile(run / "model.keras") as archive:
        archive.extract("model.weights.h5", run)
    with h5py.File(run / "model.weights.h5") as weights:
        weights.visititems(
            lambda name, item: (
                found.update(name.encode() + item[()].tobytes())
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    history = (run / "history.csv").read_text().splitlines()
    rows = [row.rpartition(",")[0] for row in history]  # but the seconds
    found.update(json.dumps(rows).encode())
    return found.hexdigest()
