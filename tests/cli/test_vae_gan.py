"""The commands take a VAE-GAN as they take its parents."""

import json

import pytest

TRAIN = (
    *("train", "vae_gan", "--data", "iris", "--network", "mlp", "--width", 16),
    *("--latent-dim", "4", "--epochs", "1", "--out", "run"),
)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            ("--gamma", "0.5", "--adversarial-weight", "2"),
            marks=pytest.mark.slow,
        ),
        (
            *("--conditional", "--objective", "elbo_adversarial"),
            *("--adversarial-ratio", "0.3", "--loss", "hinge"),
        ),
    ],
    ids=["larsen", "elbo_adversarial"],
)
def test_train_sample_export_verify(tfgen, verified, options, tmp_path):
    done = tfgen(*TRAIN, *options)
    assert (done.status, done.err) == (0, "")
    assert "model  VAEGAN, 4 to 4 latents" in done.out
    assert tfgen("sample", "run", "-n", 9, "--out", "x.csv").status == 0
    assert tfgen("export", "run", "--to", "both").status == 0
    assert verified("both/1", images=False) == {
        "decode",
        "discriminate",
        "encode",
        "encode_sample",
        "generate",
        "generate_truncated",
        "interpolate",
        "reconstruct",
        "score",
        "serving_default",
    }
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["model"] == "vae_gan"


def test_an_option_of_the_other_objective(refused):
    message = refused(
        *TRAIN, "--objective", "elbo_adversarial", "--gamma", "0.5"
    )
    assert "--adversarial-ratio or --adversarial-weight say" in message
