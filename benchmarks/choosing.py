"""Which figure chooses a detector of anomalies without any anomaly.

    python benchmarks/choosing.py --data FOLDER

FOLDER has ADBench's `.npz` files. Of the first 10 tables by name that have
1,000 to 50,000 rows and 5 to 64 columns, of which at most a quarter are
anomalies, up to 600 normal rows train VAEs by eight settings, the default among
them; up to 300 other normal rows are held out, and up to 2,000 more are tested
with all anomalies (at most 1,000). A row's score is its negative evidence lower
bound. For each model: AUROC on the test, for the report alone, and five figures
that need no anomaly, the larger the better:

- `bound`: the mean evidence lower bound of held-out rows (all likelihoods are
  densities of the same rows, so that bounds compare);
- `agreement`: Spearman's rank correlation of the held-out scores of two models
  that differ by their seed;
- `one value`, `half`: AUROC of held-out rows against copies in which one value,
  or each value with a probability of 1/2, is that of another held-out row;
- `shuffled`: the same, each column permuted by itself.

Printed is for each figure, over the tables: the mean rank correlation with
AUROC over the settings; the mean AUROC of the setting that it chooses, less
that of the best setting and less that of the default, with the standard error
over tables; and the same for a setting that is drawn at random, and for the
default. Results are kept one line a model in build/choosing/results.jsonl:
what is done is not made again.
"""

import argparse
import json
import pathlib
import warnings

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
import scipy.stats
import sklearn.metrics
import tensorflow as tf

