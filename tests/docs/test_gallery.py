"""The gallery has every preset, and says what its figures say."""

import json
import pathlib
import runpy

import pytest

import tfgen

ROOT = pathlib.Path(__file__).parents[2]


def test_the_gallery_is_that_of_its_figures():
    results = json.loads((ROOT / "docs/gallery/results.json").read_text())
    made = runpy.run_path(str(ROOT / "benchmarks/gallery.py"))["page"](results)
    assert made == (ROOT / "docs" / "gallery.md").read_text()
    assert list(results) == list(tfgen.presets.names())


@pytest.mark.parametrize("name", tfgen.presets.names())
def test_the_gallery_has_a_small_picture_of_each_preset(name):
    picture = ROOT / "docs" / "gallery" / f"{name}.png"
    assert 1000 < picture.stat().st_size < 60_000
