"""The process behind `tfgen verify`: runs an export in the C++ runtime.

It must not import TensorFlow: the graph has to run on what a server has,
without the kernels and registrations that Python adds. `standalone.py` starts
it so, and it checks at the end that TensorFlow was indeed not imported. On
another machine it needs this folder, NumPy and TensorFlow's C++ libraries:

    python export/standalone.py verify serving/vae --library /opt/tensorflow
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from tfgen.export.answer_comparison import AnswerComparison
from tfgen.export.batching_session import BatchingSession
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.expected_answers import ExpectedAnswers
from tfgen.export.manifest import ANSWERS_FILE, read_manifest
from tfgen.export.png_reader import PngReader
from tfgen.export.report import Report
from tfgen.export.scheduler_check import PARAMETERS, check_scheduler
from tfgen.export.signature_check import check_signature
from tfgen.export.tensorflow_library import LIBRARY_VARIABLE
from tfgen.export.version_folders import list_versions


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
        comparison = AnswerComparison(PngReader(session.graph))
        cases = {
            name: answers.of(entry["endpoint"])
            for name, entry in manifest["signatures"].items()
        }
        precisions = {
            name: entry["precision"]
            for name, entry in manifest["signatures"].items()
        }
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
