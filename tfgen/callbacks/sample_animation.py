import pathlib
import shutil

import keras
import numpy as np

from tfgen.callbacks.pace import Pace
from tfgen.data import Source
from tfgen.pictures import examples
from tfgen.pictures.images import write_gif, write_png
from tfgen.pictures.samples import samples_picture
from tfgen.training.files import writes_files

MOST_FRAMES = 24


class SampleAnimation(keras.callbacks.Callback):
    """Shows how samples of one seed change while `fit` runs.

    Draws a frame after each epoch, of long trainings after every second,
    fourth, eighth, ... epoch, so that there are at most 24, and one after the
    first and the last. The animation is written when the training ends.

    Frames lie in a folder beside it until then and after, so that a training
    that was killed, or goes on for more epochs, loses none: in the list of
    callbacks it stands before `Checkpoint`. Data that are no grey or colour
    images, points or tables have no animation.

    Args:
        path: path of the GIF file, such as `run/samples.gif`; the frames are
            then in `run/samples_frames`.
        source: a `tfgen.data.Source` of real data to compare with.
        num_samples: see `tfgen.pictures.samples_picture`.
        seed: seed of the samples.
        pace: leaves frames out where it says that they cost too much, but
            for those of the first and the last epoch; default: none.

    Example:
    >>> animation = tfgen.callbacks.SampleAnimation("run/samples.gif")
    >>> model.fit(x, epochs=99, callbacks=[animation])  # doctest: +SKIP
    >>> animation.folder.name
    'samples_frames'
    """

    def __init__(
        self,
        path,
        source: Source | None = None,
        num_samples: int | None = None,
        seed: int = 0,
        pace: Pace | None = None,
    ):
        super().__init__()
        self.path = pathlib.Path(path)
        self.source = source
        self.num_samples = num_samples
        self.seed = seed
        self.pace = pace or Pace.always()
        self._epochs = None

    @property
    def folder(self) -> pathlib.Path:
        """Where the frames lie."""
        return self.path.with_name(f"{self.path.stem}_frames")

    def frames(self) -> dict[int, pathlib.Path]:
        """Files of the frames by number of epochs, in their order."""
        numbers = sorted(
            int(file.stem.removeprefix("epoch_"))
            for file in self.folder.glob("epoch_*.png")
        )
        return {number: self._file(number) for number in numbers}

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._epochs = None
        self.pace.begin()
        self.source = examples.in_memory(self.source, seed=self.seed)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._epochs is None and self._draws():
            self._drop(epoch)
        self._epochs = epoch

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._epochs = epoch + 1
        if self._is_due(self._epochs) and self._draws():
            self._draw()

    def on_train_end(self, logs: dict | None = None) -> None:
        if not self._draws():
            return
        if self._epochs and not self._file(self._epochs).exists():
            self._draw()  # stopped early
        frames = self.frames()
        # Without an epoch to train, it may have been killed just before.
        if frames and (self._epochs or not self.path.exists()):
            self._write(frames)

    def _write(self, frames):
        write_gif(
            self.path,
            [_read_png(file) for file in frames.values()],
            [f"epoch {number}" for number in frames],
        )

    def _is_due(self, epochs):
        total = self.params.get("epochs") or epochs
        if epochs in (1, total):
            return True
        in_turn = epochs % _interval(total) == 0
        return in_turn and self.pace.is_due(self.path.name)

    def _draws(self):
        return examples.can_show(self.model) and writes_files(self.model)

    def _draw(self):
        with self.pace.measured(self.path.name):
            picture = samples_picture(
                self.model, self.source, self.num_samples, self.seed
            )
            write_png(self._file(self._epochs), picture)

    def _drop(self, epochs_done):
        """Drops frames of an earlier training, and those out of turn.

        A training that goes on for more epochs has frames too many, and its
        last one may be between two turns.
        """
        interval = _interval(self.params.get("epochs") or 1)
        if not epochs_done:
            shutil.rmtree(self.folder, ignore_errors=True)
        for number, file in self.frames().items():
            in_turn = number == 1 or number % interval == 0
            if number > epochs_done or not in_turn:
                file.unlink()

    def _file(self, epochs):
        return self.folder / f"epoch_{epochs:06}.png"


def _interval(epochs):
    """Epochs from one frame to the next: a power of two."""
    interval = 1
    # One frame more for the first epoch, and one for the last.
    while epochs // interval > MOST_FRAMES - 2:
        interval *= 2
    return interval


def _read_png(file):
    import PIL.Image

    with PIL.Image.open(file) as image:
        pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
