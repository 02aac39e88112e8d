"""The investigator on recordings whose techniques are documented, nearly all of Windows: what its cases name of them.

    python -m watchfloor.lab.measure_documented ../shared/data --json OUT.json

Each recording is watched as ``watchfloor investigate`` does; flagged scenes and matches of level high or worse open at
most ``MOST_CASES`` cases. Truth is what the recording's authors say was done in it, mostly one technique. A technique
is named when it, its parent or a child is. Screen and older rules learned from these recordings: figures of alerts
flatter, those of what a case adds to its alerts do so less. Beside it: what the alerts say themselves, and as many of
the techniques most often documented in the other recordings as the cases name. Intervals are Wilson's.
"""

import argparse
import json
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.agent.casebook import Casebook
from watchfloor.agent.checking import complaint
from watchfloor.agent.index import Index
from watchfloor.agent.investigating import Investigator, alerts_of
from watchfloor.agent.recording import from_reel
from watchfloor.base.findings import Finding, rank
from watchfloor.base.settings import Settings
from watchfloor.film.filming import Reel
from watchfloor.film.matches import Matches
from watchfloor.film.watching import watch
from watchfloor.lab.catalogue import Recording, materialise, recordings
from watchfloor.lab.measure_recording import wilson
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.ruleset import RuleSet
from watchfloor.rules.shipped import OWN_RULES

MOST_CASES: Final = 10
SOURCE: Final = "otrf"


@dataclass(frozen=True, slots=True)
class Worked:
    """One recording: documented techniques, those of its alerts, those of its cases, verdicts, claims, seconds."""

    name: str
    truth: tuple[str, ...]
    alerts: int
    alerted: tuple[str, ...]
    named: tuple[str, ...]
    verdicts: tuple[str, ...]
    roots: int
    claims: int
    unsupported: int
    seconds: float
    events: int


def same(one: str, other: str) -> bool:
    """Whether two techniques are the same, or one is the other's parent."""
    return one == other or one.split(".")[0] == other or other.split(".")[0] == one


def worked(recording: Recording, rules: RuleSet, folder: Path) -> Worked:
    """Watch one recording and work its cases."""
    path = materialise(recording, folder)
    found: list[Finding] = []

    def hear(reel: Reel) -> Matches:
        matches = Matches(reel)
        found.extend(Hunt(rules).over_spooled(reel.spool, reel.table))
        matches.add(found)
        return matches

    with closing(watch([str(path)], Settings(workers=1), hear=hear)) as watched:
        odd = {process.uid: process.score for scene in watched.scenes for process in scene.processes}
        lines = [scene.to_json() for scene in watched.scenes if scene.flagged]
        lines += [one.to_json() for one in found if rank(one.level) >= rank("high")]
        index = Index(from_reel(watched.reel))
    if recording.member:
        path.unlink()
    book, alerts = Casebook(Investigator(index, odd), MOST_CASES), alerts_of(lines)
    for alert in alerts:
        book.work(alert)
    claims = [claim for case in book.cases for claim in case.claims()]
    return Worked(
        recording.name, recording.techniques, len(alerts),
        tuple(sorted({technique for alert in alerts for technique in alert.techniques})),
        tuple(sorted({str(one["id"]) for case in book.cases for one in case.techniques})),
        tuple(case.verdict for case in book.cases), sum(case.root_cause is not None for case in book.cases),
        len(claims),
        sum(bool(complaint(index, claim)) for claim in claims), sum(case.seconds for case in book.cases),
        len(index.owners),
    )  # fmt: skip


def figures(done: list[Worked]) -> dict[str, Any]:
    """Shares over recordings, and what a guess of the same length would name."""
    cased = [one for one in done if one.verdicts]
    cases = sum(len(one.verdicts) for one in done)

    def share(hits: int, total: int) -> list[float]:
        return [round(value, 3) for value in (hits / max(total, 1), *wilson(hits, total))] + [total]

    def hit(one: Worked, named: tuple[str, ...]) -> bool:
        return any(same(a, b) for a in one.truth for b in named)

    often = Counter(technique for one in done for technique in one.truth)

    def guess(one: Worked) -> tuple[str, ...]:
        others = often - Counter(one.truth)
        return tuple(technique for technique, _ in others.most_common(len(one.named)))

    return {
        "recordings": len(done),
        "events": sum(one.events for one in done),
        "with an alert": share(sum(one.alerts > 0 for one in done), len(done)),
        "a documented technique named by a case, of all": share(sum(hit(o, o.named) for o in done), len(done)),
        "the same, of those with a case": share(sum(hit(one, one.named) for one in cased), len(cased)),
        "the same, by the alerts themselves": share(sum(hit(one, one.alerted) for one in cased), len(cased)),
        "the same, by as many of the most frequent": share(sum(hit(one, guess(one)) for one in cased), len(cased)),
        "techniques a recording's cases name, mean": sum(len(one.named) for one in cased) / max(len(cased), 1),
        "cases": cases,
        "verdicts": dict(Counter(verdict for one in done for verdict in one.verdicts)),
        "cases with a root cause": sum(one.roots for one in done),
        "claims": sum(one.claims for one in done),
        "unsupported": sum(one.unsupported for one in done),
        "seconds a case": sum(one.seconds for one in done) / max(cases, 1),
    }


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rules, done = ruleset([str(OWN_RULES)], Settings()), []
    with tempfile.TemporaryDirectory() as folder:
        for recording in recordings(options.data):
            if recording.source == SOURCE and recording.techniques:
                done.append(worked(recording, rules, Path(folder)))
                print(len(done), recording.name, len(done[-1].verdicts), "cases", flush=True)
    found = figures(done)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found | {"each": [asdict(one) for one in done]}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
