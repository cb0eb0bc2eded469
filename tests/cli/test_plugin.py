"""A family in one file outside the package, through all commands."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "wasserstein_autoencoder.py"
SMALL = ("--data", "iris", "--network", "mlp", "--width", 8, "--depth", 1)


@pytest.fixture
def forget(monkeypatch):
    """Afterwards the family is unknown again."""
    from tfgen.models.families import FAMILIES
    from tfgen.settings.table import SETTINGS

    monkeypatch.delenv("TFGEN_PLUGINS", raising=False)
    yield
    del FAMILIES["wae"], SETTINGS["mmd_weight"]


@pytest.fixture
def wae(tfgen, forget, tmp_path, monkeypatch):
    """Runs a command that knows the family, as a user does."""
    shutil.copy(EXAMPLE, tmp_path / "wae.py")

    def run(*words):
        monkeypatch.setenv("TFGEN_PLUGINS", "")
        done = tfgen("--plugin", "wae.py", *words)
        assert done.status == 0, done.err
        assert "tfgen: " not in done.err
        return done.out

    yield run
    sys.modules.pop("wae", None)


def test_the_example_is_short():
    assert len(EXAMPLE.read_text().splitlines()) <= 120


def test_all_commands(wae, tmp_path):
    assert "Wasserstein autoencoder" in wae("info")
    assert "--mmd-weight" in wae("train", "--help")
    out = wae("train", "wae", *SMALL, "--epochs", 1, "--out", "run")
    assert "WAE, 4 to " in out
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["model"] == "wae"
    wae("train", "--resume", "--epochs", 2, "--out", "run")
    out = wae(
        *("tune", "wae", *SMALL[:2], "--out", "search", "--trials", 1),
        *("--max-epochs", 1, "--epochs", 0, "--workers", 0),
        *("--space", "mmd_weight=1..10", "--space", "network=mlp"),
    )
    best = json.loads((tmp_path / "search" / "best.json").read_text())
    assert 1 <= best["settings"]["mmd_weight"] <= 10
    assert "frechet_distance" in out  # its loss is no bound
    wae("evaluate", "run", "--samples", 50, "--repeats", 2)
    report = json.loads(
        (tmp_path / "run" / "evaluation" / "report.json").read_text()
    )
    assert report
    wae("export", "run", "--to", "serving/wae")
    out = wae("verify", "serving/wae/1")
    for signature in ("encode", "decode", "generate", "reconstruct"):
        assert any(
            line.startswith(signature) and line.endswith(" ok")
            for line in out.splitlines()
        )


def test_a_plugin_that_is_not_there(in_process):
    done = in_process.again("--plugin", "none.py", "info")
    assert done.status == 1
    assert done.err.startswith("tfgen: the plugin ")
    assert "is no file: pass --plugin with a Python file" in done.err


@pytest.fixture
def registered(forget):
    """The family in this process, and gone afterwards."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("example_wae", EXAMPLE)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_mmd_of_two_points(registered):
    """By hand, for latents 0 and 1 against a prior's draws 0 and 2.

    With one latent C is 2: k at distances 0, 1, 2 is 1, 2/3, 1/3.
    """
    import tfgen

    model = tfgen.build("wae", input_shape=(2,), latent_dim=1, network="mlp")
    latents, prior = np.float32([[0], [1]]), np.float32([[0], [2]])
    share = np.asarray(model._mmd(latents, prior))
    within = 2 / 3 + 1 / 3
    # Rows of k(prior, latents) and k(latents, prior), averaged over columns.
    first = (1 + 2 / 3) / 2 + (1 + 1 / 3) / 2
    second = (1 / 3 + 2 / 3) / 2 + (2 / 3 + 2 / 3) / 2
    np.testing.assert_allclose(
        share, [within - first, within - second], rtol=1e-6
    )
