"""The families of models: what each is made of and takes, declared.

A family that stands outside the package is registered by `register_family`;
`tfgen train` and the other commands know it where its file is a plugin
(`tfgen --plugin FILE`).
"""

import contextlib
import dataclasses
import functools
import inspect
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tfgen.losses import OBJECTIVES
from tfgen.models.gan import GAN
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.option_checks import VAE_GAN_OBJECTIVES
from tfgen.models.parts import (
    make_gan_parts,
    make_vae_gan_parts,
    make_vae_parts,
    make_vq_vae_parts,
)
from tfgen.models.vae import VAE
from tfgen.models.vae_gan import VAEGAN
from tfgen.models.vq_vae import VQVAE
from tfgen.networks.code_grids import default_filters
from tfgen.networks.parts import channels_last
from tfgen.settings import searched
from tfgen.settings.parameters import Choice, Condition, Fixed, Range
from tfgen.settings.setting import Setting
from tfgen.settings.table import SETTINGS, add_setting
from tfgen.training.precision import precision_policy


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """A family of models, for `tfgen.build`, the commands and searches.

    What its models can do (encode, score, discriminate) their class says by
    `encodes`, `has_likelihood`, `has_discriminator` and `trains_bound`.

    Attributes:
        name: as in `tfgen train NAME`.
        model: its class, a `GenerativeModel`.
        make_parts: function of the input shape and keyword options that makes
            what the model's constructor takes first, such as `(encoder,
            decoder)`. An option of `build` goes to whoever names it, this
            function, the constructor or both.
        parts: of `"likelihood"`, `"kl"`, `"discriminator"` and `"privacy"`
            those that its models have, and whose settings they take.
        settings: settings of this family alone, as rows of the table; their
            `part` is the family's name.
        space: how settings are searched where the table's default does not
            fit: by name a parameter, a function of the training data, or
            None for a setting that is not searched.
        alternatives: how settings are searched that exclude others of the
            space, where a search is given one of them.
        choices: names that its models take, of a setting that has more.
        filters: function of the input shape that gives the widths of its
            stages by default, where they are not those of the network.
        standardizes_points: whether points in the plane are standardized.
        recommended: by kind of data, `"points"`, `"table"`, `"mixed table"`,
            `"grey"` or `"colour"` (images), the preset that `tfgen.build`,
            runs and searches follow where nothing else was said; without one
            the defaults of `make_parts` are what is recommended.

    Example:
    >>> tfgen.models.get_family("vae").model
    <class 'tfgen.models.vae.VAE'>
    """

    name: str
    model: type[GenerativeModel]
    make_parts: Callable[..., tuple]
    parts: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    space: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    alternatives: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    filters: Callable[[tuple], tuple] | None = None
    standardizes_points: bool = False
    recommended: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first line of the class's docstring."""
        return inspect.getdoc(self.model).split("\n")[0].rstrip(".")

    def takes(self, setting: Setting) -> bool:
        """Whether a setting says anything about its models."""
        return setting.part in ("model", self.name, *self.parts)

    def names(self, setting: Setting) -> tuple[str, ...]:
        """The names that its models take for a setting, () for any."""
        return self.choices.get(setting.name, setting.names)

    def options(self) -> tuple[str, ...]:
        """Names of the options of `build`."""
        known = _options(self.make_parts) | _options(self.model.__init__)
        return tuple(sorted(known | {"name", "precision"}))

    def build(self, input_shape: tuple[int, ...], **options) -> GenerativeModel:
        """A model for examples of a shape; see `tfgen.build`.

        Raises:
            ValueError: for options that it does not have, or values that they
                do not take.
        """
        self._check(options)
        shape = checked_shape(input_shape)
        precision = precision_policy(options.pop("precision", None), shape)
        seeded = _seeded_initializers(options.get("seed"))
        with precision, channels_last(), seeded:
            of_parts = _options(self.make_parts)
            parts = self.make_parts(shape, **_chosen(options, of_parts))
            # The parts are the constructor's first arguments.
            _, *names = inspect.signature(self.model.__init__).parameters
            of_model = {"name", *names[len(parts) :]}
            return self.model(*parts, **_chosen(options, of_model))

    def _check(self, options):
        known = self.options()
        reasons = [
            f"the model {self.name!r} has no option {option!r}; it has "
            f"{', '.join(known)}."
            for option in options
            if option not in known
        ]
        for name, value in options.items():
            setting = SETTINGS.get(name)
            # Names may be given as objects: a likelihood, a loss.
            if setting and setting.kind is not str and value is not None:
                reasons.append(setting.why_not(value))
        reasons = [reason for reason in reasons if reason]
        if reasons:
            raise ValueError(" ".join(reasons))


