import time

from tfgen.tuning.signs_of_life import read_sign


class Silence:
    """How long workers have given no sign of life.

    By the clock of this process, since workers may run on other machines: a
    sign counts from when it was first seen.

    Args:
        folder: of the search.
        patience_seconds: how long a worker may be silent.
    """

    def __init__(self, folder, patience_seconds: float):
        self.folder = folder
        self.patience_seconds = patience_seconds
        self._signs = {}
        self._heard = {}

    def heard(self, worker: str, when: float) -> None:
        """Something else was heard of a worker, at a monotonic time."""
        self._heard[worker] = max(when, self._heard.get(worker, when))

    def too_long(self, worker: str) -> bool:
        """Whether a worker has been silent for longer than patience lasts."""
        now = time.monotonic()
        sign = read_sign(self.folder, worker)
        # A sign from before this search was begun, or resumed, says nothing.
        first = worker not in self._signs
        if sign != self._signs.get(worker):
            self._signs[worker] = sign
            if not first:
                self._heard[worker] = now
        heard = self._heard.setdefault(worker, now)
        return now - heard > self.patience_seconds

    def describe(self, worker: str, trial_id: str | None) -> str:
        """A line: who has been silent, in which trial, since when."""
        seconds = time.monotonic() - self._heard[worker]
        since = time.strftime("%H:%M:%S", time.localtime(time.time() - seconds))
        trial = f"trial {trial_id}" if trial_id else "no trial"
        return (
            f"{worker} ({trial}) has given no sign of life for "
            f"{seconds:.0f} s, since {since}"
        )
