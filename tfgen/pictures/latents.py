import numpy as np

from tfgen.pictures import examples, figures

LEGEND_CLASSES = 20


def latents_picture(
    model, source, num_examples: int = 1000, seed: int = 0
) -> np.ndarray:
    """Shows where the model encodes the data: posterior means by class.

    Two latents are shown as they are, one as histograms. Of more, the first
    two principal components of the means; the title says so. The circles lie
    one and two standard deviations of the prior from its mean.

    Args:
        model: a model with `encode`.
        source: a `tfgen.data.Source`.
        num_examples: how many points.
        seed: of the choice of examples.

    Returns:
        uint8 `(height, width, 3)`.
    """
    x, labels = examples.fixed_rows(source, num_examples, seed)
    means = model.encode(x, examples.labels_for(model, labels))
    finite = np.isfinite(means).all(axis=1)
    means = means[finite]
    groups = _groups(source, None if labels is None else labels[finite])
    figure = figures.new_figure(760 if len(groups) > 1 else 620, 600)
    axes = figure.subplots()
    figures.tidy(axes)
    if means.shape[1] == 1:
        _histograms(axes, means[:, 0], groups)
    else:
        _scatter(axes, means, groups)
    figure.subplots_adjust(left=0.1, right=0.97, bottom=0.09, top=0.94)
    if len(groups) > 1:
        figures.beside_legend(figure, axes, right=0.77)
    return figures.to_array(figure)


def principal_components(means) -> tuple[np.ndarray, float]:
    """First two principal components, and their share of the variance.

    Signs are fixed, so that pictures of one training do not jump: each
    component's largest weight is positive.
    """
    centered = means - means.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centered, full_matrices=False)
    directions = directions[:2]
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    total = np.square(sizes).sum()
    share = np.square(sizes[:2]).sum() / total if total else 1.0
    return means @ (directions * signs[:, None]).T, float(share)


def _scatter(axes, means, groups):
    latents = means.shape[1]
    title = "Posterior means of the latents"
    names = ("latent 1", "latent 2")
    if latents > 2:
        means, share = principal_components(means)
        names = ("principal component 1", "principal component 2")
        title += (
            f": principal components 1 and 2 of {latents} latents "
            f"({share:.0%} of variance)"
        )
    angles = np.linspace(0, 2 * np.pi, 200)
    for radius in (1, 2):
        axes.plot(
            radius * np.cos(angles),
            radius * np.sin(angles),
            color="#bbbbbb",
            linewidth=1,
            zorder=1,
        )
    for rows, color, name in groups:
        axes.scatter(
            means[rows, 0],
            means[rows, 1],
            s=10,
            color=color,
            alpha=0.75,
            linewidths=0,
            label=name,
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_title(title, fontsize=10)


def _histograms(axes, means, groups):
    bins = np.linspace(means.min(), means.max() + 1e-6, 41)
    for rows, color, name in groups:
        axes.hist(means[rows], bins, color=color, alpha=0.6, label=name)
    axes.set_xlabel("latent 1")
    axes.set_ylabel("examples")
    axes.set_title("Posterior means of the latent", fontsize=10)


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
