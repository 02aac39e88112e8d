"""The graph: ways from attack to defence, each step with its source, and pictures that nothing can break out of."""

from pathlib import Path

import pytest

from tests.knowledge.sources import feeds
from watchfloor.base.errors import UsageError
from watchfloor.base.settings import Settings
from watchfloor.knowledge.building import build
from watchfloor.knowledge.database import connect
from watchfloor.knowledge.documents import Edge, Origin
from watchfloor.knowledge.graph import Graph, Link, Node
from watchfloor.knowledge.knowledge_base import KnowledgeBase
from watchfloor.knowledge.picture import dot, page
from watchfloor.knowledge.writing import Edition


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    place = tmp_path_factory.mktemp("graph")
    build(place / "kb", [str(feeds(place / "feeds"))], Settings(), None)
    return KnowledgeBase.open(place / "kb")


def steps(base: KnowledgeBase, start: str, end: str, **options: tuple[str, ...]) -> list[str]:
    return [" ".join(node.id for node in way.nodes) for way in base.paths(start, end, **options)]


def test_from_a_vulnerability_over_its_weakness_to_the_technique(base: KnowledgeBase) -> None:
    ways = base.paths("CVE-2021-44228", "T1190")
    assert [node.id for node in ways[0].nodes] == ["CVE-2021-44228", "T1190"]
    assert ways[0].links[0].record()["source"] in ("mappings.json", "enterprise-attack.json")
    over = steps(base, "CVE-2021-44228", "T1190", via=("cwe", "capec"))
    assert over[-1] == "CVE-2021-44228 CWE-502 CAPEC-586 T1190"
    assert [way.cost for way in ways] == sorted(way.cost for way in ways)


def test_a_kind_is_a_goal_and_a_name_is_an_end(base: KnowledgeBase) -> None:
    assert steps(base, "HashThief", "d3fend")[0] == "S9001 T1003.001 M1043 D3-CTS"
    assert base.paths("M1043", "D3-CTS")[0].links[0].source == "watchfloor"  # our own table, and it says so
    assert steps(base, "test panda", "sigma")[0] == "G9001 S9001 aaaaaaaa-0000-4000-8000-000000000001"
    assert steps(base, "T1086", "T1059.001") == []  # the successor is where one stands already


def test_two_things_are_not_related_by_a_vulnerability_between(base: KnowledgeBase) -> None:
    assert all(" CVE-2021-44228 " not in way for way in steps(base, "G9001", "CWE-502"))


def test_what_nobody_knows(base: KnowledgeBase) -> None:
    with pytest.raises(UsageError, match="nothing is called 'T9999'"):
        base.paths("T9999", "rule")
    assert base.neighbours("T9999") == []


def test_the_shortest_way_is_what_a_search_of_all_ways_finds(tmp_path: Path) -> None:
    database = connect(tmp_path / "kb", write=True)
    pairs = [(a, b) for a in range(1, 9) for b in range(a + 1, 9) if (a * 7 + b * 3) % 4 == 0 or b == a + 1]
    edition = Edition(database, "test")
    edition.take([Edge(f"G000{a}", "uses", f"G000{b}") for a, b in pairs], Origin("test"))
    edition.close()
    graph = Graph(database)
    found = graph.ways("G0001", lambda node: node.id == "G0008", most=50)
    every = simple_paths(pairs, 1, 8)
    assert tuple(int(node.id[-1]) for node in found[0].nodes) in every
    assert {tuple(int(node.id[-1]) for node in way.nodes) for way in found} <= every
    assert len({way.nodes for way in found}) == len(found)
    assert [way.cost for way in found] == sorted(way.cost for way in found)
    database.close()


def simple_paths(pairs: list[tuple[int, int]], start: int, end: int) -> set[tuple[int, ...]]:
    beside: dict[int, set[int]] = {}
    for a, b in pairs:
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    found, open_ = set(), [(start,)]
    while open_:
        path = open_.pop()
        if path[-1] == end:
            found.add(path)
            continue
        open_ += [(*path, other) for other in beside[path[-1]] if other not in path]
    return found


def test_a_picture_holds_no_script_and_nothing_unescaped() -> None:
    evil = '"><script>alert(1)</script>\n'
    nodes = [
        Node(f"G0001{evil}", "group", evil),
        Node("T1003", "technique", "LSASS"),
        Node("T1004", "technique", "other"),
    ]
    links = [
        Link(nodes[0].id, evil, "T1003", evil, evil, evil),
        Link("T1003", "x", "T1004", "", "s", ""),
        Link("a", "b", "c", "", "", ""),
    ]
    html = page(evil, nodes, links, nodes[0])
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert html.count("<rect") == 3
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")
    unquoted = dot(nodes, links).replace('\\"', "").split('"')[::2]
    assert "script" not in "".join(unquoted)
