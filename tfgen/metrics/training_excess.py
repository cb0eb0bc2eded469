"""Whether generated examples lean towards the training data."""

import dataclasses

import numpy as np

SIGNIFICANT = 3.0
"""Standard errors beyond which a result is no chance: 1 in 740."""
CHUNK = 1024


@dataclasses.dataclass(frozen=True)
class TrainingExcess:
    """Result of `training_excess`.

    Attributes:
        value: 0 but for chance where the model knows the distribution only,
            1 where all generated examples are copies.
        standard_error: of the value where it is 0 but for chance.
        significant: whether the value is above 3 standard errors.
        nearer_to_train: share of the generated examples whose nearest real
            example is one of the training data.
        expected: what `nearer_to_train` is where the value is 0.
        num_train: distinct training examples.
        num_held_out: distinct held-out examples.
        num_generated: generated examples.

    Example:
    >>> x = np.random.default_rng(0).normal(size=(3000, 2))
    >>> found = tfgen.metrics.training_excess(x[:1000], x[1000:2000], x[2000:])
    >>> found.significant, found.expected
    (False, 0.5)
    """

    value: float
    standard_error: float
    significant: bool
    nearer_to_train: float
    expected: float
    num_train: int
    num_held_out: int
    num_generated: int


def training_excess(
    train: np.ndarray, held_out: np.ndarray, generated: np.ndarray
) -> TrainingExcess:
    """How far generated examples are nearer to training than to other data.

    A model that has learned the distribution only cannot know which real
    examples it was trained on. Whatever it generates, sharp or smooth, good
    or bad, the nearest real example is then one of the training data as often
    as these are among the real examples. A copy's nearest always is.

    Formula: `(nearer_to_train - expected) / (1 - expected)`, where
    `expected = num_train / (num_train + num_held_out)`. A tie counts half.
    It is the share of copies where all else has none. A model that overfits
    without copying has some too: 0.30 with standard error 0.06 of a GAN after
    300 epochs on 1,200 digits, whose samples were no nearer to the training
    data than held-out digits are.

    The standard error is that of the labels "training" and "held-out" dealt
    out at random, and so knows that few real examples may be the nearest of
    many generated ones. It is about
    `sqrt(num_train / num_held_out / num_generated)` or more: with few held-out
    examples only much copying is significant. Without any, 1 model in 740 is.
    Equal examples count once on each side.

    Args:
        train: all data that the model was trained on, `(n, ...)`: the
            examples flattened, or features of them.
        held_out: data of the same distribution that it never saw.
        generated: samples of the model.

    Raises:
        ValueError: for examples that are not finite or of different shapes,
            or if most of `held_out` is part of `train`.

    Reference:
        Platzer and Reutterer (2021), "Holdout-based empirical assessment of
        mixed-type synthetic data", for sets of equal size.

    Example:
    >>> x = np.random.default_rng(0).normal(size=(3000, 2))
    >>> tfgen.metrics.training_excess(x[:1000], x[1000:2000], x[:1000]).value
    1.0
    """
    train, held_out, generated = three_sides(train, held_out, generated)
    return excess_of(nearest(generated, train), len(train), held_out, generated)


def excess_of(
    to_train: tuple[np.ndarray, np.ndarray],
    num_train: int,
    held_out: np.ndarray,
    generated: np.ndarray,
) -> TrainingExcess:
    """The same of rows whose training neighbours, `nearest(...)`, are known."""
    train_index, train_distance = to_train
    held_out = np.unique(held_out, axis=0)
    held_out_index, held_out_distance = nearest(generated, held_out)
    won = (train_distance < held_out_distance).astype(np.float64)
    won[train_distance == held_out_distance] = 0.5
    # By real example: how many generated ones are nearest to it.
    counts = np.concatenate(
        [
            np.bincount(train_index, won, num_train),
            np.bincount(held_out_index, 1.0 - won, len(held_out)),
        ]
    )
    expected = num_train / len(counts)
    share = won.mean()
    value = (share - expected) / (1.0 - expected)
    # Were the labels "training" and "held-out" dealt out at random, the sum of
    # the counts of training examples would be one of num_train draws without
    # replacement, of variance num_train (1 - num_train / n) var(counts).
    error = np.sqrt(len(held_out) * expected * counts.var(ddof=1))
    error /= len(generated) * (1.0 - expected)
    return TrainingExcess(
        value=float(value),
        standard_error=float(error),
        significant=bool(value > SIGNIFICANT * error),
        nearer_to_train=float(share),
        expected=expected,
        num_train=num_train,
        num_held_out=len(held_out),
        num_generated=len(generated),
    )


def three_sides(
    train: np.ndarray, held_out: np.ndarray, generated: np.ndarray
) -> list[np.ndarray]:
    """Distinct training examples, held-out and generated ones.

    float64 `(n, features)`, less the mean of the training data: far from 0,
    dot products would lose small distances.

    Raises:
        ValueError: for examples that are not finite or of different shapes,
            or if most of `held_out` is part of `train`.
    """
    train = np.unique(_rows(train, "train"), axis=0)
    sides = [train]
    for name, x in (("held_out", held_out), ("generated", generated)):
        x = _rows(x, name)
        if x.shape[1] != train.shape[1]:
            raise ValueError(
                f"{name} has examples of {x.shape[1]} features, expected "
                f"{train.shape[1]} as those of train."
            )
        sides.append(x)
    _refuse_overlap(*sides[:2])
    center = train.mean(axis=0)
    for x in sides:
        x -= center
    return sides


def nearest(
    points: np.ndarray, to: np.ndarray, k: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Index of the k-th nearest row and the distance to it, both `(n,)`.

    scikit-learn finds neighbours of many features by dot products, good to
    about 1e-8 of the rows' length. The distance is taken anew from the
    difference: exactly 0 for a copy.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=k).fit(to)
    indices = search.kneighbors(points, return_distance=False)[:, -1]
    distances = np.empty(len(points))
    for start in range(0, len(points), CHUNK):
        part = slice(start, start + CHUNK)
        difference = points[part] - to[indices[part]]
        distances[part] = np.linalg.norm(difference, axis=1)
    return indices, distances


def _rows(x, name):
    x = np.asarray(x, np.float64) + 0.0  # a copy, and -0 becomes 0
    if x.ndim < 2 or not x.size:
        raise ValueError(
            f"{name} has shape {x.shape}, expected (n, ...) with examples."
        )
    if not np.isfinite(x).all():
        raise ValueError(
            f"{name} has examples that are not finite: leave them out, or "
            "repair the model that made them."
        )
    return x.reshape(len(x), -1)


def _refuse_overlap(train, held_out):
    known = {row.tobytes() for row in train}
    shared = sum(row.tobytes() in known for row in held_out)
    if shared > len(held_out) / 2:
        raise ValueError(
            f"{shared} of {len(held_out)} examples of held_out are in train "
            "too: pass data that the model was never trained on. Where "
            "examples are equal by chance, neighbours do not show copying."
        )
