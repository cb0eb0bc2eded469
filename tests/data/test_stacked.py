"""Grey images stacked as channels, against their parts."""

import numpy as np
import pytest

import tfgen.data
from tfgen.data import stacked


@pytest.fixture
def grey():
    """100 images whose pixels hold their number; class: the last digit."""
    numbers = np.arange(100, dtype=np.uint8)
    x = np.broadcast_to(numbers[:, None, None, None], (100, 4, 5, 1))
    return tfgen.data.from_arrays(x.copy(), numbers % 10, name="numbers")


@pytest.fixture
def splits():
    return {"train": np.arange(80), "test": np.arange(80, 100)}


def test_channels_and_labels(grey, splits):
    source, parts = stacked.stack(grey, splits, seed=0)
    assert source.shape == (4, 5, 3)
    assert (source.num_classes, source.class_names[42]) == (1000, "042")
    x, labels = source.rows(parts["test"][:500])
    assert x.dtype == np.float32
    numbers = np.rint(x[:, 0, 0] * 255).astype(int)
    np.testing.assert_allclose(
        x * 255, np.broadcast_to(numbers[:, None, None], x.shape), atol=1e-4
    )
    assert labels.tolist() == (numbers % 10 @ [100, 10, 1]).tolist()
    assert len({*numbers[:, 0]} ^ set(range(80, 100))) == 0


def test_no_image_is_in_two_splits(grey, splits):
    _, parts = stacked.stack(grey, splits, seed=0)
    source, _ = stacked.stack(grey, splits, seed=0)
    sizes = {name: len(rows) for name, rows in parts.items()}
    assert sizes == {"train": 128_000, "validation": 10_000, "test": 26_000}
    seen = {
        name: set(source.storage.parts[rows].ravel().tolist())
        for name, rows in parts.items()
    }
    assert len(seen["train"]) == 72
    assert len(seen["validation"]) == 8
    assert seen["train"] | seen["validation"] == set(range(80))
    assert seen["test"] == set(range(80, 100))


def test_the_seed_decides(grey, splits):
    (one, _), (same, _), (other, _) = (
        stacked.stack(grey, splits, seed=s) for s in (1, 1, 2)
    )
    assert (one.storage.parts == same.storage.parts).all()
    assert (one.storage.parts != other.storage.parts).mean() > 0.9
    few = [source.take(10).fingerprint() for source in (one, same, other)]
    assert few[0] == few[1] != few[2]


def test_modes_come_evenly(grey, splits):
    source, parts = stacked.stack(grey, splits, seed=0)
    counts = np.bincount(source.labels[parts["test"]], minlength=1000)
    # 26 a mode on average, Poisson: standard deviation sqrt(26).
    assert counts.min() > 26 - 5 * 26**0.5
    assert counts.max() < 26 + 5 * 26**0.5


def test_batches_streamed_and_in_memory(grey, splits):
    source = stacked.stack(grey, splits, seed=0)[0].to_range((-1, 1)).take(90)
    for limit in (0, None):
        batches = source.batches(40, memory_limit=limit, shuffle=False)
        got = np.concatenate([np.asarray(x) for x in batches])
        np.testing.assert_array_equal(got, source.arrays()[0])


def test_colour_is_refused(splits):
    x = np.zeros((100, 4, 4, 3), np.uint8)
    colour = tfgen.data.from_arrays(x, np.arange(100) % 10, name="colour")
    with pytest.raises(ValueError, match="got 3 channels each"):
        stacked.stack(colour, splits, seed=0)


def test_known_names():
    known = {d.name: d for d in tfgen.data.known()}
    for name in ("mnist", "fashion_mnist"):
        assert known[f"stacked_{name}"].at_hand == known[name].at_hand


@pytest.mark.skipif(
    "not __import__('tfgen').data.catalog._fashion_mnist_folder()",
    reason="Fashion-MNIST is not at hand",
)
def test_validation_images_are_those_of_the_grey_set():
    source = tfgen.data.load("stacked_fashion_mnist", split="validation")
    grey = tfgen.data.load("fashion_mnist", split="validation")
    own = {image.tobytes() for image in grey.arrays()[0]}
    x, _ = source.rows(np.arange(50))
    assert all(
        np.ascontiguousarray(channel).tobytes() in own
        for channel in np.moveaxis(x, -1, 1).reshape(150, 28, 28)
    )
