"""What `GANHealth` says of healthy trainings and of broken ones.

    python benchmarks/health.py

Ten healthy trainings of a few epochs, over data, losses and seeds, should give
no warning; a learning rate 100 times too high and a generator that is frozen
to two of the ring's eight modes should give one in the first epoch.
"""

import argparse
import warnings

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import keras
import numpy as np

from tfgen.data import synthetic

HEALTHY = [
    ("ring", "relativistic", 0),
    ("ring", "non_saturating", 1),
    ("grid", "relativistic", 2),
    ("grid", "least_squares", 3),
    ("digits", "relativistic", 4),
    ("digits", "hinge", 5),
    ("digits", "wasserstein", 6),
    ("iris", "relativistic", 7),
    ("iris", "minimax", 8),
    ("fashion_mnist", "relativistic", 9),
]
TOO_FAST = [
    ("ring", "relativistic", 0),
    ("digits", "relativistic", 1),
    ("digits", "non_saturating", 2),
    ("iris", "hinge", 3),
]
ROWS = 5_000
EPOCHS = 6


def load(name):
    """Examples to train on and held-out ones, standardized if points."""
    train = tfgen.data.load(name, split="train")
    held_out = tfgen.data.load(name, split="validation")
    if train.kind == "points":
        train, held_out = (s.standardized_by(train) for s in (train, held_out))
    if train.kind == "image":
        train, held_out = (s.to_range((-1, 1)) for s in (train, held_out))
    return train.take(ROWS), held_out


def said(model, optimizers, train, held_out, epochs, seed):
    """Pairs of epoch and warning."""
    found = []
    model.compile(optimizers)

    class Epoch(keras.callbacks.Callback):
        number = 1

        def on_epoch_end(self, epoch, logs=None):
            Epoch.number = epoch + 2

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", tfgen.callbacks.TrainingWarning)
        try:
            model.fit(
                train.batches(64, seed=seed),
                epochs=epochs,
                verbose=0,
                callbacks=[tfgen.callbacks.GANHealth(held_out), Epoch()],
            )
        except FloatingPointError as error:
            found.append(f"epoch {Epoch.number}: {error}")
    ours = tfgen.callbacks.TrainingWarning
    return [str(w.message) for w in caught if issubclass(w.category, ours)] + (
        found
    )


def frozen_generator():
    """A generator of two of the ring's modes that never moves."""
    latent = keras.Input((2,))
    centers = synthetic.ring_centers()[:2]
    spread = keras.layers.Dense(2, trainable=False)
    side = keras.layers.Dense(1, "tanh", trainable=False)
    half = keras.layers.Dense(2, trainable=False)
    out = keras.layers.Add()([half(side(latent)), spread(latent)])
    generator = keras.Model(latent, out)
    scale = 1.0 / synthetic.ring_centers().std()
    middle, reach = centers.mean(axis=0), (centers[0] - centers[1]) / 2
    noise = synthetic.RING_STDDEV * scale * np.eye(2)
    spread.set_weights([noise, np.zeros(2)])
    side.set_weights([np.array([[1e4], [0.0]]), np.zeros(1)])
    half.set_weights([reach[None] * scale, middle * scale])
    return generator


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    alarms = 0
    for name, loss, seed in HEALTHY:
        train, held_out = load(name)
        model = tfgen.build(
            "gan", input_shape=train.shape, loss=loss, seed=seed
        )
        lines = said(model, None, train, held_out, options.epochs, seed)
        alarms += bool(lines)
        print(f"healthy  {name}, {loss}: {lines or 'nothing'}", flush=True)
    print(f"{alarms} of {len(HEALTHY)} healthy trainings gave an alarm")
    for name, loss, seed in TOO_FAST:
        train, held_out = load(name)
        model = tfgen.build(
            "gan", input_shape=train.shape, loss=loss, seed=seed
        )
        fast = model.recommended_optimizers()
        for optimizer in fast.values():
            optimizer.learning_rate = 100 * float(optimizer.learning_rate)
        lines = said(model, fast, train, held_out, 1, seed)
        print(f"too fast {name}, {loss}: {lines or 'NOTHING'}", flush=True)
    train, held_out = load("ring")
    discriminator = tfgen.networks.build_encoder("mlp", (2,), 1)
    model = tfgen.GAN(frozen_generator(), discriminator)
    lines = said(model, None, train, held_out, 1, 0)
    print(f"frozen   ring: {lines or 'NOTHING'}")


if __name__ == "__main__":
    main()
