import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

import tfgen
from tfgen.callbacks import TensorBoard

LOSSES = ("loss", "negative_elbo", "reconstruction_loss", "kl_loss")
OF_IMAGES = {"side_by_side", "traversals"}
ALL_PICTURES = {"samples", "reconstructions", "latents", *OF_IMAGES}


def fit(model, data, board, epochs, **options):
    callbacks = [board, *options.pop("callbacks", ())]
    return model.fit(
        data,
        batch_size=16,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
        **options,
    ).history


def events(folder):
    read = EventAccumulator(str(folder), {"images": 0, "tensors": 0})
    return read.Reload()


def scalars(folder):
    """`{tag: {step: value}}`."""
    read = events(folder)
    return {
        tag: {
            event.step: float(tf.make_ndarray(event.tensor_proto))
            for event in read.Tensors(tag)
        }
        for tag in read.Tags()["tensors"]
        if read.SummaryMetadata(tag).plugin_data.plugin_name == "scalars"
    }


def pictures(folder):
    """`{tag: {step: uint8 array}}`."""
    read = events(folder)
    return {
        tag: {
            event.step: tf.io.decode_png(event.tensor_proto.string_val[2])
            for event in read.Tensors(tag)
        }
        for tag in read.Tags()["tensors"]
        if read.SummaryMetadata(tag).plugin_data.plugin_name == "images"
    }


def test_curves_by_epoch(make_model, images, tmp_path):
    history = fit(
        make_model(), images, TensorBoard(tmp_path), 3, validation_data=images
    )
    train, validation = (
        scalars(tmp_path / "train"),
        scalars(tmp_path / "validation"),
    )
    assert train.pop("epoch_learning_rate") == {
        step: np.float32(0.001) for step in (1, 2, 3)
    }
    assert set(train) == set(validation) == {f"epoch_{n}" for n in LOSSES}
    for name in LOSSES:
        for prefix, found in (("", train), ("val_", validation)):
            values = found[f"epoch_{name}"]
            assert list(values) == [1, 2, 3]
            np.testing.assert_allclose(
                list(values.values()), history[prefix + name], rtol=1e-6
            )


def test_pictures_at_powers_of_two_and_the_last_epoch(
    make_model, images, tmp_path
):
    model = make_model()
    board = TensorBoard(tmp_path, images, num_samples=9, seed=3)
    fit(model, images, board, 6)
    found = pictures(tmp_path / "train")
    assert set(found) == ALL_PICTURES
    assert {tuple(steps) for steps in found.values()} == {(1, 2, 4, 6)}
    wanted = tfgen.pictures.gallery(model, images, num_samples=9, seed=3)
    for name, picture in wanted.items():
        np.testing.assert_array_equal(found[name][6], picture)
        assert not np.array_equal(found[name][1], found[name][6])


def test_every(make_model, images, tmp_path):
    fit(make_model(), images, TensorBoard(tmp_path, every=3), 5)
    found = pictures(tmp_path / "train")
    assert set(found) == {"samples", "traversals"}  # no data, no encodings
    assert list(found["samples"]) == [3, 5]
    with pytest.raises(ValueError, match="every is 0"):
        TensorBoard(tmp_path, every=0)


