"""Rule files: every good rule is loaded whatever stands beside it, and what is bad is named and does no harm."""

import gzip
import time
from pathlib import Path

import pytest

from tests.rules.packed import tarred, zipped
from watchfloor.base.settings import Settings
from watchfloor.rules.compiling import compile_rules
from watchfloor.rules.files import RuleFile, read_files
from watchfloor.rules.loading import Loaded, load
from watchfloor.rules.ruleset import RuleSet

RULE = """title: {0}
logsource: {{product: windows, category: process_creation}}
detection:
  selection: {{Image: '{0}'}}
  condition: selection
"""
TAIL = "logsource: {product: windows}\ndetection: {selection: {Image: x}, condition: selection}\n"
SECONDS = 2.0  # far more than any of it takes, far less than a bomb's hours


def loaded(*texts: str | bytes) -> Loaded:
    contents = [text.encode() if isinstance(text, str) else text for text in texts]
    return load([RuleFile(f"{n}.yml", content) for n, content in enumerate(contents)])


def titles(found: Loaded) -> list[str]:
    return [rule.title for _, rule in found.rules]


def below(path: Path) -> tuple[RuleSet, list[str]]:
    files, faults = read_files([str(path)], Settings())
    return compile_rules(load(files)), [fault.why for fault in faults]


