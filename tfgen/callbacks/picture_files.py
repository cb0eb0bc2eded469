"""PNG files that are kept up to date while `fit` runs."""

import pathlib

import keras
import numpy as np

from tfgen.callbacks.history_file import read_history
from tfgen.callbacks.pace import Pace
from tfgen.data import Source
from tfgen.pictures import examples
from tfgen.pictures.images import write_png
from tfgen.pictures.loss_plot import loss_plot
from tfgen.pictures.samples import samples_picture
from tfgen.training.files import writes_files


class PictureFile(keras.callbacks.Callback):
    """Abstract base: keeps a PNG file up to date while `fit` runs.

    After an epoch, at most every `every_seconds`, and at the end.

    Args:
        path: path of the PNG file.
        every_seconds: least time between two pictures.
        pace: what says when, besides; default: it does not.
    """

    def __init__(
        self, path, every_seconds: float = 10.0, pace: Pace | None = None
    ):
        super().__init__()
        self.path = pathlib.Path(path)
        self.every_seconds = every_seconds
        self.pace = pace or Pace.always()
        self._outdated = False

    def picture(self) -> np.ndarray:
        """The picture as uint8 `(height, width, 1 or 3)`."""
        raise NotImplementedError

    def can_draw(self) -> bool:
        """Whether there is a picture for this model."""
        return True

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.pace.begin()
        self._outdated = False

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._outdated = True
        if self.pace.is_due(self.path.name, least=self.every_seconds):
            self._write()

    def on_train_end(self, logs: dict | None = None) -> None:
        if self._outdated:
            self._write()

    def _write(self):
        self._outdated = False
        if self.can_draw() and writes_files(self.model):
            with self.pace.measured(self.path.name):
                write_png(self.path, self.picture())


class SampleImages(PictureFile):
    """Keeps a picture of samples up to date, the same seed each time.

    Data that are no grey or colour images, points or tables have none.

    Args:
        path: path of the PNG file, such as `run/samples.png`.
        source: a `tfgen.data.Source` of real data to compare with.
        num_samples: see `tfgen.pictures.samples_picture`.
        seed: seed of the samples.
        every_seconds: least time between two pictures; the last epoch always
            has one.
        pace: see `Pace`; default: nothing else to wait for.

    Example:
    >>> digits = tfgen.data.load("digits", "validation")
    >>> samples = tfgen.callbacks.SampleImages("run/samples.png", digits)
    >>> model.fit(train, epochs=9, callbacks=[samples])  # doctest: +SKIP
    """

    def __init__(
        self,
        path,
        source: Source | None = None,
        num_samples: int | None = None,
        seed: int = 0,
        every_seconds: float = 10.0,
        pace: Pace | None = None,
    ):
        super().__init__(path, every_seconds, pace)
        self.source = source
        self.num_samples = num_samples
        self.seed = seed

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        self.source = examples.in_memory(self.source, seed=self.seed)

    def can_draw(self) -> bool:
        return examples.can_show(self.model)

    def picture(self) -> np.ndarray:
        return samples_picture(
            self.model, self.source, self.num_samples, self.seed
        )


class LossPlot(PictureFile):
    """Keeps a picture of the curves in a history file up to date.

    Stands after the `HistoryFile` in the list of callbacks.

    Args:
        history_path: the file that `HistoryFile` writes.
        png_path: path of the picture.
        every_seconds: least time between two pictures; the last epoch always
            has one.
        pace: see `Pace`; default: nothing else to wait for.

    Example:
    >>> history = tfgen.callbacks.HistoryFile("run/history.csv")
    >>> plot = tfgen.callbacks.LossPlot(history.path, "run/loss.png")
    >>> model.fit(x, epochs=9, callbacks=[history, plot])  # doctest: +SKIP
    """

    def __init__(
        self,
        history_path,
        png_path,
        every_seconds: float = 10.0,
        pace: Pace | None = None,
    ):
        super().__init__(png_path, every_seconds, pace)
        self.history_path = pathlib.Path(history_path)

    def picture(self) -> np.ndarray:
        return loss_plot(read_history(self.history_path))
