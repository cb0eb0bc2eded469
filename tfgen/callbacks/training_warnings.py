"""Warnings of a training that goes wrong: who watches, and their file."""

import pathlib
import re
import warnings
from collections.abc import Callable

import keras

from tfgen.training.files import write_text, writes_files

EPOCHS_UNTIL_OVER = 5
WARNING_LINE = re.compile(r"epoch (\d+), ([^:]+): (.*)")
OVER = "over"


class HealthWatch(keras.callbacks.Callback):
    """Abstract base: warns of signs, once until a sign is gone for 5 epochs.

    A subclass calls `note` for each kind of sign after each epoch, and then
    `write`.

    Args:
        path: path of a text file that keeps the warnings, such as
            `run/warnings.txt`; a resumed training goes on with it, and
            several watches may share it.
        report: function of a text, instead of `warnings.warn` with
            `TrainingWarning`.
    """

    def __init__(self, path=None, report: Callable[[str], None] | None = None):
        super().__init__()
        self.path = None if path is None else pathlib.Path(path)
        self.report = report or _warn
        self._file, self._known = None, []
        self._lasting, self._absent = {}, {}

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.began_at = self.model.steps_done
        self._file, self._known = None, []
        self._lasting, self._absent = {}, {}

    def get_state(self) -> dict:
        """How long signs have lasted or been gone, for a `Checkpoint`."""
        return {
            "lasting": self._lasting,
            "absent": self._absent,
            "began_at": self.began_at,
            "known": self._file.lines,
        }

    def set_state(self, state: dict) -> None:
        """Puts it back."""
        self._lasting, self._absent = state["lasting"], state["absent"]
        self.began_at, self._known = state["began_at"], state["known"]

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._file is None:
            self._file = WarningsFile(self.path, epoch, self._known)
            self.write()
        if not self.model.training_place.resumes:
            self.begin_epoch()

    def begin_epoch(self) -> None:
        """Called when an epoch begins, but not where one is resumed."""
        self.began_at = self.model.steps_done

    def note(
        self, epoch: int, kind: str, sign: str | None, least_steps: int
    ) -> None:
        """Warns if a sign has lasted.

        Args:
            epoch: counted from 1.
            kind: of sign, in words.
            sign: what to say of it, or None if it is not there.
            least_steps: how long it must last.
        """
        warned = self._file.stands(kind)
        if sign is None:
            self._lasting[kind] = 0
            self._absent[kind] = self._absent.get(kind, 0) + 1
            if warned and self._absent[kind] >= EPOCHS_UNTIL_OVER:
                self._file.add(epoch, kind, None)
            return
        self._absent[kind] = 0
        steps = self.model.steps_done - self.began_at
        self._lasting[kind] = self._lasting.get(kind, 0) + steps
        if not warned and self._lasting[kind] >= least_steps:
            self._file.add(epoch, kind, sign)
            self.report(f"epoch {epoch}: {kind}: {sign}.")

    def write(self) -> None:
        """Writes the file, if there is anything new."""
        if writes_files(self.model):
            self._file.write()


class TrainingWarning(UserWarning):
    """Training goes on, but will hardly lead where it should.

    Example:
    >>> import warnings
    >>> warnings.simplefilter("error", tfgen.callbacks.TrainingWarning)
    """


class WarningsFile:
    """Keeps the warnings of a training, one a line, oldest first.

    There is no file as long as there was no warning.

    Args:
        path: path of the text file; None keeps nothing on disk.
        epochs_done: lines of later epochs are dropped, as those will be
            trained again.
        known: lines of before, where there is no path.

    Attributes:
        lines: epoch, kind and text of each warning.

    Raises:
        ValueError: for a file of another kind.
    """

    def __init__(self, path, epochs_done: int = 0, known: list | None = None):
        self.path = None if path is None else pathlib.Path(path)
        earlier = _read_warnings(self.path) if path else known or []
        self.lines = [line for line in earlier if line[0] <= epochs_done]
        self._drops = len(self.lines) != len(earlier)
        self._new = []

    def stands(self, kind: str) -> bool:
        """Whether there was a warning of this kind that is not over."""
        texts = [text for _, other, text in self.lines if other == kind]
        return bool(texts) and texts[-1] != OVER

    def add(self, epoch: int, kind: str, text: str | None) -> None:
        """Adds a warning, or that it is over (None)."""
        line = (epoch, kind, OVER if text is None else text)
        self.lines.append(line)
        self._new.append(line)

    def write(self) -> None:
        """Writes what has been added to what the file holds by now."""
        if self.path is None or not (self._new or self._drops):
            return
        # Another watch may have written since this one has read.
        lines = self.lines if self._drops else _read_warnings(self.path)
        lines = lines if self._drops else lines + self._new
        write_text(
            self.path, "".join(f"epoch {e}, {k}: {t}\n" for e, k, t in lines)
        )
        self._new, self._drops = [], False


def _read_warnings(path):
    if path is None or not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [WARNING_LINE.fullmatch(line) for line in lines]
    if None in found:
        raise ValueError(
            f"{path} holds no warnings of a training: move it away, or pass "
            "another path."
        )
    return [(int(line[1]), line[2], line[3]) for line in found]


def _warn(text):
    warnings.warn(text, TrainingWarning, stacklevel=2)
