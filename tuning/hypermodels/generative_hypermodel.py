"""What the hypermodels of all of tfgen's models share."""

import keras_tuner

from tfgen.data import Source
from tfgen.models.from_settings import compiled_model, with_sizes
from tfgen.runs.data import in_range
from tfgen.tuning.search_space import SearchSpace


class GenerativeHyperModel(keras_tuner.HyperModel):
    """A search space of one of tfgen's models, for any KerasTuner tuner.

    A subclass names its model and its default space.

    Args:
        source: training data, for shape, classes and size.
        space: a `SearchSpace`; or what narrows the default one, such as
            `{"latent_dim": (8, 64), "network": ["mlp", "conv"]}`; see
            `SearchSpace.narrowed`.
        seed: of weights and noise, in each trial the same; default: that of
            the `Search`, else 0.
        epochs: of a whole training, for what falls or rises over it: all
            trials of Hyperband are beginnings of such; default: as for
            `tfgen train`.
        fixed: settings of `tfgen train` that are not searched, such as
            `conditional=True`.

    Raises:
        ValueError: for names that no setting has.

    Example:
    ```python
    train = tfgen.data.load("digits", split="train")
    validation = tfgen.data.load("digits", split="validation")
    tuner = keras_tuner.RandomSearch(
        VAEHyperModel(train, {"latent_dim": (4, 16)}),
        objective=keras_tuner.Objective("val_negative_elbo", "min"),
        max_trials=10,
    )
    tuner.search(train, epochs=5, validation_data=validation)
    ```
    """

    model: str

    def __init__(self, source, space=None, *, seed=None, epochs=None, **fixed):
        super().__init__(name=self.model)
        if not isinstance(space, SearchSpace):
            space = self.default_space(source).narrowed(space or {})
        self.source = source
        self.space = space.narrowed(fixed)
        self.seed = seed
        self.epochs = epochs

    @classmethod
    def default_space(cls, source) -> SearchSpace:
        """What is searched where nothing else was said."""
        raise NotImplementedError(cls.__name__)

    def settings(self, hyperparameters) -> dict:
        """Settings of `tfgen train` that hyperparameters stand for."""
        epochs = {} if self.epochs is None else {"epochs": self.epochs}
        return {
            "model": self.model,
            **epochs,
            **self.space.draw(hyperparameters),
            "seed": self.seed or 0,
        }

    def build(self, hyperparameters):
        """The compiled model."""
        return compiled_model(self.settings(hyperparameters), self.source)

    def batch_size(self, hyperparameters) -> int:
        """Rows a step."""
        settings = self.settings(hyperparameters)
        return with_sizes(settings, len(self.source))["batch_size"]

    def fit(self, hyperparameters, model, x=None, *args, **kwargs):
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


def is_built_from_settings(hypermodel) -> bool:
    """Whether `tfgen train` with its settings trains the same model."""
    return keeps(hypermodel, "build", "batch_size", "fit")


def keeps(hypermodel, *methods) -> bool:
    """Whether it is one of ours, and no derived class changes the methods."""
    ours = GenerativeHyperModel
    return isinstance(hypermodel, ours) and all(
        getattr(type(hypermodel), name) is getattr(ours, name)
        for name in methods
    )


def _in_range(model, data):
    return in_range(model, data) if isinstance(data, Source) else data
