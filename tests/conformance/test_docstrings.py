"""Examples in docstrings run and print what they say."""

import doctest
import importlib
import importlib.util
import inspect
import pkgutil

import keras
import numpy as np
import pytest

import tfgen

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
PACKAGES = ("tfgen", "tfgen.export", "tfgen.tuning")
# Every public name of theirs has an example.
WITH_EXAMPLES = (
    "tfgen",
    "tfgen.augmentations",
    "tfgen.callbacks",
    "tfgen.data",
    "tfgen.detection",
    "tfgen.evaluation",
    "tfgen.export",
    "tfgen.layers",
    "tfgen.losses",
    "tfgen.metrics",
    "tfgen.models",
    "tfgen.networks",
    "tfgen.optimizers",
    "tfgen.pictures",
    "tfgen.presets",
    "tfgen.privacy",
    "tfgen.probability",
    "tfgen.settings",
    "tfgen.training",
    "tfgen.tuning",
)


def modules():
    names = set(PACKAGES)
    for name in PACKAGES:
        path = importlib.util.find_spec(name).submodule_search_locations
        names.update(m.name for m in pkgutil.walk_packages(path, f"{name}."))
    return sorted(names)


@pytest.mark.parametrize("name", modules())
def test_examples(name, tmp_path, monkeypatch):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{name} needs {error.name}")
    monkeypatch.chdir(tmp_path)
    names = {**vars(module), "tfgen": tfgen, "keras": keras, "np": np}
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for example in doctest.DocTestFinder().find(module, name, globs=names):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("package", WITH_EXAMPLES)
def test_public_names_have_an_example(package):
    for name, value in vars(importlib.import_module(package)).items():
        if callable(value) and not name.startswith("_"):
            text = inspect.cleandoc(value.__doc__)
            _, *examples = text.split("\nExample:\n")
            assert examples, name
            assert doctest.DocTestParser().get_examples(examples[-1]), name
