"""Checking an export in the C++ runtime that TensorFlow Serving uses."""

import json
import subprocess
from pathlib import Path

from tfgen.export.report import (
    Report,
    SchedulerReport,
    SignatureReport,
    VerificationError,
)
from tfgen.export.standalone import process_command


def verify(path: str | Path, timeout: float = 600.0) -> Report:
    """Run every signature of an export in TensorFlow's C++ runtime.

    A process of its own, which never imports Python's `tensorflow`, compares
    the files with their sha256, loads the graph as TensorFlow Serving does
    (XLA off), and compares the answers for 1, 3, 8 and 33 rows with those that
    the Keras model gave when it was exported, and 33 rows with 3 and 30 asked
    apart. Then it asks 1,000 requests, 100 at a time, which TensorFlow's
    scheduler merges into batches, and compares with the same ones asked alone.

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
    result = _run_process(Path(path), timeout)
    if "error" in result:
        raise ValueError(result["error"])
    report = _to_report(result)
    if report.problems:
        raise VerificationError(report)
    return report


def _to_report(result: dict) -> Report:
    scheduler = result["scheduler"]
    return Report(
        path=Path(result["path"]),
        versions=result["versions"],
        signatures=tuple(
            SignatureReport(**{**entry, "batches": tuple(entry["batches"])})
            for entry in result["signatures"]
        ),
        scheduler=SchedulerReport(**scheduler) if scheduler else None,
        note=result["note"],
    )


def _run_process(path: Path, timeout: float) -> dict:
    command, environment = process_command("verify", str(path), "--json")
    try:
        process = subprocess.run(
            command,
            env=environment,
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