def test_a_folder_gives_its_rules_and_passes_over_the_rest(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.yml").write_text(RULE.format("a"))
    (tmp_path / "b.YAML").write_text(RULE.format("b"))
    (tmp_path / "README.md").write_text(RULE.format("readme"))
    (tmp_path / "LICENSE").write_bytes(b"\x00\x01")
    zipped(tmp_path / "more.zip", {"x/c.yml": RULE.format("c").encode(), "x/notes.txt": b"no rule"})
    tarred(tmp_path / "more.tgz", {"d.yml": RULE.format("d").encode()})
    (tmp_path / "e.yml.gz").write_bytes(gzip.compress(RULE.format("e").encode()))
    rules, faults = below(tmp_path)
    assert {rule.title for rule in rules.rules} == {"a", "b", "c", "d"}
    assert {rule.path.rpartition("more.")[2] for rule in rules.rules} >= {"zip::x/c.yml", "tgz::d.yml"}
    assert not rules.faults
    assert not faults


def test_a_file_named_outright_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "rule.sigma"
    path.write_text(RULE.format("a"))
    assert [rule.title for rule in below(path)[0].rules] == ["a"]
    path.write_bytes(gzip.compress(RULE.format("packed").encode()))
    assert [rule.title for rule in below(path)[0].rules] == ["packed"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_a_rule(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.yml").write_text(RULE.format("ä"), encoding=encoding)
    assert [rule.title for rule in below(tmp_path)[0].rules] == ["ä"]
    assert titles(loaded(RULE.format("ä &x").encode(encoding))) == ["ä &x"]


def test_broken_files_do_not_hide_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULE.format("a"))
    (tmp_path / "binary.yml").write_bytes(bytes(range(128, 256)))
    (tmp_path / "cut.yml").write_text("title: [cut")
    (tmp_path / "empty.yml").write_bytes(b"")
    (tmp_path / "huge.yml").write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    (tmp_path / "list.yml").write_text("- a\n- b\n")
    (tmp_path / "z.yml").write_text(RULE.format("z"))
    rules, faults = below(tmp_path)
    assert [rule.title for rule in rules.rules] == ["a", "z"]
    assert {Path(fault.path).name for fault in rules.faults} == {"binary.yml", "cut.yml", "list.yml"}
    assert faults == ["larger than any rule: 4 MiB"]


def test_a_bad_document_does_not_hide_the_others_of_its_file() -> None:
    bad = [
        "title: a\ntitle: b\n",  # a key twice
        "title: 2026-99-99\n",  # no such day
        "? [a, b]\n: c\n",  # a key that is a list
        "title: !!python/object:os.system {}\n",
        "title: no detection\n",
        "&a [*a]\n",
        "a: " + "[" * 100 + "]" * 100 + "\n",
        "a: " + "[" * 100_000 + "\n",
        "just text\n",
    ]
    good = [RULE.format(f"r{n}") for n in range(len(bad))]
    found = loaded("---\n".join(text for pair in zip(bad, good, strict=True) for text in pair))
    assert titles(found) == [f"r{n}" for n in range(len(bad))]
    assert len(found.faults) == len(bad)


def test_every_fault_says_what_is_wrong() -> None:
    found = loaded("title: x\nlogsource: {product: windows}\n", "title: [1", "- 1\n", f"title: y\nlevel: soso\n{TAIL}")
    whys = [fault.why for fault in found.faults]
    assert "detection" in whys[0]
    assert whys[1].startswith("not readable as YAML")
    assert "no mapping" in whys[2]
    assert "soso" in whys[3]
    assert [fault.title for fault in found.faults] == ["x", "", "", "y"]
    assert all("\n" not in why and len(why) < 400 for why in whys)


def lists(depth: int, width: int = 10) -> str:
    """Anchors of which each stands for ``width`` of the one before."""
    rows = ["  - &a0 [" + ", ".join(["x"] * width) + "]"]
    rows += [f"  - &a{n} [" + ", ".join([f"*a{n - 1}"] * width) + "]" for n in range(1, depth)]
    return "bomb:\n" + "\n".join(rows) + "\n"


def mappings(depth: int) -> str:
    rows = ["  - &a0 {x: 1}"]
    rows += [f"  - &a{n} {{<<: [" + ", ".join([f"*a{n - 1}"] * 10) + "]}" for n in range(1, depth)]
    return "bomb:\n" + "\n".join(rows) + "\n"


CORRELATED = "title: c\ncorrelation: {{type: event_count, rules: [r], timespan: {}, condition: {{gte: {}}}}}\n"
BOMBS = {
    "title": lists(9) + "title: *a8\n" + TAIL,
    "date": lists(9) + "title: t\ndate: *a8\n" + TAIL,
    "id": lists(9) + "title: t\nid: *a8\n" + TAIL,
    "tags": lists(9) + "title: t\ntags: *a8\n" + TAIL,
    "unused": lists(9) + "title: t\n" + TAIL,
    "keywords": lists(9) + "title: t\nlogsource: {product: windows}\ndetection: {keywords: *a8, condition: keywords}\n",
    "values": lists(9) + "title: t\nlogsource: {product: windows}\ndetection: {s: {Image: *a8}, condition: s}\n",
    "timespan": lists(9) + CORRELATED.format("*a8", 1),
    "bound": lists(9) + CORRELATED.format("5m", "*a8"),
    "merged mappings": mappings(12) + "title: t\n" + TAIL,
    "long text": "text: &t " + "x" * 100_000 + "\nbomb: [" + ", ".join(["*t"] * 1000) + "]\ntitle: t\n" + TAIL,
    "itself": "title: t\nbomb: &a [*a]\n" + TAIL,
    "flow": "title: t\nbomb: " + "[" * 50_000 + "\n",
    "flow mappings": "title: t\nbomb: " + "{a: " * 50_000 + "\n",
    "indents": "\n".join(" " * n + "a:" for n in range(1000)),
    "dashes": "- " * 50_000 + "x",
    "questions": "? " * 50_000 + "x",
    "other line ends": "a:\u2028" + "- " * 50_000 + "x",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_document_that_means_too_much_is_refused_in_time(name: str) -> None:
    began = time.process_time()
    found = loaded(BOMBS[name], RULE.format("good"))
    rules = compile_rules(found)
    assert time.process_time() - began < SECONDS
    assert [rule.title for rule in rules.rules] == ["good"]
    (fault,) = rules.faults
    assert any(
        reason in fault.why for reason in ("aliases are written out", "contains itself", "deep", "not readable as YAML")
    ), fault.why


def test_aliases_and_depth_that_are_no_bomb_are_read() -> None:
    detection = "detection:\n  a: &a {Image: &i [x, y]}\n  b: {ParentImage: *i}\n  c: *a\n  condition: a or b or c\n"
    nested = "custom: " + "[" * 50 + "]" * 50 + "\n"
    found = loaded("title: t\nlogsource: {product: windows}\n" + nested + detection)
    assert not found.faults
    (rule,) = compile_rules(found).rules
    assert rule.condition


@pytest.mark.parametrize(
    "selection",
    [
        "{'Image" + "|windash" * 2 + "': '-a'}",
        "[{'Image" + "|base64offset" * 12 + "': abc}]",
        "{'Image" + "|contains" * 100 + "': abc}",
    ],
)
@pytest.mark.parametrize("section", ["detection", "filter"])
def test_modifiers_that_multiply_are_refused(selection: str, section: str) -> None:
    more = "rules: any, " if section == "filter" else ""
    found = loaded(f"title: t\nlogsource: {{product: windows}}\n{section}: {{{more}s: {selection}, condition: s}}\n")
    assert not found.rules
    assert "modifier" in found.faults[0].why
