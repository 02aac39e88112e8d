"""The screen and rules heard together: what a rule adds, and that it never takes anything away."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watchfloor.base.findings import LEVELS, Finding
from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.accord import BONUS, SYSTEMS, added, heard, joined
from watchfloor.film.filming import film
from watchfloor.film.matches import Matches
from watchfloor.film.screen import FAMILIES
from watchfloor.film.viewing import Opinion, opinion, view
from watchfloor.intake.reader import Reader
from watchfloor.store.spool import Spool


def test_a_graver_level_never_adds_less_and_none_takes_away() -> None:
    assert set(BONUS) == set(SYSTEMS)
    assert SYSTEMS[: len(FAMILIES)] == FAMILIES, "a scene's family is its system, but for macOS"
    assert BONUS["macos"] == BONUS["windows"], "borrowed until there is ordinary work on macOS to fit it to"
    for table in BONUS.values():
        values = [table[level] for level in LEVELS]
        assert values == sorted(values)
        assert min(values) >= 0


def test_silence_of_rules_leaves_every_probability_as_it_was() -> None:
    probability = np.asarray([0.0, 0.013, 0.5, 0.97, 1.0], np.float32)
    for family in range(len(SYSTEMS)):
        quiet = added(np.zeros(5, np.int64), np.full(5, family))
        assert joined(probability, quiet).tolist() == probability.tolist()


def test_rules_raise_a_probability_and_keep_the_order_of_what_they_say_the_same_of() -> None:
    probability = np.linspace(0, 1, 50, dtype=np.float32)
    for family in range(len(SYSTEMS)):
        bonus = added(np.full(50, 1 + LEVELS.index("high")), np.full(50, family))
        together = joined(probability, bonus)
        assert (together >= probability - 1e-5).all()
        assert (np.diff(together) >= 0).all()
        assert ((together >= 0) & (together <= 1)).all()


def test_a_high_rule_makes_a_scene_of_windows_suspicious_that_the_screen_calls_benign() -> None:
    family = FAMILIES.index("windows")
    bonus = added(np.asarray([1 + LEVELS.index("high")]), np.asarray([family]))
    (together,) = joined(np.asarray([0.02], np.float32), bonus).tolist()
    screen = screens.load().families[family]
    assert screen.verdict(0.02) == "benign"
    assert screen.verdict(together) in ("suspicious", "malicious")


def ran(system: dict[str, Any], host: str, pid: int, image: str) -> dict[str, Any]:
    """A launch as Elastic's endpoint sensor writes it."""
    return {
        "@timestamp": f"2026-03-01T10:00:{pid:02}.000Z",
        "agent": {"type": "endpoint"},
        "event": {"module": "endpoint", "category": ["process"], "action": "exec", "type": ["start"]},
        "data_stream": {"dataset": "endpoint.events.process"},
        "host": {"hostname": host, "os": system},
        "process": {
            "entity_id": f"{host}-{pid}",
            "pid": pid,
            "executable": image,
            "command_line": f"{image} one two",
            "parent": {"entity_id": f"{host}-0", "pid": 1, "executable": "launcher"},
        },
    }


def opinions(tmp_path: Path, *documents: dict[str, Any], level: str = "high") -> tuple[Opinion, Opinion]:
    """What the screen says alone, and with a rule of a level that matched in the first document."""
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
    with Spool(1 << 20) as spool:
        reel = film(Reader([str(path)], Settings(workers=1)).batches(), screens.load(), spool)
        alone = opinion(reel, view(reel))
        matches = Matches(reel)
        matches.add([Finding("r-1", "Made Up", level, "test", "us", "log", "h", None, ("log#1",), (), (), ((0, 0),))])
        return alone, heard(alone, matches)


@pytest.mark.parametrize("image", ["/usr/bin/osascript", "osascript"])
@pytest.mark.parametrize("system", [{"family": "macos"}, {"type": "macos"}, {"platform": "darwin"}])
def test_a_scene_of_macos_hears_its_rules_whatever_its_paths_look_like(
    tmp_path: Path, system: dict[str, Any], image: str
) -> None:
    alone, together = opinions(tmp_path, ran(system, "mac", 1, image), ran(system, "mac-2", 2, image))
    assert alone.macos.all()
    odds = np.log(together.scene / (1 - together.scene)) - np.log(alone.scene / (1 - alone.scene))
    assert sorted(odds.round(2).tolist()) == [0.0, pytest.approx(BONUS["macos"]["high"], abs=0.05)]


def test_a_scene_of_linux_that_holds_the_same_does_not(tmp_path: Path) -> None:
    alone, together = opinions(tmp_path, ran({"type": "linux"}, "box", 1, "/usr/bin/osascript"), level="critical")
    assert not alone.macos.any()
    assert together.scene.tolist() == alone.scene.tolist()


def test_hosts_of_three_systems_in_one_recording_keep_their_own_say(tmp_path: Path) -> None:
    mac = ran({"type": "macos"}, "mac", 3, "/usr/bin/true")
    pc = ran({"type": "windows"}, "pc", 1, r"C:\Windows\System32\whoami.exe")
    box = ran({"type": "linux"}, "box", 2, "/usr/bin/id")
    alone, together = opinions(tmp_path, box, pc, mac)
    assert together.scene.tolist() == alone.scene.tolist(), "a rule in the Linux scene moves none"
    assert alone.macos.sum() == 1
    for first in (pc, mac):
        alone, together = opinions(tmp_path, first, box)
        assert (together.scene > alone.scene).sum() == 1
    assert alone.macos.tolist().count(True) == 1
