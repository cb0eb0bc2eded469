"""What a search of 20 trials finds, against the shipped settings.

    python benchmarks/search_gain.py                     # hours
    python benchmarks/search_gain.py --models vae --seeds 1

For each model and seed, `tfgen tune` searches on the validation split and
trains with what it found; `tfgen train` with the same seed trains with the
shipped settings for as many steps. Both are measured on the test split, which
neither has seen: the negative ELBO (mean of 10 passes), or the Frechet
distance of 10,000 samples in the features of three classifiers that the search
does not use (their mean). What was interrupted goes on.
"""

import argparse
import functools
import json
import pathlib
import subprocess
import sys

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

ROOT = pathlib.Path(__file__).parent.parent
MODELS = {"vae": "negative ELBO, nats", "gan": "FD", "vae_gan": "FD"}
PASSES = 10
SAMPLES = 10_000
EXTRACTOR_SEEDS = (100, 101, 102)


def main():
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.models:
        rows = []
        for seed in range(options.first_seed, options.seeds):
            rows.append(compared(options, name, seed))
            print(f"{name:8}seed {seed}  {line(rows[-1:])}", flush=True)
        print(f"{name:8}{MODELS[name]}: {line(rows)}", flush=True)


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--tuner", default="random")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--max-epochs", type=int, help="of a trial")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3, help="up to this one")
    parser.add_argument(
        "--out", type=pathlib.Path, default=ROOT / "build" / "search_gain"
    )
    return parser.parse_args()


def compared(options, name, seed):
    """Figures on the test split: of the shipped settings, of those found."""
    common = ["--data", options.data, "--seed", str(seed)]
    shipped = options.out / f"{name}-{options.data}-{seed}-shipped"
    search = options.out / "-".join(
        [name, options.data, str(seed), options.tuner]
        + [str(options.max_epochs)] * bool(options.max_epochs)
    )
    if not (shipped / "model.keras").exists():
        call("train", name, *common, "--out", shipped)
    if not (search / "best" / "model.keras").exists():
        asked = ["--tuner", options.tuner, "--trials", str(options.trials)]
        if options.max_epochs:
            asked += ["--max-epochs", str(options.max_epochs)]
        call("tune", name, *common, *asked, "--out", search)
    figures = [
        figure(options.data, keras.models.load_model(run / "model.keras"))
        for run in (shipped, search / "best")
    ]
    found = json.loads((search / "best.json").read_text())
    print(f"{name:8}seed {seed}  {found['settings']}")
    return figures


def call(*words):
    command = pathlib.Path(sys.executable).with_name("tfgen")
    subprocess.run([command, *map(str, words)], check=True)


def figure(data, model):
    test = tfgen.data.load(data, split="test").to_range(model.data_range)
    keras.utils.set_random_seed(0)
    if isinstance(model, tfgen.VAE):
        model.compile()
        return np.mean(
            [
                model.evaluate(test, verbose=0, return_dict=True)[
                    "negative_elbo"
                ]
                for _ in range(PASSES)
            ]
        )
    generated = model.sample(SAMPLES, seed=0)
    return np.mean(
        [
            distance(extractor(data, seed), model.data_range, test, generated)
            for seed in EXTRACTOR_SEEDS
        ]
    )


@functools.cache
def extractor(data, seed):
    train = tfgen.data.load(data, split="train")
    return tfgen.metrics.fit_extractor(train, seed=seed)


def distance(features, value_range, test, generated):
    metric = tfgen.metrics.FrechetDistance(
        extractor=features, value_range=value_range
    )
    metric.update_state(real=test.arrays()[0])
    metric.update_state(generated=generated)
    return metric.result()


def line(rows):
    shipped, found = np.transpose(rows)
    return (
        f"shipped {stated(shipped)}, found {stated(found)}, "
        f"difference {stated(found - shipped)}"
    )


def stated(values):
    spread = f" +- {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{spread}"


if __name__ == "__main__":
    main()
