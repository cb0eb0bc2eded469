"""Prior: what latents are likely before any data are seen."""

import typing

import keras
import tensorflow as tf

from tfgen.named_parts import constructor_arguments

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

    from tfgen.data import Source


class Prior(keras.layers.Layer):
    """Abstract: distribution p(z) of a model's latents, p(z|y) with classes.

    It is a layer, so that what it learns is trained and saved with the model.
    A subclass gives `distribution` and `from_normal`, creates its weights in
    `make_weights`, and keeps its constructor's arguments as attributes of the
    same names (else it gives `get_config`).

    Attributes:
        latent_dim: length of a latent, once `set_model` was called.
        num_classes: those of the model, or None.
        choices: numbers of noise that `from_normal` takes beside one for each
            latent, such as one that chooses a component.
        independent: whether latents are independent of each other, which
            `free_bits` needs.

    Example:
    >>> class Wide(tfgen.probability.Prior):
    ...     def distribution(self, labels=None):
    ...         scale = tf.fill([self.latent_dim], 3.0)
    ...         return tfgen.probability.independent_normal(0 * scale, scale)
    ...
    ...     def from_normal(self, noise, labels=None):
    ...         return 3.0 * noise
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2, prior=Wide())
    >>> vae.sample(4, seed=0).shape
    (4, 5)
    """

    choices = 0
    independent = False
    latent_dim: int
    num_classes: int | None = None

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def of_top_level(self) -> "Prior":
        """The part that `fit_prior` replaces: all of it, unless in levels."""
        return self

    @property
    def noise_dim(self) -> int:
        """Standard normal numbers that make one latent."""
        return self.latent_dim + self.choices

    def set_model(self, model: keras.Model) -> None:
        """Creates its weights for a model's latents and classes.

        Args:
            model: has `latent_dim` and `num_classes`.
        """
        self.latent_dim = model.latent_dim
        self.num_classes = model.num_classes
        if not self.built:
            self.make_weights()
            self.built = True

    def make_weights(self) -> None:
        """Adds weights, for `latent_dim` and `num_classes`.

        In the place of `build`, which Keras calls when it reads a file, before
        the model is there.
        """

    def start_at(self, source: "Source", seed: int = 0) -> None:
        """Takes first values from training data, where it has any of them.

        Args:
            source: in the model's range.
            seed: chooses among rows.
        """

    def distribution(self, labels: tf.Tensor | None = None) -> "Distribution":
        """The TensorFlow Probability distribution of a latent.

        Args:
            labels: one-hot `(rows, num_classes)`, of a conditional model.

        Returns:
            One of `(latent_dim,)` events; with labels a batch of `(rows,)`,
            or one for all.
        """
        raise NotImplementedError(type(self).__name__)

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws of the prior from standard normal noise, row by row.

        Less noise (a temperature below 1) gives latents nearer to the middle
        of the prior, or of a component.

        Args:
            noise: float32 `(rows, noise_dim)`.
            labels: as of `distribution`.

        Returns:
            float32 `(rows, latent_dim)`.
        """
        raise NotImplementedError(type(self).__name__)

    def get_config(self) -> dict:
        own = constructor_arguments(self, Prior)
        return {**super().get_config(), **own}


class InvertiblePrior(Prior):
    """Abstract: standard normal noise that is pushed to latents and back.

    A subclass gives `to_noise` and `from_normal`, each other's inverse.
    """

    def to_noise(
        self, latents: tf.Tensor, labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Noise `(..., latent_dim)` of latents, and log-determinants `(...)`.

        Args:
            latents: float32 `(..., latent_dim)`.
            labels: as of `distribution`.
        """
        raise NotImplementedError(type(self).__name__)

    def distribution(self, labels: tf.Tensor | None = None) -> "Distribution":
        # On first use, for it imports TensorFlow Probability.
        from tfgen.probability.pushed_normal import PushedNormal

        rows, dynamic_rows = tf.TensorShape([]), tf.zeros(0, tf.int32)
        if labels is not None:
            rows, dynamic_rows = labels.shape[:-1], tf.shape(labels)[:-1]
        return PushedNormal(
            lambda latents: self.to_noise(latents, labels),
            lambda noise: self.from_normal(noise, labels),
            self.latent_dim,
            rows,
            dynamic_rows,
        )
