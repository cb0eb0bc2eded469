"""Balls around data that reach to their k-th nearest neighbour."""

import numpy as np


def ball_radii(real: np.ndarray, k: int) -> np.ndarray:
    """Distance of each example to its k-th nearest other, `(n,)`.

    Raises:
        ValueError: if there are not more than k examples.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(real) <= k:
        raise ValueError(
            f"{len(real)} real examples have no {k}-th nearest neighbour: "
            f"pass at least {k + 1}, or a smaller k."
        )
    distances, _ = NearestNeighbors(n_neighbors=k).fit(real).kneighbors()
    return distances[:, -1]


def nearest_distance(points: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Distance of each point to the nearest of others, `(n,)`."""
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=1).fit(to).kneighbors(points)
    return distances[:, 0]


def balls_around(
    points: np.ndarray, centers: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """In how many of the balls each point lies, `(n,)`."""
    from sklearn.metrics import pairwise_distances_chunked

    if not len(points):
        return np.zeros(0, np.int64)

    def count(distances, start):
        return (distances <= radii).sum(axis=1)

    return np.concatenate(
        list(pairwise_distances_chunked(points, centers, reduce_func=count))
    )
