"""The commands take a GAN as they take a VAE."""

import json

import numpy as np
import pytest

from tfgen.export.manifest import read_manifest

TRAIN = (
    *("train", "gan", "--data", "digits", "--network", "mlp", "--width", 16),
    *("--latent-dim", "4", "--epochs", "1", "--out", "run"),
)


# A VAE-GAN's in test_vae_gan.py has all that a GAN serves.
@pytest.mark.slow
def test_train_sample_export_verify(tfgen, verified, tmp_path):
    done = tfgen(*TRAIN, "--conditional", "--loss", "hinge")
    assert (done.status, done.err) == (0, "")
    assert "model  GAN, 8x8x1 to 4 latents" in done.out
    assert tfgen("sample", "run", "-n", 9, "--out", "samples.png").status == 0
    assert tfgen("export", "run", "--to", "gan").status == 0
    assert verified("gan/1", images=True) == {
        "decode",
        "discriminate",
        "generate",
        "generate_truncated",
        "interpolate",
        "serving_default",
    }
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["model"] == "gan"


def test_an_option_of_another_model(refused):
    message = refused(*TRAIN, "--beta", "2")
    assert message == (
        "--beta is 2, but a model 'gan' has no KL term: leave it out."
    )


def test_what_cannot_be_served_is_left_out(tfgen, tmp_path):
    done = tfgen(*TRAIN, "--packing", 2, "--augmentation", "diff_augment")
    assert (done.status, done.err) == (0, "")
    done = tfgen("export", "run", "--to", "gan")
    assert done.status == 0
    assert "left out     discriminate: the discriminator does not" in done.out
    assert "it judges 2 examples together" in done.out
    manifest = read_manifest(tmp_path / "gan" / "1")
    plain = {n for n in manifest["signatures"] if not n.endswith("_png")}
    assert plain == {
        "decode",
        "generate",
        "generate_truncated",
        "interpolate",
        "serving_default",
    }


@pytest.mark.slow  # beside a table in its units in test_sample.py
def test_points_far_apart(tfgen):
    """Trained on standardized points, samples come in units of the data."""
    train = ("train", "--preset", "points_gan", "--data", "grid")
    few = ("--epochs", 1, "--batch-size", 400, "--width", 32)
    assert tfgen(*train, *few, "--out", "run").status == 0
    assert tfgen("sample", "run", "-n", 500, "--out", "x.csv").status == 0
    points = np.loadtxt("x.csv", delimiter=",", skiprows=1)
    assert 1.5 < points.std() < 3.5  # of the data 2.83, standardized 1
