"""`rules check`: whatever is wrong with a rule is said of that rule, and hides nothing about another."""

from pathlib import Path

import pytest

from watchfloor.base.errors import InputError
from watchfloor.base.settings import Settings
from watchfloor.rules.linting import SEVERITIES, Report, grouped, lint, short_path

RULE = """title: {title}
id: {id}
status: test
description: A rule
logsource:
  product: windows
  category: process_creation
tags:
  - attack.{tag}
detection:
  selection:
    {field}: {value}
  condition: selection
level: high
"""


def rule(
    title: str = "Plain rule",
    *,
    number: int = 1,
    tag: str = "t1003.001",
    field: str = "Image",
    value: str = "'*\\abc.exe'",
) -> str:
    return RULE.format(title=title, id=f"00000000-0000-4000-8000-{number:012}", tag=tag, field=field, value=value)


def checked(tmp_path: Path, **files: str | bytes) -> Report:
    for name, text in files.items():
        (tmp_path / f"{name}.yml").write_bytes(text.encode() if isinstance(text, str) else text)
    return lint([str(tmp_path)], Settings())


def kinds(report: Report) -> dict[str, str]:
    return {issue.kind: issue.severity for issue in report.issues}


def test_a_good_rule_has_nothing_said_against_it(tmp_path: Path) -> None:
    report = checked(tmp_path, good=rule(field="Image|endswith", value="'\\abc.exe'"))
    assert (report.files, report.rules, report.usable) == (1, 1, 1)
    assert report.issues == []
    assert report.unread == {}


def test_every_fault_is_named_with_its_reason_and_the_rest_is_checked(tmp_path: Path) -> None:
    report = checked(
        tmp_path,
        broken="title: [",
        not_a_rule="just: a mapping\n",
        a_list="- 1\n- 2\n",
        binary=b"\xff\xfe\x00\x01\x02",
        nowhere=rule("No such selection", number=2).replace("condition: selection", "condition: nothing"),
        needs=rule("Needs a placeholder", number=3, field="User|expand", value="'%admins%'"),
        good=rule(),
    )
    errors = [issue for issue in report.issues if issue.severity == "error"]
    assert {Path(issue.path).stem for issue in errors} == {
        "broken", "not_a_rule", "a_list", "binary", "nowhere", "needs",
    }  # fmt: skip
    assert all(issue.detail for issue in errors)
    assert "%admins%" in next(issue.detail for issue in errors if issue.title == "Needs a placeholder")
    assert report.usable == 1
    assert [issue.severity for issue in report.issues] == sorted(
        (issue.severity for issue in report.issues), key=SEVERITIES.index
    )


def test_placeholders_make_a_rule_usable(tmp_path: Path) -> None:
    (tmp_path / "needs.yml").write_text(rule(field="User|expand", value="'%admins%'"))
    assert lint([str(tmp_path)], Settings(), {"admins": ["alice"]}).count("error") == 0


def test_two_rules_of_one_id_or_title(tmp_path: Path) -> None:
    report = checked(tmp_path, a=rule("One"), b=rule("Other"), c=rule("one", number=2))
    assert [(i.kind, Path(i.path).stem) for i in report.issues if i.severity in ("error", "medium")] == [
        ("cannot be used", "b"),
        ("duplicate title", "c"),
    ]
    assert "a.yml" in next(issue.detail for issue in report.issues if issue.severity == "error")


def test_several_rules_of_one_file(tmp_path: Path) -> None:
    report = checked(tmp_path, both=f"{rule('One')}---\n{rule('Two', number=2)}---\n{rule('Three')}")
    assert report.usable == 2
    assert [issue.title for issue in report.issues if issue.severity == "error"] == ["Three"]


def test_logs_nobody_reads_are_counted(tmp_path: Path) -> None:
    cloud = [rule(f"Cloud {n}", number=n).replace("product: windows", "product: aws") for n in range(3)]
    report = checked(tmp_path, a=cloud[0], b=cloud[1], c=cloud[2], d=rule("Ours", number=9))
    assert report.unread == {"aws/process_creation": 3}
    assert report.usable == 4


@pytest.mark.parametrize(
    ("tag", "kind", "detail"),
    [
        ("t9999", "ATT&CK tag not in force", "attack.t9999 is no technique"),
        ("t1086", "ATT&CK tag replaced", "attack.t1086 is now T1059.001"),
        ("no-such-tactic", "ATT&CK tag unknown", "attack.no-such-tactic is neither"),
    ],
)
def test_attack_tags(tmp_path: Path, tag: str, kind: str, detail: str) -> None:
    report = checked(tmp_path, a=rule(tag=tag))
    found = [issue for issue in report.issues if issue.kind == kind]
    assert [issue.detail.startswith(detail) for issue in found] == [True]


