"""What a VAE-GAN's discriminator is shown of data and of p(x|z)."""

import typing

import tensorflow as tf

from tfgen.data.table_parts import NUMBER
from tfgen.models.given_columns import GivenColumns
from tfgen.models.seen_rows import SeenRows
from tfgen.probability import Likelihood, Table
from tfgen.training import GlobalBatch

if typing.TYPE_CHECKING:
    from tfgen.models.vae_gan import VAEGAN


class Start(typing.NamedTuple):
    """What the decoder takes for an example that is to be shown."""

    inputs: tf.Tensor | list[tf.Tensor]
    seen: tf.Tensor | None = None
    """Rows that are drawn in turns, `(rows, *shape)`."""
    turn: tf.Tensor | None = None
    """The turn of each row that a gradient goes through, int32 `(rows, 1)`."""


class ShownData:
    """Data as they are, and the expected data of p(x|z).

    Args:
        likelihood: p(x|z).
        shape: of an example as it is shown.

    Attributes:
        draws: whether p(x|z) is drawn by noise; so samples are, too.
    """

    draws = False

    def __init__(self, likelihood: Likelihood, shape: tuple[int, ...]):
        self.likelihood, self.shape = likelihood, shape

    def real(self, x: tf.Tensor) -> tf.Tensor:
        """Data as they are shown, `(rows, *shape)`."""
        return x

    def start(
        self,
        model: "VAEGAN",
        latents: tf.Tensor,
        batch: GlobalBatch,
        purpose: str,
        training: bool,
    ) -> Start:
        """What the decoder takes for what is shown of latents.

        No tape is to see it: of the result the latents alone have a gradient.

        Args:
            model: whose decoder it is.
            latents: `(rows, latent_dim)`.
            batch: of as many rows.
            purpose: of the noise.
            training: whether layers compute as in training.
        """
        return Start(model.decoder_inputs(latents, batch.labels))

    def fake(
        self, outputs: tf.Tensor, batch: GlobalBatch, purpose: str, start: Start
    ) -> tf.Tensor:
        """What is shown of outputs for `start`, with a gradient to them."""
        return self.likelihood.mean(outputs)


class DrawnRows(ShownData):
    """Rows of a mixed table, and draws of p(x|z), as `SeenRows`.

    The mean of a code, or of a number with several modes, is no value of
    either. So of p(x|z) there are draws, with a gradient to the decoder's
    outputs: codes and the components of numbers by straight-through
    Gumbel-softmax, a number by `mean + scale * noise` of its component.

    Args:
        likelihood: the table's.
        width: numbers of a row.
    """

    draws = True

    def __init__(self, likelihood: Table, width: int):
        self._rows = SeenRows(likelihood.columns or (NUMBER,) * width)
        super().__init__(likelihood, (self._rows.size,))

    def real(self, x: tf.Tensor) -> tf.Tensor:
        return self._rows.seen(x)

    def fake(
        self, outputs: tf.Tensor, batch: GlobalBatch, purpose: str, start: Start
    ) -> tf.Tensor:
        numbers = len(self._rows.numbers)
        logits = numbers * self.likelihood.components + self._rows.codes
        uniform = batch.uniform((logits,), f"codes of {purpose}")
        normal = batch.normal((numbers,), f"numbers of {purpose}")
        row = self.likelihood.distribution(tf.cast(outputs, tf.float32))
        values = row.means + row.scales * normal[..., None]
        return self._rows.relaxed(row.log_weights, values, row.codes, uniform)


class RowsInTurns(DrawnRows):
    """The same of a decoder that is told columns, as samples are drawn.

    Columns are drawn in turns, each given those before. The gradient of a row
    goes through one of them, chosen at random: to the outputs that it is
    drawn by, not on through what the decoder was told.

    Args:
        likelihood: the table's.
        width: numbers of a row.
        columns: what the decoder is told.
    """

    def __init__(self, likelihood: Table, width: int, columns: GivenColumns):
        super().__init__(likelihood, width)
        self._columns = columns

    def start(
        self,
        model: "VAEGAN",
        latents: tf.Tensor,
        batch: GlobalBatch,
        purpose: str,
        training: bool,
    ) -> Start:
        turns = self._columns.turns

        def inputs(seen, turn):
            return [latents, self._columns.told_before(seen, turn)]

        # AutoGraph would take its time over the layers.
        @tf.autograph.experimental.do_not_convert
        def take(turn, seen):
            told = Start(inputs(seen, turn), seen, turn)
            outputs = model.decoder(told.inputs, training=training)
            return turn + 1, self.fake(outputs, batch, purpose, told)

        seen = tf.zeros((tf.shape(latents)[0], *self.shape))
        _, seen = tf.while_loop(
            lambda turn, _: turn < turns,
            take,
            (0, seen),
            parallel_iterations=1,
        )
        turn = tf.floor(batch.uniform((1,), f"turn of {purpose}") * turns)
        turn = tf.cast(turn, tf.int32)
        return Start(inputs(seen, turn), seen, turn)

    def fake(
        self, outputs: tf.Tensor, batch: GlobalBatch, purpose: str, start: Start
    ) -> tf.Tensor:
        drawn = super().fake(outputs, batch, purpose, start)
        return self._columns.in_turn(drawn, start.seen, start.turn)


def shown_by(
    likelihood: Likelihood,
    data_shape: tuple[int, ...],
    columns: GivenColumns | None = None,
) -> ShownData:
    """What is shown of examples under a likelihood.

    Args:
        likelihood: p(x|z).
        data_shape: of an example.
        columns: what the decoder is told, if it is.
    """
    if columns is not None:
        return RowsInTurns(likelihood, *data_shape, columns)
    if isinstance(likelihood, Table):
        return DrawnRows(likelihood, *data_shape)
    return ShownData(likelihood, data_shape)
