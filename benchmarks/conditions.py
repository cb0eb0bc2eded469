"""How rows drawn under a condition are distributed, against the real ones.

    python benchmarks/conditions.py cars.csv Origin=Japan Cylinders=3
    python benchmarks/conditions.py adult.csv 'sex=Female,Y=>50K'

Trains as `tfgen train vae --data FILE` does, once a seed, and asks for rows by
each condition. Printed are mean and standard deviation over the seeds of two
distances, each a mean over the other columns: that to the real rows which
fulfil the condition, and that to all real rows. A distance is the total
variation between the shares of categories, or of fifths of the real numbers.
For scale the same two distances of the real rows that fulfil it: 0, and that
to all rows.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd

ROWS = 1000


class Shares:
    """How often each category, or fifth of a number, stands in rows."""

    def __init__(self, real, columns):
        self.ends = {
            c.name: np.unique(
                np.nanquantile(real[c.name], [0.2, 0.4, 0.6, 0.8])
            )
            for c in columns
            if c.kind in ("whole", "decimal")
        }

    def distance(self, a, b, names):
        """Mean total variation over columns."""
        return np.mean(
            [
                self._of(a, n).sub(self._of(b, n), fill_value=0).abs().sum() / 2
                for n in names
            ]
        )

    def _of(self, rows, name):
        values = rows[name].astype(str)
        if name in self.ends:
            numbers = rows[name].astype(float)
            fifths = np.digitize(numbers, self.ends[name]).astype(str)
            values = pd.Series(np.where(numbers.isna(), "", fifths))
        return values.value_counts(normalize=True)


def measure(path, conditions, seed, folder):
    """Both distances by condition, and how many real rows fulfil it."""
    import tfgen

    warnings.simplefilter("ignore", tfgen.data.DataNote)
    command = pathlib.Path(sys.executable).with_name("tfgen")
    words = ["train", "vae", "--data", path, "--out", folder, "--seed", seed]
    subprocess.run([command, *map(str, words)], check=True, capture_output=True)
    real = pd.read_csv(path)
    model = tfgen.load(folder)
    columns = [c for c in model.reading.columns if c.width]
    shares, found = Shares(real, columns), {}
    for text in conditions:
        fits = fulfil(real, text)
        drawn = model.sample_where(text, ROWS, seed=seed)
        if not fulfil(drawn, text).all():
            sys.exit(f"{text} does not hold in every row")
        others = [c.name for c in columns if c.name not in values_of(text)]
        found[text] = (
            int(fits.sum()),
            shares.distance(drawn, real[fits], others),
            shares.distance(drawn, real, others),
            shares.distance(real[fits], real, others),
        )
    return found


def values_of(text):
    """What a condition asks for, by column."""
    return dict(part.split("=", 1) for part in text.split(","))


def fulfil(rows, text):
    """Which rows are as a condition asks."""
    asked = values_of(text)
    return (rows[list(asked)].astype(str) == pd.Series(asked)).all(axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("conditions", nargs="+", metavar="COLUMN=VALUE[,...]")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    seeds = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as parts:
            folder = pathlib.Path(parts) / "run"
            seeds.append(
                measure(options.path, options.conditions, seed, folder)
            )
    for text in options.conditions:
        rows, own, everyone, apart = np.array([s[text] for s in seeds]).T
        print(
            f"{text} ({rows[0]:.0f} rows): {own.mean():.3f} +- {own.std():.3f} "
            f"to the real ones, {everyone.mean():.3f} +- {everyone.std():.3f} "
            f"to all; these are {apart[0]:.3f} from each other"
        )


if __name__ == "__main__":
    main()
