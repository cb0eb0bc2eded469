"""tfgen's models as KerasTuner's hypermodels, and what else may be searched."""

import copy
import tempfile
from collections.abc import Callable, Mapping

import keras
import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner

from tfgen.data import Source
from tfgen.models.families import get_family
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.preset import get_preset
from tfgen.models.recommended import recommended_preset
from tfgen.runs.data import in_range
from tfgen.runs.model import compiled_model, with_sizes
from tfgen.training.inputs import Examples
from tfgen.tuning.search_space import SearchSpace


class GenerativeHyperModel(keras_tuner.HyperModel):
    """A search space of one of tfgen's models, for any KerasTuner tuner.

    A subclass names its family.

    Args:
        source: training data, for shape, classes and size.
        space: a `SearchSpace`; or what narrows the default one, such as
            `{"latent_dim": (8, 64), "network": ["mlp", "conv"]}`; see
            `SearchSpace.narrowed`. The default one begins with, and what it
            leaves out is as in, the preset that is recommended for the data.
        seed: of weights and noise, in each trial the same; default: that of
            the `Search`, else 0.
        epochs: of a whole training, for what falls or rises over it: all
            trials of Hyperband are beginnings of such; default: as for
            `tfgen train`.
        preset: name of one of the family, which trials follow and the default
            space begins with; default: that which is recommended.
        fixed: settings of `tfgen train` that are not searched, such as
            `conditional=True`.

    Raises:
        ValueError: for names that no setting has, values that are for another
            family, and presets of which nothing can be searched.

    Example:
    >>> train = tfgen.data.load("digits", split="train")
    >>> hypermodel = tfgen.tuning.VAEHyperModel(train, {"latent_dim": (4, 16)})
    >>> space = hypermodel.space.hyperparameters()
    >>> hypermodel.settings(space)["latent_dim"]
    16
    """

    model: str

    def __init__(
        self,
        source: Source,
        space: SearchSpace | Mapping | None = None,
        *,
        seed: int | None = None,
        epochs: int | None = None,
        preset: str | None = None,
        **fixed,
    ):
        super().__init__(name=self.model)
        self.preset, family = preset, get_family(self.model)
        if preset is not None:
            named = _searchable_preset(preset, self.model)
            default = SearchSpace.default(family, source, preset=named)
        elif not isinstance(space, SearchSpace):
            found = recommended_preset(family, source.shape, source.is_mixed)
            self.preset = None if found is None else found.name
            default = self.default_space(source)
        if not isinstance(space, SearchSpace):
            space = default.narrowed(space or {})
        self.source = source
        self.space = space.narrowed(fixed)
        self._check_names()
        self.seed = seed
        self.epochs = epochs

    def _check_names(self):
        """Raises ValueError for what is a name of another family alone."""
        for name, known in get_family(self.model).choices.items():
            parameter = self.space.parameters.get(name)
            for value in parameter.values if parameter else ():
                if value not in known:
                    raise ValueError(
                        f"{name} is {value}, expected one of "
                        f"{', '.join(known)} for a model {self.model!r}."
                    )

    @classmethod
    def default_space(cls, source: Source) -> SearchSpace:
        """What is searched where nothing else was said."""
        return SearchSpace.default(get_family(cls.model), source)

    def settings(self, hyperparameters: keras_tuner.HyperParameters) -> dict:
        """Settings of `tfgen train` that hyperparameters stand for."""
        epochs = {} if self.epochs is None else {"epochs": self.epochs}
        drawn, preset = self.space.draw(hyperparameters), {}
        if self.preset is not None:
            preset["preset"] = self.preset
            # Named beside the preset, it would be one without its options.
            if drawn.get("network") == get_preset(self.preset).options.get(
                "network"
            ):
                del drawn["network"]
        return {
            "model": self.model,
            **preset,
            **epochs,
            **drawn,
            "seed": self.seed or 0,
        }

    def build(
        self, hyperparameters: keras_tuner.HyperParameters
    ) -> GenerativeModel:
        """The compiled model."""
        return compiled_model(self.settings(hyperparameters), self.source)

    def batch_size(self, hyperparameters: keras_tuner.HyperParameters) -> int:
        """Rows a step."""
        settings = self.settings(hyperparameters)
        return with_sizes(settings, len(self.source))["batch_size"]

    def fit(
        self,
        hyperparameters: keras_tuner.HyperParameters,
        model: GenerativeModel,
        x: Examples | None = None,
        *args,
        **kwargs,
    ) -> keras.callbacks.History:
        """Trains as `model.fit` does, with the batch size that was drawn.

        Sources are brought to the range of values that the model takes;
        without `x` the training data are those that the space is for. Data
        that come in batches stay as they are.
        """
        x = _in_range(model, self.source if x is None else x)
        if "validation_data" in kwargs:
            kwargs["validation_data"] = _in_range(
                model, kwargs["validation_data"]
            )
        if not hasattr(x, "element_spec"):
            kwargs["batch_size"] = self.batch_size(hyperparameters)
        return model.fit(x, *args, **kwargs)


