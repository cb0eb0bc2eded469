"""Which way the metrics of a model are better."""

import typing

import keras

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel


def direction(model: "GenerativeModel", metric: str) -> str | None:
    """`"min"` if lower is better, `"max"`, or None where neither is.

    Args:
        model: whose metric it is.
        metric: its name, with or without `val_`.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    >>> direction(vae, "val_negative_elbo")
    'min'
    """
    name = metric.removeprefix("val_")
    is_loss = name.endswith("loss") or name == "negative_elbo"
    return "min" if name in model.trackers and is_loss else None


def settle_directions(
    model: "GenerativeModel", callbacks: list[keras.callbacks.Callback]
) -> None:
    """Tells callbacks of mode "auto" which way their metric is better.

    Keras asks metrics that `compile` was given, and there are none.

    Raises:
        ValueError: for a metric of the model of which neither is better, at
            once and not after the first epoch.
    """
    known = _directions_of(callbacks)
    for callback in callbacks:
        metric = getattr(callback, "monitor", None)
        if getattr(callback, "mode", None) != "auto" or metric is None:
            continue
        found = known.get(metric) or direction(model, metric)
        if found:
            callback.mode = found
        elif metric.removeprefix("val_") in model.trackers:
            raise ValueError(
                f"{type(callback).__name__} monitors {metric!r}, of which "
                "neither more nor less is better in itself: pass mode='min' "
                "or mode='max'."
            )


def _directions_of(callbacks):
    """Of metrics that an `Evaluation` among the callbacks adds to the logs."""
    found = {}
    for callback in callbacks:
        if not hasattr(callback, "prefix"):
            continue
        for metric in getattr(callback, "metrics", ()):
            mode = {"higher": "max", "lower": "min"}.get(metric.better)
            if mode:
                found[f"{callback.prefix}{metric.name}"] = mode
    return found
