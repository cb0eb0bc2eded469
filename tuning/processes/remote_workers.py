import time

from tfgen.tuning.oracles.oracle_state import last_sign
from tfgen.tuning.processes.silence import Silence

SECONDS_WITHOUT_WORKERS = 20.0


class RemoteWorkers:
    """Looks after workers that others have started, by their signs of life.

    The trial of one that is dead or silent is given to the next that asks.

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
        self.silence = Silence(service, patience_seconds)
        self._lost = set()
        self._alone_since = None

    def look(self) -> bool:
        """Does what is due.

        Returns:
            Whether there is something left to do.

        Raises:
            RuntimeError: if trials are left and all workers have been gone
                for a while.
        """
        names = list(self.service.heard)
        left = [name for name in names if not self._is_gone(name)]
        if self.oracle.finished and not left:
            return False
        if left or not self.service.met:
            self._alone_since = None
            return True
        return self._wait_for_others()

    def _is_gone(self, name):
        if name in self.service.stopped:
            return True
        if name in self.service.asked:
            self.silence.heard(name, self.service.asked[name])
        gone = not self.service.is_alive(name) or self.silence.too_long(name)
        if not gone:
            self._lost.discard(name)
            if self.silence.is_new(name):
                line = self.silence.describe(name)
                self.say(f"{line}: its process is alive and waited for.")
        elif name not in self._lost:
            self._lost.add(name)
            self._give_up(name)
        return gone

    def _give_up(self, name):
        line = self.silence.describe(name)
        if self.oracle.trial_of(name) is None:
            self.say(f"{line}.")
            return
        self.oracle.take_over(name, last_sign(self.oracle, name))
        self.say(f"{line}: its trial is given to others.")

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
