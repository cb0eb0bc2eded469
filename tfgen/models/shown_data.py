"""What a VAE-GAN's discriminator is shown of data and of p(x|z)."""

import tensorflow as tf

from tfgen.models.seen_rows import SeenRows
from tfgen.probability import Likelihood, Table
from tfgen.training import GlobalBatch


class ExpectedData:
    """Data as they are, and the expected data of p(x|z).

    Args:
        likelihood: p(x|z).
        data_shape: of an example.

    Attributes:
        shape: of what is shown.
        draws: whether it is drawn, by noise; so samples are, too.
    """

    draws = False

    def __init__(self, likelihood: Likelihood, data_shape: tuple[int, ...]):
        self.shape, self._likelihood = data_shape, likelihood

    def real(self, x: tf.Tensor) -> tf.Tensor:
        """Data `(rows, *data_shape)` as they are shown."""
        return x

    def fake(
        self, outputs: tf.Tensor, batch: GlobalBatch, purpose: str
    ) -> tf.Tensor:
        """What is shown of the decoder's outputs, with a gradient to them."""
        return self._likelihood.mean(outputs)


class DrawnRows:
    """Rows of a mixed table, and draws of p(x|z), as `SeenRows`.

    The mean of a code, or of a number with several modes, is no value of
    either. So of p(x|z) there are draws, with a gradient to the decoder's
    outputs: codes and the components of numbers by straight-through
    Gumbel-softmax, a number by `mean + scale * noise` of its component.

    Args:
        likelihood: the table's.
    """

    draws = True

    def __init__(self, likelihood: Table):
        self._likelihood = likelihood
        self._rows = SeenRows(likelihood.columns)
        self.shape = (self._rows.size,)

    def real(self, x: tf.Tensor) -> tf.Tensor:
        return self._rows.seen(x)

    def fake(
        self, outputs: tf.Tensor, batch: GlobalBatch, purpose: str
    ) -> tf.Tensor:
        numbers = len(self._rows.numbers)
        logits = numbers * self._likelihood.components + self._rows.codes
        uniform = batch.uniform((logits,), f"codes of {purpose}")
        normal = batch.normal((numbers,), f"numbers of {purpose}")
        row = self._likelihood.distribution(outputs)
        values = row.means + row.scales * normal[..., None]
        return self._rows.relaxed(row.log_weights, values, row.codes, uniform)


def shown_by(
    likelihood: Likelihood, data_shape: tuple[int, ...]
) -> ExpectedData | DrawnRows:
    """What is shown of examples of a shape under a likelihood."""
    if isinstance(likelihood, Table) and likelihood.columns is not None:
        return DrawnRows(likelihood)
    return ExpectedData(likelihood, data_shape)
