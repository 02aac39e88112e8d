"""Compiled rules are kept by content: compiled once, again when anything changes, and no kept file can do harm."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.events import written
from watchfloor.base.errors import InputError
from watchfloor.base.settings import Settings
from watchfloor.rules import cache, compiling
from watchfloor.rules.cache import folder, ruleset
from watchfloor.rules.ruleset import RuleSet

RULE = """title: {title}
id: 00000000-0000-4000-8000-{number:012}
name: rule_{number}
status: test
author: someone
tags: [attack.t1059.001]
logsource: {{product: windows, category: process_creation}}
detection:
  selection: {{Image|endswith: ['\\\\{title}.exe', '\\\\x.exe'], EventID: 1}}
  filter_main: {{User: null}}
  condition: selection and not filter_main
fields: [Image]
"""
CORRELATION = """title: many
id: 10000000-0000-4000-8000-000000000000
correlation:
  type: event_count
  rules: [rule_1]
  group-by: [Computer]
  timespan: 5m
  condition: {gte: 3, lt: 9}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    place = tmp_path / "rules"
    place.mkdir()
    for number, title in enumerate(("whoami", "net", "reg")):
        (place / f"{title}.yml").write_text(RULE.format(title=title, number=number))
    (place / "many.yml").write_text(CORRELATION)
    (place / "broken.yml").write_text("title: broken\n")
    return place


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path / "cache"))


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every compilation."""
    seen: list[int] = []
    compile_rules = compiling.compile_rules

    def counted(*given: object) -> RuleSet:
        seen.append(1)
        return compile_rules(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(compiling, "compile_rules", counted)
    return seen


def test_rules_are_compiled_once_and_the_same_come_back(
    rules: Path, settings: Settings, compilations: list[int]
) -> None:
    first, second = (ruleset([str(rules)], settings) for _ in range(2))
    assert len(compilations) == 1
    assert first == second
    assert (len(first.rules), len(first.correlations), len(first.faults)) == (3, 1, 1)
    assert [type(rule.techniques) for rule in second.rules] == [tuple] * 3
    assert set(second.selections.of(second.rules[0])) == {"selection", "filter_main"}


@pytest.mark.parametrize("change", ["content", "new file", "renamed", "removed"])
def test_changed_files_are_compiled_anew(rules: Path, settings: Settings, compilations: list[int], change: str) -> None:
    ruleset([str(rules)], settings)
    if change == "content":
        (rules / "net.yml").write_text(RULE.format(title="net1", number=1))
    elif change == "new file":
        (rules / "new.yml").write_text(RULE.format(title="new", number=7))
    elif change == "renamed":
        (rules / "net.yml").rename(rules / "net2.yml")
    else:
        (rules / "net.yml").unlink()
    found = ruleset([str(rules)], settings)
    assert len(compilations) == 2
    expected = {"content": "net1", "new file": "new", "renamed": "net", "removed": "reg"}[change]
    assert expected in {rule.title for rule in found.rules}
    assert any(rule.path.endswith("net2.yml") for rule in found.rules) is (change == "renamed")


def test_other_files_in_the_folder_change_nothing(rules: Path, settings: Settings, compilations: list[int]) -> None:
    ruleset([str(rules)], settings)
    (rules / "README.md").write_text("no rule")
    ruleset([str(rules)], settings)
    assert len(compilations) == 1


def test_other_placeholders_make_other_rules(tmp_path: Path, settings: Settings, compilations: list[int]) -> None:
    path = tmp_path / "admins.yml"
    path.write_text(RULE.format(title="x", number=1).replace("EventID: 1", "'User|expand': '%admins%'"))
    assert ruleset([str(path)], settings).faults
    alice, bob, again = (ruleset([str(path)], settings, {"admins": [who]}) for who in ("alice", "bob", "alice"))
    assert len(compilations) == 3
    assert alice == again != bob
    assert "bob" in {predicate.value for predicate in bob.predicates}


def test_placeholders_that_no_file_can_hold_still_make_rules(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "admins.yml"
    path.write_text(RULE.format(title="x", number=1).replace("EventID: 1", "'User|expand': '%admins%'"))
    assert len(ruleset([str(path)], settings, {"admins": ["\ud800"]}).rules) == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other", "grown"])
def test_a_damaged_file_is_made_again(rules: Path, settings: Settings, compilations: list[int], damage: str) -> None:
    first = ruleset([str(rules)], settings)
    (kept,) = folder(settings).iterdir()
    whole = kept.read_bytes()
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    kept.write_bytes(
        {"empty": b"", "cut": whole[:-20], "flipped": flipped, "other": b'{"a": 1}' * 9, "grown": whole + b"x"}[damage]
    )
    assert ruleset([str(rules)], settings) == first
    assert len(compilations) == 2
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_only_time(rules: Path, tmp_path: Path, compilations: list[int]) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings = Settings(cache_dir=str(tmp_path / "file"))
    assert ruleset([str(rules)], settings) == ruleset([str(rules)], settings)
    assert len(compilations) == 2


def test_faults_of_reading_come_with_kept_rules_too(rules: Path, settings: Settings) -> None:
    missing = str(rules / "missing.yml")
    for _ in range(2):
        found = ruleset([missing, str(rules)], settings)
        assert len(found.rules) == 3
        assert found.faults[0].path == missing
        assert found.selections.of(found.rules[0])


def test_no_rules_at_all_are_an_error(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="no Sigma rules"):
        ruleset([str(tmp_path)], settings)


def test_old_sets_make_room(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.yml"
    for number in range(cache._KEPT + 3):
        path.write_text(RULE.format(title="a", number=number))
        ruleset([str(path)], settings)
    assert len(list(folder(settings).iterdir())) == cache._KEPT


def test_kept_rules_match_without_yaml_or_pysigma(rules: Path, settings: Settings, tmp_path: Path) -> None:
    ruleset([str(rules)], settings)
    log = written(tmp_path / "log.json", [{"Image": "C:\\whoami.exe", "User": "eve"}])
    program = """
import sys
from watchfloor.cli.main import main
code = main(["rules", "match", sys.argv[1], "--rules", sys.argv[2], "--json", "-", "--workers", "1"])
heavy = {"sigma", "yaml", "jinja2", "requests", "pyparsing"} & {name.partition(".")[0] for name in sys.modules}
assert not heavy, heavy
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(log), str(rules)],
        capture_output=True,
        text=True,
        env={"WATCHFLOOR_CACHE_DIR": settings.cache_dir, "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert '"matches":1' in done.stdout.replace(" ", "")
