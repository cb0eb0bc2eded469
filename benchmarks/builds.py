"""Processor time of a training step against that of an earlier build.

    python benchmarks/builds.py --commit 3b4a063

Takes the commit's tree out of git, trains the same models by `fit` with what
each build does by default, in processes of their own, in turn, and prints the
milliseconds of processor time that a step takes now, and the median over pairs
of the ratio (above 1: this build is the faster). The first epoch, which
compiles, is not counted.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
# Only what both builds have.
STEPS = """
import sys, time
import tfgen  # isort: skip
import numpy as np, tensorflow as tf
threads = int(sys.argv[1])
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
draw = np.random.default_rng(0)

def images(rows):
    return draw.random((rows, 28, 28, 1), dtype=np.float32)

def rows(count, columns):
    return draw.normal(size=(count, columns)).astype("float32")

mlp = {"network": "mlp", "network_options": {"units": (500, 500)}}
small = {"network": "mlp", "network_options": {"units": (96, 96, 96)}}
CASES = {
    "dense VAE": ("vae", images(6400), 128, mlp | {"latent_dim": 16}),
    "convolutional VAE": ("vae", images(640), 128, {"network": "conv"}),
    "table VAE": (
        "vae", rows(12800, 20), 128, small | {"likelihood": "gaussian"}
    ),
    "points GAN": ("gan", rows(12800, 2), 128, small),
    "DCGAN": ("gan", 2 * images(320) - 1, 64, {"network": "dcgan"}),
    "VAE-GAN": ("vae_gan", images(320), 64, {}),
}
found = {}
for name, (family, x, batch, options) in CASES.items():
    model = tfgen.build(family, input_shape=x.shape[1:], seed=0, **options)
    model.compile("adam")
    x = tfgen.data.from_arrays(x, value_range=model.data_range).batches(batch)
    model.fit(x, epochs=1, verbose=0)
    began = time.process_time()
    model.fit(x, epochs=3, verbose=0)
    found[name] = (time.process_time() - began) / (3 * x.steps_per_epoch)
print(__import__("json").dumps(found))
"""


def taken_out(commit, folder):
    """The tree of a commit, as a folder that Python finds `tfgen` in."""
    tree = subprocess.run(
        ["git", "archive", commit], cwd=HERE, stdout=subprocess.PIPE, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(tree.stdout)) as archive:
        archive.extractall(folder, filter="data")
    for name in ("export", "tuning"):  # where installing would put them
        (folder / "tfgen" / name).symlink_to(folder / name)
    return folder


def measured(build, threads):
    """Seconds of processor time a step, by case."""
    environment = os.environ | {
        "PYTHONPATH": str(build),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(threads)],
        env=environment,
        cwd=build,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.decode().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", default="3b4a063")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        builds = [
            taken_out(options.commit, Path(folder, "earlier")),
            taken_out("HEAD", Path(folder, "now")),
        ]
        pairs = []
        for number in range(options.pairs):
            order = (0, 1) if number % 2 else (1, 0)  # who goes first changes
            found = {i: measured(builds[i], options.threads) for i in order}
            pairs.append((found[0], found[1]))
            print(f"pair {number + 1} of {options.pairs}", file=sys.stderr)
    print(f"{options.commit} over HEAD, {options.threads} thread(s)")
    print(f"{'':20}{'ms a step':>10}{'ratio':>7}  (min - max)")
    for case in pairs[0][0]:
        ratios = [earlier[case] / now[case] for earlier, now in pairs]
        step = 1e3 * statistics.median(now[case] for _, now in pairs)
        print(
            f"{case:20}{step:10.2f}{statistics.median(ratios):7.2f}"
            f"  ({min(ratios):.2f} - {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
