"""One signature in the C++ runtime against the Keras model's answers."""

import time

import numpy as np

from tfgen.export.answer_comparison import AnswerComparison
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.report import SignatureReport

# Relative to the largest answer. The kernels are the same as in Python; what
# differs is how the graph was optimised. Half precisions keep 8 and 11 bits.
TOLERANCES = {"float32": 1e-5, "float16": 5e-3, "bfloat16": 5e-2}
_FIRST_ROWS = 3


def check_signature(
    session: SavedModelSession,
    comparison: AnswerComparison,
    name: str,
    cases: dict[int, tuple[dict, dict]],
    precision: str,
) -> SignatureReport:
    """Run a signature and compare what it answers.

    Args:
        session: The loaded version.
        comparison: What the answers are compared by.
        name: Of the signature.
        cases: `{batch size: (inputs, expected outputs)}`.
        precision: What the signature computes in; a key of `TOLERANCES`.
    """
    description = session.signatures[name]
    tolerance = TOLERANCES[precision]
    differences = {}
    row_difference = milliseconds = 0.0
    try:
        for batch, (inputs, expected) in cases.items():
            answers = session.run(name, **inputs)
            differences[batch] = comparison.difference(name, expected, answers)
        largest = cases[max(cases)][0]
        start = time.perf_counter()
        together = session.run(name, **largest)
        milliseconds = 1000 * (time.perf_counter() - start)
        row_difference = comparison.difference(
            name, _run_apart(session, name, largest), together
        )
        problem = _problem(name, differences, row_difference, tolerance)
    except (RuntimeError, ValueError) as error:
        problem = " ".join(str(error).split())
    return SignatureReport(
        name=name,
        inputs={key: str(info) for key, info in description.inputs.items()},
        outputs={key: str(info) for key, info in description.outputs.items()},
        batches=tuple(differences),
        difference=max(differences.values(), default=0.0),
        row_difference=row_difference,
        tolerance=tolerance,
        milliseconds=milliseconds,
        problem=problem,
    )


def _run_apart(session: SavedModelSession, name: str, inputs: dict) -> dict:
    """Run the first rows and the rest by themselves, and join them."""
    parts = [
        session.run(name, **{key: value[rows] for key, value in inputs.items()})
        for rows in (slice(None, _FIRST_ROWS), slice(_FIRST_ROWS, None))
    ]
    return {
        key: np.concatenate([part[key] for part in parts]) for key in parts[0]
    }


def _problem(
    name: str,
    differences: dict[int, float],
    row_difference: float,
    tolerance: float,
) -> str:
    for batch, difference in differences.items():
        if difference > tolerance:
            return (
                f"signature {name!r} differs from the Keras model by "
                f"{difference:.2g} at batch {batch}; at most {tolerance:.2g} "
                "was expected. Export the model again."
            )
    if row_difference > tolerance:
        rows = max(differences)
        return (
            f"signature {name!r} answers differently by {row_difference:.2g} "
            f"when {rows} rows come as {_FIRST_ROWS} and {rows - _FIRST_ROWS}; "
            "a server mixes rows of many clients. Let no row depend on another "
            "(batch statistics?)."
        )
    return ""
