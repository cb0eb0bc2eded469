"""How good a GAN's Fashion-MNIST is: pictures, and whether classes come true.

    python benchmarks/fashion_gan.py --out fashion

Trains the default network with the default loss, without and with labels, on
the training split. A classifier that was trained on the same split and is
checked on the test split then says how many conditional samples are of the
class that was asked for. Writes the two pictures and the classifier's numbers.
"""

import argparse
import json
import pathlib
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

CLASSIFIER_EPOCHS = 12
SAMPLES = 10_000
layers = keras.layers


def get_classifier(path, seed):
    """A classifier and its accuracy on the test split; trained once."""
    if not path.exists():
        train_classifier(seed).save(path)
    classifier = keras.models.load_model(path)
    x, y = load("test").arrays()
    return classifier, classifier.evaluate(x, y, verbose=0)[1]


def train_classifier(seed):
    """A small convolutional classifier."""
    keras.utils.set_random_seed(seed)
    classifier = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    classifier.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                2e-3, CLASSIFIER_EPOCHS * 60_000 // 128
            )
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    x, y = load("train+validation").arrays()
    classifier.fit(x, y, 128, CLASSIFIER_EPOCHS, verbose=0)
    return classifier


def load(split):
    source = tfgen.data.load("fashion_mnist", split=split)
    return source.to_range((-1.0, 1.0))


def train_gan(options, num_classes):
    """The GAN that `tfgen.build` makes of nothing but the shape of the data."""
    train = load("train+validation")
    model = tfgen.build(
        "gan",
        input_shape=train.shape,
        num_classes=num_classes,
        seed=options.seed,
    )
    model.compile()
    began = time.perf_counter()
    model.fit(
        train.batches(options.batch_size, seed=options.seed),
        epochs=options.epochs,
        verbose=2,
    )
    return model, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", choices=("conditional", "unconditional"), default=None
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    report = {"epochs": options.epochs, "seed": options.seed}
    if options.only != "conditional":
        model, seconds = train_gan(options, None)
        model.save(options.out / "unconditional.keras")
        picture = tfgen.pictures.samples_picture(model, load("test"))
        tfgen.pictures.write_png(options.out / "unconditional.png", picture)
        report["unconditional_minutes"] = seconds / 60
    if options.only != "unconditional":
        model, seconds = train_gan(options, 10)
        model.save(options.out / "conditional.keras")
        picture = tfgen.pictures.samples_picture(model, load("test"))
        tfgen.pictures.write_png(options.out / "conditional.png", picture)
        report["conditional_minutes"] = seconds / 60
        path = options.out / "classifier.keras"
        classifier, accuracy = get_classifier(path, options.seed)
        labels = np.arange(SAMPLES) % 10
        samples = model.sample(SAMPLES, seed=options.seed, labels=labels)
        said = classifier.predict(samples, verbose=0).argmax(axis=1)
        report["classifier_test_accuracy"] = float(accuracy)
        report["agreement"] = float(np.mean(said == labels))
        report["agreement_by_class"] = [
            float(np.mean(said[labels == label] == label))
            for label in range(10)
        ]
    (options.out / "report.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
