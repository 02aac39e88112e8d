"""The curve of `watchfloor reduce` as SVG: items a day against steps covered, as the threshold moves."""

from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 360, 56, 44
_COLOURS = ("#1b6ca8", "#c8553d", "#588b3a", "#7d5ba6", "#b08900", "#3a7d7c")
_MOST_ITEMS = 25.0


def _at(items: float, coverage: float) -> tuple[float, float]:
    x = _LEFT + min(items, _MOST_ITEMS) / _MOST_ITEMS * (_WIDTH - _LEFT - 12)
    return round(x, 1), round(12 + (1.0 - coverage) * (_HEIGHT - _BOTTOM - 12), 1)


def draw(found: dict[str, dict[str, Any]], folder: Path) -> Path:
    """Write ``reduce_curve.svg``: a line a scenario, a cross for first-seen, the goal as a dashed line."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="12"'
        ' font-family="sans-serif">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _at(0.0, share)
        parts.append(f'<path d="M{x} {y}H{_WIDTH - 12}" stroke="#ddd"/><text x="8" y="{y + 4}">{share:.0%}</text>')
    for items in (0, 5, 10, 15, 20, 25):
        x, y = _at(items, 0.0)
        parts.append(f'<text x="{x - 6}" y="{y + 16}">{items}</text>')
    goal, low = _at(10.0, 0.0)
    parts.append(f'<path d="M{goal} 12V{low}" stroke="#888" stroke-dasharray="4 4"/>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}">items to open a day (dashed: goal), steps covered</text>')
    for place, (name, one) in enumerate(sorted(found.items())):
        colour = _COLOURS[place % len(_COLOURS)]
        points = [_at(at["items_a_day"], at["covered"] / max(at["steps"], 1)) for at in one["curve"]]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x, y = _at(one["items_a_day"], one["coverage"])
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/>')
        other = one["baselines"]["first seen after a day"]
        x, y = _at(other["items_a_day"], other["coverage"])
        parts.append(f'<path d="M{x - 5} {y - 5}l10 10m0 -10l-10 10" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{_WIDTH - 130}" y="{190 + 18 * place}" fill="{colour}">{name}</text>')
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "reduce_curve.svg"
    target.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
    return target
