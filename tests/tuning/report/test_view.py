import keras_tuner
import pytest

from tfgen.tuning.report.view import (
    Scale,
    scale_of,
    scale_of_numbers,
    scale_of_values,
    view_of,
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


def test_trials_by_rank(make_records, space):
    records = make_records(8, files=False)
    view = view_of(records, "val_loss", "min", space)
    scores = [record.score for record in view.completed]
    assert len(scores) == 7 and scores == sorted(scores)
    assert [record.trial_id for record in view.others] == ["05"]
    upwards = view_of(records, "val_loss", "max", space).completed
    assert upwards == view.completed[::-1]
    # The fixed likelihood is no axis, nor what the tuner keeps for itself.
    names = ["learning_rate", "latent_dim", "network", "ema", "width"]
    assert [scale.name for scale in view.scales] == names


def test_hyperparameters_that_the_space_does_not_name(make_records):
    records = make_records(6, files=False)
    space = keras_tuner.HyperParameters()
    scales = view_of(records, "val_loss", "min", space).scales
    found = {scale.name: scale for scale in scales}
    assert len(found) == 6 and found["likelihood"].categories == ("bernoulli",)
    rates = [record.values["learning_rate"] for record in records]
    rate = found["learning_rate"]
    assert (rate.low, rate.high) == (min(rates), max(rates))
