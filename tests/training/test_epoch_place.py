"""Where a training stands within its epoch, counted by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.training.epoch_place import EpochPlace


@pytest.fixture
def place():
    place = EpochPlace()
    place.start(5)
    return place


def no_batches():
    raise AssertionError("data in order leaves out what was done")
    yield


def test_steps_end_with_the_epoch(place):
    assert [place.advance(2, no_batches()) for _ in range(3)] == [2, 2, 1]
    assert place.at_end
    place.begin_epoch()
    assert (place.done, place.at_end) == (0, False)


def test_an_epoch_of_unknown_length_has_no_end():
    place = EpochPlace()
    assert [place.advance(3, no_batches()) for _ in range(2)] == [3, 3]
    assert not place.at_end


@pytest.mark.parametrize("ordered, left", [(True, 5), (False, 2)])
def test_a_resume_passes_over_what_was_done(ordered, left):
    place, batches, put_back = EpochPlace(), iter(range(5)), []
    place.start(5, ordered)
    place.resume(3, lambda: put_back.append(place.done))
    place.begin_epoch()
    assert place.advance(2, batches) == 0
    assert (place.resumes, put_back) == (True, [])
    assert place.advance(2, batches) == 1
    assert (place.resumes, put_back, place.done) == (False, [4], 4)
    assert len(list(batches)) == left


@pytest.mark.parametrize(
    "step, steps_of_data, resumed, wanted",
    [
        (0, 5, 0, 0),
        (10, 5, 0, 10),
        (7, 5, 0, 10),  # what a failed epoch left undone is not made up for
        (7, 5, 2, 7),
        (7, 8, 0, 7),  # epochs other than the data's
    ],
)
def test_first_batch(place, step, steps_of_data, resumed, wanted):
    if resumed:
        place.resume(resumed, lambda: None)
    assert place.first_batch(step, steps_of_data) == wanted


def test_a_place_is_kept_while_something_else_is_evaluated(place):
    place.advance(2, no_batches())
    with pytest.raises(KeyError), place.kept():
        place.start(1, ordered=False)
        place.resume(1, lambda: None)
        place.begin_epoch()
        raise KeyError
    assert (place.steps, place.ordered, place.done) == (5, True, 2)
    assert not place.resumes


def test_rows_start_anew_with_each_epoch():
    rows = tf.Variable(np.int64(7))
    EpochPlace(rows).begin_epoch()
    assert int(rows) == 0