@pytest.mark.parametrize("tag", ["g0016", "s0002", "credential-access", "ta0006", "t1003"])
def test_attack_tags_that_are_right(tmp_path: Path, tag: str) -> None:
    assert not [issue for issue in checked(tmp_path, a=rule(tag=tag)).issues if "ATT&CK" in issue.kind]


def test_what_costs_time_is_said(tmp_path: Path) -> None:
    report = checked(
        tmp_path,
        slow=rule("Slow", number=1, field="CommandLine|re", value="'(?<!x)abc'"),
        fast=rule("Fast", number=2, field="CommandLine|re", value="'x?abc'"),
        every=rule("Every", number=3, field="CommandLine", value="null"),
    )
    assert [issue.title for issue in report.issues if issue.kind == "slow regular expression"] == ["Slow"]
    assert {issue.title for issue in report.issues if issue.kind == "no literal"} == {"Slow", "Fast", "Every"}


def test_pysigmas_own_checks_are_made_in_words(tmp_path: Path) -> None:
    more = rule(field="Image", value="'**abc'").replace("  condition", "  unused:\n    A: b\n  condition")
    found = kinds(checked(tmp_path, a=more))
    assert found["double wildcard"] == "low"
    assert found["dangling detection"] == "high"


def test_a_check_that_trips_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sigma.validators.core import validators

    def trips(self: object, rule: object) -> list[object]:
        raise KeyError("oh")

    monkeypatch.setattr(validators["double_wildcard"], "validate", trips)
    more = rule(field="Image", value="'**abc'").replace("  condition", "  unused:\n    A: b\n  condition")
    found = kinds(checked(tmp_path, a=more))
    assert found["a check could not be made"] == "low"
    assert "dangling detection" in found


def test_no_check_uses_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a check went to the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert not [i for i in checked(tmp_path, a=rule(tag="d3fend.d3-a")).issues if i.kind == "a check could not be made"]


def test_filters_and_correlations_are_counted(tmp_path: Path) -> None:
    correlation = (
        "title: Many\nid: 00000000-0000-4000-8000-000000000010\ncorrelation:\n  type: event_count\n"
        "  rules: [00000000-0000-4000-8000-000000000001]\n  group-by: [User]\n  timespan: 5m\n  condition: {gte: 5}\n"
    )
    filtered = (
        "title: Not here\nid: 00000000-0000-4000-8000-000000000011\nlogsource: {product: windows, category: "
        "process_creation}\nfilter:\n  rules: [00000000-0000-4000-8000-000000000001]\n  selection: {User: ann}\n"
        "  condition: not selection\n"
    )
    report = checked(tmp_path, a=rule(), b=correlation, c=filtered, d=correlation)
    assert (report.rules, report.correlations, report.filters) == (1, 2, 1)
    assert kinds(report)["cannot be used"] == "error"


def test_aliases_that_multiply_cost_nothing(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    text = rule(field="CommandLine", value="PLACE").replace("PLACE", "[*a29]")
    report = checked(tmp_path, bomb=bomb + text, good=rule("Good", number=2))
    assert [Path(issue.path).stem for issue in report.issues if issue.severity == "error"] == ["bomb"]
    assert report.usable == 1


def test_a_rule_nested_too_deep(tmp_path: Path) -> None:
    deep = rule().replace("condition: selection", f"condition: {'(' * 5000}selection{')' * 5000}")
    nested = f"title: x\ndetection: {'[' * 5000}{']' * 5000}\n"
    report = checked(tmp_path, deep=deep, nested=nested, good=rule("Good", number=2))
    errors = {Path(issue.path).stem for issue in report.issues if issue.severity == "error"}
    assert {"nested"} <= errors <= {"deep", "nested"}
    assert report.usable == 3 - len(errors)


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Sigma rules"):
        lint([str(tmp_path)], Settings())
    with pytest.raises(InputError, match="no such file"):
        lint([str(tmp_path / "gone")], Settings())


def test_findings_come_in_groups_worst_first(tmp_path: Path) -> None:
    report = checked(tmp_path, a=rule(tag="t1086"), b="title: [", c=rule(number=2, tag="t9999"))
    severities = [severity for severity, _ in grouped(report.issues)]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert severities[0] == "error"


def test_paths_are_shown_below_what_was_named() -> None:
    assert short_path("sigma/rules/a.yml", ["sigma"]) == "rules/a.yml"
    assert short_path("s.zip::rules/a.yml", ["s.zip"]) == "rules/a.yml"
    assert short_path("x/a.yml", ["x/a.yml"]) == "a.yml"


@pytest.mark.shared_data
def test_sigmahqs_rules(shared_data: Path) -> None:
    report = lint([str(shared_data / "sigma" / "sigmahq_rules.zip")], Settings())
    assert report.rules == 3780
    assert report.usable + report.count("error") == 3780
    assert all("placeholder" in issue.detail for issue in report.issues if issue.severity == "error")
    assert "a check could not be made" not in kinds(report)
