"""The real server, asked as a browser asks it."""

import numpy as np
import pytest

import tfgen
from tfgen.callbacks import TensorBoard
from tfgen.tuning.report.hparams import (
    write_hparams,
    write_hparams_config,
    write_hparams_result,
)

TRIALS = {
    "00": {"learning_rate": 0.001, "network": "mlp", "ema": True},
    "01": {"learning_rate": 0.004, "network": "conv", "ema": False, "width": 4},
    "02": {"learning_rate": 0.01, "network": "mlp", "ema": True, "width": None},
    "03": {"learning_rate": 0.002, "network": "mlp", "ema": True},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two trials that completed, one that failed, one under way."""
    import keras_tuner

    folder = tmp_path_factory.mktemp("tensorboard")
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    space.Choice("network", ["mlp", "conv"])
    space.Boolean("ema")
    space.Int("width", 1, 8)
    space.Fixed("likelihood", "bernoulli")
    for _ in range(2):  # a search that goes on tells it again
        write_hparams_config(folder, space, ["val_loss", "loss"])
    for name, values in TRIALS.items():
        values = {**values, "tuner/epochs": 2}
        write_hparams(folder / name, name, values)
    train([folder / "00", folder / "01"])
    write_hparams(folder / "01", "01", TRIALS["01"])  # resumed
    write_hparams_result(folder / "00", "completed", 1.25, 1)
    write_hparams_result(folder / "01", "completed", 0.5)
    write_hparams_result(folder / "02", "failed", None)
    return folder


def train(log_dirs):
    x = np.random.default_rng(0).random((8, 4, 4, 1), dtype=np.float32)
    model = tfgen.build(
        "vae",
        input_shape=(4, 4, 1),
        latent_dim=2,
        network="mlp",
        network_options={"units": (4,)},
    )
    model.compile("adam")
    for log_dir in log_dirs:
        board = TensorBoard(log_dir, num_samples=4)
        model.fit(x, validation_data=x, epochs=2, verbose=0, callbacks=[board])


@pytest.fixture(scope="module")
def ask(folder, tensorboard):
    def read_to_the_last_picture(ask):
        groups = ask("hparams/session_groups", EVERYTHING)["sessionGroups"]
        return len(groups) == len(TRIALS) and len(ask("images/tags")) == 2

    with tensorboard(folder, read_to_the_last_picture) as ask:
        yield ask


EVERYTHING = {
    "experimentName": "",
    "allowedStatuses": [
        *("STATUS_UNKNOWN", "STATUS_SUCCESS"),
        *("STATUS_FAILURE", "STATUS_RUNNING"),
    ],
    "colParams": [],
    "startIndex": 0,
    "sliceSize": 100,
}


def test_the_space_and_the_columns(ask):
    found = ask("hparams/experiment", {"experimentName": ""})
    space = {one["name"]: one for one in found["hparamInfos"]}
    assert set(space) == {*TRIALS["01"], "likelihood"}
    interval = space["learning_rate"]["domainInterval"]
    assert interval == {"minValue": 1e-4, "maxValue": 1e-2}
    assert space["network"]["domainDiscrete"] == ["conv", "mlp"]
    assert space["ema"]["domainDiscrete"] == [False, True]
    assert space["width"]["domainInterval"] == {"minValue": 1, "maxValue": 8}
    columns = [one["name"] for one in found["metricInfos"]]
    assert [(one.get("group", ""), one["tag"]) for one in columns] == [
        ("", "objective"),
        ("validation", "epoch_loss"),
        ("train", "epoch_loss"),
    ]


def test_the_trials(ask):
    groups = ask("hparams/session_groups", EVERYTHING)["sessionGroups"]
    groups = {group["name"]: group for group in groups}
    assert set(groups) == set(TRIALS)
    for name, values in TRIALS.items():
        known = {key: v for key, v in values.items() if v is not None}
        assert groups[name]["hparams"] == known
        assert len(groups[name]["sessions"]) == 1
    status = {n: g["sessions"][0]["status"] for n, g in groups.items()}
    assert status == {
        "00": "STATUS_SUCCESS",
        "01": "STATUS_SUCCESS",
        "02": "STATUS_FAILURE",
        "03": "STATUS_UNKNOWN",  # TensorBoard's word until a trial ends
    }
    metrics = {
        name: {
            (m["name"].get("group", ""), m["name"]["tag"]): m
            for m in group.get("metricValues", [])
        }
        for name, group in groups.items()
    }
    assert metrics["00"]["", "objective"]["value"] == 1.25
    assert metrics["00"]["", "objective"]["trainingStep"] == 1
    assert metrics["01"]["", "objective"]["value"] == 0.5
    for name in ("00", "01"):
        for part in ("train", "validation"):
            curve = metrics[name][part, "epoch_loss"]
            assert curve["trainingStep"] == 2 and curve["value"] > 0
    assert not metrics["02"] and not metrics["03"]


def test_the_pictures(ask):
    tags = ask("images/tags")
    assert set(tags) == {"00/train", "01/train"}
    assert all("samples" in found for found in tags.values())


def test_a_trial_that_has_not_ended(tmp_path):
    with pytest.raises(ValueError, match="'running', expected 'completed'"):
        write_hparams_result(tmp_path, "running", None)
    assert not list(tmp_path.iterdir())


def test_a_score_that_is_not_finite_is_none(tmp_path):
    write_hparams_result(tmp_path, "failed", float("nan"))
    (file,) = tmp_path.iterdir()
    assert b"objective" not in file.read_bytes()
