"""The scoreboard as a page of Markdown."""

import statistics
import textwrap

HEAD = """\
# Quality

Written by `make quality` (`python benchmarks/quality.py`), from runs that are
kept in `build/quality`. Mean ± standard deviation over seeds; nothing is chosen
by the test split, which is used once, at the end. Rows in italics are published
numbers or floors, not runs of ours. Minutes are of one run, on one thread of a
machine that others used too: the numbers beside them do not depend on that."""


def page(families, results_of):
    """The whole page.

    Args:
        families: the sections, in order; those without runs are left out.
        results_of: `family -> list of runs`.
    """
    sections = [
        section(family, runs)
        for family in families
        if (runs := results_of(family))
    ]
    return "\n\n".join([HEAD, *sections]) + "\n"


def section(family, runs):
    """Heading, protocol, how to measure it again, and the table."""
    dates, versions = (
        ", ".join(sorted({run[key] for run in runs}))
        for key in ("date", "versions")
    )
    seeds = sorted({run["seed"] for run in runs})
    command = f"python benchmarks/quality.py --only {family.name}"
    how = f"`{command} --seeds {seeds[-1] + 1}`; {dates}; {versions}."
    parts = [wrapped(family.protocol), wrapped(how), table(family, runs)]
    return "\n\n".join([f"## {family.title}", *parts])


def table(family, runs):
    """Our rows in the order of the tasks, then the published ones."""
    headings = [column.heading for column in family.columns]
    lines = [["", *headings, "seeds", "minutes"]]
    lines.append(["---"] * len(lines[0]))
    for row in dict.fromkeys(run["row"] for run in runs):
        own = [run for run in runs if run["row"] == row]
        cells = [
            spread(
                [run[column.key] for run in own if column.key in run],
                column.form,
            )
            for column in family.columns
        ]
        seeds = ", ".join(str(run["seed"]) for run in own)
        minutes = statistics.mean(run["minutes"] for run in own)
        lines.append([row, *cells, seeds, f"{minutes:.1f}"])
    for name, *cells in family.references:
        lines.append([f"*{name}*", *cells, "", ""])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def wrapped(text):
    return textwrap.fill(" ".join(text.split()), 80, break_on_hyphens=False)


def spread(values, form):
    """Mean ± standard deviation; the value alone if all are the same."""
    if not values:
        return ""
    mean = f"{statistics.mean(values):{form}}"
    if len(set(values)) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values):{form}}"
