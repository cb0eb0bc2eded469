"""Models by name."""

import typing

from tfgen.data.raw_table import few
from tfgen.models.data_start import start_from_data
from tfgen.models.families import Family, checked_shape, get_family
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.network_sizes import sized_options
from tfgen.models.preset import get_preset
from tfgen.models.recommended import recommended_preset, width_for
from tfgen.models.wide_data import latents_for

if typing.TYPE_CHECKING:
    from tfgen.data import Source


def build(
    model: str | None = None,
    *,
    preset: str | None = None,
    input_shape: tuple[int, ...] | None = None,
    data: "Source | None" = None,
    **options,
) -> GenerativeModel:
    """Builds a model from names.

    Without a preset the model is that which is recommended for such data, as
    of `tfgen train`: points (two columns), tables, grey and colour images; see
    docs/choosing.md. What is given overrides it.

    Args:
        model: `"vae"`, `"gan"`, `"vae_gan"` or another registered family.
        preset: name of a preset (`tfgen.presets.names()`) instead of a model;
            other arguments that are given override it.
        input_shape: shape of one example, `(height, width, channels)` or
            `(features,)`.
        data: training data, a `tfgen.data.Source`, instead of `input_shape`;
            dense layers are narrower for fewer than some 200 rows, a linear
            path (`network_options`) starts at principal components, and the
            prior `"vamp"` at examples.
        options: those below, and arguments of the model, such as `beta`.

    Keyword Args:
        latent_dim: number of latent values; default of images 16, of a GAN
            64, of a VAE-GAN 32.
        latent_dims: sizes of two or more levels of a VAE's latents, from the
            top, such as `(40, 40)`, instead of `latent_dim`.
        network: `"mlp"`, `"conv"`, `"dcgan"`, `"resnet"`; default: `"conv"`
            for images, `"mlp"` else.
        network_options: sizes of the networks, such as `{"units": (64,)}`.
        generator_options: of a GAN's generator alone.
        discriminator_options: of the discriminator alone, such as
            `{"spectral_norm": True}`.
        likelihood: a name, a `tfgen.probability.Likelihood` or a function
            that makes one; default: Bernoulli for grey images, Gaussian with
            a learned scale else, in a VAE-GAN by `"larsen"` a fixed one.
        prior: a name or a `tfgen.probability.Prior`, of models with an
            encoder; default: `"standard_normal"`.
        posterior: a name or a `tfgen.probability.Posterior`, of the same
            models; default: `"diagonal"`.
        output_activation: last activation of the decoder or generator;
            default: none, of a GAN for images and of a VAE-GAN for colour
            images tanh.
        networks: function of the input shape that makes `(encoder, decoder)`,
            `(generator, discriminator)` or `(encoder, decoder,
            discriminator)`, instead of networks by name.
        num_classes: makes the model class-conditional.
        columns: of a mixed table, for each column `"number"`, `"number or 1"`
            or how many codes there are; found by `data`.
        given_columns: of the same with an encoder, whether the networks learn
            to be told any columns of a row, too, for `sample_where`, `impute`
            and samples of sharper dependences; default: yes, without classes.
        conditioning: with a discriminator: `"concatenation"` of labels and
            inputs, or `"projection"` with conditional normalisation.
        precision: `"float32"`, `"mixed_bfloat16"`, or `"auto"`: the latter for
            images where the machine has it natively, which is said.
        seed: draws the initial weights too. Without it they are drawn, as
            for any Keras model, by `keras.utils.set_random_seed`.

    Returns:
        A model that is ready for `compile`.

    Raises:
        ValueError: for unknown names or sizes that do not fit.

    Example:
    >>> model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=4)
    >>> model.latent_dim
    4
    """
    if data is not None:
        input_shape = _shape_of(data, input_shape)
        family = get_family(model or get_preset(preset).model)
        options = {**columns_option(family, data), **options}
    if preset is None and input_shape is not None:
        shape = checked_shape(input_shape)
        is_mixed = "columns" in options
        found = recommended_preset(get_family(model), shape, is_mixed)
        if found is not None:
            preset = found.name
            options = {**_narrowed(found, shape, data, options), **options}
    if preset is not None and data is not None:
        options = {**_widened(preset, data, options), **options}
    built = build_exactly(model, preset, input_shape, **options)
    if data is not None:
        start_from_data(built, data)
    return built


def build_exactly(
    model: str | None,
    preset: str | None,
    input_shape: tuple[int, ...] | None,
    **options,
) -> GenerativeModel:
    """The model as it is named: without a preset the family's own defaults.

    Of settings that were completed before, such as those in `config.json`.
    """
    if preset is None:
        return get_family(model).build(input_shape, **options)
    given = {"model": model, "input_shape": input_shape, **options}
    given = {key: v for key, v in given.items() if v is not None}
    return get_preset(preset).build(**given)


def columns_option(family: Family, data: "Source") -> dict:
    """The option of `build` that tells a family of a mixed table's columns.

    Raises:
        ValueError: for a family that takes numbers alone.
    """
    columns = data.reading.parts
    if columns is None:
        return {}
    if "columns" in family.options():
        return {"columns": columns}
    odd = [column for column in data.columns if not column.is_plain]
    names = ",".join(column.name for column in odd)
    raise ValueError(
        f"the model {family.name!r} takes numbers without gaps, but "
        f"{data.name} has {few([*map(_with_kind, odd)])}: take the model "
        "'vae', 'gan' or 'vae_gan', or leave columns out with "
        f"drop_columns={names!r}."
    )


def _with_kind(column):
    gaps = "" if column.missing is None else ", with gaps"
    return f"{column.name!r} ({column.kind}{gaps})"


def _shape_of(data, input_shape):
    if input_shape is not None and tuple(input_shape) != data.shape:
        raise ValueError(
            f"input_shape is {tuple(input_shape)}, but data has examples of "
            f"{data.shape}: leave one out."
        )
    return data.shape


def _widened(preset, data, options):
    """More latents for wide data; with privacy nothing is looked up in them."""
    if {"latent_dim", "latent_dims", "privacy"} & options.keys():
        return {}
    latents = latents_for(get_preset(preset), data)
    return {} if latents is None else {"latent_dim": latents}


def _narrowed(preset, shape, data, options):
    """The sizes of networks for few rows, where nothing is said of them."""
    width = None if data is None else width_for(preset, len(data))
    sized = {"networks", "network_options"} & options.keys()
    network = options.get("network")
    if width is None or sized or network not in (None, "mlp"):
        return {}
    base = {} if network else preset.options["network_options"]
    return {"network_options": sized_options("mlp", shape, width, base=base)}
