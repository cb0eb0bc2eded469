"""The examples of README and docs run as they stand."""

import pathlib
import re
import shutil

import numpy as np
import pictures
import PIL.Image
import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in PAGES
    if page.name != "architecture.md"
    for number, code in enumerate(BLOCK.findall(page.read_text()))
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """90 photographs and a table."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for i in range(90):
        pixels = generator.integers(0, 256, (70, 80, 3), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(folder / "photos" / f"{i}.png")
    names = ",".join(f"column_{i}" for i in range(30))
    np.savetxt(
        folder / "measurements.csv",
        generator.normal(size=(200, 30)),
        delimiter=",",
        header=names,
        comments="",
    )
    return folder


@pytest.fixture
def folder_of_data(data, tmp_path, monkeypatch):
    """What the examples find beside them."""
    shutil.copytree(data, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    # Pictures of trials and of trainings have tests of their own.
    pictures.leave_out(monkeypatch)


SMALLER = {"epochs=20": "epochs=2", "image_size=(64, 64)": "image_size=32"}


@pytest.mark.parametrize("code", EXAMPLES)
def test_example(code, folder_of_data):
    """But for sizes that take long."""
    for size, smaller in SMALLER.items():
        code = code.replace(size, smaller)
    exec(compile(code, "example", "exec"), {})


def test_there_are_examples_of_each_kind_of_data():
    names = {example.id for example in EXAMPLES}
    assert {
        "README.md-0",
        "own-networks.md-0",
        "image-folders.md-0",
        "tables.md-0",
    } <= names


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_is_short(code):
    statements = [line for line in code.splitlines() if line.strip()]
    assert len(statements) <= 16
