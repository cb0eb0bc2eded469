import numpy as np

from tfgen.data import checks


def binarized(x, seed: int = 777) -> np.ndarray:
    """Grey images as binary ones, drawn once and for all.

    Every pixel is on with its grey value as probability. The same images and
    seed always give the same binary images, those of `np.random.seed(seed)`
    followed by `np.random.binomial(1, x)`, so that models trained on binary
    images can be compared on one fixed test set. Binarise the whole set at
    once: the draws of an image depend on the images before it.

    Args:
        x: images `(n, ...)` in [0, 1].
        seed: of the draws.

    Returns:
        float32 array of zeros and ones in the shape of `x`.

    Raises:
        ValueError: for values outside [0, 1].

    Reference:
        Salakhutdinov and Murray (2008), "On the quantitative analysis of deep
        belief networks", section 5.1.

    Example:
    >>> tfgen.metrics.binarized(np.array([[0.0, 1.0]]))
    array([[0., 1.]], dtype=float32)
    """
    x = checks.check_examples(x, value_range=(0.0, 1.0))
    probabilities = np.clip(x, 0.0, 1.0)
    draws = np.random.RandomState(seed).binomial(1, probabilities)
    return draws.astype(np.float32)
