"""Extension of griffe: which names are public, and where examples stand."""

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^Example:\n((?:(?!\n\n\S).)*)", re.DOTALL | re.MULTILINE)


class Names(griffe.Extension):
    """What a package's `__init__` imports from tfgen is public.

    That is what tests/conformance/test_public_names.py goes by: packages have
    no `__all__`.
    """

    def on_package(
        self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **_: Any
    ) -> None:
        """Marks the public names of the package and all below it."""
        loader.expand_wildcards(pkg)
        self._mark(pkg)
        _prefer_names_to_modules(pkg)

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Makes a section of `Example:`, whose lines are not indented."""
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub(_section, obj.docstring.value)

    def _mark(self, module):
        for member in module.members.values():
            if member.is_alias:
                if module.is_init_module and not member.name.startswith("_"):
                    member.public = _is_ours(member)
            elif member.is_module:
                member.public = False
                self._mark(member)


def _prefer_names_to_modules(module):
    """`tfgen.models.build` is the function, not the file that holds it.

    After aliases are resolved, whose paths lead through these files.
    """
    for name, member in list(module.members.items()):
        if member.is_alias or not member.is_module:
            continue
        _prefer_names_to_modules(member)
        if module.imports.get(name) == f"{member.path}.{name}":
            module.set_member(name, member[name])
            module[name].public = True


def _section(match):
    lines = match[1].strip("\n").split("\n")
    return "Examples:\n" + "\n".join(f"    {line}".rstrip() for line in lines)


def _is_ours(alias):
    try:
        target = alias.final_target
    except (griffe.AliasResolutionError, griffe.CyclicAliasError):
        return False
    return target.path.startswith("tfgen.") and not target.is_module