class StopAfter(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch + 1 == self.epochs


def test_a_training_stopped_early_shows_its_last_epoch(
    make_model, images, tmp_path
):
    board = TensorBoard(tmp_path)
    fit(make_model(), images, board, 9, callbacks=[StopAfter(3)])
    assert list(pictures(tmp_path / "train")["samples"]) == [1, 2, 3]


def test_a_resumed_training_goes_on_with_its_steps(
    make_model, images, tmp_path
):
    model = make_model()
    fit(model, images, TensorBoard(tmp_path), 3)
    fit(model, images, TensorBoard(tmp_path), 5, initial_epoch=3)
    fit(model, images, TensorBoard(tmp_path), 5, initial_epoch=5)
    assert list(scalars(tmp_path / "train")["epoch_loss"]) == [1, 2, 3, 4, 5]
    assert list(pictures(tmp_path / "train")["samples"]) == [1, 2, 3, 4, 5]


def test_pictures_leave_the_training_as_it_is(make_model, images, tmp_path):
    plain, watched = make_model(), make_model()
    plain.fit(images, batch_size=16, epochs=3, verbose=0)
    fit(watched, images, TensorBoard(tmp_path, images, every=1), 3)
    for one, other in zip(
        plain.get_weights(), watched.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_examples_are_read_once(make_model, images, tmp_path, monkeypatch):
    storage = type(images.storage)
    reads = []
    read = storage.read

    def counted(self, indices):
        if self is images.storage:
            reads.append(len(indices))
        return read(self, indices)

    x = images.arrays()[0]
    monkeypatch.setattr(storage, "read", counted)
    fit(make_model(), x, TensorBoard(tmp_path, images, every=1), 3)
    assert sum(reads) <= len(images)


def test_a_conditional_model_gets_its_labels(make_model, images, tmp_path):
    model = make_model(num_classes=2)
    fit(model, images, TensorBoard(tmp_path, images), 1)
    assert set(pictures(tmp_path / "train")) == ALL_PICTURES


@pytest.mark.parametrize("features", [2, 5])
def test_points_and_tables(make_model, tmp_path, features):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, features)).astype(np.float32)
    source = tfgen.data.from_arrays(x)
    fit(make_model((features,)), x, TensorBoard(tmp_path, source), 1)
    assert set(pictures(tmp_path / "train")) == ALL_PICTURES - OF_IMAGES


def test_two_replicas(two_replicas, make_model, images, tmp_path):
    with two_replicas.scope():
        model = make_model()
    fit(model, images, TensorBoard(tmp_path, images), 1)
    assert set(pictures(tmp_path / "train")) == ALL_PICTURES


def test_evaluate_outside_of_fit(make_model, images, tmp_path):
    model = make_model()
    board = TensorBoard(tmp_path)
    model.evaluate(images, verbose=0, callbacks=[board])
    assert "evaluation_loss_vs_iterations" in scalars(tmp_path / "validation")


class ReadAfterEpochs(keras.callbacks.Callback):
    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.steps = []

    def on_epoch_end(self, epoch, logs=None):
        for part in ("train", "validation"):
            self.steps.append(max(scalars(self.folder / part)["epoch_loss"]))


def test_all_is_on_disk_when_an_epoch_ends(make_model, images, tmp_path):
    watch = ReadAfterEpochs(tmp_path)
    fit(
        make_model(),
        images,
        TensorBoard(tmp_path),
        3,
        validation_data=images,
        callbacks=[watch],
    )
    assert watch.steps == [1, 1, 2, 2, 3, 3]


def test_one_host_alone_writes(make_model, images, tmp_path, monkeypatch):
    for module in ("tensorboard", "history_file", "picture_files"):
        monkeypatch.setattr(
            f"tfgen.callbacks.{module}.writes_files", lambda model: False
        )
    callbacks = [
        tfgen.callbacks.HistoryFile(tmp_path / "history.csv"),
        tfgen.callbacks.SampleImages(tmp_path / "samples.png"),
    ]
    board = TensorBoard(tmp_path / "board", images)
    fit(make_model(), images, board, 2, callbacks=callbacks)
    assert not list(tmp_path.iterdir())


def test_a_gan_is_drawn_from_the_same_latents(images, tmp_path):
    """Weights that stay give pictures that stay."""
    gan = tfgen.build("gan", input_shape=(4, 4, 1), network="mlp", seed=0)
    gan.compile(keras.optimizers.SGD(0.0))
    board = TensorBoard(tmp_path / "still", num_samples=9, every=1)
    fit(gan, images.to_range(gan.data_range), board, 2)
    still = pictures(tmp_path / "still" / "train")["samples"]
    np.testing.assert_array_equal(still[1], still[2])
    for optimizer in gan.optimizer.by_network.values():
        optimizer.learning_rate = 0.01
    board = TensorBoard(tmp_path / "moved", num_samples=9, every=1)
    fit(gan, images.to_range(gan.data_range), board, 2)
    moved = pictures(tmp_path / "moved" / "train")["samples"]
    assert not np.array_equal(still[2], moved[2])
