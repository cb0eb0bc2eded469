"""Class-conditional normalisation against NumPy."""

import keras
import numpy as np
import pytest

from tfgen.layers import (
    ConditionalBatchNormalization,
    ConditionalGroupNormalization,
)

LABELS = np.eye(3, dtype="float32")[[0, 2, 2, 1, 0]]
X = np.random.default_rng(0).normal(2.0, 3.0, (5, 2, 2, 4)).astype("float32")
GAMMA = np.arange(12.0).reshape(3, 4) - 3.0
BETA = np.arange(12.0).reshape(3, 4)[::-1] / 5.0


def normalised(x, axes, epsilon=1e-3):
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)


def by_class(layer):
    layer([X, LABELS])
    layer.gamma.assign(GAMMA)
    layer.beta.assign(BETA)
    classes = LABELS.argmax(axis=1)
    return GAMMA[classes][:, None, None], BETA[classes][:, None, None]


def test_batch():
    layer = ConditionalBatchNormalization()
    h = normalised(X, (0, 1, 2))
    np.testing.assert_allclose(layer([X, LABELS], training=True), h, atol=1e-5)
    gamma, beta = by_class(layer)
    np.testing.assert_allclose(
        layer([X, LABELS], training=True), gamma * h + beta, atol=1e-4
    )
    mean = layer.normalization.moving_mean.numpy()
    moved = (1 - 0.99**2) * X.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(mean, moved, rtol=1e-4)


def test_groups():
    layer = ConditionalGroupNormalization(groups=2)
    gamma, beta = by_class(layer)
    h = normalised(X.reshape(5, 2, 2, 2, 2), (1, 2, 4)).reshape(X.shape)
    np.testing.assert_allclose(layer([X, LABELS]), gamma * h + beta, atol=1e-4)


@pytest.mark.parametrize(
    "make",
    [
        lambda **o: ConditionalBatchNormalization(0.5, 1e-2, **o),
        lambda **o: ConditionalGroupNormalization(2, 1e-2, **o),
    ],
    ids=["batch", "group"],
)
def test_saving(make, tmp_path):
    x, label = keras.Input((2, 2, 4)), keras.Input((3,))
    layer = make()
    model = keras.Model([x, label], layer([x, label]))
    by_class(layer)
    layer([X, LABELS], training=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again([X, LABELS]), model([X, LABELS]))
    half = make(dtype="mixed_bfloat16")
    assert half([X, LABELS]).dtype == "bfloat16"
    assert half.gamma.dtype == "float32"
