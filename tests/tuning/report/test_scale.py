import keras_tuner
import pytest

from tfgen.tuning.report.scale import (
    Scale,
    scale_of,
    scale_of_numbers,
    scale_of_values,
)


def test_places():
    assert Scale("", 10, 20).position(12.5) == 0.25
    assert Scale("", 10, 20).position(99) == 1 and Scale("").position(-9) == 0
    # 10 ** -4 to 10 ** -2: 10 ** -3.5 is a quarter of the way.
    log = Scale("", 1e-4, 1e-2, log=True)
    assert log.position(10**-3.5) == pytest.approx(0.25)
    assert Scale("", 5, 5).position(5) == 0.5
    names = Scale("", categories=("a", "b"))
    assert (names.position("a"), names.position("b")) == (0.25, 0.75)
    for value in (None, "text", True, float("nan")):
        assert Scale("").position(value) is None
    assert names.position("c") is log.position(0) is None


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        (Scale("", 0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (Scale("", 1, 3, whole=True), ["1", "2", "3"]),
        (Scale("", 1e-4, 1e-2, log=True), ["0.0001", "0.001", "0.01"]),
        (Scale("", 2, 64, log=True), ["2", "64", "10"]),
        (Scale("", categories=(True, False)), ["yes", "no"]),
        (Scale("", 7, 7), ["7"]),
    ],
)
def test_ticks(scale, wanted):
    assert [text for _, text in scale.ticks()] == wanted


def test_ticks_of_a_narrow_range_differ():
    texts = [text for _, text in Scale("", 100.0003, 100.0007).ticks()]
    assert len(set(texts)) == len(texts) >= 3


def test_hyperparameters():
    space = keras_tuner.HyperParameters()
    space.Float("rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    space.Choice("network", ["mlp", "conv"], default="conv")
    space.Boolean("ema", default=False)
    space.Int("depth", 1, 5, default=2)
    rate, network, ema, depth = map(scale_of, space.space)
    assert rate.log and rate.default == pytest.approx(0.5)
    assert network.categories == ("mlp", "conv") and network.default == 0.75
    assert ema.position(False) == ema.default != ema.position(True)
    assert depth.whole and depth.default == 0.25


def test_a_value_far_off_leaves_the_axis_to_the_others():
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert scale_of_numbers("", values) == Scale("", 1, 5)
    # Quartiles 2 and 4 (and 1e9 beyond 4 + 5 * 2): a tenth of 4 more.
    found = scale_of_numbers("", [*values, 1e9])
    assert (found.low, found.high) == (1, pytest.approx(5.4))
    assert scale_of_numbers("", [1.0, 1.0, 1.0, 5.0]).high == 5
    assert scale_of_numbers("", []).low == 0


def test_ranges_that_are_not_known():
    assert scale_of_values("", ["b", None, "a"]).categories == ("a", "b")
    assert scale_of_values("", [3, 1]).high == 3
