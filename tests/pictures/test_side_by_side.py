import numpy as np
import pytest

from tfgen.pictures import side_by_side_picture

LEFT, TOP, GAP, STEP = 14 + 7 * len("reconstructed"), 34, 8, 48 + 2


def first_pixels(picture, block, rows=1):
    """Of the first image of a block; pixels are enlarged six times."""
    top = TOP + block * (rows * STEP - 2 + GAP)
    return picture[top::6, LEFT::6][:8, :8]


def test_three_blocks(stand_in, make_source):
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


def test_images_only(stand_in, make_source):
    with pytest.raises(ValueError, match="of images only"):
        side_by_side_picture(stand_in((2,)), make_source((2,)))
