"""Families that are defined outside the package, for the commands.

A plugin is a Python file or module that calls `register_family`. Commands
load those named by `tfgen --plugin`, by the environment variable
`TFGEN_PLUGINS` and by installed packages (entry points of the group
`tfgen.families`). Nothing that a run or search folder says is ever loaded.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import pathlib
import sys

VARIABLE = "TFGEN_PLUGINS"
GROUP = "tfgen.families"


def name_plugins(names: list[str]) -> None:
    """Adds plugins for this process and those that it starts.

    Args:
        names: paths of Python files, or names of modules.
    """
    if names:
        whole = [
            os.path.abspath(name) if name.endswith(".py") else name
            for name in names
        ]
        os.environ[VARIABLE] = os.pathsep.join([*_named(), *whole])


def any_plugins() -> bool:
    """Whether there is anything to load."""
    return bool(_named() or importlib.metadata.entry_points(group=GROUP))


def load_plugins() -> None:
    """Imports all plugins, each once.

    Raises:
        ValueError: for a file or module that is not there.
    """
    for name in _named():
        _load_file(name) if name.endswith(".py") else _load_module(name)
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        entry_point.load()


def _named():
    listed = os.environ.get(VARIABLE, "").split(os.pathsep)
    return list(dict.fromkeys(name for name in listed if name))


def _load_file(name):
    path = pathlib.Path(name)
    if not path.is_file():
        raise ValueError(
            f"the plugin {name} is no file: pass --plugin with a Python file "
            f"or the name of a module; {VARIABLE} names plugins too."
        )
    module = path.stem
    if module in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(module, path)
    sys.modules[module] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(sys.modules[module])
    except BaseException:
        del sys.modules[module]
        raise


def _load_module(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0]:
            raise
        raise ValueError(
            f"the plugin {name} is no module that is installed: pass --plugin "
            "with its name, or with a file that ends in .py."
        ) from None
