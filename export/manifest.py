"""`manifest.json`: what was exported, and the sha256 of every file."""

import hashlib
import json
from pathlib import Path
from typing import Any

EXTRA_FOLDER = "assets.extra"
MANIFEST_FILE = f"{EXTRA_FOLDER}/manifest.json"
ANSWERS_FILE = f"{EXTRA_FOLDER}/expected_answers.npz"
WARM_UP_FILE = f"{EXTRA_FOLDER}/tf_serving_warmup_requests"
REQUESTS_FOLDER = f"{EXTRA_FOLDER}/requests"
BATCHING_FILE = "batching_params.pbtxt"
_FORMAT = 1
_GRAPH = "saved_model.pb"
_WEIGHTS = "variables/variables.index"
# The operation that every variable of TensorFlow 2 is.
_VARIABLE = b"VarHandleOp"


def write_manifest(folder: str | Path, content: dict[str, Any]) -> None:
    """Write the manifest of a finished version folder.

    Adds the format number, the sha256 of every file that is there already,
    and one of the manifest itself. Batching parameters are left out: who runs
    the server may change them.
    """
    folder = Path(folder)
    files = {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / BATCHING_FILE
    }
    manifest = {"format": _FORMAT, **content, "files": files}
    manifest["sha256"] = _own_sha256(manifest)
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / MANIFEST_FILE).write_text(text)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read the manifest and compare every file that it lists with its sha256.

    Files that are not listed, such as the batching parameters, are no
    business of the manifest.

    Raises:
        ValueError: If the manifest or a listed file is missing or not as it
            was exported. The message names the file.
    """
    folder = Path(folder)
    manifest = _parse(folder / MANIFEST_FILE)
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise ValueError(
                f"{path} is missing, though {MANIFEST_FILE} lists it. Export "
                "the model again."
            )
        if _sha256(path) != expected:
            raise ValueError(
                f"{path} is not as it was exported: its sha256 differs from "
                f"the one in {MANIFEST_FILE}. Export the model again."
            )
    return manifest


def has_manifest(folder: str | Path) -> bool:
    """Whether tfgen wrote this folder; its other files are not looked at."""
    try:
        _parse(Path(folder) / MANIFEST_FILE)
    except (OSError, ValueError):
        return False
    return True


def missing_file(folder: Path) -> str | None:
    """Return the name of a file that must still come; None if all are there.

    An export appears at once, but `cp -r` and its like write file by file,
    and a graph whose weights are not there yet loads without complaint. So
    the files are looked for that the manifest lists and the graph needs.
    Folders without a graph are left to the loader and its complaint.
    """
    if not (folder / _GRAPH).is_file():
        return None
    for name in _listed_files(folder / MANIFEST_FILE):
        if not (folder / name).is_file():
            return name
    if not (folder / _WEIGHTS).is_file():
        if _VARIABLE in (folder / _GRAPH).read_bytes():
            return _WEIGHTS
    return None


def _parse(path: Path) -> dict[str, Any]:
    damaged = ValueError(
        f"{path} is not as it was exported. Export the model again."
    )
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise ValueError(
            f"Expected {path}, which does not exist. Only versions that "
            "`tfgen export` wrote can be verified; export the model again."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise damaged from None
    if not isinstance(manifest, dict) or "sha256" not in manifest:
        raise damaged
    expected = manifest.pop("sha256")
    if _own_sha256(manifest) != expected:
        raise damaged
    if manifest["format"] != _FORMAT:
        raise ValueError(
            f"{path} has format {manifest['format']}, expected {_FORMAT}. "
            "Verify it with the tfgen version that exported it: "
            f"{manifest['versions']['tfgen']}."
        )
    return manifest


def _own_sha256(manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed_files(path: Path) -> list[str]:
    try:
        files = json.loads(path.read_text())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        # None, or half of it: the graph alone tells.
        return []
    return list(files) if isinstance(files, dict) else []
