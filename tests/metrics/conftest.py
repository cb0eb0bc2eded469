"""Makes `copying_cases` importable by the tests of this folder."""

import importlib.util
import pathlib
import sys

# Without packages in tests/, a file finds its neighbour by its path.
_path = pathlib.Path(__file__).with_name("copying_cases.py")
_spec = importlib.util.spec_from_file_location("copying_cases", _path)
sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules[_spec.name])
