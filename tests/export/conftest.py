import importlib.util
import sys
from pathlib import Path

import keras
import pytest

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture(scope="session")
def stand_in():
    """The module stand_in.py, under the same name in every test."""
    name = "tfgen_export_stand_in"
    spec = importlib.util.spec_from_file_location(name, STAND_IN)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def stand_in_path():
    return STAND_IN


@pytest.fixture
def model(stand_in):
    keras.utils.set_random_seed(0)
    return stand_in.StandIn()


@pytest.fixture(scope="session")
def exported(stand_in, tmp_path_factory):
    """A version that tests must not change."""
    from tfgen.export import export_saved_model

    keras.utils.set_random_seed(0)
    base = tmp_path_factory.mktemp("exported")
    return export_saved_model(stand_in.StandIn(), base)
