"""How well gaps of a table are filled, beside scikit-learn's IterativeImputer.

    python benchmarks/imputation.py FILE.csv --gaps 0.2 --seeds 5 --epochs 100

Of each column's cells that share is taken away at random. The model trains on
the table with its gaps as `tfgen train vae --data FILE` does, and each gap is
drawn `--draws` times by `model.impute`: of texts the most frequent draw counts,
of numbers their mean. `IterativeImputer` (its default, Bayesian ridge
regression, by the 20 nearest features: all take hours on wide tables) sees
standardized numbers, and texts as columns of 0 and 1, of which the largest
counts. Printed are mean and standard deviation over the seeds of two numbers,
each a mean over columns: how many texts are right, and the root mean squared
error of numbers in their column's standard deviations.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--gaps", type=float, default=0.2)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--rows", type=int, help="the first ones; else all")
    options = parser.parse_args()
    whole = pd.read_csv(options.file, skipinitialspace=True, na_values="?")
    whole = whole.head(options.rows)
    results = {}
    for seed in range(options.seeds):
        generator = np.random.default_rng(seed)
        gaps = generator.random(whole.shape) < options.gaps
        # What the file itself lacks cannot be judged.
        gaps &= whole.notna().to_numpy()
        table = whole.mask(gaps)
        for name, fill in PROGRAMS.items():
            start = time.perf_counter()
            filled = fill(table, seed, options)
            seconds = time.perf_counter() - start
            found = (*errors(whole, filled, gaps), seconds)
            results.setdefault(name, []).append(found)
            print(seed, name, *np.round(found, 4), flush=True)
    print("| | texts right | error of numbers | seconds |\n|---|---|---|---|")
    for name, found in results.items():
        mean, spread = np.mean(found, axis=0), np.std(found, axis=0)
        cells = [f"{mean[i]:.3f} ± {spread[i]:.3f}" for i in (0, 1)]
        print(f"| {name} | {' | '.join(cells)} | {mean[2]:.0f} |")


def errors(whole, filled, gaps):
    """Share of texts that are right, and the error of numbers."""
    right, off = [], []
    for place, name in enumerate(whole.columns):
        rows = gaps[:, place]
        real, found = whole[name][rows], filled[name][rows]
        if pd.api.types.is_numeric_dtype(whole[name]):
            off.append(((real - found) ** 2).mean() ** 0.5 / whole[name].std())
        else:
            right.append((real == found).mean())
    return np.mean(right), np.mean(off)


def by_tfgen(table, seed, options):
    import tfgen

    warnings.simplefilter("ignore", tfgen.data.DataNote)
    command = pathlib.Path(sys.executable).with_name("tfgen")
    with tempfile.TemporaryDirectory() as folder:
        file, run = (pathlib.Path(folder) / name for name in ("a.csv", "run"))
        table.to_csv(file, index=False)
        words = ["train", "vae", "--data", file, "--out", run, "--seed", seed]
        words += ["--epochs", options.epochs] if options.epochs else []
        subprocess.run([command, *map(str, words)], check=True)
        model = tfgen.load(run)
    draws = [model.impute(table, seed=i) for i in range(options.draws)]
    filled = table.copy()
    for name in table:
        drawn = pd.DataFrame([draw[name] for draw in draws])
        if pd.api.types.is_numeric_dtype(table[name]):
            filled[name] = drawn.astype(float).mean().to_numpy()
        else:
            filled[name] = drawn.mode().iloc[0].to_numpy()
    return filled


def by_iterative_imputer(table, seed, options):
    texts = [c for c in table if not pd.api.types.is_numeric_dtype(table[c])]
    numbers = table.drop(columns=texts)
    mean, scale = numbers.mean(), numbers.std()
    hot = [pd.get_dummies(table[c]).astype(float) for c in texts]
    for name, columns in zip(texts, hot, strict=True):
        columns[table[name].isna()] = np.nan
    x = np.concatenate([(numbers - mean) / scale, *hot], axis=1)
    imputer = IterativeImputer(n_nearest_features=20, random_state=seed)
    x = imputer.fit_transform(x)
    filled = table.copy()
    width = numbers.shape[1]
    filled[numbers.columns] = x[:, :width] * scale.values + mean.values
    for name, columns in zip(texts, hot, strict=True):
        own = x[:, width : width + columns.shape[1]]
        filled[name] = columns.columns.to_numpy()[own.argmax(axis=1)]
        width += columns.shape[1]
    return filled


def by_mode_or_mean(table, seed, options):
    filled = table.copy()
    for name in table:
        numeric = pd.api.types.is_numeric_dtype(table[name])
        value = table[name].mean() if numeric else table[name].mode()[0]
        filled[name] = table[name].fillna(value)
    return filled


PROGRAMS = {
    "tfgen": by_tfgen,
    "IterativeImputer": by_iterative_imputer,
    "mode or mean": by_mode_or_mean,
}

if __name__ == "__main__":
    main()
