"""The metrics against independent programs, on the same features.

    python -m venv peers
    peers/bin/pip install torch-fidelity clean-fid prdc
    python benchmarks/against_peers.py --peers-python peers/bin/python

Prints each value and its relative difference. Peers: torch-fidelity (Frechet
and kernel distance, inception score), prdc (precision, recall, density,
coverage), SciPy's `sqrtm` in the formula of the Frechet distance, and clean-fid
(resizing to 299 x 299, of which the largest difference in pixel values from 0
to 255 is printed). `tests/metrics/test_other_programs.py` keeps the numbers of
the small features.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SIZES = {"small": (600, 500, 16), "large": (3000, 2500, 256)}
SIDES = (28, 64, 500)


def draw(num_real, num_generated, num_features):
    """Features of data and of samples, and logits of ten classes."""
    rng = np.random.RandomState(0)
    mixing = rng.normal(size=(num_features, num_features))
    real = rng.normal(size=(num_real, num_features)) @ mixing
    generated = 0.9 * rng.normal(size=(num_generated, num_features)) @ mixing
    logits = 2 * rng.normal(size=(num_generated, 10))
    arrays = {"real": real, "generated": generated + 0.3, "logits": logits}
    return {name: np.float32(x) for name, x in arrays.items()}


def draw_image(side):
    return np.random.RandomState(side).randint(0, 256, (side, side, 3))


def of_tfgen(arrays):
    """Values by name, of tfgen."""
    from tfgen import metrics

    compared = {
        "Frechet distance": metrics.FrechetDistance(),
        "Frechet distance, sqrtm": metrics.FrechetDistance(),
        "kernel distance": metrics.KernelDistance(subset_size=400),
        "precision": metrics.Precision(k=3),
        "recall": metrics.Recall(k=3),
        "density": metrics.Density(k=5),
        "coverage": metrics.Coverage(k=5),
    }
    for metric in compared.values():
        metric.update_state(real=arrays["real"], generated=arrays["generated"])
    compared["inception score"] = metrics.InceptionScore()
    compared["inception score"].update_state(generated=arrays["logits"])
    return {name: metric.result() for name, metric in compared.items()}


def of_peers(arrays):
    """The same, of the other programs."""
    import torch
    from prdc import compute_prdc
    from torch_fidelity import metric_fid, metric_isc, metric_kid

    tensors = {name: torch.from_numpy(x) for name, x in arrays.items()}
    frechet = metric_fid.fid_statistics_to_metric(
        *(
            metric_fid.fid_features_to_statistics(tensors[side])
            for side in ("generated", "real")
        ),
        verbose=False,
    )
    kernel = metric_kid.kid_features_to_metric(
        tensors["generated"],
        tensors["real"],
        kid_subset_size=400,
        verbose=False,
    )
    score = metric_isc.isc_features_to_metric(tensors["logits"], splits=1)
    of_3, of_5 = (
        compute_prdc(arrays["real"], arrays["generated"], k) for k in (3, 5)
    )
    return {
        "Frechet distance": frechet[metric_fid.KEY_METRIC_FID],
        "Frechet distance, sqrtm": distance_by_sqrtm(**arrays),
        "kernel distance": kernel[metric_kid.KEY_METRIC_KID_MEAN],
        "precision": of_3["precision"],
        "recall": of_3["recall"],
        "density": of_5["density"],
        "coverage": of_5["coverage"],
        "inception score": score[metric_isc.KEY_METRIC_ISC_MEAN],
    }


def distance_by_sqrtm(real, generated, logits):
    """Heusel et al. (2017), equation 6, word for word."""
    import scipy.linalg

    x, y = np.float64(real), np.float64(generated)
    covariances = [np.cov(side, rowvar=False) for side in (x, y)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    means = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    return means + np.trace(covariances[0] + covariances[1] - 2 * root)


def resized_by_tfgen(image):
    from tfgen.metrics.inception import Prepare

    pixels = Prepare()(np.float32(image[None]) / 255).numpy()[0]
    return (pixels + 1) / 2 * 255


def resized_by_peers(image):
    from cleanfid.resize import build_resizer

    return build_resizer("clean")(np.uint8(image))


def run_peers(folder):
    """Called with the peers' Python; writes what they found."""
    found = {}
    for size in SIZES:
        found[size] = of_peers(dict(np.load(folder / f"{size}.npz")))
    (folder / "values.json").write_text(json.dumps(found, default=float))
    for side in SIDES:
        resized = resized_by_peers(draw_image(side))
        np.save(folder / f"resized_{side}.npy", resized)


def compare(python, folder):
    """Prints the table."""
    arrays = {name: draw(*size) for name, size in SIZES.items()}
    for name, some in arrays.items():
        np.savez(folder / f"{name}.npz", **some)
    run = [python, __file__, "--folder", folder, "--peers-python", python]
    done = subprocess.run(run, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    peers = json.loads((folder / "values.json").read_text())
    print("| | tfgen | peer | relative difference |")
    print("|---|---|---|---|")
    for name, some in arrays.items():
        for metric, ours in of_tfgen(some).items():
            peer = peers[name][metric]
            print(
                f"| {metric}, {name} | {ours:.9g} | {peer:.9g} | "
                f"{(ours - peer) / peer:+.1e} |"
            )
    for side in SIDES:
        ours = resized_by_tfgen(draw_image(side))
        peer = np.load(folder / f"resized_{side}.npy")
        print(
            f"| largest pixel difference from {side} x {side} | | | "
            f"{abs(ours - peer).max():.1e} of 255 |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", required=True)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        run_peers(options.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(options.peers_python, pathlib.Path(folder))


if __name__ == "__main__":
    main()
