"""How likely the test split is, what latents carry, and which factors."""

from collections.abc import Iterable
from functools import partial

from tfgen import metrics
from tfgen.evaluation.section import Section, collected, of_test_split
from tfgen.evaluation.subject import Subject
from tfgen.metrics import Measurement
from tfgen.metrics.latent_use import has_gaussian_posterior
from tfgen.models import GenerativeModel

NATS = "nats"


def measure_likelihood(subject: Subject) -> Section:
    """Bounds of the likelihood, and the KL term by what it pays for."""
    parts = (partial(part, subject) for part in (_bounds, _bits, _latents))
    return collected("Likelihood and latents", parts)


def measure_disentanglement(subject: Subject) -> Section:
    """Scores of the posterior means."""
    model, test = subject.model, subject.test
    x, labels = test.arrays()
    latents = model.encode(x, subject.labels(labels))
    gap = metrics.mutual_information_gap(latents, test.factors)
    separated = metrics.separated_attribute_predictability(
        latents, test.factors
    )
    parts = metrics.dci(latents, test.factors, seed=subject.seed)
    values = {
        "mutual_information_gap": gap.value,
        "separated_attribute_predictability": separated.value,
        "dci_disentanglement": parts.disentanglement,
        "dci_completeness": parts.completeness,
        "dci_informativeness": parts.informativeness,
    }
    return Section(
        "Disentanglement",
        tuple(
            Measurement(
                name, float(value), "higher", details=of_test_split(len(x))
            )
            for name, value in values.items()
        ),
    )


def _bounds(subject):
    x, labels = _likelihood_rows(subject)
    if _levels(subject.model) == 2:
        x = metrics.binarized(x)
    for k in dict.fromkeys((1, subject.k)):
        bound = metrics.importance_weighted_bound(
            subject.model, x, labels, k=k, seed=subject.seed
        )
        yield _over_examples(
            "negative_elbo" if k == 1 else "negative_log_likelihood",
            -bound.mean,
            bound.standard_error,
            len(x),
            better="lower",
            details={
                "k": k,
                **of_test_split(len(x)),
                "likelihood of": _space(subject.model),
            },
        )


def _bits(subject):
    """Bits of images of 8 bits; a Bernoulli's data have one bit."""
    if not subject.is_image or _levels(subject.model) == 2:
        return
    x, labels = _likelihood_rows(subject)
    bits = metrics.bits_per_dimension(
        subject.model,
        x,
        labels,
        k=subject.k,
        seed=subject.seed,
        data_range=subject.test.value_range,
    )
    yield _over_examples(
        "bits_per_dimension",
        bits.mean,
        bits.standard_error,
        len(x),
        better="lower",
        unit="bits",
        details={"k": subject.k, **of_test_split(len(x))},
    )


def _latents(subject) -> Iterable[Measurement]:
    x, labels = subject.some(subject.test)
    labels = subject.labels(labels)
    details = of_test_split(len(x))
    if has_gaussian_posterior(subject.model):
        yield from _kl_parts(subject, x, labels, details)
    units = metrics.active_units(subject.model, x, labels)
    yield Measurement(
        "active_units",
        units.count,
        unit=f"of {subject.model.latent_dim}",
        details={"threshold": units.threshold, **details},
    )


def _kl_parts(subject, x, labels, details):
    terms = metrics.kl_decomposition(
        subject.model, x, labels, seed=subject.seed
    )
    yield Measurement("kl", terms.kl, unit=NATS, details=details)
    for name, error in terms.standard_errors.items():
        value = getattr(terms, name)
        yield _over_examples(name, value, error, terms.n, details=details)


def _over_examples(name, value, error, count, unit=NATS, **rest):
    spread_of = f"{count} examples"
    return Measurement(
        name, value, spread=error, spread_of=spread_of, unit=unit, **rest
    )


def _likelihood_rows(subject):
    x, labels = subject.some(subject.test, subject.likelihood_rows)
    return x, subject.labels(labels)


def _levels(model: GenerativeModel):
    likelihood = getattr(model, "likelihood", None)
    return getattr(likelihood, "levels", None)


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
