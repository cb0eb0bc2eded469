"""Whether a version's folder was copied to its end.

An export appears at once, but `cp -r` and its like write file by file, and a
graph whose weights are not there yet loads without complaint.
"""

import json
from pathlib import Path

from tfgen.export.manifest import MANIFEST_FILE

_GRAPH = "saved_model.pb"
_WEIGHTS = "variables/variables.index"
# The operation that every variable of TensorFlow 2 is.
_VARIABLE = b"VarHandleOp"


def missing_file(folder: Path) -> str | None:
    """Return the name of a file that must still come; None if all are there.

    What the graph and the manifest tell is looked at. Folders without a graph
    are left to the loader and its complaint.
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


def _listed_files(path: Path) -> list[str]:
    try:
        files = json.loads(path.read_text())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        # None, or half of it: the graph alone tells.
        return []
    return list(files) if isinstance(files, dict) else []
