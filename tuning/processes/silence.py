import time

from tfgen.tuning.signs_of_life import read_sign

TIMES_WHILE_ALIVE = 6
"""A process that is alive may be in a long measurement, or hang."""


class Silence:
    """How long workers have told of no progress.

    By the clock of this process, since workers may run on other machines: a
    sign of life counts from when it was first seen.

    Args:
        service: the `ChiefService`, which knows whose process is alive.
        patience_seconds: how long a worker may be silent; six times as long
            if its process is alive.
    """

    def __init__(self, service, patience_seconds: float):
        self.service = service
        self.folder = service.oracle.folder
        self.patience_seconds = patience_seconds
        self._signs = {}
        self._heard = {}
        self._slow = set()

    def heard(self, worker: str, when: float) -> None:
        """Something else was heard of a worker, at a monotonic time."""
        self._heard[worker] = max(when, self._heard.get(worker, when))

    def too_long(self, worker: str) -> bool:
        """Whether a worker has been silent for longer than patience lasts."""
        alive = self.service.is_alive(worker)
        times = TIMES_WHILE_ALIVE if alive else 1
        return self._seconds(worker) > times * self.patience_seconds

    def is_new(self, worker: str) -> bool:
        """Whether a worker that is alive has become silent just now."""
        silent = self._seconds(worker) > self.patience_seconds
        if not silent or not self.service.is_alive(worker):
            self._slow.discard(worker)
            return False
        new = worker not in self._slow
        self._slow.add(worker)
        return new

    def describe(self, worker: str) -> str:
        """A line: who has been silent, in which trial, since when."""
        trial_id = self.service.oracle.trial_of(worker)
        trial = f"trial {trial_id}" if trial_id else "no trial"
        heard, what = self._heard.get(worker, 0.0), "progress"
        if not self.service.is_alive(worker):
            heard = max(heard, self.service.heard.get(worker, 0.0))
            what = "sign of life"
        seconds = time.monotonic() - heard
        since = time.strftime("%H:%M:%S", time.localtime(time.time() - seconds))
        return (
            f"{worker} ({trial}) has given no {what} for {seconds:.0f} s, "
            f"since {since}"
        )

    def _seconds(self, worker):
        now = time.monotonic()
        sign = read_sign(self.folder, worker)
        # A sign from before this search was begun, or resumed, says nothing.
        first = worker not in self._signs
        if sign != self._signs.get(worker):
            self._signs[worker] = sign
            if not first:
                self._heard[worker] = now
        return now - self._heard.setdefault(worker, now)
