"""A CSV of 100,000 x 40 numbers: `tfgen.data.load` beside pandas' `read_csv`.

    python benchmarks/csv_loading.py

Each reads the file in processes of its own, in turn, once what it takes is
imported. Printed are the medians over the rounds, and those of the ratios
between runs that followed each other: processor seconds, and how far the
process's peak memory rose. `load` divides the rows, finds what the columns are
and standardizes them, besides reading.
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

READERS = ("pandas", "tfgen")


def measure(reader, path):
    """Processor seconds, and MB that the peak memory rises."""
    import pandas

    import tfgen

    read = {
        "pandas": lambda: pandas.read_csv(path),
        "tfgen": lambda: tfgen.data.load(path, "all"),
    }[reader]
    small = path.with_name("small.csv")
    pandas.read_csv(small)
    tfgen.data.load(small, "all")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    kept = read()  # so that it is in memory until the peak is read
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    del kept
    return seconds, (after - before) / 1024


def write(folder):
    """The numbers as pandas writes them, and a small file for a start."""
    import pandas

    x = np.random.default_rng(0).normal(size=(args.rows, args.columns))
    frame = pandas.DataFrame(x, columns=[f"c{i}" for i in range(args.columns)])
    frame.to_csv(folder / "large.csv", index=False)
    frame[:100].to_csv(folder / "small.csv", index=False)
    return folder / "large.csv"


def in_a_process(reader, path):
    command = [sys.executable, __file__, "--measure", reader, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"))
    args = parser.parse_args()
    if args.measure:
        print(*measure(args.measure[0], pathlib.Path(args.measure[1])))
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        path = write(pathlib.Path(folder))
        size = path.stat().st_size / 2**20
        found = np.array(
            [
                [in_a_process(reader, path) for reader in READERS]
                for _ in range(args.rounds)
            ]
        )
    print(f"{args.rows:,} x {args.columns}, {size:.0f} MB")
    for reader, (seconds, memory) in zip(
        READERS, np.median(found, axis=0), strict=True
    ):
        print(f"{reader:8}{seconds:8.2f} s {memory:8.0f} MB")
    ratios = np.median(found[:, 1] / found[:, 0], axis=0)
    print(f"ratio   {ratios[0]:8.2f}   {ratios[1]:8.2f}")