def _likelihood_by_channels(source):
    """One likelihood: nats under two do not compare.

    One may be of densities, the other of masses, so a negative ELBO would
    choose the unit, not the model.
    """
    if source.is_mixed:
        return Fixed("table")
    return Fixed("bernoulli" if searched.is_grey(source) else "gaussian")


def _bernoulli_of_grey(source):
    """Others have a Gaussian whose scale goes by the objective: not named."""
    return Fixed("bernoulli") if searched.is_grey(source) else None


def _objective_by_kind(source):
    """A mixed table's likelihood has more to learn than larsen trains."""
    if source.is_mixed:
        return Fixed("elbo_adversarial")
    return Choice(VAE_GAN_OBJECTIVES, "larsen")


def _network_of_vae(source):
    """A dense network for grey images, which it suits, else a residual one."""
    second = "mlp" if searched.is_grey(source) else "resnet"
    return searched.network(source, ("conv", second))


_partial = functools.partial
VAE_FAMILY = Family(
    name="vae",
    model=VAE,
    make_parts=make_vae_parts,
    parts=("likelihood", "kl", "privacy"),
    choices={"objective": tuple(OBJECTIVES)},
    space={
        "latent_dim": _partial(searched.latent_dim, small=(8, 32)),
        "network": _network_of_vae,
        # Half as many were never among the best six of 20 for `digits`.
        "width": _partial(searched.width, least=128),
        "likelihood": _likelihood_by_channels,
        # `negative_elbo` is always that of beta = 1: a small beta cannot win
        # by paying less for its latents. Near 1, a weight trades overfitting
        # for fit; far from 1 it can only lose. For distances between samples
        # wider ranges make sense: beta=0.1..4.
        "beta": Range(0.8, 1.25, 1.0, log=True),
        "learning_rate": Range(5e-4, 5e-3, 1e-3, log=True),
    },
    # Who gives levels gets them without the number of one level.
    alternatives={"latent_dims": searched.latent_dims},
    recommended={
        "points": "points_vae",
        "table": "full_table_vae",
        "wide table": "table_vae",
        "mixed table": "mixed_table_vae",
        "colour": "colour_vae",
    },
)
GAN_FAMILY = Family(
    name="gan",
    model=GAN,
    make_parts=make_gan_parts,
    parts=("discriminator", "privacy"),
    space={
        "latent_dim": _partial(
            searched.latent_dim, large=(16, 128), default=64
        ),
        "learning_rate": Range(2e-4, 5e-3, 1e-3, log=True),
    },
    standardizes_points=True,
    recommended={
        "points": "points_gan",
        "table": "table_gan",
        "mixed table": "mixed_table_gan",
    },
)
VAE_GAN_FAMILY = Family(
    name="vae_gan",
    model=VAEGAN,
    make_parts=make_vae_gan_parts,
    parts=("likelihood", "kl", "discriminator"),
    choices={"objective": VAE_GAN_OBJECTIVES},
    space={
        "latent_dim": _partial(
            searched.latent_dim, small=(16, 64), large=(16, 128), default=32
        ),
        "network": _partial(searched.network, small=("conv",)),
        "width": _partial(searched.width, least=128),
        "likelihood": _bernoulli_of_grey,
        "objective": _objective_by_kind,
        # Searched by samples, reconstructions or coverage: a negative ELBO
        # would choose the adversary away.
        "beta": Range(0.4, 1.5, 1.0, log=True),
        "adversarial_ratio": Range(0.25, 1.0, 0.5, log=True),
        "learning_rate": Range(3e-4, 2e-3, 5e-4, log=True),
    },
    recommended={
        "points": "points_vae_gan",
        "table": "table_vae_gan",
        "mixed table": "mixed_table_vae_gan",
    },
    # Who gives a fixed weight, or gamma, gets both without a ratio.
    alternatives={
        "adversarial_weight": Range(0.1, 100.0, 1.0, log=True),
        "gamma": Range(
            0.1, 10.0, 1.0, log=True, only=Condition("objective", ("larsen",))
        ),
    },
)
VQ_VAE_FAMILY = Family(
    name="vq_vae",
    model=VQVAE,
    make_parts=make_vq_vae_parts,
    parts=("likelihood",),
    filters=default_filters,
    space={
        "latent_dim": Range(8, 64, 32, log=True, step=2),
        "network": Choice(("conv", "resnet"), "conv"),
        "depth": None,  # grids of few codes say little, of many take long
        "likelihood": _likelihood_by_channels,
    },
)
FAMILIES = {
    "vae": VAE_FAMILY,
    "gan": GAN_FAMILY,
    "vae_gan": VAE_GAN_FAMILY,
    "vq_vae": VQ_VAE_FAMILY,
}
"""By name; the command line reads the names from this text."""


