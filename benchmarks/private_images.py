"""What images drawn with privacy teach a classifier: Fashion-MNIST.

    python benchmarks/private_images.py --epsilon 10 1    # see docs/privacy.md

A conditional VAE is trained with (epsilon, delta)-differential privacy on all
60,000 training images, delta 1e-5, as many images as rows are drawn from it,
their classes equally often, and a small convolutional network is trained on
them. Its accuracy on the 10,000 real test images is what counts; nothing is
chosen by them: the sizes below were set by hand, before any run, and the last
epoch's models are taken. The protocol is that of DPImageBench (Gong et al.,
2025), but for the classifier, of which theirs are three, larger ones.
"""

import argparse
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

CLASSES = 10
DELTA = 1e-5


def training_images(rows):
    """Of the 60,000, which `load` divides into two splits."""
    splits = [
        tfgen.data.load("fashion_mnist", split=name).arrays()
        for name in ("train", "validation")
    ]
    x, y = (np.concatenate(parts) for parts in zip(*splits, strict=True))
    return tfgen.data.from_arrays(x[:rows], y[:rows])


def trained(train, epsilon, options):
    """The VAE after its last epoch, and the seconds of processors it took."""
    model = tfgen.build(
        "vae",
        input_shape=train.shape,
        latent_dim=options.latent_dim,
        network="mlp",
        network_options={"units": (options.units,)},
        num_classes=CLASSES,
        privacy={
            "epsilon": epsilon,
            "delta": DELTA,
            "clip_norm": options.clip_norm,
        },
        seed=options.seed,
    )
    model.compile(keras.optimizers.Adam(options.learning_rate))
    began = time.process_time()
    history = model.fit(
        train.batches(options.batch_size),
        epochs=options.epochs,
        verbose=0,
    ).history
    print(
        f"epsilon {history['epsilon'][-1]:.3f}, noise "
        f"{model.private_training.noise_multiplier:.3f}, negative ELBO "
        f"{history['negative_elbo'][-1]:.1f}, "
        f"{time.process_time() - began:.0f} s of processors",
        flush=True,
    )
    return model


def classifier(shape):
    """Two convolutions and a dense layer."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(CLASSES),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"])
    return network


def accuracy(images, labels, test, epochs):
    """Of a classifier that saw these images, on real ones."""
    network = classifier(images.shape[1:])
    network.fit(images, labels, batch_size=256, epochs=epochs, verbose=0)
    return network.evaluate(*test, batch_size=1000, verbose=0)[1]


def main() -> None:
    """Prints accuracies, for each epsilon."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epsilon", type=float, nargs="+", default=[10.0, 1.0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=2000)
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--latent-dim", type=int, default=4)
    parser.add_argument("--clip-norm", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--classifier-epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    train = training_images(options.rows)
    test = tfgen.data.load("fashion_mnist", split="test").arrays()
    labels = np.arange(options.rows) % CLASSES
    for epsilon in options.epsilon:
        model = trained(train, epsilon, options)
        images = model.sample(options.rows, seed=options.seed, labels=labels)
        found = accuracy(images, labels, test, options.classifier_epochs)
        print(f"epsilon {epsilon:g}: accuracy {found:.4f}", flush=True)


if __name__ == "__main__":
    main()
