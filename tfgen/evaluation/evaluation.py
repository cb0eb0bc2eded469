import dataclasses
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from tfgen import pictures
from tfgen.evaluation import (
    copying,
    detection,
    latents,
    privacy,
    sample_quality,
    tables,
)
from tfgen.evaluation.samples import Samples
from tfgen.evaluation.section import Section
from tfgen.evaluation.subject import Subject
from tfgen.evaluation.verdicts import verdict
from tfgen.metrics.encoder_inputs import posterior_family
from tfgen.pictures import examples
from tfgen.reports.strict_json import to_json
from tfgen.training.files import write_text


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """What was found out about a subject.

    Attributes:
        name: of the subject.
        model: one line on the model, or on the samples.
        data: one line on the test split.
        fingerprint: of the test split, as it is stored: only evaluations of
            the same data compare.
        sections: the parts of the report.
        seconds: that each part took, by name.

    Example:
    >>> section = tfgen.evaluation.Section("Modes", notes=("Left out: ...",))
    >>> found = tfgen.evaluation.Evaluation(
    ...     "run", "VAE, 2 latents", "300 points", "9f3a", (section,), {}
    ... )
    >>> [section.title for section in found.sections]
    ['Modes']
    """

    name: str
    model: str
    data: str
    fingerprint: str
    sections: tuple[Section, ...]
    seconds: dict[str, float]


def evaluate(
    subject: Subject | Samples, report: Callable[[str], None] | None = None
) -> Evaluation:
    """Measures all that the model and the data allow.

    Args:
        subject: a model and its data, or samples from anywhere.
        report: called with the name of each part before it begins.

    Returns:
        An `Evaluation`. A part that the data or the samples do not allow has
        a note instead of numbers.

    Example:
    >>> rows = tfgen.data.load("iris")
    >>> vae = tfgen.build("vae", input_shape=(4,), network="mlp", seed=0)
    >>> few = [rows.take(n) for n in (30, 3, 4)]
    >>> subject = tfgen.evaluation.Subject(vae, *few, repeats=1, k=2)
    >>> parts = []
    >>> found = tfgen.evaluation.evaluate(subject, parts.append)
    >>> parts[0], found.sections[0].notes
    ('sample quality', ('Left out: 3 examples are too few, 6 are needed.',))
    """
    sections, seconds = [], {}
    for name, (applies, measure) in PARTS.items():
        if not applies(subject):
            continue
        if report is not None:
            report(name.lower())
        began = time.perf_counter()
        sections.append(_measured(name, measure, subject))
        seconds[name] = time.perf_counter() - began
    return Evaluation(
        subject.name,
        subject.description,
        subject.test.description,
        subject.test.unscaled().fingerprint(),
        tuple(sections),
        seconds,
    )


def write_json(
    path: str | pathlib.Path,
    evaluations: Sequence[Evaluation],
    facts: dict[str, Any],
) -> None:
    """Writes what was measured, for programs to read.

    Args:
        path: of the file.
        evaluations: what to write.
        facts: what holds for all: versions, date, command, settings.

    Example:
    >>> tfgen.evaluation.write_json("report.json", [], {"seed": 0})
    >>> print(pathlib.Path("report.json").read_text())
    {
      "seed": 0,
      "runs": []
    }
    """
    runs = [
        {**vars(one), "sections": [_numbers(part) for part in one.sections]}
        for one in evaluations
    ]
    write_text(path, to_json({**facts, "runs": runs}) + "\n")


def _numbers(section):
    """All of a section but its pictures."""
    return {
        "title": section.title,
        "measurements": [vars(one) for one in section.measurements],
        "notes": section.notes,
        "verdict": section.verdict,
    }


def _measured(name, measure, subject):
    """A part that the data or the samples do not allow leaves a note."""
    try:
        found = measure(subject)
        said = verdict(
            found.title, found.measurements, _of_no_use(subject.model)
        )
        return dataclasses.replace(found, verdict=said)
    except (ValueError, FloatingPointError) as reason:
        return Section(name, notes=(f"Left out: {reason}",))


def _of_no_use(model):
    """Advice that a model cannot follow; None for samples from anywhere."""
    has_discriminator = getattr(model, "has_discriminator", False)
    found = ["adversary"] if has_discriminator else []
    if not getattr(model, "encodes", False):
        return [*found, "prior"]
    if model.privacy is not None or posterior_family(model).latent_dims:
        found.append("prior")
    if not has_discriminator:
        found.append("vae")
    learns_scale = getattr(model.likelihood, "trainable_variables", ())
    return found if learns_scale else [*found, "fixed scale"]


def _pictures(subject):
    """Pictures of what the model makes, and of how its training went."""
    model, test = subject.model, subject.test
    if model is None:
        return Section("Pictures", pictures=subject.pictures())
    shown = {}
    if examples.can_show(model):
        if subject.is_image:
            images, _ = examples.fixed_rows(test, 64, subject.seed)
            value_range = examples.picture_range(model, test)
            shown["data"] = pictures.image_grid(images, value_range=value_range)
        shown.update(pictures.gallery(model, test, seed=subject.seed))
        if subject.is_image and hasattr(model, "interpolate"):
            shown["interpolations"] = pictures.interpolations_picture(
                model, test, seed=subject.seed
            )
    if subject.history:
        shown["losses"] = pictures.loss_plot(subject.history)
    return Section("Pictures", pictures=shown)


PARTS = {
    "Sample quality": (lambda subject: True, sample_quality.measure),
    "Modes": (sample_quality.has_known_modes, sample_quality.measure_modes),
    "Likelihood and latents": (
        lambda subject: subject.encodes,
        latents.measure_likelihood,
    ),
    "Table": (lambda subject: subject.test.kind == "table", tables.measure),
    "Detection": (detection.applies, detection.measure),
    "Privacy": (privacy.applies, privacy.measure),
    "Disentanglement": (
        lambda subject: subject.encodes and subject.test.factors is not None,
        latents.measure_disentanglement,
    ),
    "Copying of training data": (
        lambda subject: subject.model is not None,
        copying.measure,
    ),
    "Pictures": (
        lambda subject: (
            subject.model is None
            or examples.can_show(subject.model)
            or subject.history
        ),
        _pictures,
    ),
}
"""Whether a part applies to a subject, and what gives its `Section`."""
