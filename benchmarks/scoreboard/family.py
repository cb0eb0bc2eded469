import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Column:
    """One number of a row: its heading, its key and how it is written."""

    heading: str
    key: str
    form: str = ".2f"


@dataclasses.dataclass(frozen=True)
class Family:
    """Rows of the scoreboard that are measured in one way.

    Attributes:
        name: what `--only` takes.
        title: heading of the section.
        protocol: how it is measured, in full.
        columns: numbers of each row.
        tasks: `seed -> list of dicts`: what to run. Each dict has `row`, the
            name of the row, `seed`, and the settings that decide the numbers;
            a run whose settings change is made anew.
        measure: `(folder, **task) -> dict` with the keys of the columns and
            perhaps `minutes`, where they are not those of the call.
        references: published rows and floors: a name, then a cell a column.
        seeds: how many by default.
    """

    name: str
    title: str
    protocol: str
    columns: tuple[Column, ...]
    tasks: Callable[[int], list[dict]]
    measure: Callable[..., dict]
    references: tuple[tuple[str, ...], ...] = ()
    seeds: int = 3
