"""Grey images stacked as the channels of one: 1,000 known modes.

Reference:
    Metz et al. (2017), "Unrolled generative adversarial networks", section
    3.3.1.
"""

import dataclasses

import numpy as np

from tfgen.data.source import Source
from tfgen.data.splits import consecutive
from tfgen.data.storage import Storage

CHANNELS = 3
ROWS = {"train": 128_000, "validation": 10_000, "test": 26_000}
VALIDATION_FRACTION = 0.1


class StackedStorage(Storage):
    """Images of one channel, several of them side by side as channels.

    A row is put together when it is read: what is kept are the grey images
    and the numbers of those that each row is made of.

    Args:
        images: grey images with labels, one channel each.
        parts: which images make a row, `(n, channels)`, whole numbers.
        num_classes: number of classes of the grey images.
    """

    def __init__(self, images: Storage, parts: np.ndarray, num_classes: int):
        self.images = images
        self.parts = parts
        self.shape = (*images.shape[:-1], parts.shape[1])
        self.dtype = images.dtype
        digits = images.labels[parts]
        powers = num_classes ** np.arange(parts.shape[1])[::-1]
        self.labels = (digits * powers).sum(axis=1, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.parts)

    def read(self, indices: np.ndarray) -> np.ndarray:
        parts = self.parts[indices]
        channels = [self.images.read(column) for column in parts.T]
        return np.concatenate(channels, axis=-1)


def stack(
    grey: Source, splits: dict[str, np.ndarray], seed: int
) -> tuple[Source, dict[str, np.ndarray]]:
    """Random triples of grey images, apart in training, validation and test.

    Args:
        grey: all images of a data set with labels.
        splits: its rows of the official splits `"train"` and `"test"`. A
            tenth of the former makes the validation triples, the same images
            that `tfgen.data.load(..., split="validation", seed=seed)` gives.
        seed: seed of that division and of the triples.

    Returns:
        A source of 128,000 training, 10,000 validation and 26,000 test rows,
        whose label is `100 a + 10 b + c` of ten classes, and the rows of the
        splits.

    Raises:
        ValueError: for images of more than one channel.
    """
    if grey.shape[-1] != 1:
        raise ValueError(
            f"{grey.name} stacks grey images, but got {grey.shape[-1]} "
            "channels each: leave color_mode out."
        )
    train, validation = grey.subset(splits["train"]).division(
        (1 - VALIDATION_FRACTION, VALIDATION_FRACTION), seed
    )
    # Triples are drawn within each pool, so that no grey image of the
    # training rows is seen again in the others.
    pools = {
        "train": splits["train"][train],
        "validation": splits["train"][validation],
        "test": splits["test"],
    }
    rng = np.random.default_rng(seed)
    parts = [
        pool[rng.integers(len(pool), size=(ROWS[name], CHANNELS))]
        for name, pool in pools.items()
    ]
    storage = StackedStorage(
        grey.storage, np.concatenate(parts), grey.num_classes
    )
    numbers = range(grey.num_classes**CHANNELS)
    source = dataclasses.replace(
        grey,
        storage=storage,
        class_names=tuple(f"{number:03d}" for number in numbers),
    )
    return source, consecutive(ROWS)
