import numpy as np
import pytest
from copying_cases import mixture

from tfgen.metrics import authenticity


def test_by_hand():
    # From 0 and 1 it is 1 to the nearest other, from 5 it is 4.
    train = np.array([[0.0], [1.0], [5.0]])
    # 0.5 from 0 or 1; 1.5 from 1: authentic; 3 and 5 from 5: the latter is.
    generated = np.array([[0.5], [2.5], [8.0], [10.0]])
    held_out = np.array([[-1.5], [4.5], [6.0], [7.0], [8.0]])
    found = authenticity(train, held_out, generated)
    assert (found.value, found.reference) == (0.5, 0.2)
    assert found.standard_error == pytest.approx(
        np.sqrt(0.25 / 4 + 0.2 * 0.8 / 5)
    )
    assert not found.copies
    # As far as the nearest other is not farther.
    assert authenticity(train, held_out, [[9.0]]).value == 0.0


@pytest.mark.parametrize("features", [2, 30])
def test_as_brute_force(features):
    rng = np.random.default_rng(features)
    train, x = rng.normal(size=(150, features)), rng.normal(size=(90, features))
    among = np.linalg.norm(train[:, None] - train, axis=2)
    np.fill_diagonal(among, np.inf)
    distances = np.linalg.norm(x[:, None] - train, axis=2)
    nearest = distances.argmin(axis=1)
    authentic = distances.min(axis=1) > among.min(axis=1)[nearest]
    found = authenticity(train, x[:50], x[50:])
    assert found.reference == authentic[:50].mean()
    assert found.value == authentic[50:].mean()


def test_repeated_training_examples_do_not_hide_copies():
    train, held_out, _ = mixture(0)
    found = authenticity(np.tile(train, (3, 1)), held_out, train + 1e-4)
    assert found.value == 0.0 and found.copies


def test_one_training_example():
    with pytest.raises(ValueError, match="one distinct example"):
        authenticity(np.ones((9, 2)), np.zeros((9, 2)), np.zeros((9, 2)))
