import pathlib
import re

from tfgen.training.files import write_text

LINE = re.compile(r"epoch (\d+), ([^:]+): (.*)")
OVER = "over"


class WarningsFile:
    """Keeps the warnings of a training, one a line, oldest first.

    There is no file as long as there was no warning.

    Args:
        path: of the text file; None keeps nothing on disk.
        epochs_done: lines of later epochs are dropped, as those will be
            trained again.

    Raises:
        ValueError: for a file of another kind.
    """

    def __init__(self, path, epochs_done: int = 0):
        self.path = None if path is None else pathlib.Path(path)
        earlier = _read(self.path)
        self._lines = [line for line in earlier if line[0] <= epochs_done]
        self._changed = len(self._lines) != len(earlier)

    def stands(self, kind: str) -> bool:
        """Whether there was a warning of this kind that is not over."""
        texts = [text for _, other, text in self._lines if other == kind]
        return bool(texts) and texts[-1] != OVER

    def add(self, epoch: int, kind: str, text: str | None) -> None:
        """Adds a warning, or that it is over (None)."""
        self._lines.append((epoch, kind, OVER if text is None else text))
        self._changed = True

    def write(self) -> None:
        """Writes what has been added."""
        if not self._changed or self.path is None:
            return
        self._changed = False
        lines = [f"epoch {e}, {kind}: {t}\n" for e, kind, t in self._lines]
        write_text(self.path, "".join(lines))


def _read(path):
    if path is None or not path.exists():
        return []
    found = [
        LINE.fullmatch(line)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    if None in found:
        raise ValueError(
            f"{path} holds no warnings of a training: move it away, or pass "
            "another path."
        )
    return [(int(line[1]), line[2], line[3]) for line in found]
