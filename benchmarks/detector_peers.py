"""Anomalies in ADBench's tables by tfgen's detectors beside PyOD's.

    python -m venv peers
    peers/bin/pip install -r benchmarks/detector_peers.txt
    python benchmarks/detector_peers.py --data FOLDER --peers peers/bin/python

FOLDER has ADBench's `.npz` files; rows are those of `anomalies.py` (half of the
normal rows train, all others test). Each detector is fitted in a process of its
own, with defaults: `Detector("detector_table")`, which holds out a fifth of the
rows, by its measures and by `"elbo"` alone; PyOD's VAE, KNN and IForest.
Printed are the means over seeds of AUROC in percent, of the seconds of
processors that fitting takes (without start-up), and that scoring 10,000 rows
takes after a first call.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

SCORED = 10_000
OURS = {"detector_table": None, "detector_table, elbo": "elbo"}
PEERS = ("VAE", "KNN", "IForest")
SETS = ("6_cardio", "30_satellite", "23_mammography", "32_shuttle")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--peers", type=pathlib.Path, help="their Python")
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--fit", nargs=3, help="of a process: name, rows, seed")
    options = parser.parse_args()
    if options.fit:
        print(json.dumps(measured(*options.fit)))
        return
    print("| set | detector | AUROC | fit [s] | score 10,000 rows [s] |")
    print("|---|---|---|---|---|")
    for name in options.sets:
        for detector in (*OURS, *PEERS):
            found = [
                in_process(options, name, detector, seed)
                for seed in range(options.seeds)
            ]
            means = " | ".join(f"{mean:.2f}" for mean in np.mean(found, axis=0))
            print(f"| {name} | {detector} | {means} |", flush=True)


def in_process(options, name, detector, seed):
    import anomalies

    train, test, is_odd = anomalies.halves(options.data / f"{name}.npz", seed)
    python = sys.executable if detector in OURS else options.peers
    with tempfile.TemporaryDirectory() as folder:
        rows = pathlib.Path(folder, "rows.npz")
        np.savez(rows, train=train, test=test, is_odd=is_odd)
        done = subprocess.run(
            [python, __file__, "--fit", detector, rows, str(seed)],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def measured(name, rows, seed):
    """AUROC, and seconds of processors for both."""
    import sklearn.metrics

    with np.load(rows) as file:
        train, test, is_odd = file["train"], file["test"], file["is_odd"]
    fit, score = (ours if name in OURS else peer)(name, int(seed))
    start = time.process_time()
    fit(train)
    fitted = time.process_time() - start
    # PyOD's VAE gives infinity for rows that are very far off.
    scores = np.nan_to_num(score(test))
    auroc = sklearn.metrics.roc_auc_score(is_odd, scores)
    many = np.resize(test, (SCORED, test.shape[1]))
    start = time.process_time()
    score(many)
    return 100 * auroc, fitted, time.process_time() - start


def ours(name, seed):
    import tfgen  # isort: skip
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    detector = tfgen.detection.Detector(
        "detector_table", measure=OURS[name], seed=seed
    )
    return detector.fit, lambda x: -detector.score_samples(x)


def peer(name, seed):
    import importlib

    import torch

    torch.set_num_threads(1)
    module = importlib.import_module(f"pyod.models.{name.lower()}")
    given = {"verbose": 0} if name == "VAE" else {}
    if name != "KNN":
        given["random_state"] = seed
    detector = getattr(module, name)(**given)
    return detector.fit, detector.decision_function


if __name__ == "__main__":
    main()
