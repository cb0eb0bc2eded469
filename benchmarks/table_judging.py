"""What adult.py and table_peers.py share: how generated rows are judged.

Read with pandas; a column's kind is found in the real rows alone. Dates of the
form 2024-01-31 are `datetime`. `categorical` are texts, booleans, and whole
numbers from 0 on of at most 10 values, and fewer than a tenth of the rows;
other numbers are `numerical`. Gaps (`?` too) of categories are a category.
"""

import subprocess
import sys

import catboost
import numpy as np
import pandas as pd
import sklearn.metrics
import sklearn.model_selection
from sdmetrics.reports.single_table import QualityReport
from sdmetrics.single_table import LogisticDetection

GAP = "(gap)"
TREES = {"iterations": 200, "verbose": False, "allow_writing_files": False}
# A process of its own, as Linux counts a parent's memory as its child's.
MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
processor = used.ru_utime + used.ru_stime
print(time.perf_counter() - start, processor, used.ru_maxrss / 1024)
sys.exit(code)
"""


def run_measured(*words):
    """Seconds, of processors too, and peak resident MB of a command."""
    command = [sys.executable, "-S", "-c", MEASURE, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return tuple(map(float, done.stdout.split()))


def read(path, kinds=None):
    """Rows of a file, and the kinds of its columns unless these are given."""
    rows = pd.read_csv(path, skipinitialspace=True, na_values=["?"])
    kinds = kinds or {name: _kind(rows[name]) for name in rows}
    return rows.apply(lambda c: _as_kind(c, kinds[c.name])), kinds


def _kind(column):
    values = column.dropna()
    if pd.api.types.is_bool_dtype(values):
        return "categorical"
    if pd.api.types.is_numeric_dtype(values):
        few = values.nunique() <= min(10, len(column) / 10)
        whole = (values >= 0).all() and (values % 1 == 0).all()
        return "categorical" if few and whole else "numerical"
    dates = values.astype(str).str.fullmatch(r"\d{4}-\d\d-\d\d.*")
    return "datetime" if dates.all() else "categorical"


def _as_kind(column, kind):
    if kind == "datetime":
        return pd.to_datetime(column)
    if kind == "numerical":
        return column.astype(float)
    if pd.api.types.is_bool_dtype(column.dropna()):
        column = column.astype(str).where(column.notna())
    if pd.api.types.is_numeric_dtype(column):
        column = column.map("{:g}".format).where(column.notna())
    return column.astype(object).where(column.notna(), GAP)


def shapes_and_pairs(real, made, kinds):
    """SDMetrics' column shapes and column pair trends, 0 to 1 (best)."""
    report = QualityReport()
    report.generate(real, made, _metadata(kinds), verbose=False)
    return tuple(report.get_properties()["Score"])


def logistic_detection(real, made, kinds):
    """SDMetrics' LogisticDetection: 1 if no row is told from real ones.

    It cannot take categories that are not in `real`: such rows are left out.
    The mean of five, as it divides the rows by chance.
    """
    for name in categories(kinds):
        made = made[made[name].isin(real[name])]
    number = min(len(real), len(made))
    real, made = real.head(number), made.head(number)
    found = []
    for seed in range(5):
        np.random.seed(seed)
        found.append(LogisticDetection.compute(real, made, _metadata(kinds)))
    return np.mean(found)


def detection_auc(real, made, kinds, seed=0):
    """AUC by which CatBoost tells made rows from as many real ones; .5 best."""
    number = min(len(real), len(made))
    rows = pd.concat([real.head(number), made.head(number)])
    rows, is_made = for_trees(rows, kinds), np.repeat([0, 1], number)
    found = []
    for train, test in sklearn.model_selection.StratifiedKFold(
        3, shuffle=True, random_state=seed
    ).split(rows, is_made):
        trees = catboost.CatBoostClassifier(
            **TREES, cat_features=categories(kinds), random_seed=seed
        )
        trees.fit(rows.iloc[train], is_made[train])
        guess = trees.predict_proba(rows.iloc[test])[:, 1]
        found.append(sklearn.metrics.roc_auc_score(is_made[test], guess))
    return np.mean(found)


def macro_f1(train, test, kinds, label, seed=0, validation=None, **settings):
    """Of CatBoost that guesses the label, fitted on `train`."""
    kinds = {name: kind for name, kind in kinds.items() if name != label}
    if train[label].nunique() < 2:
        return 0.0
    trees = catboost.CatBoostClassifier(
        **(TREES | settings),
        cat_features=categories(kinds),
        random_seed=seed,
    )
    if validation is not None:
        judged = for_trees(validation[list(kinds)], kinds), validation[label]
        settings = {"eval_set": judged}
    else:
        settings = {}
    trees.fit(for_trees(train[list(kinds)], kinds), train[label], **settings)
    guess = trees.predict(for_trees(test[list(kinds)], kinds)).ravel()
    return sklearn.metrics.f1_score(test[label], guess, average="macro")


def for_trees(rows, kinds):
    """Dates as numbers of days."""
    day = pd.Timedelta(days=1)
    dates = {
        name: (rows[name] - pd.Timestamp(0)) / day
        for name, kind in kinds.items()
        if kind == "datetime"
    }
    return rows.assign(**dates)


def categories(kinds):
    return [name for name, kind in kinds.items() if kind == "categorical"]


def _metadata(kinds):
    return {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}
