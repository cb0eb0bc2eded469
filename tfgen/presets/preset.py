"""What a preset holds."""

import dataclasses
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
        networks: makes `(encoder, decoder)` from an input shape, for
            networks that `tfgen.build` does not know by name.
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
        """Builds the model; `overrides` are arguments of `tfgen.build`."""
        from tfgen.models import build

        options = {
            "model": self.model,
            "input_shape": self.input_shape,
            **self.options,
            **overrides,
        }
        if self.networks is not None:
            options["networks"] = self.networks
        return build(**options)
