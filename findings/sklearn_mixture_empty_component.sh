#!/usr/bin/env bash
# scikit-learn 1.9.1's GaussianMixture, by its default start (init_params
# "kmeans"), keeps components that no row belongs to where there are fewer
# distinct rows than components, as in tables of ratings or counts. Such a
# component's mean is the origin, whatever the data's own place, its weight
# is about 1e-18, its covariance reg_covar. The fit says that it has converged.
# Near the origin the log-density is then some -40 and less far from that than
# any row outside the data: answers coded 0 on a scale from 1 look as if they
# had been seen. Started by "k-means++" there is no such component, and a row
# at the origin is as unlikely as one on the other side of the data.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  scikit-learn==1.9.1 statsmodels==0.15.0 numpy==2.4.6 pandas==2.3.3
env/bin/python - 2>stderr.txt <<'PYTHON' || { tail -5 stderr.txt; exit 1; }
import importlib.metadata
import sys

import numpy as np
from sklearn.mixture import GaussianMixture
from statsmodels.datasets import fair

for package in ("scikit-learn", "statsmodels"):
    print(package, importlib.metadata.version(package))
answers = fair.load_pandas().data[["rate_marriage", "religious"]].to_numpy()
low, high = answers.min(axis=0), answers.max(axis=0)
print(
    f"{len(answers)} rows, {len(np.unique(answers, axis=0))} of them distinct, "
    f"from {low} to {high}"
)
below, above = low - 1, high + 1  # as far from the data on either side
found = {}
for start in ("kmeans", "k-means++"):
    mixture = GaussianMixture(
        30, reg_covar=1e-2, random_state=0, init_params=start
    ).fit(answers)
    empty = mixture.weights_ < 1e-9
    found[start] = mixture.score_samples([below, above])
    print(
        f"{start}: converged {mixture.converged_}, {empty.sum()} of 30 "
        f"components have weights below 1e-9, at {mixture.means_[empty][:1]}; "
        f"log-density at {below} {found[start][0]:.1f}, at {above} "
        f"{found[start][1]:.1f}"
    )
as_before = (
    found["kmeans"][0] > found["kmeans"][1] + 10
    and abs(found["k-means++"][0] - found["k-means++"][1]) < 10
)
print("as before" if as_before else "changed")
sys.exit(not as_before)
PYTHON
