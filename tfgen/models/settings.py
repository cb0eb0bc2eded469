"""The settings of `tfgen train`: what each may be."""

import dataclasses
import math
import numbers


@dataclasses.dataclass(frozen=True)
class Setting:
    """What values a setting takes.

    Attributes:
        kind: `int`, `float`, `str` or `bool`.
        least: smallest number, None for any.
        above: number that it must be larger than, None for any.
        most: largest number, None for any.
        below: number that it must be smaller than, None for any.
    """

    kind: type
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    @property
    def expected(self) -> str:
        """What it takes, in words.

        >>> Setting(int, least=1).expected
        'a whole number of 1 or more'
        """
        words = {
            int: "a whole number",
            float: "a finite number" if self.above is None else "a number",
            str: "a name",
            bool: "true or false",
        }[self.kind]
        if self.above is not None:
            words += f" above {self.above:g}"
        if self.least is not None:
            upper = self.most if self.below is None else self.below
            inner = "" if self.below is None else "below "
            words += (
                f" of {self.least:g} or more"
                if upper is None
                else f" from {self.least:g} to {inner}{upper:g}"
            )
        return words

    def fits(self, value) -> bool:
        """Whether it takes this value."""
        if self.kind in (str, bool) or isinstance(value, bool):
            return isinstance(value, self.kind)
        kinds = numbers.Integral if self.kind is int else numbers.Real
        if not isinstance(value, kinds) or not math.isfinite(value):
            return False
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )


COUNT = Setting(int, least=1)
WEIGHT = Setting(float, least=0.0)
NAME = Setting(str)
MODEL_SETTINGS = {
    "latent_dim": COUNT,
    "network": NAME,
    "width": COUNT,
    "depth": COUNT,
    "likelihood": NAME,
    "beta": WEIGHT,
    "beta_warmup": Setting(float, least=0.0, most=1.0),
    "free_bits": WEIGHT,
    "loss": NAME,
    "penalty_weight": WEIGHT,
    "augmentation": NAME,
    "packing": COUNT,
    "discriminator_steps": COUNT,
    "objective": NAME,
    "adversarial_ratio": WEIGHT,
    "adversarial_weight": WEIGHT,
    "gamma": WEIGHT,
    "average_decay": Setting(float, least=0.0, below=1.0),
    "conditional": Setting(bool),
    "conditioning": NAME,
    "precision": NAME,
    "learning_rate": Setting(float, above=0.0),
    "learning_rate_ratio": Setting(float, above=0.0),
    "learning_rate_schedule": NAME,
}
"""Those of the model and its optimizers."""
DATA_SETTINGS = {
    "data": NAME,
    "image_size": NAME,
    "color_mode": NAME,
    "label_column": NAME,
}
"""Those of the data."""
SETTINGS = {
    "model": NAME,
    "preset": NAME,
    **DATA_SETTINGS,
    "epochs": COUNT,
    "batch_size": COUNT,
    **MODEL_SETTINGS,
    "seed": Setting(int, least=0),
    "strategy": NAME,
    "replicas": COUNT,
    "checkpoint_every": WEIGHT,
}
"""All of them."""


def check_settings(settings: dict, written=str) -> None:
    """Raises ValueError for a known setting with a value it does not take.

    Args:
        settings: values by name; other names are passed over.
        written: how a name is written in the message.
    """
    for name, value in settings.items():
        setting = SETTINGS.get(name)
        if setting is None or setting.fits(value):
            continue
        shown = f"{value:g}" if isinstance(value, float) else repr(value)
        raise ValueError(
            f"{written(name)} is {shown}, expected {setting.expected}."
        )
