import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

import tfgen
from tfgen.callbacks import Checkpoint, SampleAnimation, sample_animation


def fit(model, data, epochs, *callbacks, **options):
    model.fit(
        data,
        batch_size=16,  # 40 images: three steps an epoch
        epochs=epochs,
        verbose=0,
        callbacks=list(callbacks),
        **options,
    )


def numbers(animation):
    return list(animation.frames())


def count(path):
    with PIL.Image.open(path) as image:
        return image.n_frames


def test_frames_are_the_samples_of_one_seed(make_model, images, tmp_path):
    model = make_model()
    animation = SampleAnimation(tmp_path / "samples.gif", images, 9, seed=5)
    fit(model, images, 3, animation)
    assert numbers(animation) == [1, 2, 3]
    assert count(tmp_path / "samples.gif") == 3
    last = tf.io.decode_png(animation.frames()[3].read_bytes())
    wanted = tfgen.pictures.samples_picture(model, images, 9, seed=5)
    np.testing.assert_array_equal(last, wanted)


@pytest.mark.parametrize(
    "epochs, expected",
    [
        (4, [1, 2, 3, 4]),
        (7, [1, 2, 4, 6, 7]),
        (13, [1, 4, 8, 12, 13]),
    ],
)
def test_long_trainings_have_few_frames(
    make_model, images, tmp_path, monkeypatch, epochs, expected
):
    monkeypatch.setattr(sample_animation, "MOST_FRAMES", 6)
    animation = SampleAnimation(tmp_path / "samples.gif", num_samples=4)
    fit(make_model(), images, epochs, animation)
    assert numbers(animation) == expected


@pytest.mark.parametrize("epochs", [1, 22, 23, 24, 25, 47, 1000, 99_999])
def test_at_most_twenty_four(epochs):
    interval = sample_animation._interval(epochs)
    frames = {1, epochs, *range(interval, epochs + 1, interval)}
    assert min(epochs, 12) <= len(frames) <= 24


class Kill(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done == self.step:
            raise RuntimeError("killed")


@pytest.mark.parametrize("step", [2, 6])
def test_a_killed_training_loses_no_frame(make_model, images, tmp_path, step):
    def train(name, *callbacks):
        animation = SampleAnimation(tmp_path / name / "samples.gif", images)
        fit(make_model(), images, 4, animation, *callbacks)
        return animation

    whole = train("whole")
    folder = tmp_path / "checkpoints"
    with pytest.raises(RuntimeError, match="killed"):
        train("run", Checkpoint(folder, every_steps=1), Kill(step))
    resumed = train("run", Checkpoint(folder))
    for mine, theirs in zip(
        [*resumed.frames().values(), resumed.path],
        [*whole.frames().values(), whole.path],
        strict=True,
    ):
        assert mine.read_bytes() == theirs.read_bytes()


def test_more_epochs_thin_the_frames(make_model, images, tmp_path, monkeypatch):
    monkeypatch.setattr(sample_animation, "MOST_FRAMES", 6)
    animation = SampleAnimation(tmp_path / "samples.gif")
    model = make_model()
    fit(model, images, 3, animation)
    assert numbers(animation) == [1, 2, 3]
    fit(model, images, 7, animation, initial_epoch=3)
    assert numbers(animation) == [1, 2, 4, 6, 7]
    assert count(animation.path) == 5
    # Nothing left to train: the animation is made again only if it is lost.
    written = animation.path.read_bytes()
    animation.path.unlink()
    fit(model, images, 7, animation, initial_epoch=7)
    assert animation.path.read_bytes() == written
    # What is trained again is drawn again.
    fit(model, images, 5, animation, initial_epoch=4)
    assert numbers(animation) == [1, 2, 4, 5]
    # A training from the start has frames of its own.
    fit(make_model(), images, 2, animation)
    assert numbers(animation) == [1, 2]


def test_a_training_stopped_early_shows_its_last_epoch(
    make_model, images, tmp_path, monkeypatch
):
    monkeypatch.setattr(sample_animation, "MOST_FRAMES", 6)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch + 1 == 5

    animation = SampleAnimation(tmp_path / "samples.gif")
    fit(make_model(), images, 7, animation, Stop())
    assert numbers(animation) == [1, 2, 4, 5]


def test_points_are_drawn_too(make_model, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 2))
    points = tfgen.data.from_arrays(x)
    animation = SampleAnimation(tmp_path / "samples.gif", points)
    fit(make_model((2,)), points, 2, animation)
    assert count(animation.path) == 2


def test_data_without_a_picture_have_none(make_model, tmp_path):
    animation = SampleAnimation(tmp_path / "samples.gif")
    fit(
        make_model((4, 4, 2)), np.zeros((16, 4, 4, 2), np.float32), 1, animation
    )
    assert list(tmp_path.iterdir()) == []
