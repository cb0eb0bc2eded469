"""Augmentations against NumPy, image by image, from the same draws."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.augmentations import AdaptiveAugment, DiffAugment
from tfgen.training import GlobalBatch

IMAGES = np.float32(np.random.default_rng(0).normal(size=(12, 16, 9, 3)))


def batch(step=5):
    step = tf.constant(step, tf.int64)
    return GlobalBatch(tf.constant(IMAGES), None, seed=3, step=step)


def augmented(augmentation):
    return augmentation(tf.constant(IMAGES), batch(), "real").numpy()


def test_color():
    draws = batch().uniform((3, 1, 1, 1), "real_color").numpy()
    for image, (b, s, c), result in zip(
        IMAGES, draws, augmented(DiffAugment("color")), strict=True
    ):
        image = image + 0.5 * (2 * b - 1)
        grey = image.mean(axis=2, keepdims=True)
        image = grey + 2 * s * (image - grey)
        image = image.mean() + (0.5 + c) * (image - image.mean())
        np.testing.assert_allclose(result, image, atol=1e-5)


def test_translation():
    """By up to 2 rows and 2 columns, zeros behind."""
    draws = batch().uniform((2,), "real_translation").numpy()
    seen = set()
    for image, draw, result in zip(
        IMAGES, draws, augmented(DiffAugment("translation")), strict=True
    ):
        down, right = np.int64(np.floor(draw * 5)) - 2
        seen |= {down, right}
        expected = np.zeros_like(image)
        for i in range(16):
            for j in range(9):
                if 0 <= i - down < 16 and 0 <= j - right < 9:
                    expected[i, j] = image[i - down, j - right]
        np.testing.assert_array_equal(result, expected)
    assert seen == {-2, -1, 0, 1, 2}


def test_cutout():
    draws = batch().uniform((2,), "real_cutout").numpy()
    for image, draw, result in zip(
        IMAGES, draws, augmented(DiffAugment("cutout")), strict=True
    ):
        top, left = np.int64(np.floor(draw * (17, 10))) - (4, 2)
        expected = image.copy()
        expected[max(top, 0) : top + 8, max(left, 0) : left + 4] = 0
        np.testing.assert_array_equal(result, expected)


def test_gradient_goes_through():
    x = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(DiffAugment()(x, batch(), "fake"), (1, 2, 3))
    gradient = tape.gradient(total, x).numpy()
    assert (np.abs(gradient).sum(axis=(1, 2, 3)) > 0).all()


def test_data_and_generated_examples_are_changed_apart():
    one, other = (
        DiffAugment()(tf.constant(IMAGES), batch(), purpose)
        for purpose in ("real", "fake")
    )
    assert np.abs(one - other).max() > 0.1


class TestAdaptive:
    def adaptive(self, **options):
        augmentation = AdaptiveAugment(**options)
        augmentation.make_state(
            lambda name, **arguments: keras.Variable(0.0, name=name)
        )
        return augmentation

    def test_nothing_at_first(self):
        np.testing.assert_array_equal(augmented(self.adaptive()), IMAGES)

    def test_share_of_images_that_are_changed(self):
        augmentation = self.adaptive(policy="translation")
        augmentation.probability.assign(0.6)
        chances = batch().uniform((1, 1, 1), "real_translation_chance")
        expected = np.where(
            chances.numpy() < 0.6,
            augmented(DiffAugment("translation")),
            IMAGES,
        )
        np.testing.assert_array_equal(augmented(augmentation), expected)

    def test_probability_follows_the_accuracy(self):
        """Target .6 is an accuracy of .8; 12 of 24 images are half the way."""
        augmentation = self.adaptive(images=24, most=0.8)
        often, seldom = (
            tf.constant([1.0] * right + [0.0] * (12 - right))
            for right in (10, 9)
        )
        for accuracy, expected in (
            (often, 0.5),
            (often, 0.8),
            (seldom, 0.3),
            (seldom, 0.0),
        ):
            augmentation.update_state(batch(), accuracy)
            np.testing.assert_allclose(
                augmentation.probability, expected, atol=1e-6
            )

    def test_is_saved(self, tmp_path):
        model = tfgen.build(
            "gan",
            input_shape=(8, 8, 1),
            network="mlp",
            augmentation=AdaptiveAugment(images=64, target=-0.99),
        )
        model.compile()
        x = np.random.default_rng(0).uniform(-1, 1, (32, 8, 8, 1))
        logs = model.fit(np.float32(x), batch_size=16, verbose=0).history
        assert logs["augmentation_probability"] == pytest.approx([0.375])
        model.save(tmp_path / "gan.keras")
        loaded = keras.models.load_model(tmp_path / "gan.keras")
        assert float(loaded.augmentation.probability) == 0.5
        assert loaded.augmentation.get_config()["images"] == 64


@pytest.mark.parametrize(
    "options, message",
    [
        ({"augmentation": "flip"}, "expected one of diff_augment, adaptive"),
        ({"augmentation": DiffAugment, "input_shape": (5,)}, "is for images"),
    ],
)
def test_refused(options, message):
    options = {"input_shape": (8, 8, 1), "network": "mlp", **options}
    with pytest.raises(ValueError, match=message):
        tfgen.build("gan", **options)


def test_unknown_policy():
    with pytest.raises(ValueError, match="expected some of color"):
        DiffAugment(policy=("color", "flip"))
