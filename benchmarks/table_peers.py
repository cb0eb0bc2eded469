"""Tables of mixed columns by tfgen's default beside CTGAN and TVAE.

    python -m venv peers
    peers/bin/pip install -r benchmarks/table_peers.txt
    peers/bin/python benchmarks/table_peers.py --tfgen .venv/bin/tfgen \
        --data cars.csv --label Origin --seeds 5

Data: Adult by `adult.py --write adult.csv`, and by the peers' Python

    from vega_datasets import data
    data.cars().to_csv("cars.csv", index=False)
    from statsmodels.datasets import fair
    fair.load_pandas().data.to_csv("fair.csv", index=False)

A seed divides the rows, 80% to train on and 20% held out, and trains each
generator in a process of its own, with defaults: `tfgen train vae --data FILE`
(which keeps a tenth of the 80% for its validation and a tenth for a test), and
the package ctgan's; `--generators numbers` is tfgen with `--schema numbers`,
`--generators gan` and `hybrid` are `tfgen train gan` and `vae_gan`.
As many rows are drawn as the file has. Texts of which more than half differ
(names) are left out.

CTGAN and TVAE get what they can take: a gap of categories as a text, of numbers
as the median with a flag beside, dates as days; what is discrete is told them
as `table_judging.py` finds it. Of their rows gaps and dates are put back, and
numbers rounded to the digits of the real ones and kept within their bounds.

Printed are mean and standard deviation over seeds, against the training rows
and the held-out ones: SDMetrics' column shapes, pair trends and
LogisticDetection (1 is best of all), the AUC of CatBoost that tells rows from
as many real ones (three folds; .5 is best); with --label the macro F1 of
CatBoost fitted on the rows, on the held-out ones. The costs are those of the
training's process with its start: seconds, seconds of processors (which say
more on a busy machine), and peak resident memory. The training rows in the
place of generated ones show what can be reached. Results are kept one line each
in build/table_peers/results.jsonl: what is done is not made again. --keep
FOLDER writes the rows. Torch's threads waste a busy machine: OMP_NUM_THREADS=1.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import numpy as np
import pandas as pd
import table_judging as judging

PEERS = ("ctgan", "tvae")
FLAG = " is a gap"
RESULTS = pathlib.Path(__file__).parents[1] / "build/table_peers/results.jsonl"
OURS = {
    "tfgen": ("vae",),
    "numbers": ("vae", "--schema", "numbers"),
    "gan": ("gan",),
    "hybrid": ("vae_gan",),
}
COSTS = ("seconds", "processor seconds", "MB")
DAY = pd.Timedelta(days=1)


def by_tfgen(options, name, path, number, seed, folder):
    """The costs, and the file of rows."""
    tfgen, run, out = options.tfgen, folder / "run", folder / "rows.csv"
    words = [*OURS[name], "--data", path, "--out", run, "--seed", seed]
    if options.epochs:
        words += ["--epochs", options.epochs]
    found = judging.run_measured(tfgen, "train", *words)
    words = [run, "-n", number, "--seed", seed, "--out", out]
    judging.run_measured(tfgen, "sample", *words)
    return *found, out


def by_peer(options, name, path, number, seed, folder):
    """The same, in a process that calls `fit_peer`."""
    out = folder / "rows.csv"
    words = [sys.executable, __file__, "--data", path, "--folder", folder]
    if options.epochs:
        words += ["--epochs", options.epochs]
    words += ["--generators", name, "--seeds", seed, "--rows"]
    found = judging.run_measured(*words, 0)
    judging.run_measured(*words, number)
    return *found, out


def fit_peer(options, name, seed):
    """Called in its process: to train, or for rows."""
    import ctgan

    folder, number = options.folder, options.rows
    rows, kinds = judging.read(options.data)
    kind = {"ctgan": ctgan.CTGAN, "tvae": ctgan.TVAE}[name]
    if not number:
        ready = prepared(rows, kinds)
        texts = ready.select_dtypes(object).columns.tolist()
        model = kind(epochs=options.epochs or 300)  # 300 is the default
        model.set_random_state(seed)
        model.fit(ready, texts)
        model.save(folder / "peer.pt")
        return
    made = kind.load(folder / "peer.pt").sample(number)
    restored(made, rows, kinds).to_csv(folder / "rows.csv", index=False)


def prepared(rows, kinds):
    """What CTGAN can take."""
    rows = judging.for_trees(rows, kinds)
    for name in rows.columns[rows.isna().any()]:
        is_gap = rows[name].isna()
        rows[name + FLAG] = np.where(is_gap, "yes", "no").astype(object)
        rows[name] = rows[name].fillna(rows[name].median())
    return rows


def restored(made, rows, kinds):
    """As the rows that it was trained on."""
    numbers = judging.for_trees(rows, kinds)
    for name in numbers.select_dtypes(float):
        real, values = numbers[name], made[name].astype(float)
        for digits in range(7):
            if np.allclose(real.dropna(), real.dropna().round(digits), 0, 1e-9):
                values = values.round(digits)
                break
        values = values.clip(real.min(), real.max())
        if kinds[name] == "datetime":
            values = pd.Timestamp(0) + values * DAY
        if name + FLAG in made:
            values = values.where(made[name + FLAG] == "no")
        made[name] = values
    return made[list(rows)]


def print_costs(options):
    """Of training on the file, without a judgement."""
    for name in options.generators:
        train = by_peer if name in PEERS else by_tfgen
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            *cost, _ = train(options, name, options.data, 1000, 0, folder)
        each = dict(zip(COSTS, map(round, cost), strict=True))
        print(f"{name}: {each}", flush=True)


def judged(train, held_out, made, kinds, label, seed):
    """All numbers by name."""
    found = {}
    for title, real in {"training": train, "held-out": held_out}.items():
        if made is real:
            continue
        shapes, pairs = judging.shapes_and_pairs(real, made, kinds)
        found |= {
            f"shapes, {title}": shapes,
            f"pairs, {title}": pairs,
            f"CatBoost, {title}": judging.detection_auc(
                real, made, kinds, seed
            ),
            f"logistic, {title}": judging.logistic_detection(real, made, kinds),
        }
    if label:
        found["macro F1"] = judging.macro_f1(made, held_out, kinds, label, seed)
    return found


def compare(options, seed, folder):
    """Runs what has no result yet, and keeps the results."""
    rows = pd.read_csv(options.data, dtype=str, keep_default_na=False)
    _, kinds = judging.read(options.data)
    for name in rows:
        differ = rows[name].nunique() > max(len(rows) / 2, 10)
        if kinds[name] == "categorical" and differ:
            rows = rows.drop(columns=name)
            del kinds[name]
    order = np.random.RandomState(seed).permutation(len(rows))
    path = folder / "train.csv"
    parts = {path: 0, folder / "held_out.csv": 1}
    for some, number in zip(
        parts, np.split(order, [round(0.8 * len(rows))]), strict=True
    ):
        rows.iloc[number].to_csv(some, index=False)
    train, held_out = (judging.read(p, kinds)[0] for p in parts)
    made = train
    for name in ("training rows", *options.generators):
        title, cost = name, ()
        if options.epochs and name != "training rows":
            title += f", {options.epochs} epochs"
        if any((r["name"], r["seed"]) == (title, seed) for r in read(options)):
            continue
        result = {"data": options.data.stem, "seed": seed, "name": title}
        if name != "training rows":
            own = folder / name
            own.mkdir()
            train_and_sample = by_peer if name in PEERS else by_tfgen
            *cost, out = train_and_sample(
                options, name, path, len(rows), seed, own
            )
            made, _ = judging.read(out, kinds)
        result |= judged(train, held_out, made, kinds, options.label, seed)
        result |= dict(zip(COSTS, cost, strict=False))
        with RESULTS.open("a") as file:
            file.write(json.dumps(result, default=float) + "\n")
        print(result, flush=True)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            made.to_csv(options.keep / f"{title}_{seed}.csv", index=False)
            train.to_csv(options.keep / f"training_{seed}.csv", index=False)
            held_out.to_csv(options.keep / f"held_out_{seed}.csv", index=False)


def read(options):
    """All results so far of the data."""
    if not RESULTS.exists():
        return []
    lines = map(json.loads, RESULTS.read_text().splitlines())
    return [line for line in lines if line["data"] == options.data.stem]


def table(results):
    """A row for each quantity, as Markdown."""
    names = list(dict.fromkeys(r["name"] for r in results))
    seeds = [len([r for r in results if r["name"] == n]) for n in names]
    heads = [f"{n} ({k} seeds)" for n, k in zip(names, seeds, strict=True)]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(names) + 1) + "|"]
    quantities = dict.fromkeys(q for r in reversed(results) for q in r)
    for quantity in list(quantities)[3:]:
        cells = []
        for name in names:
            values = [
                r[quantity]
                for r in results
                if quantity in r and r["name"] == name
            ]
            form = ".0f" if quantity in COSTS else ".3f"
            cells.append(
                f"{np.mean(values):{form}} ± {np.std(values):{form}}"
                if values
                else ""
            )
        lines.append(f"| {quantity} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--label")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--generators", nargs="+", default=["tfgen", *PEERS], metavar="NAME"
    )
    parser.add_argument("--epochs", type=int, help="else each one's default")
    parser.add_argument("--costs", action="store_true", help="and no more")
    parser.add_argument("--tfgen", default="tfgen", help="the command")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the rows")
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        (name,) = options.generators
        fit_peer(options, name, options.seeds)
        return
    if options.costs:
        print_costs(options)
        return
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            compare(options, seed, pathlib.Path(folder))
    print(table(read(options)))


if __name__ == "__main__":
    main()
