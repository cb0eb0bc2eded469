"""Examples in docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import keras
import numpy as np
import pytest

import tfgen

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules():
    found = pkgutil.walk_packages(tfgen.__path__, "tfgen.")
    return sorted({module.name for module in found} | {"tfgen"})


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
