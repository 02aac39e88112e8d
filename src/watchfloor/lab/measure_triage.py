"""What is settled fast, what the slow mind adds, and what each costs: on recordings with truth.

    python -m watchfloor.lab.measure_triage range/recordings/{atlas-11,quay-12,mill-13} --json OUT.json

Every scene that the screen does not call surely benign, or that a rule of level high or worse matches, goes through
the dispatcher; of the others as many as ``ORDINARY`` are drawn (seed 0), to see what is missed. A verdict is right when
it says malicious of a scene that holds an intrusion's Events and benign of one that does not. The fast mind's word is
also counted where it did not stand, so that both columns are over the same scenes. Intervals are Wilson's.
"""

import argparse
import json
import random
from functools import partial
from pathlib import Path
from typing import Any, Final

from watchfloor.agent.index import Index
from watchfloor.agent.investigating import Investigator
from watchfloor.agent.recording import from_reel
from watchfloor.base.settings import Settings
from watchfloor.experts.floor import ExpertFloor
from watchfloor.film import screen as screens
from watchfloor.film.filming import film
from watchfloor.film.judging import judge
from watchfloor.film.matches import Matches
from watchfloor.intake.reader import Reader
from watchfloor.lab.measure_recording import wilson
from watchfloor.lab.measure_worst import Kind, kinds
from watchfloor.lab.truth import truth_of
from watchfloor.operations.dispatch import Answer, Settled
from watchfloor.operations.minds import Minds, Question
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.shipped import OWN_RULES
from watchfloor.rules.tuning import Tuning
from watchfloor.store.spool import Spool

#: Ordinary scenes of each host that are triaged beside those that ask for it.
ORDINARY: Final = 60


def main() -> None:
    """Triage each host and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+", help="folders with audit logs and truth.csv.zst")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    floor = ExpertFloor.open(names=["command", "technique"])
    worked: list[tuple[Kind | None, bool, list[Settled]]] = []
    for folder in options.recordings:
        worked += triaged(folder, floor)
        print(folder.name, len(worked), "scenes so far", flush=True)
    found = figures(worked)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def triaged(folder: Path, floor: ExpertFloor) -> list[tuple[Kind | None, bool, list[Settled]]]:
    """For each scene of one host: what it was, whether it asked to be triaged, and how its subtasks were settled."""
    logs = [str(path) for path in sorted(folder.glob("*.log*"))]
    with Spool(1 << 30) as spool:
        reel = film(Reader(logs, Settings()).batches(), screens.load(screens.BUNDLED), spool)
        scenes, known = judge(reel), kinds(reel, truth_of(folder))
        hunt = Hunt(ruleset([str(OWN_RULES)], Settings()), Tuning())
        said = Matches(reel).alerting(hunt.over_spooled(reel.spool, reel.table))
        asking = [scene for scene in scenes if scene.verdict != "benign" or scene.scene_id in said]
        rest = [scene for scene in scenes if scene not in asking]
        rest = random.Random(0).sample(rest, min(ORDINARY, len(rest)))
        odd = {process.uid: process.score for scene in scenes for process in scene.processes}
        experts = {name: partial(floor.ask, name) for name in floor.names}
        dispatcher = Minds(Investigator(Index(from_reel(reel)), odd), experts).dispatcher()
        return [
            (known.get(each.scene_id), each in asking, dispatcher.work(Question(each, said.get(each.scene_id, ()))))
            for each in (*asking, *rest)
        ]


def figures(worked: list[tuple[Kind | None, bool, list[Settled]]]) -> dict[str, Any]:
    """Shares by mind, verdicts and techniques before and after the slow mind, and seconds."""
    found: dict[str, Any] = {"scenes": len(worked), "asking": sum(asking for _, asking, _ in worked)}
    for name in [each.subtask for each in worked[0][2]]:
        mine = [next(each for each in settled if each.subtask == name) for _, asking, settled in worked if asking]
        found[name] = {
            **{mind: sum(each.mind == mind for each in mine) / len(mine) for mind in ("fast", "slow", "person")},
            "changed by the slow mind": sum(each.changed for each in mine),
            "milliseconds a scene": {mind: 1000 * sum(each.seconds.get(mind, 0.0) for each in mine) / len(mine)
                                     for mind in ("fast", "slow")},
        }  # fmt: skip
    for part, chosen in (("asking", True), ("ordinary", False)):
        rows = [(kind, next(each for each in settled if each.subtask == "verdict")) for kind, asking, settled in worked
                if asking == chosen]  # fmt: skip
        right = {"fast": sum(_right(kind, each.fast) for kind, each in rows),
                 "together": sum(_right(kind, each.answer) for kind, each in rows)}  # fmt: skip
        found[f"verdicts right, {part}"] = {
            name: [count / max(len(rows), 1), *wilson(count, len(rows))] for name, count in right.items()
        } | {"scenes": len(rows), "attacks": sum(kind is not None for kind, _ in rows)}
        for name in ("fast", "together"):
            hits = [each.fast if name == "fast" else each.answer for kind, each in rows if kind is not None]
            found[f"verdicts right, {part}"][f"attacks called so, {name}"] = sum(_attack(each) for each in hits)
    named = [(kind, next(each for each in settled if each.subtask == "technique tagging"))
             for kind, asking, settled in worked if asking and kind is not None and kind.techniques]  # fmt: skip
    found["a technique right"] = {
        "fast": sum(_tagged(kind, each.fast) for kind, each in named) / max(len(named), 1),
        "together": sum(_tagged(kind, each.answer) for kind, each in named) / max(len(named), 1), "scenes": len(named),
    }  # fmt: skip
    return found


def _attack(answer: Answer | None) -> bool:
    return answer is not None and answer.value == "malicious"


def _right(kind: Kind | None, answer: Answer | None) -> bool:
    return answer is not None and _attack(answer) == (kind is not None)


def _tagged(kind: Kind, answer: Answer | None) -> bool:
    """Whether one of the first three techniques is one the scene shows, its parent or its child."""
    said = answer.value[:3] if answer is not None else []
    return any(a == b or a.split(".")[0] == b or b.split(".")[0] == a for a in said for b in kind.techniques)


if __name__ == "__main__":
    main()
