"""What the two networks of a GAN play for."""


class AdversarialLoss:
    """Losses of the discriminator and of the generator, from logits.

    Both methods take the discriminator's outputs on data and on generated
    examples, each of shape `(rows,)`, and return `(rows,)`.
    """

    def discriminator_loss(self, real, fake):
        """What the discriminator minimises."""
        raise NotImplementedError(type(self).__name__)

    def generator_loss(self, real, fake):
        """What the generator minimises."""
        raise NotImplementedError(type(self).__name__)

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
