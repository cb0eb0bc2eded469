import dataclasses


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A number and what must be known to believe it.

    Attributes:
        name: of the metric, such as `"frechet_distance"`.
        value: the number; a mean where it was repeated.
        better: `"lower"`, `"higher"`, or None where neither is.
        spread: how far it may be off by chance, a standard deviation over
            what `spread_of` names, or None where that is not known.
        spread_of: what varied, such as `"3 sets of samples"`.
        floor: what real data score in the samples' place, or None.
        unit: such as `"nats"`; empty for none.
        details: number of samples, extractor, reference split, k ...

    Example:
    >>> distance = tfgen.metrics.FrechetDistance()
    >>> distance.update_state(real=np.eye(3), generated=np.eye(3)[:2])
    >>> found = distance.measurement(reference="test split")
    >>> found.name, found.details["num_real"], found.details["reference"]
    ('frechet_distance', 3, 'test split')
    """

    name: str
    value: float
    better: str | None = None
    spread: float | None = None
    spread_of: str = ""
    floor: float | None = None
    unit: str = ""
    details: dict = dataclasses.field(default_factory=dict)