def register_family(family: Family) -> None:
    """Makes a family known by its name, with its settings.

    Args:
        family: its `model` is registered with Keras by the caller
            (`keras.saving.register_keras_serializable`), so that saved models
            load.

    Raises:
        ValueError: if another family, or another setting, has the name.

    Example:
    >>> vae = tfgen.models.get_family("vae")
    >>> tfgen.models.register_family(vae)  # the same again
    """
    known = FAMILIES.get(family.name)
    if known is not None and known.model is not family.model:
        raise ValueError(
            f"a family {family.name!r} is there already "
            f"({known.model.__name__}): choose another name."
        )
    for setting in family.settings:
        add_setting(setting)
    FAMILIES[family.name] = family


def get_family(name: str) -> Family:
    """A family by name.

    Raises:
        ValueError: for an unknown name.

    Example:
    >>> tfgen.models.get_family("gan").parts
    ('discriminator', 'privacy')
    """
    if not isinstance(name, str) or name not in FAMILIES:
        raise ValueError(
            f"model is {name!r}, expected one of {', '.join(FAMILIES)}."
        )
    return FAMILIES[name]


@contextlib.contextmanager
def _seeded_initializers(seed) -> Iterator[None]:
    """Draws initial weights by `seed`, leaving the caller's state as it was.

    Keras takes the seeds of initializers that have none from Python's random
    numbers, when a layer is made.
    """
    before = random.getstate()
    if seed is not None:
        random.seed(seed)
    try:
        yield
    finally:
        if seed is not None:
            random.setstate(before)


def checked_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one example.

    Raises:
        ValueError: for what is none.
    """
    try:
        shape = tuple(int(size) for size in shape)
    except TypeError:
        shape = None
    if not shape or min(shape) < 1 or len(shape) not in (1, 3):
        raise ValueError(
            f"input_shape is {shape}, expected (height, width, channels) for "
            "images or (features,) for tables, for example source.shape."
        )
    return shape


def _options(function):
    """Names of what a function has defaults for."""
    return {
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is not parameter.empty
    }


def _chosen(options, names):
    return {name: v for name, v in options.items() if name in names}
