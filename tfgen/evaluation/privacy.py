"""What was promised to the training rows."""

from tfgen.evaluation.section import Section
from tfgen.evaluation.subject import Subject
from tfgen.metrics import Measurement
from tfgen.privacy.statement import statement


def applies(subject: Subject) -> bool:
    """Whether the model was trained with privacy."""
    model = subject.model
    private = getattr(model, "private_training", None)
    return private is not None and private.rows > 0


def measure(subject: Subject) -> Section:
    """Epsilon and delta, and what lies outside.

    By the last epoch of the history, if there is one: the epoch that is kept
    was chosen among all.
    """
    said = statement(subject.model)
    spent = [*(subject.history or {}).get("epsilon", ())]
    spent = max([said["epsilon spent"], *spent])
    kept = {"epsilon promised", "rows", "steps", "clip norm", "sampling"}
    details = {name: said[name] for name in kept | {"noise multiplier"}}
    return Section(
        "Privacy",
        (
            Measurement("epsilon", spent, "lower", details=details),
            Measurement("delta", said["delta"], "lower"),
        ),
        notes=(
            f"epsilon={said['epsilon promised']:g} at delta={said['delta']:.3g}"
            f" was promised, for {said['of']}; DP-SGD with clip norm "
            f"{said['clip norm']:g}, noise multiplier "
            f"{said['noise multiplier']:.4g}; {said['sampling']}.",
            f"Accountant: {said['accountant']}.",
            f"Switched off: {'; '.join(said['switched off'])}.",
            f"Outside the promise: {'; '.join(said['outside the promise'])}.",
        ),
    )
