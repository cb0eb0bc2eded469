"""How likely rows are under a Gaussian mixture of those of the training."""

import math
import warnings
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgen.data.progress import Progress
from tfgen.detection.row_values import (
    KnownRows,
    Rows,
    row_values,
    some_training_rows,
)
from tfgen.models import GenerativeModel

COMPONENTS = 20
"""At most; files do not depend on it."""
RIDGE = 1e-2
"""What is added to variances, in a model's units."""
MOST_ROWS = 25_000
"""Of the training rows; with more, so many are drawn of them."""
MOST_VALUES = 2**20
"""Of all covariances together, but for one: more would take minutes."""
MOST_IN_A_MIXTURE = 2048
"""Values of a row: 16 MiB, in each signature of an export."""
_LOG_2_PI = math.log(2 * math.pi)


class MixtureParameters(NamedTuple):
    """What a mixture is kept by, float32.

    Attributes:
        weights: `(components,)`.
        means: `(components, values)`.
        roots: `(components, values, values)`; a precision is a root times its
            transpose.
    """

    weights: np.ndarray
    means: np.ndarray
    roots: np.ndarray


class Mixture(KnownRows):
    """A Gaussian mixture of training rows, in a model's units.

    20 components of full covariances with a ridge of .01; fewer for rows of
    more than 228 values, as covariances hold 2^20 numbers at most, and one from
    725 on. Of images values are pixels; of a mixed table real numbers, and
    codes as one-hot vectors.

    Args:
        model: whose units, and kinds of columns, these are.
        parameters: of the mixture.

    Attributes:
        parameters: that of the arguments.
    """

    def __init__(self, model: GenerativeModel, parameters: MixtureParameters):
        self.parameters = parameters
        self._values = row_values(model)
        weights, self._means, self._roots = map(np.float64, parameters)
        # Of a weight of zero the logarithm is minus infinity, as it should.
        with np.errstate(divide="ignore"):
            log_weights = np.log(weights)
        diagonals = np.einsum("cii->ci", self._roots)
        size = self._means.shape[1]
        self._offsets = (
            log_weights + np.log(diagonals).sum(axis=1) - 0.5 * size * _LOG_2_PI
        )

    @classmethod
    def of_rows(
        cls, model: GenerativeModel, train: Rows, seed: int = 0
    ) -> "Mixture":
        """Fitted to at most 25,000 of them, from where the seed begins."""
        values = row_values(model)
        most = max(1, min(COMPONENTS, MOST_VALUES // values.size**2))
        use = "the mixture is fitted to"
        rows = some_training_rows(model, train, MOST_ROWS, use, seed)
        seen = np.float64(values.seen(tf.constant(rows)))
        return cls(model, _fitted(seen, most, seed))

    def oddness(self, x: tf.Tensor) -> tf.Tensor:
        """The negative log-density, in nats."""
        each, _ = self._of_components(x)
        return -tf.cast(tf.reduce_logsumexp(each, axis=1), tf.float32)

    def shares(self, x: tf.Tensor) -> tf.Tensor:
        """How unlikely each value is, given all others of its row.

        Formula: `-log p(x_i | x_without_i)`, in nats
        """
        each, whitened = self._of_components(x)
        # What the density of all values has, and that of all but these has not.
        pull = tf.einsum("nce,cde->ncd", whitened, self._roots)
        places, inverses, log_sizes = self._groups()
        pull = tf.gather(tf.pad(pull, [(0, 0), (0, 0), (0, 1)]), places, axis=2)
        squares = tf.einsum("ncbi,cbij,ncbj->ncb", pull, inverses, pull)
        without = tf.reduce_logsumexp(
            each[:, :, None] + 0.5 * squares + log_sizes, axis=1
        )
        found = without - tf.reduce_logsumexp(each, axis=1)[:, None]
        return tf.cast(tf.reshape(found, tf.shape(x)), tf.float32)

    def _of_components(self, x):
        """Log-densities of components, weighed, and whitened rows: float64."""
        seen = tf.cast(self._values.seen(x), tf.float64)
        middles = np.einsum("cd,cde->ce", self._means, self._roots)
        whitened = tf.einsum("nd,cde->nce", seen, self._roots) - middles
        squares = tf.reduce_sum(whitened**2, axis=2)
        return self._offsets - 0.5 * squares, whitened

    def _groups(self):
        """Numbers of each place's values, `(places, most)`, beyond them zeros'.

        With the inverses of their blocks of precisions, and what leaving them
        out adds to a log-density of a component.
        """
        groups, size = self._values.groups, self._means.shape[1]
        most = max(map(len, groups))
        places = np.full((len(groups), most), size)
        inverses = np.zeros((len(self._means), *places.shape, most))
        log_sizes = np.zeros((len(self._means), len(groups)))
        for i, group in enumerate(groups):
            places[i, : len(group)] = group
            rows = self._roots[:, group]
            block = rows @ np.swapaxes(rows, 1, 2)
            inverses[:, i, : len(group), : len(group)] = np.linalg.inv(block)
            _, log_determinant = np.linalg.slogdet(block)
            log_sizes[:, i] = 0.5 * (len(group) * _LOG_2_PI - log_determinant)
        return places, inverses, log_sizes


def _fitted(rows, components, seed):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    # Without rows of its own a component would lie at the origin.
    components = min(components, len(np.unique(rows, axis=0)))
    if len(rows) == 1:
        rows = np.repeat(rows, 2, axis=0)
    mixture = GaussianMixture(components, reg_covar=RIDGE, random_state=seed)
    # Many small products take longer on several threads. And a mixture that
    # could still be likelier is one, too.
    with (
        Progress("fitting a mixture of training rows", 0, "components") as bar,
        threadpool_limits(1),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(rows)
        bar.add(components)
    return MixtureParameters(
        *map(
            np.float32,
            (mixture.weights_, mixture.means_, mixture.precisions_cholesky_),
        )
    )
