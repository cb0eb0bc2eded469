"""Exact nearest neighbours among three sets of examples."""

import numpy as np

CHUNK = 1024


def three_sides(train, held_out, generated) -> list[np.ndarray]:
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


def nearest(points: np.ndarray, to: np.ndarray, k: int = 1):
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
