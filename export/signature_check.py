"""One signature in the C++ runtime against the Keras model's answers."""

import time

import numpy as np

from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.report import SignatureReport

# Relative to the largest answer. The kernels are the same as in Python; what
# differs is how the graph was optimised. Half precisions keep 8 and 11 bits.
TOLERANCES = {"float32": 1e-5, "float16": 5e-3, "bfloat16": 5e-2}


def check_signature(
    session: SavedModelSession,
    name: str,
    cases: dict[int, tuple[dict, dict]],
    precision: str,
) -> SignatureReport:
    """Run a signature and compare what it answers.

    Args:
        session: The loaded version.
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
            differences[batch] = _compare(name, expected, answers)
        largest = cases[max(cases)][0]
        start = time.perf_counter()
        together = session.run(name, **largest)
        milliseconds = 1000 * (time.perf_counter() - start)
        row_difference = _compare(
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
    """Run the first three rows and the rest by themselves, and join them."""
    parts = [
        session.run(name, **{key: value[rows] for key, value in inputs.items()})
        for rows in (slice(None, 3), slice(3, None))
    ]
    return {
        key: np.concatenate([part[key] for part in parts]) for key in parts[0]
    }


def _compare(name: str, expected: dict, answers: dict) -> float:
    """Return the largest difference, relative where answers exceed 1."""
    if set(expected) != set(answers):
        raise ValueError(
            f"signature {name!r} has the outputs {sorted(answers)}, expected "
            f"{sorted(expected)}."
        )
    largest = 0.0
    for key, wanted in expected.items():
        got = answers[key]
        if wanted.shape != got.shape:
            raise ValueError(
                f"signature {name!r} answers {key!r} in the shape "
                f"{got.shape}, expected {wanted.shape}."
            )
        # An infinite answer is right if the model gives it too.
        same = wanted == got
        finite = wanted[np.isfinite(wanted)]
        scale = max(1.0, np.abs(finite).max(initial=0.0))
        difference = np.abs(
            np.where(same, 0.0, wanted.astype("float64") - got)
        ).max(initial=0.0)
        largest = max(largest, _no_nan(float(difference / scale)))
    return largest


def _no_nan(difference: float) -> float:
    return float("inf") if np.isnan(difference) else difference


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
        return (
            f"signature {name!r} answers differently by {row_difference:.2g} "
            "when 8 rows come as 3 and 5; a server mixes rows of many "
            "clients. Let no row depend on another (batch statistics?)."
        )
    return ""
