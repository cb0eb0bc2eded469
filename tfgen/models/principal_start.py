"""VAEs whose linear path starts at the data's principal components."""

import math

import keras
import numpy as np

from tfgen.data import Source
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.network_checks import with_labels
from tfgen.networks.parts import LINEAR_PATH
from tfgen.probability import Gaussian

MOST_ROWS = 4000
FEWEST_ROWS = 20
HELD_OUT = 10
"""One row of so many says what the components leave over."""
LEAST_NOISE = 1e-3
"""Of the data's variance: a posterior starts no narrower."""
ABOVE_FLOOR = 1.01
"""Times the least scale: one that lies on it would have no gradient."""
CHUNK = 256


def start_at_principal_components(
    model: GenerativeModel, source: Source
) -> bool:
    """Sets a linear path's weights to those of the best linear VAE.

    With components u_i of variances v_i around the mean m, and the noise s^2
    that they leave in a value, the optimum of the evidence lower bound is

        E[z_i | x] = sqrt(v_i - s^2) / v_i <u_i, x - m>,  Var = s^2 / v_i,
        E[x | z] = m + sum_i sqrt(v_i - s^2) u_i z_i,

    and z_i says nothing where v_i < s^2. With classes, m is the mean of the
    example's class, and the components are those of what differs from it. The
    network beside the path starts as
    nothing, so that the model starts there; and s as the learned scale.

    Other models stay as they are: without a linear path on both sides, or
    whose likelihood is no Gaussian of one learned scale around the decoder's
    outputs; and any with fewer than 20 rows.

    Args:
        model: before its first step.
        source: training data in the model's range, of which 4,000 rows are
            looked at.

    Returns:
        Whether it was done.

    Reference:
        Tipping and Bishop (1999), "Probabilistic principal component
        analysis"; Lucas et al. (2019), "Don't blame the ELBO! A linear VAE
        perspective on posterior collapse".

    Example:
    >>> x = np.random.default_rng(0).normal(size=(200, 3)) * (9.0, 1.0, 1.0)
    >>> vae = tfgen.build(
    ...     "vae",
    ...     data=tfgen.data.from_arrays(np.float32(x), standardize=False),
    ...     latent_dim=1,
    ...     likelihood="gaussian",
    ...     network_options={"linear_path": True},
    ... )
    >>> one, zero = vae.decode([[1.0], [0.0]])
    >>> abs(one - zero).round() > 1.0
    array([ True, False, False])
    """
    if not _starts_linear(model) or len(source) < FEWEST_ROWS:
        return False
    count = min(len(source), MOST_ROWS)
    chosen = np.linspace(0, len(source) - 1, count).round().astype(int)
    held_out = np.arange(count) % HELD_OUT == 0
    unseen = source.rows(chosen[held_out][:CHUNK])
    least = LEAST_NOISE * float(np.var(unseen[0], axis=0).mean())
    least = max(least, (ABOVE_FLOOR * model.likelihood.min_scale) ** 2)
    seen, labels = _seen_by_path(model, source, chosen[~held_out])
    if not np.var(seen, axis=0).any():
        return False
    means = _means(seen, labels, model.num_classes)
    components = _components(seen - means[labels], model.latent_dim)
    # Almost without noise, all that the components hold comes through.
    _set_weights(model, means, *components, least)
    noise = max(least, _noise(model, *unseen, components[0]))
    _set_weights(model, means, *components, noise)
    model.likelihood.set_scale(math.sqrt(noise))
    return True


def _starts_linear(model):
    if not (model.trains_bound and model.encodes):
        return False
    if model.posterior_family.latent_dims:
        return False
    likelihood, decoder = model.likelihood, model.decoder
    return (
        isinstance(likelihood, Gaussian)
        and likelihood.scale == "learned"
        and all(LINEAR_PATH in _names(one) for one in (model.encoder, decoder))
        and decoder.layers[-1].activation is keras.activations.linear
    )


def _names(network):
    return {layer.name for layer in network.layers}


def _seen_by_path(model, source, rows):
    """What the encoder's path sees of rows, flat, and their classes or 0."""
    layer = model.encoder.get_layer(LINEAR_PATH)
    path = keras.Model(model.encoder.input, layer.input)
    size = layer.input.shape[1] - (model.num_classes or 0)
    seen, classes = [], []
    for start in range(0, len(rows), CHUNK):
        x, labels = source.rows(rows[start : start + CHUNK])
        x = keras.ops.convert_to_tensor(x)
        given = path(with_labels(x, _one_hot(model, labels)))
        seen.append(keras.ops.convert_to_numpy(given)[:, :size])
        classes.append(labels if model.num_classes else np.zeros(len(x), int))
    return np.concatenate(seen).astype("float32"), np.concatenate(classes)


def _one_hot(model, labels):
    if not model.num_classes:
        return None
    return keras.ops.one_hot(labels, model.num_classes)


def _means(x, labels, num_classes):
    """Of each class; of one that is not there the mean of all."""
    means = np.tile(x.mean(axis=0), (num_classes or 1, 1))
    for label in np.unique(labels):
        means[label] = x[labels == label].mean(axis=0)
    return means


def _components(x, most):
    """Variances and components of rows around 0."""
    from sklearn.decomposition import PCA

    pca = PCA(min(most, *x.shape), svd_solver="randomized", random_state=0)
    pca.fit(x)
    return pca.explained_variance_, pca.components_


def _set_weights(model, means, variances, components, noise):
    """The optimum for a noise, whose latents beyond the components are idle."""
    encoder, decoder = (
        network.get_layer(LINEAR_PATH)
        for network in (model.encoder, model.decoder)
    )
    size, latents = means.shape[1], model.latent_dim
    # A value of a coarse image stands for as many of the image itself.
    noise *= size / math.prod(model.data_shape)
    found = len(variances)
    gains = np.sqrt(np.maximum(variances - noise, 0.0))
    to_latents = np.zeros((size, encoder.kernel.shape[1]), "float32")
    to_latents[:, :found] = components.T * (
        gains / np.maximum(variances, noise)
    )
    log_variances = np.zeros(encoder.kernel.shape[1], "float32")
    log_variances[latents:][:found] = np.log(
        noise / np.maximum(variances, noise)
    )
    to_data = np.zeros((latents, size), "float32")
    to_data[:found] = components * gains[:, None]
    offsets = -means @ to_latents
    if model.num_classes:  # each label adds its own
        encoder.kernel.assign(np.concatenate([to_latents, offsets]))
        encoder.bias.assign(log_variances)
        decoder.kernel.assign(np.concatenate([to_data, means]))
        decoder.bias.assign(np.zeros(size))
    else:
        encoder.kernel.assign(to_latents)
        encoder.bias.assign(offsets[0] + log_variances)
        decoder.kernel.assign(to_data)
        decoder.bias.assign(means[0])


def _noise(model, x, labels, variances):
    """The variance in each value that the components leave over."""
    labels = _one_hot(model, labels)
    x = keras.ops.convert_to_tensor(x)
    mean = model.encoder(with_labels(x, labels))[:, : model.latent_dim]
    reconstructions = model.decoder(with_labels(mean, labels))
    error = float(keras.ops.mean(keras.ops.square(reconstructions - x)))
    # Nothing is left over along the components themselves.
    size = math.prod(model.data_shape)
    along = np.count_nonzero(variances > error)
    return error * size / max(1, size - along)
