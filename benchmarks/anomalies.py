"""Anomalies in the tables of ADBench, side by side with two other programs.

    python benchmarks/anomalies.py --data FOLDER               # all sets
    python benchmarks/anomalies.py --data FOLDER --seeds 1 --only cardio
    python benchmarks/anomalies.py --data FOLDER --measure bound

FOLDER has ADBench's `.npz` files (`X`, `y`). Protocol of Livernoche et al.
(2024), "On diffusion modeling for anomaly detection", semi-supervised: of fewer
than 1,000 rows 1,000 are drawn with repeats, of more than 50,000 as many; the
first half of the normal rows trains, all others test, standardised by the
former. Repeats land in both halves of the small sets, so that the larger ones
are reported apart. AUROC in percent, the mean over seeds. The models are three
of `tfgen.build(preset="detector_table", data=...)` by three seeds, the same
for every set, trained on all training rows; the score is that of
`tfgen.detection.Detector` by the preset's measures, of one model and of the
three together. Of the training rows every tenth gives the means and deviations
of scores, and the others are the neighbours that distances are measured to.
With `--published FILE`, the CSV of the paper's values, our row of nearest
neighbours is compared with its `kNN` on the sets of which all rows are taken.
Results are kept one line each in build/anomalies/results.jsonl (with --measure
in a file of that name): what is done is not made again.
"""

import argparse
import csv
import functools
import json
import pathlib
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import sklearn.metrics
import sklearn.mixture
import sklearn.neighbors
import sklearn.preprocessing
import tensorflow as tf

FEW, MANY = 1000, 50_000
MEMBERS = 3
ONE, ENSEMBLE = "detector_table", "three of them"
MIXTURE, NEIGHBOURS = "Gaussian mixture", "nearest neighbours"
DETECTORS = (ONE, ENSEMBLE, MIXTURE, NEIGHBOURS)
FOLDER = pathlib.Path(__file__).parents[1] / "build" / "anomalies"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="part of a set's name")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measure", help="instead of the preset's")
    parser.add_argument("--published", type=pathlib.Path)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        for path in sorted(options.data.glob("*.npz")):
            if options.only in path.stem:
                run_once(path, seed, options.measure)
    print(table(read(options.measure)))
    if options.published:
        print(compared(read(options.measure), options.published))


def run_once(path, seed, measure):
    """Runs what has no result yet, and keeps the result."""
    if any((r["set"], r["seed"]) == (path.stem, seed) for r in read(measure)):
        return
    train, test, is_odd = halves(path, seed)
    result = {"set": path.stem, "seed": seed, "columns": train.shape[1]}
    rows = len(np.load(path)["X"])
    result["resampled"], result["whole"] = rows < FEW, FEW <= rows <= MANY
    for score in (functools.partial(by_tfgen, measure=measure), *OTHERS):
        start = time.perf_counter()
        for name, found in score(train, test, seed).items():
            result[name] = 100 * sklearn.metrics.roc_auc_score(is_odd, found)
        result[f"{name} [s]"] = time.perf_counter() - start
    with file_of(measure).open("a") as file:
        file.write(json.dumps(result) + "\n")
    print(result, flush=True)


def halves(path, seed):
    """Training rows, test rows, and which of these are anomalies."""
    with np.load(path) as file:
        x, y = file["X"].astype("float64"), file["y"].astype(int)
    rng = np.random.RandomState(seed)
    if len(x) < FEW:
        rows = rng.choice(len(x), FEW, replace=True)
        x, y = x[rows], y[rows]
    if len(x) > MANY:
        rows = rng.choice(len(x), MANY, replace=False)
        x, y = x[rows], y[rows]
    normal = np.flatnonzero(y == 0)
    train, rest = np.split(normal, [round(0.5 * len(normal))])
    test = np.concatenate([rest, np.flatnonzero(y == 1)])
    # Which leaves columns as they are that are constant but for rounding.
    scaler = sklearn.preprocessing.StandardScaler().fit(x[train])
    x = scaler.transform(x).astype("float32")
    return x[train], x[test], y[test]


