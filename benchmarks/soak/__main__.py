"""Trainings that are killed, filled up, damaged and run for long.

    python benchmarks/soak                    # all rows
    python benchmarks/soak kills disk         # some of them
    python benchmarks/soak kills --kills 40   # fewer kills

Each row starts real processes and prints its figure; the exit status is 1 if
one does not hold. Processes are forked from one that has TensorFlow imported
(`tests/support/fork_server.py`), two at a time. Seeds fix the moments.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import commands
import damaged
import disk
import kills
import own_callbacks
import saves
import steps

ROWS = {
    "kills": kills.measure,
    "own_callbacks": own_callbacks.measure,
    "saves": saves.measure,
    "disk": disk.measure,
    "damaged": damaged.measure,
    "commands": commands.measure,
    "steps": steps.measure,
    "callbacks": steps.measure_callbacks,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--tiny-steps", type=int, default=100_000)
    options = parser.parse_args()
    failed = []
    for name in options.rows or ROWS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"soak_{name}_") as folder:
            for holds, figure in ROWS[name](pathlib.Path(folder), options):
                print(f"{name}: {figure}", flush=True)
                if not holds:
                    failed.append(name)
        print(f"{name}: took {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        sys.exit(f"does not hold: {', '.join(dict.fromkeys(failed))}")


if __name__ == "__main__":
    main()
