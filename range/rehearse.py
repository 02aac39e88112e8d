"""Try one storyline, or one host's people, at high pace and without auditing; says what fails.

python range/rehearse.py --storyline NAME [--variant N] [--on HOST[,HOST]] [--with-people]
python range/rehearse.py --host NAME[,NAME] [--minutes 4]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import plot
import stage
import truth
from desk import WRONG
from host import Host
from plot import HostSpec, Storyline
from switch import INTRUDERS
from tree import BuildError

STEPS, ACTS = (6, 12), (25, 60)
TABLE = plot.HERE.parent / "src/watchfloor/bundled/attack.json"


def choose(story: Storyline, on: str, seed: int) -> stage.Cast:
    """The hosts to play on: those named, else some of the storyline's split."""
    known = plot.all_hosts()
    if on:
        names = on.split(",")
        return stage.Cast(story, known[names[0]], known[names[-1]])
    rng = random.Random(seed)
    mine = [spec for spec in known.values() if spec.split == story.split] or list(known.values())
    entry = rng.choice([spec for spec in mine if spec.name in story.hosts] or mine)
    others = [spec for spec in mine if spec.name != entry.name] or list(known.values())
    second = rng.choice([spec for spec in others if spec.name in story.second_hosts] or others)
    return stage.Cast(story, entry, second if story.two_hosts else entry)


def verdict(notes: list[dict[str, Any]]) -> list[str]:
    """What is wrong with an intrusion's journal, in words."""
    techniques = json.loads(TABLE.read_text(encoding="utf-8"))["techniques"]
    acts = [note for note in notes if "act" in note and note["act"] != "plant"]
    steps = [note for note in notes if "words" in note]
    found = []
    for note in notes:
        if "act" not in note:
            if "broken" in note:
                found.append(f"BROKEN {note['broken']}\n{note['where']}")
            continue
        where = f"step {note['step']} {note['act']}: {str(note['command'])[:160]}"
        if note["technique"] not in techniques:
            found.append(f"unknown technique {note['technique']} in {where}")
        if note.get("failed"):
            found.append(f"FAILED {note['failed']} in {where}")
        if note.get("hung"):
            found.append(f"HUNG {where}\n    {note['shown'][-400:]}")
        elif WRONG.search(note["shown"].replace(str(note["command"]), "", 1)):
            found.append(f"looks wrong: {where}\n    {note['shown'][-400:]}")
    if not STEPS[0] <= len(steps) <= STEPS[1]:
        found.append(f"{len(steps)} steps; {STEPS[0]} to {STEPS[1]} are wanted")
    if not ACTS[0] <= len(acts) <= ACTS[1]:
        found.append(f"{len(acts)} acts; {ACTS[0]} to {ACTS[1]} are wanted")
    return found


def play(args: argparse.Namespace) -> int:
    """Play one storyline; 0 when nothing failed."""
    story = plot.load(args.storyline)
    cast = choose(story, args.on, args.seed)
    specs = {spec.name: spec for spec in (cast.entry, cast.second)}
    print(f"{story.name} on {', '.join(specs)}; built layers are in {args.cache}", flush=True)
    place = stage.Stage(specs.values(), [cast], args)
    try:
        with place:
            print(f"running in {place.work}", flush=True)
            if story.visits or story.second_visits:
                place.visits(time.time() + 25, 0.1, show=True)
            if args.with_people:
                for host in place.hosts.values():
                    for person in host.spec.people:
                        place.person(host, person, time.time() + 3600, 0.3)
            time.sleep(2)
            rng = random.Random(f"{args.seed}:{args.variant}")
            job = place.job(cast, args.variant, rng.choice(INTRUDERS), 0, args.pace, stay=False)
            begin = time.time()
            place.outside("intrusion.py", "--job", json.dumps(job), "--loud", show=True).wait()
            took = time.time() - begin
            time.sleep(1)
            services = place.failed_services()
            lines = Path(job["journal"]).read_text(encoding="utf-8").splitlines()
            notes = [json.loads(line) for line in lines]
            pids = {host.pid: host.spec.name for host in place.hosts.values()}
            place.leave()
            said = labelled(notes, place.work, pids, job["address"])
    finally:
        place.leave()
        place.remove()
    found = verdict(notes) + services
    acts = [note for note in notes if "act" in note]
    print(f"\n===== {job['id']}: {len(acts)} acts in {took:.0f} s; {len(found)} things to look at")
    print("\n".join([*found, "--- truth", *said]), flush=True)
    return 1 if found else 0


def labelled(notes: list[dict[str, Any]], work: Path, pids: dict[int, str], address: str) -> list[str]:
    """What the truth makes of it: how it followed the intrusion, and acts that started nothing it would label."""
    notes[0]["address"] = address
    story = truth.Story(notes)
    with (work / "forks.csv").open() as forks:
        tree = truth.grow(forks, pids)
    facts = truth.Truth(tree, [story], truth.read_lines(work / "links.jsonl"), truth.read_lines(work / "plants.jsonl"))
    lives = [life for every in tree.lives.values() for life in every if life.host and life.cause(float("inf"))]
    found = [f"{len(lives)} processes of the intrusion; began by {dict(facts.counts)}"]
    found += [f"the lured session was not found: {act['command'][:120]}" for act in facts.lost]
    executed = {line["path"] for line in truth.read_lines(work / "plants.jsonl")}
    for act in story.acts:
        if act["act"] == "plant" and act["command"] not in executed:
            found.append(f"never executed while planted: {act['command']}")
        elif act["act"] in ("type", "http", "lure") and not any(
            act["start"] <= life.born <= act["end"] + 0.3 for life in lives
        ):
            found.append(f"started nothing (a shell builtin, or not followed): {act['act']} {act['command'][:120]}")
    return found


def cron_failures(host: Host, work: Path) -> list[str]:
    """Lines of the host's syslog that tell of trouble."""
    wrong = re.compile(r"error|fail|cannot|not found|No MTA|denied", re.IGNORECASE)
    notes = [json.loads(line) for line in (work / "syslog.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = dict.fromkeys(note["text"] for note in notes if note["host"] == host.spec.name)
    return [text for text in texts if wrong.search(text)][:40]


def live(args: argparse.Namespace, specs: list[HostSpec]) -> int:
    """Let the people, visits and cron of some hosts work for a while."""
    place = stage.Stage(specs, [], args)
    try:
        with place:
            until = time.time() + args.minutes * 60
            print(f"running in {place.work} for {args.minutes:g} minutes", flush=True)
            for host in place.hosts.values():
                for person in host.spec.people:
                    place.person(host, person, until, args.pace, "--loud", "--patience", "45", show=True)
            place.visits(until, 0.3, show=True)
            while time.time() < until + 2:
                time.sleep(1)
            print("\n===== services and syslog")
            print("\n".join(place.failed_services()) or "no service failed")
            for host in place.hosts.values():
                print("\n".join(cron_failures(host, place.work)))
    finally:
        place.leave()
        place.remove()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storyline")
    parser.add_argument("--host", help="hosts whose people work, by comma")
    parser.add_argument("--variant", type=int, default=0)
    parser.add_argument("--on", default="", help="entry host, or entry and second host by comma")
    parser.add_argument("--with-people", action="store_true", help="let the hosts' people work beside the storyline")
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--pace", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--base", type=Path, default=stage.BASE, help="folder of bare trees")
    parser.add_argument("--cache", type=Path, default=stage.CACHE, help="folder of built hosts")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if args.storyline:
            return play(args)
        known = plot.all_hosts()
        return live(args, [known[name] for name in args.host.split(",")])
    except BuildError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
