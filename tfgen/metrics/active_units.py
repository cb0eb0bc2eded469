import dataclasses

import numpy as np

from tfgen.metrics.encoder_inputs import encoder_inputs


@dataclasses.dataclass(frozen=True)
class ActiveUnits:
    """Which latent dimensions a model uses.

    Attributes:
        variances: `(latent_dim,)`, variance over the examples of each
            dimension's posterior mean.
        threshold: above which a dimension counts as active.
    """

    variances: np.ndarray
    threshold: float

    @property
    def count(self) -> int:
        """Number of active dimensions."""
        return int(np.sum(self.variances > self.threshold))


def active_units(model, x, labels=None, threshold: float = 0.01) -> ActiveUnits:
    """How many latent dimensions say something about the examples.

    Formula: `sum_d(variance_i(E[z_d | x_i]) > threshold)`

    Args:
        model: a `GenerativeModel` with an encoder.
        x: examples `(n, *data_shape)`, as the encoder takes them.
        labels: class of each example, for conditional models.
        threshold: in units of the prior's variance, 1.

    Returns:
        An `ActiveUnits`.

    Raises:
        ValueError: if the model has no encoder, or for fewer than two
            examples.

    Reference:
        Burda et al. (2016), "Importance weighted autoencoders", section 5.2.
    """
    inputs = encoder_inputs("active_units", model, x, labels, min_rows=2)
    means = np.float64(model.run_endpoint("encode", inputs)["mean"])
    return ActiveUnits(means.var(axis=0, ddof=1), threshold)
