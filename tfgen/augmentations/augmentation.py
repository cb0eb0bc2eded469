"""What the discriminator is shown instead of the examples themselves."""


class Augmentation:
    """A random, differentiable change of images, the same law for all.

    Gradient penalties are taken at the changed images. A subclass with
    arguments gives them in `get_config`, or a saved model cannot be loaded.
    """

    def __call__(self, x, batch, purpose: str):
        """Changes each image in a way of its own.

        Args:
            x: images `(rows, height, width, channels)`.
            batch: the `GlobalBatch` of these rows, for noise.
            purpose: name of the noise; others are independent.

        Returns:
            Images of the same shape.
        """
        raise NotImplementedError(type(self).__name__)

    def make_state(self, add_weight):
        """Makes what is remembered from step to step, if anything.

        Args:
            add_weight: of the model that saves it, `keras.Model.add_weight`.
        """

    def update_state(self, batch, real_accuracy):
        """Called once each step.

        Args:
            batch: the `GlobalBatch`.
            real_accuracy: whether the discriminator was right on each of the
                data, `(rows,)`.
        """

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
