"""An export in the C++ runtime against what it should answer.

Signature by signature against the Keras model's answers; then as a server
started with `--enable_batching` runs it: concurrent requests, whose rows
TensorFlow's scheduler puts into one batch, against the same requests alone.
"""

import threading
import time
from dataclasses import dataclass

import numpy as np

from tfgen.export.batching import BatchingParameters, BatchingSession
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.expected_answers import (
    TOLERANCES,
    AnswerComparison,
    ask_apart,
)
from tfgen.export.report import SchedulerReport, SignatureReport

REQUESTS = 1000
_FIRST_ROWS = 3
# Under way at a time: many for the scheduler, few enough for containers that
# limit the number of processes and threads.
_THREADS = 100
# Different requests of each signature; more would take single answers' time.
_DIFFERENT = 24
# Batches of few sizes, so that padding is checked too, and no request too
# many: what is checked is the answers.
PARAMETERS = BatchingParameters(
    max_batch_size=64,
    batch_timeout_micros=2000,
    num_batch_threads=2,
    max_enqueued_batches=64 * REQUESTS,
    allowed_batch_sizes=(1, 8, 64),
)


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
        comparison: Measures how far answers are apart.
        name: Name of the signature.
        cases: `{batch size: (inputs, expected outputs)}`.
        precision: Precision that it computes in; a key of `TOLERANCES`.
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
            name,
            ask_apart(
                lambda rows: session.run(name, **rows), largest, _FIRST_ROWS
            ),
            together,
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


def check_scheduler(
    session: BatchingSession,
    comparison: AnswerComparison,
    inputs: dict[str, dict[str, np.ndarray]],
    precisions: dict[str, str],
) -> SchedulerReport:
    """Ask 1,000 requests, 100 at a time, spread over all signatures.

    Args:
        session: The loaded version with the scheduler.
        comparison: Measures how far answers are apart.
        inputs: Rows to make requests of, by signature.
        precisions: Precision of each signature; keys of `TOLERANCES`.

    Raises:
        RuntimeError: If the threads that ask cannot be started.
    """
    generator = np.random.default_rng(0)
    kinds = [
        kind
        for name, rows in inputs.items()
        for kind in _kinds(session, generator, name, rows, precisions[name])
    ]
    requests = [kinds[i % len(kinds)] for i in range(max(REQUESTS, len(kinds)))]
    requests = [_Request(**vars(kind)) for kind in requests]
    start = time.perf_counter()
    _run_at_once(requests, session, comparison)
    milliseconds = 1000 * (time.perf_counter() - start)
    return SchedulerReport(
        requests=len(requests),
        rows=sum(map(_size, requests)),
        largest_request=max(map(_size, requests)),
        difference=max(request.difference for request in requests),
        milliseconds=milliseconds,
        problem=next((r.problem for r in requests if r.problem), ""),
    )


@dataclass
class _Request:
    signature: str
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    tolerance: float
    difference: float = 0.0
    problem: str = "no answer came"


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


def _kinds(
    session: BatchingSession,
    generator: np.random.Generator,
    name: str,
    rows: dict[str, np.ndarray],
    precision: str,
) -> list[_Request]:
    """Requests of consecutive rows, with the answers that they get alone."""
    available = len(next(iter(rows.values())))
    kinds = []
    for _ in range(_DIFFERENT):
        size = min(int(generator.choice([1, 1, 2, 3, 5, 8, 33])), available)
        first = int(generator.integers(available - size + 1))
        inputs = {
            key: array[first : first + size] for key, array in rows.items()
        }
        expected = session.session.run(name, **inputs)
        kinds.append(_Request(name, inputs, expected, TOLERANCES[precision]))
    # Once alone: at the first run, each of many at a time would prepare the
    # graph for itself.
    session.run(name, **kinds[0].inputs)
    return kinds


def _run_at_once(
    requests: list[_Request],
    session: BatchingSession,
    comparison: AnswerComparison,
) -> None:
    # All start together: the scheduler merges only what comes within its
    # timeout, and starting 100 threads takes longer than that.
    barrier = threading.Barrier(_THREADS)

    def ask(share: list[_Request]) -> None:
        try:
            barrier.wait()
        except threading.BrokenBarrierError:  # another could not be started
            return
        for request in share:
            _ask(request, session, comparison)

    threads = [
        threading.Thread(target=ask, args=(requests[i::_THREADS],), daemon=True)
        for i in range(_THREADS)
    ]
    for started, thread in enumerate(threads):
        try:
            thread.start()
        except RuntimeError:
            barrier.abort()
            raise RuntimeError(
                f"Expected to start {_THREADS} threads that ask at the same "
                f"time; the system allowed {started}. Raise the limit of "
                "processes (`ulimit -u`; of a container: `--pids-limit`)."
            ) from None
    for thread in threads:
        thread.join()


def _ask(
    request: _Request, session: BatchingSession, comparison: AnswerComparison
) -> None:
    name = request.signature
    try:
        answers = session.run(name, **request.inputs)
        request.difference = comparison.difference(
            name, request.expected, answers
        )
    except Exception as error:  # whatever it is, the thread must tell
        text = " ".join(str(error).split())
        known = isinstance(error, RuntimeError | ValueError) and text
        request.problem = text if known else repr(error)
        return
    request.problem = ""
    # Written so that NaN is a problem, too.
    if not request.difference <= request.tolerance:
        request.problem = (
            f"signature {name!r} answers differently by "
            f"{request.difference:.2g} when the scheduler merges requests; at "
            f"most {request.tolerance:.2g} was expected. Let no row depend on "
            "another (batch statistics?)."
        )


def _size(request: _Request) -> int:
    return len(next(iter(request.inputs.values())))
