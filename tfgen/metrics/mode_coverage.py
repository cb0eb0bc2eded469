"""How many known modes a model finds, and how evenly."""

import dataclasses

import keras
import numpy as np

from tfgen.metrics.feature_extractor import FeatureExtractor

REACH = 3.0
"""Standard deviations within which a sample belongs to a mode."""


@dataclasses.dataclass(frozen=True)
class ModeCoverage:
    """What samples show of modes that are known.

    Attributes:
        counts: `(num_modes,)`, samples in each mode.
        divergence: reverse Kullback-Leibler divergence in nats of the modes'
            shares among the samples from the expected ones; NaN if no sample
            lies in a mode. n samples of a perfect model score about
            `(num_modes - 1) / (2 n)`.
        within: share of the samples that lie in a mode, at best .9889 of the
            mixtures; above it the modes have shrunk.
        width: root mean square distance of the samples within a mode to its
            centre, over that of true ones: below 1 modes are too narrow.
            None for modes without centres, NaN if there are no such samples.

    Example:
    >>> tfgen.metrics.ModeCoverage(np.array([5, 0, 7]), divergence=0.5).found
    2
    """

    counts: np.ndarray
    divergence: float
    within: float = 1.0
    width: float | None = None

    @property
    def found(self) -> int:
        """Modes with one sample or more."""
        return int(np.count_nonzero(self.counts))


def mixture_modes(
    samples: np.ndarray, centers: np.ndarray, stddev: float
) -> ModeCoverage:
    """Modes that samples find of a mixture of round Gaussians in the plane.

    A sample belongs to the nearest centre if it lies within 3 standard
    deviations of it. The protocol takes 2,500 samples.

    Formula: `sum_m(s_m * log(s_m * num_modes))` of the shares `s_m` of the
    modes among the samples that belong to one.

    Args:
        samples: `(n, 2)`, in the units of the centres.
        centers: `(num_modes, 2)`.
        stddev: standard deviation of each Gaussian.

    Raises:
        ValueError: for samples of another shape or that are not finite, or a
            standard deviation that is not above 0.

    Reference:
        Lin et al. (2018), "PacGAN", section 4.1; Srivastava et al. (2017),
        "VEEGAN", section 4.1.

    Example:
    >>> centers = tfgen.data.synthetic.ring_centers()
    >>> tfgen.metrics.mixture_modes(centers[[0, 0, 3]], centers, 0.01).found
    2
    """
    from scipy.spatial import KDTree

    centers = np.asarray(centers, np.float64)
    samples = _check_samples(samples, centers)
    if not stddev > 0:
        raise ValueError(f"stddev is {stddev}, expected more than 0.")
    distances, modes = KDTree(centers).query(samples)
    good = distances < REACH * stddev
    counts = np.bincount(modes[good], minlength=len(centers))
    squares = (distances[good] / stddev) ** 2
    width = np.sqrt(squares.mean() / _true_square()) if good.any() else np.nan
    return ModeCoverage(
        counts, _divergence(counts), float(good.mean()), float(width)
    )


def stacked_modes(
    samples: np.ndarray,
    classifier: keras.Model | str,
    value_range: tuple[float, float] | None = None,
    expected: np.ndarray | None = None,
    batch_size: int = 256,
) -> ModeCoverage:
    """Modes that samples find of grey images stacked as channels.

    Each channel is classified by itself; with ten classes and three channels
    the three class numbers are one of 1,000 modes. The protocol takes 26,000
    samples, of which a perfect model scores .0192 nats.

    Formula: `sum_m(s_m * log(s_m / expected_m))` over the modes found.

    Args:
        samples: images `(n, height, width, channels)`.
        classifier: of images of one channel: a `keras.Model` that gives
            logits, or an extractor of `tfgen.metrics.fit_extractor`, or the
            path of either.
        value_range: `(low, high)` of the samples' values, which are then
            brought to [0, 1] and 8 bits; None: as they are. An extractor
            wants pixels in [0, 1], so pass `model.data_range`.
        expected: counts or shares of the modes among the data; default:
            uniform. A mode found that the data has not makes the divergence
            infinite.
        batch_size: channels classified at a time.

    Raises:
        ValueError: for samples that are not images or not finite.

    Reference:
        Metz et al. (2017), "Unrolled generative adversarial networks",
        section 3.3.1; Lin et al. (2018), "PacGAN", section 4.2.

    Example:
    >>> classifier = keras.Sequential([keras.layers.Flatten()])  # brightest
    >>> samples = np.zeros((2, 1, 10, 3))
    >>> samples[:, 0, 7, :] = 1.0
    >>> coverage = tfgen.metrics.stacked_modes(samples, classifier)
    >>> coverage.counts.argmax(), coverage.found
    (np.int64(777), 1)
    """
    samples = np.asarray(samples)
    if samples.ndim != 4 or not len(samples):
        raise ValueError(
            f"samples have shape {samples.shape}, expected (n, height, width, "
            "channels) with n of 1 or more."
        )
    extractor = FeatureExtractor(classifier, value_range, batch_size)
    modes = np.zeros(len(samples), np.int64)
    for channel in range(samples.shape[-1]):
        logits = extractor.logits(samples[..., channel : channel + 1])
        if not np.isfinite(logits).all():
            raise ValueError(
                "samples or the classifier's logits are not finite: leave "
                "such samples out, or repair the model that made them."
            )
        modes = modes * logits.shape[1] + logits.argmax(axis=1)
    counts = np.bincount(modes, minlength=logits.shape[1] ** (channel + 1))
    return ModeCoverage(counts, _divergence(counts, expected))


def _divergence(counts, expected=None):
    if expected is None:
        expected = np.ones(len(counts))
    expected = np.asarray(expected, np.float64)
    if expected.shape != counts.shape:
        raise ValueError(
            f"expected has shape {expected.shape}, but there are "
            f"{len(counts)} modes: pass a count or share of each."
        )
    if not counts.sum():
        return float("nan")
    found = counts > 0
    shares = counts[found] / counts.sum()
    with np.errstate(divide="ignore"):
        ratio = shares / (expected[found] / expected.sum())
    return float(np.sum(shares * np.log(ratio)))


def _true_square():
    """Mean of r^2 over r < 3 with density r exp(-r^2 / 2)."""
    beyond = np.exp(-(REACH**2) / 2)
    return 2 - REACH**2 * beyond / (1 - beyond)


def _check_samples(samples, centers):
    samples = np.asarray(samples, np.float64)
    if samples.ndim != 2 or samples.shape[1:] != centers.shape[1:]:
        raise ValueError(
            f"samples have shape {samples.shape}, expected (n, "
            f"{centers.shape[-1]}) as the centres."
        )
    if not len(samples) or not np.isfinite(samples).all():
        raise ValueError(
            f"{len(samples)} samples, not all finite or none at all: expected "
            "one finite sample or more."
        )
    return samples
