import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.data.row_numbers import placed
from tfgen.pictures import (
    figures,
    reconstructions_picture,
    side_by_side_picture,
)
from tfgen.pictures.mixed_columns import reconstructed_panels

LEFT = 14 + 7 * len("model")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("data_range", [(0, 1), (-1, 1)])
def test_images_stand_above_their_reconstructions(
    stand_in, make_source, channels, data_range
):
    model = stand_in((8, 8, channels), data_range=data_range)
    source = make_source((8, 8, channels), rows=10, value_range=data_range)
    picture = reconstructions_picture(model, source)
    block = 2 * 48 + 2
    assert picture.shape == (
        34 + 2 * block + 8 + 6,
        LEFT + 8 * 50 - 2 + 6,
        3,
    )
    low, high = data_range
    for number, (top, left) in {0: (0, 0), 9: (block + 8, 50)}.items():
        image = source.rows([number])[0][0]
        pixels = np.round(255 * (image - low) / (high - low)).astype(np.uint8)
        place = picture[34 + top :: 6, LEFT + left :: 6][:8, :8]
        np.testing.assert_array_equal(place, pixels * np.ones(3, np.uint8))
        # The stand-in gives negatives.
        place = picture[34 + top + 50 :: 6, LEFT + left :: 6][:8, :8]
        assert np.abs(255 - pixels.astype(int) - place).max() <= 1


@pytest.mark.parametrize("features", [2, 5])
def test_points_and_tables(stand_in, make_source, texts, features):
    model = stand_in((features,), data_range=None)
    picture = reconstructions_picture(model, make_source((features,)))
    assert picture.ndim == 3 and picture.dtype == np.uint8
    if features == 2:
        assert {"data", "reconstructed", "x", "y"} <= set(texts.all)
    else:
        assert {"true value", "reconstructed value"} <= set(texts.all)


def test_labels_go_with_their_examples(stand_in, make_source):
    model = stand_in((8, 8, 1), num_classes=3)
    source = make_source((8, 8, 1), classes=3)
    reconstructions_picture(model, source, 16, seed=4)
    rows = np.sort(np.random.default_rng(4).choice(60, 16, replace=False))
    assert model.labels["reconstruct"].tolist() == (rows % 3).tolist()
    with pytest.raises(ValueError, match="the source has no labels"):
        reconstructions_picture(model, make_source((8, 8, 1)))


BLOCKS_LEFT, TOP, GAP, STEP = 14 + 7 * len("reconstructed"), 34, 8, 48 + 2


def first_pixels(picture, block, rows=1):
    """Of the first image of a block; pixels are enlarged six times."""
    top = TOP + block * (rows * STEP - 2 + GAP)
    return picture[top::6, BLOCKS_LEFT::6][:8, :8]


def test_blocks_side_by_side(stand_in, make_source):
    model = stand_in((8, 8, 1))
    source = make_source((8, 8, 1), rows=30)
    picture = side_by_side_picture(model, source, 20, seed=3)
    assert picture.shape[0] == TOP + 3 * (2 * STEP - 2) + 2 * GAP + 6
    chosen = np.sort(np.random.default_rng(3).choice(30, 20, replace=False))
    x = np.round(255 * source.rows(chosen[:1])[0][0]).astype(int)
    drawn = np.round(255 * model.sample(20, seed=3)[0]).astype(int)
    # The stand-in reconstructs the negative.
    for block, wanted in enumerate((x, 255 - x, drawn)):
        found = first_pixels(picture, block, rows=2).astype(int)
        assert np.abs(found - wanted).max() <= 1


def test_the_same_classes_in_all_blocks(stand_in, make_source, texts):
    model = stand_in((8, 8, 1), num_classes=3)
    side_by_side_picture(model, make_source((8, 8, 1), classes=3), 6)
    labels = model.labels
    assert labels["sample"].tolist() == labels["reconstruct"].tolist()
    assert {"data", "reconstructed", "sampled"} <= set(texts.all)


def test_blocks_of_images_only(stand_in, make_source):
    with pytest.raises(ValueError, match="of images only"):
        side_by_side_picture(stand_in((2,)), make_source((2,)))


def test_columns_of_a_mixed_table(monkeypatch):
    """Categories by name: of each true one the shares that became which."""
    frame = pd.DataFrame(
        {
            "size": [1.5, 2.5, 3.5, None],
            "kind": ["red", "red", "blue", "red"],
            "since": pd.to_datetime(
                ["2024-01-01", "2024-03-01", "2024-05-01", "2024-07-01"]
            ),
        }
    )
    source = tfgen.data.from_arrays(frame)
    real = source.original_units(source.arrays()[0])
    became = real.copy()
    codes = [place for place, c in placed(source.columns) if c.name == "kind"]
    became[1, codes[0]] = 1 - became[1, codes[0]]  # a red one becomes blue
    figures_made = []
    monkeypatch.setattr(figures, "to_array", figures_made.append)
    reconstructed_panels(real, became, source.columns)
    size, kind, since = figures_made[0].axes[:3]
    # Two of three red ones stay, and the blue one does.
    names = [label.get_text() for label in kind.get_xticklabels()]
    assert names == ["red", "blue"]
    assert names == [label.get_text() for label in kind.get_yticklabels()]
    shares = kind.images[0].get_array()
    np.testing.assert_allclose(shares, [[2 / 3, 0], [1 / 3, 1]])
    # What is missing has no point.
    points = size.collections[0].get_offsets()
    np.testing.assert_allclose(points, np.repeat([[1.5], [2.5], [3.5]], 2, 1))
    dates = [label.get_text() for label in since.get_yticklabels()]
    assert all(date.startswith("2024-0") for date in dates)
