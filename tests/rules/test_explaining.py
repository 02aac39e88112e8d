"""`rules explain`: its tree says what the engine says, in Sigma's words, of the record that was meant."""

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.rules.events import batch_of, compiled, written
from tests.rules.sigma_strategies import Record, rules_with_records
from watchfloor.base.errors import InputError, UsageError
from watchfloor.base.settings import Settings
from watchfloor.rules.addresses import Address, find_again
from watchfloor.rules.explaining import Explanation, Node, base_rules, excerpt, explain, find_rule
from watchfloor.rules.matching import Matcher
from watchfloor.rules.ruleset import Correlation, Op, Predicate, Rule
from watchfloor.rules.tuning import Tuning, read_tuning
from watchfloor.rules.wording import correlation_words, predicate_words

SETTINGS = Settings(workers=1)
LAUNCH = {"product": "windows", "category": "process_creation"}
WHOAMI = {
    "title": "Whoami Execution",
    "id": "00000000-0000-4000-8000-000000000001",
    "name": "whoami",
    "logsource": LAUNCH,
    "detection": {
        "selection": {"Image|endswith": "\\whoami.exe", "CommandLine|contains": ["/all", "/groups"]},
        "filter_main_user": {"User|contains": "AUTHORI"},
        "filter_optional_parent": {"ParentImage": None},
        "condition": "selection and not 1 of filter_*",
    },
}
AUDIT = (
    "node=web01 type=SYSCALL msg=audit(1700000000.123:45): arch=c000003e syscall=59 success=yes exit=0 ppid=10 pid=11"
    ' auid=1000 uid=0 comm="cat" exe="/usr/bin/cat" key="k"\n'
    'node=web01 type=EXECVE msg=audit(1700000000.123:45): argc=2 a0="cat" a1="/etc/shadow"\n'
)


def explained(
    rule: dict[str, Any], *records: dict[str, Any], tmp_path: Path, tuning: Tuning | None = None
) -> Explanation:
    rules = compiled(rule)
    assert not rules.faults
    batch = batch_of(written(tmp_path / "log.json", records))
    return explain(rules, rules.rules[0], batch.slice(0, 1), tuning)


def lines(node: Node, depth: int = 0) -> list[str]:
    """The tree as a person sees it, without values."""
    return [
        "  " * depth + ("✓ " if node.holds else "✗ ") + node.words,
        *(line for part in node.parts for line in lines(part, depth + 1)),
    ]


def nodes(node: Node) -> list[Node]:
    return [node, *(inner for part in node.parts for inner in nodes(part))]


def test_the_tree_names_selections_and_what_held(tmp_path: Path) -> None:
    record = {"Image": "C:\\Windows\\whoami.exe", "CommandLine": "whoami /all", "ParentImage": "C:\\x.exe"}
    found = explained(WHOAMI, record, tmp_path=tmp_path)
    assert found.verdict == "matches"
    tree = found.records[0].tree
    assert tree is not None
    assert lines(tree) == [
        "✓ all of",
        "  ✓ selection",
        "    ✓ any of",
        "      ✓ CommandLine|contains: /all",
        "      ✗ CommandLine|contains: /groups",
        "    ✓ Image|endswith: \\whoami.exe",
        "  ✓ not",
        "    ✗ any of",
        "      ✗ filter_main_user",
        "        ✗ User|contains: authori",
        "      ✗ filter_optional_parent",
        "        ✗ ParentImage: null",
    ]
    values = {node.predicate.field: node.value for node in nodes(tree) if node.predicate is not None}
    assert values == {
        "Image": "C:\\Windows\\whoami.exe",
        "CommandLine": "whoami /all",
        "User": None,
        "ParentImage": "C:\\x.exe",
    }
    assert json.dumps([record.to_json() for record in found.records])


def test_a_filter_that_holds_is_seen(tmp_path: Path) -> None:
    found = explained(WHOAMI, {"Image": "C:\\whoami.exe", "CommandLine": "/all"}, tmp_path=tmp_path)
    assert found.verdict == "does not match"
    assert found.records[0].tree is not None
    assert "      ✓ filter_optional_parent" in lines(found.records[0].tree)


def _agrees(node: Node) -> None:
    """A node says of its parts what its operator says."""
    truths = [part.holds for part in node.parts]
    if node.kind in ("and", "selection"):
        assert node.holds == all(truths)
    elif node.kind == "or":
        assert node.holds == any(truths)
    elif node.kind == "not":
        assert [node.holds] == [not truth for truth in truths]
    for part in node.parts:
        _agrees(part)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=rules_with_records())
