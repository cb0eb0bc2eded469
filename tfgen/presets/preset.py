"""What a preset holds."""

import dataclasses
import functools
from collections.abc import Callable

from tfgen.optimizers.schedules import rate_of, set_schedule


@dataclasses.dataclass(frozen=True)
class Preset:
    """A whole set-up that trains with no further choice.

    Attributes:
        name: as in `tfgen train --preset name`.
        summary: one line.
        model: `"vae"`, `"gan"` or `"vae_gan"`.
        data: name of the data set it was made for.
        input_shape: shape of one example of that data.
        image_size: to which that data is resized, such as `"16"`, or None.
        learning_rate: of Adam; None: that of `optimizers`.
        optimizers: makes a dict of optimizers by network name; None: the
            model's recommended ones, at `learning_rate`.
        schedule: of learning rates, by name; see
            `tfgen.optimizers.schedules`.
        batch_size: rows a step.
        epochs: passes over the data.
        options: arguments of `tfgen.build`.
        networks: makes `(encoder, decoder)`, `(generator, discriminator)` or
            all three, from an input shape and `latent_dim`, for
            networks that `tfgen.build` does not know by name.
    """

    name: str
    summary: str
    model: str
    data: str
    input_shape: tuple[int, ...]
    batch_size: int = 128
    epochs: int = 20
    image_size: str | None = None
    learning_rate: float | None = 1e-3
    optimizers: Callable | None = None
    schedule: str = "constant"
    options: dict = dataclasses.field(default_factory=dict)
    networks: Callable | None = None

    def build(self, **overrides):
        """Builds the model; `overrides` are arguments of `tfgen.build`.

        Raises:
            ValueError: for what does not fit the preset's networks.
        """
        from tfgen.models import build

        options = {
            "model": self.model,
            "input_shape": self.input_shape,
            **self._options_beside(overrides),
            **overrides,
        }
        if self.networks is not None:
            self._check_overrides(overrides)
            latent_dim = options.pop("latent_dim")
            options["networks"] = functools.partial(
                self.networks, latent_dim=latent_dim
            )
        model = build(**options)
        # `compile()` without arguments takes what the preset recommends.
        model.recommended_optimizers = functools.partial(
            self.make_optimizers, model
        )
        return model

    def make_optimizers(self, model, learning_rate=None, steps=None):
        """Optimizers for `model.compile`, by network name.

        Args:
            model: what `build` has made.
            learning_rate: instead of the preset's.
            steps: of the whole training, over which rates take the course
                of `schedule`; None: they stay.
        """
        if self.optimizers is None:
            optimizers = type(model).recommended_optimizers(model)
        else:
            optimizers = self.optimizers()
        learning_rate = learning_rate or self.learning_rate
        if learning_rate is not None:
            # Of the first network; the others keep their ratio to it.
            first = rate_of(next(iter(optimizers.values())))
            for optimizer in optimizers.values():
                ratio = rate_of(optimizer) / first
                optimizer.learning_rate = ratio * learning_rate
        if steps is not None:
            set_schedule(model, optimizers, self.schedule, steps)
        return optimizers

    def _options_beside(self, overrides):
        """The preset's options without those that another choice outdates."""
        outdated = set()
        if "network" in overrides:
            outdated |= {
                "network_options",
                "generator_options",
                "discriminator_options",
            }
        if "likelihood" in overrides:
            outdated.add("output_activation")
        if "objective" in overrides:
            outdated |= {
                "gamma",
                "feature_layer",
                "feature_variance",
                "balance_gate",
            }
        if "adversarial_ratio" in overrides:
            outdated.add("adversarial_weight")
        if "loss" in overrides:
            outdated.add("penalties")
        return {k: v for k, v in self.options.items() if k not in outdated}

    def _check_overrides(self, overrides):
        own = (
            "network",
            "network_options",
            "generator_options",
            "discriminator_options",
            "num_classes",
            "conditioning",
            "output_activation",
            "packing",
        )
        for name in own:
            if overrides.get(name) is not None:
                raise ValueError(
                    f"the preset {self.name!r} has networks of its own, got "
                    f"{name}={overrides[name]!r}: leave it out, or name a "
                    "model instead of the preset."
                )
