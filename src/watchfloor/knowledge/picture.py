"""A picture of some of the graph: columns from attack to defence, as one offline page (SVG) or for Graphviz.

Titles come from strangers: everything is escaped, and the page allows no script at all.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

from watchfloor.knowledge.graph import Link, Node

#: Kinds from left to right.
COLUMNS: Final = (
    ("campaign", "group"), ("software", "binary"), ("vulnerability", "exploited"), ("weakness",), ("pattern",),
    ("technique", "procedure", "test", "tactic", "asset"), ("mitigation", "control"),
    ("countermeasure", "detection"), ("rule",), ("note", "unknown"),
)  # fmt: skip
_COLOURS: Final = {
    "group": "#b5179e", "campaign": "#b5179e", "software": "#7209b7", "binary": "#7209b7", "vulnerability": "#d00000",
    "exploited": "#d00000", "weakness": "#e85d04", "pattern": "#e89005", "technique": "#1d4ed8",
    "mitigation": "#2d6a4f", "countermeasure": "#40916c", "detection": "#0f766e", "rule": "#0e7490",
    "control": "#2d6a4f",
}  # fmt: skip
_WIDTH, _HEIGHT, _ACROSS, _DOWN = 190, 46, 270, 66
_CHARACTERS: Final = 27
_STYLE: Final = (
    "body{font:14px system-ui,sans-serif;margin:24px;background:#fff;color:#1b1b1f}"
    "svg{max-width:100%;height:auto}text{font:12px system-ui,sans-serif}.id{font-weight:600}"
    ".said{fill:#555;font-size:10px}"
    "table{border-collapse:collapse;margin-top:20px}td,th{padding:3px 10px 3px 0;text-align:left;vertical-align:top}"
    "@media(prefers-color-scheme:dark){body{background:#16161a;color:#e8e8ea}.said{fill:#aaa}}"
)


def page(title: str, nodes: Sequence[Node], links: Sequence[Link], start: Node) -> str:
    """One HTML page with the picture and a table of what each step rests on."""
    rows = "".join(
        f"<tr><td>{escape(link.start)}</td><td>{escape(link.relation)}</td><td>{escape(link.end)}</td>"
        f"<td>{escape(' '.join(filter(None, (link.source, link.version[:12]))))}</td><td>{escape(link.said)}</td></tr>"
        for link in links
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{_svg(nodes, links, start)}"
        "<table><thead><tr><th>from</th><th>relation</th><th>to</th>"
        f"<th>source</th><th>what it says</th></tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def _svg(nodes: Sequence[Node], links: Sequence[Link], start: Node) -> str:
    places = _places(nodes)
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + 20
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + 20
    parts = [
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="graph">'
        '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#888"/></marker></defs>'
    ]
    parts += [_line(link, places) for link in links if link.start in places and link.end in places]
    parts += [_box(node, *places[node.id], strong=node.id == start.id) for node in nodes]
    return "".join(parts) + "</svg>"


def _places(nodes: Sequence[Node]) -> dict[str, tuple[int, int]]:
    """Where each node stands; columns without one are left out."""
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        column = next((n for n, kinds in enumerate(COLUMNS) if node.kind in kinds), len(COLUMNS))
        columns.setdefault(column, []).append(node)
    return {
        node.id: (10 + across * _ACROSS, 10 + down * _DOWN)
        for across, column in enumerate(sorted(columns))
        for down, node in enumerate(columns[column])
    }


def _line(link: Link, places: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[link.start], places[link.end]
    right = x2 > x1
    a, b = (
        (x1 + _WIDTH, y1 + _HEIGHT // 2) if right else (x1, y1 + _HEIGHT // 2),
        (x2 if right else x2 + _WIDTH, y2 + _HEIGHT // 2),
    )
    if x1 == x2:  # both in one column: round the outside
        a, b = (x1 + _WIDTH, y1 + _HEIGHT // 2), (x2 + _WIDTH, y2 + _HEIGHT // 2)
        path, middle = (
            f"M{a[0]} {a[1]}C{a[0] + 50} {a[1]} {b[0] + 50} {b[1]} {b[0]} {b[1]}",
            (a[0] + 40, (a[1] + b[1]) // 2),
        )
    else:
        half = (a[0] + b[0]) // 2
        path, middle = f"M{a[0]} {a[1]}C{half} {a[1]} {half} {b[1]} {b[0]} {b[1]}", (half, (a[1] + b[1]) // 2 - 4)
    said = escape(f"{link.relation} — {link.source}")
    return (
        f'<path d="{path}" fill="none" stroke="#888" marker-end="url(#end)"><title>{said}</title></path>'
        f'<text class="said" x="{middle[0]}" y="{middle[1]}" text-anchor="middle">{escape(link.relation)}</text>'
    )


def _box(node: Node, x: int, y: int, *, strong: bool) -> str:
    colour = _COLOURS.get(node.kind, "#555")
    short = node.title if len(node.title) <= _CHARACTERS else node.title[: _CHARACTERS - 1] + "…"
    id = node.id if len(node.id) <= _CHARACTERS else "…" + node.id[1 - _CHARACTERS :]
    return (
        f"<g><title>{escape(f'{node.id} {node.title} ({node.kind})')}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{colour}" fill-opacity=".12" '
        f'stroke="{colour}" stroke-width="{3 if strong else 1}"/>'
        f'<text class="id" x="{x + 8}" y="{y + 18}" fill="{colour}">{escape(id)}</text>'
        f'<text x="{x + 8}" y="{y + 35}" fill="currentColor">{escape(short or node.kind)}</text></g>'
    )


def dot(nodes: Sequence[Node], links: Sequence[Link]) -> str:
    """The same for Graphviz."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'

    lines = [f"  {quoted(node.id)} [label={quoted(f'{node.id} {node.title}')}];" for node in nodes]
    lines += [f"  {quoted(link.start)} -> {quoted(link.end)} [label={quoted(link.relation)}];" for link in links]
    return "\n".join(["digraph knowledge {", "  rankdir=LR;", "  node [shape=box];", *lines, "}"]) + "\n"