def test_every_answer_is_the_engines_own(
    drawn: tuple[dict[str, object], list[Record]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rule, records = drawn
    own = ("eventid", "channel", "provider_name", "computer", "hostname")
    path = written(
        tmp_path_factory.mktemp("records") / "events.json",
        [{name: value for name, value in fields.items() if name.lower() not in own} for fields, _ in records],
    )
    rules = compiled({**rule, "logsource": LAUNCH})
    if rules.faults:
        return
    batch = batch_of(path)
    hits = {hit.event for hit in Matcher(rules).match(batch)[1]}
    for row in range(len(batch)):
        found = explain(rules, rules.rules[0], batch.slice(row, 1))
        assert (found.verdict == "matches") == (row in hits)
        for record in found.records:
            if record.tree is not None:
                _agrees(record.tree)


def test_a_record_of_another_log_is_said_to_be_one(tmp_path: Path) -> None:
    record = {"EventID": 4624, "Channel": "Security", "TargetUserName": "ann", "LogonType": 3}
    found = explained(WHOAMI, record, tmp_path=tmp_path)
    assert found.verdict == "not read"
    assert found.records[0].tree is None
    assert found.records[0].what == "windows, channel security, event id 4624"


def test_a_rule_for_a_log_nobody_reads_never_holds(tmp_path: Path) -> None:
    rule = {**WHOAMI, "logsource": {"product": "aws", "service": "cloudtrail"}}
    assert explained(rule, {"Image": "x"}, tmp_path=tmp_path).verdict == "not read"


def test_a_launch_of_the_security_log_is_put_together(tmp_path: Path) -> None:
    record = {
        "EventID": 4688,
        "Channel": "Security",
        "NewProcessName": "C:\\whoami.exe",
        "CommandLine": "whoami /all",
        "ParentProcessName": "C:\\cmd.exe",
        "SubjectUserName": "ann",
    }
    found = explained(WHOAMI, record, tmp_path=tmp_path)
    assert found.verdict == "matches"
    assert [one.tree is not None for one in found.records] == [False, True]
    assert "category process_creation" in found.records[1].what


def test_exceptions_and_switches_are_named(tmp_path: Path) -> None:
    record = {"Image": "C:\\whoami.exe", "CommandLine": "/all", "ParentImage": "C:\\deploy.exe"}
    site = tmp_path / "site.yml"
    site.write_text(
        "exceptions:\n  - rule: whoami\n    reason: deployment\n    where: {ParentImage|endswith: deploy.exe}\n"
    )
    tuning, _ = read_tuning(str(site), date(2026, 1, 1))
    found = explained(WHOAMI, record, tmp_path=tmp_path, tuning=tuning)
    assert found.verdict == "excepted"
    assert found.records[0].excepted is not None
    assert found.records[0].excepted.reason == "deployment"
    other = explained(WHOAMI, {**record, "ParentImage": "C:\\x.exe"}, tmp_path=tmp_path, tuning=tuning)
    assert other.verdict == "matches"
    site.write_text("exceptions:\n  - rule: whoami\n    reason: noisy\n    disable: true\n")
    tuning, _ = read_tuning(str(site), date(2026, 1, 1))
    found = explained(WHOAMI, record, tmp_path=tmp_path, tuning=tuning)
    assert found.verdict == "switched off"
    assert found.disabled is not None
    assert found.disabled.reason == "noisy"


def test_keywords_references_and_hostile_values(tmp_path: Path) -> None:
    rule = {
        "title": "k",
        "logsource": {"product": "windows"},
        "detection": {
            "keywords": ["mimikatz", "abc"],
            "same": {"Image|fieldref": "ParentImage"},
            "condition": "keywords or same",
        },
    }
    hostile = "\x1b[2J" + "a" * 100_000 + "mimikatz"
    found = explained(rule, {"Image": hostile, "ParentImage": "b"}, tmp_path=tmp_path)
    assert found.verdict == "matches"
    tree = found.records[0].tree
    assert tree is not None
    told = {node.words: node for node in nodes(tree)}
    assert told["keyword: mimikatz"].holds
    assert not told["keyword: abc"].holds
    assert told["Image|fieldref: ParentImage"].note == "ParentImage is b"
    assert len(told["Image|fieldref: ParentImage"].value or "") < 5_000


def test_an_expression_that_takes_too_long_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchfloor.rules import expressions

    monkeypatch.setattr(expressions, "_SECONDS", 0.05)
    expressions.search.cache_clear()
    rule = {"title": "r", "logsource": LAUNCH, "detection": {"s": {"CommandLine|re": "(?=a)(a+)+b$"}, "condition": "s"}}
    found = explained(rule, {"CommandLine": "a" * 40_000}, tmp_path=tmp_path)
    expressions.search.cache_clear()
    assert found.verdict == "does not match"
    tree = found.records[0].tree
    assert tree is not None
    assert any("takes too long" in node.note for node in nodes(tree)) or not tree.holds


def test_an_excerpt_shows_what_was_looked_for() -> None:
    text = "x" * 500 + " Mimikatz " + "y" * 500
    assert "Mimikatz" in excerpt(text, "mimikatz", 100)
    assert len(excerpt(text, "mimikatz", 100)) <= 104
    assert excerpt(text, "absent", 100).startswith("x")
    assert excerpt("short", "", 100) == "short"


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        (Predicate("A", Op.EQUALS, "b"), "A: b"),
        (Predicate("A", Op.EQUALS, ""), "A: ''"),
        (Predicate("A", Op.ENDS, "b", True), "A|endswith|cased: b"),
        (Predicate("A", Op.REGEX, "(?i)b", True), "A|re: (?i)b"),
        (Predicate("A", Op.NULL, ""), "A: null"),
        (Predicate("A", Op.EXISTS, "true"), "A|exists: true"),
        (Predicate("A", Op.REF, "B", how="startswith"), "A|fieldref|startswith: B"),
        (Predicate("A", Op.PART, "5", how="hour"), "A|hour: 5"),
        (Predicate("A", Op.NEQ, "5"), "A|neq: 5"),
        (Predicate("A", Op.CIDR, "10.0.0.0/8"), "A|cidr: 10.0.0.0/8"),
        (Predicate(None, Op.GLOB, "*a?b*"), "keyword: a?b"),
        (Predicate(None, Op.REGEX, "a.b", True), "keyword|re: a.b"),
    ],
)
def test_predicates_in_sigmas_words(predicate: Predicate, words: str) -> None:
    assert predicate_words(predicate) == words


