"""Findings of the verification of an export."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SignatureReport:
    """One signature in the C++ runtime.

    Attributes:
        name: Name of the signature.
        inputs: Type and shape by name, such as `"float32(n, 8, 8, 1)"`.
        outputs: The same for the outputs.
        batches: Batch sizes that were compared.
        difference: Largest absolute difference from the Keras model's
            answers, divided by the largest answer where that exceeds 1.
        row_difference: The same between rows asked together and apart.
        tolerance: The most that both may be.
        milliseconds: Time of the second call at the largest batch.
        problem: The failure in a line; empty if there is none.

    Example:
    >>> shapes = {"seed": "int64(n)"}, {"x": "float32(n, 8, 8, 1)"}
    >>> signature = SignatureReport("generate", *shapes, batches=(1, 3))
    >>> signature.batches, signature.problem
    ((1, 3), '')
    """

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    batches: tuple[int, ...] = ()
    difference: float = 0.0
    row_difference: float = 0.0
    tolerance: float = 0.0
    milliseconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class SchedulerReport:
    """Concurrent requests, merged into batches, against the same ones alone.

    Attributes:
        requests: How many were asked, 100 at a time.
        rows: How many rows they had together.
        largest_request: Rows of the longest; the shortest had one.
        difference: Largest absolute difference, divided by the largest answer
            where that exceeds 1.
        milliseconds: Until all were answered.
        problem: The failure in a line; empty if there is none.

    Example:
    >>> print(SchedulerReport(1000, 7000, 33, 0.0, 250.0))
    scheduler: 1,000 concurrent requests of 1 to 33 rows, merged, against
    single ones: difference 0.0e+00, 250 ms  ok
    """

    requests: int
    rows: int
    largest_request: int
    difference: float
    milliseconds: float
    problem: str = ""

    def __str__(self) -> str:
        return (
            f"scheduler: {self.requests:,} concurrent requests of 1 to "
            f"{self.largest_request} rows, merged, against single ones: "
            f"difference {self.difference:.1e}, {self.milliseconds:.0f} ms  "
            f"{'FAILED' if self.problem else 'ok'}"
        )


@dataclass(frozen=True)
class Report:
    """Findings of `verify` about a version; `str(report)` is a table.

    Attributes:
        path: The version's folder.
        versions: tfgen, TensorFlow and Keras that wrote it, by name.
        signatures: One entry each.
        scheduler: Requests merged into batches; None if signatures failed
            already.
        note: A remark for the reader, such as which version was taken.

    Example:
    >>> shapes = {"seed": "int64(n)"}, {"x": "float32(n, 2)"}
    >>> signature = SignatureReport("generate", *shapes, batches=(1, 3))
    >>> print(Report(Path("serving/vae/1"), {}, (signature,)))
    signature  inputs         outputs          batches  difference  ms   result
    generate   seed:int64(n)  x:float32(n, 2)  1 3      0.0e+00     0.0  ok
    """

    path: Path
    versions: dict[str, str]
    signatures: tuple[SignatureReport, ...]
    scheduler: SchedulerReport | None = None
    note: str = ""

    @property
    def problems(self) -> list[str]:
        """One line for each part that failed."""
        parts = (*self.signatures, self.scheduler)
        return [part.problem for part in parts if part and part.problem]

    def __str__(self) -> str:
        header = (
            "signature",
            "inputs",
            "outputs",
            "batches",
            "difference",
            "ms",
            "result",
        )
        rows = [header, *(_row(s) for s in self.signatures)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width)
                for cell, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in rows
        ]
        if self.scheduler:
            lines.append(str(self.scheduler))
        return "\n".join([*([self.note] if self.note else []), *lines])


class VerificationError(ValueError):
    """An export that does not answer as the model did.

    Args:
        report: The findings, with at least one problem.

    Attributes:
        report: The same; `str(report)` is the whole table.

    Example:
    >>> bad = SignatureReport("decode", {}, {}, problem="decode is off by 0.1")
    >>> print(VerificationError(Report(Path("serving/vae/1"), {}, (bad,))))
    serving/vae/1 failed verification: decode is off by 0.1
    """

    def __init__(self, report: Report):
        super().__init__(
            f"{report.path} failed verification: {report.problems[0]}"
        )
        self.report = report


def _row(signature: SignatureReport) -> tuple[str, ...]:
    return (
        signature.name,
        _join(signature.inputs),
        _join(signature.outputs),
        " ".join(map(str, signature.batches)),
        f"{max(signature.difference, signature.row_difference):.1e}",
        f"{signature.milliseconds:.1f}",
        "FAILED" if signature.problem else "ok",
    )


def _join(tensors: dict[str, str]) -> str:
    return " ".join(f"{name}:{text}" for name, text in tensors.items())
