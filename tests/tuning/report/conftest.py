"""A search of 30 trials, made by hand."""

import dataclasses
import math

import keras_tuner
import numpy as np
import pytest

from tfgen.pictures import write_png
from tfgen.tuning.trial_record import TrialRecord

REASON = 'loss is NaN in epoch 3,\nweights "decoder/<dense>" & others'


@pytest.fixture(autouse=True)
def without_pictures():
    """They are what is tested here."""


@pytest.fixture
def space():
    """A log axis, whole numbers, categories, and one that hangs on another."""
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    space.Int("latent_dim", 2, 64, sampling="log")
    space.Choice("network", ["mlp", "conv", "resnet"])
    space.Boolean("ema")
    with space.conditional_scope("network", ["conv", "resnet"]):
        space.Int("width", 16, 64, step=16)
    space.Fixed("likelihood", "bernoulli")
    return space


@pytest.fixture
def make_records(tmp_path, space):
    """Makes n trials, of which numbers 5 and 11 failed."""

    def make(count=30, epochs=6, files=True):
        rng = np.random.default_rng(0)
        return [
            make_record(rng, number, tmp_path, epochs, files)
            for number in range(count)
        ]

    return make


def make_record(rng, number, folder, epochs, files):
    values = draw(rng)
    folder = folder / "trials" / f"{number:02}"
    rate = math.log10(values["learning_rate"])
    score = 100 + 8 * (rate + 3) ** 2 - values["latent_dim"] / 10
    record = TrialRecord(f"{number:02}", "completed", values, folder)
    curve = score + 60 * np.exp(-np.arange(1, epochs + 1) / 2)
    curve -= curve[-1] - score
    if files:
        write_run(rng, folder, curve)
    if number in (5, 11):
        return dataclasses.replace(
            record, status="failed", reason=REASON, epochs=3, seconds=4.5
        )
    return dataclasses.replace(
        record,
        score=score,
        metrics={"loss": score - 1, "val_loss": score},
        best_epoch=epochs,
        epochs=epochs,
        seconds=12.25,
    )


def draw(rng):
    values = {
        "learning_rate": float(10 ** rng.uniform(-4, -2)),
        "latent_dim": int(2 ** rng.uniform(1, 6)),
        "network": str(rng.choice(["mlp", "conv", "resnet"])),
        "ema": bool(rng.random() < 0.5),
        "likelihood": "bernoulli",
        "tuner/epochs": 6,
    }
    if values["network"] != "mlp":
        values["width"] = int(rng.choice([16, 32, 48, 64]))
    return values


def write_run(rng, folder, curve):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{i},{v - 1},{v},0.5" for i, v in enumerate(curve, 1)]
    lines = ["epoch,loss,val_loss,seconds", *rows]
    (folder / "history.csv").write_text("\n".join(lines) + "\n")
    picture = rng.integers(0, 256, (64, 64, 1), dtype=np.uint8)
    write_png(folder / "samples.png", picture)
