"""A page for a person: one file, nothing loaded from outside."""

import base64
import html
import math
import pathlib

STYLE = pathlib.Path(__file__).with_name("page.css")
# The browser refuses whatever a page would ask for, should it ever try.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)


def page(title: str, body: str, style: str = "") -> str:
    """The text of an HTML file, in light or dark as the reader's browser is.

    Args:
        title: as text; it is also the heading.
        body: HTML below the heading.
        style: CSS beyond that of all pages.
    """
    title = html.escape(title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}{style}</style>\n"
        f"</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def table(header, rows, numbers: bool = False) -> str:
    """An HTML table.

    Args:
        header: texts.
        rows: of cells: texts, or HTML if `numbers`.
        numbers: whether it is a table of numbers, which line up.
    """
    cells = str if numbers else html.escape
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cells(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    kind = ' class="numbers"' if numbers else ""
    return f"<table{kind}>\n<tr>{head}</tr>\n{body}\n</table>"


def number(value: float) -> str:
    """Four digits.

    >>> number(0.00012345678), number(3.0), number(float("nan"))
    ('0.0001235', '3', 'not finite')
    """
    if not math.isfinite(value):
        return "not finite"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.4g}"


def data_uri(png: bytes) -> str:
    """A PNG file as the source of an `<img>`."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
