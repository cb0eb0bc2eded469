"""Generated examples against held-out ones."""

import dataclasses

import numpy as np

from tfgen.data import Source
from tfgen.metrics.neighbors import ball_radii, balls_around, nearest_distance
from tfgen.models import GenerativeModel
from tfgen.pictures import examples

NEIGHBOR = 5
LONGEST_SIDE = 16
TINY = 1e-12


@dataclasses.dataclass(frozen=True)
class Likeness:
    """How generated examples lie to held-out ones.

    Attributes:
        count: number of held-out examples, and of generated ones.
        coverage: as `tfgen.metrics.Coverage`.
        precision: share of the generated examples near held-out ones.
        variety: share of the covered held-out examples that lie in the balls
            around generated ones: 1 where samples vary as the data do, 0
            where they vary less.
        closeness: median distance of a generated example to its neighbour,
            over that of the data: 0 if samples are all but the same.
    """

    count: int
    coverage: float
    precision: float
    variety: float
    closeness: float


class SampleComparison:
    """Draws the same number of samples as there are held-out examples.

    Images are compared as averages over squares of pixels, at most 16 by 16.

    Args:
        model: a `GenerativeModel`.
        data: held-out data, a `tfgen.data.Source` or an array.
        count: most examples.
        seed: seed of the choice of examples and of the samples.

    Raises:
        ValueError: for fewer than 6 examples.
    """

    def __init__(
        self,
        model: GenerativeModel,
        data: Source | np.ndarray,
        count: int,
        seed: int = 0,
    ):
        from threadpoolctl import ThreadpoolController

        x, self._labels = fixed_examples(model, data, count, seed)
        self._seed = seed
        self._real = plain_features(x)
        self._k = NEIGHBOR
        self._radii = ball_radii(self._real, self._k)
        self._threads = ThreadpoolController()

    def measure(self, model: GenerativeModel) -> Likeness | None:
        """None if samples are not finite."""
        # Threads that wait for more work would hold up TensorFlow's.
        with self._threads.limit(limits=1):
            return self._measure(model)

    def _measure(self, model):
        count = len(self._real)
        samples = model.sample(count, seed=self._seed, labels=self._labels)
        if not np.isfinite(samples).all():
            return None
        generated = plain_features(samples)
        covered = nearest_distance(self._real, generated) <= self._radii
        near = balls_around(generated, self._real, self._radii) > 0
        radii = ball_radii(generated, self._k)
        inside = balls_around(self._real[covered], generated, radii) > 0
        usual = max(np.median(self._radii), TINY)
        return Likeness(
            count=count,
            coverage=float(covered.mean()),
            precision=float(near.mean()),
            variety=float(inside.mean()) if covered.any() else 0.0,
            closeness=float(np.median(radii) / usual),
        )


def fixed_examples(
    model: GenerativeModel, data: Source | np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """The same examples each time, and labels if the model wants some."""
    if isinstance(data, Source):
        data = examples.read(model, data)
        if data.value_range and model.data_range:
            data = data.to_range(model.data_range)
        x, labels = examples.fixed_rows(data, count, seed)
        return x, examples.labels_for(model, labels)
    x = np.asarray(data)
    if len(x) > count:
        rng = np.random.default_rng(seed)
        x = x[rng.choice(len(x), count, replace=False)]
    return x, None


def plain_features(x: np.ndarray) -> np.ndarray:
    """float64 `(n, features)`; images are made smaller."""
    x = np.asarray(x, np.float64)
    if x.ndim == 4:
        factor = -(-max(x.shape[1:3]) // LONGEST_SIDE)
        x = _smaller(x, factor)
    return x.reshape(len(x), -1)


def _smaller(x, factor):
    """Means over squares of `factor` by `factor` pixels."""
    missing = [(0, 0), *((0, -size % factor) for size in x.shape[1:3]), (0, 0)]
    x = np.pad(x, missing, mode="edge")
    count, height, width, channels = x.shape
    shape = (count, height // factor, factor, width // factor, factor, channels)
    return x.reshape(shape).mean(axis=(2, 4))
