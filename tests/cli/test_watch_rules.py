"""``watch --rules``: known threats by rule beside the screen's verdicts, on the bundled recording."""

import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zstandard
from cli_stage import FakeWatched, Stage, make_account, make_scene
from tests.intake.windows_samples import nxlog

from watchfloor.base.findings import rank
from watchfloor.cli.main import main
from watchfloor.cli.summary import summarise
from watchfloor.cli.terminal import Terminal
from watchfloor.film.matches import Claim

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "src" / "watchfloor" / "bundled" / "recording" / "linux-host.audit.log.zst"

RULES = {
    "shared_memory.yml": """
title: Download into Shared Memory
id: 0b1f6a52-7a1f-4a59-9d3c-1d1f7b0e9a01
status: test
level: high
logsource: {product: linux, category: process_creation}
detection:
  selection: {Image|endswith: /curl, CommandLine|contains: /dev/shm}
  condition: selection
tags: [attack.command-and-control, attack.t1105]
""",
    "packages.yml": """
title: Package Tool
id: 0b1f6a52-7a1f-4a59-9d3c-1d1f7b0e9a02
level: critical
logsource: {product: linux, category: process_creation}
detection:
  selection: {Image|endswith: [/dpkg, /git]}
  condition: selection
tags: [attack.t1072]
""",
    "listing.yml": """
title: Directory Listed
id: 0b1f6a52-7a1f-4a59-9d3c-1d1f7b0e9a03
level: low
logsource: {product: linux, category: process_creation}
detection:
  selection: {Image|endswith: /ls}
  condition: selection
""",
    "broken.yml": """
title: Broken Rule
logsource: {product: linux}
detection:
  selection: {Image|nosuchmodifier: x}
  condition: selection
""",
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def of(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in records if record["type"] == kind]


@dataclass
class Run:
    """One run of both commands over the same recording."""

    code: int
    watched: list[dict[str, Any]]
    matched: list[dict[str, Any]]
    layer: dict[str, Any]
    report: str


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def both(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("out")
    over = [str(LOG), "--rules", str(rules), "--quiet"]
    files = ["--navigator", str(out / "layer.json"), "--report", str(out / "film.html")]
    code = main(["watch", "--rules", "none", *over, *files, "--json", str(out / "watch.jsonl")])
    assert main(["rules", "match", *over, "--json", str(out / "match.jsonl")]) == 0
    layer = json.loads((out / "layer.json").read_text())
    report = (out / "film.html").read_text(encoding="utf-8")
    return Run(code, lines(out / "watch.jsonl"), lines(out / "match.jsonl"), layer, report)


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first part of the recording, for runs that need not be long."""
    path = tmp_path_factory.mktemp("log") / "audit.log"
    with zstandard.open(LOG, "rt", encoding="utf-8", errors="replace") as file:
        path.write_text("".join(file.readline() for _ in range(12_000)), encoding="utf-8")
    return path


def test_watching_finds_the_same_matches_as_the_rule_command(both: Run) -> None:
    def facts(match: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in match.items() if key != "scene_id"}

    def key(match: dict[str, Any]) -> str:
        return json.dumps(match, sort_keys=True)

    ours, theirs = (of(records, "match") for records in (both.watched, both.matched))
    assert len(ours) > 100
    assert sorted(map(facts, ours), key=key) == sorted(theirs, key=key)
    for name in ("rules_loaded", "matches", "by_rule"):
        assert both.watched[-1][name] == both.matched[-1][name]


def test_lines_come_in_the_contracts_order(both: Run) -> None:
    kinds = [record["type"] for record in both.watched]
    assert kinds == sorted(kinds, key=["scene", "match", "summary"].index)
    scores = [scene["score"] for scene in of(both.watched, "scene")]
    assert scores == sorted(scores, reverse=True)
    levels = [rank(match["level"]) for match in of(both.watched, "match")]
    assert levels == sorted(levels, reverse=True)


def test_a_match_names_its_scene_and_the_scene_its_rules(both: Run) -> None:
    matches, scenes = of(both.watched, "match"), of(both.watched, "scene")
    assert all(match["scene_id"] for match in matches)
    counted = Counter((match["scene_id"], match["rule_id"]) for match in matches)
    for scene in scenes:
        for rule in scene["rules"]:
            assert rule["matches"] == counted[scene["scene_id"], rule["rule_id"]] > 0
    intrusion = next(s for s in scenes if any(r["title"] == "Download into Shared Memory" for r in s["rules"]))
    assert (intrusion["verdict"], intrusion["seen_by"]) == ("malicious", "both")


def test_a_grave_match_raises_the_verdict_on_windows_and_says_why(tmp_path: Path) -> None:
    dump = "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 612 C:\\a.dmp full"
    record = nxlog(Image="C:\\Windows\\System32\\rundll32.exe", CommandLine=dump)
    (tmp_path / "log.json").write_text(json.dumps(record) + "\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert main(["watch", str(tmp_path / "log.json"), "--quiet", "--all-scenes", "--json", str(out)]) == 0
    scene = next(scene for scene in of(lines(out), "scene") if scene["rules"])
    assert scene["rules"][0]["title"] == "Dump of LSASS Asked For on a Command Line"
    assert scene["score"] > scene["screen_score"]
    assert scene["verdict"] == "malicious"


def test_a_grave_match_shows_a_scene_of_unix_and_keeps_its_verdict(both: Run) -> None:
    scenes = of(both.watched, "scene")
    by_case = [scene for scene in scenes if any(one["kind"] == "case" for one in scene["company"])]
    alone = [scene for scene in scenes if scene["screen_verdict"] == "benign" and scene not in by_case]
    assert alone
    grave = ("high", "critical")
    assert all(scene["seen_by"] == "rules" and scene["rules"][0]["level"] in grave for scene in alone)
    assert all(scene["score"] == scene["screen_score"] for scene in alone)
    seen = both.watched[-1]["seen_by"]
    assert seen == {name: sum(scene["seen_by"] == name for scene in scenes) for name in ("both", "screen", "rules")}
    assert seen["both"] > 0 and seen["rules"] > 0
    written = {scene["scene_id"] for scene in scenes}
    mild = {match["scene_id"] for match in of(both.watched, "match") if match["level"] == "low"}
    assert mild - written, "a mild match alone brings no benign scene up"


def test_an_unusable_rule_is_named_and_the_run_does_not_fail(both: Run) -> None:
    assert both.code == 0
    summary = both.watched[-1]
    assert (summary["rules_loaded"], summary["rules_failed"]) == (3, 1)
    (failed,) = summary["failed"]
    assert failed["title"] == "Broken Rule"
    assert "nosuchmodifier" in failed["why"]


def test_the_layer_holds_what_rules_name(both: Run) -> None:
    techniques = {entry["techniqueID"]: entry for entry in both.layer["techniques"]}
    assert techniques["T1072"]["score"] == 90
    assert techniques["T1072"]["comment"].startswith("rule: Package Tool (critical, ")
    assert techniques["T1105"]["score"] > 70, "screen and rule together weigh more than the rule alone"
    assert "rule: Download into Shared Memory (high, " in techniques["T1105"]["comment"]


def test_the_printed_report_tells_of_rules(both: Run) -> None:
    assert "Rules that matched here: “Download into Shared Memory” (high" in both.report
    assert "It is shown for a rule alone: “Package Tool” (critical)." in both.report


def test_every_new_key_is_documented(both: Run) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", page))
    scene, match, summary = (of(both.watched, kind)[0] for kind in ("scene", "match", "summary"))
    for record in (scene, *scene["rules"], match, summary):
        assert set(record) <= documented


def test_exceptions_take_matches_away_and_are_named(
    beginning: Path, rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.yml"
    site.write_text(
        "exceptions:\n"
        "  - {rule: Directory Listed, disable: true, reason: too common}\n"
        "  - {rule: Package Tool, hosts: ['build-*'], reason: a build host}\n"
    )
    out = tmp_path / "out.jsonl"
    arguments = [
        "watch",
        str(beginning),
        "--rules",
        "none",
        "--rules",
        str(rules),
        "--json",
        str(out),
        "--exceptions",
        str(site),
    ]
    assert main(arguments) == 0
    summary = lines(out)[-1]
    assert [entry["reason"] for entry in summary["disabled"]] == ["too common"]
    (taken,) = summary["excepted"]
    assert (taken["reason"], taken["matches"] > 0) == ("a build host", True)
    assert not {match["title"] for match in of(lines(out), "match")} & {"Package Tool", "Directory Listed"}
    told = capsys.readouterr().out
    assert f"{taken['matches']:,} matches are excepted by {site}." in told
    assert "Rules that could not be used: 1." in told
    assert "Broken Rule: Unknown modifier" in told


def test_words_name_rules_with_their_records_in_both_languages(
    beginning: Path, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(beginning), "--rules", "none", "--rules", str(rules)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"Rules: \d+ matches of [23] rules, 3 rules looked\.", told)
    assert re.search(r"critical +\d+ +audit\.log#[\d.:]+ +Package Tool", told)
    assert re.search(r"Scenes worth a look: \d+ by both, \d+ by the screen alone, \d+ by rules alone", told)
    assert main(["watch", str(beginning), "--rules", "none", "--rules", str(rules), "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"规则：[23] 条规则命中 \d+ 次", told)
    assert re.search(r"严重 +\d+ +audit\.log#", told)


@pytest.mark.parametrize("option", ["--exceptions", "--placeholders"])
def test_an_option_about_rules_needs_rules(option: str, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "a", "--rules", "none", option, "site.yml"]) == 2
    assert "Leave --rules none out" in capsys.readouterr().err
    assert stage.inputs == []


def test_the_shipped_rules_judge_with_the_screen_unless_they_are_declined(
    beginning: Path, rules: Path, tmp_path: Path
) -> None:
    def loaded(*options: str) -> int:
        out = tmp_path / "out.jsonl"
        assert main(["watch", str(beginning), "--quiet", "--json", str(out), *options]) == 0
        found: int = lines(out)[-1].get("rules_loaded", 0)
        return found

    own = loaded()
    assert own > 200
    assert loaded("--rules", str(rules)) == own + 3
    assert loaded("--rules", "none", "--rules", str(rules)) == 3
    assert loaded("--rules", "none") == 0


def test_missing_rules_are_told_before_the_logs_are_read(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "a", "--rules", str(tmp_path / "nowhere")]) == 3
    assert "nowhere" in capsys.readouterr().err
    assert stage.inputs == []


def test_without_rules_nothing_is_said_of_them(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.watched = FakeWatched(scenes=(make_scene(),), account=make_account())
    assert main(["watch", "a", "--rules", "none", "--json", str(tmp_path / "o.jsonl")]) == 0
    assert stage.hear is None
    scene, summary = lines(tmp_path / "o.jsonl")
    assert "rules" not in scene
    assert "matches" not in summary
    assert "Rules" not in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_rule_title_is_shown_and_never_obeyed(lang: str) -> None:
    title = "\x1b[2J\x1b]0;owned\x07 \u202egpj.exe\r\nwatchfloor: all is well" + "x" * 5000
    claim = Claim("r", title, "high", "", "", (), 2, {title: None})
    record = {
        **{"matches": 2, "rules_loaded": 1, "seen_by": {"both": 1, "screen": 0, "rules": 0}},
        **{"excepted": [], "failed": [{"path": "x", "title": title, "why": title}]},
    }
    matches = SimpleNamespace(gravest=lambda: [claim], in_scene=lambda _: [(claim, 2)])
    hunted: Any = SimpleNamespace(matches=matches, record=lambda _: record, exceptions="")
    stream = io.StringIO()
    watched: Any = FakeWatched(scenes=(make_scene(),))
    summarise(watched, Terminal(stream), lang=lang, hunted=hunted)
    told = stream.getvalue()
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(told)
    assert not any(line.startswith("watchfloor: all is well") for line in told.splitlines())
    assert max(map(len, told.splitlines())) < 700
