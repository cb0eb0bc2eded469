import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.callbacks import HistoryFile, LossPlot, SampleImages


def read_png(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


class CopyAfterEpochs(keras.callbacks.Callback):
    """Remembers a file's content after each epoch."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.contents = []

    def on_epoch_end(self, epoch, logs=None):
        self.contents.append(self.path.read_bytes())


def fit(model, images, epochs, callbacks, **options):
    model.fit(
        images,
        batch_size=16,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
        **options,
    )


@pytest.mark.parametrize("num_classes", [None, 2])
def test_samples_are_those_of_the_trained_model(
    make_model, images, tmp_path, num_classes
):
    model = make_model(num_classes=num_classes)
    path = tmp_path / "samples.png"
    fit(model, images, 2, [SampleImages(path, images, 9, seed=3)])
    wanted = tfgen.pictures.samples_picture(model, images, 9, seed=3)
    np.testing.assert_array_equal(read_png(path), wanted)


def test_pictures_wait_for_their_time_but_not_at_the_end(
    make_model, images, tmp_path
):
    path = tmp_path / "samples.png"
    watch = CopyAfterEpochs(path)
    fit(make_model(), images, 3, [SampleImages(path, every_seconds=999), watch])
    assert watch.contents[0] == watch.contents[1] == watch.contents[2]
    assert path.read_bytes() != watch.contents[2]

    watch = CopyAfterEpochs(path)
    fit(make_model(), images, 3, [SampleImages(path, every_seconds=0), watch])
    assert len(set(watch.contents)) == 3
    assert path.read_bytes() == watch.contents[2]


def test_loss_plot_shows_the_history_file(make_model, images, tmp_path):
    history, path = tmp_path / "history.csv", tmp_path / "loss.png"
    callbacks = [HistoryFile(history), LossPlot(history, path)]
    fit(make_model(), images, 2, callbacks, validation_data=images)
    wanted = tfgen.pictures.loss_plot(tfgen.callbacks.read_history(history))
    np.testing.assert_array_equal(read_png(path), wanted)


def test_data_without_a_picture_have_no_file(make_model, tmp_path):
    path = tmp_path / "samples.png"
    x = np.zeros((16, 4, 4, 2), np.float32)
    fit(make_model((4, 4, 2)), x, 1, [SampleImages(path)])
    assert not path.exists()
