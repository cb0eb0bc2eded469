"""Which of several runs is better, beyond chance."""

import math

SIGNIFICANT = 2.0


def best(measurements: dict) -> list[str]:
    """Names of the runs with the best value, and those no worse by chance.

    A value is worse where it lies more than 2 standard deviations of the
    difference from the best one. Without a spread nothing can be said. What is
    better than real data counts as these: samples can be too typical.

    Args:
        measurements: `Measurement` of one metric, by the name of the run.

    Returns:
        The names; none if the metric has no better side, or there is only
        one run, or all are equally good.
    """
    known = {
        name: one
        for name, one in measurements.items()
        if one is not None and math.isfinite(one.value)
    }
    if len(known) < 2 or not _comparable(known.values()):
        return []
    first = min(known.values(), key=_cost)
    good = [name for name, one in known.items() if not _worse(one, first)]
    return good if len(good) < len(known) else []


def summary(rows: list[tuple[str, dict]]) -> dict[str, list[str]]:
    """By run, the titles of the metrics that it alone is best at.

    Args:
        rows: title of the metric and its measurements by run.
    """
    wins = {}
    for title, measurements in rows:
        names = best(measurements)
        if len(names) == 1:
            wins.setdefault(names[0], []).append(title)
    return wins


def _comparable(measurements):
    """Likelihoods of different things, densities among them, do not."""
    return len(
        {m.details.get("likelihood of") for m in measurements}
    ) == 1 and all(
        m.better is not None and m.spread is not None for m in measurements
    )


def _cost(measurement):
    sign = -1 if measurement.better == "higher" else 1
    cost = sign * measurement.value
    if measurement.floor is None:
        return cost
    return max(cost, sign * measurement.floor)


def _worse(one, first):
    spread = math.hypot(one.spread, first.spread)
    return _cost(one) - _cost(first) > SIGNIFICANT * spread
