"""`tfgen fit-prior`: a better density of the latents of a trained run."""

import shutil

import numpy as np
import pytest

import tfgen as library
from tfgen.probability import GaussianMixture


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


def test_there_and_back(tfgen, run):
    before = library.load(run)
    trained = (run / "model.keras").read_bytes()
    done = tfgen("fit-prior", run)
    assert done.status == 0, done.err
    assert "nats an example more in the bound of held-out rows" in done.out
    after = library.load(run)
    assert isinstance(after.prior, GaussianMixture)
    x = library.data.load("digits", "test").arrays()[0][:20]
    np.testing.assert_array_equal(after.reconstruct(x), before.reconstruct(x))
    assert not np.array_equal(after.sample(2, seed=0), before.sample(2, seed=0))
    assert "GaussianMixture prior" in tfgen("info", run).out
    done = tfgen("fit-prior", run, "--prior", "standard_normal")
    assert done.status == 0, done.err
    assert (run / "model.keras").read_bytes() == trained
    assert not (run / "model-as-trained.keras").exists()


def test_refused(refused, run):
    assert "expected one of standard_normal" in refused(
        "fit-prior", run, "--prior", "other"
    )
    assert "no prior was fitted since" in refused(
        "fit-prior", run, "--prior", "standard_normal"
    )
    assert "is no folder" in refused("fit-prior", run / "none")


def test_training_on_makes_a_new_model_as_trained(tfgen, run):
    """What stands beside it from before is not taken for that one."""
    stale = run / "model-as-trained.keras"
    stale.write_text("of an earlier training")
    trained = (run / "model.keras").read_bytes()
    done = tfgen("fit-prior", run, "--prior", "standard_normal")
    assert done.status == 1
    assert (run / "model.keras").read_bytes() == trained
    assert tfgen("fit-prior", run).status == 0
    assert stale.read_bytes() == trained
    assert tfgen("fit-prior", run, "--prior", "vamp").status == 0
    assert stale.read_bytes() == trained