TABLES = 10
MOST_TRAINING, MOST_HELD_OUT, MOST_TESTED, MOST_ODD = 600, 300, 2000, 1000
PLAIN = {"likelihood": "gaussian"}
DEFAULT = "default"
SETTINGS = {
    DEFAULT: {},
    "2 latents": {"latent_dim": 2},
    "32 latents": {"latent_dim": 32},
    "32 units": {"width": 32},
    "gaussian": PLAIN,
    "gaussian, 2 latents": PLAIN | {"latent_dim": 2},
    "gaussian, 32 latents": PLAIN | {"latent_dim": 32},
    "low rank": {"likelihood": "low_rank_gaussian"},
}
FIGURES = ("bound", "agreement", "one value", "half", "shuffled")
RESULTS = (
    pathlib.Path(__file__).parents[1] / "build" / "choosing" / "results.jsonl"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    warnings.simplefilter("ignore", tfgen.data.DataNote)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    for path in tables(options.data):
        for name in SETTINGS:
            run_once(path, name)
    print(report(read()))


def tables(folder):
    """The first 10 that are neither small, wide, nor half anomalies."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            (rows, columns), odd = file["X"].shape, int(file["y"].sum())
        sized = 1000 <= rows <= 50_000 and 5 <= columns <= 64
        if sized and odd <= rows / 4:
            found.append(path)
    return found[:TABLES]


def run_once(path, name):
    """Runs what has no result yet, and keeps the result."""
    if any((r["set"], r["name"]) == (path.stem, name) for r in read()):
        return
    train, held_out, test, is_odd = parts(path)
    first, second = (trained(train, name, seed) for seed in range(2))
    result = {"set": path.stem, "name": name}
    result["AUROC"] = 100 * sklearn.metrics.roc_auc_score(
        is_odd, -first.score(test)
    )
    result |= figures(first, second, held_out)
    with RESULTS.open("a") as file:
        file.write(json.dumps(result) + "\n")
    print(result, flush=True)
    tf.keras.backend.clear_session()


def parts(path):
    """Training, held-out and test rows, standardized by the first."""
    with np.load(path) as file:
        x, y = file["X"].astype("float64"), file["y"].astype(int)
    rng = np.random.default_rng(0)
    normal, odd = (rng.permutation(np.flatnonzero(y == k)) for k in (0, 1))
    count = min(MOST_TRAINING, len(normal) // 2)
    more = min(MOST_HELD_OUT, len(normal) // 4)
    train, held_out, rest = np.split(normal, [count, count + more])
    test = np.concatenate([rest[:MOST_TESTED], odd[:MOST_ODD]])
    mean, scale = x[train].mean(axis=0), x[train].std(axis=0)
    x = ((x - mean) / np.where(scale > 0, scale, 1)).astype("float32")
    return x[train], x[held_out], x[test], y[test]


def trained(train, name, seed):
    """A model of the settings, as `tfgen train` trains it by default."""
    detector = tfgen.detection.Detector(
        "vae", seed=seed, options=SETTINGS[name]
    )
    source = tfgen.data.from_arrays(train, standardize=False)
    return detector.fit(source).models[0]


def figures(model, other, held_out):
    """What a model can be chosen by; larger is better."""
    scores = -model.score(held_out)
    rng = np.random.default_rng(1)
    shape = held_out.shape
    one = np.arange(shape[1]) == rng.integers(0, shape[1], (shape[0], 1))
    changed = {
        "one value": one,
        "half": rng.uniform(size=shape) < 0.5,
        "shuffled": np.ones(shape, bool),
    }
    agreement = scipy.stats.spearmanr(scores, -other.score(held_out)).statistic
    return {
        "bound": -float(np.mean(scores)),
        "agreement": float(agreement),
        **{
            name: found(model, scores, swapped(held_out, where, rng))
            for name, where in changed.items()
        },
    }


def swapped(rows, where, rng):
    """Rows with some values of other rows, of the same columns."""
    others = np.stack([rng.permutation(column) for column in rows.T], axis=1)
    return np.where(where, others, rows)


def found(model, scores, changed):
    """AUROC of changed rows against the held-out rows' scores."""
    odd = -model.score(changed)
    is_odd = np.repeat([0, 1], [len(scores), len(odd)])
    both = np.concatenate([scores, odd])
    return 100 * float(sklearn.metrics.roc_auc_score(is_odd, both))


def read():
    """All results so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def report(results):
    """Tables of models and of figures, as Markdown."""
    sets = list(dict.fromkeys(r["set"] for r in results))
    lines = [
        f"| AUROC | {' | '.join(SETTINGS)} |",
        "|---" * (len(SETTINGS) + 1) + "|",
    ]
    for name in sets:
        cells = (f"{auroc:.1f}" for auroc in column(results, name, "AUROC"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "\n| chosen by | rank correlation | less the best | less the default |",
        "|---|---|---|---|",
    ]
    for figure in FIGURES:
        judged = [judge(results, name, figure) for name in sets]
        lines.append(f"| {figure} | {with_errors(judged)} |")
    for figure, chosen in {"chance": np.mean, DEFAULT: default_of}.items():
        judged = [less(column(results, n, "AUROC"), chosen) for n in sets]
        lines.append(f"| {figure} | | {with_errors(judged)} |")
    return "\n".join(lines)


def with_errors(judged):
    """Means over tables, and their standard errors."""
    means = np.mean(judged, axis=0)
    errors = np.std(judged, axis=0, ddof=1) / np.sqrt(len(judged))
    return " | ".join(
        f"{mean:.2f} ± {error:.2f}"
        for mean, error in zip(means, errors, strict=True)
    )


def column(results, name, what):
    """Of one table, in the order of the settings."""
    by_name = {r["name"]: r[what] for r in results if r["set"] == name}
    return np.array([by_name[each] for each in SETTINGS])


def judge(results, name, figure):
    """Rank correlation, and AUROC of the choice less best and default."""
    auroc = column(results, name, "AUROC")
    values = column(results, name, figure)
    correlation = scipy.stats.spearmanr(values, auroc).statistic
    return correlation, *less(auroc, lambda auroc: auroc[values.argmax()])


def less(auroc, chosen):
    """What is chosen less the best, and less the default."""
    value = chosen(auroc)
    return value - auroc.max(), value - default_of(auroc)


def default_of(auroc):
    return auroc[list(SETTINGS).index(DEFAULT)]


if __name__ == "__main__":
    main()
