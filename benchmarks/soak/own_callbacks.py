"""Trainings by `model.fit`, with callbacks of Keras, that are killed."""

import concurrent.futures
import random
import time

import kills

import processes

PROGRAM = """
import sys, warnings, keras, numpy as np, tfgen
family, epochs = sys.argv[1], int(sys.argv[2])
warnings.simplefilter("ignore")
small = {"network": "mlp", "network_options": {"units": (8,)}, "latent_dim": 2}
if family == "vq_vae":
    small = {"num_codes": 8, "network_options": {"filters": (4,)}}
model = tfgen.build(family, input_shape=(8, 8, 1), seed=5, **small)
model.compile()
watched = "val_loss" if "gan" not in family else "val_generator_loss"
options = {"monitor": watched, "mode": "min"}
x = np.load("images.npy")
model.fit(x, epochs=epochs, batch_size=16, verbose=0, validation_data=x[:16],
    callbacks=[
        keras.callbacks.ReduceLROnPlateau(patience=2, factor=0.9, **options),
        keras.callbacks.ModelCheckpoint(
            "run/model.keras", save_best_only=True, **options),
        keras.callbacks.EarlyStopping(patience=10**6, **options),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.CSVLogger("run/history.csv"),
        tfgen.callbacks.Checkpoint("run/checkpoints", every_seconds=0.3),
    ])
"""
FAMILIES = kills.FAMILIES


def measure(folder, options):
    """As many kills of each family: hashes, as in the row `kills`."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = {
            family: pool.submit(
                kill_often, folder / family, family, options.saves, options.seed
            )
            for family in FAMILIES
        }
        for family, job in jobs.items():
            met, same = job.result()
            yield (
                same and met == options.saves,
                (
                    f"{family}: {met} kills of a training with callbacks of "
                    f"Keras, which ended {'the same' if same else 'OTHERWISE'}"
                ),
            )


def kill_often(folder, family, wanted, seed):
    moments, met = random.Random(f"{seed} {family}"), 0
    hashes = []
    for name in ("whole", "killed"):
        place = folder / name
        (place / "run").mkdir(parents=True)
        processes.write_images(place)
        if name == "whole":
            began = time.monotonic()
            end(place, family)
            seconds = (time.monotonic() - began) / kills.EPOCHS
        while name == "killed" and met < wanted:
            # Somewhere in the next epochs, of which enough are left.
            begun = kills.epochs_done(place)
            target = begun + moments.randrange(-1, 2)
            process = start(place, family)
            if begun < kills.EPOCHS - 4:
                while kills.epochs_done(place) <= target:
                    if process.poll() is not None:
                        break
                    time.sleep(0.005)
            time.sleep(moments.uniform(0, seconds))
            process.kill()
            _, error = process.communicate()
            if process.returncode != -9:
                raise RuntimeError(f"{family} ended by itself: {error[-500:]}")
            met += 1
        if name == "killed":
            end(place, family)
        hashes.append(kills.digest(place / "run"))
    return met, hashes[0] == hashes[1]


def start(folder, family):
    return processes.start_code(PROGRAM, folder, family, kills.EPOCHS)


def end(folder, family):
    with start(folder, family) as process:
        _, error = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{family}: {error[-500:]}")
