"""The attack graph as SVG, drawn by us: processes in columns by depth, files and addresses at the right edge."""

from collections import defaultdict
from html import escape
from typing import Any, Final

from watchfloor.film.story import clip

_WIDTH: Final = 168
_HEIGHT: Final = 30
_GAP_X: Final = 44
_GAP_Y: Final = 9
_FILL: Final = {"process": "#dbe9f6", "address": "#fbe0c3", "path": "#e3efd9", "hash": "#ece2f4"}
_STRONG: Final = "#f3b9b3"


def svg(graph: dict[str, Any]) -> str:
    """An SVG element of a case's graph; every text in it is escaped. Empty graph, empty string."""
    nodes = graph.get("nodes") or []
    if not nodes:
        return ""
    place = _places(nodes, graph["edges"])
    width = max(x for x, _ in place.values()) + _WIDTH + 10
    height = max(y for _, y in place.values()) + _HEIGHT + 10
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="attack graph">']
    for edge in graph["edges"]:
        if edge["from"] in place and edge["to"] in place:
            (x1, y1), (x2, y2) = place[edge["from"]], place[edge["to"]]
            x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
            dash = "" if edge["why"] == "started" else ' stroke-dasharray="4 3"'
            why = escape(clip(edge["why"], 120))
            bend = (x1 + x2) // 2
            line = f"M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}"
            parts.append(f'<path d="{line}" class="e"{dash}><title>{why}</title></path>')
    for node in nodes:
        x, y = place[node["id"]]
        fill = _STRONG if node["kind"] == "process" and node["weight"] >= 0.5 else _FILL.get(node["kind"], "#eee")
        label, detail = escape(clip(node["label"] or "?", 24)), escape(clip(node["detail"], 300))
        target = escape(node["event_ids"][0], quote=True) if node["event_ids"] else ""
        shape = f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{fill}"/>'
        said = f'<text x="{x + 8}" y="{y + 19}">{label}</text><title>{detail}</title>'
        parts.append(f'<a href="#r-{_slug(target)}"><g class="n">{shape}{said}</g></a>')
    parts.append("</svg>")
    return "".join(parts)


def _places(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Where each node stands: a column a depth of lineage, things after processes, top to bottom by time."""
    parent = {edge["to"]: edge["from"] for edge in edges if edge["why"] == "started"}
    columns: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes:
        depth, at, met = 0, node["id"], {node["id"]}
        while at in parent and parent[at] not in met:
            at = parent[at]
            met.add(at)
            depth += 1
        columns[min(depth, 8) if node["kind"] == "process" else 9].append(node)
    place = {}
    for column, number in enumerate(sorted(columns)):
        for row, node in enumerate(sorted(columns[number], key=lambda n: n["time"])):
            place[node["id"]] = (10 + column * (_WIDTH + _GAP_X), 10 + row * (_HEIGHT + _GAP_Y))
    return place


def _slug(identity: str) -> str:
    """An id as a fragment of our own page: letters, digits and dots stay, all else becomes a dash."""
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in identity)


slug = _slug
