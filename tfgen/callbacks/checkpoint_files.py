"""The files of checkpoints: which are whole, and which is the newest."""

import hashlib
import os
import pathlib
import re
import shutil
from collections.abc import Callable

import tensorflow as tf

from tfgen.training.files import sync, write_text

SUMS = ".sha256"
_NAME = re.compile(r"(ckpt-(\d+))\.(?:index|sha256)")
_LISTED = re.compile(
    rb'^all_model_checkpoint_paths: "(?:.*/)?(ckpt-\d+)"', re.M
)
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)\n")


class CheckpointFiles:
    """The checkpoints in a folder.

    Beside each lie the checksums of its files, `ckpt-N.sha256`, as
    `sha256sum -c` takes them. One of an earlier version has none: it is whole
    if TensorFlow can read all that it holds.

    Args:
        folder: where a `Checkpoint` keeps them.

    Example:
    >>> CheckpointFiles("run/checkpoints").newest(print) is None
    True
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = pathlib.Path(folder)

    def seal(self, path: str) -> None:
        """Brings a checkpoint to the disk, with the checksums of its files."""
        files = _files_of(path)
        for file in [*files, self.folder]:
            sync(file)
        lines = [f"{_sha256(file)}  {file.name}\n" for file in files]
        write_text(f"{path}{SUMS}", "".join(lines))

    def all(self) -> list[str]:
        """Paths of all that were saved, oldest first, whole or not."""
        listed = set(self._listed())
        names = {m[1]: int(m[2]) for m in map(_NAME.fullmatch, _names(self))}
        names |= {name: int(name.rpartition("-")[2]) for name in listed}
        paths = [str(self.folder / n) for n in sorted(names, key=names.get)]
        # Without checksums and not listed: a process was killed meanwhile.
        return [
            path
            for path in paths
            if os.path.exists(path + SUMS)
            or os.path.basename(path) in listed
            or self.damage(path) is None
        ]

    def damage(self, path: str) -> str | None:
        """What is wrong with a checkpoint, in words; None if it is whole."""
        sums = pathlib.Path(f"{path}{SUMS}")
        if not sums.exists():
            return _unreadable(path)
        text = sums.read_bytes().decode("utf-8", "replace")
        lines = text.splitlines(keepends=True)
        found = [_LINE.fullmatch(line) for line in lines]
        files = {file.name for file in _files_of(path)}
        if not all(found) or not files <= {m[2] for m in found}:
            return f"{sums.name} is not as it was written"
        for expected, name in (match.groups() for match in found):
            if name not in files:
                return f"{name} is missing"
            if _sha256(self.folder / name) != expected:
                return f"{name} is not as it was written"
        return None

    def newest(self, report: Callable[[str], None]) -> str | None:
        """Path of the newest checkpoint that is whole; None if none was saved.

        Args:
            report: called with a line for each newer one that is damaged.

        Raises:
            ValueError: if there are checkpoints and none is whole.
        """
        damaged, found = [], self.all()
        while found:
            reason = self.damage(found[-1])
            if reason is None:
                break
            damaged.append(f"{os.path.basename(found.pop())}: {reason}")
        if damaged and not found:
            raise ValueError(
                f"no checkpoint in {self.folder} is whole "
                f"({'; '.join(damaged)}): put a copy of one back, or start a "
                "new training in another folder."
            )
        for reason in damaged:
            report(
                f"the checkpoint {reason}; going on from the one before it, "
                f"{os.path.basename(found[-1])}."
            )
        return found[-1] if found else None

    def remove_after(self, step: int) -> str | None:
        """Removes those of later steps, if a whole one is left: the newest."""
        later = [path for path in self.all() if step_of(path) > step]
        whole = [path for path in self.all() if self.damage(path) is None]
        newest = max(set(whole) - set(later), key=step_of, default=None)
        if newest is not None:
            self._list([newest])
            for path in later:
                pathlib.Path(f"{path}{SUMS}").unlink(missing_ok=True)
                for file in _files_of(path):
                    file.unlink(missing_ok=True)
        return newest

    def list_again(self, newest: str) -> None:
        """Lets TensorFlow know which is the newest, and which go first."""
        others = [path for path in self.all() if path != newest]
        # A damaged one, though newer, goes before those that are whole.
        others.sort(key=lambda path: self.damage(path) is None)
        self._list([*others, newest])

    def remove_unfinished(self) -> None:
        """Removes what a process that was killed or failed left half done."""
        for folder in self.folder.glob("ckpt-*_temp"):
            shutil.rmtree(folder, ignore_errors=True)
        kept = {os.path.basename(path) for path in self.all()}
        for file in self.folder.glob("ckpt-*"):
            if file.is_file() and file.name.partition(".")[0] not in kept:
                file.unlink(missing_ok=True)

    def _list(self, paths):
        names = [os.path.basename(path) for path in paths]
        if self._listed_for_tensorflow() != [*names, names[-1]]:
            tf.compat.v1.train.update_checkpoint_state(
                self.folder, names[-1], names
            )

    def _listed_for_tensorflow(self):
        """The names as TensorFlow reads them, and which it takes as newest."""
        try:
            state = tf.train.get_checkpoint_state(str(self.folder))
        except ValueError:  # of an empty file, or one that is no UTF-8
            return None
        if state is None:
            return None
        paths = [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
        return [os.path.basename(path) for path in paths]

    def _listed(self):
        # Read as it is: a list that is damaged loses no checkpoint.
        try:
            text = (self.folder / "checkpoint").read_bytes()
        except OSError:
            return []
        return [name.decode() for name in _LISTED.findall(text)]


def step_of(path: str) -> int:
    """The training step that a checkpoint was saved at.

    >>> step_of("run/checkpoints/ckpt-40")
    40
    """
    return int(path.rpartition("-")[2])


def _names(files):
    there = files.folder.is_dir()
    names = os.listdir(files.folder) if there else []
    return [name for name in names if _NAME.fullmatch(name)]


def _files_of(path):
    path = pathlib.Path(path)
    files = sorted(path.parent.glob(f"{path.name}.*"))
    return [file for file in files if file.suffix != SUMS]


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(path):
    try:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        return f"TensorFlow cannot read it ({' '.join(str(error).split())})"
    return None
