"""The names in a registry, such as losses, without importing it."""

import ast
import functools
import importlib
import importlib.util
import pathlib
import sys

PACKAGE = pathlib.Path(__file__).parents[1]


def names_of(choices: tuple[str, ...] | str) -> tuple[str, ...]:
    """Names to choose from.

    Args:
        choices: the names, or `"module:NAME"` of a dictionary (or tuple) of
            them. Where TensorFlow is not loaded, its keys are read from the
            source: the help of a command names them without waiting.

    Example:
    >>> names_of(("small", "large"))
    ('small', 'large')
    >>> "cosine" in names_of("tfgen.optimizers.schedules:SCHEDULES")
    True
    """
    if not isinstance(choices, str):
        return choices
    module, _, name = choices.partition(":")
    if "tensorflow" in sys.modules:
        return tuple(getattr(importlib.import_module(module), name))
    return _names_in_source(module, name)


@functools.cache
def _names_in_source(module, name):
    found = _find(module, name)
    if found is None:
        raise ValueError(f"{module} has no dictionary {name}.")
    return found


def _find(module, name):
    """The names in the module's text, or in that which it imports them of."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            imported = {alias.name for alias in node.names}
            found = imported & {name, "*"} and _find(node.module, name)
            if found:
                return found
        elif isinstance(node, ast.Assign) and _is(node.targets[0], name):
            value = node.value
            listed = value.keys if isinstance(value, ast.Dict) else value.elts
            return tuple(ast.literal_eval(each) for each in listed)
    return None


def _is(target, name):
    return isinstance(target, ast.Name) and target.id == name
