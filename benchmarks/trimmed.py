"""Whether `trim` helps where anomalies are among the training rows.

    python benchmarks/trimmed.py --data FOLDER --seeds 3

FOLDER has ADBench's `.npz` files. Of the tables that have 1,000 to 10,000 rows,
up to 64 columns and 150 anomalies or more, which are at most a quarter of the
rows, up to 400 normal rows (at most half of them) train, among which a number
of anomalies is mixed: 0, 2, 5 and 10% of the training rows. These are of the
first half of the anomalies in an order drawn by the seed; the others test, with
up to 1,500 further normal rows. `tfgen.detection.Detector` trains by its
defaults, so that it is calibrated by a fifth of the rows as they are mixed.
Printed is AUROC in percent without trimming and with `trim` .1, whatever the
share of anomalies, the mean over seeds; the mean difference with its standard
error over tables; and of how many trainings it is above 0. Results are kept
one line each in build/trimmed/results.jsonl: what is done is not made again.
"""

import argparse
import json
import pathlib
import warnings

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import sklearn.metrics
import tensorflow as tf

SHARES = (0.0, 0.02, 0.05, 0.1)
TRIMS = (0.0, 0.1)
DETECTORS = ("vae", "detector_table")
MOST_NORMAL, MOST_TESTED, DRAWS = 400, 1500, 16
RESULTS = (
    pathlib.Path(__file__).parents[1] / "build" / "trimmed" / "results.jsonl"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    warnings.simplefilter("ignore", tfgen.data.DataNote)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        for path in tables(options.data):
            for share in SHARES:
                run_once(path, seed, share)
    for name in DETECTORS:
        print(report(read(), name))


def tables(folder):
    """Those that are neither small, wide, nor half anomalies."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            (rows, columns), odd = file["X"].shape, int(file["y"].sum())
        sized = 1000 <= rows <= 10_000 and columns <= 64
        if sized and 150 <= odd <= rows / 4:
            found.append(path)
    return found


def run_once(path, seed, share):
    """Runs what has no result yet, and keeps the results."""
    done = {(r["set"], r["seed"], r["share"]) for r in read()}
    if (path.stem, seed, share) in done:
        return
    train, test, is_odd = mixed(path, seed, share)
    result = {"set": path.stem, "seed": seed, "share": share}
    for name in DETECTORS:
        for trim in TRIMS:
            detector = tfgen.detection.Detector(
                name, k=DRAWS, seed=seed, options={"trim": trim}
            )
            score = detector.fit(train).detect(test).score
            auroc = sklearn.metrics.roc_auc_score(is_odd, score)
            result[f"{name} {trim}"] = 100 * auroc
            tf.keras.backend.clear_session()
    with RESULTS.open("a") as file:
        file.write(json.dumps(result) + "\n")
    print(result, flush=True)


def mixed(path, seed, share):
    """Training rows of which a share is odd, test rows, and which of these are.

    Training rows of a smaller share are among those of a larger one, and test
    rows are the same.
    """
    with np.load(path) as file:
        x, y = file["X"].astype("float64"), file["y"].astype(int)
    rng = np.random.default_rng(seed)
    normal, odd = (rng.permutation(np.flatnonzero(y == k)) for k in (0, 1))
    count = min(MOST_NORMAL, len(normal) // 2)
    usable = len(odd) // 2
    train = [*normal[:count], *odd[: round(count * share / (1 - share))]]
    test = [*normal[count : count + MOST_TESTED], *odd[usable:]]
    return x[rng.permutation(train)], x[test], y[test]


def read():
    """All results so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def report(results, name):
    """A row for each set, without and with trimming, as Markdown."""
    heads = " | ".join(f"{share:.0%} anomalies" for share in SHARES)
    lines = [f"\n| {name} | {heads} |", "|---" * (len(SHARES) + 1) + "|"]
    for row in dict.fromkeys(r["set"] for r in results):
        own = [r for r in results if r["set"] == row]
        lines.append(f"| {row} | {cells(own, name, both)} |")
    lines.append(f"| mean | {cells(results, name, both)} |")
    lines.append(f"| trimming adds | {cells(results, name, gain)} |")
    lines.append(f"| is better | {cells(results, name, wins)} |")
    return "\n".join(lines)


def cells(results, name, words):
    """What there is to say of each share of anomalies."""
    return " | ".join(
        words([r for r in results if r["share"] == share], name)
        for share in SHARES
    )


def both(results, name):
    """Means of AUROC without and with trimming."""
    pair = ([r[f"{name} {trim}"] for r in results] for trim in TRIMS)
    return ", ".join(f"{np.mean(each):.1f}" for each in pair)


def gain(results, name):
    """What trimming adds: the mean over sets, and its standard error."""
    means = [
        np.mean([added(r, name) for r in results if r["set"] == each])
        for each in dict.fromkeys(r["set"] for r in results)
    ]
    error = np.std(means, ddof=1) / np.sqrt(len(means))
    return f"{np.mean(means):+.2f} ± {error:.2f}"


def wins(results, name):
    """In how many of the trainings it adds something."""
    better = sum(added(r, name) > 0 for r in results)
    return f"{better} of {len(results)}"


def added(result, name):
    without, trimmed = (result[f"{name} {trim}"] for trim in TRIMS)
    return trimmed - without


if __name__ == "__main__":
    main()
