"""Whether `explain` finds the one column of a row that was changed.

    python benchmarks/explained.py --data FOLDER

FOLDER has ADBench's `.npz` files. Of the first 20 tables by name that have
1,000 rows or more and 5 to 100 columns a detector sees half of the normal rows,
drawn by chance, at most 4,000. In 1,000 of the others one value is replaced by
that of another row. Printed is how often the changed column has the largest
share, among all rows where this changes the value, and among those that the
change makes odd: not flagged at alpha .05 before it, and flagged after it.
The mean over seeds; in the last row that of all tables, and its deviation.

Many changes leave a row as usual as it was. What can be found at all is told
by rows whose density is known: of a Gaussian mixture fitted to the table 2,000
rows are drawn and changed in the same way, and the column is named by Bayes'
rule, the largest `log p(x_i) - log p(x_i | all others)`.
"""

import argparse
import pathlib

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import anomalies
import numpy as np
import scipy.special
import sklearn.mixture
import tensorflow as tf

TABLES = 20
MOST_TRAINING, ROWS, DRAWN = 4000, 1000, 2000
ALPHA = 0.05
DETECTORS = ("vae", "detector_table")
COLUMNS = [*DETECTORS, "density known"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    print(f"| set | columns | {' | | '.join(COLUMNS)} | |")
    print("|---|---" + "|---" * 2 * len(COLUMNS) + "|")
    found = []
    for path in tables(options.data):
        found.append([of_table(path, seed) for seed in range(options.seeds)])
        means = np.nanmean(found[-1], axis=0)
        cells = " | ".join(f"{mean:.2f}" for mean in means)
        columns = np.load(path)["X"].shape[1]
        print(f"| {path.stem} | {columns} | {cells} |", flush=True)
    by_seed = np.nanmean(found, axis=0)
    cells = " | ".join(
        f"{mean:.3f} ± {spread:.3f}"
        for mean, spread in zip(by_seed.mean(0), by_seed.std(0), strict=True)
    )
    print(f"| mean | | {cells} |")


def of_table(path, seed):
    """All shares of one table."""
    train, others = np.split(usual_rows(path, seed), 2)
    train = train[:MOST_TRAINING]
    changed = change(others, ROWS, seed)
    shares = [
        share
        for name in DETECTORS
        for share in shares_found(name, train, changed, seed)
    ]
    tf.keras.backend.clear_session()
    return [*shares, *shares_of_known(train, seed)]


def tables(folder):
    """The first 20 that are neither small nor wide."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            rows, columns = file["X"].shape
        if rows >= anomalies.FEW and 5 <= columns <= 100:
            found.append(path)
    return found[:TABLES]


def usual_rows(path, seed):
    """An even number of normal rows, standardised, in an order by chance."""
    train, test, is_odd = anomalies.halves(path, seed)
    rows = np.concatenate([train, test[~is_odd.astype(bool)]])
    order = np.random.default_rng(seed).permutation(len(rows))
    return rows[order[: len(rows) // 2 * 2]]


def change(rows, count, seed):
    """Some rows as they were, with one value changed, and which."""
    rng = np.random.default_rng(seed)
    before, others = (
        rows[rng.permutation(len(rows))[:count]] for _ in range(2)
    )
    rows, column = np.arange(len(before)), rng.integers(0, rows.shape[1], count)
    column = column[: len(before)]
    after = before.copy()
    after[rows, column] = others[rows, column]
    differs = before[rows, column] != after[rows, column]
    return before[differs], after[differs], column[differs]


def shares_found(name, train, changed, seed):
    """Of all rows, and of those that the change makes odd."""
    detector = tfgen.detection.Detector(name, alpha=ALPHA, seed=seed)
    detector.fit(train)
    before, after, column = changed
    is_right = detector.explain(after).shares.argmax(axis=1) == column
    was_odd, is_odd = (detector.detect(x).is_odd for x in (before, after))
    return is_right.mean(), mean(is_right[is_odd & ~was_odd])


def shares_of_known(train, seed):
    """The same by Bayes' rule, of rows that a mixture has drawn."""
    mixture = sklearn.mixture.GaussianMixture(
        20, reg_covar=1e-2, random_state=seed
    ).fit(train)
    drawn = mixture.sample(3 * DRAWN)[0]
    drawn = np.random.default_rng(seed).permutation(drawn)
    usual, rest = np.split(drawn, [DRAWN])
    before, after, column = change(rest, DRAWN, seed)
    is_right = ideal(mixture, after).argmax(axis=1) == column
    limit = np.quantile(mixture.score_samples(usual), ALPHA)
    was_odd, is_odd = (
        mixture.score_samples(x) < limit for x in (before, after)
    )
    return is_right.mean(), mean(is_right[is_odd & ~was_odd])


def ideal(mixture, x):
    """`log p(x_i) + log p(all others)`, `(n, columns)`."""
    offsets = np.log(mixture.weights_)
    one, without = [], []
    for mean_of, covariance, offset in zip(
        mixture.means_, mixture.covariances_, offsets, strict=True
    ):
        apart = x - mean_of
        precision = np.linalg.inv(covariance)
        pull = apart @ precision
        _, log_determinant = np.linalg.slogdet(covariance)
        every = offset - 0.5 * (np.sum(pull * apart, axis=1) + log_determinant)
        own = np.diag(precision)
        without.append(every[:, None] + 0.5 * (pull**2 / own - np.log(own)))
        variances = np.diag(covariance)
        one.append(offset - 0.5 * (apart**2 / variances + np.log(variances)))
    return sum(scipy.special.logsumexp(each, axis=0) for each in (one, without))


def mean(values):
    return values.mean() if len(values) else np.nan


if __name__ == "__main__":
    main()
