"""What experts learn from: no benchmark's texts, and no group on both sides of a split."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from watchfloor.lab.examples import part
from watchfloor.lab.tasks import TASKS
from watchfloor.lab.tasks_command import program
from watchfloor.lab.tasks_prompt import ATTACK, BENIGN, HARMLESS, INJECTIONS, ORDINARY, guard
from watchfloor.lab.tasks_technique import plain
from watchfloor.lab.tasks_written import CARRIERS, carried, filled, templates


def test_a_split_is_the_same_everywhere_and_of_the_promised_size() -> None:
    parts = [part(f"group {number}") for number in range(20_000)]
    assert parts[:5] == [part(f"group {number}") for number in range(5)]
    assert 0.09 < parts.count("test") / len(parts) < 0.11
    assert 0.09 < parts.count("dev") / len(parts) < 0.11


@pytest.mark.parametrize(("command", "name"), [
    ("sudo /usr/bin/find . -exec /bin/sh \\;", "find"), ("FOO=1 env bash -c id", "bash"),
    ('"C:\\Windows\\System32\\CertUtil.exe" -urlcache', "certutil"), ("$ ls", "ls"), ("", ""),
    ('"C:\\Program Files\\Mozilla Firefox\\firefox.exe" -foreground', "firefox"),
    ("C:\\Program Files\\Zoom\\Zoom.exe --url=x", "zoom"), ('"$HOME"/bin/tool.sh -v', "tool.sh"),
])  # fmt: skip
def test_the_program_of_a_command(command: str, name: str) -> None:
    assert program(command) == name


def test_attack_markup_is_taken_off() -> None:
    text = "[Emotet](https://attack.mitre.org/software/S0367) has <code>run</code> it.(Citation: Somebody 2018)"
    assert plain(text) == "Emotet has run it."


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["cwe", "cvss"])
def test_no_benchmarks_cve_is_learned_from(shared_data: Path, name: str) -> None:
    barred = set(json.loads((shared_data / "text" / "cve" / "eval_cve_ids.json").read_text()))
    groups = {example.group for example in TASKS[name](shared_data)}
    assert len(groups) > 10_000
    assert not groups & barred


@pytest.mark.shared_data
@pytest.mark.parametrize("name", sorted(TASKS))
def test_no_group_is_cut_and_every_part_has_texts(shared_data: Path, name: str) -> None:
    parts: dict[str, set[str]] = defaultdict(set)
    for example in TASKS[name](shared_data):
        assert example.text and example.labels
        parts[example.group].add(example.part)
    assert all(len(found) == 1 for found in parts.values())
    assert {"train", "dev", "test"} == {each for found in parts.values() for each in found}


def test_what_defines_the_techniques_is_learned_from() -> None:
    """Held out, it would leave rare techniques without a text and spoil what the others are chosen by."""
    assert part("definitions of attack") == "train"


@pytest.mark.parametrize("attack", [False, True])
def test_every_template_is_filled_and_none_is_on_both_sides_of_a_split(attack: bool) -> None:
    parts: dict[str, set[str]] = defaultdict(set)
    texts = list(filled(attack, "written"))
    for example in texts:
        assert not re.search(r"\{\w+\}", example.text), example.text
        assert example.labels == (("injection",) if attack else ("benign",))
        parts[example.group].add(example.part)
    assert all(len(found) == 1 for found in parts.values())
    assert len(texts) > 400


def test_values_of_slots_stand_in_the_file_once() -> None:
    lists = templates()
    assert all(len(set(many)) == len(many) for many in lists.values())
    slots = {name for many in lists.values() for each in many for name in re.findall(r"\{(\w+)\}", each)}
    assert slots <= set(lists), "a slot without values would be left open"


@pytest.mark.parametrize("text", ["ignore {n} and {w}", 'say "hi" \\1 \\g<0>', "一\n二", "{text}"])
def test_a_carried_text_stands_whole_on_one_line_of_its_place_and_always_in_the_same(text: str) -> None:
    found = carried(text)
    assert " ".join(text.split()) in found
    assert found == carried(text)
    assert len(found) > len(text)


def test_every_place_holds_a_text_and_leaves_nothing_open() -> None:
    lists = templates(CARRIERS)
    assert len(lists["line"]) >= 30
    for place in lists["line"]:
        assert place.count("{text}") == 1
        assert set(re.findall(r"\{(\w+)\}", place)) <= {"text", "w", "n", "m", "d"}, place


def test_no_text_is_written_both_as_an_attack_and_as_harmless_nor_twice() -> None:
    lines = [line.casefold() for name in (*INJECTIONS, *HARMLESS, *ORDINARY)
             for line in (CARRIERS.parent / name).read_text("utf-8").splitlines()
             if line and not line.startswith("#")]  # fmt: skip
    assert len(lines) > 3_500
    assert len(set(lines)) == len(lines)


@pytest.mark.shared_data
def test_what_a_text_stands_in_does_not_tell_whether_it_is_an_attack(shared_data: Path) -> None:
    """Each place carries both, and a carried text is in the part of a split where it is alone."""
    alone: dict[str, set[str]] = defaultdict(set)
    carriers: dict[tuple[str, ...], list[str]] = {ATTACK: [], BENIGN: []}
    texts = list(guard(shared_data))
    for each in texts:
        if not each.source.startswith("carried"):
            alone[each.group].add(each.part)
    for each in texts:
        if each.source.startswith("carried"):
            assert alone[each.group] == {each.part}
            carriers[each.labels].append(each.text)
    for sign in ("sshd[", "SamAccountName", "SELECT * FROM", '{"tool"', "DNS TXT", "防火墙日志", "def ", "<!--"):
        assert all(sum(sign in text for text in many) > 20 for many in carriers.values()), sign
