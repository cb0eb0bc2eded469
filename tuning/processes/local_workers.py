import collections
import os
import signal
import time

from tfgen.tuning.disk_error import DiskError
from tfgen.tuning.oracles.kernel_kills import (
    count_kernel_kills,
    kernel_killed_since,
)
from tfgen.tuning.processes.silence import Silence
from tfgen.tuning.processes.worker_process import cause_of_death
from tfgen.tuning.signs_of_life import read_sign

DEATHS_WITHOUT_PROGRESS = 5
DEATHS_WITHOUT_TRIAL = 3
KILLS_WITHOUT_TRIAL = 10
SECONDS_TO_LEAVE = 10.0
# The kernel counts a kill before the process is gone, so it is compared with
# what the counters were some looks ago.
LOOKS = 30
# The latter is Python's if at the end it cannot write what it still has to
# print, which goes to the log on the same disk.
CANNOT_WRITE = (os.EX_IOERR, 120)


class LocalWorkers:
    """Looks after the workers that this process has started.

    A worker that dies is started again, and its trial is given to the next
    worker that asks; five deaths in a row in a trial that gets no further fail
    the trial, and so does one by the kernel for want of memory. A silent
    worker is ended and counts as dead. One that cannot write ends the search.

    Args:
        oracle: a `DurableOracle`.
        service: the `ChiefService`.
        processes: `WorkerProcess`es.
        say: called with a line for the user.
        patience_seconds: see `Silence`.
    """

    def __init__(self, oracle, service, processes, say, patience_seconds):
        self.oracle = oracle
        self.service = service
        self.working = {process.name: process for process in processes}
        self.say = say
        self.silence = Silence(service, patience_seconds)
        self._kernel_kills = collections.deque(maxlen=LOOKS)
        self._deaths_in_trial = collections.Counter()
        self._epoch_of_trial = collections.Counter()
        self._deaths_without_trial = collections.Counter()
        self._silent = {}
        self._finished = None

    def start(self) -> None:
        """Starts all processes."""
        self._kernel_kills.append(count_kernel_kills())
        for process in self.working.values():
            self._start(process)

    def look(self) -> bool:
        """Does what is due.

        Returns:
            Whether there are workers left that need be waited for. When the
            search is over they have ten seconds to notice, those that are
            being started too.

        Raises:
            RuntimeError: if the last worker dies again and again before it
                has got a trial; others are given up for that.
            DiskError: if a worker has ended since it cannot write.
        """
        for process in list(self.working.values()):
            status = process.poll()
            done = self.oracle.finished or process.name in self.service.stopped
            if done and status is not None:
                del self.working[process.name]
            elif done:
                continue
            elif status is None:
                self._check_silence(process)
            else:
                self._bury(process, status)
        self._kernel_kills.append(count_kernel_kills())
        return bool(self.working) and not self._is_over()

    def _start(self, process):
        self.service.forget(process.name)
        process.start()
        self.silence.heard(process.name, process.started)

    def _is_over(self):
        if not self.oracle.finished:
            self._finished = None
            return False
        now = time.monotonic()
        self._finished = self._finished or now
        return now - self._finished > SECONDS_TO_LEAVE

    def _check_silence(self, process):
        name = process.name
        if name in self.service.asked:
            self.silence.heard(name, self.service.asked[name])
        if name in self._silent:
            return
        if self.silence.too_long(name):
            line = self.silence.describe(name)
            self.say(f"{line}: its process is ended.")
            self._silent[name] = line
            process.kill()
        elif self.silence.is_new(name):
            line = self.silence.describe(name)
            self.say(f"{line}: its process is alive and waited for.")

    def _bury(self, process, status):
        name = process.name
        if status in CANNOT_WRITE:
            raise DiskError(
                f"{name} has ended for that; its last line was: "
                f"{process.last_line()}"
            )
        cause = self._silent.pop(name, None)
        by_kernel = cause is None and self._by_kernel(status)
        cause = cause or cause_of_death(status)
        trial_id = self.oracle.trial_of(name)
        if trial_id is not None:
            self._deaths_without_trial[name] = 0
            self._decide_on_trial(process, trial_id, cause, by_kernel)
        else:
            self.oracle.take_over(name)
            if self._dies_without_trial(process, status, cause):
                del self.working[name]
                return
            self.say(f"{name} died ({cause}) and is started again.")
        self._start(process)

    def _decide_on_trial(self, process, trial_id, cause, by_kernel):
        name = process.name
        deaths = self._count_death(name, trial_id)
        if by_kernel:
            reason = "out of memory: the kernel ended the process"
        elif deaths >= DEATHS_WITHOUT_PROGRESS:
            reason = (
                f"its process died {deaths} times in a row without progress, "
                f"at last by {cause}; its last line was: {process.last_line()}"
            )
        else:
            self.oracle.take_over(name)
            self.say(
                f"{name} died ({cause}) and is started again; its trial "
                f"{trial_id} is taken over."
            )
            return
        self.oracle.fail_ongoing(name, reason)

    def _count_death(self, name, trial_id):
        sign = read_sign(self.oracle.folder, name)
        epoch = 0
        if sign is not None and sign.trial == trial_id:
            epoch = sign.said.get("epoch", 0)
        if epoch > self._epoch_of_trial[trial_id]:
            self._epoch_of_trial[trial_id] = epoch
            self._deaths_in_trial[trial_id] = 0
        self._deaths_in_trial[trial_id] += 1
        return self._deaths_in_trial[trial_id]

    def _dies_without_trial(self, process, status, cause):
        """Whether a worker is given up; the last one is not."""
        name = process.name
        if name in self.service.busy:
            self._deaths_without_trial[name] = 0
        self._deaths_without_trial[name] += 1
        deaths = self._deaths_without_trial[name]
        # Who kills a worker from outside says nothing about the program.
        from_outside = status in (-signal.SIGKILL, -signal.SIGTERM)
        limit = KILLS_WITHOUT_TRIAL if from_outside else DEATHS_WITHOUT_TRIAL
        if deaths < limit:
            return False
        line = (
            f"{name} died {deaths} times before it had a trial, at last "
            f"by {cause}; its last line was: {process.last_line()} (all of "
            f"it: {process.log})."
        )
        if len(self.working) > 1:
            self.say(f"{line} The search goes on without it.")
            return True
        raise RuntimeError(
            f"{line} Mend what it says and run the search again; it goes on "
            "where it was."
        )

    def _by_kernel(self, status):
        before = self._kernel_kills[0]
        if status != -signal.SIGKILL or not kernel_killed_since(before):
            return False
        self._kernel_kills.clear()
        self._kernel_kills.append(count_kernel_kills())
        return True
