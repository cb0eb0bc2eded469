"""The report of `tfgen evaluate` that a person reads."""

import pathlib
from collections.abc import Sequence

from tfgen.evaluation.comparison import best, summary
from tfgen.evaluation.section import explanation, title
from tfgen.reports.page import data_uri, write_page

TEMPLATE = pathlib.Path(__file__).with_name("report.html")
BETTER = {"lower": "lower is better", "higher": "higher is better", None: ""}


def write_html(
    path: pathlib.Path | str, evaluations: Sequence, facts: dict
) -> None:
    """Writes the report of one run, or of several side by side.

    Args:
        path: path of the file, which is there whole or not at all.
        evaluations: `Evaluation`s, each with a name of its own.
        facts: what holds for all: versions, date, command, settings.

    Example:
    >>> run = tfgen.evaluation.Evaluation("mine", "VAE", "digits", "0a", (), {})
    >>> tfgen.evaluation.write_html("report.html", [run], {"seed": 0})
    """
    names = [one.name for one in evaluations]
    same_data = len({one.fingerprint for one in evaluations}) == 1
    titles = _distinct(s.title for one in evaluations for s in one.sections)
    sections = [_section(name, evaluations, same_data) for name in titles]
    write_page(
        path,
        TEMPLATE,
        title=f"Evaluation of {', '.join(names)}",
        names=names,
        runs=[_run(one) for one in evaluations],
        same_data=same_data,
        wins=_wins(names, sections) if same_data and len(names) > 1 else {},
        sections=sections,
        facts=facts,
        details=_details(evaluations),
    )


def _run(one):
    seconds = f"{sum(one.seconds.values()):.0f} s"
    return one.name, one.model, one.data, seconds


def _wins(names, sections):
    """The measures that each run alone is best at."""
    rows = [(row["title"], row["found"]) for s in sections for row in s["rows"]]
    return dict.fromkeys(names, ()) | summary(rows)


def _section(name, evaluations, same_data):
    """One part of the report, of all runs that have it."""
    found = {
        one.name: section
        for one in evaluations
        for section in one.sections
        if section.title == name
    }
    by_run = {
        run: {m.name: m for m in section.measurements}
        for run, section in found.items()
    }
    measures = _distinct(key for each in by_run.values() for key in each)
    rows = [
        {one.name: by_run.get(one.name, {}).get(key) for one in evaluations}
        for key in measures
    ]
    pictures = _distinct(key for s in found.values() for key in s.pictures)
    return {
        "title": name,
        "rows": [
            _row(key, row, same_data)
            for key, row in zip(measures, rows, strict=True)
        ],
        "verdicts": [(r, s.verdict) for r, s in found.items() if s.verdict],
        "notes": [(run, note) for run, s in found.items() for note in s.notes],
        "pictures": {key: _pictures(key, found) for key in pictures},
    }


def _row(name, found, same_data):
    """A measure: `found` holds the `Measurement` of each run, or None."""
    known = [one for one in found.values() if one is not None]
    meaning = explanation(name), BETTER[known[0].better]
    return {
        "title": title(name),
        "found": found,
        "winners": best(found) if same_data else [],
        "floors": [m.floor for m in known if m.floor is not None],
        "meaning": "; ".join(filter(None, meaning)),
    }


def _pictures(name, sections):
    """Runs by picture: what is the same for several is shown once."""
    runs = {}
    for run, section in sections.items():
        if name in section.pictures:
            uri = data_uri(section.pictures[name])
            runs.setdefault(uri, []).append(run)
    return runs


def _details(evaluations):
    """All that is needed to believe a number, and to get it again."""
    return [
        (one.name, title(m.name), _settings(m))
        for one in evaluations
        for section in one.sections
        for m in section.measurements
    ]


def _settings(measurement):
    details = {**measurement.details}
    if measurement.spread_of:
        details["spread over"] = measurement.spread_of
    return ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in details.items()
    )


def _distinct(names):
    return list(dict.fromkeys(names))
