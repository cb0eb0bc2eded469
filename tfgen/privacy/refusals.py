"""What would break the promise, refused with the alternative named."""

import typing
from collections.abc import Iterator

from tfgen.data.batches import Batches
from tfgen.layers.row_by_row import (
    changes_itself,
    draws_for_batch,
    mixes_rows,
)
from tfgen.privacy.accountant import require_accountant

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel


def refuse_not_private(
    model: "GenerativeModel", replicas: int, jit_compile: bool, skips: bool
) -> None:
    """Raises ValueError, with all reasons, for what privacy rules out.

    Args:
        model: with `privacy`.
        replicas: that it is trained on.
        jit_compile: whether steps are compiled by XLA.
        skips: whether steps that are not finite are skipped.
    """
    require_accountant()
    reasons = [
        *_of_training(replicas, jit_compile, skips),
        *model.private_reasons(),
        *_of_layers(model),
    ]
    if reasons:
        listed = "; ".join(dict.fromkeys(reasons))
        raise ValueError(
            f"privacy epsilon={model.privacy.epsilon:g}: {listed}."
        )


def refuse_unsampled(data: object) -> None:
    """Raises ValueError for data of which rows cannot be drawn one by one."""
    if not isinstance(data, Batches):
        raise ValueError(
            f"got a {type(data).__name__}, but with privacy each row must be "
            "in each batch by a draw of its own: pass an array or a "
            "tfgen.data source."
        )


def _of_training(replicas, jit_compile, skips) -> Iterator[str]:
    if replicas > 1:
        yield (
            f"batches of random size are not spread over {replicas} replicas: "
            "train on one device"
        )
    if jit_compile:
        yield (
            "batches change their size, for which XLA would compile anew: "
            "pass jit_compile=False"
        )
    if skips:
        yield (
            "a single row would decide whether a step is skipped: pass "
            "on_non_finite='stop'"
        )


def _of_layers(model) -> Iterator[str]:
    for layer in model._flatten_layers(include_self=False):
        name = f"layer {layer.name!r} ({type(layer).__name__})"
        if mixes_rows(layer):
            yield f"{name} mixes the rows of a batch: use GroupNormalization"
        if changes_itself(layer):
            yield (
                f"{name} changes itself while rows go through one by one: "
                "leave spectral_norm out"
            )
        if draws_for_batch(layer):
            yield f"{name} draws for a whole batch: use tfgen.layers.Dropout"
        if getattr(layer, "activity_regularizer", None) is not None:
            yield f"{name} has an activity_regularizer, which sees all rows"
