"""Measure the screen, Sigma rules and both on the same recordings.

    python -m watchfloor.lab.measure_rules --data ../shared/data/edr --rules PATH [--corpus CORPUS.npz]
        [--ordinary FOLDER=LAB,LAB ...] [--state STATE.jsonl] --json OUT.json

The screen's verdicts are those of leave one lab out (``lab.measure_film``). ``--rules`` takes what ``watchfloor
rules match`` takes; the shipped rules are measured beside. Sources that exist because a rule fires on them are left
out. ``--ordinary`` adds a folder of our own logs: the labs named are left out of the screen that judges it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from watchfloor.base.settings import from_environment
from watchfloor.film import screen as screens
from watchfloor.lab import measure_rules_figures as figures
from watchfloor.lab import measure_rules_screen as judging
from watchfloor.lab.bags import load
from watchfloor.lab.catalogue import Recording, recordings
from watchfloor.lab.measure_rules_figures import Sight
from watchfloor.lab.measure_rules_hunting import (
    RULE_MADE,
    Hunters,
    State,
    hunt_attack,
    hunt_benign,
    hunt_folder,
)
from watchfloor.rules.cache import ruleset
from watchfloor.rules.shipped import OWN_RULES

#: The two sets of rules.
THEIRS, OURS = "rules", "shipped rules"


class Corpus:
    """The corpus and its scores, read when first needed: a resumed run may need neither."""

    def __init__(self, path: Path, scores: Path, state: State) -> None:
        self._path, self._scores, self._state = path, scores, state

    def verdicts(self) -> dict[str, Any]:
        """Held-out verdicts of the corpus's units."""
        kept = self._state.kept.get(("screen", "leave one lab out"))
        return kept if kept is not None else self._state.add(judging.out_of_lab(load(self._path), self._scores))


def measured(data: Path) -> list[Recording]:
    """Recordings that rules may be measured on."""
    folder = data.parent if (data / "index.csv").is_file() else data
    return [recording for recording in recordings(folder) if recording.source not in RULE_MADE]


