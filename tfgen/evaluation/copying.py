"""Whether samples are copies of the training data."""

from tfgen import metrics, pictures
from tfgen.evaluation.explanations import title
from tfgen.evaluation.section import Section
from tfgen.metrics import Measurement

TESTS = {
    "copying_test": metrics.copying_test,
    "authenticity": metrics.authenticity,
}


def applies(subject) -> bool:
    """Always."""
    return True


def measure(subject) -> Section:
    """The tests of copying, in the features that quality is measured in."""
    train = subject.features(subject.training_examples)
    held_out = subject.features(subject.some(subject.test)[0])
    generated = subject.features(subject.samples(0))
    found, notes, excess = [], [], None
    for name, test in TESTS.items():
        try:
            result = test(train, held_out, generated)
        except ValueError as reason:
            notes.append(f"Left out: {reason}")
            continue
        found.append(_measurement(name, result))
        excess = result.excess
        if result.copies:
            notes.append(
                f"Samples copy training data, by {title(name)}: look at the "
                "nearest neighbours."
            )
    if excess is not None:
        found.append(_measurement("training_excess", excess))
        if len(found) > len(TESTS) and not notes:
            notes.append("No sign of copying.")
    picture = pictures.nearest_neighbours_picture(
        subject.model, subject.train, seed=subject.seed
    )
    return Section(
        "Copying of training data",
        tuple(found),
        {"nearest_neighbours": picture},
        tuple(notes),
    )


def _measurement(name, result):
    """The reference of a test is what held-out data or chance would score."""
    return Measurement(
        name,
        result.value,
        spread=result.standard_error,
        spread_of="a model that does not copy",
        floor=getattr(result, "reference", 0.0),
        details={
            "num_train": result.num_train,
            "num_real": result.num_held_out,
            "num_generated": result.num_generated,
            "reference": "test split",
        },
    )
