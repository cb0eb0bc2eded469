"""Mutated files for each reader: read rightly, or refused in words.

    python benchmarks/soak_fuzz.py --inputs 10000

Valid files of each kind (`tests/support/fuzzed.py`) are mutated by hypothesis,
and read in a process of their own. Printed for each reader: how many inputs
were read and how many refused, what neither was, the longest time of an input
and the process's largest memory. The exit status is 1 where an input was
neither read nor refused, a process died, an input took over 10 seconds, or the
memory passed 2 GiB.
"""

import argparse
import collections
import multiprocessing
import pathlib
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings

SUPPORT = pathlib.Path(__file__).parents[1] / "tests" / "support"
SECONDS = 10
MEMORY = 2 * 2**30
# Where the machine would suffer, the process gets a MemoryError instead.
MOST_DATA = 8 * 2**30
NAMES = (
    *("CSV", "Parquet", "NumPy", "images", "TFRecord", "pack"),
    *("checkpoint", "settings", "schema", "reading", "REST", "gRPC"),
)


class Hang(BaseException):
    """An input took too long."""


def fuzz(name, inputs, seed, pipe):
    """Tries the inputs of a reader, sends what came of them."""
    sys.path.insert(0, str(SUPPORT))
    import hypothesis
    import hypothesis.strategies as st
    from fuzzed import make_reader
    from mutations import changes

    from tfgen.data import DataNote

    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DataNote)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_DATA, MOST_DATA))

    def too_long(*_):
        raise Hang

    signal.signal(signal.SIGALRM, too_long)
    counts, faults, longest = collections.Counter(), {}, [0.0]
    with (
        tempfile.TemporaryDirectory() as parts,
        make_reader(pathlib.Path(parts), name) as reader,
        tempfile.TemporaryDirectory() as folder,
    ):

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=inputs,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(st.integers(0, len(reader.seeds) - 1), changes)
        def try_one(which, drawn):
            begin = time.perf_counter()
            signal.alarm(SECONDS)
            try:
                is_read = reader.try_one(pathlib.Path(folder), which, drawn)
                counts["read" if is_read else "refused"] += 1
            except (Exception, Hang) as error:
                counts["fault"] += 1
                places = traceback.extract_tb(error.__traceback__)
                ours = [p for p in places if "site-packages" not in p.filename]
                last = ours[-1]
                where = f"{pathlib.Path(last.filename).name}:{last.lineno}"
                what = f"{type(error).__name__}: {str(error)[:100]}"
                key = type(error).__name__, where
                faults.setdefault(key, [0, what, which, drawn])[0] += 1
            finally:
                signal.alarm(0)
                longest[0] = max(longest[0], time.perf_counter() - begin)
                pipe.send(("at", which, drawn))

        try_one()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    pipe.send(("end", dict(counts), faults, longest[0], peak))


def run(name, inputs, seed):
    """One reader's line; whether all was well."""
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe()
    process = context.Process(target=fuzz, args=(name, inputs, seed, other))
    begin = time.perf_counter()
    process.start()
    other.close()
    last = None
    try:
        while (last := mine.recv())[0] == "at":
            pass
    except EOFError:
        process.join()
        print(f"{name:9} died with {process.exitcode} after {last}")
        return False
    process.join()
    _, counts, faults, longest, peak = last
    seconds = time.perf_counter() - begin
    print(
        f"{name:9} {sum(counts.values()):6} inputs, {counts.get('read', 0)} "
        f"read, {counts.get('refused', 0)} refused, "
        f"{counts.get('fault', 0)} neither; longest {longest:.2f} s, memory "
        f"{peak / 2**30:.2f} GiB, {seconds:.0f} s",
        flush=True,
    )
    for (_, where), (count, what, which, drawn) in faults.items():
        print(f"    {count} x {where} {what}\n      {which}, {drawn}")
    return not faults and longest < SECONDS and peak < MEMORY


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = options.readers or NAMES
    well = [run(name, options.inputs, options.seed) for name in names]
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
