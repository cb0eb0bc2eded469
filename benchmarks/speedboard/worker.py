"""One contestant's process: starts, then trains and samples when told to.

    python benchmarks/speedboard/worker.py MODULE ROW VARIANT THREADS NETWORKS

Answers each line of its input by a line of JSON; ends with its input.
"""

import os
import resource
import sys
import time
from pathlib import Path

_, MODULE, ROW, VARIANT, THREADS, NETWORKS = sys.argv
# Threads of OpenMP, before anything loads it.
os.environ["OMP_NUM_THREADS"] = THREADS
# Libraries print: what is asked for has a pipe of its own.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
# The folder of the package in the place of its own.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import importlib  # noqa: E402
import json  # noqa: E402

from speedboard.cases import case_of  # noqa: E402


def main():
    trainer, device = started()
    built = processor()
    first = timed(trainer.train)
    answer(
        {
            "shapes": trainer.shapes(),
            "versions": trainer.versions(),
            "device": device,
            "built": built,
            "first": first,
            "first_sample": timed(trainer.sample),
        }
    )
    for _ in sys.stdin:
        turn = {"train": timed(trainer.train), "peak": peak()}
        answer(turn | {"sample": timed(trainer.sample)})


def started():
    """The trainer, and the name of a GPU if there is one."""
    module = importlib.import_module(f"speedboard.{MODULE}")
    limit = limit_torch if "torch" in sys.modules else limit_tensorflow
    device = limit(int(THREADS))
    return module.Trainer(case_of(ROW), VARIANT, Path(NETWORKS)), device


def limit_tensorflow(threads):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    return tf.config.experimental.get_device_details(gpus[0])["device_name"]


def limit_torch(threads):
    import torch

    torch.set_num_threads(threads)
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def timed(function):
    """Seconds of processor time, of all threads, and of the wall clock."""
    wall, used = time.perf_counter(), processor()
    function()
    return processor() - used, time.perf_counter() - wall


def processor():
    """Seconds since the process began, with those of compilers it called."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak():
    """Most resident memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def answer(values):
    print(json.dumps(values), file=ANSWERS, flush=True)


if __name__ == "__main__":
    main()
