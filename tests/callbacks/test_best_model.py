import keras
import numpy as np
import pytest

import tfgen


class Fake(keras.callbacks.Callback):
    """Overwrites the logs with values that go down and up again."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["val_negative_elbo"] = self.values[epoch]


def make_model():
    model = tfgen.build(
        "vae",
        input_shape=(3,),
        latent_dim=1,
        network="mlp",
        network_options={"units": (4,)},
        seed=0,
    )
    model.compile("adam", run_eagerly=True)
    return model


def train(model, path, values, first=0, **options):
    best = tfgen.callbacks.BestModel(path, **options)
    model.fit(
        np.random.default_rng(0).normal(size=(40, 3)),
        batch_size=20,
        initial_epoch=first,
        epochs=len(values),
        verbose=0,
        callbacks=[Fake(values), best],
    )
    return best


def test_the_lowest_epoch_is_kept(tmp_path):
    path = tmp_path / "model.keras"
    best = train(make_model(), path, [5.0, 3.0, 4.0, 3.5])
    assert (best.epoch, best.value) == (2, 3.0)
    # Two steps an epoch: the model of epoch 2 has made four.
    assert keras.models.load_model(path).steps_done == 4


@pytest.mark.parametrize("values", [(5.0, 3.0), (3.0, 5.0)])
def test_whether_the_file_is_of_the_weights_at_the_end(tmp_path, values):
    model = make_model()
    best = train(model, tmp_path / "model.keras", values)
    kept = keras.models.load_model(tmp_path / "model.keras")
    equal = [
        np.array_equal(a, b)
        for a, b in zip(kept.get_weights(), model.get_weights(), strict=True)
    ]
    assert best.is_current == all(equal) == (values[1] < values[0])


def test_the_highest_epoch_is_kept(tmp_path):
    path = tmp_path / "model.keras"
    best = train(make_model(), path, [2.0, 5.0, 4.0], mode="max")
    assert (best.epoch, best.value) == (2, 5.0)
    best = train(make_model(), path, [2.0, 1.0, 4.0], mode="max")
    assert (best.epoch, best.value) == (3, 4.0)


def test_a_resumed_training_goes_on_comparing(tmp_path):
    path = tmp_path / "model.keras"
    model = make_model()
    train(model, path, [5.0, 3.0])
    best = train(model, path, [5.0, 3.0, 4.0, 3.5], first=2)
    assert (best.epoch, best.value) == (2, 3.0)
    assert keras.models.load_model(path).steps_done == 4


def test_a_new_training_does_not_compare_with_an_old_one(tmp_path):
    path = tmp_path / "model.keras"
    train(make_model(), path, [5.0, 3.0])
    best = train(make_model(), path, [9.0])
    assert (best.epoch, best.value) == (1, 9.0)


def fit(model, epochs, *callbacks, first=0):
    model.fit(
        np.zeros((40, 3)),
        batch_size=20,
        initial_epoch=first,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
    )


class Saves(keras.callbacks.Callback):
    """After each epoch, how many steps the saved model has behind it."""

    def __init__(self, path):
        super().__init__()
        self.path, self.steps = path, []

    def on_epoch_end(self, epoch, logs=None):
        self.steps.append(keras.models.load_model(self.path).steps_done)


def test_without_the_metric_the_last_epoch_is_kept(tmp_path):
    """The first at once, the others only after a while, the last for sure."""
    path = tmp_path / "model.keras"
    saves = Saves(path)
    fit(make_model(), 3, tfgen.callbacks.BestModel(path), saves)
    assert saves.steps == [2, 2, 2]
    assert keras.models.load_model(path).steps_done == 6


def test_without_the_metric_and_without_a_wait(tmp_path):
    path = tmp_path / "model.keras"
    saves = Saves(path)
    fit(
        make_model(),
        3,
        tfgen.callbacks.BestModel(path, every_seconds=0.0),
        saves,
    )
    assert saves.steps == [2, 4, 6]


def test_killed_after_the_last_epoch(tmp_path):
    """The resumed training has nothing left to do but to save."""
    path = tmp_path / "model.keras"
    model = make_model()
    fit(model, 1, tfgen.callbacks.BestModel(path))
    fit(model, 3, first=1)  # nothing was saved
    fit(model, 3, tfgen.callbacks.BestModel(path), first=3)
    assert keras.models.load_model(path).steps_done == 6


class Killed(keras.callbacks.Callback):
    """Ends a training after an epoch, as a kill would."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epochs:
            raise RuntimeError("killed")


def weights(path):
    model = keras.models.load_model(path)
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


VALUES = [5.0, 3.0, 2.0, 4.0, 3.5]


def test_the_best_epoch_is_kept_in_memory(tmp_path):
    """All that was trained as well: nothing of it changes what follows."""
    mine, theirs = make_model(), make_model()
    at_once, late = tmp_path / "at_once.keras", tmp_path / "late.keras"
    train(theirs, at_once, VALUES, every_seconds=0.0)
    train(mine, late, VALUES, every_seconds=None)
    for one, other in zip(weights(at_once), weights(late), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(mine.variables, theirs.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert mine.steps_done == 10
    assert late.with_suffix(".json").read_text() == (
        at_once.with_suffix(".json").read_text()
    )


def life(folder, kept, *more):
    """A training with a checkpoint after epoch `kept` alone."""
    paced = tfgen.callbacks.Pace(first_seconds=1e9)
    checkpoint = tfgen.callbacks.Checkpoint(folder / "run", pace=paced)

    class After(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 == kept:
                checkpoint.every_seconds = 0.0

        def on_epoch_begin(self, epoch, logs=None):
            checkpoint.every_seconds = None

    best = tfgen.callbacks.BestModel(folder / "model.keras", every_seconds=None)
    make_model().fit(
        np.random.default_rng(0).normal(size=(40, 3)),
        batch_size=20,
        epochs=len(VALUES),
        verbose=0,
        callbacks=[Fake(VALUES), best, checkpoint, After(), *more],
    )
    return best


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Of a training that nothing stopped, and that saved no checkpoint."""
    return life(tmp_path_factory.mktemp("whole"), kept=None)


@pytest.mark.parametrize(
    "kept, killed",
    [
        *((0, 3), (2, 2), (2, 4)),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in ((0, 1), (0, 2), (0, 4), (2, 1), (2, 3))
        ),
    ],
)
def test_killed_with_the_best_in_memory(whole, tmp_path, kept, killed):
    """A checkpoint takes the best so far along."""
    with pytest.raises(RuntimeError, match="killed"):
        life(tmp_path, kept, Killed(killed))
    part = life(tmp_path, kept)
    assert (part.epoch, part.value) == (whole.epoch, whole.value) == (3, 2.0)
    for one, other in zip(weights(whole.path), weights(part.path), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.record.read_text() == part.record.read_text()
