"""Learning rates by the names they have in logs."""

import numpy as np

from tfgen.optimizers.schedules import rate_of


def learning_rates(optimizer) -> dict[str, float]:
    """The rates in force: `learning_rate`, or one for each of several.

    Several optimizers give `learning_rate_generator` and so on.
    """
    group = getattr(optimizer, "by_network", None)
    if not isinstance(group, dict) or len(group) == 1:
        return {"learning_rate": _rate(optimizer)}
    return {f"learning_rate_{name}": _rate(one) for name, one in group.items()}


def _rate(optimizer):
    # 0.001, not the 0.0010000000474974513 that float32 makes of it.
    return float(str(np.float32(rate_of(optimizer))))
