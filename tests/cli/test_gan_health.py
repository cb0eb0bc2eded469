"""What `tfgen train` says and keeps of a GAN's health."""

import shutil

import PIL.Image

from tfgen.callbacks import read_history

TRAIN = (
    *("train", "gan", "--data", "digits", "--network", "mlp"),
    *("--latent-dim", "4", "--epochs", "2", "--out", "run"),
)


def test_a_healthy_run(tfgen, tmp_path):
    done = tfgen(*TRAIN)
    assert (done.status, done.err) == (0, "")
    assert "  coverage 0" in done.out
    assert "animation   run/samples.gif" in done.out
    assert "warnings" not in done.out
    run = tmp_path / "run"
    assert not (run / "warnings.txt").exists()
    assert len(read_history(run / "history.csv")["coverage"]) == 2
    with PIL.Image.open(run / "samples.gif") as image:
        assert image.n_frames == 2


def test_a_learning_rate_a_hundred_times_too_high(tfgen, tmp_path):
    done = tfgen(*TRAIN, "--learning-rate", "0.02", "--epochs", "1")
    assert done.status == 0
    for line in done.err.splitlines():
        assert line.startswith("warning: epoch 1: ")
    assert "large steps: a step changes the weights" in done.err
    assert "warnings    run/warnings.txt" in done.out
    text = (tmp_path / "run" / "warnings.txt").read_text()
    assert text.startswith("epoch 1, large steps: a step changes the weights")


def test_frames_go_on_after_a_resume(tfgen, tmp_path):
    assert tfgen(*TRAIN, "--epochs", "1").status == 0
    done = tfgen("train", "--resume", "--out", "run", "--epochs", "2")
    assert (done.status, done.err) == (0, "")
    shutil.move("run", "resumed")
    assert tfgen(*TRAIN).status == 0
    for name in ("epoch_000001.png", "epoch_000002.png"):
        mine, theirs = (
            (tmp_path / run / "samples_frames" / name).read_bytes()
            for run in ("resumed", "run")
        )
        assert mine == theirs
    mine, theirs = (
        (tmp_path / run / "samples.gif").read_bytes()
        for run in ("resumed", "run")
    )
    assert mine == theirs