def _searchable_preset(name, model):
    """A preset of a family's own networks, which settings change."""
    preset = get_preset(name)
    if preset.model != model:
        raise ValueError(
            f"preset {name!r} is of a {preset.model}, expected one of a "
            f"{model}: leave one of them out."
        )
    if preset.networks is not None:
        raise ValueError(
            f"preset {name!r} has networks of its own, of which a search "
            f"changes nothing: name another, or `tfgen train --preset {name}`."
        )
    return preset


class VAEHyperModel(GenerativeHyperModel):
    """`tfgen.VAE` as a hypermodel; see `GenerativeHyperModel`.

    Example:
    >>> train = tfgen.data.load("digits")
    >>> hypermodel = tfgen.tuning.VAEHyperModel(train, {"network": "mlp"})
    >>> hypermodel.build(hypermodel.space.hyperparameters()).latent_dim
    16
    """

    model = "vae"


class GANHyperModel(GenerativeHyperModel):
    """`tfgen.GAN` as a hypermodel; see `GenerativeHyperModel`.

    Example:
    >>> ring = tfgen.data.load("ring")
    >>> print(tfgen.tuning.GANHyperModel(ring).space.parameters["loss"])
    relativistic, non_saturating, hinge, default relativistic
    """

    model = "gan"


class VAEGANHyperModel(GenerativeHyperModel):
    """`tfgen.VAEGAN` as a hypermodel; see `GenerativeHyperModel`.

    Example:
    >>> train = tfgen.data.load("digits")
    >>> hypermodel = tfgen.tuning.VAEGANHyperModel(train, {"gamma": (0.5, 2)})
    >>> "adversarial_ratio" in hypermodel.space.parameters
    False
    """

    model = "vae_gan"


HYPERMODELS: dict[str, type[GenerativeHyperModel]] = {
    "vae": VAEHyperModel,
    "gan": GANHyperModel,
    "vae_gan": VAEGANHyperModel,
}
"""By name of the family."""


def hypermodel_of(family: str) -> type[GenerativeHyperModel]:
    """The hypermodel of a family; one from outside gets its own at first.

    Raises:
        ValueError: for an unknown family.
    """
    if family not in HYPERMODELS:
        name = f"{get_family(family).model.__name__}HyperModel"
        HYPERMODELS[family] = type(
            name, (GenerativeHyperModel,), {"model": family}
        )
    return HYPERMODELS[family]


def as_hypermodel(
    given: keras_tuner.HyperModel | Callable, tuner: str, epochs: int, seed: int
) -> keras_tuner.HyperModel:
    """What a user gives to a search, ready for its tuner.

    Args:
        given: a `keras_tuner.HyperModel`, or a function that builds a model
            from hyperparameters.
        tuner: its name; a grid needs values instead of ranges.
        epochs: of a whole training, for hypermodels that were not told.
        seed: of the search, for hypermodels that were not told.

    Raises:
        ValueError: for anything else, or a hypermodel with another seed.
    """
    if isinstance(given, type):
        raise ValueError(
            f"hypermodel is the class {given.__name__}, expected an object of "
            f"it: {given.__name__}(...)."
        )
    if not isinstance(given, keras_tuner.HyperModel):
        if not callable(given):
            raise ValueError(
                f"hypermodel is {given!r}, expected a keras_tuner.HyperModel "
                "or a function that builds a model from hyperparameters."
            )
        return _OwnFunction(given)
    if isinstance(given, GenerativeHyperModel):
        given = copy.copy(given)
        given.epochs = given.epochs or epochs
        if given.seed not in (None, seed):
            raise ValueError(
                f"the hypermodel has seed {given.seed} and the search seed "
                f"{seed}: pass the seed to the search alone."
            )
        given.seed = seed
        if tuner == "grid":
            given.space = given.space.grid()
    return given


def space_of(
    hypermodel: keras_tuner.HyperModel,
) -> keras_tuner.HyperParameters:
    """All of a hypermodel's hyperparameters, those under conditions too."""
    if keeps(hypermodel, "build", "settings"):
        return hypermodel.space.hyperparameters()
    # Asked itself: in a worker, a tuner's own would ask the chief.
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("any", "min")
    )
    with tempfile.TemporaryDirectory() as folder:
        BaseTuner(oracle, hypermodel, directory=folder)
    return oracle.get_space()


def is_built_from_settings(hypermodel: keras_tuner.HyperModel) -> bool:
    """Whether `tfgen train` with its settings trains the same model."""
    return keeps(hypermodel, "build", "batch_size", "fit")


def keeps(hypermodel: keras_tuner.HyperModel, *methods: str) -> bool:
    """Whether it is one of ours, and no derived class changes the methods."""
    ours = GenerativeHyperModel
    return isinstance(hypermodel, ours) and all(
        getattr(type(hypermodel), name) is getattr(ours, name)
        for name in methods
    )


class _OwnFunction(keras_tuner.HyperModel):
    """A user's function as a hypermodel."""

    def __init__(self, function):
        super().__init__()
        self.build = function


def _in_range(model, data):
    return in_range(model, data) if isinstance(data, Source) else data
