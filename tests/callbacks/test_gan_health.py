"""Trainings that were broken are reported at once, healthy ones never."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.callbacks import Checkpoint, GANHealth, HistoryFile, TrainingWarning
from tfgen.callbacks import gan_health as module
from tfgen.metrics import Coverage


def load(name, rows=None):
    train, held_out = (
        tfgen.data.load(name, split=split) for split in ("train", "validation")
    )
    return train.take(rows) if rows else train, held_out


def make_gan(shape, loss="relativistic", times=1.0, **options):
    """Small networks; learning rates are `times` the recommended ones."""
    gan = tfgen.models.get_family("gan").build(
        shape,
        loss=loss,
        network="mlp",
        network_options={"units": (64, 64)},
        latent_dim=8,
        **{"seed": 0, **options},
    )
    optimizers = gan.recommended_optimizers()
    for optimizer in optimizers.values():
        optimizer.learning_rate = times * optimizer.learning_rate.numpy()
    gan.compile(optimizers)
    return gan


def in_range(gan, *sources):
    if gan.data_range is None:
        return sources
    return [source.to_range(gan.data_range) for source in sources]


def fit(gan, train, *callbacks, epochs=1, batch_size=128, **options):
    return gan.fit(
        train,
        batch_size=batch_size,
        epochs=epochs,
        verbose=0,
        callbacks=list(callbacks),
        **options,
    ).history


def slow(*values):
    """One of many of a kind: `make slow` tries it."""
    return pytest.param(*values, marks=pytest.mark.slow)


@keras.saving.register_keras_serializable(package="tests")
class OfSome(keras.layers.Layer):
    """A generator that shows some examples and nothing else."""

    def __init__(self, x, stddev):
        super().__init__()
        self.x, self.stddev = x, stddev

    def build(self, shape):
        self.unused = self.add_weight(shape=(1, 1))  # something to train

    def call(self, latents):
        uniform = tf.math.floormod(latents[:, 0] * 100.0, 1.0)
        x = tf.gather(self.x, tf.cast(uniform * len(self.x), tf.int32))
        noise = tf.reshape(latents[:, : tf.size(x[0])], tf.shape(x))
        return x + self.stddev * noise + 0.0 * self.unused[0, 0]


def collapsed_gan(like, x, stddev):
    generator = keras.Sequential(
        [keras.Input((like.latent_dim,)), OfSome(x, stddev)]
    )
    gan = tfgen.GAN(generator, like.discriminator, average_decay=0, seed=0)
    gan.compile()
    return gan


class TestBroken:
    @pytest.mark.parametrize(
        "data, classes",
        [("ring", [0]), slow("ring", [2, 5]), slow("grid", range(6))],
    )
    def test_few_modes(self, data, classes):
        train, held_out = load(data, 6000)
        x, labels = train.arrays()
        gan = make_gan((2,))
        gan = collapsed_gan(gan, x[np.isin(labels, classes)], 0.0)
        health = GANHealth(held_out)
        share = len(classes) / held_out.num_classes
        with pytest.warns(TrainingWarning, match="mode collapse") as found:
            history = fit(gan, train, health)
        assert len(found) == 1
        text = str(found[0].message)
        assert text.startswith("epoch 1: mode collapse: 9")
        assert "% of the samples look like data" in text
        (coverage,) = history["coverage"]
        assert coverage == pytest.approx(share, abs=0.04)

    def test_one_point(self):
        train, held_out = load("ring", 6000)
        gan = collapsed_gan(make_gan((2,)), np.ones((1, 2), np.float32), 1e-6)
        health = GANHealth(held_out)
        fit(gan, train, health, epochs=10)  # 47 steps each: untrained
        with pytest.warns(TrainingWarning, match="all but the same"):
            fit(gan, train, health, initial_epoch=10, epochs=11)

    @pytest.mark.parametrize(
        "data, loss",
        [
            ("ring", "hinge"),
            ("digits", "relativistic"),
            slow("iris", "wasserstein"),
            slow("ring", "relativistic"),
            slow("ring", "wasserstein"),
            slow("digits", "hinge"),
            slow("digits", "wasserstein"),
            slow("iris", "relativistic"),
            slow("iris", "hinge"),
        ],
    )
    def test_learning_rate_a_hundred_times_too_high(self, data, loss):
        train, held_out = load(data, 2000)
        gan = make_gan(train.shape, loss, times=100.0)
        train, held_out = in_range(gan, train, held_out)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            fit(gan, train, GANHealth(held_out), batch_size=64)
        texts = [str(one.message) for one in found]
        assert texts[0].startswith("epoch 1: large steps: a step changes")
        assert "lower the learning rate" in texts[0]
        assert {one.category for one in found} == {TrainingWarning}

    def test_a_vae_gan(self):
        train, held_out = load("digits", 500)
        model = tfgen.build(
            "vae_gan",
            input_shape=(8, 8, 1),
            network="mlp",
            objective="elbo_adversarial",
        )
        model.compile()
        for optimizer in model.optimizer.by_network.values():
            optimizer.learning_rate = 0.0
        model.optimizer.by_network["discriminator"].learning_rate = 0.05
        train, held_out = in_range(model, train, held_out)
        with pytest.warns(
            TrainingWarning, match="weights of the discriminator by"
        ):
            fit(model, train, GANHealth(held_out), batch_size=64)

    def test_a_frozen_generator_lets_the_discriminator_win(self, monkeypatch):
        find, _ = module.SYMPTOMS["discriminator has won"]
        monkeypatch.setitem(
            module.SYMPTOMS, "discriminator has won", (find, 200)
        )
        gan = make_gan((8, 8, 1), penalties=[])
        gan.optimizer.by_network["generator"].learning_rate = 0.0
        train, held_out = in_range(gan, *load("digits"))
        with pytest.warns(TrainingWarning, match="discriminator has won") as at:
            fit(gan, train, GANHealth(held_out), epochs=25, batch_size=64)
        (text,) = [str(one.message) for one in at]
        # 23 steps an epoch: not before the ninth.
        assert 9 <= int(text.split(":")[0].removeprefix("epoch ")) <= 25

    def test_samples_that_are_not_finite(self):
        train, held_out = load("ring", 500)
        gan = make_gan((2,))
        weights = gan.average_generator.get_weights()

        class Spoil(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                gan.average_generator.set_weights(
                    [np.full_like(w, np.nan) for w in weights]
                )

        with pytest.warns(TrainingWarning, match="samples are not finite"):
            history = fit(gan, train, Spoil(), GANHealth(held_out))
        assert history["coverage"] == [0.0]


class TestHealthy:
    """Warnings are errors here."""

    @pytest.mark.parametrize(
        "data, loss, seed",
        [
            slow("ring", "relativistic", 0),
            ("grid", "non_saturating", 1),
            slow("digits", "relativistic", 2),
            slow("digits", "least_squares", 17),
            slow("digits", "wasserstein", 4),
            ("iris", "relativistic", 5),
            slow("iris", "hinge", 6),
        ],
    )
    def test_first_epochs(self, data, loss, seed):
        train, held_out = load(data, 4000)
        gan = make_gan(train.shape, loss, seed=seed)
        train, held_out = in_range(gan, train, held_out)
        # Short epochs: 12 steps of digits, two of iris.
        history = fit(
            gan,
            train,
            GANHealth(held_out),
            epochs=12,
            batch_size=min(128, len(train) // 2),
        )
        assert len(history["coverage"]) == 12

    @pytest.mark.parametrize(
        "data, objective, network",
        [
            slow("digits", "larsen", "conv"),
            slow("digits", "elbo_adversarial", "mlp"),
            ("iris", "elbo_adversarial", "mlp"),
        ],
    )
    def test_a_vae_gan(self, data, objective, network):
        train, held_out = load(data, 2000)
        model = tfgen.build(
            "vae_gan",
            input_shape=train.shape,
            objective=objective,
            network=network,
            seed=0,
        )
        model.compile()
        train, held_out = in_range(model, train, held_out)
        history = fit(
            model, train, GANHealth(held_out), epochs=8, batch_size=32
        )
        assert history["coverage"][-1] > 0.5

    def test_perfect_samples(self):
        train, held_out = load("ring", 6000)
        gan = collapsed_gan(make_gan((2,)), train.arrays()[0], 0.0)
        history = fit(gan, train, GANHealth(held_out))
        assert history["coverage"][0] == pytest.approx(0.969, abs=0.02)


class TestMeasures:
    def test_coverage_is_that_of_the_metric(self):
        train, held_out = load("ring", 2000)
        gan = make_gan((2,), times=5.0)
        history = fit(gan, train, GANHealth(held_out, num_samples=5000, seed=3))
        x = held_out.rows(
            np.sort(np.random.default_rng(3).choice(10_000, 5000, False))
        )[0]
        metric = Coverage()
        metric.update_state(real=x, generated=gan.sample(5000, seed=3))
        assert history["coverage"] == [metric.result()]
        assert metric.result() > 0

    def test_images_are_made_smaller(self):
        from tfgen.callbacks.sample_comparison import plain_features

        x = np.arange(2 * 33 * 20 * 2.0).reshape(2, 33, 20, 2)
        found = plain_features(x).reshape(2, 11, 7, 2)
        np.testing.assert_allclose(
            found[1, 4, 2], x[1, 12:15, 6:9].mean(axis=(0, 1))
        )
        # The last column of squares is filled up with the edge.
        edge = x[0, :3, [18, 19, 19]].mean(axis=(0, 1))
        np.testing.assert_allclose(found[0, 0, 6], edge)

    @pytest.mark.slow  # beside test_evaluation.py
    def test_arrays_and_sources_of_another_range(self):
        train, held_out = load("digits", 300)
        gan = make_gan((8, 8, 1))
        (scaled,) = in_range(gan, held_out)
        values = [
            fit(make_gan((8, 8, 1)), *in_range(gan, train), GANHealth(data))
            for data in (held_out, scaled, scaled.arrays()[0])
        ]
        assert values[0]["coverage"] == values[1]["coverage"]
        assert values[1]["coverage"] == values[2]["coverage"]

    def test_relative_steps(self):
        """The first step of Adam is the learning rate for every weight."""
        train, held_out = load("ring", 500)
        gan = make_gan((2,), average_decay=0)
        before = module._kernels(gan)
        health = GANHealth(held_out)
        fit(gan, train, health)
        for name, kernels in before.items():
            flat = np.concatenate([kernel.ravel() for kernel in kernels])
            size = 1e-3 / np.sqrt(np.mean(flat.astype(np.float64) ** 2))
            assert health._relative_steps[name] == pytest.approx(size, rel=0.03)

    def test_conditional(self):
        train, held_out = load("digits", 300)
        gan = make_gan((8, 8, 1), num_classes=10)
        train, held_out = in_range(gan, train, held_out)
        assert len(fit(gan, train, GANHealth(held_out))["coverage"]) == 1

    def test_training_is_left_as_it_is(self):
        train, held_out = load("ring", 1000)
        plain, watched = make_gan((2,)), make_gan((2,))
        fit(plain, train, epochs=2)
        fit(watched, train, GANHealth(held_out), epochs=2)
        for one, other in zip(
            plain.get_weights(), watched.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)

    def test_too_few_examples(self):
        gan = make_gan((2,))
        x = np.zeros((5, 2), np.float32)
        with pytest.raises(ValueError, match="pass at least 6"):
            fit(gan, x, GANHealth(x), batch_size=5)


class Spikes(keras.callbacks.Callback):
    """Makes a loss look huge in some epochs, counted from 1."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in self.epochs:
            logs["discriminator_loss"] = 1e6


