"""Checking an export in the C++ runtime that TensorFlow Serving uses.

`verify` starts a process, and `verify_here` is what it does. The process must
not import TensorFlow: the graph has to run on what a server has, without the
kernels and registrations that Python adds. `standalone.py` starts it so, and
it checks at the end that TensorFlow was indeed not imported. On another
machine it needs this folder, NumPy and TensorFlow's C++ libraries:

    python export/standalone.py verify serving/vae --library /opt/tensorflow
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tfgen.export.batching import BatchingSession
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.expected_answers import (
    AnswerComparison,
    ExpectedAnswers,
    PngReader,
    rounding_steps,
)
from tfgen.export.manifest import ANSWERS_FILE, read_manifest
from tfgen.export.report import (
    Report,
    SchedulerReport,
    SignatureReport,
    VerificationError,
)
from tfgen.export.runtime_checks import (
    PARAMETERS,
    check_scheduler,
    check_signature,
)
from tfgen.export.standalone import process_command
from tfgen.export.tensorflow_library import LIBRARY_VARIABLE
from tfgen.export.version_folders import list_versions


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

    Example:
    >>> gan = tfgen.build("gan", input_shape=(3,), latent_dim=2)
    >>> report = verify(tfgen.export.export_saved_model(gan, "serving/gan"))
    >>> report.problems
    []
    """
    result = _run_process(Path(path), timeout)
    if "error" in result:
        raise ValueError(result["error"])
    report = _to_report(result)
    if report.problems:
        raise VerificationError(report)
    return report


def verify_here(path: Path) -> Report:
    """Check files, signatures and merged requests of a version.

    Args:
        path: `BASE/N`, or `BASE` for its newest version.

    Raises:
        ValueError: If the version is missing, incomplete or altered.
        RuntimeError: If the C++ loader refuses it.
    """
    path, note = _find_version(path)
    manifest = read_manifest(path)
    answers = ExpectedAnswers.load(path / ANSWERS_FILE)
    with SavedModelSession(path) as session:
        _check_names(path, manifest, session)
        comparison = AnswerComparison(
            PngReader(session.graph), rounding_steps(manifest.get("detector"))
        )
        cases, precisions = {}, {}
        for name, entry in manifest["signatures"].items():
            cases[name] = answers.of(entry["endpoint"])
            precisions[name] = entry["precision"]
        # Now, for operations cannot be added after the first run.
        batching = BatchingSession(session, PARAMETERS)
        signatures = tuple(
            check_signature(session, comparison, name, cases[name], precision)
            for name, precision in precisions.items()
        )
        scheduler = None
        if not any(signature.problem for signature in signatures):
            rows = {name: case[max(case)][0] for name, case in cases.items()}
            scheduler = check_scheduler(batching, comparison, rows, precisions)
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "The verifying process imported Python's tensorflow, so it shows "
            "nothing about a server. This is an error in tfgen; report it."
        )
    return Report(path, manifest["versions"], signatures, scheduler, note)


def main(arguments: list[str]) -> int:
    """Print the report as a table, or everything as one line of JSON."""
    parser = argparse.ArgumentParser("standalone.py verify")
    parser.add_argument("path", type=Path, metavar="BASE/N")
    parser.add_argument("--library", help="folder of libtensorflow_cc.so.2")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.library:
        os.environ[LIBRARY_VARIABLE] = options.library
    if options.json:
        print("\n" + json.dumps(_as_json(options.path)))
        return 0
    report = verify_here(options.path)
    print(report)
    if report.problems:
        raise ValueError(report.problems[0])
    return 0


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


def _as_json(path: Path) -> dict:
    try:
        report = verify_here(path)
    except (ValueError, RuntimeError, OSError) as error:
        return {"error": " ".join(str(error).split())}
    return {**asdict(report), "path": str(report.path)}


def _check_names(
    path: Path, manifest: dict, session: SavedModelSession
) -> None:
    signatures = manifest["signatures"]
    if set(signatures) != set(session.signatures):
        raise ValueError(
            f"{path} holds the signatures {sorted(session.signatures)}, "
            f"expected {sorted(signatures)}. Export the model again."
        )


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
