"""What the parts of a VAE-GAN's step hand on to each other."""

import typing

import tensorflow as tf

from tfgen.models.shown_data import Start


class Made(typing.NamedTuple):
    """What encoder and decoder make of a batch."""

    x: tf.Tensor
    """The likelihood's targets."""
    kl: tf.Tensor
    """`(rows,)`, in nats."""
    paid: tf.Tensor
    """What of `kl` is paid after free bits."""
    outputs: list[tf.Tensor]
    """Of the decoder, for reconstructions and for samples of the prior; of
    one that is told columns for the bound before them."""
    starts: list[Start]
    """What it took for the two that are shown."""
    given: dict[str, tf.Tensor]
    """Loss of columns given others, `(rows,)`, of a decoder that is told."""


class Drawn(typing.NamedTuple):
    """A batch's examples and latents, and losses of single networks."""

    made: Made
    prior: tf.Tensor
    """The encoder's own loss: the KL term and its layers' penalties."""
    added: tf.Tensor
    """The decoder's own loss: its layers' penalties, and columns given others.
    """
    tape: tf.GradientTape
    """From the weights to all of this."""


class Judged(typing.NamedTuple):
    """What is learned at the decoder's outputs."""

    fakes: list[tf.Tensor]
    """Data that the discriminator is shown: reconstructions, samples."""
    logs: dict[str, tf.Tensor]
    to_match: tf.Tensor
    """Gradient of R at the outputs for reconstructions."""
    to_fool: list[tf.Tensor]
    """Gradients of A at all outputs."""
    to_scale: list[tf.Tensor]
    """Gradients of R by the likelihood's own variables."""
