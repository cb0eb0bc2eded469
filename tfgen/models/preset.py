"""Whole set-ups by name; `tfgen/presets` holds those that we ship."""

import dataclasses
import difflib
import functools
import math
from collections.abc import Callable

import keras

from tfgen.models.families import get_family
from tfgen.models.generative_model import GenerativeModel
from tfgen.optimizers.schedules import rate_of, set_schedule
from tfgen.settings.table import SETTINGS

NETWORK_OPTIONS = (
    "network_options",
    "generator_options",
    "discriminator_options",
)
OF_LARSEN = ("gamma", "feature_layer", "feature_variance", "balance_gate")
OUTDATES = {
    "network": NETWORK_OPTIONS,
    "networks": ("network", "output_activation", *NETWORK_OPTIONS),
    "likelihood": ("output_activation",),
    "latent_dims": ("latent_dim",),
    "objective": OF_LARSEN,
    **dict.fromkeys(OF_LARSEN, ("objective",)),
    "adversarial_ratio": ("adversarial_weight",),
    "loss": ("penalties",),
}
"""Options of a preset that another choice makes meaningless."""
OF_NETWORKS = (
    "network",
    *NETWORK_OPTIONS,
    "num_classes",
    "conditioning",
    "output_activation",
    "packing",
    "latent_dims",
)
"""Options that a preset with networks of its own has decided."""


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
        steps: of a training on other data that follows the preset because it
            is recommended for them.
        most_epochs: of such a training, beyond the steps that most presets
            have; None: any number.
        options: arguments of `tfgen.build`.
        held_variance: of data with more values than `latent_dim`: more latents,
            as many as principal components hold this share of the variance;
            None for those of `options`.
        detection: arguments `measure` and `combine` of
            `tfgen.detection.Detector`, for what it trains.
        networks: makes `(encoder, decoder)`, `(generator, discriminator)` or
            all three, from an input shape and `latent_dim`, for
            networks that `tfgen.build` does not know by name.

    Example:
    >>> preset = tfgen.presets.get("circles_vae")
    >>> preset.summary
    'two circles in the plane: 2-4-2 networks with ReLU, latent 2'
    >>> preset.build(seed=0).latent_dim
    2
    """

    name: str
    summary: str
    model: str
    data: str
    input_shape: tuple[int, ...]
    batch_size: int = 128
    epochs: int = 20
    steps: int = 4000
    most_epochs: int | None = None
    image_size: str | None = None
    learning_rate: float | None = 1e-3
    optimizers: Callable | None = None
    schedule: str = "constant"
    options: dict = dataclasses.field(default_factory=dict)
    held_variance: float | None = None
    detection: dict = dataclasses.field(default_factory=dict)
    networks: Callable | None = None

    def build(self, **overrides) -> GenerativeModel:
        """Builds the model; `overrides` are arguments of `tfgen.build`.

        Raises:
            ValueError: for what does not fit the preset's networks.
        """
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
        model = get_family(options.pop("model")).build(**options)
        # `compile()` without arguments takes what the preset recommends.
        model.recommended_optimizers = functools.partial(
            self.make_optimizers, model
        )
        return model

    def make_optimizers(
        self,
        model: GenerativeModel,
        learning_rate: float | None = None,
        steps: int | None = None,
    ) -> dict[str, keras.optimizers.Optimizer]:
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

    def as_settings(self, steps: int) -> dict:
        """What it chooses, by names of settings, as far as they say it.

        Without the kind and the finer options of its networks.

        Args:
            steps: of the whole training.
        """
        options = {**self.options}
        options.pop("network", None)
        settings = {
            name: value
            for name, value in options.items()
            if name in SETTINGS and isinstance(value, int | float | str)
        }
        units = options.get("network_options", {}).get("units")
        if units:
            settings |= {"width": units[0], "depth": len(units)}
        if options.get("penalties"):
            settings["penalty_weight"] = options["penalties"][0].weight
        if "beta_warmup_steps" in options:
            settings["beta_warmup"] = options["beta_warmup_steps"] / steps
        return (
            settings | self._rates() | {"learning_rate_schedule": self.schedule}
        )

    def _rates(self):
        if self.optimizers is None:
            rate = self.learning_rate
            return {} if rate is None else {"learning_rate": rate}
        rates = {n: rate_of(o) for n, o in self.optimizers().items()}
        first = next(iter(rates.values()))
        rate = self.learning_rate or first
        if "discriminator" not in rates:
            return {"learning_rate": rate}
        ratio = rates["discriminator"] / first
        return {"learning_rate": rate, "learning_rate_ratio": ratio}

    def _options_beside(self, overrides):
        """The preset's options without those that another choice outdates."""
        outdated = {
            option for name in overrides for option in OUTDATES.get(name, ())
        }
        options = {k: v for k, v in self.options.items() if k not in outdated}
        if options.get("network_options", {}).get("linear_path"):
            # One for each principal component; there are no more.
            shape = overrides.get("input_shape") or self.input_shape
            most = math.prod(shape)
            options["latent_dim"] = min(options["latent_dim"], most)
        return options

    def _check_overrides(self, overrides):
        for name in OF_NETWORKS:
            if overrides.get(name) is not None:
                raise ValueError(
                    f"the preset {self.name!r} has networks of its own, got "
                    f"{name}={overrides[name]!r}: leave it out, or name a "
                    "model instead of the preset."
                )


PRESETS: dict[str, Preset] = {}


def register_preset(preset: Preset) -> None:
    """Makes a preset known by its name; a later one takes its place.

    Example:
    >>> circles = tfgen.presets.get("circles_vae")
    >>> tfgen.presets.register(circles)
    """
    PRESETS[preset.name] = preset


def preset_names() -> tuple[str, ...]:
    """Names of all presets.

    Example:
    >>> "table_vae" in tfgen.presets.names()
    True
    """
    return tuple(PRESETS)


def get_preset(name: str) -> Preset:
    """A preset by name.

    Raises:
        ValueError: for an unknown name.

    Example:
    >>> tfgen.presets.get("table_vae").model
    'vae'
    """
    if not isinstance(name, str) or name not in PRESETS:
        near = difflib.get_close_matches(str(name), PRESETS, 1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"preset is {name!r}, {guess}expected one of {', '.join(PRESETS)}."
        )
    return PRESETS[name]


def adam(
    learning_rate: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    networks: tuple[str, ...] = ("generator", "discriminator"),
) -> Callable[[], dict[str, keras.optimizers.Optimizer]]:
    """A function that makes one Adam for each network, by default of a GAN."""

    def make():
        return {
            name: keras.optimizers.Adam(learning_rate, beta_1, beta_2)
            for name in networks
        }

    return make
