import dataclasses

import numpy as np
import pytest

import tfgen
from tfgen.pictures import image_grid, samples_picture
from tfgen.pictures.samples import _bins, against_real

HEIGHT = 34 + 6  # of the title and the edge, beside the grid


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("data_range", [(0, 1), (-1, 1)])
def test_images(stand_in, channels, data_range):
    model = stand_in((4, 4, channels), data_range=data_range)
    picture = samples_picture(model, num_samples=9, seed=5)
    wanted = image_grid(model.sample(9, seed=5), 3, data_range)
    np.testing.assert_array_equal(picture, wanted)
    assert picture.shape == (3 * 48 + 4, 3 * 48 + 4, channels)


def test_real_images_take_the_range_of_the_data(stand_in, make_source):
    model = stand_in((4, 4, 1), data_range=None)
    source = make_source((4, 4, 1), value_range=(-1, 1))
    picture = samples_picture(model, source, 4)
    wanted = image_grid(model.sample(4, seed=0), 2, (-1, 1))
    np.testing.assert_array_equal(picture, wanted)
    picture = samples_picture(model, None, 4)
    assert (picture.min(), picture.max()) == (0, 255)


def test_one_row_a_class(stand_in, make_source, texts):
    # The stand-in paints class 0 black, class 1 white.
    model = stand_in((8, 8, 1), num_classes=2)
    source = make_source((8, 8, 1), classes=2)
    picture = samples_picture(model, source, 6)
    assert model.labels["sample"].tolist() == [0, 0, 0, 1, 1, 1]
    rows, columns = 2 * 48 + 2, 3 * 48 + 4
    assert picture.shape[0] == rows + HEIGHT
    grid = picture[34 : 34 + rows, 14 + 7 :][:, :columns]
    assert (grid[:48, :48] == 0).all() and (grid[50:, :48] == 255).all()
    assert texts.all == ["0", "1", "Samples by class"]


@pytest.mark.parametrize("classes, rows, columns", [(2, 2, 16), (100, 32, 2)])
def test_many_and_few_classes(stand_in, classes, rows, columns):
    model = stand_in((8, 8, 1), num_classes=classes)
    samples_picture(model, num_samples=64)
    labels = model.labels["sample"]
    assert np.bincount(labels).tolist() == [columns] * rows


@pytest.mark.parametrize("labelled", [True, False])
def test_points(stand_in, make_source, texts, labelled):
    source = make_source((2,), classes=3, rows=7) if labelled else None
    model = stand_in((2,), num_classes=3 if labelled else None)
    picture = samples_picture(model, source, 50)
    assert picture.shape == (580, 600, 3)
    assert ("real" in texts.all) == labelled
    assert "generated" in texts.all
    if labelled:
        # Classes as often as in the data: 3, 2 and 2 of 7 rows.
        assert np.bincount(model.labels["sample"]).tolist() == [22, 14, 14]


def test_tables(stand_in, make_source, texts):
    model = stand_in((14,), data_range=None)
    picture = samples_picture(model, make_source((14,)))
    assert picture.shape == (3 * 200 + 30, 4 * 260, 3)
    assert "Samples (columns 1 to 12 of 14)" in texts.all
    names = [text for text in texts.all if text.startswith("column")]
    assert len(names) == 12


def test_tables_show_the_columns_own_units(stand_in, texts, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    hist = Axes.hist

    def watched(self, x, *args, **options):
        drawn.append(x)
        return hist(self, x, *args, **options)

    monkeypatch.setattr(Axes, "hist", watched)
    # About 1000 to 1100, standardized to -1 to 1 by the source.
    x = np.linspace(1000, 1100, 50)[:, None] * np.ones((1, 3))
    source = tfgen.data.from_arrays(x, kind="table")
    source = source.standardized_by(source)
    model = stand_in((3,), data_range=None)
    samples_picture(model, source, 20)
    real, generated = drawn[:2]
    np.testing.assert_allclose(real, x[:, 0])
    deviation = x[:, 0].std()
    wanted = 1050 + deviation * model.sample(20, seed=0)[:, 0]
    np.testing.assert_allclose(generated, wanted, rtol=1e-6)
    ticks = [float(t) for t in texts.all if t.isdecimal() and len(t) > 2]
    assert ticks and all(900 < tick < 1200 for tick in ticks)


def test_numbers_are_drawn_as_files_have_them(
    stand_in, make_source, monkeypatch
):
    drawn = []
    monkeypatch.setattr(
        "tfgen.pictures.samples.against_real",
        lambda generated, *others: drawn.append(generated),
    )
    source = make_source((3,))
    kinds = "decimal", "boolean", "whole"
    columns = [tfgen.data.columns.Column(kind, kind) for kind in kinds]
    columns[2] = dataclasses.replace(columns[2], low=0.6, high=0.7)
    source = dataclasses.replace(source, columns=tuple(columns))
    model = stand_in((3,))
    samples_picture(model, source, 50)
    raw = source.original_units(model.sample(50, seed=0))
    np.testing.assert_array_equal(drawn[0][:, 0], raw[:, 0])
    assert raw[:, 2].min() < 0.6 and raw[:, 2].max() > 0.7
    bounded = np.minimum(np.maximum(raw[:, 2], 0.6), 0.7)
    np.testing.assert_array_equal(drawn[0][:, 2], bounded)
    assert set(np.unique(drawn[0][:, 1])) <= {0, 1}
    assert (drawn[0][:, 1] == (raw[:, 1] >= 0.5)).all()


# A third of the values is at each bound, as the 0 of an income is. An edge that
# a rounding puts beside the bound gives them a bar outside of it.
@pytest.mark.parametrize("count", [5, 40, 81, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_at_the_bounds_have_bars_within_them(count, dtype):
    x = np.random.default_rng(0).gamma(1, 2900.1, count).astype(dtype)
    x[: count // 3], x[-(count // 3) :] = x.min(), x.max()
    bins = _bins(x)
    drawn = np.flatnonzero(np.histogram(x, bins)[0])
    np.testing.assert_allclose(bins[drawn[0]], x.min())
    np.testing.assert_allclose(bins[drawn[-1] + 1], x.max(), rtol=1e-6)
    assert bins[0] < x.min() and bins[-1] > x.max()


@pytest.mark.parametrize(
    "dtype, wanted", [("int64", ["8", "9", "10"]), ("str", ["10", "8", "9"])]
)
def test_categories_stand_by_share_and_numbers_by_value(texts, dtype, wanted):
    column = tfgen.data.columns.Column(
        "answer", "categorical", dtype, categories=("8", "9", "10")
    )
    codes = np.float64([2, 2, 2, 0, 0, 1])[:, None]
    against_real(codes, codes, ["answer"], [column])
    drawn = dict.fromkeys(text for text in texts.all if text in wanted)
    assert list(drawn) == wanted
