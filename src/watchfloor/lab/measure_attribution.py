"""Measure the screen's techniques and tactics on sources it never saw, beside a linear model's.

    python -m watchfloor.lab.cross CORPUS.npz SCORES --by source
    python -m watchfloor.lab.measure_attribution CORPUS.npz SCORES [--heard HEARD.jsonl] [--json OUT.json]

The network answers a recording by the labels of its scenes, each heard as loudly as it looks malicious; the linear
model by the best label over its 24 strongest frames. With ``--heard`` (of ``lab.heard``) recordings that exist because
a rule fires on them are left out, and the rules that ship answer with the network (``film.naming``). An answer is right
when it is one of the recording's techniques or the parent of one; only labels the others show can be answered by a
model. Intervals are 95% bootstrap over recordings, seed 7.
"""

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from watchfloor.base.settings import Settings
from watchfloor.film.matches import Claim
from watchfloor.film.naming import named
from watchfloor.lab.bags import TEXT, Bags, load
from watchfloor.lab.cross import Scores, gather, groups_of
from watchfloor.lab.heard import apart
from watchfloor.lab.labels import label_sets, labels_of
from watchfloor.lab.linear_labels import attribute, attribution_rows
from watchfloor.lab.measure_film import interval
from watchfloor.lab.measure_rules_hunting import RULE_MADE
from watchfloor.rules.cache import ruleset
from watchfloor.rules.shipped import OWN_RULES

SHOWN: Final = 24
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """Labels of a recording and how much each is meant ``(labels,)``, and those that could be answered."""

    labels: tuple[str, ...]
    scores: Floats
    known: set[str]

    def ranked(self) -> list[str]:
        """The labels, best first."""
        return [self.labels[i] for i in np.argsort(-self.scores, kind="stable")]


Answers = dict[int, Answer]


def watched(bags: Bags, scores: Scores, group: npt.NDArray[np.int64], names: tuple[str, ...]) -> Answers:
    """What the networks answer."""
    sets = label_sets(bags)
    found: Answers = {}
    for r in _asked(bags, sets):
        mine = np.flatnonzero(bags.recording == r)
        places, first = np.unique(scores.place[mine], return_index=True)
        logit = np.clip(scores.scene[mine[first]], -12, 12)
        loud = np.exp(logit - logit.max())
        share = (scores.share[places] * (loud / loud.sum())[:, None]).sum(axis=0)
        known = set().union(*(s for i, s in enumerate(sets) if group[i] != group[r]))
        kept = [i for i, name in enumerate(names) if name in known]
        found[r] = Answer(tuple(names[i] for i in kept), share[kept], known & set(names))
    return found


def with_rules(bags: Bags, told: Answers, path: Path) -> Answers:
    """What the networks and the rules that matched answer together, each recording's rules counted once.

    Rules whose writer had read a recording's half of the folds are not heard there.
    """
    own = ruleset([str(OWN_RULES)], Settings())
    rules = {rule.id: rule for rule in (*own.rules, *own.correlations)}
    matched = {line["name"]: line["matched"] for line in map(orjson.loads, path.read_bytes().splitlines())}
    deaf = apart(groups_of(bags, "fold")[0])
    found: Answers = {}
    for r, answer in told.items():
        said = (rule for _, rule, _ in matched.get(bags.facts[r]["name"], ()))
        ids = dict.fromkeys(rule for rule in said if rule in rules and rule not in deaf[r])
        claims = [Claim(i, "", rules[i].level, "", "", rules[i].techniques) for i in ids]
        labels, scores = named(answer.labels, answer.scores.astype(np.float32), claims)
        found[r] = Answer(labels, scores.astype(np.float64), answer.known)
    return found


def _asked(bags: Bags, sets: list[set[str]]) -> list[int]:
    """Attack recordings with techniques that hold frames."""
    return [
        r
        for r in np.unique(bags.recording).tolist()
        if bags.facts[r]["techniques"]
        and bags.facts[r]["label"] in ("malicious", "mixed")
        and bags.facts[r]["lab"] != TEXT
        and sets[r]
    ]


