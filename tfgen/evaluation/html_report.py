"""The report that a person reads: one file, nothing loaded from outside."""

import html
import io

from tfgen.evaluation.comparison import best, summary
from tfgen.evaluation.explanations import explanation, title
from tfgen.reports.page import data_uri, number, page, table
from tfgen.training.files import write_text

BETTER = {"lower": "lower is better", "higher": "higher is better", None: ""}


def write_html(path, evaluations, facts: dict) -> None:
    """Writes the report of one run, or of several side by side.

    Args:
        path: of the file.
        evaluations: a sequence of `Evaluation`.
        facts: what holds for all: versions, date, command, settings.
    """
    names = [one.name for one in evaluations]
    body = "\n".join(
        [
            _runs(evaluations),
            _warning(evaluations),
            _summary(evaluations),
            *(_section(name, evaluations) for name in _titles(evaluations)),
            _facts(evaluations, facts),
        ]
    )
    write_text(path, page(f"Evaluation of {', '.join(names)}", body))


def _runs(evaluations):
    rows = [
        [one.name, one.model, one.data, f"{sum(one.seconds.values()):.0f} s"]
        for one in evaluations
    ]
    return table(["run", "model", "test data", "evaluated in"], rows)


def _warning(evaluations):
    if _same_data(evaluations):
        return ""
    return (
        '<p class="warning">These runs were tested on different data: their '
        "numbers do not compare.</p>"
    )


def _summary(evaluations):
    """What each run alone is best at."""
    if len(evaluations) < 2 or not _same_data(evaluations):
        return ""
    rows = [
        (f"{title(name)}", _by_run(evaluations, section, name))
        for section in _titles(evaluations)
        for name in _metric_names(evaluations, section)
    ]
    wins = summary(rows)
    items = [
        f"<li><b>{html.escape(one.name)}</b>: "
        f"{html.escape(', '.join(wins.get(one.name, [])) or 'nothing alone')}"
        "</li>"
        for one in evaluations
    ]
    return (
        "<h2>Which is better at what</h2>\n<p>Named are the measures that a "
        "run alone is best at, by more than two standard deviations of "
        "chance. What is better than real data counts as these.</p>\n<ul>"
        + "".join(items)
        + "</ul>"
    )


def _section(name, evaluations):
    sections = {
        one.name: section
        for one in evaluations
        for section in one.sections
        if section.title == name
    }
    parts = [f"<h2>{html.escape(name)}</h2>"]
    if any(section.measurements for section in sections.values()):
        parts.append(_numbers(name, evaluations))
    parts += [
        f"<p>{_prefix(run, evaluations)}{html.escape(note)}</p>"
        for run, section in sections.items()
        for note in section.notes
    ]
    pictures = dict.fromkeys(
        picture for one in sections.values() for picture in one.pictures
    )
    parts += [_pictures(picture, sections) for picture in pictures]
    return "\n".join(parts)


def _prefix(run, evaluations):
    return f"<b>{html.escape(run)}</b>: " if len(evaluations) > 1 else ""


def _numbers(section, evaluations):
    header = ["", *(one.name for one in evaluations), "real data", ""]
    rows = []
    for name in _metric_names(evaluations, section):
        found = _by_run(evaluations, section, name)
        known = [one for one in found.values() if one is not None]
        winners = best(found) if _same_data(evaluations) else []
        meaning = "; ".join(
            filter(None, (explanation(name), BETTER[known[0].better]))
        )
        rows.append(
            [
                title(name),
                *(_value(found[run], run in winners) for run in found),
                _floors(known),
                meaning,
            ]
        )
    return table(header, rows, numbers=True)


def _value(measurement, wins):
    if measurement is None:
        return "&ndash;"
    text = number(measurement.value)
    if measurement.spread is not None:
        text += f" <small>&plusmn; {number(measurement.spread)}</small>"
    if measurement.unit:
        text += f" <small>{html.escape(measurement.unit)}</small>"
    return f"<b>{text}</b>" if wins else text


def _floors(measurements):
    """Real data in the samples' place; equal for runs of the same data."""
    floors = [number(m.floor) for m in measurements if m.floor is not None]
    return ", ".join(dict.fromkeys(floors)) or "&ndash;"


def _pictures(name, sections):
    runs = {}  # by picture: what is the same for several is shown once
    for run, section in sections.items():
        if name in section.pictures:
            uri = _data_uri(section.pictures[name])
            runs.setdefault(uri, []).append(run)
    figures = [
        f'<figure><img alt="{html.escape(name)}" src="{uri}"><figcaption>'
        f"{html.escape(', '.join(shown))}</figcaption></figure>"
        for uri, shown in runs.items()
    ]
    return (
        f"<h3>{html.escape(name.replace('_', ' ').capitalize())}</h3>\n"
        f'<div class="pictures">{"".join(figures)}</div>'
    )


def _facts(evaluations, facts):
    """All that is needed to believe a number, and to get it again."""
    rows = [
        [one.name, title(m.name), _details(m)]
        for one in evaluations
        for section in one.sections
        for m in section.measurements
    ]
    listed = [[key, str(value)] for key, value in facts.items()]
    return (
        "<h2>How this was measured</h2>\n"
        + table(["", ""], listed)
        + "\n<details><summary>Settings of each number</summary>\n"
        + table(["run", "measure", "settings"], rows)
        + "\n</details>"
    )


def _details(measurement):
    details = {**measurement.details}
    if measurement.spread_of:
        details["spread over"] = measurement.spread_of
    return ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in details.items()
    )


def _same_data(evaluations):
    return len({one.fingerprint for one in evaluations}) == 1


def _titles(evaluations):
    titles = (s.title for one in evaluations for s in one.sections)
    return list(dict.fromkeys(titles))


def _metric_names(evaluations, section):
    names = (
        m.name
        for one in evaluations
        for s in one.sections
        if s.title == section
        for m in s.measurements
    )
    return list(dict.fromkeys(names))


def _by_run(evaluations, section, name):
    """Measurement or None of each run."""
    found = dict.fromkeys(one.name for one in evaluations)
    for one in evaluations:
        for s in one.sections:
            for m in s.measurements:
                if (s.title, m.name) == (section, name):
                    found[one.name] = m
    return found


def _data_uri(picture):
    from PIL import Image

    if picture.shape[-1] == 1:
        picture = picture[..., 0]
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return data_uri(file.getvalue())
