"""The process that `tfgen.export.verify` starts; prints its report as JSON.

It must not import TensorFlow: its graph has to run on what a server has,
without the kernels and registrations that Python adds. But `import tfgen`
imports TensorFlow. So this file is run by its path, and puts two empty
packages in the place of `tfgen` and `tfgen.export`, the latter with the
folder of this file; then the modules below import as they always do, while no
`__init__.py` runs. At the end the process checks that TensorFlow was indeed
not imported.
"""

import json
import sys
import types
from dataclasses import asdict
from pathlib import Path


def verify_here(path: str) -> dict:
    """Check files and signatures of the version in `path`."""
    from tfgen.export.cpp_runtime import SavedModelSession
    from tfgen.export.expected_answers import ExpectedAnswers
    from tfgen.export.manifest import ANSWERS_FILE, read_manifest
    from tfgen.export.signature_check import check_signature

    manifest = read_manifest(path)
    answers = ExpectedAnswers.load(Path(path) / ANSWERS_FILE)
    with SavedModelSession(path) as session:
        signatures = manifest["signatures"]
        if set(signatures) != set(session.signatures):
            raise ValueError(
                f"{path} holds the signatures {sorted(session.signatures)}, "
                f"expected {sorted(signatures)}. Export the model again."
            )
        reports = [
            check_signature(
                session,
                name,
                answers.of(signature["endpoint"]),
                signature["precision"],
            )
            for name, signature in signatures.items()
        ]
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "The verifying process imported Python's tensorflow, so it shows "
            "nothing about a server. This is an error in tfgen; report it."
        )
    return {
        "versions": manifest["versions"],
        "signatures": [asdict(report) for report in reports],
        "tensorflow_imported": False,
    }


def _stand_in_packages() -> None:
    for name, folders in (
        ("tfgen", []),
        ("tfgen.export", [str(Path(__file__).parent)]),
    ):
        package = types.ModuleType(name)
        package.__path__ = folders
        sys.modules[name] = package


def main() -> int:
    """Print the report, or `{"error": ...}`, as the last line of stdout."""
    _stand_in_packages()
    try:
        result = verify_here(sys.argv[1])
    except (ValueError, RuntimeError, OSError) as error:
        result = {"error": " ".join(str(error).split())}
    print("\n" + json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
