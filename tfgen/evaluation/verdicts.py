"""What a part's numbers mean: how good, why, and what to try.

Limits are rules of thumb against real data in the samples' place (the floor),
not tests; they stand here once, so that a reader can look them up.
"""

from collections.abc import Collection, Mapping

from tfgen.metrics import Measurement

GOOD, FAIR, POOR = "good", "fair", "poor"

Found = Mapping[str, Measurement]


_NEW_PRIOR = "give it the prior of its latents (tfgen fit-prior RUN), "
_ADVERSARY, _WIDER = "take a GAN or a VAE-GAN", "take a wider network"
_VAE = "take a VAE by its defaults"
_FIXED_SCALE = "take a likelihood with a fixed scale"
ADVICE = {
    "prior": (_NEW_PRIOR, ""),
    "adversary": (_ADVERSARY, _WIDER),
    "vae": (_VAE, _WIDER),
    "fixed scale": (_FIXED_SCALE, _WIDER),
}
"""What is said instead where advice is of no use to a model, by a name."""


def verdict(
    title: str,
    measurements: tuple[Measurement, ...],
    without: Collection[str] = (),
) -> str:
    """How good a part is, why, and what to try; "" where nobody can say.

    Args:
        title: of the part.
        measurements: its numbers.
        without: advice that is of no use to the model, by `ADVICE`.

    Example:
    >>> kl = tfgen.metrics.Measurement("kl", 0.02)
    >>> active = tfgen.metrics.Measurement("active_units", 0)
    >>> verdict("Likelihood and latents", (kl, active))[:31]
    'poor: the latents carry nothing'
    """
    found = {one.name: one for one in measurements}
    rule = RULES.get(title)
    said = rule(found) if rule and found else ""
    for name in without:
        said = said.replace(*ADVICE[name])
    return said


def _sample_quality(found: Found) -> str:
    """By the Frechet distance, and precision and recall for the reason."""
    if "frechet_distance" not in found:
        return ""
    distance = found["frechet_distance"]
    times = distance.value / max(distance.floor, 1e-12)
    said = f"{times:.1f} times the Frechet distance of real data"
    if times <= 2:
        return f"{GOOD}: {said}."
    level = FAIR if times <= 10 else POOR
    return f"{level}: {said}; {_reason(found)}."


def _reason(found):
    off = _far_below(found, "precision")
    few = _far_below(found, "recall")
    if off and few:
        return (
            f"samples lie off the data and cover a part of it: {_NEW_PRIOR}"
            f"train longer, or {_WIDER}"
        )
    if off:
        return (
            f"samples lie off the data: {_NEW_PRIOR}train longer, or "
            f"{_ADVERSARY}"
        )
    if few:
        return (
            "samples cover a part of the data: take more latents, another "
            "adversarial loss, or a VAE-GAN"
        )
    return "samples lie among the data, at other shares: train longer"


def _far_below(found, name):
    one = found.get(name)
    return one is not None and one.value < 0.7 * one.floor


def _modes(found: Found) -> str:
    modes, within = found["modes_found"], found["good_samples"]
    of_all = modes.details.get("modes", modes.floor)
    said = f"{modes.value:.4g} of {of_all:.4g} modes, {within.value:.0%} near"
    if modes.value >= of_all and within.value >= 0.9:
        return f"{GOOD}: {said}."
    level = FAIR if modes.value >= 0.9 * of_all else POOR
    return f"{level}: {said}; train longer, or pack the discriminator."


def _likelihood(found: Found) -> str:
    kl, active = found.get("kl"), found.get("active_units")
    if kl is None or active is None:
        return ""
    if kl.value < 0.5 or not active.value:
        return (
            f"{POOR}: the latents carry nothing of an example "
            f"({kl.value:.2g} nats, {active.value:.0f} active units): lower "
            f"beta or warm it up, set free bits, or {_FIXED_SCALE}."
        )
    share = kl.value / active.value
    return (
        f"{GOOD}: {active.value:.0f} latents in use carry {kl.value:.3g} nats, "
        f"{share:.2g} each."
    )


def _table(found: Found) -> str:
    """By what a classifier can tell, and by what the rows teach."""
    reasons, level = [], GOOD
    if told := found.get("detection_score"):
        # Few real rows are told from one another by chance.
        chance = max((told.floor or 0.5) - 0.5, 0.0)
        level = _level(told.value - chance, 0.65, 0.85)
        of_real = f" (real ones at {told.floor:.2f})" if told.floor else ""
        reasons.append(
            f"a classifier tells rows apart at {told.value:.2f}{of_real}"
        )
    if use := found.get("train_on_synthetic"):
        share = use.value / use.floor if use.floor > 0 else 1.0
        if share < 0.8:
            level = POOR if share < 0.5 else max(level, FAIR, key=_rank)
        reasons.append(f"they teach {share:.0%} of what real rows teach")
    if not reasons:
        return ""
    said = f"{level}: {' and '.join(reasons)}"
    if level == GOOD:
        return f"{said}."
    return f"{said}: look which columns differ, train longer, or {_VAE}."


def _disentanglement(found: Found) -> str:
    gap = found["mutual_information_gap"].value
    said = f"mutual information gap {gap:.2f} (0 to 1)"
    level = _level(-gap, -0.3, -0.1)
    return f"{level}: {said}" + (
        "." if level == GOOD else "; a larger beta (4 to 10) parts factors."
    )


def _level(value, good, fair):
    return GOOD if value <= good else FAIR if value <= fair else POOR


def _rank(level):
    return (GOOD, FAIR, POOR).index(level)


RULES = {
    "Sample quality": _sample_quality,
    "Modes": _modes,
    "Likelihood and latents": _likelihood,
    "Table": _table,
    "Disentanglement": _disentanglement,
}
"""By title of a part. (Copying says in its notes what it found.)"""
