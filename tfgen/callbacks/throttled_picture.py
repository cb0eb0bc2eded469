import pathlib
import time

import keras

from tfgen.callbacks.writes_files import writes_files
from tfgen.pictures.png import write_png


class ThrottledPicture(keras.callbacks.Callback):
    """Abstract base: keeps a PNG file up to date while `fit` runs.

    After an epoch, at most every `every_seconds`, and at the end.

    Args:
        path: of the PNG file.
        every_seconds: least time between two pictures.
    """

    def __init__(self, path, every_seconds: float = 10.0):
        super().__init__()
        self.path = pathlib.Path(path)
        self.every_seconds = every_seconds
        self._due_at = 0.0
        self._outdated = False

    def picture(self):
        """The picture as uint8 `(height, width, 1 or 3)`."""
        raise NotImplementedError

    def can_draw(self) -> bool:
        """Whether there is a picture for this model."""
        return True

    def on_train_begin(self, logs=None):
        self._due_at = 0.0
        self._outdated = False

    def on_epoch_end(self, epoch, logs=None):
        self._outdated = True
        if time.monotonic() >= self._due_at:
            self._write()
            self._due_at = time.monotonic() + self.every_seconds

    def on_train_end(self, logs=None):
        if self._outdated:
            self._write()

    def _write(self):
        self._outdated = False
        if self.can_draw() and writes_files(self.model):
            write_png(self.path, self.picture())
