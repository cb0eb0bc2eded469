import dataclasses

from tfgen.reports.strict_json import to_json
from tfgen.training.files import write_text


def write_json(path, evaluations, facts: dict) -> None:
    """Writes what was measured, for programs to read.

    Args:
        path: of the file.
        evaluations: a sequence of `Evaluation`.
        facts: what holds for all: versions, date, command, settings.
    """
    report = {**facts, "runs": [_run(one) for one in evaluations]}
    write_text(path, to_json(report) + "\n")


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
