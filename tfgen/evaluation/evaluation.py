import dataclasses
import time
from collections.abc import Callable

from tfgen.evaluation import (
    copying,
    disentanglement,
    gallery,
    likelihood,
    modes,
    sample_quality,
    tables,
)
from tfgen.evaluation.section import Section
from tfgen.evaluation.subject import Subject

PARTS = {
    "Sample quality": sample_quality,
    "Modes": modes,
    "Likelihood and latents": likelihood,
    "Table": tables,
    "Disentanglement": disentanglement,
    "Copying of training data": copying,
    "Pictures": gallery,
}


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """What was found out about a subject.

    Attributes:
        name: of the subject.
        model: one line on the model.
        data: one line on the test split.
        fingerprint: of the test split, as it is stored: only evaluations of
            the same data compare.
        sections: the parts of the report.
        seconds: that each part took, by name.
    """

    name: str
    model: str
    data: str
    fingerprint: str
    sections: tuple[Section, ...]
    seconds: dict[str, float]


def evaluate(
    subject: Subject, report: Callable[[str], None] | None = None
) -> Evaluation:
    """Measures all that the model and the data allow.

    Args:
        subject: the model and its data.
        report: called with the name of each part before it begins.

    Returns:
        An `Evaluation`.
    """
    sections, seconds = [], {}
    for name, part in PARTS.items():
        if not part.applies(subject):
            continue
        if report is not None:
            report(name.lower())
        began = time.perf_counter()
        sections.append(_measure(name, part, subject))
        seconds[name] = time.perf_counter() - began
    return Evaluation(
        subject.name,
        _describe(subject.model),
        subject.test.description,
        subject.test.unscaled().fingerprint(),
        tuple(sections),
        seconds,
    )


def _measure(name, part, subject):
    """A part that the data or the samples do not allow leaves a note."""
    try:
        return part.measure(subject)
    except (ValueError, FloatingPointError) as reason:
        return Section(name, notes=(f"Left out: {reason}",))


def _describe(model):
    return (
        f"{type(model).__name__}, {model.latent_dim} latents, "
        f"{model.count_params():,} parameters"
    )