LINE = (
    "discriminator_loss is 1e+06, usual is up to 10: lower the learning rate, "
    "or clip gradients (global_clipnorm=1.0)"
)


class TestReport:
    def test_once_until_it_is_gone_and_comes_again(self, tmp_path):
        train, held_out = load("ring", 200)
        texts, path = [], tmp_path / "run" / "warnings.txt"
        health = GANHealth(held_out, 50, path, report=texts.append)
        spikes = Spikes({2, 3, 5, 11, 12})
        fit(make_gan((2,)), train, spikes, health, epochs=12)
        assert texts == [
            f"epoch {epoch}: exploding training: {LINE}." for epoch in (2, 11)
        ]
        assert path.read_text().splitlines() == [
            f"epoch 2, exploding training: {LINE}",
            "epoch 10, exploding training: over",
            f"epoch 11, exploding training: {LINE}",
        ]

    def test_no_file_without_warnings(self, tmp_path):
        train, held_out = load("ring", 200)
        health = GANHealth(held_out, 50, tmp_path / "warnings.txt")
        fit(make_gan((2,)), train, health)
        assert list(tmp_path.iterdir()) == []

    def test_a_resumed_training_goes_on_with_the_file(self, tmp_path):
        train, held_out = load("ring", 300)  # three steps an epoch

        def run(name, *callbacks):
            path, texts = tmp_path / name, []
            health = GANHealth(held_out, 50, path, report=texts.append)
            history = HistoryFile(tmp_path / f"{name}.csv")
            callbacks = [Spikes({1, 2, 4}), health, history, *callbacks]
            fit(make_gan((2,)), train, *callbacks, epochs=4)
            return path.read_text(), texts, health.get_state()

        class Kill(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if self.model.steps_done == 11:
                    raise RuntimeError("killed")

        whole, texts, state = run("whole")
        assert len(texts) == 1
        folder = tmp_path / "checkpoints"
        with pytest.raises(RuntimeError, match="killed"):
            run("part", Checkpoint(folder, every_steps=1), Kill())
        assert run("part", Checkpoint(folder)) == (whole, [], state)
        columns = [
            tfgen.callbacks.read_history(tmp_path / f"{name}.csv")["coverage"]
            for name in ("whole", "part")
        ]
        assert columns[0] == columns[1]

    def test_a_new_training_begins_a_new_file(self, tmp_path):
        train, held_out = load("ring", 200)
        path = tmp_path / "warnings.txt"
        path.write_text("epoch 3, mode collapse: something\n")
        fit(make_gan((2,)), train, GANHealth(held_out, 50, path))
        assert path.read_text() == ""

    def test_another_file_is_refused(self, tmp_path):
        train, held_out = load("ring", 200)
        path = tmp_path / "notes.txt"
        path.write_text("buy milk\n")
        with pytest.raises(ValueError, match="no warnings of a training"):
            fit(make_gan((2,)), train, GANHealth(held_out, 50, path))
        assert path.read_text() == "buy milk\n"


def test_gradients_that_are_not_finite_name_the_network():
    train, held_out = load("ring", 200)
    gan = make_gan((2,))
    gan.optimizer.by_network["generator"].learning_rate = 1e38
    gan.optimizer.by_network["discriminator"].learning_rate = 1e38
    with pytest.raises(FloatingPointError) as error:
        fit(gan, train, GANHealth(held_out, report=lambda text: None), epochs=9)
    text = str(error.value)
    assert "gradients of network discriminator" in text or "generator" in text
    assert "lower the learning rate" in text


def test_models_without_a_discriminator_are_refused(make_model, images):
    with pytest.raises(ValueError, match="got a VAE, expected a model with a"):
        make_model().fit(images, verbose=0, callbacks=[GANHealth(images)])
