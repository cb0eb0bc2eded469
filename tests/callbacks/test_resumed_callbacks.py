"""Callbacks that people attach resume as the rest does."""

import csv
import functools

import keras
import numpy as np
import pytest

import tfgen
from tfgen.callbacks.callback_states import (
    CallbackStates,
    read_states,
    write_states,
)
from tfgen.training.directions import settle_directions

X = np.random.default_rng(0).random((24, 4, 4, 1)).astype("float32")
EPOCHS = 6
# A course with its best in the second epoch, as `val_loss` seldom is.
SCORES = (1.0, 0.1, 0.5, 0.6, 0.7, 0.8)

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy"
)


class Scores(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = SCORES[epoch]


class Killed(keras.callbacks.Callback):
    """Ends a training at the start of an epoch, as a kill would."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise RuntimeError("killed")


class Halving(keras.callbacks.Callback):
    """One of a user's own: halves the rate after each second worse epoch."""

    def __init__(self):
        super().__init__()
        self.best, self.seen, self.worse = None, [], {"in a row": 0}

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(logs["score"])
        self.best = min(self.seen)
        self.worse["in a row"] += logs["score"] > self.best
        if self.worse["in a row"] == 2:
            self.worse["in a row"] = 0
            self.model.optimizer.learning_rate *= 0.5


K = keras.callbacks
ATTACHED = {
    "ReduceLROnPlateau": lambda folder: [
        K.ReduceLROnPlateau("score", mode="min", patience=2, cooldown=1)
    ],
    "EarlyStopping": lambda folder: [
        K.EarlyStopping(
            "score", mode="min", patience=3, restore_best_weights=True
        )
    ],
    "ModelCheckpoint": lambda folder: [
        K.ModelCheckpoint(
            str(folder / "best.keras"),
            monitor="score",
            mode="min",
            save_best_only=True,
        )
    ],
    "LearningRateScheduler": lambda folder: [
        K.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    ],
    "CSVLogger": lambda folder: [K.CSVLogger(str(folder / "log.csv"))],
    "BackupAndRestore": lambda folder: [K.BackupAndRestore(folder / "backup")],
    "SwapEMAWeights": lambda folder: [K.SwapEMAWeights(swap_on_epoch=True)],
    "one's own": lambda folder: [Halving()],
}
# Those that leave each other alone share trainings.
TOGETHER = {
    "rates": ("ReduceLROnPlateau", "LearningRateScheduler", "one's own"),
    "files": ("ModelCheckpoint", "CSVLogger", "BackupAndRestore"),
    "EarlyStopping": ("EarlyStopping",),
    "SwapEMAWeights": ("SwapEMAWeights",),
}


def attach(names):
    return lambda folder: [c for name in names for c in ATTACHED[name](folder)]


def life(folder, attached, killed_at=None, every_seconds=0):
    """Trains as far as it gets; the Checkpoint stands before the others."""
    keras.utils.set_random_seed(0)
    model = tfgen.build(
        "vae",
        input_shape=(4, 4, 1),
        latent_dim=2,
        network="mlp",
        network_options={"units": (4,)},
        seed=0,
    )
    optimizer = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)
    model.compile(optimizer, run_eagerly=True)  # nothing to trace for 2 steps
    killed = [] if killed_at is None else [Killed(killed_at)]
    callbacks = [
        tfgen.callbacks.Checkpoint(folder / "run", every_seconds=every_seconds),
        Scores(),
        *attached(folder),
        *killed,
    ]
    try:
        model.fit(
            X,
            epochs=EPOCHS,
            batch_size=12,
            verbose=0,
            validation_data=X[:6],
            callbacks=callbacks,
        )
    except RuntimeError:
        assert killed
        for callback in callbacks:
            if isinstance(callback, K.CSVLogger):
                callback.csv_file.close()
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The training that nothing stopped, and its folder."""

    @functools.cache
    def get(names):
        folder = tmp_path_factory.mktemp("whole")
        return life(folder, attach(names)), folder

    return get


def contents(folder):
    """What callbacks wrote, without the checkpoints."""
    found = {}
    if (folder / "best.keras").exists():
        best = keras.models.load_model(folder / "best.keras")
        found |= {f"best {i}": w for i, w in enumerate(best.get_weights())}
    if (folder / "log.csv").exists():
        with open(folder / "log.csv", newline="") as file:
            rows = np.array(list(csv.reader(file)))
        found["header"] = rows[0]
        found["log"] = rows[1:].astype("float64")
    return found


@pytest.mark.parametrize(
    "names, epoch",
    [
        *(pytest.param(n, 3, id=name) for name, n in TOGETHER.items()),
        *(
            pytest.param((name,), epoch, marks=pytest.mark.slow)
            for name in ATTACHED
            for epoch in (1, 3, 5)
        ),
    ],
)
def test_killed_and_resumed(whole, tmp_path, names, epoch):
    wanted, folder = whole(names)
    life(tmp_path, attach(names), killed_at=epoch)
    found = life(tmp_path, attach(names))
    variables = [*wanted.variables, *wanted.optimizer.variables]
    others = [*found.variables, *found.optimizer.variables]
    for a, b in zip(variables, others, strict=True):
        np.testing.assert_array_equal(a, b)
    files, others = contents(folder), contents(tmp_path)
    assert files.keys() == others.keys()
    for key in files:
        np.testing.assert_array_equal(files[key], others[key])


def test_a_training_that_was_stopped_is_not_taken_up(tmp_path):
    attached = ATTACHED["EarlyStopping"]
    first = life(tmp_path, attached)
    again = life(tmp_path, attached)
    assert again.steps_done == first.steps_done == 2 * 2  # the best of 5
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

    def patient(folder):
        return [K.EarlyStopping("score", mode="min", patience=5)]

    assert life(tmp_path, patient).steps_done == 2 * EPOCHS


def test_a_checkpoint_without_states_is_as_before(tmp_path):
    life(tmp_path, lambda folder: [], killed_at=2)
    assert not list((tmp_path / "run").glob("*.npz"))
    assert life(tmp_path, lambda folder: []).steps_done == 2 * EPOCHS


def test_states_go_with_their_checkpoints(tmp_path):
    life(tmp_path, ATTACHED["one's own"], killed_at=5)
    states = {file.stem for file in (tmp_path / "run").glob("*.npz")}
    indices = {file.stem for file in (tmp_path / "run").glob("*.index")}
    assert states == {f"{name}.callbacks" for name in indices}


class Protocol(keras.callbacks.Callback):
    def __init__(self, seen=()):
        super().__init__()
        self._seen = set(seen)

    def on_epoch_end(self, epoch, logs=None):
        self._seen.add(epoch)

    def get_state(self):
        return {"seen": sorted(self._seen)}

    def set_state(self, state):
        self._seen = set(state["seen"])


class Unsavable(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.seen = set()

    def on_epoch_end(self, epoch, logs=None):
        self.seen.add(epoch)


def test_the_protocol(tmp_path):
    mine = Protocol()
    life(tmp_path, lambda folder: [Protocol()], killed_at=3)
    life(tmp_path, lambda folder: [mine])
    assert mine._seen == set(range(EPOCHS))


def test_what_cannot_be_saved_is_named_once(tmp_path):
    message = "Unsavable keeps a set in 'seen'.* give Unsavable get_state"
    with pytest.warns(UserWarning, match=message) as told:
        life(tmp_path, lambda folder: [Unsavable()])
    assert len(told) == 1


def test_every_plain_value_comes_back(tmp_path):
    states = {
        "A-0": {
            "none": None,
            "flag": True,
            "numbers": [1, 2.5, float("inf"), -7],
            "pair": ("a", (1, [2])),
            "by number": {3: "three", "x": {}},
            "weights": [np.arange(6.0).reshape(2, 3), np.zeros(0, "int8")],
            "scalar": np.float32(0.1),
            "texts": np.array(["a", "bc"]),
        }
    }
    write_states(tmp_path / "states.npz", states)
    found = read_states(tmp_path / "states.npz")
    np.testing.assert_equal(found, states)
    assert type(found["A-0"]["pair"]) is tuple
    assert type(found["A-0"]["scalar"]) is np.float32
    (tmp_path / "states.npz").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="cannot be read.*remove it"):
        read_states(tmp_path / "states.npz")


def test_callbacks_of_a_class_are_told_apart():
    attached = [Halving(), Scores(), Halving()]
    states = CallbackStates(attached)
    attached[2].best = 3.0
    assert states.get() == {"Halving-1": {"best": 3.0}}
    others = [Halving(), Halving()]
    CallbackStates(others).set(states.get())
    assert [one.best for one in others] == [None, 3.0]


@pytest.mark.parametrize(
    "monitor", ["val_negative_elbo", "val_kl_loss", "loss"]
)
def test_metrics_know_their_direction(monitor):
    model = tfgen.build("vae", input_shape=(4, 4, 1), latent_dim=2)
    model.compile("sgd", run_eagerly=True)
    stop = K.EarlyStopping(monitor, patience=1, min_delta=1e9)
    logs = model.fit(
        X, validation_data=X, epochs=5, callbacks=[stop], verbose=0
    ).history
    assert len(logs[monitor]) == 2


@pytest.mark.parametrize(
    ("metric", "mode"), [("coverage", "max"), ("frechet_distance", "min")]
)
def test_measures_of_samples_know_theirs(metric, mode):
    model = tfgen.build("vae", input_shape=(4, 4, 1), latent_dim=2)
    evaluation = tfgen.callbacks.Evaluation(X)
    stop = K.EarlyStopping(f"val_{metric}")
    settle_directions(model, [evaluation, stop])
    assert stop.mode == mode


def test_a_metric_without_direction_is_refused_at_once():
    model = tfgen.build("gan", input_shape=(4, 4, 1), latent_dim=2)
    model.compile()
    with pytest.raises(ValueError, match="neither more nor less is better"):
        model.fit(X, callbacks=[K.EarlyStopping("real_accuracy")], verbose=0)
    assert model.steps_done == 0


@pytest.mark.parametrize("family", ["vae", "gan"])
def test_swapped_averages(family):
    """In an evaluation the averages stand in the weights' place."""
    model = tfgen.build(
        family, input_shape=(4, 4, 1), latent_dim=2, network="mlp", seed=0
    )
    optimizer = keras.optimizers.SGD(0.01, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, run_eagerly=True)
    names = model.network_variables()
    seen = {}

    class Look(K.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            seen["test"] = [v.numpy() for n in names.values() for v in n]

        def on_epoch_end(self, epoch, logs=None):
            seen["train"] = [v.numpy() for n in names.values() for v in n]
            seen["average"] = [
                v.numpy()
                for o in model.optimizer.by_network.values()
                for v in o._model_variables_moving_average
            ]

    low, high = model.data_range
    x = low + (high - low) * X
    callbacks = [K.SwapEMAWeights(), Look()]
    model.fit(x, epochs=2, validation_data=x, callbacks=callbacks, verbose=0)
    for test, average in zip(seen["test"], seen["average"], strict=True):
        np.testing.assert_allclose(test, average, atol=1e-6)
    assert any(
        np.abs(a - b).max() > 1e-5
        for a, b in zip(seen["train"], seen["average"], strict=True)
    )


def test_a_best_file_is_not_newer_than_the_checkpoint(tmp_path):
    """However seldom checkpoints are: here none is due within the minute."""
    attached = attach(["ModelCheckpoint"])
    life(tmp_path, attached, killed_at=3, every_seconds=60)
    (best,) = tmp_path.glob("*.keras")
    of_epoch_2 = best.stat().st_mtime_ns
    life(tmp_path, attached, every_seconds=60)
    assert best.stat().st_mtime_ns == of_epoch_2
