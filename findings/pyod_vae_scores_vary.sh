#!/usr/bin/env bash
# PyOD 3.6.7's VAE draws its latents anew whenever it scores rows, one draw
# each, with the model in evaluation mode and random_state given. So
# decision_function tells the same row another score at each call, predict flips
# rows near the threshold, and a fitted training row's score is not the one in
# decision_scores_, which threshold_ comes from. Its AutoEncoder, and its
# detectors that draw nothing, give the same scores each time. Who ranks rows,
# caches scores or compares two deployments of one model by them sees
# differences of which no row, no weight and no seed is the cause.
#
# Exits 1 if that has changed. Needs Python 3.11 and a package index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check \
  pyod==3.6.7 torch==2.14.1 tqdm==4.70.1 scikit-learn==1.9.1 numpy==2.4.6
env/bin/python - 2>stderr.txt <<'PYTHON' || { tail -5 stderr.txt; exit 1; }
import importlib.metadata
import sys

import numpy as np
import torch
from pyod.models.auto_encoder import AutoEncoder
from pyod.models.vae import VAE
from sklearn.datasets import load_breast_cancer

for package in ("pyod", "torch"):
    print(package, importlib.metadata.version(package))
torch.set_num_threads(1)
rows, is_benign = load_breast_cancer(return_X_y=True)
benign = rows[is_benign == 1]
train, others = benign[::2], np.concatenate([benign[1::2], rows[is_benign == 0]])


def scored(kind):
    """Scores and flags of the same rows, ten times."""
    detector = kind(verbose=0, random_state=0).fit(train)
    scores = [detector.decision_function(others) for _ in range(10)]
    flags = [detector.predict(others) for _ in range(10)]
    again = detector.decision_function(train)
    apart = np.abs(again - detector.decision_scores_).max()
    return np.array(scores), np.array(flags), apart


found = {}
for kind in (VAE, AutoEncoder):
    scores, flags, apart = scored(kind)
    moved = np.mean(np.ptp(scores, axis=0) > 1e-3)
    found[kind.__name__] = moved, apart
    print(
        f"{kind.__name__}: the score of {moved:.0%} of {len(others)} rows moved "
        f"by more than .001 in ten calls, by {np.ptp(scores, axis=0).max():.2g} "
        f"at most; {np.sum(np.ptp(flags, axis=0) > 0)} rows changed their flag; "
        f"training rows' scores are up to {apart:.2g} off decision_scores_"
    )
as_before = (
    found["VAE"][0] > 0.5
    and found["VAE"][1] > 1e-3
    and found["AutoEncoder"] == (0.0, 0.0)
)
print("as before" if as_before else "changed")
sys.exit(not as_before)
PYTHON