def test_a_rule_by_any_of_its_names() -> None:
    rules = compiled(WHOAMI, {**WHOAMI, "id": "00000000-0000-4000-8000-000000000002", "name": "other"})
    for wanted in ("00000000-0000-4000-8000-000000000001", "WHOAMI", "rule-0.yml", "rule-0"):
        found = find_rule(rules, wanted)
        assert found.name == "whoami"
    with pytest.raises(UsageError, match=r"2 rules are called Whoami Execution") as several:
        find_rule(rules, "Whoami Execution")
    assert "000000000001" in several.value.hint
    assert "000000000002" in several.value.hint
    for wanted in ("nothing like it", "", " "):
        with pytest.raises(UsageError, match="no rule is called"):
            find_rule(rules, wanted)


def test_a_rule_that_cannot_be_used_is_named_with_the_reason() -> None:
    rules = compiled({**WHOAMI, "detection": {"s": {"a|expand": "%admins%"}, "condition": "s"}})
    with pytest.raises(UsageError, match="placeholder"):
        find_rule(rules, "Whoami Execution")


def test_a_correlation_is_its_rules_and_what_it_asks() -> None:
    second = {**WHOAMI, "title": "Second", "name": "second", "id": "00000000-0000-4000-8000-000000000002"}
    correlation = {
        "title": "Many",
        "name": "many",
        "correlation": {
            "type": "event_count",
            "rules": ["whoami", "second"],
            "group-by": ["User"],
            "timespan": "10m",
            "condition": {"gte": 5},
        },
    }
    rules = compiled(WHOAMI, second, correlation)
    assert not rules.faults
    found = find_rule(rules, "many")
    assert isinstance(found, Correlation)
    assert [rule.title for rule in base_rules(rules, found)] == ["Whoami Execution", "Second"]
    titles = {rule.key: rule.title for rule in rules.rules}
    assert correlation_words(found.plan, titles) == (
        "at least 5 matches of “Whoami Execution”, “Second”, within 10 minutes, with the same User"
    )


def test_what_other_correlations_ask() -> None:
    def asks(**section: Any) -> str:
        plan = {"rules": ["whoami", "second"], "timespan": "1h"} | section
        second = {**WHOAMI, "title": "Second", "name": "second", "id": "00000000-0000-4000-8000-000000000002"}
        rules = compiled(WHOAMI, second, {"title": "c", "name": "c", "correlation": plan})
        assert not rules.faults
        titles = {rule.key: rule.title for rule in rules.rules}
        return correlation_words(rules.correlations[0].plan, titles)

    ordered = asks(type="temporal_ordered", **{"group-by": ["User"]})
    assert ordered.startswith("at least 2 of “Whoami Execution”, “Second”, in this order, within 1 hour")
    values = asks(type="value_count", condition={"gt": 3, "field": "User"}, **{"group-by": ["Computer"]})
    assert values.startswith("more than 3 different values of User in matches of")


