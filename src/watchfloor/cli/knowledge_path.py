"""``watchfloor knowledge path``: ways through the attack–defence graph, in words, JSON, dot or a picture."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from watchfloor.cli import knowledge_shelf, outputs

if TYPE_CHECKING:
    from watchfloor.knowledge.graph import Link, Node, Way

NAME = "path"
SUMMARY = "follow the graph from attack to defence"
DESCRIPTION = """The best ways from one thing to another: techniques, software, groups, CVE, CWE, CAPEC, mitigations,
D3FEND, rules. TO may be a kind, for the nearest of it. With FROM alone, everything beside it, by kind.
Each step names the source that says so.

examples:
  watchfloor knowledge path T1003.001
  watchfloor knowledge path CVE-2021-44228 mitigation
  watchfloor knowledge path APT29 CVE-2019-19781 --limit 3
  watchfloor knowledge path CWE-89 technique --via capec --html path.html"""

_SHOWN_OF_A_KIND = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Ends, and forms of the output."""
    add = parser.add_argument
    add("start", metavar="FROM", help="an id or a name")
    add("end", metavar="TO", nargs="?", help="an id, a name or a kind")
    add("--limit", metavar="N", type=knowledge_shelf.count, default=5, help="ways at most; default 5")
    add("--via", metavar="KINDS", help="kinds that may lie between, comma between them")
    add("--html", metavar="FILE", help="write a picture, one page that works offline")
    add("--dot", metavar="FILE", help="write the same for Graphviz")
    knowledge_shelf.add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Find and show; nothing found is said, and is no error."""
    from watchfloor.base.settings import from_environment
    from watchfloor.knowledge.knowledge_base import KnowledgeBase

    knowledge_shelf.check_json(options, options.html, options.dot)
    began = time.monotonic()
    with KnowledgeBase.open(knowledge_shelf.folder_of(options, from_environment())) as base:
        start = base.node(base.resolve(options.start))
        if options.end is None:
            beside = base.neighbours(start.id)
            records: list[dict[str, Any]] = [
                {"type": "neighbour", "id": node.id, "kind": node.kind, "title": node.title, "link": link.record()}
                for link, node in beside
            ]
            nodes, links = _bounded(start, beside)
            ways: list[Way] = []
        else:
            via = tuple(each for each in (options.via or "").split(",") if each)
            ways = base.paths(start.id, options.end, options.limit, via=via)
            beside = []
            records = [way_record(each, place) for place, each in enumerate(ways, 1)]
            nodes = list(dict.fromkeys([start, *(node for way in ways for node in way.nodes)]))
            links = list(dict.fromkeys(link for way in ways for link in way.links))
    seconds = round(time.monotonic() - began, 3)
    records.append({"type": "summary", "from": start.id, "to": options.end, "found": len(records), "seconds": seconds})
    _pictures(options, nodes, links, start)
    knowledge_shelf.write_json(options, records if options.json is not None else [])
    if options.json != "-":
        _tell(options, start, beside, ways)
    return 0


def way_record(way: "Way", rank: int) -> dict[str, Any]:
    """One way as JSON."""
    nodes = [{"id": node.id, "kind": node.kind, "title": node.title} for node in way.nodes]
    return {
        "type": "path",
        "rank": rank,
        "cost": way.cost,
        "nodes": nodes,
        "links": [link.record() for link in way.links],
    }


def _bounded(start: "Node", beside: "list[tuple[Link, Node]]") -> "tuple[list[Node], list[Link]]":
    """What of a neighbourhood a picture shows: the first of each kind."""
    shown: dict[str, list[tuple[Link, Node]]] = {}
    for link, node in beside:
        if len(shown.setdefault(node.kind, [])) < _SHOWN_OF_A_KIND:
            shown[node.kind].append((link, node))
    kept = [each for many in shown.values() for each in many]
    return list(dict.fromkeys([start, *(node for _, node in kept)])), [link for link, _ in kept]


def _pictures(options: argparse.Namespace, nodes: "list[Node]", links: "list[Link]", start: "Node") -> None:
    from watchfloor.knowledge.picture import dot, page

    title = f"{options.start} → {options.end}" if options.end else str(options.start)
    if options.html is not None:
        outputs.write(options.html, [page(title, nodes, links, start).encode()])
    if options.dot is not None:
        outputs.write(options.dot, [dot(nodes, links).encode()])


def _tell(options: argparse.Namespace, start: "Node", beside: "list[tuple[Link, Node]]", ways: "list[Way]") -> None:
    from watchfloor.cli.terminal import Terminal

    terminal = Terminal(sys.stdout)
    terminal.line(f"{start.id}  {start.title}  ({start.kind})", style="bold")
    if options.end is None:
        kinds: dict[str, list[tuple[Link, Node]]] = {}
        for link, node in beside:
            kinds.setdefault(node.kind, []).append((link, node))
        for kind, many in sorted(kinds.items()):
            terminal.line(f"{kind}: {len(many):,}", style="bold", indent=2)
            for link, node in many[:_SHOWN_OF_A_KIND]:
                arrow = f"{link.relation} →" if link.start == start.id else f"← {link.relation}"
                terminal.line(f"{arrow} {node.id}  {node.title}  [{link.source} {link.version[:12]}]", indent=4)
            if many[_SHOWN_OF_A_KIND:]:
                terminal.line(f"and {len(many) - _SHOWN_OF_A_KIND:,} more: see --json.", indent=4)
        return
    if not ways:
        terminal.line(f"No way leads to {options.end}.")
    for place, way in enumerate(ways, 1):
        terminal.line(f"{place}. {len(way.links)} steps, cost {way.cost}", style="bold")
        for link, one, other in zip(way.links, way.nodes, way.nodes[1:], strict=False):
            arrow = f"—{link.relation}→" if link.start == one.id else f"←{link.relation}—"
            terminal.line(f"{one.id} {arrow} {other.id}  {other.title}  [{link.source} {link.version[:12]}]", indent=3)
    if options.html:
        terminal.line(f"Picture: {options.html}")
