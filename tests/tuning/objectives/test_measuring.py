"""Objectives in the logs of a training."""

import keras
import numpy as np
import pytest

import tfgen
from tfgen import metrics
from tfgen.callbacks import Checkpoint, HistoryFile, read_history
from tfgen.tuning.failures import TrialFailed
from tfgen.tuning.objectives.measures import find_measure
from tfgen.tuning.objectives.measuring import Measuring
from tfgen.tuning.objectives.objective import parse_objective

ALL = (
    "importance_weighted_bound",
    "reconstruction_error",
    "frechet_distance",
    "coverage",
)


@pytest.fixture(scope="module")
def digits():
    return tfgen.data.load("digits", split="validation")


def make_vae():
    vae = tfgen.build(
        "vae",
        input_shape=(8, 8, 1),
        latent_dim=2,
        network="mlp",
        network_options={"units": (16,)},
        seed=0,
    )
    vae.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)
    return vae


def fit(vae, digits, measuring, folder, epochs, *more):
    vae.fit(
        digits.batches(90, seed=0),
        epochs=epochs,
        validation_data=digits,
        verbose=0,
        callbacks=[
            measuring,
            HistoryFile(folder / "history.csv"),
            *more,
            Checkpoint(folder / "checkpoints"),
        ],
    )
    return read_history(folder / "history.csv")


def make(digits, folder, objective="negative_elbo", every=1, also=()):
    return Measuring(
        parse_objective(objective),
        [find_measure(name) for name in ALL],
        digits,
        None,
        every,
        folder / "history.csv",
        also,
    )


def test_values(digits, tmp_path):
    """Those that the library gives for the same model."""
    vae = make_vae()
    history = fit(vae, digits, make(digits, tmp_path), tmp_path, 2)
    x, _ = digits.arrays()
    row = {name: column[-1] for name, column in history.items()}
    again = vae.reconstruct(x)
    error = np.mean(np.square(np.float64(again) - x))
    np.testing.assert_allclose(row["val_reconstruction_error"], error, 1e-6)
    binary = metrics.binarized(x)
    bound = metrics.importance_weighted_bound(vae, binary, k=50)
    allowed = 4 * bound.monte_carlo_error + 0.5
    assert abs(row["val_importance_weighted_bound"] - bound.mean) < allowed
    # Of many samples for the distance, of as many as examples for coverage.
    real, samples = (
        np.round(pixels * 255) / 255 for pixels in (x, vae.sample(5000, seed=0))
    )
    for metric, count in (
        (metrics.FrechetDistance(), 5000),
        (metrics.Coverage(), len(x)),
    ):
        metric.update_state(real=real, generated=samples[:count])
        found = row[f"val_{metric.name}"]
        assert found == pytest.approx(metric.result(), rel=1e-4)


def test_auroc_of_odd_rows(digits, tmp_path):
    """The share of pairs in which the odd one has the lower bound."""
    x, y = digits.arrays()
    usual, odd = (digits.subset(np.flatnonzero(w)) for w in (y < 5, y >= 5))
    measuring = Measuring(
        parse_objective("auroc"),
        [],
        usual,
        None,
        1,
        tmp_path / "history.csv",
        odd=odd,
    )
    vae = make_vae()
    history = fit(vae, digits, measuring, tmp_path, 2)
    score = vae.score(x)
    pairs = score[y >= 5] < score[y < 5][:, None]
    assert 0.05 < pairs.mean() < 0.95
    assert history["val_auroc"][-1] == pytest.approx(pairs.mean(), abs=1e-4)


def test_epochs_that_are_asked_for(digits, tmp_path):
    measuring = make(digits, tmp_path, every=4, also=[3])
    history = fit(make_vae(), digits, measuring, tmp_path, 5)
    distances = history["val_frechet_distance"]
    assert distances[0] == distances[1]
    assert len(set(distances)) == 4  # after epochs 1, 3, 4 and 5


def test_a_resumed_training_measures_when_an_uninterrupted_one_does(
    digits, tmp_path
):
    class Killed(Exception):
        pass

    class Kill(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise Killed

    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    whole = fit(make_vae(), digits, make(digits, one, every=4), one, 6)
    with pytest.raises(Killed):
        measuring = make(digits, two, every=4)
        fit(make_vae(), digits, measuring, two, 6, Kill())
    resumed = fit(make_vae(), digits, make(digits, two, every=4), two, 6)
    del whole["seconds"], resumed["seconds"]
    assert resumed == whole
    distances = whole["val_frechet_distance"]
    assert distances[0] == distances[1] == distances[2]
    assert distances[2] != distances[3] == distances[4]
    # A short round of Hyperband compares what it has come to.
    assert distances[4] != distances[5]


def test_a_weighted_sum_is_logged(digits, tmp_path):
    text = "negative_elbo + 100*reconstruction_error"
    measuring = make(digits, tmp_path, text)
    history = fit(make_vae(), digits, measuring, tmp_path, 1)
    elbo, error = (
        history[f"val_{name}"][0]
        for name in ("negative_elbo", "reconstruction_error")
    )
    np.testing.assert_allclose(history["objective"], elbo + 100 * error)


def test_what_is_not_logged_is_a_failure(digits, tmp_path):
    measuring = make(digits, tmp_path, "feature_loss:min")
    with pytest.raises(
        TrialFailed,
        match="val_feature_loss is not logged with these settings, only val_",
    ):
        fit(make_vae(), digits, measuring, tmp_path, 1)


def test_what_is_not_finite_is_a_failure(digits, tmp_path):
    measuring = make(digits, tmp_path)
    vae = make_vae()

    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                logs["val_negative_elbo"] = float("inf")

    with pytest.raises(
        TrialFailed, match="val_negative_elbo is inf in epoch 2"
    ):
        vae.fit(
            digits.batches(90, seed=0),
            epochs=3,
            validation_data=digits,
            verbose=0,
            callbacks=[Spoil(), measuring],
        )
