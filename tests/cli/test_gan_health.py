"""What `tfgen train` says and keeps of a GAN's health."""

import PIL.Image
import pytest

from tfgen.callbacks import read_history

TRAIN = (
    *("train", "gan", "--data", "digits", "--network", "mlp"),
    *("--latent-dim", "4", "--epochs", "2", "--out", "run"),
)


@pytest.fixture(scope="module")
def healthy(run_in, tmp_path_factory):
    """A run, and what was printed."""
    folder = tmp_path_factory.mktemp("healthy")
    return folder / "run", run_in(folder, *TRAIN)


def test_a_healthy_run(healthy):
    run, done = healthy
    assert done.status == 0
    assert "  coverage 0" in done.out
    assert "animation   run/samples.gif" in done.out
    assert "warnings" not in done.out
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
    history = read_history(tmp_path / "run" / "history.csv")
    assert history["learning_rate_generator"] == pytest.approx([0.02])
    assert history["learning_rate_discriminator"] == pytest.approx([0.02])
    text = (tmp_path / "run" / "warnings.txt").read_text()
    assert text.startswith("epoch 1, large steps: a step changes the weights")


@pytest.mark.slow  # beside tests/callbacks/test_sample_animation.py
def test_frames_go_on_after_a_resume(tfgen, healthy, tmp_path):
    assert tfgen(*TRAIN, "--epochs", "1").status == 0
    done = tfgen("train", "--resume", "--out", "run", "--epochs", "2")
    assert (done.status, done.err) == (0, "")
    frames = ("epoch_000001.png", "epoch_000002.png")
    for name in (*(f"samples_frames/{each}" for each in frames), "samples.gif"):
        resumed, whole = (
            (run / name).read_bytes() for run in (tmp_path / "run", healthy[0])
        )
        assert resumed == whole
