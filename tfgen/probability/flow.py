"""Prior that is standard normal noise through invertible networks."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from tfgen.probability.couplings import AffineCoupling, SplineCoupling
from tfgen.probability.prior import InvertiblePrior

KINDS = ("spline", "affine")
MOST_BINS = 500
"""So many that the least bins take half of the interval."""


@keras.saving.register_keras_serializable(package="tfgen")
class Flow(InvertiblePrior):
    """Standard normal noise through couplings that are learned.

    Each coupling changes one half of a latent, given the other half and the
    class. Both directions are one pass and exact. It starts as the identity:
    the standard normal prior.

    Formula: `log(normal(f(z))) + log(abs(det(df/dz)))`

    Args:
        couplings: their number, two or more, for one changes one half only.
        units: of the hidden layers of each coupling's network.
        kind: `"spline"`, rational-quadratic within +-5 and the identity
            outside, or `"affine"`.
        bins: pieces of each spline, 2 to 500.

    Raises:
        ValueError: for another kind, or for numbers outside of these.

    Reference:
        Durkan et al. (2019), "Neural spline flows"; Dinh et al. (2017),
        "Density estimation using Real NVP".

    Example:
    >>> prior = tfgen.probability.Flow(couplings=2, units=(8,))
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2, prior=prior)
    >>> log_prob = vae.prior.distribution().log_prob(tf.zeros((3, 2)))
    >>> log_prob.numpy().round(4)  # -log(2 pi): it starts standard normal
    array([-1.8379, -1.8379, -1.8379], dtype=float32)
    """

    def __init__(
        self,
        couplings: int = 6,
        units: tuple[int, ...] = (64, 64),
        kind: str = "spline",
        bins: int = 8,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.couplings = couplings
        self.units = tuple(units)
        self.kind = kind
        self.bins = bins
        self._check()

    def make_weights(self) -> None:
        passed = self.latent_dim // 2
        self._sizes = [passed, self.latent_dim - passed]
        seen = passed + (self.num_classes or 0)
        self._couplings = [
            self._coupling(seen, self._sizes[1]) for _ in range(self.couplings)
        ]
        self._permutations = _permutations(self.latent_dim, self.couplings)

    def to_noise(
        self, latents: tf.Tensor, labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        values, labels, leading = self._in_rows(latents, labels)
        log_determinant = tf.zeros_like(values[:, 0])
        *permutations, last = self._permutations
        for permutation, coupling in zip(
            permutations, self._couplings, strict=True
        ):
            values = tf.gather(values, permutation, axis=1)
            passed, changed = tf.split(values, self._sizes, axis=1)
            changed, log_slopes = coupling.to_noise(
                changed, _beside(passed, labels)
            )
            log_determinant += log_slopes
            values = _beside(passed, changed)
        noise = tf.gather(values, last, axis=1)
        noise = tf.reshape(noise, tf.concat([leading, noise.shape[1:]], 0))
        return noise, tf.reshape(log_determinant, leading)

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        # The same steps backwards.
        values, labels, leading = self._in_rows(noise, labels)
        *permutations, last = map(np.argsort, self._permutations)
        values = tf.gather(values, last, axis=1)
        for permutation, coupling in zip(
            reversed(permutations), reversed(self._couplings), strict=True
        ):
            passed, changed = tf.split(values, self._sizes, axis=1)
            changed = coupling.from_noise(changed, _beside(passed, labels))
            values = _beside(passed, changed)
            values = tf.gather(values, permutation, axis=1)
        return tf.reshape(values, tf.concat([leading, values.shape[1:]], 0))

    def _in_rows(self, values, labels):
        """Two axes, `(rows, ...)`, of both; and the leading axes before."""
        values = tf.cast(values, tf.float32)
        if labels is not None:
            labels = tf.cast(labels, tf.float32)
            # Broadcasts one latent to all labels, and labels to all draws.
            values += tf.zeros_like(labels[..., :1])
            labels += tf.zeros_like(values[..., :1])
            labels = tf.reshape(labels, (-1, self.num_classes))
        rows = tf.reshape(values, (-1, self.latent_dim))
        return rows, labels, tf.shape(values)[:-1]

    def _coupling(self, seen, changed):
        if self.kind == "affine":
            return AffineCoupling(seen, changed, self.units)
        return SplineCoupling(seen, changed, self.units, self.bins)

    def _check(self):
        if self.kind not in KINDS:
            raise ValueError(
                f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}."
            )
        if self.couplings < 2:
            raise ValueError(
                f"couplings is {self.couplings}, expected 2, 3, 4, ...: each "
                "changes one half of the latents."
            )
        if not 2 <= self.bins <= MOST_BINS:
            raise ValueError(f"bins is {self.bins}, expected 2 to {MOST_BINS}.")
        if min(self.units, default=1) < 1:
            raise ValueError(
                f"units is {self.units}, expected numbers of 1 or more."
            )


def _beside(values, others):
    """Side by side, or the first alone."""
    return values if others is None else tf.concat([values, others], axis=1)


def _permutations(latent_dim, couplings):
    """How latents are put before each coupling, and back after the last.

    The second half of an order is changed, then of the order from behind the
    other half; then a perfect shuffle makes new halves.
    """
    order = first = np.arange(latent_dim)
    orders = []
    for number in range(couplings):
        backwards = number % 2
        orders.append(order[::-1] if backwards else order)
        if backwards:
            order = np.concatenate([order[::2], order[1::2]])
    return [
        np.argsort(before)[after]
        for before, after in itertools.pairwise([first, *orders, first])
    ]