def hunt_all(chosen: Sequence[Recording], hunters: Hunters, state: State) -> None:
    """Hunt in every recording that the state does not hold yet."""
    for number, recording in enumerate(chosen, 1):
        attack = recording.label in ("malicious", "mixed")
        if ("attack" if attack else "benign", recording.name) not in state.kept:
            state.add((hunt_attack if attack else hunt_benign)(recording, hunters))
        print(f"\r{number}/{len(chosen)} recordings", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def attacks_of(chosen: Sequence[Recording], state: State, verdicts: dict[str, Any] | None) -> list[Sight]:
    """Attack recordings in which something could be read as Events."""
    found = []
    for recording in chosen:
        hunted = state.kept.get(("attack", recording.name))
        judged = verdicts["attacks"].get(recording.name) if verdicts is not None else None
        if hunted is None or not hunted["events"] or (verdicts is not None and judged is None):
            continue
        rules = {name: hunted[name] for name in (THEIRS, OURS)}
        found.append(
            Sight(recording.name, recording.lab, hunted["launches"], recording.techniques, judged, rules)
        )  # fmt: skip
    return found


def scenes_of(hunted: dict[str, Any], lab: str, column: str, *, bad: bool = False) -> list[Sight]:
    """Scenes of a recording without an attack (or, with ``bad``, those that belong to one)."""
    return [
        Sight(
            name=f"{hunted['name']}#{scene['number']}",
            lab=lab,
            launches=scene["launches"],
            techniques=(),
            screen=scene.get(column),
            rules={name: scene[name] for name in (THEIRS, OURS)},
        )
        for scene in hunted["scenes"]
        if scene["bad"] == bad
    ]


def ordinary_groups(
    chosen: Sequence[Recording], state: State, verdicts: dict[str, Any] | None
) -> dict[str, list[Sight]]:
    """Third-party scenes of ordinary work, with and without process creations, and what lies after a compromise."""
    groups: dict[str, list[Sight]] = {"third-party": [], "third-party, no process creation logged": []}
    for recording in chosen:
        hunted = state.kept.get(("benign", recording.name))
        if hunted is None or not hunted["scenes"]:
            continue
        if verdicts is not None:
            judging.join(hunted["scenes"], verdicts["scenes"].get(recording.name, {}))
        some = any(scene["launches"] for scene in hunted["scenes"])
        place = "third-party" if some else "third-party, no process creation logged"
        groups[place] += scenes_of(hunted, recording.lab, "left out")
    return groups


def own_groups(
    folders: Sequence[Path], hunters: Hunters, state: State
) -> tuple[dict[str, list[Sight]], dict[str, list[Sight]]]:
    """Scenes of our own logs: of ordinary work, and of intrusions where truth lies beside."""
    good: dict[str, list[Sight]] = {}
    bad: dict[str, list[Sight]] = {}
    for folder in folders:
        hunted = state.kept.get(("folder", folder.name))
        if hunted is None:
            hunted = state.add(hunt_folder(folder, hunters, screens.load()))
        good[hunted["name"]] = scenes_of(hunted, "", "screen")
        foul = scenes_of(hunted, "", "screen", bad=True)
        if foul:
            bad[hunted["name"]] = foul
    return good, bad


def measure(
    attacks: Sequence[Sight],
    ordinary: dict[str, list[Sight]],
    own: dict[str, list[Sight]],
    intrusion: dict[str, list[Sight]],
) -> dict[str, Any]:
    """All figures."""
    screened = bool(attacks) and attacks[0].screen is not None
    seers = figures.watchers((THEIRS, OURS), screened)
    false = figures.false_alarms(ordinary | own, seers)
    good = ordinary["third-party"]
    result: dict[str, Any] = {
        "attack recordings": len(attacks),
        "detection": figures.detection(attacks, seers),
        "naming": figures.naming(attacks, THEIRS) | figures.naming(attacks, OURS),
        "false alarms": false,
        "matches": figures.matches(ordinary | own, (THEIRS, OURS)),
        "by chance": figures.by_chance(attacks, false["third-party"]),
        "intrusion scenes": {name: figures.detection(scenes, seers) for name, scenes in intrusion.items()},
    }
    if not screened:
        return result
    result["at the rules' false alarms"] = {
        level: {
            "screen": figures.at_alarms(attacks, good, alarms),
            "metadata": figures.at_alarms(attacks, good, alarms, 3),
        }
        for level in figures.THRESHOLDS
        for alarms in [false["third-party"]["alarmed"][f"{THEIRS}, {level} or worse"]["alarms"]]
    }
    alarms = false["third-party"]["alarmed"]["screen, malicious"]["alarms"]
    result["metadata at the screen's false alarms"] = figures.at_alarms(attacks, good, alarms, 3)
    for name in (THEIRS, OURS):
        for words, one in (("malicious", figures.malicious), ("suspicious", figures.suspicious)):
            for level in figures.THRESHOLDS:
                key = f"screen {words}, {name} {level} or worse"
                result[key] = figures.two_by_two(attacks, one, figures.at_least(name, level))
    high = figures.at_least(THEIRS, "high")
    result["one-sided"] = figures.one_sided(attacks, figures.malicious, high, THEIRS)
    return result


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv, or the one above it")
    parser.add_argument("--rules", action="append", required=True, help="Sigma rules: file, folder or archive")
    parser.add_argument("--corpus", type=Path, help="made by lab.corpus; without it rules are measured alone")
    parser.add_argument("--scores", type=Path, help="made from it by lab.cross --by lab")
    parser.add_argument("--ordinary", type=Path, action="append", default=[], metavar="FOLDER", help="our own logs")
    parser.add_argument("--state", type=Path, help="JSON lines: what is done, so that a run can go on")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    if (options.corpus is None) != (options.scores is None):
        parser.error("--corpus and --scores go together")
    settings = from_environment()
    hunters = Hunters({THEIRS: ruleset(options.rules, settings), OURS: ruleset([str(OWN_RULES)], settings)})
    state = State.open(options.state)
    corpus = Corpus(options.corpus, options.scores, state) if options.corpus is not None else None
    chosen = measured(options.data)
    hunt_all(chosen, hunters, state)
    verdicts = corpus.verdicts() if corpus is not None else None
    own, intrusion = own_groups(options.ordinary, hunters, state)
    ordinary = ordinary_groups(chosen, state, verdicts)
    found = measure(attacks_of(chosen, state, verdicts), ordinary, own, intrusion)
    options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(figures.table(found))


if __name__ == "__main__":
    main()
