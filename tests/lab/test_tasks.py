"""What experts learn from: no benchmark's texts, and no group on both sides of a split."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from watchfloor.lab.examples import part
from watchfloor.lab.tasks import TASKS
from watchfloor.lab.tasks_command import program
from watchfloor.lab.tasks_technique import plain
from watchfloor.lab.tasks_written import filled, templates


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
