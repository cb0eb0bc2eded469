"""Frechet distance over streamed features against torch-fidelity's.

    python -m venv peers && peers/bin/pip install torch-fidelity
    python benchmarks/streaming_statistics.py --peers-python peers/bin/python

Both sides get the same float32 features of data and of samples, in turn, each
in its own process with the same number of threads, twice: the first run of a
process also pays for its memory's pages, which on a virtual machine costs as
much as a quarter of the statistics; the second is the work itself.

- statistics: mean and covariance of one side; tfgen takes the rows in batches,
  torch-fidelity all at once (`fid_features_to_statistics`);
- distance: those of both sides, and the distance.

Printed are the medians over the rounds, and those of the ratios between runs
that followed each other, in wall and in processor seconds. Only ratios mean
anything, since a machine's speed drifts. Before that, and without
`--peers-python` only that, the peak memory of a process that makes the batches
of both sides as it goes.
"""

import argparse
import itertools
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

PARTS = ["statistics", "distance"]
RUNS = ["first run", "second run"]


def draw(rng, count, features, shift):
    """Like pooled activations: not negative, correlated, of a mean."""
    hidden = rng.standard_normal((count, 64), np.float32)
    mixing = np.random.default_rng(7).standard_normal((64, features))
    noise = rng.standard_normal((count, features), np.float32)
    rows = hidden @ (mixing.astype(np.float32) / 8) + noise + shift
    return np.maximum(rows, 0, out=rows)


def batches(rows, batch_size):
    return (rows[i : i + batch_size] for i in range(0, len(rows), batch_size))


def run_ours(files, batch_size):
    """Seconds of tfgen's parts in two runs, and the distance."""
    from tfgen.metrics import FrechetDistance

    real, generated = (np.load(file) for file in files)
    metric = FrechetDistance()
    metric.update_state(real=real[:99, :9], generated=generated[:99, :9])
    metric.result()  # imports what it needs
    return [time_ours(metric, real, generated, batch_size) for _ in RUNS]


def time_ours(metric, real, generated, batch_size):
    metric.reset_state()
    watch = Stopwatch()
    for rows in batches(real, batch_size):
        metric.update_state(real=rows)
    metric._sides["real"].mean_and_covariance()
    watch.lap("statistics")
    for rows in batches(generated, batch_size):
        metric.update_state(generated=rows)
    value = metric.result()
    watch.lap("distance")
    return {**watch.laps, "value": value}


def run_peer(files):
    """The same of torch-fidelity."""
    import torch
    from torch_fidelity import metric_fid

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    real, generated = (torch.from_numpy(np.load(file)) for file in files)
    metric_fid.fid_features_to_statistics(real[:99, :9])
    return [time_peer(metric_fid, real, generated) for _ in RUNS]


def time_peer(metric_fid, real, generated):
    watch = Stopwatch()
    sides = [metric_fid.fid_features_to_statistics(real)]
    watch.lap("statistics")
    sides.append(metric_fid.fid_features_to_statistics(generated))
    value = metric_fid.fid_statistics_to_metric(*sides, verbose=False)
    watch.lap("distance")
    return {**watch.laps, "value": value[metric_fid.KEY_METRIC_FID]}


class Stopwatch:
    """Wall and processor seconds since it was made."""

    def __init__(self):
        self.laps = {}
        self._began = time.perf_counter(), time.process_time()

    def lap(self, name):
        now = time.perf_counter(), time.process_time()
        pair = zip(now, self._began, strict=True)
        wall, processor = (after - before for after, before in pair)
        self.laps[name] = {"wall": wall, "processor": processor}


def run_memory(count, features, batch_size):
    """Peak MiB where the batches of both sides are made on the fly."""
    from tfgen.metrics import FrechetDistance

    metric = FrechetDistance()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rng = np.random.default_rng(0)
    for _ in range(count // batch_size):
        metric.update_state(
            real=draw(rng, batch_size, features, 0.0),
            generated=draw(rng, batch_size, features, 0.1),
        )
    value = metric.result()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"before": before, "peak": peak, "value": value}


def child(python, arguments, threads):
    """What a run in a process of its own printed."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    done = subprocess.run(
        [python, __file__, *map(str, arguments)],
        env={**os.environ, **dict.fromkeys(names, str(threads))},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def compare(options, folder):
    """Runs in turn and prints the table."""
    rng = np.random.default_rng(0)
    files = [folder / "real.npy", folder / "generated.npy"]
    for file, shift in zip(files, (0.0, 0.1), strict=True):
        np.save(file, draw(rng, options.count, options.features, shift))
    ours, peer = ["--run", "ours", "--files", *files], ["--run", "peer"]
    ours += ["--batch-size", options.batch_size]
    pairs = []
    for i in range(options.rounds):
        runs = [
            lambda: child(sys.executable, ours, options.threads),
            lambda: child(
                options.peers_python,
                [*peer, "--files", *files],
                options.threads,
            ),
        ]
        order = (0, 1) if i % 2 == 0 else (1, 0)
        found = {j: runs[j]() for j in order}
        pairs.append((found[0], found[1]))
    report(pairs)


def report(pairs):
    print("| | tfgen | torch-fidelity | times as fast |")
    print("|---|---|---|---|")
    for part, (number, run), clock in itertools.product(
        PARTS, enumerate(RUNS), ("wall", "processor")
    ):
        times = np.array(
            [[side[number][part][clock] for side in pair] for pair in pairs]
        )
        ours, peer = np.median(times, axis=0)
        ratio = np.median(times[:, 1] / times[:, 0])
        print(
            f"| {part}, {run}, {clock} seconds | {ours:.2f} | {peer:.2f} | "
            f"{ratio:.2f} |"
        )
    ours, peer = (side[-1]["value"] for side in pairs[-1])
    print(f"distances {ours:.9g} and {peer:.9g}: {ours / peer - 1:+.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", help="a Python with torch-fidelity")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--batch-size", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--run", choices=["ours", "peer", "memory"])
    parser.add_argument("--files", nargs=2)
    options = parser.parse_args()
    size = options.count, options.features, options.batch_size
    if options.run == "ours":
        print(json.dumps(run_ours(options.files, options.batch_size)))
    elif options.run == "peer":
        print(json.dumps(run_peer(options.files)))
    elif options.run == "memory":
        print(json.dumps(run_memory(*size)))
    else:
        names = "--count", "--features", "--batch-size"
        arguments = [x for pair in zip(names, size, strict=True) for x in pair]
        # First: the peak of a process counts that of the one it came from.
        found = child(
            sys.executable, ["--run", "memory", *arguments], options.threads
        )
        print(
            f"peak memory {found['peak']:.0f} MiB, of which "
            f"{found['before']:.0f} before the first batch",
            flush=True,
        )
        if options.peers_python:
            with tempfile.TemporaryDirectory() as folder:
                compare(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
