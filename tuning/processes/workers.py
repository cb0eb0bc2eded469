"""Looks after workers: which are alive, and what becomes of their trials."""

import collections
import os
import signal
import time
from collections.abc import Callable

from tfgen.tuning.failures import (
    DiskError,
    count_kernel_kills,
    kernel_killed_since,
)
from tfgen.tuning.heartbeat import read_heartbeat
from tfgen.tuning.oracles.oracle_state import last_seen
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.worker_process import WorkerProcess, cause_of_death

SECONDS_WITHOUT_WORKERS = 20.0
TIMES_WHILE_ALIVE = 6
"""A process that is alive may be in a long measurement, or hang."""
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


class Workers:
    """How long workers, wherever they run, have told of no progress.

    By the clock of this process, since workers may run on other machines: a
    heartbeat counts from when it was first seen.

    Args:
        service: answers them, and knows whose process is alive.
        say: called with a line for the user.
        patience_seconds: how long a worker may tell of no progress; six times
            as long if its process is alive.
    """

    def __init__(
        self,
        service: ChiefService,
        say: Callable[[str], None],
        patience_seconds: float,
    ):
        self.oracle = service.oracle
        self.service = service
        self.say = say
        self.patience_seconds = patience_seconds
        self._last = {}
        self._heard = {}
        self._slow = set()

    def look(self) -> bool:
        """Does what is due; returns whether there is something left to do."""
        raise NotImplementedError

    def _is_silent(self, worker):
        """Whether patience with a worker has ended; tells of a slow one."""
        seconds = self._seconds(worker)
        times = TIMES_WHILE_ALIVE if self.service.is_alive(worker) else 1
        if seconds > times * self.patience_seconds:
            return True
        if seconds <= self.patience_seconds:
            self._slow.discard(worker)
        elif worker not in self._slow:
            self._slow.add(worker)
            line = self._describe(worker)
            self.say(f"{line}: its process is alive and waited for.")
        return False

    def _describe(self, worker):
        """A line: who has been silent, in which trial, since when."""
        trial_id = self.oracle.trial_of(worker)
        trial = f"trial {trial_id}" if trial_id else "no trial"
        heard, what = self._heard.get(worker, 0.0), "told of no progress"
        if not self.service.is_alive(worker):
            heard = max(heard, self.service.heard.get(worker, 0.0))
            what = "sent no heartbeat"
        seconds = time.monotonic() - heard
        since = time.strftime("%H:%M:%S", time.localtime(time.time() - seconds))
        return (
            f"{worker} ({trial}) has {what} for {seconds:.0f} s, since {since}"
        )

    def _hear(self, worker, when):
        self._heard[worker] = max(when, self._heard.get(worker, when))

    def _seconds(self, worker):
        now = time.monotonic()
        if worker in self.service.asked:
            self._hear(worker, self.service.asked[worker])
        heartbeat = read_heartbeat(self.oracle.folder, worker)
        # One from before this search was begun, or resumed, says nothing.
        first = worker not in self._last
        if heartbeat != self._last.get(worker):
            self._last[worker] = heartbeat
            if not first:
                self._heard[worker] = now
        return now - self._heard.setdefault(worker, now)


class LocalWorkers(Workers):
    """Looks after the workers that this process has started.

    A worker that dies is started again, and its trial is given to the next
    worker that asks; five deaths in a row in a trial that gets no further fail
    the trial, and so does one by the kernel for want of memory. A silent
    worker is ended and counts as dead. One that cannot write ends the search.

    Args:
        processes: of the workers.
        *others: see `Workers`.
    """

    def __init__(self, processes: list[WorkerProcess], *others):
        super().__init__(*others)
        self.working = {process.name: process for process in processes}
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
            elif done:  # it has been told, and has some seconds to leave
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
        self._hear(process.name, process.started)

    def _is_over(self):
        if not self.oracle.finished:
            self._finished = None
            return False
        now = time.monotonic()
        self._finished = self._finished or now
        return now - self._finished > SECONDS_TO_LEAVE

    def _check_silence(self, process):
        name = process.name
        if name not in self._silent and self._is_silent(name):
            line = self._describe(name)
            self.say(f"{line}: its process is ended.")
            self._silent[name] = line
            process.kill()

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
        heartbeat = read_heartbeat(self.oracle.folder, name)
        epoch = 0
        if heartbeat is not None and heartbeat.trial == trial_id:
            epoch = heartbeat.said.get("epoch", 0)
        if epoch > self._epoch_of_trial[trial_id]:
            self._epoch_of_trial[trial_id] = epoch
            self._deaths_in_trial[trial_id] = 0
        # Deaths with progress between them come from outside: a cluster that
        # takes machines back would else fail every long trial.
        self._deaths_in_trial[trial_id] += 1
        return self._deaths_in_trial[trial_id]

    def _dies_without_trial(self, process, status, cause):
        """Whether a worker is given up; the last one is not.

        A program that ends before it asks for a trial would be started for
        ever. With the last worker its message becomes that of the search.
        """
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
        before = self._kernel_kills[0]  # some looks ago
        if status != -signal.SIGKILL or not kernel_killed_since(before):
            return False
        # This kill must not explain the next death, too.
        self._kernel_kills.clear()
        self._kernel_kills.append(count_kernel_kills())
        return True


class RemoteWorkers(Workers):
    """Looks after workers that others have started, by their heartbeats.

    The trial of one that is dead or silent is given to the next that asks.

    Args:
        *others: see `Workers`.
    """

    def __init__(self, *others):
        super().__init__(*others)
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
        # A chief that was just started has met nobody yet, and waits.
        if left or not self.service.met:
            self._alone_since = None
            return True
        return self._wait_for_others()

    def _is_gone(self, name):
        if name in self.service.stopped:
            return True
        gone = not self.service.is_alive(name) or self._is_silent(name)
        if not gone:
            self._lost.discard(name)
        elif name not in self._lost:
            self._lost.add(name)
            self._give_up(name)
        return gone

    def _give_up(self, name):
        line = self._describe(name)
        if self.oracle.trial_of(name) is None:
            self.say(f"{line}.")
            return
        self.oracle.take_over(name, last_seen(self.oracle, name))
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
