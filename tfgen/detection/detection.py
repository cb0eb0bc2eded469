"""What a detector says of rows."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Detection:
    """What a detector says of rows.

    Attributes:
        score: float64 `(n,)`, the larger the odder.
        p_value: `(n,)`: of normal rows, at most a share alpha have a p-value
            of alpha or less.
        is_odd: bool `(n,)`, whether the p-value is at most the detector's
            alpha.

    Example:
    >>> found = tfgen.detection.Detection(
    ...     np.array([1.0, 9.0]), np.array([0.5, 0.01]), np.array([False, True])
    ... )
    >>> found.score[found.is_odd]
    array([9.])
    """

    score: np.ndarray
    p_value: np.ndarray
    is_odd: np.ndarray
