"""A hyperparameter search that is killed again and again loses nothing.

    python benchmarks/search_kills.py --kills 20 --workers 0
    python benchmarks/search_kills.py --kills 20 --workers 2 --trials 160

With workers, one of them is killed, the chief alone, or all at once. After
each kill, all trials that had been completed must still be, with the same
scores; at the end there must be as many trials, with the same scores and the
same best one, as in a search that nothing stopped.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

from tfgen.tuning.oracles import TUNERS, make_oracle
from tfgen.tuning.processes import (
    is_worker,
    run_as_worker,
    run_in_this_process,
    run_with_workers,
)

EPOCHS = 5
# A worker loads TensorFlow before it asks for its first trial.
LONGEST_START = {False: 0.5, True: 20.0}


def main(arguments=None):
    options = parse(arguments)
    if options.job:
        return job(options, options.out)
    print("random seed of the moments:", options.seed)
    for tuner in options.tuner:
        print(tuner, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            check(with_options(options, tuner=[tuner]), pathlib.Path(folder))


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument(
        "--tuner", nargs="+", choices=TUNERS, default=["random"]
    )
    parser.add_argument("--epoch-seconds", type=float, default=0.1)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--job", action="store_true", help="the search itself")
    parser.add_argument("--out", type=pathlib.Path)
    return parser.parse_args(arguments)


def check(options, folder):
    moments = random.Random(options.seed)
    job(with_options(options, workers=0), folder / "a")
    whole = ended(folder / "a")
    interrupted = folder / "b"
    completed, started = {}, time.monotonic()
    chief = fork(options, interrupted)
    for kill in range(options.kills):
        wait_for_a_moment(chief, options, moments, interrupted)
        completed = still_there(completed, interrupted)
        what = kill_some(chief, options.workers, moments)
        now = still_there(completed, interrupted)
        print(f"kill {kill + 1}: {what}, {len(now)} trials ended", flush=True)
        if what != "a worker":
            os.waitpid(chief, 0)
            chief = fork(options, interrupted)
    if os.waitstatus_to_exitcode(os.waitpid(chief, 0)[1]):
        sys.exit("the last search failed")
    now = still_there(completed, interrupted)
    if sorted(now.values()) != sorted(whole.values()):
        sys.exit(f"expected the scores {whole}, got {now}")
    print(
        f"{len(now)} trials and the best score {min(now.values()):.6f} as "
        f"without kills; {time.monotonic() - started:.0f} s"
    )


def job(options, folder):
    """The search; in a worker, its trials."""
    import keras_tuner  # after tfgen, which loads TensorFlow silently

    oracle = make_oracle(
        *options.tuner,
        objective=keras_tuner.Objective("loss", "min"),
        trials=options.trials,
        max_epochs=9,
        seed=3,
        space=space(),
        folder=folder,
    )
    run_trial = make_run_trial(options.epoch_seconds)
    if is_worker():
        return run_as_worker(oracle, run_trial)
    oracle.reload()
    if not options.workers:
        return run_in_this_process(oracle, run_trial)
    return run_with_workers(
        oracle,
        options.workers,
        command=[
            *(sys.executable, __file__, "--job", "--out", str(folder)),
            *("--tuner", *options.tuner, "--trials", str(options.trials)),
            *("--epoch-seconds", str(options.epoch_seconds)),
        ],
    )


def space():
    import keras_tuner

    hyperparameters = keras_tuner.HyperParameters()
    hyperparameters.Float("rate", 1e-4, 1e-1, sampling="log")
    hyperparameters.Float("momentum", 0.0, 1.0)
    return hyperparameters


def make_run_trial(epoch_seconds):
    def run_trial(trial, beat):
        values = trial.hyperparameters.values
        for epoch in range(EPOCHS):
            time.sleep(epoch_seconds)
            beat(epoch=epoch + 1, epochs=EPOCHS)
        loss = (values["rate"] - 0.02) ** 2 + (values["momentum"] - 0.9) ** 2
        return {"loss": loss, "epochs": EPOCHS}, EPOCHS

    return run_trial


def fork(options, folder):
    """A process that goes on with the search, without loading anything."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        status = job(options, folder) or 0
    finally:
        os._exit(status)


def with_options(options, **others):
    return argparse.Namespace(**{**vars(options), **others})


def wait_for_a_moment(chief, options, moments, folder):
    """Around the start one time in three, or some time after a trial."""
    if moments.random() < 1 / 3:
        time.sleep(moments.uniform(0, LONGEST_START[options.workers > 0]))
        return
    before = len(ended(folder))
    while len(ended(folder)) == before and is_running(chief):
        time.sleep(0.01)
    # The time of about three trials.
    time.sleep(moments.uniform(0, 3 * EPOCHS * options.epoch_seconds))


def kill_some(chief, workers, moments):
    """Kills a worker, the chief, or all; returns which."""
    what = moments.choice(["worker", "chief", "all"]) if workers else "all"
    children = children_of(chief)
    if what == "worker" and children:
        kill(moments.choice(children))
        return "a worker"
    kill(chief)
    if what == "all":
        for child in children:
            kill(child)
        return "all processes"
    return "the chief"


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children_of(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def is_running(pid):
    """Whether a child has not ended; its status is left for `waitpid`."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, pid, flags) is None


def still_there(before, folder):
    """Scores of the ended trials; ends the program if one was lost."""
    now = ended(folder)
    if not before.items() <= now.items():
        sys.exit(f"lost trials: expected at least {before}, got {now}")
    return now


def ended(folder):
    path = folder / "oracle.json"
    if not path.exists():
        return {}
    trials = json.loads(path.read_text())["trials"]
    return {
        trial["trial_id"]: trial["score"]
        for trial in trials
        if trial["status"] == "COMPLETED"
    }


if __name__ == "__main__":
    sys.exit(main())
