"""tests/slow.txt names tests that are there."""

import ast
import pathlib

import pytest

TESTS = pathlib.Path(__file__).parents[1]
LINES = (TESTS / "slow.txt").read_text().splitlines()
NAMED = [line for line in LINES if line and not line.startswith("#")]


def test_each_line_once():
    assert len(NAMED) == len(set(NAMED))


@pytest.mark.parametrize("name", sorted({n.partition("[")[0] for n in NAMED}))
def test_it_is_there(name):
    file, *names = name.split("::")
    body = ast.parse((TESTS / file).read_text()).body
    for part in names:
        (found,) = [node for node in body if getattr(node, "name", "") == part]
        body = found.body
