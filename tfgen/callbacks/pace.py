import contextlib
import math
import time
from collections.abc import Callable, Iterator


class Pace:
    """Decides when work beside the training is due, so that it stays cheap.

    Saving and drawing take as long for an epoch of a second as for one of an
    hour. So each kind of work waits until what it took last time is at most
    `share` of the time since, and for its first time `first_seconds`. One
    Pace may serve all callbacks of a training.

    Args:
        share: of the time, for each kind of work; `math.inf`: it never waits.
        first_seconds: from the start of the training to the first time.
        clock: function that returns seconds.

    Raises:
        ValueError: if `share` is not positive.

    Example:
    >>> pace = tfgen.callbacks.Pace(share=0.01)
    >>> checkpoint = tfgen.callbacks.Checkpoint("run", pace=pace)
    >>> board = tfgen.callbacks.TensorBoard("logs", pace=pace)
    """

    def __init__(
        self,
        share: float = 0.03,
        first_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        if not share > 0:
            raise ValueError(f"share is {share}, expected more than 0.")
        self.share = share
        self.first_seconds = first_seconds
        self.clock = clock
        self._began = clock()
        self._done = {}

    @classmethod
    def always(cls) -> "Pace":
        """One by which all work is due whenever there is any."""
        return cls(math.inf, 0.0)

    def begin(self) -> None:
        """Called when a training begins."""
        self._began, self._done = self.clock(), {}

    def waited(self, work: str) -> float:
        """Seconds since this kind of work was done, or since the beginning."""
        return self.clock() - self._done.get(work, (self._began,))[0]

    def is_due(
        self, work: str, least: float = 0.0, most: float = math.inf
    ) -> bool:
        """Whether it is time for a kind of work.

        Args:
            work: its name.
            least: seconds from one time to the next that it waits at least.
            most: seconds after which it is due in any case.
        """
        wait = self.first_seconds
        if work in self._done:
            wait = max(least, self._done[work][1] / self.share)
        return self.waited(work) >= min(wait, most)

    @contextlib.contextmanager
    def measured(self, work: str) -> Iterator[None]:
        """Notes when work is done and how long it took."""
        start = self.clock()
        yield
        end = self.clock()
        self._done[work] = end, end - start
