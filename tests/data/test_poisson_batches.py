"""Poisson samples: who is in a batch, and how many."""

import numpy as np

import tfgen
from tfgen.data.poisson_batches import PoissonBatches

ROWS, SIZE, STEPS = 50, 10, 2000


def samples(key=7, first=0, steps=STEPS, size=SIZE, rows=ROWS):
    """Whether each row is in each batch, `(steps, rows)`."""
    x = np.arange(rows, dtype="float32")[:, None]
    batches = tfgen.data.from_arrays(x, standardize=False).batches(size)
    found = np.zeros((steps, rows), bool)
    dataset = PoissonBatches(batches, key).dataset(first).take(steps)
    for step, batch in enumerate(dataset):
        found[step, np.ravel(batch).astype(int)] = True
    return found


def test_rows_are_drawn_independently():
    found = samples()
    share, sizes = SIZE / ROWS, found.sum(axis=1)
    spread = np.sqrt(share * (1 - share))
    # Each bound is 5 standard deviations of what is measured.
    each = found.mean(axis=0) - share
    assert abs(each).max() < 5 * spread / np.sqrt(STEPS)
    assert abs(sizes.mean() - SIZE) < 5 * spread * np.sqrt(ROWS / STEPS)
    # A binomial variance, itself off by sqrt(2 / steps).
    assert abs(sizes.var() / (ROWS * spread**2) - 1) < 5 * np.sqrt(2 / STEPS)
    between = np.corrcoef(found.T)[np.triu_indices(ROWS, 1)]
    assert abs(between).max() < 6 / np.sqrt(STEPS)
    later = np.mean((found[1:] - share) * (found[:-1] - share)) / spread**2
    assert abs(later) < 5 / np.sqrt(STEPS * ROWS)


def test_a_batch_is_a_function_of_key_and_step():
    found = samples(steps=20)
    np.testing.assert_array_equal(samples(first=12, steps=8), found[12:])
    assert (samples(key=8, steps=20) != found).any()


def test_a_batch_may_have_all_rows_or_none():
    assert samples(size=ROWS, steps=3).all()
    few = samples(size=1, rows=4, steps=60).sum(axis=1)
    assert few.min() == 0  # with probability 1 - (1 - .75 ** 4) ** 60