def by_tfgen(train, test, seed, measure=None):
    source = tfgen.data.from_arrays(train, standardize=False)
    preset = tfgen.presets.get("detector_table")
    models = []
    for member in range(MEMBERS):
        model = tfgen.build(
            preset=preset.name, data=source, seed=MEMBERS * seed + member
        )
        model.compile()
        model.fit(
            source,
            batch_size=min(preset.batch_size, len(train)),
            epochs=preset.epochs,
            verbose=0,
        )
        models.append(model)
    is_held_out = np.arange(len(train)) % 10 == 0
    given = preset.detection if measure is None else {"measure": measure}
    found = {}
    for name, some in {ONE: models[0], ENSEMBLE: models}.items():
        detector = tfgen.detection.Detector(
            some,
            train[is_held_out],
            train=train[~is_held_out],
            seed=seed,
            **given,
        )
        found[name] = detector.detect(test).score
    tf.keras.backend.clear_session()
    return found


def by_mixture(train, test, seed):
    """20 full covariances, ridge .01; one for over 1,000 columns."""
    mixture = sklearn.mixture.GaussianMixture(
        20 if train.shape[1] < 1000 else 1, reg_covar=1e-2, random_state=seed
    )
    return {MIXTURE: -mixture.fit(train).score_samples(test)}


def by_neighbours(train, test, seed):
    """The distance to the fifth nearest training row."""
    nearest = sklearn.neighbors.NearestNeighbors(n_neighbors=5).fit(train)
    return {NEIGHBOURS: nearest.kneighbors(test)[0][:, -1]}


OTHERS = (by_mixture, by_neighbours)


def file_of(measure):
    """Where results are kept."""
    return FOLDER / f"{measure or 'results'}.jsonl"


def read(measure):
    """All results so far."""
    path = file_of(measure)
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def table(results):
    """A row for each set, and the means, as Markdown."""
    lines = [
        f"| set | columns | {' | '.join(DETECTORS)} |",
        "|---|---" + "|---" * len(DETECTORS) + "|",
    ]
    names = dict.fromkeys(r["set"] for r in results)
    for name in names:
        own = [r for r in results if r["set"] == name]
        lines.append(
            f"| {name} | {own[0]['columns']} | {means_of(DETECTORS, own)} |"
        )
    for title, some in {
        "mean": results,
        "mean of those not resampled": [
            r for r in results if not r["resampled"]
        ],
    }.items():
        if some:
            lines.append(f"| {title} | | {means_of(DETECTORS, some)} |")
    return "\n".join(lines)


def compared(results, path):
    """Where our nearest neighbours are not those of the paper."""
    with path.open() as file:
        published = {row["file"]: row["kNN"] for row in csv.DictReader(file)}
    lines, names = [], dict.fromkeys(r["set"] for r in results if r["whole"])
    for name in names:
        ours = np.mean([r[NEIGHBOURS] for r in results if r["set"] == name])
        if f"{ours:.2f}" != f"{float(published[f'{name}.npz']):.2f}":
            lines.append(f"{name}: {ours:.2f}, {published[f'{name}.npz']}")
    same = len(names) - len(lines)
    told = f"nearest neighbours as published on {same} of {len(names)} sets"
    return "; ".join([told, *lines])


def means_of(detectors, results):
    """Of each: the mean over sets or classes, and its spread over seeds."""
    cells = []
    for name in detectors:
        seeds = dict.fromkeys(r["seed"] for r in results)
        means = [
            np.mean([r[name] for r in results if r["seed"] == seed])
            for seed in seeds
        ]
        cells.append(f"{np.mean(means):.2f} ± {np.std(means):.2f}")
    return " | ".join(cells)


if __name__ == "__main__":
    main()
