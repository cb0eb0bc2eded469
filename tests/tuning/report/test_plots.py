"""What is drawn, read from matplotlib's figures."""

import dataclasses
import math

import numpy as np
import pytest

from tfgen.pictures import figures
from tfgen.tuning.report import plots
from tfgen.tuning.report.view import Scale, view_of


@pytest.fixture
def view(make_records, space):
    def view(count=8, direction="min", **options):
        records = make_records(count, **options)
        return view_of(records, "val_loss", direction, space)

    return view


@pytest.fixture
def axes(monkeypatch):
    """Axes of the figures that were drawn, the last one last."""
    drawn = []
    to_svg = figures.to_svg

    def watched(figure, name):
        drawn.append(figure.axes[0])
        return to_svg(figure, name)

    monkeypatch.setattr(figures, "to_svg", watched)
    return drawn


def points(axes):
    """All dots, the best trial's first."""
    others, best = axes.collections[:2]
    return np.concatenate([best.get_offsets(), others.get_offsets()])


@pytest.mark.parametrize("direction", ["min", "max"])
def test_score_over_trials(view, axes, direction):
    view = view(direction=direction)  # trial 05 failed
    plots.score_over_trials(view)
    wanted = [(int(r.trial_id), r.score) for r in view.completed]
    np.testing.assert_allclose(points(axes[0])[0], wanted[0])
    np.testing.assert_allclose(
        sorted(points(axes[0])[1:].tolist()), sorted(wanted[1:])
    )
    scores = {int(r.trial_id): r.score for r in view.completed}
    (best,) = axes[0].lines
    better = min if direction == "min" else max
    until = [
        better(scores[i] for i in scores if i <= n) for n in sorted(scores)
    ]
    np.testing.assert_allclose(best.get_ydata(), [*until, until[-1]])
    np.testing.assert_array_equal(
        axes[0].collections[2].get_offsets(), [[5, 0.03]]
    )


def test_a_score_far_off_stands_at_the_end(make_records, space, axes):
    records = make_records(12, files=False)
    records[3] = dataclasses.replace(records[3], score=1e12)
    view = view_of(records, "val_loss", "min", space)
    plots.score_over_trials(view)
    at = dict(points(axes[0]).tolist())
    assert at[3] == pytest.approx(view.score.high) and at[3] < 200
    assert at[3] < axes[0].get_ylim()[1]


def test_places_on_the_axes(view, axes):
    """A trial without a width stands beside the axis."""
    view = view(12, files=False)
    svgs = plots.slices(view)
    assert list(svgs) == [scale.name for scale in view.scales]
    by_name = dict(zip(svgs, axes, strict=True))
    by_score = {
        name: {score: x for x, score in points(one)}
        for name, one in by_name.items()
    }
    networks = {"mlp": 1 / 6, "conv": 0.5, "resnet": 5 / 6}
    for record in view.completed:
        at = {name: found[record.score] for name, found in by_score.items()}
        # 1e-4 to 1e-2: two powers of ten.
        rate = (math.log10(record.values["learning_rate"]) + 4) / 2
        assert at["learning_rate"] == pytest.approx(rate)
        wanted = networks[record.values["network"]]
        assert at["network"] == pytest.approx(wanted, abs=0.05)
        assert (at["ema"] < 0.5) == record.values["ema"]
        assert (at["width"] > 1) == ("width" not in record.values)
    texts = [text.get_text() for text in by_name["width"].get_xticklabels()]
    assert texts == ["20", "40", "60", "none"]


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        (Scale("", 0, 1), ["0", "0.5", "1"]),
        (Scale("", 1, 3, whole=True), ["1", "2", "3"]),
        (Scale("", 1e-4, 1e-2, log=True), ["0.0001", "0.001", "0.01"]),
        (Scale("", 2, 64, log=True), ["2", "5", "10", "20", "50"]),
        (Scale("", 2.1, 4.9, log=True), ["2.1", "4.9"]),
        (
            Scale("", 1e-9, 1, log=True),
            ["1e-09", "1e-07", "1e-05", "0.001", "0.1"],
        ),
        (Scale("", categories=(True, False)), ["yes", "no"]),
        (Scale("", 7, 7), ["7"]),
    ],
)
def test_ticks(scale, wanted):
    assert list(plots._ticks(scale).values()) == wanted


def test_ticks_of_a_narrow_range_differ():
    texts = list(plots._ticks(Scale("", 100.0003, 100.0007)).values())
    assert len(set(texts)) == len(texts) >= 3


def test_learning_curves(view, axes):
    view = view(epochs=6)
    assert plots.learning_curves(view)
    curves = axes[0].lines
    assert len(curves) == 8  # of the failed trial too
    best = curves[-1]  # over the others
    np.testing.assert_array_equal(best.get_xdata(), range(1, 7))
    assert best.get_ydata()[-1] == pytest.approx(view.completed[0].score)
    labels = [text.get_text() for text in axes[0].get_legend().get_texts()]
    kinds = ["best", "middle", "worst", "without a score"]
    assert [label.partition(",")[0] for label in labels] == kinds


def test_long_curves_have_few_points(view, axes):
    plots.learning_curves(view(2, epochs=1000))
    for curve in axes[0].lines:
        x = curve.get_xdata()
        assert 100 <= len(x) <= 150 and x[-1] == 1000


def test_no_curves(view):
    assert plots.learning_curves(view(3, files=False)) is None
