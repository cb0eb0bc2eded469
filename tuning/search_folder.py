"""The folder of one search."""

import contextlib
import json
import os
import pathlib
from collections.abc import Iterator

from tfgen.training.files import claimed, write_text
from tfgen.tuning.failures import disk_errors_in_a_line

RAISABLE = "trials"
HYPERBAND = (
    " Hyperband lays out all rounds for the trials it begins with, so they "
    "cannot be raised."
)


class SearchFolder:
    """Where a search keeps what it makes.

    Args:
        path: the folder; it is made by `claimed`.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)
        self.settings_file = self.path / "search.json"
        self.trials = self.path / "trials"
        self.tensorboard = self.path / "tensorboard"
        self.table = self.path / "trials.csv"
        self.best_file = self.path / "best.json"
        self.report = self.path / "report.html"
        self.extractor = self.path / "extractor.keras"
        self.best_run = self.path / "best"

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Makes the folder and keeps other searches from writing there.

        Raises:
            ValueError: if another process searches there.
            DiskError: if the disk gets full or is gone.
        """
        busy = (
            f"another process is searching in {self.path}: wait until it has "
            "ended, or choose another folder."
        )
        with disk_errors_in_a_line(self.path), claimed(self.path, busy):
            yield

    def begin(self, settings: dict) -> None:
        """Writes the settings, or compares them with those of the search.

        Args:
            settings: of the search; only `trials` may be another, larger,
                and not with Hyperband.

        Raises:
            ValueError: if the folder holds another search or something else.
        """
        settings = json.loads(json.dumps(settings))  # as they are read back
        if self.settings_file.exists():
            self._check_same(settings)
        elif self._holds_something():
            raise ValueError(
                f"{self.path} is not empty and holds no search: choose "
                "another folder."
            )
        write_text(self.settings_file, json.dumps(settings, indent=2) + "\n")

    def settings(self) -> dict | None:
        """The settings of the search here, None if there is none.

        Raises:
            ValueError: for a file that is damaged.
        """
        if not self.settings_file.exists():
            return None
        try:
            return json.loads(self.settings_file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(
                f"{self.settings_file} is not what a search wrote ({error}): "
                "start a new search in another folder."
            ) from error

    def _holds_something(self):
        """Besides heartbeats of workers that began before the chief."""
        if not self.path.exists():
            return False
        return any(path.name != "workers" for path in self.path.iterdir())

    def _check_same(self, settings):
        begun = self.settings()
        rounds = begun.get("tuner") == "hyperband"
        for name in sorted({*begun, *settings} - {"tfgen", "note"}):
            had, has = begun.get(name), settings.get(name)
            raised = name == RAISABLE and has > had
            if had == has or (raised and not rounds):
                continue
            if name in ("space", "data"):
                had, has = "another", "this one"
            raise ValueError(
                f"the search in {self.path} was begun with {name} {had}, got "
                f"{has}: go on with the same, or start a new search in "
                "another folder." + (HYPERBAND if raised and rounds else "")
            )
