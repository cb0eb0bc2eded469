from collections.abc import Sequence

import numpy as np

from tfgen.pictures import figures

PANELS = (
    (("negative_elbo",), "Negative ELBO", "nats per example"),
    (
        ("reconstruction_loss",),
        "Reconstruction (negative log-likelihood)",
        "nats per example",
    ),
    (("kl_loss",), "KL divergence from the prior", "nats per example"),
    (
        ("given_loss",),
        "Columns given others (negative log-likelihood)",
        "nats per example",
    ),
    (
        ("generator_loss", "discriminator_loss"),
        "Adversarial losses",
        "loss per example",
    ),
    (
        ("real_accuracy", "fake_accuracy"),
        "Discriminator",
        "share judged rightly",
    ),
    (("coverage",), "Coverage", "share of held-out examples"),
    (("feature_loss",), "Feature loss", "loss per example"),
    (("condition_loss",), "Condition (cross-entropy)", "nats per example"),
    (("gradient_penalty",), "Gradient penalty", "penalty per example"),
    (
        ("generator_gradient_norm", "discriminator_gradient_norm"),
        "Gradients",
        "Euclidean norm",
    ),
)
NOT_SHOWN = ("epoch", "seconds", "step")


def loss_plot(history: dict[str, Sequence[float]]) -> np.ndarray:
    """Draws the curves of a training, one panel a quantity.

    Args:
        history: dict of name to one value an epoch, as `History.history` or
            `tfgen.callbacks.read_history` give; `val_` marks validation.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if there is nothing to draw.

    Example:
    >>> history = {"loss": [0.9, 0.6, 0.5], "val_loss": [0.9, 0.7, 0.65]}
    >>> tfgen.pictures.loss_plot(history).shape
    (350, 420, 3)
    """
    history = {k: np.asarray(v, np.float64) for k, v in history.items()}
    panels = _panels(history)
    if not panels or not len(history[panels[0][0][0]]):
        raise ValueError(
            f"the history has the names {', '.join(history) or '(none)'} and "
            "no epochs to draw: train first."
        )
    figure, all_axes = figures.new_panels(len(panels), 420, 320, columns=3)
    for axes, (names, title, unit) in zip(all_axes, panels, strict=True):
        _draw(axes, history, names)
        axes.set_title(title, fontsize=10)
        axes.set_ylabel(unit, fontsize=9)
        axes.set_xlabel("epoch", fontsize=9)
        if len(axes.lines) > 1:
            axes.legend(fontsize=8, framealpha=0.8, edgecolor="none")
    figure.tight_layout()
    return figures.to_array(figure)


def _panels(history):
    """The panels that the history has values for."""
    known = {name for names, _, _ in PANELS for name in names}
    panels = []
    for names, title, unit in PANELS:
        present = tuple(name for name in names if name in history)
        if present:
            panels.append((present, title, unit))
    for name in history:
        other = not name.startswith(("val_", "learning_rate"))
        if other and name not in known and name not in NOT_SHOWN:
            if name != "loss" or _tells_more(history):
                panels.append(((name,), name.replace("_", " ").title(), ""))
    return panels


def _tells_more(history):
    """Whether `loss` is not just the negative ELBO over again."""
    same = history.get("negative_elbo")
    return same is None or not np.allclose(
        history["loss"], same, rtol=1e-5, equal_nan=True
    )


def _draw(axes, history, names):
    colors = (figures.MODEL_COLOR, figures.SECOND_COLOR)
    settled = []
    for name, color in zip(names, colors, strict=False):
        for prefix, style in (("", "-"), ("val_", "--")):
            values = history.get(prefix + name)
            if values is None:
                continue
            epochs = history.get("epoch", np.arange(1, len(values) + 1))
            known = np.isfinite(values)
            label = "validation" if prefix else "training"
            if len(names) > 1:
                label = f"{name.replace('_', ' ')}, {label}"
            axes.plot(
                epochs[known],
                values[known],
                style,
                color=color if len(names) > 1 or not prefix else colors[1],
                marker="o" if known.sum() <= 12 else None,
                markersize=4,
                linewidth=1.5,
                label=label,
            )
            settled.append(values[known][len(values) // 10 :])
    _view_of(axes, np.concatenate(settled))
    axes.locator_params(axis="x", nbins=6, integer=True)


def _view_of(axes, values):
    """Leaves the steep start of a long training above the panel's edge."""
    if len(values) and values.max() > values.min():
        margin = 0.06 * (values.max() - values.min())
        axes.set_ylim(values.min() - margin, values.max() + margin)
