"""Modes that GANs find in two mixtures in the plane.

    python benchmarks/modes.py                    # the preset, 10 seeds
    python benchmarks/modes.py --every-loss       # each loss as it comes

The protocol is that of Lin et al. (2018), "PacGAN", section 4.1: 100,000
training points of a ring of 8 or a grid of 25 Gaussians; of 2,500 samples, a
mode is found if one lies within 3 standard deviations of its centre. Reported
are the modes found, the share of samples within 3 standard deviations of a
centre (of the true distribution 98.89%), and the reverse Kullback-Leibler
divergence of the found modes' shares from the uniform ones, in nats (of true
samples .0014 and .0048). Beyond the protocol, `width` says whether modes are
too narrow: the root mean square distance of these good samples to their
centres, over that of true ones.

Trains the preset `points_gan` on standardized points. Results are kept in a
file as they come, one line a run; what it already holds is not run again.
"""

import argparse
import json
import pathlib
import statistics
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import tensorflow as tf

from tfgen.data import synthetic

MIXTURES = {
    "ring": (synthetic.ring_centers(), synthetic.RING_STDDEV),
    "grid": (synthetic.grid_centers(), synthetic.GRID_STDDEV),
}
PRESET = "points_gan"
SAMPLES = 2_500
RESULTS = "build/modes.jsonl"


def score(samples, centers, stddev):
    """Modes found, share of good samples, reverse divergence in nats."""
    coverage = tfgen.metrics.mixture_modes(samples, centers, stddev)
    return {
        "modes": coverage.found,
        "good": coverage.within,
        "divergence": coverage.divergence,
        "width": coverage.width,
    }


def train(mixture, loss, seed, epochs=None):
    """One run: what it reached, and how long it took."""
    preset = tfgen.presets.get(PRESET)
    epochs = epochs or preset.epochs
    points = tfgen.data.load(mixture, split="train", seed=seed)
    points = points.standardized_by(points)
    model = preset.build(seed=seed, **({"loss": loss} if loss else {}))
    batches = points.batches(preset.batch_size, seed=seed)
    steps = epochs * batches.steps_per_epoch
    optimizers = preset.make_optimizers(model, steps=steps)
    model.compile(optimizers, steps_per_execution=50)
    began = time.perf_counter()
    model.fit(batches, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - began
    samples = model.sample(SAMPLES, seed=seed, batch_size=SAMPLES)
    samples = points.original_units(samples)
    return {**score(samples, *MIXTURES[mixture]), "seconds": seconds}


def table(results):
    """One line for each mixture and loss: means and spreads over seeds."""
    lines = [
        "| data | loss | seeds | modes | within 3 sd | divergence | width | "
        "seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    kinds = {}
    for run in results:
        kind = run["mixture"], run["loss"], run["epochs"]
        kinds.setdefault(kind, []).append(run)
    for (mixture, loss, _), runs in kinds.items():

        def spread(key, form, runs=runs):
            values = [run[key] for run in runs]
            deviation = statistics.stdev(values) if len(values) > 1 else 0.0
            return f"{statistics.mean(values):{form}} +- {deviation:{form}}"

        lines.append(
            f"| {mixture} | {loss or 'relativistic (preset)'} | {len(runs)} | "
            f"{spread('modes', '.1f')} | {spread('good', '.2%')} | "
            f"{spread('divergence', '.4f')} | {spread('width', '.2f')} | "
            f"{spread('seconds', '.0f')} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--data", choices=MIXTURES, action="append")
    parser.add_argument("--every-loss", action="store_true")
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument(
        "--results", type=pathlib.Path, default=pathlib.Path(RESULTS)
    )
    parser.add_argument(
        "--threads", type=int, default=2, help="processor cores to use"
    )
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    losses = list(tfgen.losses.ADVERSARIAL_LOSSES)
    todo = [
        {
            "mixture": mixture,
            "loss": loss,
            "seed": seed,
            "epochs": options.epochs,
        }
        for seed in range(
            options.first_seed, options.first_seed + options.seeds
        )
        for loss in (losses if options.every_loss else [None])
        for mixture in options.data or MIXTURES
    ]
    for run in todo:
        if any(run.items() <= done.items() for done in read(options.results)):
            continue
        result = run | train(**run)
        with options.results.open("a") as file:
            file.write(json.dumps(result) + "\n")
        print(result, flush=True)
    print(table(read(options.results)))


def read(path):
    """The results so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()