# Events found again


def test_an_event_is_found_by_the_address_a_match_prints(tmp_path: Path) -> None:
    log = written(tmp_path / "a b#c.json", [{"Image": f"C:\\{n}.exe"} for n in range(5)])
    rows = batch_of(log).to_pylist()
    found = find_again(Address.parse(f"{rows[3]['source']}#{rows[3]['record']}"), SETTINGS)
    assert [one.to_pylist()[0]["process.file.path"] for one in found] == ["C:\\3.exe"]


def test_an_event_in_an_archive_and_after_it_moved(tmp_path: Path) -> None:
    log = written(tmp_path / "log.json", [{"Image": "C:\\a.exe"}])
    archive = tmp_path / "case.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(log, "logs/log.json")
        packed.write(written(tmp_path / "other.json", [{"Image": "C:\\b.exe"}]), "other/log.json")
    record = batch_of(archive).to_pylist()[0]["record"]
    assert len(find_again(Address.parse(f"{archive}::logs/log.json#{record}"), SETTINGS)) == 1
    gone = Address.parse(f"/gone/case.zip::logs/log.json#{record}")
    with pytest.raises(InputError, match="is not there") as missing:
        find_again(gone, SETTINGS)
    assert "--input" in missing.value.hint
    found = find_again(gone, SETTINGS, str(archive))
    assert found[0].to_pylist()[0]["process.file.path"] == "C:\\a.exe"
    with pytest.raises(UsageError, match="2 sources"):
        find_again(Address.parse(f"/gone/x/log.json#{record}"), SETTINGS, str(archive))
    renamed = find_again(Address.parse(f"-#{record}"), SETTINGS, str(log))
    assert renamed[0].to_pylist()[0]["process.file.path"] == "C:\\a.exe"


@pytest.mark.parametrize("text", ["", "#", "log.evtx", "log.evtx#", "#12"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        Address.parse(text)


def test_an_address_that_is_not_there(tmp_path: Path) -> None:
    log = written(tmp_path / "log.json", [{"Image": "C:\\a.exe"}])
    with pytest.raises(InputError, match="no record 99"):
        find_again(Address.parse(f"{log}#99"), SETTINGS)
    broken = tmp_path / "broken.bin"
    broken.write_bytes(b"\x00\x01nonsense" * 50)
    with pytest.raises(InputError, match=r"broken\.bin"):
        find_again(Address.parse(f"{broken}#1"), SETTINGS)
    with pytest.raises(UsageError, match="standard input"):
        find_again(Address.parse("-#1"), SETTINGS)


def test_an_audit_event_has_its_processes_named_as_in_a_hunt(tmp_path: Path) -> None:
    parent = AUDIT.replace(":45)", ":44)").replace("ppid=10 pid=11", "ppid=9 pid=10")
    parent = parent.replace("/usr/bin/cat", "/bin/bash").replace('a0="cat" a1="/etc/shadow"', 'a0="bash" a1="-i"')
    log = tmp_path / "audit.log"
    log.write_text(parent.replace("0.123", "0.023") + AUDIT)
    record = batch_of(log).to_pylist()[1]["record"]
    event = find_again(Address.parse(f"{log}#{record}"), SETTINGS)[0]
    rules = compiled(
        {
            "title": "p",
            "logsource": {"product": "linux", "category": "process_creation"},
            "detection": {"s": {"ParentImage|endswith": "/bash"}, "condition": "s"},
        },
        {
            "title": "a",
            "logsource": {"product": "linux", "service": "auditd"},
            "detection": {"s": {"type": "EXECVE", "a1": "/etc/shadow"}, "condition": "s"},
        },
    )
    by_parent, by_line = (explain(rules, rule, event) for rule in rules.rules)
    assert by_parent.verdict == "matches"
    assert by_line.verdict == "matches"
    assert [(one.what, one.holds) for one in by_line.records if one.tree is not None] == [
        ("linux, auditd, type SYSCALL", False),
        ("linux, auditd, type EXECVE", True),
    ]


def test_rules_are_typed_for_what_they_are() -> None:
    assert isinstance(find_rule(compiled(WHOAMI), "whoami"), Rule)
