import io

import numpy as np
import PIL.Image
import pytest

from tfgen.export import SavedModelSession
from tfgen.export.cpp_runtime import RuntimeFailure
from tfgen.export.expected_answers import AnswerComparison, PngReader


@pytest.fixture(scope="module")
def reader(exported):
    with SavedModelSession(exported) as session:
        yield PngReader(session.graph)


@pytest.fixture(scope="module")
def difference(reader):
    comparison = AnswerComparison(reader)

    def between(wanted, got):
        return comparison.difference("s", {"y": wanted}, {"y": got})

    return between


def png(levels):
    """Written by Pillow."""
    file = io.BytesIO()
    PIL.Image.fromarray(np.asarray(levels, np.uint8)).save(file, "PNG")
    return file.getvalue()


def files(*contents):
    array = np.empty(len(contents), object)
    array[:] = contents
    return array


def test_numbers(difference):
    assert difference(np.array([0.5, 0.25]), np.array([0.5, 0.375])) == 0.125
    # relative to the largest, 100: 1 / 100
    assert difference(np.array([100.0, 2.0]), np.array([100.0, 1.0])) == 0.01


def test_infinities_and_nan(difference):
    wanted = np.array([-np.inf, 1.0])
    assert difference(wanted, np.array([-np.inf, 1.0])) == 0.0
    assert difference(wanted, np.array([np.inf, 1.0])) == np.inf
    assert difference(wanted, np.array([-np.inf, np.nan])) == np.inf


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_pictures_are_read(reader, shape):
    levels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    read = reader.read(png(levels))
    np.testing.assert_array_equal(read.reshape(shape), levels)


def test_pictures_may_be_a_level_apart(difference):
    wanted = files(png([[10, 20], [30, 40]]))
    assert difference(wanted, files(png([[10, 21], [29, 40]]))) == 0.0
    assert difference(wanted, files(png([[10, 22], [30, 40]]))) == 2 / 255
    assert difference(wanted, files(png([[10, 20, 30]]))) == np.inf


def test_other_strings(difference, reader):
    assert difference(files(b"same"), files(b"same")) == 0.0
    assert difference(files(b"this"), files(b"that")) == np.inf
    with pytest.raises(RuntimeFailure, match="PNG"):
        reader.read(b"no picture")


def test_other_names_and_shapes(reader):
    comparison = AnswerComparison(reader)
    with pytest.raises(ValueError, match=r"outputs \['b'\], expected \['a'\]"):
        comparison.difference("s", {"a": np.ones(1)}, {"b": np.ones(1)})
    with pytest.raises(ValueError, match=r"shape \(2,\), expected \(1,\)"):
        comparison.difference("s", {"a": np.ones(1)}, {"a": np.ones(2)})
