"""Measure the screen on recordings with truth per event, beside what simpler means find in them.

    python -m watchfloor.lab.measure_recording FOLDER... [--pack FOLDER] [--rules PATH ...] [--json FILE]

A scene is an attack scene when at least one of its Events belongs to an intrusion. Opinions compared: the screen, the
same before scenes hear of each other, its linear first look alone, how many Events a scene has (metadata), the highest
level of the Sigma rules that match, screen and rules together as ``watch`` joins them, and what the cases of each host
make of these (``operations.gathering``). Each is measured at the threshold that flags at most 1.67% of the ordinary
scenes here; what ``watch`` says, alone and joined, also at its own thresholds. Intervals are Wilson's at 95%.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from watchfloor.base.settings import Settings
from watchfloor.film import accord, keyframes
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.film.judging import judge as judged_scenes
from watchfloor.film.judging import salience
from watchfloor.film.matches import Matches
from watchfloor.film.screen import FAMILIES, pool
from watchfloor.film.strip import NO_TIME
from watchfloor.film.viewing import Viewing, opinion, view
from watchfloor.intake.reader import Reader
from watchfloor.lab.told import told
from watchfloor.lab.truth import Truth, truth_of
from watchfloor.operations.gathering import gather
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.store.spool import Spool

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Ordinary scenes that may be flagged (HyperGLLM's false-alarm rate).
ALLOWED: Final = 0.0167
#: Share of a scene's distinct frames that may be kept as key frames.
BUDGET: Final = 0.1
#: The screen's opinion with what rules add.
JOINED: Final = "screen and rules"
#: What ``watch`` says in the end.
CASES: Final = "screen, rules and cases"
_DAY: Final = 86_400e6


@dataclass(frozen=True, slots=True)
class Counted:
    """Events, and those of intrusions, of each owner ``(owners,)``; intrusion of each run ``(runs,)``, if any."""

    events: Ints
    bad: Ints
    runs: npt.NDArray[np.object_]


def count(reel: Reel, truth: dict[str, Truth]) -> Counted:
    """Lay the truth beside a reel."""
    size = len(reel.cast.owners)
    events, bad = np.zeros(size, np.int64), np.zeros(size, np.int64)
    whose: list[npt.NDArray[np.object_]] = []
    for batch in reel.spool:
        resolved = reel.table.resolve(batch)
        owners = reel.cast.assign(resolved)
        names = np.asarray(
            [truth[r].intrusion if r in truth else "" for r in resolved.column("record").to_pylist()], np.object_
        )
        np.add.at(events, owners, 1)
        np.add.at(bad, owners[names != ""], 1)
        whose.append(names)
    picked = zip(reel.runs["batch"].tolist(), reel.runs["row"].tolist(), strict=True)
    return Counted(events, bad, np.asarray([whose[b][r] for b, r in picked], np.object_))


@dataclass(slots=True)
class Judged:
    """One host's scenes: truth and opinions, ``(scenes,)`` each; what the host's hours held."""

    name: str
    attack: Flags
    bad: Ints
    opinions: dict[str, Floats]
    process_bad: Flags
    process: Floats
    intrusions: dict[str, Ints]  # scenes that hold an intrusion's Events
    kept: tuple[int, int]  # intrusion runs among the key frames at BUDGET, and all
    days: float
    suspicious: float
    malicious: float


def judge(name: str, reel: Reel, truth: dict[str, Truth], hunt: Hunt | None) -> Judged:
    """Everything that is measured of one host."""
    seen, counted, scenes = view(reel), count(reel, truth), len(reel.casting.roots)
    judged = opinion(reel, seen)
    look = pool(reel.runs_scene, scenes, reel.runs["pattern"], reel.runs["logit"])
    events = np.bincount(reel.casting.scene, counted.events, scenes).astype(np.float64)
    bad = np.bincount(reel.casting.scene, counted.bad, scenes).astype(np.int64)
    shown, acting = events > 0, counted.events > 0
    opinions: dict[str, Floats] = {
        "screen": judged.scene.astype(np.float64),
        "screen, each scene by itself": judged.alone.astype(np.float64),
        "linear first look": look[:, :2].sum(axis=1).astype(np.float64),
        "number of events": events,
        "rules": _rules(reel, hunt, scenes),
    }
    if hunt is not None:
        matches = Matches(reel)
        matches.add(list(Hunt(hunt.rules).over_spooled(reel.spool, reel.table)))  # correlations of this host alone
        opinions[JOINED] = accord.heard(judged, matches).scene.astype(np.float64)
        gathered = {one.scene_id: one.score for one in gather(reel, judged_scenes(reel, matches)).scenes}
        opinions[CASES] = np.asarray([gathered.get(name, 0.0) for name in reel.scene_ids()])
    place = np.cumsum(shown) - 1
    hit = np.flatnonzero(counted.runs != "")
    intrusions = {
        str(one): np.unique(place[reel.runs_scene[hit[counted.runs[hit] == one]]])
        for one in np.unique(counted.runs[hit])
    }
    unix = reel.screen.families[FAMILIES.index("unix")]
    times = reel.runs["time"][reel.runs["time"] != NO_TIME]
    return Judged(
        name=name,
        attack=bad[shown] > 0,
        bad=bad[shown],
        opinions={key: values[shown] for key, values in opinions.items()},
        process_bad=counted.bad[acting] > 0,
        process=judged.owner[acting].astype(np.float64),
        intrusions=intrusions,
        kept=_kept(reel, seen, counted),
        days=float((times.max() - times.min()) / _DAY) if len(times) else 0.0,
        suspicious=unix.suspicious,
        malicious=unix.malicious,
    )


def _rules(reel: Reel, hunt: Hunt | None, scenes: int) -> Floats:
    """Highest level of the rules that match in each scene, 0 for none."""
    level = np.zeros(scenes)
    for (owner, _), said in told(reel, hunt).items():
        place = int(reel.casting.scene[owner])
        level[place] = max(level[place], said.level)
    return level


def _kept(reel: Reel, seen: Viewing, counted: Counted) -> tuple[int, int]:
    """Frames of intrusions among the key frames of their scenes, and how many a tenth of each scene could hold."""
    runs = reel.runs.copy()
    runs["logit"] = salience(runs["logit"], seen.frame)
    rare = keyframes.rarity(runs["pattern"])
    kept = total = 0
    for scene in np.unique(reel.runs_scene[counted.runs != ""]):
        mine = np.flatnonzero(reel.runs_scene == scene)
        budget = max(1, round(BUDGET * len(np.unique(runs["pattern"][mine]))))
        bad = set(runs["pattern"][mine[counted.runs[mine] != ""]].tolist())
        chosen = mine[keyframes.choose(runs[mine], rare[mine], budget)]
        kept += len(bad & set(runs["pattern"][chosen].tolist()))
        total += min(len(bad), budget)
    return kept, total


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share."""
    if not total:
        return (float("nan"), float("nan"))
    z, p = 1.96, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * float(np.sqrt(p * (1 - p) / total + z * z / (4 * total * total)))
    return (middle - half, middle + half)


