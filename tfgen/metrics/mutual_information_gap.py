import dataclasses

import numpy as np

from tfgen.metrics.codes import check_code, gap

BINS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class MutualInformationGap:
    """How far one latent alone tells each factor.

    Attributes:
        gaps: `(num_factors,)`, from 0 to 1.
        mutual_information: nats, `(latent_dim, num_factors)`.
        entropy: of the factors, nats, `(num_factors,)`.
    """

    gaps: np.ndarray
    mutual_information: np.ndarray
    entropy: np.ndarray

    @property
    def value(self) -> float:
        """Mean gap: 1 is best."""
        return float(self.gaps.mean())


def mutual_information_gap(latents, factors) -> MutualInformationGap:
    """MIG: the two latents that tell most about a factor, one less the other.

    1 if one latent alone tells a factor and no other tells anything of it;
    near 0 if two tell the same. Latents are divided into 20 bins of equal
    width from their smallest to their largest value.

    Formula: `mean_k((I(z_a; v_k) - I(z_b; v_k)) / H(v_k))`, a and b the
    latents of largest and second largest `I(z_j; v_k)`

    Args:
        latents: means of the posterior, `(n, latent_dim)`; 10,000 are usual.
        factors: whole numbers, `(n, num_factors)`.

    Raises:
        ValueError: see `tfgen.metrics.codes.check_code`.

    Reference:
        Chen et al. (2018), "Isolating sources of disentanglement in
        variational autoencoders", equation 6. Bins as Locatello et al. (2019),
        "Challenging common assumptions in the unsupervised learning of
        disentangled representations", and their disentanglement_lib.

    Example:
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> round(tfgen.metrics.mutual_information_gap(factors, factors).value, 3)
    1.0
    """
    from sklearn.metrics import mutual_info_score

    latents, factors = check_code(latents, factors)
    bins = np.stack([_bins(latent) for latent in latents.T])
    information = np.array(
        [[mutual_info_score(f, b) for f in factors.T] for b in bins]
    )
    entropy = np.array([mutual_info_score(f, f) for f in factors.T])
    return MutualInformationGap(
        gap(information) / entropy, information, entropy
    )


def _bins(latent: np.ndarray) -> np.ndarray:
    """Number of the bin of each value."""
    edges = np.histogram_bin_edges(latent, BINS)
    return np.digitize(latent, edges[1:-1])
