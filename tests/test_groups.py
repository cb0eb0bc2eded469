"""Tests that share what they make run in one worker of pytest-xdist."""

import pytest


def group(request):
    """What the scheduler reads: all behind the last @."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("only with --dist loadgroup")
    return request.node.nodeid.rpartition("@")[2]


def test_those_of_a_file(request):
    assert group(request) == "tests/test_groups.py"


@pytest.mark.xdist_group("of a name")
def test_those_of_a_group(request):
    assert group(request) == "of a name"
