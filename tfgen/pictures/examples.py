"""Examples, ranges and names that pictures show."""

import dataclasses

import numpy as np

from tfgen.data import Source
from tfgen.data.storage import ArrayStorage
from tfgen.models import GenerativeModel

MOST_EXAMPLES = 1000


def fixed_rows(
    source: Source, count: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray | None]:
    """The same examples each time: `(x, labels or None)`, at most `count`."""
    return source.rows(_choice(source, count, seed))


def read(model: GenerativeModel, source: Source | None) -> Source | None:
    """The source read like the model's training data; None stays None."""
    if source is None:
        return None
    return model.read(source, with_classes=source.class_names is not None)


def in_memory(source: Source | None, seed: int = 0) -> Source | None:
    """A source of at most 1000 fixed examples, read once; None stays None."""
    if source is None:
        return None
    part = source.subset(_choice(source, MOST_EXAMPLES, seed))
    storage = ArrayStorage(np.array(part.stored()), part.labels)
    return dataclasses.replace(part, storage=storage, indices=None)


def labels_for(
    model: GenerativeModel, labels: np.ndarray | None
) -> np.ndarray | None:
    """The labels if the model wants some, else None.

    Raises:
        ValueError: if it wants labels and there are none.
    """
    if not model.num_classes:
        return None
    if labels is None:
        raise ValueError(
            f"the model is conditional on {model.num_classes} classes, but "
            "the source has no labels: pass one that has."
        )
    return labels


def can_show(model: GenerativeModel) -> bool:
    """Whether there are pictures for data of this shape."""
    return len(model.data_shape) == 1 or (
        is_image(model) and model.data_shape[-1] in (1, 3)
    )


def is_image(model: GenerativeModel) -> bool:
    """Whether the data are images."""
    return len(model.data_shape) == 3


def check_images(model: GenerativeModel, shown: str, instead: str = "") -> None:
    """Refuses data that are no images.

    Args:
        model: a `GenerativeModel`.
        shown: what is shown of images only.
        instead: what to do; default: leave that picture out.

    Raises:
        ValueError: if the model's data are no images.
    """
    if not is_image(model):
        raise ValueError(
            f"the model's data have shape {tuple(model.data_shape)}, expected "
            f"(height, width, channels): {shown} are shown of images only"
            f"{instead or ', leave them out'}."
        )


def is_plane(model: GenerativeModel) -> bool:
    """Whether the data are points in the plane."""
    return tuple(model.data_shape) == (2,)


def picture_range(
    model: GenerativeModel,
    source: Source | None = None,
    images: np.ndarray | None = None,
) -> tuple[float, float]:
    """The values shown as black and white."""
    if model.data_range is not None:
        return model.data_range
    if source is not None and source.value_range is not None:
        return source.value_range
    if source is not None:
        images = fixed_rows(source, 256)[0]
    low, high = np.percentile(images, [0.5, 99.5]).tolist()
    return (low, high) if low < high else (low, low + 1)


def class_name(source: Source | None, label: int) -> str:
    """Name of a class, else its number."""
    if source is None or source.class_names is None:
        return str(label)
    return str(source.class_names[label])


def column_names(
    model: GenerativeModel, source: Source | None = None
) -> list[str]:
    """Names of the features."""
    if source is not None and source.feature_names is not None:
        return [str(name) for name in source.feature_names]
    if is_plane(model):
        return ["x", "y"]
    return [f"column {i + 1}" for i in range(model.data_shape[0])]


def original_units(source: Source | None, x: np.ndarray) -> np.ndarray:
    """Values in the units of the source, if there is one."""
    return np.asarray(x) if source is None else source.original_units(x)


def _choice(source, count, seed):
    if count >= len(source):
        return np.arange(len(source))
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(len(source), count, replace=False))
