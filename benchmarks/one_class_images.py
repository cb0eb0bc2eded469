"""Odd images: one class of Fashion-MNIST or MNIST is usual, nine are odd.

    python benchmarks/one_class_images.py --mnist FILE             # 20 tasks
    python benchmarks/one_class_images.py --mnist FILE --held-out  # no test

FILE is MNIST as Keras has it (`mnist.npz`). A model sees the training images
of its one class alone, nine tenths of them; the others scale scores. AUROC in
percent over the whole test split, the mean over seeds. `--held-out` judges by
the tenth of all classes' training images in place of the test split: settings
were chosen by it. The model is `tfgen.build(preset="detector_table",
latent_dim=16)` of `tfgen.data.orientation_histograms`; the score is that of
`tfgen.detection.Detector` by the ELBO alone, and by the mean of it, the nearest
neighbours among the training rows and a mixture of these, as the preset
recommends.
Results are kept one line each in build/one_class_images: what is done is not
made again.
"""

import argparse
import json
import pathlib
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import anomalies
import numpy as np
import sklearn.metrics
import tensorflow as tf

LATENTS = 16
CLASSES = 10
SCORES = {
    "elbo": ["elbo"],
    "mean of all": ["elbo", "neighbours", "mixture"],
}
FOLDER = pathlib.Path(__file__).parents[1] / "build" / "one_class_images"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    FOLDER.mkdir(parents=True, exist_ok=True)
    judged = "held_out" if options.held_out else "test"
    path = FOLDER / f"{judged}.jsonl"
    sets = {"fashion_mnist": fashion_mnist(), "mnist": mnist(options.mnist)}
    for seed in range(options.seeds):
        for name, splits in sets.items():
            for usual in range(CLASSES):
                task = {"set": name, "class": usual, "seed": seed}
                run_once(path, task, splits, judged)
    print(table(read(path)))


def fashion_mnist():
    """Histograms and classes of training, held-out and test images."""
    splits = {"train": "train", "held_out": "validation", "test": "test"}
    return {
        name: histograms(*tfgen.data.load("fashion_mnist", split).arrays())
        for name, split in splits.items()
    }


def mnist(path):
    """As `fashion_mnist`; the last tenth of training images is held out."""
    with np.load(path) as file:
        x, y = file["x_train"], file["y_train"]
        tests = file["x_test"], file["y_test"]
    first = len(x) * 9 // 10
    splits = {
        "train": (x[:first], y[:first]),
        "held_out": (x[first:], y[first:]),
        "test": tests,
    }
    return {
        name: histograms(x[..., None] / 255, y)
        for name, (x, y) in splits.items()
    }


def histograms(images, labels):
    return tfgen.data.orientation_histograms(images), labels


def run_once(path, task, splits, judged):
    """Runs what has no result yet, and keeps the result."""
    if any(task.items() <= result.items() for result in read(path)):
        return
    usual = task["class"]
    train, held_out = (
        x[labels == usual]
        for x, labels in (splits["train"], splits["held_out"])
    )
    x, labels = splits[judged]
    start = time.perf_counter()
    scores = scores_of(train, held_out, x, task["seed"])
    result = dict(task)
    for name, found in scores.items():
        auroc = sklearn.metrics.roc_auc_score(labels != usual, found)
        result[name] = 100 * auroc
    result["seconds"] = time.perf_counter() - start
    with path.open("a") as file:
        file.write(json.dumps(result) + "\n")
    print(result, flush=True)


def scores_of(train, held_out, x, seed):
    preset = tfgen.presets.get("detector_table")
    train, held_out, x = (
        tfgen.data.from_arrays(rows, standardize=False)
        for rows in (train, held_out, x)
    )
    model = tfgen.build(
        preset=preset.name, data=train, latent_dim=LATENTS, seed=seed
    )
    model.compile()
    model.fit(
        train, batch_size=preset.batch_size, epochs=preset.epochs, verbose=0
    )
    given = {"combine": "mean", "train": train, "seed": seed}
    scores = {}
    for name, measures in SCORES.items():
        detector = tfgen.detection.Detector(model, held_out, measures, **given)
        scores[name] = detector.detect(x).score
    tf.keras.backend.clear_session()
    return scores


def read(path):
    """All results so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def table(results):
    """A row for each task, and the means, as Markdown."""
    lines = [
        f"| set | class | {' | '.join(SCORES)} |",
        "|---|---" + "|---" * len(SCORES) + "|",
    ]
    for name in dict.fromkeys(r["set"] for r in results):
        own = [r for r in results if r["set"] == name]
        for usual in range(CLASSES):
            of_class = [r for r in own if r["class"] == usual]
            cells = anomalies.means_of(SCORES, of_class)
            lines.append(f"| {name} | {usual} | {cells} |")
        cells = anomalies.means_of(SCORES, own)
        lines.append(f"| {name} | mean | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
