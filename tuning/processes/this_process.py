import pathlib

from tfgen.tuning.oracles.durable_oracle import IN_THIS_PROCESS
from tfgen.tuning.processes.interruption import sigterm_raises
from tfgen.tuning.processes.trial_loop import TrialLoop


def run_in_this_process(oracle, run_trial, on_change=None) -> None:
    """Runs the trials of a search one after the other.

    Args:
        oracle: a `DurableOracle`.
        run_trial: (trial, beat) -> (metrics, number of the best epoch from 1).
            Exceptions make the trial a failed one, with their text as the
            reason; that of `TrialFailed` as it is. Those of the disk end the
            search.
        on_change: called with what the running trial said last, by its id,
            when one begins, goes on or ends.

    Raises:
        KeyboardInterrupt: at Ctrl-C or SIGTERM; the trial that ran is waiting
            in the saved state then.
        Exception: of the disk, see `is_disk_error`; the same holds then.
    """
    folder = pathlib.Path(oracle.folder)
    loop = TrialLoop(oracle, run_trial, folder, IN_THIS_PROCESS, on_change)
    with sigterm_raises():
        try:
            loop.search()
        finally:
            oracle.take_over(IN_THIS_PROCESS)
