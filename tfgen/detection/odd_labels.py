"""Labels that say which rows are odd."""

import numpy as np

from tfgen.data import Source

_NORMAL = ("0", "false", "no", "normal")
_ODD = ("1", "true", "yes", "odd")


def odd_rows(source: Source, normal: str | None, where: str) -> np.ndarray:
    """Which rows are odd, by their labels: bool `(n,)`.

    Args:
        source: with labels.
        normal: the label of normal rows; None where labels are 0 and 1, false
            and true, no and yes, or normal and odd.
        where: what has the labels, for messages.

    Raises:
        ValueError: if there are none, or others.
    """
    names = source.class_names
    if names is None:
        raise ValueError(
            f"{source.name} has no labels: name their column by --labels."
        )
    if normal is not None:
        if normal not in names:
            raise ValueError(
                f"--normal is {normal}, expected a label of {where}: "
                f"{', '.join(names[:20])}."
            )
        return source.labels != names.index(normal)
    words = [str(name).strip().lower() for name in names]
    for pair in zip(_NORMAL, _ODD, strict=True):
        if {*words} <= {*pair}:
            return np.isin(words, _ODD)[source.labels]
    raise ValueError(
        f"{where} has the labels {', '.join(map(str, names[:20]))}, expected "
        f"{_pairs()} (in capitals or not): name the normal one by --normal."
    )


def _pairs():
    pairs = [f"{n} and {o}" for n, o in zip(_NORMAL, _ODD, strict=True)]
    return f"{', '.join(pairs[:-1])}, or {pairs[-1]}"
