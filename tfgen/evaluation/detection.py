"""How well a model tells what is odd."""

import numpy as np

from tfgen.detection import Detection, Detector, detection_quality
from tfgen.evaluation.section import Section, of_test_split
from tfgen.evaluation.subject import Subject
from tfgen.metrics import Measurement


def applies(subject: Subject) -> bool:
    """Whether it is a detector, or odd rows are known."""
    model = subject.model
    return model is not None and (
        subject.odd is not None or model.held_out_scores is not None
    )


def measure(subject: Subject) -> Section:
    """Alarms among rows of the test split, and among odd ones.

    By the held-out rows that the model keeps, else by the validation split.
    """
    detector = _detector(subject)
    parts = [detector.detect(subject.test)]
    if subject.odd:  # of few rows none may be in the test split
        parts.append(detector.detect(subject.odd))
    found = Detection(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("score", "p_value", "is_odd")
        )
    )
    is_odd = np.repeat([False, True][: len(parts)], [*map(_rows, parts)])
    quality = detection_quality(found, is_odd)
    details = {
        "measure": detector.words,
        "alpha": detector.alpha,
        "held_out": detector.num_held_out,
        **of_test_split(len(subject.test)),
    }
    low, high = detector.rate_interval()
    note = (
        f"By {detector.num_held_out:,} held-out rows the rate of false alarms "
        f"at alpha {detector.alpha:g} is {low:.2%} to {high:.2%} (95%)."
    )
    return Section(
        "Detection", tuple(_measurements(quality, details)), notes=(note,)
    )


def _detector(subject):
    model = subject.model
    if model.held_out_scores is not None:
        return Detector.of(model)
    return Detector.of_preset(
        subject.preset, model, subject.validation, lambda _: subject.train
    )


def _rows(detection):
    return len(detection.score)


def _measurements(quality, details):
    yield _rate("false_alarm_rate", quality.false_alarms, None, details)
    if quality.found is None:
        return
    details = details | {"odd": quality.found.rows}
    yield _rate("odd_rows_found", quality.found, "higher", details)
    for name in ("auroc", "average_precision"):
        value = getattr(quality, name)
        yield Measurement(name, value, "higher", details=details)


def _rate(name, rate, better, details):
    share = rate.count / rate.rows
    return Measurement(
        name,
        share,
        better,
        spread=(share * (1 - share) / rate.rows) ** 0.5,
        spread_of=f"{rate.rows} rows",
        details=details,
    )
