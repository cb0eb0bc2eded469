import time

from tfgen.tuning.processes.silence import Silence

SECONDS_WITHOUT_WORKERS = 50.0


class RemoteWorkers:
    """Looks after workers that others have started, by their signs of life.

    The trial of a silent one is given to the next that asks.

    Args:
        oracle: a `DurableOracle`.
        service: the `ChiefService`.
        say: called with a line for the user.
        patience_seconds: see `Silence`.
    """

    def __init__(self, oracle, service, say, patience_seconds):
        self.oracle = oracle
        self.service = service
        self.say = say
        self.silence = Silence(oracle.folder, patience_seconds)
        self._lost = set()
        self._alone_since = None

    def look(self) -> bool:
        """Does what is due.

        Returns:
            Whether there is something left to do.

        Raises:
            RuntimeError: if trials are left and all workers have been gone
                for most of a minute.
        """
        names = dict(self.service.asked)
        left = [name for name in names if not self._is_gone(name, names[name])]
        if not names or left:
            self._alone_since = None
            return True
        if self.oracle.finished:
            return False
        return self._wait_for_others()

    def _is_gone(self, name, asked):
        self.silence.heard(name, asked)
        if name in self.service.stopped:
            return True
        silent = self.silence.too_long(name)
        if silent and name not in self._lost:
            self._lost.add(name)
            line = self.silence.describe(name, self._trial_of(name))
            self.oracle.take_over(name)
            self.say(f"{line}: its trial is given to others.")
        if not silent:
            self._lost.discard(name)
        return silent

    def _wait_for_others(self):
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > SECONDS_WITHOUT_WORKERS:
            raise RuntimeError(
                "all workers have stopped or are silent, but trials are left. "
                "Start the chief and workers again; the search goes on where "
                "it was."
            )
        return True

    def _trial_of(self, name):
        trial = self.oracle.ongoing_trials.get(name)
        return trial and trial.trial_id
