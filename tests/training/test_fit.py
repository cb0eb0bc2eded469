"""fit and evaluate take what any Keras model takes, or say what is wrong."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen

X = np.random.default_rng(0).uniform(size=(70, 4, 4, 1)).astype("float32")
Y = np.arange(70) % 3


def vae(**options):
    options = {"network": "mlp", "network_options": {"units": (8,)}, **options}
    return tfgen.build(
        "vae", input_shape=(4, 4, 1), latent_dim=2, seed=0, **options
    )


@pytest.fixture
def model():
    model = vae()
    model.compile("sgd")
    return model


@pytest.fixture(scope="module")
def compiled():
    """A model whose steps tests share, and its state as it was compiled."""
    model = vae()
    model.compile("sgd")
    variables = [*model.variables, *model.optimizer.variables]
    return model, [(v, v.numpy()) for v in variables]


@pytest.fixture
def untrained(compiled):
    """`model`, but its steps are traced once for all who take it."""
    model, state = compiled
    for variable, value in state:
        variable.assign(value)
    model.reading = None
    return model


@pytest.fixture
def conditional():
    model = vae(num_classes=3)
    model.compile("sgd")
    return model


def dataset(*arrays):
    arrays = arrays if len(arrays) > 1 else arrays[0]
    return tf.data.Dataset.from_tensor_slices(arrays).batch(32)


def source(x=X, y=None):
    return tfgen.data.from_arrays(x, y)


@pytest.mark.parametrize(
    "data",
    [
        (X,),
        (X, Y),
        (X.astype("float64"),),
        (X.tolist(),),
        (tf.constant(X),),
        (dataset(X),),
        (dataset(X, Y),),
        (source(),),
        (source().batches(32),),
        (source(X, Y).batches(32, labels=True),),
    ],
    ids="array x_y float64 list tensor dataset dataset_x_y source batches "
    "labelled".split(),
)
def test_what_fit_and_evaluate_take(untrained, data):
    logs = untrained.fit(*data, epochs=2, verbose=0).history
    assert untrained.steps_done == 6
    assert np.isfinite(logs["loss"]).all()
    values = untrained.evaluate(*data, verbose=0, return_dict=True)
    wanted = untrained.evaluate(X, verbose=0, return_dict=True)
    assert values == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        (X, Y[:, None]),
        (X, np.eye(3)[Y]),
        (dataset(X, Y),),
        (dataset(X, Y[:, None]),),
        (dataset(X, np.eye(3, dtype="float32")[Y]),),
        (dataset(X, np.eye(3, dtype=bool)[Y]),),
        (dataset(X, Y.astype("float32")),),
        (source(X, Y),),
        (source(X, Y).batches(32),),
    ],
    ids="x_y column one_hot dataset dataset_column dataset_one_hot "
    "dataset_booleans dataset_floats source batches".split(),
)
def test_labels(conditional, data):
    conditional.run_eagerly = True  # few steps: tracing them takes longer
    conditional.fit(*data, verbose=0)
    values = conditional.evaluate(*data, verbose=0)
    assert values == pytest.approx(
        conditional.evaluate(X, Y, verbose=0), rel=1e-5
    )


@pytest.mark.parametrize(
    "data",
    [X[:20], (X[:20], Y[:20]), dataset(X[:20]), source(X[:20])],
    ids="array tuple dataset source".split(),
)
def test_validation_data(untrained, data):
    logs = untrained.fit(X, validation_data=data, verbose=0).history
    wanted = untrained.evaluate(X[:20], verbose=0, return_dict=True)
    assert logs["val_loss"][0] == pytest.approx(wanted["loss"], rel=1e-5)


def test_validation_split_takes_the_end_as_keras_does(untrained):
    logs = untrained.fit(
        X, validation_split=0.2, batch_size=8, verbose=0
    ).history
    assert untrained.steps_done == 7
    wanted = untrained.evaluate(X[56:], verbose=0, return_dict=True)
    assert logs["val_loss"][0] == pytest.approx(wanted["loss"], rel=1e-5)


def test_mean_over_rows_not_over_batches(model):
    """70 rows in batches of 32, 32 and 6."""
    model.optimizer.learning_rate = 0.0
    parts = [
        model.evaluate(X[:64], verbose=0, return_dict=True)["kl_loss"],
        model.evaluate(X[64:], verbose=0, return_dict=True)["kl_loss"],
    ]
    logs = model.fit(X, verbose=0).history
    wanted = (64 * parts[0] + 6 * parts[1]) / 70
    assert logs["kl_loss"][0] == pytest.approx(wanted, rel=1e-5)


def generator_dataset():
    def rows():
        yield from np.split(X, 7)

    spec = tf.TensorSpec((None, 4, 4, 1))
    return tf.data.Dataset.from_generator(rows, output_signature=spec)


@pytest.mark.parametrize(
    "kind, replicas",
    [
        *(("generator", 1), ("generator", 2), ("filter", 1)),
        pytest.param("filter", 2, marks=pytest.mark.slow),
    ],
)
@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # by Keras
def test_data_of_unknown_length(kind, replicas, two_replicas):
    none = tf.distribute.get_strategy()
    with (two_replicas if replicas == 2 else none).scope():
        model = vae()
        model.compile("adam")
    data = generator_dataset()
    if kind == "filter":
        data = dataset(X).unbatch().batch(10)
        data = data.filter(lambda x: tf.reduce_sum(x) > 0)
    for epochs in (2, 1):
        model.fit(data, epochs=epochs, validation_data=data, verbose=0)
    assert model.steps_done == 21
    assert int(model.optimizer.iterations.numpy()) == 21


def test_dataset_without_end(untrained):
    endless = dataset(X).repeat()
    untrained.fit(
        endless,
        steps_per_epoch=4,
        epochs=2,
        validation_data=endless,
        validation_steps=2,
        verbose=0,
    )
    assert untrained.steps_done == 8
    with pytest.raises(ValueError, match="pass steps_per_epoch"):
        untrained.fit(endless, verbose=0)
    with pytest.raises(ValueError, match="pass validation_steps"):
        untrained.fit(X, validation_data=endless, verbose=0)
    with pytest.raises(ValueError, match="pass steps"):
        untrained.evaluate(endless, verbose=0)


def test_array_with_steps_per_epoch(untrained):
    untrained.fit(X, steps_per_epoch=5, epochs=2, verbose=0)
    assert untrained.steps_done == 10


def test_evaluation_by_a_callback(model):
    """It must not change how far the epoch or the validation goes."""
    short = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: model.evaluate(X[:8], verbose=0)
    )
    logs = model.fit(
        X,
        epochs=3,
        validation_data=X,
        validation_batch_size=16,
        callbacks=[short],
        verbose=0,
    ).history
    wanted = model.evaluate(X, verbose=0, return_dict=True)["loss"]
    assert logs["val_loss"][-1] == pytest.approx(wanted, rel=1e-5)
    assert model.steps_done == 9


def test_evaluation_in_the_middle_of_an_epoch():
    model = vae()
    model.compile("sgd", steps_per_execution=2)
    middle = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: model.evaluate(X, verbose=0)
    )
    model.fit(X, callbacks=[middle], verbose=0)
    assert model.steps_done == 3


def test_on_batch(model):
    for _ in range(5):
        model.train_on_batch(X[:8])
    assert model.steps_done == 5
    assert np.isfinite(model.test_on_batch(X[:8])).all()
    assert model.predict(X, verbose=0).shape == X.shape


def test_on_batch_after_fit(model):
    model.fit(X, validation_data=X, verbose=0)
    model.train_on_batch(X[:8])
    assert model.steps_done == 4
    first, second = (model.test_on_batch(x)[0] for x in (X[:8], X[8:16]))
    assert first != second


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 7

    def __getitem__(self, index):
        return X[10 * index : 10 * index + 10], Y[:10]


def test_keras_sequence(model):
    model.fit(Sequence(), epochs=2, verbose=0)
    assert model.steps_done == 14


@pytest.mark.parametrize(
    "optimizer",
    [
        None,
        "adam",
        keras.optimizers.SGD(0.1, momentum=0.9),
        {"vae": "rmsprop"},
        {"vae": keras.optimizers.AdamW(1e-3)},
        keras.optimizers.Adam(
            keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
        ),
        keras.optimizers.SGD(0.1, use_ema=True),
    ],
    ids="default name object dict dict_object schedule ema".split(),
)
def test_optimizers(optimizer, tmp_path):
    model = vae()
    model.compile(optimizer)
    before = model.get_weights()
    model.fit(X, epochs=2, verbose=0)
    assert any(
        np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True)
    )
    if isinstance(optimizer, keras.optimizers.Adam):
        # 0.1 * 0.5 ** (6 / 3)
        assert float(model.optimizer.learning_rate) == pytest.approx(0.025)


def test_an_optimizer_is_copied():
    optimizer = keras.optimizers.Adam(0.01)
    for _ in range(2):
        model = vae()
        model.compile(optimizer)
        model.fit(X, verbose=0)
    assert not optimizer.built


def rate(model):
    return float(model.optimizer.learning_rate.numpy())


def test_learning_rate_callbacks(model):
    schedule = keras.callbacks.LearningRateScheduler(
        lambda epoch: 0.1 / 2**epoch
    )
    logs = model.fit(X, epochs=3, callbacks=[schedule], verbose=0).history
    assert rate(model) == pytest.approx(0.025)
    np.testing.assert_allclose(logs["learning_rate"], [0.1, 0.05, 0.025])
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", factor=0.1, patience=1, min_delta=1e9
    )
    model.fit(X, epochs=3, callbacks=[plateau], verbose=0)
    assert rate(model) == pytest.approx(0.00025)


def test_early_stopping(model):
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss",
        patience=1,
        min_delta=1e9,
        restore_best_weights=True,
    )
    kept = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights())
    )
    model.fit(X, epochs=9, validation_data=X, callbacks=[keep, stop], verbose=0)
    assert len(kept) == 2
    for a, b in zip(model.get_weights(), kept[0], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # by Keras
def test_backup_and_tensorboard(tmp_path):
    """Interrupted after the second epoch, it ends as if it had not been."""

    def train(*callbacks):
        model = vae()
        model.compile("adam")
        model.fit(X, epochs=4, callbacks=list(callbacks), verbose=0)
        return model

    def interrupt(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    board = keras.callbacks.TensorBoard(tmp_path / "logs")
    whole = train(board)
    assert list((tmp_path / "logs").rglob("events*"))
    with pytest.raises(KeyboardInterrupt):
        train(
            keras.callbacks.BackupAndRestore(tmp_path / "backup"),
            keras.callbacks.LambdaCallback(on_epoch_begin=interrupt),
        )
    resumed = train(keras.callbacks.BackupAndRestore(tmp_path / "backup"))
    assert resumed.steps_done == whole.steps_done == 12
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # by Keras
def test_model_checkpoint(model, tmp_path):
    path = tmp_path / "best.keras"
    model.fit(
        X,
        validation_data=X,
        callbacks=[keras.callbacks.ModelCheckpoint(path, save_best_only=True)],
        verbose=0,
    )
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(loaded.encode(X[:3]), model.encode(X[:3]))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((row for row in X), "cannot start again"),
        (iter([X]), "cannot start again"),
        ({"x": X}, "x is a dict with keys 'x'"),
        ((X * 255).astype("uint8"), "divide by 255"),
        (X * 2 - 1, r"rescale from \[-1, 1\]"),
        (np.where(X > 0.9, np.nan, X), "NaN or infinite"),
        (X[..., 0], "add the channel axis"),
        (np.tile(X, 3), "3 channels instead of 1"),
        (X[:, :3], "resize the examples"),
        (X[0], r"x\[None\]"),
        (X[:0], "x is empty"),
        ("digits", "tfgen.data.load"),
        (dataset(X).map(lambda x: {"image": x}), "dicts with keys image"),
        (dataset(X).unbatch(), "batch or reshape it"),
        (dataset(X[..., 0]), "batch or reshape it"),
        (dataset((X * 255).astype("uint8")), "expected floating-point"),
        (dataset(X * 255), "divide by 255"),
        (dataset(X).take(0), "is empty"),
        (source(X[:, :3]), r"input_shape=\(3, 4, 1\)"),
        (source().to_range((-1, 1)), r"source.to_range\(\(0.0, 1.0\)\)"),
    ],
    ids=range(20),
)
def test_data_that_is_refused(model, arguments, message):
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=message):
            method(arguments, verbose=0)
    assert model.steps_done == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((X,), "there are no labels"),
        ((X, Y + 1), "class numbers from 1 to 3; expected 0 to 2"),
        ((X, Y[:5]), "5 values for 70 examples"),
        ((X, np.eye(4)[Y]), r"one-hot rows of shape \(70, 3\)"),
        ((dataset(X),), "yield"),
        ((source(),), "no classes"),
    ],
    ids=range(6),
)
def test_labels_that_are_refused(conditional, arguments, message):
    for method in (conditional.fit, conditional.evaluate):
        with pytest.raises(ValueError, match=message):
            method(*arguments, verbose=0)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"batch_size": 71}, "pass batch_size <= 70"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": -3}, "batch_size is -3"),
        ({"sample_weight": np.ones(70)}, "leave it out"),
        ({"class_weight": {0: 1.0}}, "leave it out"),
    ],
    ids=range(5),
)
def test_arguments_that_are_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, verbose=0, **arguments)


def test_unknown_length_with_several_steps_a_call():
    model = vae()
    model.compile(steps_per_execution=4)
    with pytest.raises(ValueError, match="pass steps_per_epoch"):
        model.fit(generator_dataset(), verbose=0)


def test_nothing_is_printed(model, capfd):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        model.fit(X, epochs=2, validation_data=X, verbose=0)
        model.evaluate(dataset(X), verbose=0)
        model.sample(3, seed=1)
    assert not [str(w.message) for w in caught if w.category is UserWarning]
    assert capfd.readouterr() == ("", "")


def test_what_the_data_brings_is_not_given_twice():
    model = tfgen.build("vae", input_shape=(3,), latent_dim=1)
    model.compile("adam")
    x = np.zeros((8, 3), "float32")
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    with pytest.raises(ValueError, match="brings its own batches: leave"):
        model.fit(dataset, batch_size=4)
    with pytest.raises(ValueError, match="brings its own labels: leave y"):
        model.fit(dataset, np.zeros(8))
