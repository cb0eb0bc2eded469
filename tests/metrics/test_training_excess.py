"""Against all ways of dealing out labels; models that copy or do not."""

import itertools
import sys

import numpy as np
import pytest
from copying_cases import copied, digits, mixture, smoothed

from tfgen.metrics import authenticity, copying_test, training_excess

ALL = [training_excess, copying_test, authenticity]


def test_by_hand():
    train, held_out = np.array([[0.0], [10.0]]), np.array([[4.0], [20.0]])
    generated = np.array([[0.1], [9.9], [11.0], [19.0]])
    found = training_excess(train, held_out, generated)
    assert (found.nearer_to_train, found.expected) == (0.75, 0.5)
    assert found.value == 0.5
    # A fifth is as near to 4 as to 10, and counts half.
    found = training_excess(train, held_out, [*generated, [7.0]])
    assert found.nearer_to_train == pytest.approx(3.5 / 5)
    assert not found.significant
    assert (found.num_train, found.num_held_out) == (2, 2)


def test_the_standard_error_is_that_of_all_deals():
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(8, 2)), rng.normal(size=(30, 2))
    distances = np.linalg.norm(generated[:, None] - real, axis=2)
    winners = distances.argmin(axis=1)
    deals = list(itertools.combinations(range(8), 5))
    values = [(np.isin(winners, deal).mean() - 5 / 8) * 8 / 3 for deal in deals]
    assert np.mean(values) == pytest.approx(0, abs=1e-12)
    for deal, value in list(zip(deals, values, strict=True))[::11]:
        rest = np.delete(real, deal, axis=0)
        found = training_excess(real[list(deal)], rest, generated)
        assert found.value == pytest.approx(value)
        assert found.standard_error == pytest.approx(np.std(values))


@pytest.mark.parametrize("draw", [mixture, digits])
@pytest.mark.parametrize(
    "seed",
    [0, 1, *(pytest.param(i, marks=pytest.mark.slow) for i in range(2, 10))],
)
class TestTenSeeds:
    def test_fresh_draws_are_no_copies(self, draw, seed):
        train, held_out, fresh = draw(seed)
        assert not copying_test(train, held_out, fresh).copies
        assert not authenticity(train, held_out, fresh).copies

    @pytest.mark.parametrize("share", [0.3, 1.0])
    def test_copies_are_found(self, draw, seed, share):
        train, held_out, fresh = draw(seed)
        generated = copied(train, fresh, share, seed)
        found = copying_test(train, held_out, generated)
        assert found.copies and found.value < -1.5
        assert found.excess.value == pytest.approx(share, abs=0.15)
        assert authenticity(train, held_out, generated).copies

    def test_smooth_examples_are_no_copies(self, draw, seed):
        """Either statistic is far off, though no training example was seen."""
        train, held_out, fresh = draw(seed)
        smooth = smoothed(fresh)
        found = copying_test(train, held_out, smooth)
        assert found.value < -3 * found.standard_error
        assert not found.copies and not found.excess.significant
        share = authenticity(train, held_out, smooth)
        assert share.value < share.reference - 3 * share.standard_error
        assert not share.copies


@pytest.mark.parametrize("function", ALL)
class TestAll:
    def test_order_and_repetitions_do_not_matter(self, function):
        train, held_out, fresh = digits(0)
        generated = copied(train, fresh, 0.3, 0)
        again = np.random.default_rng(1).permutation(np.tile(train, (2, 1)))
        expected = function(train, held_out, generated)
        assert function(again, held_out, generated) == expected
        flat = function(train.reshape(-1, 8, 8, 1), held_out, generated)
        assert flat == expected

    def test_chunks_of_any_size(self, function, monkeypatch):
        train, held_out, fresh = mixture(3, (300, 200, 150))
        expected = function(train, held_out, fresh)
        # The package has the function under the module's name.
        module = sys.modules["tfgen.metrics.training_excess"]
        monkeypatch.setattr(module, "CHUNK", 7)
        assert function(train, held_out, fresh) == expected

    def test_far_from_zero(self, function):
        """Noise of 1e-3 shows beside values of 1e8."""
        train, held_out, fresh = digits(0)
        generated = copied(train, fresh, 1.0, 0)
        expected = function(train, held_out, generated)
        moved = function(train + 1e8, held_out + 1e8, generated + 1e8)
        assert moved.copies if hasattr(moved, "copies") else moved.significant
        assert moved.value == pytest.approx(expected.value, abs=0.02)

    def test_training_data_held_out(self, function):
        train, held_out, fresh = mixture(0, (300, 200, 150))
        with pytest.raises(ValueError, match="200 of 200 .* are in train"):
            function(train, train[:200], fresh)
        mixed = np.concatenate([train[:60], held_out[:140]])
        function(train, mixed, fresh)  # some equal rows are natural

    def test_refused(self, function):
        train, held_out, fresh = mixture(0, (300, 200, 150))
        with pytest.raises(ValueError, match="generated .* not finite"):
            function(train, held_out, fresh * np.nan)
        with pytest.raises(ValueError, match="9 features, expected 10"):
            function(train, held_out[:, :9], fresh)
        with pytest.raises(ValueError, match=r"held_out has shape \(0, 10\)"):
            function(train, held_out[:0], fresh)
        with pytest.raises(ValueError, match=r"train has shape \(300,\)"):
            function(train[:, 0], held_out, fresh)
