"""Whether single latents stand for the known factors of the data."""

from tfgen import metrics
from tfgen.evaluation.section import Section
from tfgen.metrics import Measurement


def applies(subject) -> bool:
    """Whether the data have known factors and the model encodes."""
    encodes = "encode" in subject.model.endpoints()
    return encodes and subject.test.factors is not None


def measure(subject) -> Section:
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
    details = {"num_real": len(x), "reference": "test split"}
    return Section(
        "Disentanglement",
        tuple(
            Measurement(name, float(value), "higher", details=details)
            for name, value in values.items()
        ),
    )
