"""Line charts as SVG, for figures that people would rather look at. Knows nothing of what it draws."""

from collections.abc import Sequence
from html import escape

Point = tuple[float, float]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 420, 260, 62, 44, 30
COLOURS = ("#2563eb", "#d97706", "#059669", "#be123c", "#7c3aed", "#64748b")


def line_chart(title: str, x: str, y: str, series: Sequence[tuple[str, Sequence[Point]]]) -> str:
    """An SVG element; axes begin at 0 and end at the largest value."""
    most_x = max(point[0] for _, points in series for point in points) or 1
    most_y = (max(point[1] for _, points in series for point in points) or 1) * 1.1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-size="13" font-weight="bold">{escape(title)}</text>',
    ]

    def place(point: Point) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - 16) * point[0] / most_x
        return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * point[1] / most_y

    for n in range(5):
        _, height = place((0, most_y * n / 4))
        across, _ = place((most_x * n / 4, 0))
        parts.append(f'<path d="M{LEFT} {height:.1f}H{WIDTH - 16}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{_short(most_y * n / 4)}</text>')
        parts.append(
            f'<text x="{across:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_short(most_x * n / 4)}</text>'
        )
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>')
    parts.append(f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(y)}</text>')
    for row, (colour, (name, points)) in enumerate(zip(COLOURS[: len(series)], series, strict=True)):
        path = "L".join(f"{across:.1f} {height:.1f}" for across, height in map(place, points))
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{h:.1f}" r="3" fill="{colour}"/>' for a, h in map(place, points)]
        named = LEFT + 8, TOP + 12 + 14 * row  # where nothing is drawn yet: curves begin at 0
        parts.append(f'<text x="{named[0]}" y="{named[1]}" fill="{colour}">■ {escape(name)}</text>')
    return "".join((*parts, "</svg>\n"))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
