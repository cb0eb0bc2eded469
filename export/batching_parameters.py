"""How TensorFlow's scheduler merges requests."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BatchingParameters:
    """The parameters of TensorFlow Serving's `batching_params.pbtxt`.

    Attributes:
        max_batch_size: Rows of a batch at most; longer requests are refused.
        batch_timeout_micros: How long a batch that is not full waits for
            more, in microseconds. At 0 it takes what has come in while the
            batches before it ran.
        num_batch_threads: Batches that run at the same time.
        max_enqueued_batches: Batches that wait at most; requests beyond are
            refused as unavailable.
        allowed_batch_sizes: Sizes that batches are padded to, ascending, the
            last one being `max_batch_size`; empty: any size.

    Raises:
        ValueError: If the sizes do not fit each other.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    num_batch_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    max_enqueued_batches: int = 100
    allowed_batch_sizes: tuple[int, ...] = ()

    def __post_init__(self):
        least = (1, 0, 1, 1)
        names = (
            "max_batch_size",
            "batch_timeout_micros",
            "num_batch_threads",
            "max_enqueued_batches",
        )
        for name, minimum in zip(names, least, strict=True):
            value = getattr(self, name)
            if value < minimum:
                raise ValueError(
                    f"Expected {name} of the batching parameters to be at "
                    f"least {minimum}, got {value}."
                )
        sizes = self.allowed_batch_sizes
        ascending = list(sizes) == sorted(set(sizes)) and min(sizes, default=1)
        if sizes and not (ascending and sizes[-1] == self.max_batch_size):
            raise ValueError(
                "Expected allowed_batch_sizes of the batching parameters to "
                "be ascending and to end with max_batch_size, "
                f"{self.max_batch_size}; got {list(sizes)}."
            )
