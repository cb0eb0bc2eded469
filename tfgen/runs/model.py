"""The settings of a training as a compiled model."""

from collections.abc import Mapping

from tfgen.data import Source
from tfgen.models.build import build_exactly, columns_option
from tfgen.models.data_start import start_from_data
from tfgen.models.families import Family, get_family
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.network_sizes import sized_options
from tfgen.models.preset import get_preset
from tfgen.optimizers.schedules import rate_of, set_schedule
from tfgen.settings.searched import default_batch_size
from tfgen.settings.settings import Settings

DEFAULT_STEPS = 4000
TRIM_WARMUP = 0.1
"""Share of a training before which no rows are passed over."""


def compiled_model(
    settings: Mapping, source: Source, rate_factor: float = 1.0
) -> GenerativeModel:
    """The model that settings describe, compiled, for examples of a source.

    To be called under the scope of the strategy that it is trained under.

    Args:
        settings: by the option names of `tfgen train`, such as `{"model":
            "vae", "latent_dim": 8}`; those of data and strategy are passed
            over.
        source: the training data, for shape, classes and size.
        rate_factor: of the learning rates that they say.

    Raises:
        ValueError: for settings that do not fit each other or the data.

    Example:
    >>> source = tfgen.data.load("iris")
    >>> compiled_model({"model": "vae", "latent_dim": 2}, source).latent_dim
    2
    """
    settings = Settings(settings, family=family_of(settings))
    steps = training_steps(settings, len(source))
    model = build_exactly(
        settings.get("model"),
        settings.get("preset"),
        source.shape,
        seed=settings.get("seed", 0),
        **settings.arguments(),
        **_derived_arguments(settings, source, steps),
    )
    start_from_data(model, source)
    if "penalty_weight" in settings:
        _weigh_penalties(model, settings["penalty_weight"])
    model.compile(
        _optimizers(model, settings, steps, rate_factor),
        on_non_finite=settings.get("on_non_finite", "stop"),
    )
    return model


def family_of(settings: Mapping) -> Family:
    """The family that settings name, by themselves or by their preset.

    Raises:
        ValueError: for an unknown model or preset.
    """
    if "model" not in settings and "preset" in settings:
        return get_family(get_preset(settings["preset"]).model)
    return get_family(settings.get("model"))


def with_sizes(settings: Mapping, rows: int) -> Settings:
    """The settings with `batch_size` and `epochs`, by default for so many rows.

    128 rows a step, at most a twentieth of the data; 4,000 steps, at least 10
    epochs. A preset has a batch size of its own.
    """
    batch_size = settings.get("batch_size", default_batch_size(rows))
    if "batch_size" not in settings and "preset" in settings:
        batch_size = min(get_preset(settings["preset"]).batch_size, rows)
    steps = -(-rows // batch_size)
    epochs = settings.get("epochs", max(10, -(-DEFAULT_STEPS // steps)))
    return Settings({**settings, "batch_size": batch_size, "epochs": epochs})


def schedule_name(settings: Mapping) -> str:
    """Name of the course of the learning rate: as set, or the preset's."""
    default = "constant"
    if "preset" in settings:
        default = get_preset(settings["preset"]).schedule
    return settings.get("learning_rate_schedule", default)


def training_steps(settings: Mapping, rows: int) -> int:
    """Number of steps of a whole training on so many rows."""
    settings = with_sizes(settings, rows)
    return settings["epochs"] * -(-rows // settings["batch_size"])


def _derived_arguments(settings, source, steps):
    """Arguments of `build` that the data or other settings decide too."""
    options = columns_option(family_of(settings), source)
    if settings.get("conditional"):
        if not source.num_classes:
            raise ValueError(
                f"--conditional, but {source.name} has no classes: leave it "
                "out, or name a --label-column."
            )
        options["num_classes"] = source.num_classes
    if "beta_warmup" in settings:
        options["beta_warmup_steps"] = round(settings["beta_warmup"] * steps)
    if settings.get("trim"):
        _check_trim(with_sizes(settings, len(source)))
        options["trim_warmup_steps"] = round(TRIM_WARMUP * steps)
    if "width" in settings or "depth" in settings:
        options["network_options"] = _network_options(settings, source.shape)
    return options


def _check_trim(settings):
    trim, batch_size = settings["trim"], settings["batch_size"]
    if not round(trim * batch_size):
        raise ValueError(
            f"trim is {trim:g}, which of batches of {batch_size} rows is less "
            "than half a row: pass a larger trim or batch_size."
        )


def _network_options(settings, shape):
    width, depth = settings.get("width"), settings.get("depth")
    network, base = settings.get("network"), {}
    filters = family_of(settings).filters
    if filters is not None:
        base = {"filters": filters(shape)}
    if "preset" in settings and network is None:
        preset = get_preset(settings["preset"])
        if preset.networks is not None:
            name = "depth" if width is None else "width"
            raise ValueError(
                f"the preset {preset.name!r} has networks of its own, got "
                f"{name}={settings[name]}: leave it out, or name a model "
                "instead of the preset."
            )
        network = preset.options.get("network")
        base = preset.options.get("network_options", base)
    return sized_options(network, shape, width, depth, base)


def _weigh_penalties(model, weight):
    if not model.penalties:
        raise ValueError(
            f"penalty_weight is {weight:g}, but the discriminator has no "
            "penalty to weigh: leave it out, or choose another loss."
        )
    for penalty in model.penalties:
        penalty.weight = float(weight)


def _optimizers(model, settings, steps, rate_factor):
    """The preset's or the model's, at the learning rates asked for."""
    rate = settings.get("learning_rate")
    if "preset" in settings:
        preset = get_preset(settings["preset"])
        optimizers = preset.make_optimizers(model, rate)
    else:
        optimizers = model.recommended_optimizers()
        if rate is not None:
            for optimizer in optimizers.values():
                optimizer.learning_rate = rate
    if "learning_rate_ratio" in settings:
        _set_ratio(optimizers, settings["learning_rate_ratio"])
    if rate_factor != 1.0:
        for optimizer in optimizers.values():
            optimizer.learning_rate = rate_factor * rate_of(optimizer)
    set_schedule(model, optimizers, schedule_name(settings), steps)
    return optimizers


def _set_ratio(optimizers, ratio):
    """Sets the discriminator's rate by that of the generator or decoder."""
    generator = optimizers.get("generator") or optimizers["decoder"]
    optimizers["discriminator"].learning_rate = ratio * rate_of(generator)
