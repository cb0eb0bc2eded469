import dataclasses

import numpy as np

from tfgen.metrics import Measurement


@dataclasses.dataclass(frozen=True, eq=False)
class Section:
    """One part of an evaluation.

    Attributes:
        title: what it is about.
        measurements: the numbers, in the order shown.
        pictures: uint8 arrays by name.
        notes: what the reader must know, such as what was left out and why.
    """

    title: str
    measurements: tuple[Measurement, ...] = ()
    pictures: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
