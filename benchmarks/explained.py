"""Whether `explain` finds the one column of a row that was changed.

    python benchmarks/explained.py --data FOLDER

FOLDER has ADBench's `.npz` files. Of the first 20 tables by name that have
1,000 rows or more and 5 to 100 columns a detector sees the training rows of
`anomalies.py`, at most 4,000. In 400 other normal rows one value is replaced by
that of another row. Printed is how often the changed column has the largest
share, among all rows where this changes the value and among those that are
flagged at alpha .05: by the default for tables and its evidence lower bound,
and by `detector_table` with its measures.
"""

import argparse
import pathlib

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import anomalies
import numpy as np
import tensorflow as tf

TABLES = 20
MOST_TRAINING, ROWS = 4000, 400
DETECTORS = ("vae", "detector_table")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    print(f"| set | columns | {' | | '.join(DETECTORS)} | |")
    print("|---|---" + "|---" * 2 * len(DETECTORS) + "|")
    found = []
    for path in tables(options.data):
        train, changed, column = rows_of(path)
        shares = [
            share
            for name in DETECTORS
            for share in shares_found(name, train, changed, column)
        ]
        found.append(shares)
        print_row(path.stem, train.shape[1], shares)
    print_row("mean", "", np.nanmean(found, axis=0))


def print_row(name, columns, shares):
    cells = " | ".join(f"{share:.2f}" for share in shares)
    print(f"| {name} | {columns} | {cells} |", flush=True)


def tables(folder):
    """The first 20 that are neither small nor wide."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            rows, columns = file["X"].shape
        if rows >= anomalies.FEW and 5 <= columns <= 100:
            found.append(path)
    return found[:TABLES]


def rows_of(path):
    """Training rows, rows of which one value was changed, and which."""
    train, test, is_odd = anomalies.halves(path, seed=0)
    rng = np.random.default_rng(0)
    usual = test[~is_odd.astype(bool)]
    x, others = (
        usual[rng.permutation(len(usual))[:ROWS]].copy() for _ in range(2)
    )
    rows, column = np.arange(len(x)), rng.integers(0, x.shape[1], len(x))
    differs = x[rows, column] != others[rows, column]
    x[rows, column] = others[rows, column]
    return train[:MOST_TRAINING], x[differs], column[differs]


def shares_found(name, train, changed, column):
    """Of all rows, and of those that are flagged."""
    detector = tfgen.detection.Detector(name, k=16, alpha=0.05).fit(train)
    is_right = detector.explain(changed).shares.argmax(axis=1) == column
    flagged = detector.detect(changed).is_odd
    tf.keras.backend.clear_session()
    return is_right.mean(), is_right[flagged].mean()


if __name__ == "__main__":
    main()
