"""Posterior: how latents are distributed once an example is seen."""

import typing

import keras
import tensorflow as tf

from tfgen.named_parts import constructor_arguments

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


class Posterior(keras.layers.Layer):
    """Abstract: family of the approximate posteriors q(z|x) of a model.

    The encoder says which of the family is an example's. It is a layer, so
    that what all of them share is trained and saved with the model. A
    subclass gives `parameters`, `distribution` and `draw`, creates its
    weights in `make_weights`, and keeps its constructor's arguments as
    attributes of the same names (else it gives `get_config`).

    Attributes:
        latent_dim: length of a latent, once `set_model` was called.
        independent: whether latents are independent of each other given x,
            which `free_bits` needs.
        gaussian: whether each latent, given x, is a Gaussian of the
            distribution's mean and standard deviation, whatever the others.
        slow_density: whether the density of latents that others drew takes
            much longer than that of its own draws.
        of_encoder_alone: whether the encoder says all that an example's
            distribution goes by, and no trained weights beside it.
        latent_dims: sizes of the levels that they lie in, from the top, or
            None.

    Example:
    >>> class Narrow(tfgen.probability.Posterior):
    ...     def parameters(self, latent_dim):
    ...         return latent_dim
    ...
    ...     def distribution(self, parameters):
    ...         mean = tf.cast(parameters, tf.float32)
    ...         return tfgen.probability.independent_normal(
    ...             mean, tf.fill(tf.shape(mean), 0.1)
    ...         )
    ...
    ...     def draw(self, distribution, noise):
    ...         latents = distribution.mean() + 0.1 * noise
    ...         return latents, distribution.log_prob(latents)
    >>> vae = tfgen.build(
    ...     "vae", input_shape=(5,), latent_dim=2, posterior=Narrow()
    ... )
    >>> vae.run_endpoint("encode", {"x": np.ones((1, 5))})["stddev"]
    array([[0.1, 0.1]], dtype=float32)
    """

    independent = False
    gaussian = False
    slow_density = False
    latent_dims: tuple[int, ...] | None = None
    latent_dim: int

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def set_model(self, model: keras.Model) -> None:
        """Creates its weights for a model's latents.

        Args:
            model: has `latent_dim`.
        """
        self.latent_dim = model.latent_dim
        if not self.built:
            self.make_weights()
            self.built = True

    def make_weights(self) -> None:
        """Adds weights, for `latent_dim`; see `Prior.make_weights`."""

    @property
    def of_encoder_alone(self) -> bool:
        return not self.trainable_variables

    def with_labels(
        self, parameters: tf.Tensor, labels: tf.Tensor | None
    ) -> tf.Tensor:
        """What `distribution` takes: the encoder's output, as it is.

        A family that goes by the class itself adds it.

        Args:
            parameters: the encoder's output.
            labels: one-hot `(rows, num_classes)`, of conditional models.
        """
        return parameters

    def parameters(self, latent_dim: int) -> int:
        """Numbers that the encoder gives of each example."""
        raise NotImplementedError(type(self).__name__)

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        """The TensorFlow Probability distribution of each example's latent.

        Its mean and standard deviation are what `encode` gives.

        Args:
            parameters: the encoder's output, `(rows, numbers)`.

        Returns:
            A batch of `(rows,)` over `(latent_dim,)` events.
        """
        raise NotImplementedError(type(self).__name__)

    def draw(
        self, distribution: "Distribution", noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws that gradients go through, with their log-densities.

        Args:
            distribution: that of `rows` examples, as `distribution` made it.
            noise: standard normal numbers `(..., rows, latent_dim)`, or
                `(latent_dim,)` for all.

        Returns:
            z, `(..., rows, latent_dim)`, and log q(z|x), `(..., rows)`.
        """
        raise NotImplementedError(type(self).__name__)

    def get_config(self) -> dict:
        own = constructor_arguments(self, Posterior)
        return {**super().get_config(), **own}