def linear(bags: Bags, logit: Floats, group: npt.NDArray[np.int64], names: list[str]) -> Answers:
    """What one-against-rest logistic regression answers."""
    believed = attribution_rows(bags, logit)
    asked = _asked(bags, label_sets(bags))
    found: Answers = {}
    for number, name in enumerate(names):
        held = [r for r in asked if group[r] == number]
        if not held:
            continue
        labels, table, biases = attribute(bags, believed, group != number)
        for r in held:
            found[r] = Answer(labels, _heard(bags, logit, r, table, biases), set(labels))
        print(f"{name}: {len(held)} recordings, {len(labels)} labels", flush=True)
    return found


def _heard(bags: Bags, logit: Floats, r: int, table: Any, biases: Floats) -> Floats:
    mine = np.flatnonzero(bags.recording == r)
    mine = mine[np.argsort(-logit[mine])[:SHOWN]]
    z = np.asarray((bags.x[mine] @ table).todense()) + biases
    relevance = 1 / (1 + np.exp(-np.clip(logit[mine], -30, 30)))
    return np.asarray((1 / (1 + np.exp(-z)) * np.sqrt(relevance)[:, None]).max(axis=0))


def measure(bags: Bags, told: Answers, group: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Top-1 and top-3 over recordings whose labels the model could know, with the majority baselines."""
    sets = label_sets(bags)
    first, third, tactic, order, majority, common_tactic = [], [], [], [], [], []
    pairs: list[tuple[str, set[str]]] = []
    for r, answer in told.items():
        ranked, truth = answer.ranked(), sets[r] & answer.known
        if not any(t.startswith("T1") for t in truth):
            continue
        rest = Counter(
            t for i, s in enumerate(sets) if group[i] != group[r] and bags.facts[i]["lab"] != TEXT for t in s
        )
        techniques = [t for t in ranked if t.startswith("T1")]
        tactics = [t for t in ranked if t.startswith("TA")]
        order.append(r)
        first.append(techniques[0] in truth)
        third.append(bool(set(techniques[:3]) & truth))
        tactic.append(tactics[0] in truth)
        pairs.append((techniques[0], {t for t in truth if t.startswith("T1")}))
        majority.append(max((t for t in rest if t.startswith("T1")), key=lambda t: rest[t]) in truth)
        common_tactic.append(max((t for t in rest if t.startswith("TA")), key=lambda t: rest[t]) in truth)
    return {
        "recordings": len(order),
        "top 1": float(np.mean(first)),
        "top 1 interval": interval(np.asarray(first), np.asarray(order)),
        "top 3": float(np.mean(third)),
        "top 3 interval": interval(np.asarray(third), np.asarray(order)),
        "macro F1 of the first answer": macro_f1(pairs),
        "most frequent technique": float(np.mean(majority)),
        "tactic top 1": float(np.mean(tactic)),
        "tactic top 1 interval": interval(np.asarray(tactic), np.asarray(order)),
        "most frequent tactic": float(np.mean(common_tactic)),
    }


def macro_f1(pairs: list[tuple[str, set[str]]]) -> float:
    """Mean F1 over techniques that are some recording's; a right answer counts for the technique answered."""
    scores = []
    for label in sorted({t for _, truth in pairs for t in truth}):
        right = sum(answer == label and label in truth for answer, truth in pairs)
        asked = sum(label in truth and (answer == label or answer not in truth) for answer, truth in pairs)
        answered = sum(answer == label for answer, _ in pairs)
        if asked or answered:
            scores.append(2 * right / (asked + answered))
    return float(np.mean(scores)) if scores else 0.0


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("scores", type=Path, help="folder that lab.cross filled")
    parser.add_argument("--by", choices=("source", "fold"), default="source")
    parser.add_argument("--heard", type=Path, help="made by lab.heard")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bags = load(options.corpus)
    names = labels_of(bags).names
    group, groups = groups_of(bags, options.by)
    scores = gather(bags, options.by, options.scores, len(names))
    told = watched(bags, scores, group, names)
    if options.heard:
        told = {r: answer for r, answer in told.items() if bags.facts[r]["source"] not in RULE_MADE}
        rest = {"screen and rules": with_rules(bags, told, options.heard)}
    else:
        rest = {"linear": linear(bags, scores.look, group, groups)}
    found = {name: measure(bags, one, group) for name, one in ({"screen": told} | rest).items()}
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
