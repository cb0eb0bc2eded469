"""The command in processes of its own, from data to a checked export.

The first is one in every way; the others have TensorFlow imported beforehand.
"""

import csv
import json
import re
from pathlib import Path

import PIL.Image
import pytest
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

SMALL = (
    *("--network", "mlp", "--width", "32", "--depth", "1"),
    *("--latent-dim", "2", "--epochs", "2"),
)


def test_train_sample_export_verify(in_process, tmp_path):
    run = tmp_path / "run"
    done = in_process(
        "train", "vae", "--data", "digits", "--out", "run", *SMALL
    )
    assert (done.status, done.err) == (0, "")
    check_output(done.out)
    check_run(run)
    done = in_process.again("sample", "run", "-n", 4, "--out", "s.png")
    assert (done.status, done.err) == (0, "")
    assert done.out == "4 samples   s.png\n"
    with PIL.Image.open(tmp_path / "s.png") as picture:
        assert picture.size == (2 * 48 + 2, 2 * 48 + 2)
    done = in_process.again("export", "run", "--to", "serving/vae")
    assert (done.status, done.err) == (0, "")
    assert "serving/vae/1" in done.out
    done = in_process.again("verify", "serving/vae/1")
    assert (done.status, done.err) == (0, "")
    signatures = done.out.splitlines()[1:]
    assert all(line.endswith(" ok") for line in signatures)
    names = {line.split()[0] for line in signatures}
    assert {"generate", "decode", "encode", "reconstruct", "score"} < names


def test_the_best_epoch_goes_by_what_was_trained_on(tfgen):
    """With a small beta the KL term rises, and with it the negative ELBO."""
    done = tfgen(
        *("train", "vae", "--data", "digits", "--out", "run", "--epochs", 6),
        *("--beta", 0.01, "--network", "mlp", "--latent-dim", 8),
        *("--width", 64, "--learning-rate", 0.003),
    )
    assert done.status == 0
    with open("run/history.csv") as file:
        rows = list(csv.DictReader(file))
    best = min(rows, key=lambda row: float(row["val_loss"]))
    assert float(best["val_negative_elbo"]) > float(
        rows[0]["val_negative_elbo"]
    )
    assert f"epoch {best['epoch']} had the lowest validation loss" in done.out
    assert json.loads(Path("run/model.json").read_text())["epoch"] == int(
        best["epoch"]
    )


def check_output(out):
    lines = out.splitlines()
    assert lines[0].startswith("data   digits, train: 1438 images of 8x8x1")
    assert lines[1].startswith("model  VAE, 8x8x1 to 2 latents, Bernoulli")
    assert re.match(r"epoch 1/2  negative_elbo \S+  held-out ", lines[2])
    assert re.search(r"took \d+ s$", lines[3])
    assert re.match(r"epoch \d had the lowest validation loss, ", lines[4])
    assert lines[5:] == [
        "model       run/model.keras",
        "samples     run/samples.png",
        "animation   run/samples.gif",
        "losses      run/loss.png",
        "history     run/history.csv",
        "TensorBoard tensorboard --logdir run/tensorboard",
    ]
    assert max(map(len, lines)) < 100


def check_run(run):
    assert sorted(path.name for path in run.iterdir()) == [
        "checkpoints",
        "config.json",
        "history.csv",
        "loss.png",
        "manifest.json",
        "model.json",
        "model.keras",
        "samples.gif",
        "samples.png",
        "samples_frames",
        "tensorboard",
    ]
    config = json.loads((run / "config.json").read_text())
    assert config["epochs"] == 2
    assert config["batch_size"] == 71
    assert config["data"] == "digits"
    manifest = json.loads((run / "manifest.json").read_text())
    assert len(manifest["data"]["fingerprint"]) == 64
    assert manifest["command"].startswith("tfgen train vae --data digits")
    assert list((run / "checkpoints").glob("*.index"))
    with open(run / "history.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    for name in ("samples.png", "samples.gif", "loss.png"):
        with PIL.Image.open(run / name) as picture:
            assert min(picture.size) > 100
    events = EventAccumulator(str(run / "tensorboard" / "train"))
    events.Reload()
    assert "samples" in events.Tags()["tensors"]
    kind = events.SummaryMetadata("samples").plugin_data.plugin_name
    assert kind == "images"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(tfgen, option):
    done = tfgen(option)
    assert (done.status, done.err) == (0, "")
    for name in ("train", "sample", "export", "verify", "info", "--debug"):
        assert re.search(rf"^  {name} ", done.out, re.M)


def test_help_of_train_names_defaults_and_units(tfgen):
    done = tfgen("train", "-h")
    assert done.status == 0
    text = " ".join(done.out.split())
    for words in (
        "--learning-rate RATE Learning rate of Adam [0.001; of a VAE-GAN",
        "--precision NAME Numbers to compute in: float32, mixed_bfloat16",
        "--checkpoint-every SECONDS",
        "[none]",
    ):
        assert words in text


def test_version(tfgen):
    import tfgen as library

    done = tfgen("--version")
    assert (done.status, done.out) == (0, f"tfgen {library.__version__}\n")


def test_info_of_no_run_says_that_alone(refused):
    message = refused("info", "nowhere")
    assert message.startswith("nowhere is not a run of `tfgen train`, it is no")


def test_info(tfgen, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    done = tfgen("info")
    assert (done.status, done.err) == (0, "")
    rows = done.out.splitlines()
    assert rows[rows.index("models") + 1].split()[:2] == ["vae", "Variational"]
    assert any(row.startswith("  points_vae ") for row in rows)
    missing = rows.index(
        "  cifar10                 60,000 photographs, 32x32 colour"
    )
    assert "not at hand: run once with a network" in rows[missing + 1]
    assert not any(row != row.rstrip() for row in rows)
