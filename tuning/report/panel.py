"""Axes of a plot as SVG, which `report.css` gives its colours."""

import dataclasses
import html

from tfgen.tuning.report.scale import Scale


@dataclasses.dataclass(frozen=True)
class Panel:
    """A plot with two axes.

    Attributes:
        x: axis from left to right.
        y: axis from the bottom up.
        width: of the whole picture, in pixels.
        height: of the whole picture.
        missing_x: text of a strip left of the plot for what has no place on
            the x axis; empty for none.
        missing_y: the same below the plot, for the y axis.
    """

    x: Scale
    y: Scale
    width: int = 720
    height: int = 300
    missing_x: str = ""
    missing_y: str = ""

    LEFT, RIGHT, TOP, BOTTOM, STRIP = 62, 24, 10, 44, 36

    def point(self, x, y) -> tuple[float, float]:
        """Pixels of a pair of values."""
        return self.across(self.x.position(x)), self.up(self.y.position(y))

    def across(self, place: float | None) -> float:
        """Pixels from the left of a place on the x axis."""
        left = self.LEFT + bool(self.missing_x) * self.STRIP
        if place is None:
            return left - 0.6 * self.STRIP
        return round(left + place * (self.width - self.RIGHT - left), 1)

    def up(self, place: float | None) -> float:
        """Pixels from the top of a place on the y axis."""
        bottom = self.height - self.BOTTOM
        bottom -= bool(self.missing_y) * self.STRIP
        if place is None:
            return bottom + 0.6 * self.STRIP
        return round(bottom - place * (bottom - self.TOP), 1)

    def svg(self, label: str, *parts: str) -> str:
        """The picture with its axes.

        Args:
            label: what it shows, for readers who cannot see it.
            parts: SVG of what is plotted.
        """
        inside = "\n".join([*self._axes(), *parts])
        return drawing(self.width, self.height, label, inside)

    def _axes(self):
        left, right = self.across(0), self.across(1)
        top, bottom = self.up(1), self.up(0)
        for place, text in _few(self.x.ticks(), (right - left) // 48):
            at = self.across(place)
            yield line(at, top, at, bottom)
            yield label(at, self.height - 24, text, "middle")
        for place, text in _few(self.y.ticks(), (bottom - top) // 24):
            at = self.up(place)
            yield line(left, at, right, at)
            yield label(self.LEFT - 8, at + 4, text, "end")
        if self.missing_x:
            at = self.across(None)
            yield label(at, self.height - 24, self.missing_x, "middle")
        if self.missing_y:
            at = self.up(None)
            yield label(self.LEFT - 8, at + 4, self.missing_y, "end")
        middle = (left + right) / 2
        yield label(middle, self.height - 6, self.x.name, "middle", "name")


def drawing(width, height, label: str, inside: str, kind: str = "") -> str:
    """An SVG picture that shrinks with the page, to a degree."""
    return (
        f'<svg class="plot {kind}" viewBox="0 0 {width} {height}" '
        f'style="min-width:{round(0.65 * width)}px;max-width:{width}px" '
        f'role="img" aria-label="{html.escape(label)}">\n{inside}\n</svg>'
    )


def line(x1, y1, x2, y2, kind: str = "grid") -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def label(x, y, text: str, anchor: str = "start", kind: str = "tick") -> str:
    """A text that begins, ends or has its middle at x."""
    return (
        f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">'
        f"{html.escape(text)}</text>"
    )


def path(points) -> str:
    """Straight lines through points: the d of a `<path>`."""
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points)


def _few(ticks, most):
    """Every second, third ... so that the texts have room."""
    step = -(-len(ticks) // max(int(most), 1))
    return ticks[::step]
