"""How the cost of a training grows with what it is a training of.

    python benchmarks/growth.py    # a quarter of an hour of one processor

Processor time of a training step of VAEs (`fit`, all else as by default),
against the batch, the size of images, latents, parameters, replicas and rows
of data, and processor time and peak memory of samples against their number.
One thread. The slope is that of the straight line through the logarithms of
the last three points: 0 for a cost that stays, 1 for one that doubles with what
it is a cost of. Written to docs/growth.md, with a picture.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import matplotlib as mpl
import numpy as np
import tensorflow as tf

import tfgen
from tfgen.training.environment import manifest

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib import ticker

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "growth.md", DOCS / "pictures" / "growth.png"
SECONDS = 1.5
"""Of processor time of a measurement, at least, and at least so many steps:"""
FEWEST_STEPS = 6
UNITS = (500, 500)
SAMPLED = (1_000, 10_000, 100_000, 1_000_000)

MLP, CONV = {"network": "mlp"}, {"network": "conv"}
DENSE = MLP | {"network_options": {"units": UNITS}}


def step_cost(size=28, batch=128, rows=1024, replicas=1, **options):
    """Milliseconds of a step of a VAE of grey images."""
    strategy = tfgen.training.get_strategy("none")
    if replicas > 1:
        strategy = tfgen.training.get_strategy("mirrored", replicas)
    with strategy.scope():
        model = tfgen.build("vae", input_shape=(size, size, 1), **options)
        model.compile()
    draw = np.random.default_rng(0)
    x = draw.integers(0, 256, (max(rows, batch), size, size, 1), "uint8")
    batches = tfgen.data.from_arrays(x).batches(batch)

    def spent(epochs):
        began = time.process_time()
        model.fit(batches, epochs=epochs, verbose=0)
        return time.process_time() - began

    spent(1)  # compiles
    once = spent(1)
    epochs = max(
        np.ceil(SECONDS / once), FEWEST_STEPS / batches.steps_per_epoch, 1
    )
    epochs = int(np.ceil(epochs))
    return 1e3 * spent(epochs) / (epochs * batches.steps_per_epoch)


def parameters(units):
    model = tfgen.build(
        "vae", input_shape=(28, 28, 1), **_dense(units), latent_dim=16
    )
    return model.count_params()


def _dense(units):
    return MLP | {"network_options": {"units": (units, units)}}


def dependences():
    """What a step's cost is measured against: title, values, cost of each."""
    batches = (16, 32, 64, 128, 256, 512, 1024)
    yield "rows a batch, dense", batches, lambda n: step_cost(batch=n, **DENSE)
    yield (
        "rows a batch, convolutional",
        batches[:-1],
        lambda n: step_cost(batch=n, **CONV),
    )
    yield (
        "pixels of a side, convolutional, 16 images a batch",
        (16, 32, 64, 128),
        lambda n: step_cost(size=n, batch=16, rows=96, **CONV),
    )
    yield (
        "latents, dense",
        (2, 8, 32, 128, 512),
        lambda n: step_cost(latent_dim=n, **DENSE),
    )
    units = {parameters(n): n for n in (64, 128, 256, 512, 1024, 2048)}
    yield (
        "parameters, dense",
        tuple(units),
        lambda n: step_cost(latent_dim=16, **_dense(units[n])),
    )
    yield (
        "replicas of one processor, dense, 128 rows in all",
        (1, 2, 4),
        lambda n: step_cost(replicas=n, **DENSE),
    )
    yield (
        "rows of training data, dense",
        (1_000, 10_000, 100_000, 400_000),
        lambda n: step_cost(rows=n, **DENSE),
    )


def sampling_costs(folder):
    """Seconds of processors and MB of `tfgen sample`, by number of samples."""
    run = folder / "run"
    _command("train", "vae", "--data", "digits", "--epochs", 1, "--out", run)
    found = [
        _command(
            "sample", run, "-n", n, "--seed", 0, "--out", folder / f"{n}.npz"
        )
        for n in SAMPLED
    ]
    return [list(costs) for costs in zip(*found, strict=True)]


def _command(*words):
    """Seconds of processors and peak MB of a command of tfgen."""
    # In a process between, whose only child it is: maxima do not add up.
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    tfgen_command = pathlib.Path(sys.executable).with_name("tfgen")
    done = subprocess.run(
        [sys.executable, "-c", code, tfgen_command, *map(str, words)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return tuple(map(float, done.stdout.split()))


def slope(values, costs):
    """Of the line through the logarithms of the last three points."""
    x, y = (np.log(np.asarray(a[-3:], float)) for a in (values, costs))
    return np.polyfit(x, y, 1)[0]


def page(rows, made_with):
    machine, versions = made_with["machine"], made_with["versions"]
    lines = [
        "# What grows with what",
        "",
        "Written by `python benchmarks/growth.py`, of one thread of "
        f"{machine['processor']}, TensorFlow {versions['tensorflow']}, Keras "
        f"{versions['keras']}:",
        "milliseconds of processor time of a training step, and, of `tfgen "
        "sample`, seconds of processor",
        "time and peak memory in MB of the whole command, each with its start. "
        "The slope is that of",
        "the last three points on logarithmic scales: 0 for a cost that "
        "stays, 1 for one that doubles",
        "with what it is a cost of.",
        "",
        "![Costs against sizes](pictures/growth.png)",
        "",
        "| against | from: cost | to: cost | slope |",
        "|---|---|---|---|",
    ]
    for title, values, costs, unit in rows:
        ends = [f"{values[i]:,}: {costs[i]:,.3g} {unit}" for i in (0, -1)]
        lines.append(
            f"| {title} | {' | '.join(ends)} | {slope(values, costs):.2f} |"
        )
    return "\n".join(lines) + "\n"


def draw(rows, path):
    figure, axes = plt.subplots(3, 3, figsize=(10, 8), constrained_layout=True)
    for axis, (title, values, costs, unit) in zip(
        axes.flat, rows, strict=False
    ):
        axis.loglog(values, costs, "o-")
        axis.set_ylim(min(costs) / 2, max(max(costs), 8 * min(costs)) * 2)
        axis.set_title(title.replace(", ", ",\n", 1), fontsize=9)
        axis.set_ylabel(unit)
        axis.set_xticks([values[0], values[len(values) // 2], values[-1]])
        for along in (axis.xaxis, axis.yaxis):
            along.set_major_formatter(ticker.EngFormatter(sep=""))
            along.set_minor_formatter(ticker.NullFormatter())
        axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.grid(visible=True, alpha=0.2)
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    # All that the largest number of replicas needs, before TensorFlow starts.
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 4,
    )
    rows = []
    for title, values, cost in dependences():
        rows.append((title, values, [cost(n) for n in values], "ms"))
        print(rows[-1], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        seconds, memory = sampling_costs(pathlib.Path(folder))
    rows.append(("samples to a file: time", SAMPLED, seconds, "s"))
    rows.append(("samples to a file: peak memory", SAMPLED, memory, "MB"))
    source = tfgen.data.load("digits")
    made_with = manifest(source, 0, tf.distribute.get_strategy())
    PAGE.write_text(page(rows, made_with))
    draw(rows, PICTURE)
    print(f"written to {PAGE} and {PICTURE}")


if __name__ == "__main__":
    main()
