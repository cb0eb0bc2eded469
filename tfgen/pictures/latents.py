import numpy as np

from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.pictures import examples, figures

LEGEND_CLASSES = 20


def latents_picture(
    model: GenerativeModel,
    source: Source,
    num_examples: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """Shows where the model encodes the data: posterior means by class.

    Two latents are shown as they are, one as histograms. Of more, the first
    two principal components of the means; the title says so. The circles lie
    one and two standard deviations of the prior from its mean.

    Args:
        model: a model with `encode`.
        source: a `tfgen.data.Source`.
        num_examples: how many points.
        seed: seed of the choice of examples.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the source has no labels that the model needs.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), network="mlp")
    >>> ring = tfgen.data.load("ring", "test")
    >>> tfgen.pictures.latents_picture(vae, ring).shape
    (580, 740, 3)
    """
    source = examples.read(model, source)
    x, labels = examples.fixed_rows(source, num_examples, seed)
    means = model.encode(x, examples.labels_for(model, labels))
    finite = np.isfinite(means).all(axis=1)
    means = means[finite]
    groups = _groups(source, None if labels is None else labels[finite])
    if means.shape[1] == 1:
        return _histograms(means[:, 0], groups)
    names = ("latent 1", "latent 2")
    title = "Posterior means of the latents"
    if means.shape[1] > 2:
        latents = means.shape[1]
        means, share = principal_components(means)
        names = ("principal component 1", "principal component 2")
        title += (
            f"\nprincipal components 1 and 2 of {latents} latents, "
            f"{share:.0%} of the variance"
        )
    return _scatter(means, groups, names, title)


def principal_components(means: np.ndarray) -> tuple[np.ndarray, float]:
    """First two principal components, and their share of the variance.

    Signs are fixed, so that pictures of one training do not jump: each
    component's largest weight is positive.
    """
    centered = means - means.sum(axis=0) / max(len(means), 1)
    variances, directions = np.linalg.eigh(centered.T @ centered)
    directions = directions[:, :-3:-1]  # eigh puts the largest last
    largest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[largest, [0, 1]])
    total = variances.sum()
    share = variances[-2:].sum() / total if total > 0 else 1.0
    return means @ (directions * signs), float(share)


def _scatter(means, groups, names, title):
    figure, axes = figures.square_panel(names, title, len(groups) > 1)
    angles = np.linspace(0, 2 * np.pi, 200)
    for radius in (1, 2):
        x, y = radius * np.cos(angles), radius * np.sin(angles)
        axes.plot(x, y, color="#bbbbbb", linewidth=1, zorder=1)
    for rows, color, name in groups:
        size = 10 if len(means) > 200 else 22
        figures.points(axes, means[rows], color, name, size, alpha=0.75)
    axes.set_aspect("equal", adjustable="datalim")
    if len(groups) > 1:
        figures.legend_beside(axes)
    return figures.to_array(figure)


def _histograms(means, groups):
    figure, axes = figures.square_panel(
        ("latent 1", "examples"),
        "Posterior means of the latent",
        len(groups) > 1,
    )
    low, high = (means.min(), means.max()) if len(means) else (0.0, 0.0)
    bins = np.linspace(low - 1e-6, high + 1e-6, 41)
    for rows, color, name in groups:
        axes.hist(means[rows], bins, color=color, alpha=0.6, label=name)
    if len(groups) > 1:
        figures.legend_beside(axes)
    return figures.to_array(figure)


def _groups(source, labels):
    """`(rows, color, name)` of each class that occurs."""
    if labels is None:
        return [(slice(None), figures.MODEL_COLOR, None)]
    colors = figures.class_colors(source.num_classes)
    groups = []
    for label in np.unique(labels):
        name = examples.class_name(source, label)
        if len(groups) >= LEGEND_CLASSES:
            name = None
        groups.append((labels == label, colors[label], name))
    return groups
