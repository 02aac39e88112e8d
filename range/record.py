"""Record several Linux hosts at once: ordinary work with harmless intrusions inside it, and the truth of each event.

    python range/record.py --minutes 75 --out DIR [--hosts a,b] [--storylines a,b] [--seed N] [--base FOLDER]

Builds Debian hosts in namespaces of their own on a network without an outside, sets audit rules, lets people,
services, visitors and intruders work in them, then removes everything again and writes to DIR a folder for each
host (`HOST.audit.log.zst`, `truth.csv.zst`, `DATASHEET.md`), `storylines.json.zst` and `DATASHEET.md`.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import plan
import plot
import preflight
import publish
import stage
from auditing import Auditing
from cut import Accounts

FULL = 40  # minutes from which intruders keep their own pace


def say(words: str) -> None:
    print(time.strftime("%H:%M:%S"), words, file=sys.stderr, flush=True)


def pace_of(args: argparse.Namespace) -> float:
    """Factor on the pauses of intruders."""
    return min(1.0, float(args.minutes) / FULL)


def choose(args: argparse.Namespace) -> tuple[dict[str, plot.HostSpec], list[plan.Entry]]:
    """The hosts and the plan of this recording."""
    hosts = plot.all_hosts()
    if args.hosts:
        hosts = {name: hosts[name] for name in args.hosts.split(",")}
    if args.storylines:
        stories = {story.name: story for story in map(plot.load, args.storylines.split(","))}
    else:
        stories = plot.all_storylines()
    if args.plan:
        return hosts, plan.read(args.plan, stories, hosts)
    return hosts, plan.make(stories, hosts, args.seed, args.minutes * 60, pace_of(args))


class Recording:
    """One run on a stage, from the first audited moment to the raw material."""

    def __init__(self, place: stage.Stage, entries: list[plan.Entry], args: argparse.Namespace) -> None:
        self.place, self.entries, self.args = place, entries, args
        self.auditing = Auditing(place.work)
        self.accounts = {name: Accounts() for name in place.hosts}
        self.begin = self.end = 0.0
        self.lost = -1

    def start(self) -> None:
        """Rules and daemon first, then everybody who works."""
        self.auditing.start([host.root for host in self.place.hosts.values()])
        self.begin = time.time()
        until = self.begin + self.args.minutes * 60 - 8
        for host in self.place.hosts.values():
            for person in host.spec.people:
                self.place.person(host, person, until, person.pace * self.args.pace)
        self.place.visits(until, 1.0)
        pace = pace_of(self.args)
        for entry in self.entries:
            job = self.place.job(entry.cast, entry.variant, entry.address, self.begin + entry.start, pace, stay=True)
            self.place.outside("intrusion.py", "--job", json.dumps(job))

    def run(self) -> None:
        end, told = self.begin + self.args.minutes * 60, 0.0
        while time.time() < end:
            time.sleep(min(5, max(0.1, end - time.time())))
            for name, host in self.place.hosts.items():
                self.accounts[name].learn(host.root / "etc")
            if time.time() - told > 60:
                told = time.time()
                status = preflight.audit_status()
                minutes = (told - self.begin) / 60
                say(
                    f"{minutes:.0f} min, lost {status.get('lost')}, backlog {status.get('backlog')}, raw log "
                    f"{self.auditing.size() >> 20} MB, forks {(self.place.work / 'forks.csv').stat().st_size >> 20} MB"
                )
        self.end = time.time()
        self.lost = int(preflight.audit_status().get("lost", -1))
        self.trouble = self.place.failed_services()

    def note(self) -> None:
        """What the cutting and labelling needs to know about this run."""
        hosts = {}
        for name, host in self.place.hosts.items():
            spec, known = host.spec, self.accounts[name]
            rules = [line.replace(str(host.root), "") for line in self.auditing.rules_of(host.root)]
            hosts[name] = {
                "pid": host.pid,
                "suite": spec.suite,
                "split": spec.split,
                "address": spec.address,
                "log": spec.log,
                "people": [person.name for person in spec.people],
                "accounts": {"users": known.users, "groups": known.groups},
                "rules": rules,
            }
        jobs = {
            entry.id: {
                "storyline": entry.cast.story.name,
                "split": entry.cast.story.split,
                "variant": entry.variant,
                "hosts": entry.hosts(),
                "words": entry.cast.story.words,
                "address": entry.address,
            }
            for entry in self.entries
        }
        facts = {"begin": self.begin, "end": self.end, "minutes": self.args.minutes, "seed": self.args.seed}
        facts |= {"lost": self.lost, "kernel": platform.release().split("-")[0], "hosts": hosts, "jobs": jobs}
        (self.place.work / "run.json").write_text(json.dumps(facts), encoding="utf-8")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hosts", help="only these, by comma")
    parser.add_argument("--storylines", help="only these, by comma")
    parser.add_argument("--plan", type=Path, help="play this plan (JSON, as printed) instead of one made from the seed")
    parser.add_argument("--only-plan", action="store_true", help="print the plan and stop")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pace", type=float, default=1.0, help="factor on the pauses of the people")
    parser.add_argument("--install", action="store_true", help="install missing Debian packages first")
    parser.add_argument("--base", type=Path, default=stage.BASE, help="folder of bare trees, copied, not changed")
    parser.add_argument("--cache", type=Path, default=stage.CACHE, help="folder of built hosts")
    parser.add_argument("--layers", action="store_true", help="use layers instead of copied trees: quicker, for trials")
    parser.add_argument("--keep", type=Path, help="copy the private raw material (other programs' events too) here")
    return parser.parse_args()


def report(facts: dict[str, object], entries: list[plan.Entry], out: Path, trouble: list[str]) -> int:
    print(json.dumps(facts, indent=1))
    told = json.loads(publish.stories_of(out))["intrusions"]
    wrong = [f"{each['id']}: {'; '.join(each['broken'])}" for each in told if each["broken"]]
    wrong += [f"{each['id']} left no event" for each in told if not each["events"]]
    print("\n".join(wrong + trouble), file=sys.stderr)
    return 1 if wrong else 0


def main() -> int:
    args = parse()
    hosts, entries = choose(args)
    print(json.dumps(plan.lines(entries), indent=1), flush=True)
    if args.only_plan:
        return 0
    problems = preflight.missing(args.install)
    if problems:
        print("cannot record here:\n  " + "\n  ".join(problems), file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    casts = list({(entry.id): entry.cast for entry in entries}.values())
    place = stage.Stage(hosts.values(), casts, args, copied=not args.layers)
    recording = Recording(place, entries, args)
    try:
        try:
            say(f"building in {place.work}")
            with place:
                say("the hosts run")
                try:
                    recording.start()
                    recording.run()
                    recording.note()
                finally:
                    recording.auditing.stop()
        finally:
            place.leave()
            for host in place.hosts.values():
                shutil.rmtree(host.work, ignore_errors=True)
            if args.keep:
                subprocess.run(["cp", "-a", "--", f"{place.work}/.", str(args.keep)], check=True)
        say("cutting")
        facts = publish.write(place.work, args.out)
    finally:
        place.remove()
    return report(facts, entries, args.out, recording.trouble)


if __name__ == "__main__":
    sys.exit(main())
