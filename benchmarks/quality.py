"""What the presets reach, over seeds: written to benchmarks/QUALITY.md.

    make quality
    python benchmarks/quality.py --preset table_vae --seeds 5

Each preset is trained with its own settings on the training split; nothing is
chosen by the test split, which is used once, at the end. The spread is
the standard deviation over seeds.
"""

import argparse
import datetime
import pathlib
import statistics
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import tensorflow as tf

PRESETS = ("small_image_vae", "dense_vae", "table_vae", "circles_vae")
REPORT = pathlib.Path(__file__).with_name("QUALITY.md")


def measure(name, seed):
    """Test negative ELBO in nats an example, its parts, and the seconds."""
    preset = tfgen.presets.get(name)
    train = tfgen.data.load(preset.data, split="train+validation")
    test = tfgen.data.load(preset.data, split="test")
    model = preset.build(input_shape=train.shape, seed=seed)
    model.compile(keras.optimizers.Adam(preset.learning_rate))
    began = time.perf_counter()
    batches = train.batches(preset.batch_size, seed=seed)
    model.fit(batches, epochs=preset.epochs, verbose=0)
    seconds = time.perf_counter() - began
    logs = model.evaluate(test, batch_size=100, verbose=0, return_dict=True)
    return {**logs, "seconds": seconds}


def row(name, results):
    """One line of the table."""

    def spread(key):
        values = [result[key] for result in results]
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        return f"{statistics.mean(values):.2f} +- {deviation:.2f}"

    preset = tfgen.presets.get(name)
    return (
        f"| `{name}` | {preset.data} | {preset.epochs} | "
        f"{spread('negative_elbo')} | {spread('reconstruction_loss')} | "
        f"{spread('kl_loss')} | "
        f"{statistics.mean(r['seconds'] for r in results):.0f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", action="append", help="default: several")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    lines = [
        "# Quality",
        "",
        f"`python benchmarks/quality.py --seeds {options.seeds}`, "
        f"{datetime.date.today()}, tfgen {tfgen.__version__}, "
        f"tensorflow {tf.__version__}, keras {keras.__version__}. Test split, "
        "nats an example, mean and standard deviation over seeds "
        f"0 to {options.seeds - 1}. Likelihoods differ from preset to preset: "
        "only numbers of one row's likelihood and data compare.",
        "",
        "| preset | data | epochs | negative ELBO | reconstruction | KL | "
        "seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in options.preset or PRESETS:
        results = []
        for seed in range(options.seeds):
            results.append(measure(name, seed))
            value = results[-1]["negative_elbo"]
            print(f"{name}, seed {seed}: {value:.2f} nats", flush=True)
        lines.append(row(name, results))
    REPORT.write_text("\n".join(lines) + "\n")
    print(f"written to {REPORT}")


if __name__ == "__main__":
    main()
