"""The flat settings of `tfgen train` as a compiled model."""

from tfgen import presets
from tfgen.models.builder import build
from tfgen.models.network_sizes import sized_options
from tfgen.models.settings import check_settings
from tfgen.optimizers.schedules import rate_of, set_schedule

DEFAULT_STEPS = 4000
DEFAULT_BATCH_SIZE = 128
BUILD_OPTIONS = (
    "latent_dim",
    "network",
    "likelihood",
    "beta",
    "free_bits",
    "loss",
    "augmentation",
    "packing",
    "discriminator_steps",
    "objective",
    "adversarial_ratio",
    "adversarial_weight",
    "gamma",
    "average_decay",
    "conditioning",
    "precision",
)
"""Settings that are arguments of `tfgen.build`."""
ENCODING = ("vae", "vae_gan")
ADVERSARIAL = ("gan", "vae_gan")
PARTS = {
    "beta_warmup": (ENCODING, "KL term"),
    "learning_rate_ratio": (ADVERSARIAL, "discriminator"),
    "penalty_weight": (ADVERSARIAL, "discriminator"),
    "average_decay": (ADVERSARIAL, "averaged generator"),
}
"""Settings that some models have no use for."""


def compiled_model(settings: dict, source):
    """The model that settings describe, compiled, for examples of a source.

    To be called under the scope of the strategy that it is trained under.

    Args:
        settings: by the option names of `tfgen train`, such as `{"model":
            "vae", "latent_dim": 8}`; those of data and strategy are passed
            over.
        source: the training data, for shape, classes and size.

    Raises:
        ValueError: for settings that do not fit each other or the data.
    """
    check_settings(settings)
    _check_parts(settings)
    steps = training_steps(settings, len(source))
    model = build(
        settings.get("model"),
        preset=settings.get("preset"),
        input_shape=source.shape,
        seed=settings.get("seed", 0),
        **_build_options(settings, source, steps),
    )
    if "penalty_weight" in settings:
        _weigh_penalties(model, settings["penalty_weight"])
    model.compile(_optimizers(model, settings, steps))
    return model


def with_sizes(settings: dict, rows: int) -> dict:
    """The settings with `batch_size` and `epochs`, by default for so many rows.

    128 rows a step, at most a twentieth of the data; 4,000 steps, at least 10
    epochs. A preset has a batch size of its own.
    """
    most, smallest = DEFAULT_BATCH_SIZE, max(1, rows // 20)
    if "preset" in settings:
        most = presets.get(settings["preset"]).batch_size
        smallest = rows
    settings = dict(settings)
    settings.setdefault("batch_size", min(most, smallest))
    steps = -(-rows // settings["batch_size"])
    settings.setdefault("epochs", max(10, -(-DEFAULT_STEPS // steps)))
    return settings


def training_steps(settings: dict, rows: int) -> int:
    """Number of steps of a whole training on so many rows."""
    settings = with_sizes(settings, rows)
    return settings["epochs"] * -(-rows // settings["batch_size"])


def _check_parts(settings):
    model = _model_name(settings)
    for name, (models, part) in PARTS.items():
        if name in settings and model not in models:
            raise ValueError(
                f"{name} is {settings[name]:g}, but a model {model!r} has no "
                f"{part}: leave it out."
            )


def _model_name(settings):
    if "model" not in settings and "preset" in settings:
        return presets.get(settings["preset"]).model
    return settings.get("model")


def _build_options(settings, source, steps):
    options = {k: settings[k] for k in BUILD_OPTIONS if k in settings}
    if settings.get("conditional"):
        if not source.num_classes:
            raise ValueError(
                f"--conditional, but {source.name} has no classes: leave it "
                "out, or name a --label-column."
            )
        options["num_classes"] = source.num_classes
    if "beta_warmup" in settings:
        options["beta_warmup_steps"] = round(settings["beta_warmup"] * steps)
    if "width" in settings or "depth" in settings:
        options["network_options"] = _network_options(settings, source.shape)
    return options


def _network_options(settings, shape):
    width, depth = settings.get("width"), settings.get("depth")
    network, base = settings.get("network"), {}
    if "preset" in settings and network is None:
        preset = presets.get(settings["preset"])
        if preset.networks is not None:
            name = "depth" if width is None else "width"
            raise ValueError(
                f"the preset {preset.name!r} has networks of its own, got "
                f"{name}={settings[name]}: leave it out, or name a model "
                "instead of the preset."
            )
        network = preset.options.get("network")
        base = preset.options.get("network_options")
    return sized_options(network, shape, width, depth, base)


def _weigh_penalties(model, weight):
    if not model.penalties:
        raise ValueError(
            f"penalty_weight is {weight:g}, but the discriminator has no "
            "penalty to weigh: leave it out, or choose another loss."
        )
    for penalty in model.penalties:
        penalty.weight = float(weight)


def _optimizers(model, settings, steps):
    """The preset's or the model's, at the learning rates asked for."""
    rate, schedule = settings.get("learning_rate"), "constant"
    if "preset" in settings:
        preset = presets.get(settings["preset"])
        optimizers = preset.make_optimizers(model, rate)
        schedule = preset.schedule
    else:
        optimizers = model.recommended_optimizers()
        if rate is not None:
            for optimizer in optimizers.values():
                optimizer.learning_rate = rate
    if "learning_rate_ratio" in settings:
        _set_ratio(optimizers, settings["learning_rate_ratio"])
    schedule = settings.get("learning_rate_schedule", schedule)
    set_schedule(model, optimizers, schedule, steps)
    return optimizers


def _set_ratio(optimizers, ratio):
    """Sets the discriminator's rate by that of the generator or decoder."""
    generator = optimizers.get("generator") or optimizers["decoder"]
    rate = ratio * rate_of(generator)
    optimizers["discriminator"].learning_rate = rate
