"""The tables of a search: all trials, failures, importance."""

import html
import math
import numbers

from tfgen.reports.page import table
from tfgen.tuning.report.best_json import settings
from tfgen.tuning.report.scale import text_of
from tfgen.tuning.report.view import has_score


def trial_table(view) -> str:
    """All trials with hyperparameters and metrics; `report.js` sorts it."""
    values = _names(settings(record.values) for record in view.records)
    metrics = _names(record.metrics for record in view.records)
    header = [
        *(("", name) for name in ("trial", "status", "score", *values)),
        *(("metric", name) for name in metrics),
        *(("", name) for name in ("best epoch", "epochs", "seconds", "parent")),
    ]
    head = "".join(_cell("th", kind, name) for kind, name in header)
    rows = "\n".join(
        _row(view, record, values, metrics) for record in _sorted(view)
    )
    switch = (
        '<label><input type="checkbox" id="metrics"> metrics at the best '
        "epoch</label>\n"
    )
    return (
        f'{switch if metrics else ""}<div class="wide">\n'
        f'<table id="trials">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def failures(view) -> str:
    """Failed trials with their reasons."""
    rows = [
        [record.trial_id, record.reason or "unknown"]
        for record in view.records
        if record.status == "failed"
    ]
    return '<div class="reasons">' + table(["trial", "reason"], rows) + "</div>"


def importance_table(found) -> str:
    """A bar for each hyperparameter.

    Args:
        found: an `Importance`.
    """
    rows = [
        [
            html.escape(name),
            _bar(found.alone[name], total),
            f"{_percent(total)} <small>&plusmn; "
            f"{_percent(found.spread[name])}</small>",
            _percent(found.alone[name]),
            "",
        ]
        for name, total in found.total.items()
    ]
    header = ["", "", "share of the variance", "of this alone", ""]
    return table(header, rows, numbers=True)


def _names(dictionaries):
    return list(dict.fromkeys(name for each in dictionaries for name in each))


def _sorted(view):
    """The best first, then those without a score."""
    others = [record for record in view.records if not has_score(record)]
    return [*view.completed, *others]


def _row(view, record, values, metrics):
    score = record.score if has_score(record) else None
    cells = [
        *(("", cell) for cell in (record.trial_id, record.status, score)),
        *(("", record.values.get(name)) for name in values),
        *(("metric", record.metrics.get(name)) for name in metrics),
        ("", record.best_epoch),
        ("", record.epochs),
        ("", round(record.seconds, 1)),
        ("", record.parent),
    ]
    best = record is view.best
    inside = "".join(_cell("td", kind, cell) for kind, cell in cells)
    return (
        f'<tr class="trial {record.status}{" best" * best}" '
        f'data-trial="{html.escape(record.trial_id)}">{inside}</tr>'
    )


def _cell(tag, kind, value):
    kind = f' class="{kind}"' if kind else ""
    exact = ""
    if isinstance(value, numbers.Real) and math.isfinite(value):
        exact = f' data-value="{float(value)!r}"'
    return f"<{tag}{kind}{exact}>{html.escape(text_of(value))}</{tag}>"


def _bar(alone, total):
    return (
        f'<div class="bar" style="--total-share:{100 * total:.1f}%;'
        f'--alone-share:{100 * alone:.1f}%"></div>'
    )


def _percent(share):
    return f"{100 * share:.0f} %"
