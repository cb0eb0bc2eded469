"""What a preset holds."""

import dataclasses
import functools
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Preset:
    """A whole set-up that trains with no further choice.

    Attributes:
        name: as in `tfgen train --preset name`.
        summary: one line.
        model: `"vae"`.
        data: name of the data set it was made for.
        input_shape: shape of one example of that data.
        learning_rate: of Adam.
        batch_size: rows a step.
        epochs: passes over the data.
        options: arguments of `tfgen.build`.
        networks: makes `(encoder, decoder)` from an input shape and
            `latent_dim`, for networks that `tfgen.build` does not know by
            name.
    """

    name: str
    summary: str
    model: str
    data: str
    input_shape: tuple[int, ...]
    batch_size: int = 128
    epochs: int = 20
    learning_rate: float = 1e-3
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
        return build(**options)

    def _options_beside(self, overrides):
        """The preset's options without those that another choice outdates."""
        outdated = set()
        if "network" in overrides:
            outdated.add("network_options")
        if "likelihood" in overrides:
            outdated.add("output_activation")
        return {k: v for k, v in self.options.items() if k not in outdated}

    def _check_overrides(self, overrides):
        own = ("network", "network_options", "num_classes", "output_activation")
        for name in own:
            if overrides.get(name) is not None:
                raise ValueError(
                    f"the preset {self.name!r} has networks of its own, got "
                    f"{name}={overrides[name]!r}: leave it out, or name a "
                    "model instead of the preset."
                )
