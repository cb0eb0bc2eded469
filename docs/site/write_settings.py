"""Writes docs/settings.md from the table of settings.

Run by `make docs`; a test compares the page with the table.
"""

import pathlib

import numpy as np

import tfgen
from tfgen.models import families
from tfgen.settings.setting import Setting
from tfgen.settings.table import TABLE
from tfgen.tuning import SearchSpace

PAGE = pathlib.Path(__file__).parents[1] / "settings.md"
INTRODUCTION = """\
# Settings

Made from `tfgen/settings/table.py` by `make docs`.

A setting is an option of `tfgen train`, a key of a run's `config.json` and of
a search's `best.json`, and a name for `--space` of `tfgen tune`
([hyperparameter search](tuning.md)). The last column has its argument of
`tfgen.build`. `--no-conditional` and the like turn a flag off. Defaults stand
in brackets; a model refuses settings of parts that it lacks.
"""
SECTIONS = {
    "training": "The training",
    "data": "The data",
    "model": "Models of every family",
    "likelihood": "Models with a likelihood",
    "kl": "Models with a KL term",
    "discriminator": "Models with a discriminator",
    "privacy": "Models with private training",
}
"""By part; a family's own settings stand under its name."""
FAMILIES = {
    name: family
    for name, family in families.FAMILIES.items()
    # Those of a plugin are not tfgen's.
    if family.model.__module__.startswith("tfgen.")
}
HEAD = "| option | value | meaning | `tfgen.build` |\n|---|---|---|---|"
SEARCHED = """\
## What a search draws

Where `--space` says nothing else, for {rows:,} grey images of 28 x 28 pixels;
ranges follow the data. `by ratio`: factors count, not differences. What is not
in the table has its default.
"""
ROWS = 50_000


def page() -> str:
    """The page's text."""
    parts = dict.fromkeys(setting.part for setting in TABLE)
    order = [*SECTIONS, *(part for part in parts if part not in SECTIONS)]
    sections = "\n\n".join(_section(part) for part in order if part in parts)
    return f"{INTRODUCTION}\n{sections}\n\n{_searched()}\n"


def _section(part):
    title = SECTIONS.get(part, f"`{part}` alone")
    takers = [
        f"`{name}`" for name, family in FAMILIES.items() if part in family.parts
    ]
    if takers:
        title += f": {', '.join(takers)}"
    rows = [_row(setting) for setting in TABLE if setting.part == part]
    return "\n".join([f"## {title}", "", HEAD, *rows])


def _row(setting: Setting) -> str:
    # The one that is no option but stands by its place.
    name = "MODEL" if setting.name == "model" else setting.option
    names = ", ".join(setting.names)
    argument = f"`{setting.name}`" if setting.is_argument else ""
    help_text = setting.help.format(names=names)
    value = setting.expected
    if setting.kind is str and (not names or names in help_text):
        value = f"`{setting.metavar or 'NAME'}`"
    return f"| `{name}` | {value} | {help_text} | {argument} |"


def _searched():
    source = tfgen.data.from_arrays(np.zeros((ROWS, 28, 28, 1), np.uint8))
    spaces = {
        name: SearchSpace.default(family, source).parameters
        for name, family in FAMILIES.items()
    }
    head = " | ".join(f"`{name}`" for name in spaces)
    lines = [f"| setting | {head} |", "|---" * (1 + len(spaces)) + "|"]
    for setting in TABLE:
        cells = [str(space.get(setting.name, "")) for space in spaces.values()]
        if any(cells):
            lines.append(f"| `{setting.name}` | {' | '.join(cells)} |")
    return SEARCHED.format(rows=ROWS) + "\n" + "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
