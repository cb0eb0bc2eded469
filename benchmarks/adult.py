"""What rows made after Adult teach, by the protocol of TabDDPM.

    python -m venv peers
    peers/bin/pip install -r benchmarks/table_peers.txt
    peers/bin/python benchmarks/adult.py --tfgen .venv/bin/tfgen --data FOLDER

FOLDER has adult.data and adult.test, each with its line of names. Kotelnikov et
al. (2023), "TabDDPM: modelling tabular data with diffusion models": the rows of
adult.data are divided into 26,048 for training and 6,513 for validation;
adult.test tests. `tfgen train vae --data FILE.csv` gets the 26,048 (and keeps a
tenth for its own validation, and a tenth for a test), 26,048 rows are sampled
`--draws` times, and CatBoost with the settings of TabDDPM's repository is
fitted `--fits` times on each. It stops early by the real validation rows.
Printed are mean and standard deviation of the macro F1 on the real test rows,
also after the real training rows. `--validation` judges on the validation rows
instead: for choosing. What is printed for the real rows has them in the place
of generated ones.

Distance to the closest record, as in TabDDPM's code: numbers are min-max scaled
by the training rows; categories, the label too, one-hot over the root of 2, so
that two that differ add 1 to the squared distance; of each generated row the
Euclidean distance to the nearest training row, and of these the median. For
scale it is printed of the rows that are judged on. Column shapes, pair trends
and LogisticDetection are SDMetrics' (1 is best), detection the AUC by which
CatBoost tells generated rows from real ones (.5 is best), all against the rows
that are judged on. Seconds and peak memory are of the training's process with
its start. `--write FILE.csv` writes the training rows and does no more.
"""

import argparse
import pathlib
import tempfile

import numpy as np
import pandas as pd
import sklearn.metrics
import sklearn.preprocessing
import table_judging as judging

NUM_TRAIN = 26_048
LABEL = "Y"
# tuned_models/catboost/adult_cv.json and scripts/eval_catboost.py of TabDDPM.
CATBOOST = {
    "iterations": 2000,
    "depth": 3,
    "learning_rate": 0.16886992997713726,
    "l2_leaf_reg": 0.19334681185025449,
    "bagging_temperature": 0.11959130879575816,
    "leaf_estimation_iterations": 8,
    "early_stopping_rounds": 50,
    "od_pval": 0.001,
    "eval_metric": "TotalF1",
}


def write_parts(data, folder):
    """The files of training, validation and test rows, as texts."""
    rows, test = (
        pd.read_csv(
            data / name, dtype=str, skipinitialspace=True, keep_default_na=False
        )
        for name in ("adult.data", "adult.test")
    )
    test[LABEL] = test[LABEL].str.removesuffix(".")
    order = np.random.RandomState(0).permutation(len(rows))
    train, validation = np.split(order, [NUM_TRAIN])
    parts = {
        "train": rows.iloc[train],
        "validation": rows.iloc[validation],
        "test": test,
    }
    for name, some in parts.items():
        some.to_csv(folder / f"{name}.csv", index=False)
    return [folder / f"{name}.csv" for name in parts]


def f1(train, validation, judged, kinds, fits):
    """Macro F1 of each fit."""
    return [
        judging.macro_f1(
            train, judged, kinds, LABEL, seed, validation, **CATBOOST
        )
        for seed in range(fits)
    ]


def median_distance(train, rows, kinds):
    """To the closest training row."""
    texts = judging.categories(kinds)
    numbers = [name for name in kinds if name not in texts]
    scaled = sklearn.preprocessing.MinMaxScaler().fit(train[numbers])
    coded = sklearn.preprocessing.OneHotEncoder(
        handle_unknown="ignore", sparse_output=False
    ).fit(train[texts])
    near, far = (
        np.hstack(
            [
                scaled.transform(some[numbers]),
                coded.transform(some[texts]) / np.sqrt(2),
            ]
        )
        for some in (rows, train)
    )
    # Computed in chunks.
    _, found = sklearn.metrics.pairwise_distances_argmin_min(near, far)
    return np.median(found)


def faithful(train, judged, rows, kinds):
    """All that is not macro F1, by name."""
    shapes, pairs = judging.shapes_and_pairs(judged, rows, kinds)
    return {
        "shapes": shapes,
        "pairs": pairs,
        "detection": judging.detection_auc(judged, rows, kinds),
        "logistic": judging.logistic_detection(judged, rows, kinds),
        "distance": median_distance(train, rows, kinds),
    }


def show(title, scores, found):
    words = [f"{name} {value:.3f}" for name, value in found.items()]
    print(
        f"{title}: macro F1 {np.mean(scores):.4f} +- {np.std(scores):.4f} "
        f"({len(scores)} fits), {', '.join(words)}",
        flush=True,
    )


def train_and_sample(options, path, seed, folder):
    """Seconds, those of processors, MB, and the files of rows."""
    words = ["--data", path, "--out", folder / "run", "--seed", seed]
    if options.epochs:
        words += ["--epochs", options.epochs]
    found = judging.run_measured(options.tfgen, "train", "vae", *words)
    files = [folder / f"rows_{draw}.csv" for draw in range(options.draws)]
    for draw, out in enumerate(files):
        words = ["-n", NUM_TRAIN, "--seed", draw, "--out", out]
        judging.run_measured(options.tfgen, "sample", folder / "run", *words)
    return *found, files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--tfgen", default="tfgen", help="the command")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--fits", type=int, default=10)
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE.csv")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        paths = write_parts(options.data, folder)
        if options.write:
            options.write.write_bytes(paths[0].read_bytes())
            return
        compare(options, paths, folder)


def compare(options, paths, folder):
    train, kinds = judging.read(paths[0])
    validation, test = (judging.read(path, kinds)[0] for path in paths[1:])
    judged = validation if options.validation else test
    found = faithful(train, judged, train, kinds)
    found["distance"] = median_distance(train, judged, kinds)
    scores = f1(train, validation, judged, kinds, options.fits)
    show("real rows", scores, found)
    for seed in range(options.seeds):
        own = folder / str(seed)
        own.mkdir()
        *cost, files = train_and_sample(options, paths[0], seed, own)
        scores, found = [], []
        for path in files:
            rows, _ = judging.read(path, kinds)
            scores += f1(rows, validation, judged, kinds, options.fits)
            found.append(faithful(train, judged, rows, kinds))
        show(f"seed {seed}", scores, pd.DataFrame(found).mean().to_dict())
        seconds, processor, memory = cost
        print(
            f"trained in {seconds:.0f} s, {processor:.0f} s of processors, "
            f"with {memory:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
