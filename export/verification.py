"""Checking an export in the C++ runtime that TensorFlow Serving uses."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tfgen.export.report import Report, SignatureReport, VerificationError
from tfgen.export.version_folders import list_versions

_QUIET = {
    # Start-up chatter is kept from the user; errors come through TF_Status.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # The expected answers hold for any device, the tolerance for the CPU.
    "CUDA_VISIBLE_DEVICES": "-1",
}


def verify(path: str | Path, timeout: float = 600.0) -> Report:
    """Run every signature of an export in TensorFlow's C++ runtime.

    A process of its own, which never imports Python's `tensorflow`, compares
    the files with their sha256, loads the graph as TensorFlow Serving does
    (XLA off), and compares the answers for 1, 3 and 8 rows with those that
    the Keras model gave when it was exported, and 8 rows with 3 and 5 asked
    apart.

    Args:
        path: `BASE/N`, or `BASE`, whose newest version is then taken; the
            report's `note` says so.
        timeout: Seconds that the process may take.

    Returns:
        The report; `str(report)` is a table.

    Raises:
        VerificationError: If a signature fails or answers otherwise.
        ValueError: If the folder is missing, incomplete or altered, or the
            C++ loader refuses it.
        RuntimeError: If the process crashes or takes too long.
    """
    path, note = _find_version(Path(path))
    result = _run_process(path, timeout)
    if "error" in result:
        raise ValueError(result["error"])
    report = Report(
        path=path,
        versions=result["versions"],
        signatures=tuple(
            SignatureReport(**{**entry, "batches": tuple(entry["batches"])})
            for entry in result["signatures"]
        ),
        note=note,
    )
    if report.problems:
        raise VerificationError(report)
    return report


def _find_version(path: Path) -> tuple[Path, str]:
    if not path.is_dir():
        raise ValueError(
            f"Expected a folder that `tfgen export` wrote, such as BASE/3; "
            f"{path} is no folder."
        )
    if (path / "saved_model.pb").is_file():
        return path, ""
    versions = list_versions(path)
    if not versions:
        raise ValueError(
            f"Expected saved_model.pb or version folders in {path}, which "
            "has neither. Write a version with `tfgen export`."
        )
    newest = versions[max(versions)]
    if not (newest / "saved_model.pb").is_file():
        raise ValueError(
            f"Expected saved_model.pb in {newest}, which has none. Remove "
            "that folder, or name another version."
        )
    return newest, f"{path} holds versions; took the newest, {newest}."


def _run_process(path: Path, timeout: float) -> dict:
    """Run `verify_process.py` by its path; see there for the reason."""
    script = Path(__file__).with_name("verify_process.py")
    try:
        process = subprocess.run(
            # -P: this folder's file names must not hide other modules.
            [sys.executable, "-P", str(script), str(path.resolve())],
            env={**os.environ, **_QUIET},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"Verifying {path} took more than {timeout:g} seconds. Pass a "
            "greater timeout."
        ) from None
    lines = process.stdout.splitlines()
    if process.returncode != 0 or not lines:
        raise RuntimeError(
            f"The process that verified {path} ended with status "
            f"{process.returncode}. Its last words:\n"
            + "\n".join(process.stderr.splitlines()[-20:])
        )
    return json.loads(lines[-1])
