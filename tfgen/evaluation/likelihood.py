"""How likely the test split is, and what the latents carry."""

from tfgen import metrics
from tfgen.evaluation.section import Section
from tfgen.metrics import Measurement

TITLE = "Likelihood and latents"
NATS = "nats"


def applies(subject) -> bool:
    """Whether the model encodes."""
    return "encode" in subject.model.endpoints()


def measure(subject) -> Section:
    """Bounds of the likelihood, and the KL term by what it pays for."""
    found, notes = [], []
    for part in (_bounds, _bits, _latents):
        try:
            found += part(subject)
        except ValueError as reason:
            notes.append(f"Left out: {reason}")
    return Section(TITLE, tuple(found), notes=tuple(notes))


def _bounds(subject):
    x, labels = subject.some(subject.test, subject.likelihood_rows)
    labels = subject.labels(labels)
    if _levels(subject.model) == 2:
        x = metrics.binarized(x)
    found = []
    for k in dict.fromkeys((1, subject.k)):
        bound = metrics.importance_weighted_bound(
            subject.model, x, labels, k=k, seed=subject.seed
        )
        found.append(
            Measurement(
                "negative_elbo" if k == 1 else "negative_log_likelihood",
                -bound.mean,
                "lower",
                spread=bound.standard_error,
                spread_of=f"{len(x)} examples",
                unit=NATS,
                details={
                    "k": k,
                    "num_real": len(x),
                    "reference": "test split",
                    "likelihood of": _space(subject.model),
                },
            )
        )
    return found


def _bits(subject):
    """Of images of 8 bits; a Bernoulli's data have one bit."""
    if not subject.is_image or _levels(subject.model) == 2:
        return []
    x, labels = subject.some(subject.test, subject.likelihood_rows)
    bits = metrics.bits_per_dimension(
        subject.model,
        x,
        subject.labels(labels),
        k=subject.k,
        seed=subject.seed,
        data_range=subject.test.value_range,
    )
    return [
        Measurement(
            "bits_per_dimension",
            bits.mean,
            "lower",
            spread=bits.standard_error,
            spread_of=f"{len(x)} examples",
            unit="bits",
            details={
                "k": subject.k,
                "num_real": len(x),
                "reference": "test split",
            },
        )
    ]


def _latents(subject):
    x, labels = subject.some(subject.test)
    labels = subject.labels(labels)
    terms = metrics.kl_decomposition(
        subject.model, x, labels, seed=subject.seed
    )
    details = {"num_real": terms.n, "reference": "test split"}
    found = [Measurement("kl", terms.kl, unit=NATS, details=details)]
    for name, error in terms.standard_errors.items():
        found.append(
            Measurement(
                name,
                getattr(terms, name),
                spread=error,
                spread_of=f"{terms.n} examples",
                unit=NATS,
                details=details,
            )
        )
    units = metrics.active_units(subject.model, x, labels)
    found.append(
        Measurement(
            "active_units",
            units.count,
            unit=f"of {subject.model.latent_dim}",
            details={"threshold": units.threshold, **details},
        )
    )
    return found


def _levels(model):
    return getattr(getattr(model, "likelihood", None), "levels", None)


def _space(model):
    """What the likelihood is of: only those of the same compare."""
    levels = _levels(model)
    if levels == 2:
        return "images binarised once, seed 777"
    if levels is not None:
        return f"{levels} grey values"
    if model.data_range is None:
        return "real numbers, a density"
    low, high = model.data_range
    return f"values from {low:g} to {high:g}, a density"
