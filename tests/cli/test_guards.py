"""A training whose numbers overflow stops, skips or goes back, and says so."""

import functools
import json

import numpy as np
import pytest

from tfgen.callbacks import LossWatch, read_history
from tfgen.callbacks.loss_watch import LossExploded

SMALL = {
    **{"model": "vae", "data": "iris", "network": "mlp", "width": 4},
    **{"depth": 1, "latent_dim": 2, "batch_size": 32, "patience": 0},
    **{"preset": "full_table_vae", "seed": 0, "learning_rate": 0.003},
}
TRAIN = (
    *("train", "vae", "--data", "iris", "--network", "mlp", "--width", "4"),
    *("--depth", "1", "--latent-dim", "2", "--out", "run"),
)


def test_gradients_that_are_not_finite(tfgen):
    """Adam's first step has the size of the rate, and the second overflows."""
    done = tfgen(*TRAIN, "--learning-rate", "1e25", "--epochs", 3)
    assert done.status == 3
    [line] = done.err.splitlines()
    assert line.startswith(
        "tfgen: the gradients of network vae are not finite at step 1 (batch 2 "
        "of the data); its weights are those before it. Look for NaN or huge"
    )


def test_a_training_that_skips_all_steps_stops(tfgen):
    skip = ("--on-non-finite", "skip")
    done = tfgen(*TRAIN, "--learning-rate", "1e25", "--epochs", 3, *skip)
    assert done.status == 3
    assert "steps of epoch 2 were skipped, since losses" in done.err


class Spoils:
    """Weights that a step at far too high a rate would have left."""

    def __new__(cls, at_epoch):
        import keras

        class Spoiler(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == at_epoch:
                    for weight in self.model.decoder.trainable_variables:
                        weight.assign(30 * weight.value + 5)

        return Spoiler()


def test_it_goes_back_to_a_good_checkpoint(tmp_path, capsys):
    from tfgen.runs import recovery
    from tfgen.runs.run import Run

    settings = {**SMALL, "recover": True, "checkpoint_every": 0.0, "epochs": 5}
    run = Run.new(tmp_path / "run", settings, whole=True)
    run.train = functools.partial(run.train, [Spoils(at_epoch=3)])
    recovery.train(run)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: loss was ")
    end = "at a third of the learning rate (1 of 3 times)."
    assert line.endswith(end)
    [found] = json.loads((tmp_path / "run/recoveries.json").read_text())
    # Epochs have 4 steps. The weights of step 12 were sound, but no loss of
    # theirs was seen before they were spoiled.
    assert found["back_to"] == 8
    assert f"Going back to step 8 (ckpt-8), {end}" in line
    history = read_history(tmp_path / "run/history.csv")
    assert history["epoch"] == [1, 2, 3, 4, 5]
    rates = [0.003, 0.003, 0.001, 0.001, 0.001]
    np.testing.assert_allclose(history["learning_rate"], rates, rtol=1e-5)
    assert max(history["loss"]) < 100


def test_three_times_at_most(tmp_path):
    from tfgen.runs import recovery
    from tfgen.runs.folder import RunFolder

    folder = RunFolder(tmp_path)
    for step in (30, 20, 10):
        folder.add_recovery(exploded_at=step, back_to=step - 4)
    assert recovery.rate_factor(folder) == pytest.approx(1 / 27)
    with pytest.raises(
        FloatingPointError, match="has gone back 3 times already"
    ):
        recovery._go_back(tmp_path, 40, LossExploded("loss was 1."))


@pytest.mark.parametrize(
    "values, last",
    [
        # Of what it gained: from 5 down to -3, ten times 8 above -3.
        ([5.0, -3.0, 76.9], False),
        ([5.0, -3.0, 77.1], True),
        # Of its first value, while nothing is gained.
        ([2.0, 3.0, 21.9], False),
        ([2.0, 3.0, 22.1], True),
    ],
)
def test_what_explodes(values, last):
    watch = LossWatch()
    assert [watch.explodes("loss", v) for v in values] == [False, False, last]


def test_what_differs_on_resume_is_said(tfgen, trained, tmp_path):
    import shutil

    shutil.copytree(trained, tmp_path / "run")
    file = tmp_path / "run/manifest.json"
    manifest = json.loads(file.read_text())
    manifest["versions"]["tensorflow"] = "2.0.1"
    manifest["machine"]["intra_op_threads"] = 7
    file.write_text(json.dumps(manifest))
    done = tfgen("train", "--resume", "--out", "run")
    assert done.status == 0
    [line] = done.err.splitlines()
    assert line.startswith("note: the run was begun with tensorflow 2.0.1 (")
    assert "intra_op_threads 7 (" in line
    assert "may differ in their last digits" in line
