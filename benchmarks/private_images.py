"""What images drawn with privacy teach a classifier: Fashion-MNIST.

    python benchmarks/private_images.py                # see docs/privacy.md
    python benchmarks/private_images.py --validate     # settings are chosen so
    python benchmarks/private_images.py --ceiling      # without privacy

A conditional VAE is trained with (epsilon, delta)-differential privacy on all
60,000 training images, delta 1e-5, as many images as rows are drawn from it,
their classes equally often, and a small dense network is trained on them, or
with `--conv` a convolutional one. Its accuracy on the 10,000 real test images
is what counts; the last epoch's models are taken. Settings and the dense
network were chosen by single runs judged as with `--validate`: by 10,000 of
the training images, of models trained on the other 50,000. The protocol is
that of DPImageBench (Gong et al., 2025), but for the classifier, of which
theirs are three, larger ones.
"""

import argparse
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

CLASSES = 10
DELTA = 1e-5
HELD_OUT = 10_000
# Of each epsilon; None: without privacy.
SETTINGS = {
    10.0: {"latent_dim": 10, "scale": 0.35, "epochs": 12},
    1.0: {"latent_dim": 6, "scale": 0.4, "epochs": 10},
}
SETTINGS[None] = SETTINGS[10.0]
BATCH_SIZE = 4000
LEARNING_RATE = 1e-2


def images_and_labels(validate):
    """Of the rows that are trained on, and of those that judge."""
    names = ("train", "validation", "test")
    parts = [tfgen.data.load("fashion_mnist", split=s).arrays() for s in names]
    train = [np.concatenate(pair) for pair in zip(*parts[:2], strict=True)]
    if not validate:
        return train, parts[2]
    order = np.random.default_rng(21).permutation(len(train[0]))
    rest, held_out = order[:-HELD_OUT], order[-HELD_OUT:]
    return [[part[rows] for part in train] for rows in (rest, held_out)]


def trained(train, epsilon, seed):
    """The VAE after its last epoch."""
    settings = SETTINGS[epsilon]
    source = tfgen.data.from_arrays(*train)
    batches = source.batches(BATCH_SIZE, seed=seed)
    model = tfgen.build(
        "vae",
        input_shape=source.shape,
        latent_dim=settings["latent_dim"],
        network="mlp",
        network_options={"units": (100,)},
        likelihood=tfgen.probability.Gaussian(scale=settings["scale"]),
        num_classes=CLASSES,
        privacy=epsilon and {"epsilon": epsilon, "delta": DELTA},
        seed=seed,
    )
    steps = settings["epochs"] * batches.steps_per_epoch
    rates = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(keras.optimizers.Adam(rates))
    model.fit(batches, epochs=settings["epochs"], verbose=0)
    return model


def convolutions():
    """Two convolutions."""
    layers = keras.layers
    return [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
    ]


def dense():
    """One hidden layer."""
    layers = keras.layers
    return [layers.Flatten(), layers.Dense(128, activation="relu")]


def accuracy(images, labels, judges, conv):
    """Of a classifier that saw these images, on real ones."""
    network = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            keras.layers.GaussianNoise(0.2),
            *(convolutions() if conv else dense()),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(CLASSES),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"])
    network.fit(images, labels, batch_size=256, epochs=2, verbose=0)
    return network.evaluate(*judges, batch_size=1000, verbose=0)[1]


def taught(train, judges, epsilon, seed, conv):
    """Accuracy by images of a model, of which it says what it took."""
    keras.utils.set_random_seed(seed)
    began = time.process_time()
    model = trained(train, epsilon, seed)
    took = time.process_time() - began
    labels = np.arange(len(train[0])) % CLASSES
    images = model.sample(len(labels), seed=seed, labels=labels)
    found = accuracy(images, labels, judges, conv)
    noise = model.private_training and model.private_training.noise_multiplier
    print(
        f"epsilon {epsilon}, seed {seed}: accuracy {found:.4f}; noise "
        f"multiplier {noise or 0.0:.3f}, trained in {took:.0f} s and all in "
        f"{time.process_time() - began:.0f} s of processors",
        flush=True,
    )
    return found


def show(name, found):
    """Mean and standard deviation over seeds."""
    spread = f" +- {np.std(found, ddof=1):.4f}" if len(found) > 1 else ""
    print(f"{name}: {np.mean(found):.4f}{spread}", flush=True)


def main() -> None:
    """Prints accuracies, for each epsilon."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--epsilon", type=float, nargs="+", default=[10.0, 1.0], choices=[10, 1]
    )
    parser.add_argument("--seed", type=int, nargs="+", default=[*range(5)])
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--ceiling", action="store_true")
    parser.add_argument("--conv", action="store_true")
    options = parser.parse_args()
    train, judges = images_and_labels(options.validate)
    if options.ceiling:
        options.epsilon = [None]
        real = accuracy(*train, judges, options.conv)
        print(f"real images: accuracy {real:.4f}", flush=True)
    for epsilon in options.epsilon:
        found = [
            taught(train, judges, epsilon, seed, options.conv)
            for seed in options.seed
        ]
        show(f"epsilon {epsilon}", found)


if __name__ == "__main__":
    main()
