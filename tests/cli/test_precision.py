"""A run in the numbers that a machine has."""

import json

from tfgen.training import precision


def test_a_run_keeps_what_was_chosen(tfgen, tmp_path, monkeypatch):
    """And goes on with it, on whatever machine, when told "auto" again."""
    out = tmp_path / "run"
    words = ("train", "vae", "--data", "digits", "--out", out, "--network")
    words += ("mlp", "--precision", "auto")
    monkeypatch.setattr(precision, "computes_bfloat16", lambda: True)
    done = tfgen(*words, "--epochs", 1)
    assert "precision mixed_bfloat16, as it is native to this" in done.err
    config = json.loads((out / "config.json").read_text())
    assert config["precision"] == "mixed_bfloat16"
    monkeypatch.setattr(precision, "computes_bfloat16", lambda: False)
    done = tfgen(*words, "--epochs", 2, "--resume")
    assert (done.status, "precision" in done.err) == (0, False), done.err
    config = json.loads((out / "config.json").read_text())
    assert config["precision"] == "mixed_bfloat16"
