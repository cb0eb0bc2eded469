import pathlib

from tfgen.callbacks.history_file import read_history
from tfgen.callbacks.throttled_picture import ThrottledPicture


class LossPlot(ThrottledPicture):
    """Keeps a picture of the curves in a history file up to date.

    Stands after the `HistoryFile` in the list of callbacks.

    Args:
        history_path: the file that `HistoryFile` writes.
        png_path: of the picture.
        every_seconds: least time between two pictures; the last epoch always
            has one.
    """

    def __init__(self, history_path, png_path, every_seconds: float = 10.0):
        super().__init__(png_path, every_seconds)
        self.history_path = pathlib.Path(history_path)

    def picture(self):
        from tfgen import pictures

        return pictures.loss_plot(read_history(self.history_path))
