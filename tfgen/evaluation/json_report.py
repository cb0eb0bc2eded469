import dataclasses
import json
import math

from tfgen.training.files import write_text


def write_json(path, evaluations, facts: dict) -> None:
    """Writes what was measured, for programs to read.

    Args:
        path: of the file.
        evaluations: a sequence of `Evaluation`.
        facts: what holds for all: versions, date, command, settings.
    """
    report = {**facts, "runs": [_run(one) for one in evaluations]}
    text = json.dumps(_plain(report), indent=2, allow_nan=False)
    write_text(path, text + "\n")


def _run(evaluation):
    return {
        "name": evaluation.name,
        "model": evaluation.model,
        "data": evaluation.data,
        "fingerprint": evaluation.fingerprint,
        "seconds": evaluation.seconds,
        "sections": [
            {
                "title": section.title,
                "measurements": [
                    dataclasses.asdict(one) for one in section.measurements
                ],
                "notes": section.notes,
            }
            for section in evaluation.sections
        ],
    }


def _plain(value):
    """Numbers that JSON has; those that are not finite become null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
