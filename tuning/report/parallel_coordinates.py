"""All trials as lines across all hyperparameters."""

import html

from tfgen.tuning.report.panel import drawing, label, line, path

WIDTH = 1320  # of all, unless the axes need more
HEIGHT = 330
TOP = 58
BOTTOM = 58
NEAREST, FARTHEST = 124, 190  # from axis to axis
SIDE = 70
MISSING = 22  # pixels below an axis


def parallel_coordinates(view) -> str:
    """SVG of the hyperparameters and, last, the score of all trials.

    Each trial carries its places on the axes (`data-at`), by which
    `report.js` filters. Beneath an axis stand the trials that do not have
    that hyperparameter, or no score.

    Args:
        view: a `View`.
    """
    axes = [*view.scales, view.score]
    trials = [record for record in view.records if record.status != "waiting"]
    rows = [(record, _places(view, record)) for record in trials]
    gaps = [
        any(places[i] is None for _, places in rows) for i in range(len(axes))
    ]
    # The best are drawn last, over the others.
    order = {record.trial_id: i for i, record in enumerate(view.completed)}
    rows.sort(key=lambda row: -order.get(row[0].trial_id, len(order)))
    room = WIDTH // max(len(axes) - 1, 1)
    step = min(max(room, NEAREST), FARTHEST)
    lines = [_trial(view, step, record, places) for record, places in rows]
    width = 2 * SIDE + step * (len(axes) - 1)
    height = TOP + HEIGHT + BOTTOM
    inside = "\n".join(
        [
            f'<g style="--opacity:{_opacity(len(rows)):.2f}">',
            *lines,
            "</g>",
            *(_axis(i, step, axis, gaps[i]) for i, axis in enumerate(axes)),
        ]
    )
    text = "Each trial as a line across its hyperparameters and its score"
    return drawing(width, height, text, inside, "parallel")


def _opacity(count):
    """Of the lines, so that many do not become a carpet."""
    return min(max(20 / max(count, 1), 0.25), 0.8)


def _places(view, record):
    places = [
        scale.position(record.values.get(scale.name)) for scale in view.scales
    ]
    scored = view.colour(record) is not None
    return [*places, view.score.position(record.score) if scored else None]


def _trial(view, step, record, places):
    points = [(SIDE + step * i, _down(at)) for i, at in enumerate(places)]
    at = ",".join("" if place is None else f"{place:.4f}" for place in places)
    return view.tag("path", record, d=path(points), data_at=at)


def _down(place):
    if place is None:
        return TOP + HEIGHT + MISSING
    return round(TOP + (1 - place) * HEIGHT, 1)


def _axis(index, step, scale, gap):
    x = SIDE + step * index
    parts = [line(x, TOP, x, TOP + HEIGHT, "axis")]
    ticks = scale.ticks()
    for place, text in ticks[:: 1 + len(ticks) // 16]:
        y = _down(place)
        shape = (
            line(x - 4, y, x, y, "axis")
            if scale.categories is None
            else f'<circle class="category" cx="{x}" cy="{y}" r="4"/>'
        )
        parts += [shape, label(x - 7, y + 4, text[:14], "end", "tick halo")]
    if gap:
        y = _down(None)
        parts.append(f'<circle class="missing" cx="{x}" cy="{y}" r="4"/>')
        parts.append(label(x - 7, y + 4, "none", "end", "tick halo"))
    parts += _name(x, scale.name)
    name = html.escape(scale.name)
    return (
        f'<g class="dimension" data-index="{index}" data-top="{TOP}" '
        f'data-height="{HEIGHT}" data-missing="{MISSING}" '
        f'aria-label="{name}">{"".join(parts)}<rect class="grip" '
        f'x="{x - 14}" y="{TOP - 8}" width="28" '
        f'height="{HEIGHT + MISSING + 22}"/></g>'
    )


def _name(x, name):
    """In lines that fit between two axes, broken after underscores."""
    lines = [""]
    for part in name.replace("_", "_ ").split():
        if len(lines[-1] + part) > 17 and lines[-1]:
            lines.append("")
        lines[-1] += part
    lines = lines[:3]
    first = TOP - 14 - 14 * (len(lines) - 1)
    return [
        label(x, first + 14 * i, text, "middle", "name halo")
        for i, text in enumerate(lines)
    ]
