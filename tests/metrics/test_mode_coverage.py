"""Against hand calculations, closed forms and brute force."""

import keras
import numpy as np
import pytest

from tfgen.data import synthetic
from tfgen.metrics import mixture_modes, stacked_modes

CENTERS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def brightest_of_two():
    """Class 0 where the left pixel is the brighter one, class 1 else."""
    return keras.Sequential(
        [
            keras.Input((1, 2, 1)),
            keras.layers.Flatten(),
        ]
    )


def image(*classes):
    """One image whose channels are of these classes."""
    channels = [[1.0, 0.0] if c == 0 else [0.0, 1.0] for c in classes]
    return np.array(channels).T[None, None]


class TestMixture:
    def test_by_hand(self):
        samples = [[1, 0], [0, 2.9], [10, 1], [0, 3.1], [50, 50]]
        coverage = mixture_modes(samples, CENTERS, stddev=1.0)
        assert coverage.counts.tolist() == [2, 1, 0, 0]
        assert coverage.found == 2
        assert coverage.within == pytest.approx(3 / 5)
        # Shares 2/3 and 1/3 against 1/4 each.
        expected = 2 / 3 * np.log(8 / 3) + 1 / 3 * np.log(4 / 3)
        assert coverage.divergence == pytest.approx(expected)

    def test_one_mode_is_log_of_their_number(self):
        coverage = mixture_modes(np.zeros((7, 2)), CENTERS, 1.0)
        assert coverage.divergence == pytest.approx(np.log(4))
        assert coverage.width == 0.0

    def test_no_mode(self):
        coverage = mixture_modes([[5.0, 5.0]], CENTERS, 1.0)
        assert (coverage.found, coverage.within) == (0, 0.0)
        assert np.isnan([coverage.divergence, coverage.width]).all()

    @pytest.mark.parametrize(
        ("name", "floor"), [("ring", 0.0014), ("grid", 0.0048)]
    )
    def test_true_samples(self, name, floor):
        centers = getattr(synthetic, f"{name}_centers")()
        stddev = getattr(synthetic, f"{name.upper()}_STDDEV")
        rng = np.random.default_rng(0)
        runs = [
            mixture_modes(
                getattr(synthetic, name)(2500, rng)[0], centers, stddev
            )
            for _ in range(100)
        ]
        assert all(run.found == len(centers) for run in runs)
        divergences = [run.divergence for run in runs]
        assert np.mean(divergences) == pytest.approx(floor, rel=0.15)
        # The chance of a Rayleigh variable below 3.
        within = np.mean([run.within for run in runs])
        assert within == pytest.approx(1 - np.exp(-4.5), abs=6e-4)
        assert np.mean([run.width for run in runs]) == pytest.approx(
            1, abs=0.01
        )

    def test_narrow_modes(self):
        rng = np.random.default_rng(0)
        samples = synthetic.ring_centers()[rng.integers(8, size=5000)]
        samples = samples + rng.normal(0, 0.004, samples.shape)
        coverage = mixture_modes(samples, synthetic.ring_centers(), 0.01)
        assert coverage.within == 1.0
        # Of all true samples, not of those within 3, the root is sqrt(2);
        # of these it is 1.3772 (mean of r^2 by numerical integration: 1.8967).
        radius = np.linspace(0, 3, 100_001)
        density = radius * np.exp(-(radius**2) / 2)
        square = np.sum(density * radius**2) / np.sum(density)
        expected = 0.4 * np.sqrt(2 / square)
        assert coverage.width == pytest.approx(expected, rel=0.01)

    @pytest.mark.parametrize(
        "samples", [np.zeros((3, 4)), np.zeros((0, 2)), [[np.nan, 0.0]]]
    )
    def test_refused(self, samples):
        with pytest.raises(ValueError, match="samples"):
            mixture_modes(samples, CENTERS, 1.0)

    @pytest.mark.parametrize("stddev", [0.0, -1.0, np.nan])
    def test_refused_width(self, stddev):
        with pytest.raises(ValueError, match="stddev is"):
            mixture_modes(CENTERS, CENTERS, stddev)


class TestStacked:
    def test_by_hand(self):
        images = [image(0, 0, 0), image(1, 1, 0), image(1, 1, 0)]
        images.append(image(0, 1, 1))
        coverage = stacked_modes(np.concatenate(images), brightest_of_two())
        assert coverage.counts.tolist() == [1, 0, 0, 1, 0, 0, 2, 0]
        assert coverage.found == 3
        expected = 2 * 0.25 * np.log(2) + 0.5 * np.log(4)
        assert coverage.divergence == pytest.approx(expected)
        assert coverage.width is None

    def test_shares_of_the_data(self):
        images = np.concatenate([image(0, 0), image(1, 0)])
        counts = [30, 10, 10, 10]
        coverage = stacked_modes(images, brightest_of_two(), expected=counts)
        expected = 0.5 * np.log(0.5 / 0.5) + 0.5 * np.log(0.5 / (1 / 6))
        assert coverage.divergence == pytest.approx(expected)
        absent = stacked_modes(
            images, brightest_of_two(), expected=[1, 1, 0, 0]
        )
        assert absent.divergence == np.inf

    def test_batches_and_ranges_make_no_difference(self):
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (50, 1, 2, 3)) / 255
        counts = stacked_modes(images, brightest_of_two()).counts
        left = images[:, 0, 0] < images[:, 0, 1]
        by_hand = np.bincount(left @ [4, 2, 1], minlength=8)
        assert counts.tolist() == by_hand.tolist()
        other = stacked_modes(
            2 * images - 1, brightest_of_two(), (-1, 1), batch_size=7
        )
        assert other.counts.tolist() == by_hand.tolist()

    def test_floor_of_the_literature(self):
        """Uniform draws of 1,000 modes, 26,000 samples: .0192 nats."""
        logits = keras.Sequential(
            [
                keras.Input((1, 1, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(10),
            ]
        )
        # Of c * value - c^2 / 2 the largest has c = value, a whole number.
        classes = np.arange(10.0)
        logits.set_weights([classes[None], -(classes**2) / 2])
        rng = np.random.default_rng(0)
        values = rng.integers(10, size=(26_000, 1, 1, 3))
        coverage = stacked_modes(values, logits, batch_size=26_000)
        assert coverage.found == 1000
        place = values[:, 0, 0] @ [100, 10, 1]
        by_hand = np.bincount(place, minlength=1000)
        assert (coverage.counts == by_hand).all()
        assert coverage.divergence == pytest.approx(0.0192, abs=0.0015)

    def test_refused(self):
        with pytest.raises(ValueError, match="expected .n, height, width"):
            stacked_modes(np.zeros((5, 2)), brightest_of_two())
        with pytest.raises(ValueError, match="not finite"):
            stacked_modes(image(0) * np.nan, brightest_of_two())
        with pytest.raises(ValueError, match="but there are 4 modes"):
            stacked_modes(image(0, 1), brightest_of_two(), expected=[1, 1])
