"""Charts of the lab's reports, drawn by hand as SVG: no script, nothing fetched, every word escaped.

The page around them forbids both as well, should a word ever slip through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from watchfloor.film.story import visible

_SIZE: Final = 300
_EDGE: Final = 52
_TICKS: Final = 4
GREY: Final = "#888"
#: Colours that can be told apart on white and on black, also by people who see few colours (after Okabe and Ito).
COLOURS: Final = ("#00618f", "#9a5b00", "#6b7280", "#8a4f9e", "#2f7d32", "#b0413e")
_STYLE: Final = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}th,td{border-bottom:1px solid #8886;padding:.3rem .8rem;text-align:left}
td{font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}figure{display:inline-block;margin:1rem 1rem 0 0}
.no{border-left:4px solid #b00020;padding-left:1rem}.yes{border-left:4px solid #18794e;padding-left:1rem}
.wide{overflow-x:auto}code{overflow-wrap:anywhere;white-space:pre-wrap}.quiet{color:#777}
"""


def text(value: object) -> str:
    """A word as HTML: what cannot be seen is spelled out, what could be markup is not."""
    return escape(visible(str(value)))


def page(title: str, parts: Sequence[str]) -> str:
    """A whole page that loads nothing and runs nothing."""
    return "".join([
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<meta name=viewport content='width=device-width'><title>Watchfloor: {text(title)}</title>",
        f"<style>{_STYLE}</style>", *parts, "</html>\n",
    ])  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; the first cell of a row names it."""
    found = ["<div class=wide><table>"]
    if head:
        found += ["<tr>", *(f"<th>{text(cell)}" for cell in head)]
    for first, *rest in rows:
        found += [f"<tr><th>{text(first)}", *(f"<td>{text(cell)}" for cell in rest)]
    return "".join([*found, "</table></div>"])


@dataclass(frozen=True, slots=True)
class Axes:
    """A square to draw in, from ``low`` to ``high`` on each axis."""

    low: tuple[float, float] = (0.0, 0.0)
    high: tuple[float, float] = (1.0, 1.0)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point in pixels."""
        across = (x - self.low[0]) / ((self.high[0] - self.low[0]) or 1.0)
        up = (y - self.low[1]) / ((self.high[1] - self.low[1]) or 1.0)
        return _EDGE + across * _SIZE, 10 + (1 - up) * _SIZE

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dash: bool = False) -> str:
        """A line through points."""
        style = ' stroke-dasharray="4 4"' if dash else ""
        path = " ".join("{:.1f},{:.1f}".format(*self.at(x, y)) for x, y in points)
        return f'<polyline fill="none" stroke="{colour}" stroke-width="2"{style} points="{path}"/>'

    def dot(self, x: float, y: float, radius: float, colour: str) -> str:
        """A point as large as it matters."""
        cx, cy = self.at(x, y)
        return f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity=".6"/>'

    def figure(self, title: str, below: str, beside: str, drawn: str, legend: Mapping[str, str]) -> str:
        """What was drawn, with axes; ``legend`` maps names to colours."""
        wide, high = _SIZE + _EDGE + 20, _SIZE + 64
        ticks = []
        for tick in range(_TICKS + 1):
            x, y = (a + (b - a) * tick / _TICKS for a, b in zip(self.low, self.high, strict=True))
            px, _ = self.at(x, self.low[1])
            _, py = self.at(self.low[0], y)
            ticks.append(f'<text x="{px:.1f}" y="{_SIZE + 26}" text-anchor="middle">{x:.3g}</text>'
                         f'<text x="{_EDGE - 6}" y="{py + 4:.1f}" text-anchor="end">{y:.3g}</text>')  # fmt: skip
        middle = 10 + _SIZE / 2
        return _figure(
            title, legend, wide, high,
            f'<rect x="{_EDGE}" y="10" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="{GREY}"/>{"".join(ticks)}'
            f'<text x="{_EDGE + _SIZE / 2}" y="{_SIZE + 48}" text-anchor="middle">{text(below)}</text>'
            f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{text(beside)}</text>'
            f"{drawn}",
        )  # fmt: skip


def bars(title: str, rows: Sequence[tuple[str, Mapping[str, float], str]], most: float = 1.0) -> str:
    """Bars with their intervals, one below the other: name, ``value``, ``low`` and ``high``, colour."""
    left, wide, step = 150, 320, 30
    drawn = []
    for place, (name, value, colour) in enumerate(rows):
        y = 8 + place * step

        def across(number: float) -> float:
            return left + wide * min(max(number / (most or 1.0), 0.0), 1.0)

        end, low, high = across(value["value"]), across(value["low"]), across(value["high"])
        drawn.append(
            f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{text(name)}</text>'
            f'<rect x="{left}" y="{y}" width="{end - left:.1f}" height="20" fill="{colour}" fill-opacity=".75"/>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y + 10}" y2="{y + 10}" stroke="currentColor"/>'
            f'<line x1="{low:.1f}" x2="{low:.1f}" y1="{y + 5}" y2="{y + 15}" stroke="currentColor"/>'
            f'<line x1="{high:.1f}" x2="{high:.1f}" y1="{y + 5}" y2="{y + 15}" stroke="currentColor"/>'
            f'<text x="{left + wide + 8}" y="{y + 14}">{value["value"]:.3f}</text>'
        )
    return _figure(title, {}, left + wide + 64, 8 + len(rows) * step, "".join(drawn))


def _figure(title: str, legend: Mapping[str, str], wide: float, high: float, drawn: str) -> str:
    names = " ".join(f'<span style="color:{colour}">■ {text(name)}</span>' for name, colour in legend.items())
    return (
        f'<figure><figcaption>{text(title)} {names}</figcaption><svg role="img" aria-label="{text(title)}" '
        f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" font-size="12" fill="currentColor">{drawn}'
        "</svg></figure>"
    )