def share(flags: Flags) -> dict[str, Any]:
    """Share of true flags with its interval."""
    low, high = wilson(int(flags.sum()), len(flags))
    return {"share": float(flags.mean()) if len(flags) else None, "low": low, "high": high, "n": len(flags)}


def at_allowed(opinion: Floats, attack: Flags, allowed: float = ALLOWED) -> Flags:
    """Who is flagged at the lowest threshold that flags at most ``allowed`` of the ordinary."""
    ordinary = np.sort(opinion[~attack])[::-1]
    most = int(allowed * len(ordinary))
    limit = ordinary[most] if most < len(ordinary) else -np.inf
    return opinion > limit


def figures(hosts: Sequence[Judged]) -> dict[str, Any]:
    """All figures of some hosts together."""
    attack, bad = np.concatenate([h.attack for h in hosts]), np.concatenate([h.bad for h in hosts])
    found: dict[str, Any] = {
        "hosts": [h.name for h in hosts],
        "host days": sum(h.days for h in hosts),
        "attack scenes": int(attack.sum()),
        "ordinary scenes": int((~attack).sum()),
        "intrusions": sum(len(h.intrusions) for h in hosts),
        "accuracy of calling all ordinary": float((~attack).mean()),
    }
    for key in hosts[0].opinions:
        opinion = np.concatenate([h.opinions[key] for h in hosts])
        flagged = at_allowed(opinion, attack)
        found[key] = _at(opinion, flagged, attack, bad, hosts) | {
            "roc auc": float(roc_auc_score(attack, opinion)),
            "average precision": float(average_precision_score(attack, opinion)),
        }
    limits = (("malicious", hosts[0].malicious), ("suspicious", hosts[0].suspicious))
    for name, (word, limit) in product([n for n in ("screen", JOINED, CASES) if n in hosts[0].opinions], limits):
        opinion = np.concatenate([h.opinions[name] for h in hosts])
        found[f"{name}, {word} or worse"] = _at(opinion, opinion >= limit, attack, bad, hosts)
    acting = np.concatenate([h.process_bad for h in hosts])
    found["process roc auc"] = float(roc_auc_score(acting, np.concatenate([h.process for h in hosts])))
    kept, total = (sum(h.kept[i] for h in hosts) for i in (0, 1))
    found["intrusion frames kept at a tenth"] = {"share": kept / max(total, 1), "n": total}
    return found


def _at(opinion: Floats, flagged: Flags, attack: Flags, bad: Ints, hosts: Sequence[Judged]) -> dict[str, Any]:
    bounds = np.cumsum([0, *(len(h.attack) for h in hosts)])
    caught = [
        bool(flagged[a + scenes].any())
        for a, h in zip(bounds[:-1].tolist(), hosts, strict=True)
        for scenes in h.intrusions.values()
    ]
    days = sum(h.days for h in hosts)
    return {
        "attack scenes found": share(flagged[attack]),
        "ordinary scenes flagged": share(flagged[~attack]),
        "verdict accuracy": share(flagged == attack),
        "intrusions found": share(np.asarray(caught, np.bool_)),
        "intrusion events in flagged scenes": float(bad[flagged].sum() / max(bad.sum(), 1)),
        "false alarms a host day": float(flagged[~attack].sum() / days) if days else None,
    }


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+", help="folders with audit logs and truth.csv.zst")
    parser.add_argument("--pack", type=Path, default=screens.BUNDLED)
    parser.add_argument("--rules", action="append", default=[], help="Sigma rules to compare with")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    hunt = Hunt(ruleset(options.rules, Settings())) if options.rules else None
    hosts = []
    for folder in options.recordings:
        logs = [str(p) for p in sorted(folder.glob("*.log*"))]
        with Spool(1 << 30) as spool:
            reel = film(Reader(logs, Settings()).batches(), screens.load(options.pack), spool)
            hosts.append(judge(folder.name, reel, truth_of(folder), hunt))
    found = figures(hosts) | {"per host": {h.name: figures([h]) for h in hosts if h.attack.any()}}
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
