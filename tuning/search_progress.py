"""What a search shows on the terminal."""

import contextlib
import shutil
import sys
import time

from tfgen.reports.short_text import short_duration, short_number

ENDED = ("completed", "failed")
STATUS_SECONDS = 0.5


class SearchProgress:
    """Prints a line for each trial that has ended, with the best so far.

    On a terminal the last line follows the trials that are running.

    Args:
        objective: an `Objective`.
        trials: how many there will be; None if that is not known.
        stream: where to print; default: standard output.
    """

    def __init__(self, objective, trials: int | None, stream=None):
        self.objective = objective
        self.trials = trials
        self.stream = stream or sys.stdout
        self._follows = self.stream.isatty()
        self._ended = None
        self._began = time.monotonic()
        self._ended_before = 0
        self._shown_at = 0.0

    def update(self, records, best, signs=()) -> None:
        """Shows what is new.

        Args:
            records: all `TrialRecord`s.
            best: the best of them, or None.
            signs: last signs of life of what is running, by trial id: dicts
                with `epoch`, `epochs` and perhaps `objective`.
        """
        ended = [record for record in records if record.status in ENDED]
        if self._ended is None:
            self._begin(ended)
        for record in ended:
            if record.trial_id not in self._ended:
                self._ended.add(record.trial_id)
                self._print(self._line(record, best))
        now = time.monotonic()
        if self._follows and now - self._shown_at >= STATUS_SECONDS:
            self._shown_at = now
            self._print(self._status(dict(signs)), end="")

    def end(self) -> None:
        """Takes the status line away."""
        if self._follows:
            self._print("", end="")

    def say(self, text: str) -> None:
        """Prints a line of its own."""
        self._print(text)

    def _begin(self, ended):
        self._ended = {record.trial_id for record in ended}
        self._ended_before = len(ended)
        if ended:
            self._print(f"going on: {len(ended)} trials have ended before")

    def _line(self, record, best):
        start = f"trial {record.trial_id}{self._count()}"
        if record.status == "failed":
            return f"{start}  failed: {record.reason}"
        line = (
            f"{start}  {self.objective} {short_number(record.score)} after "
            f"{record.best_epoch} of {record.epochs} epochs"
        )
        if best is not None and best.trial_id == record.trial_id:
            line += "  the best so far"
        elif best is not None:
            line += f"  best {short_number(best.score)} (trial {best.trial_id})"
        return f"{line}  {self._time_left()}".rstrip()

    def _count(self):
        of = f"/{self.trials}" if self.trials else ""
        return f"  {len(self._ended)}{of}"

    def _time_left(self):
        new = len(self._ended) - self._ended_before
        if not self.trials or len(self._ended) >= self.trials:
            return ""
        spent = time.monotonic() - self._began
        left = spent / new * (self.trials - len(self._ended))
        return f"{short_duration(left)} left"

    def _status(self, signs):
        parts = []
        for trial_id, sign in sorted(signs.items()):
            part = f"trial {trial_id}"
            if "epoch" in sign:
                part += f" epoch {sign['epoch']}/{sign['epochs']}"
            if "objective" in sign:
                part += f" {short_number(sign['objective'])}"
            parts.append(part)
        return "  ".join(parts)

    def _print(self, text, end="\n"):
        if self._follows:
            width = shutil.get_terminal_size().columns - 1
            whole = text if end else text[:width]
            text = "\r" + whole.ljust(width)
        with contextlib.suppress(OSError):  # nobody is there to read it
            print(text, end=end, flush=True, file=self.stream)
