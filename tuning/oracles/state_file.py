import json
import pathlib
import warnings

from tfgen.training.files import write_text


class StateFile:
    """A state in a JSON file, and the state before it in `NAME.backup`.

    Each of the two files is there whole or not at all, so a process that is
    killed at any moment leaves this state or the one before.

    Args:
        path: of the file.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.backup = self.path.with_name(f"{self.path.name}.backup")
        self._before = None

    def read(self) -> dict | None:
        """The newest state that can be read; None if there is no file.

        Raises:
            ValueError: if there are files, and none can be read.
        """
        present = [path for path in (self.path, self.backup) if path.exists()]
        for path in present:
            state = _parsed(path)
            if state is not None:
                self._warn_of_backup(path)
                self._before = json.dumps(state)
                return state
        if present:
            raise ValueError(
                f"Expected the state of a search in {self.path} or "
                f"{self.backup.name}, but "
                f"{' and '.join(path.name for path in present)} cannot be "
                "read as JSON. Put back a copy of either file, or begin the "
                "search again in another folder."
            )
        return None

    def write(self, state: dict) -> None:
        """Puts a state in the place of the one before, which is kept."""
        text = json.dumps(state)
        # From memory: the file itself might be the damaged one.
        if self._before is not None:
            write_text(self.backup, self._before)
        write_text(self.path, text)
        self._before = text

    def _warn_of_backup(self, path):
        if path == self.backup:
            damage = "damaged" if self.path.exists() else "gone"
            warnings.warn(
                f"{self.path} is {damage}: the search goes on from the state "
                f"before it, {self.backup.name}.",
                stacklevel=4,
            )


def _parsed(path):
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and "trials" in state else None
