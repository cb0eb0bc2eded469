"""What keeps a discriminator smooth."""

from tfgen.losses.critique import Critique


class Penalty:
    """A term that is added to the discriminator's loss.

    A subclass with arguments of its own gives them in `get_config`, or a
    saved model cannot be loaded.

    Args:
        weight: factor of the term.
        every: the term is taken each so many steps, and then so many times
            as large (Karras et al., 2020, "lazy regularization").

    Attributes:
        sees_generated: whether it depends on the generated examples.
    """

    sees_generated = True

    def __init__(self, weight: float, every: int = 1):
        if weight < 0.0 or every < 1:
            raise ValueError(
                f"{type(self).__name__} got weight={weight}, every={every}; "
                "expected a weight of 0 or more and every of 1 or more."
            )
        self.weight = weight
        self.every = every

    def __call__(self, critique: Critique):
        """Value of the term, without weight, for each example."""
        raise NotImplementedError(type(self).__name__)

    def make_state(self, add_weight):
        """Makes what the penalty remembers from step to step, if anything.

        Args:
            add_weight: of the model that saves it, `keras.Model.add_weight`.
        """

    def update_state(self, critique: Critique):
        """Called once each step, after the term was taken."""

    def get_config(self):
        return {"weight": self.weight, "every": self.every}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
