"""Everything that runs together: hosts on a switch, the lineage, and the programs outside; all of it goes again.

Mounts are made in a mount namespace of this process, network namespaces are held by its children, and children
end with it: nothing stays on the machine, however this process ends.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import tree
from host import Host, trust
from plot import HERE, HostSpec, Person, Storyline
from switch import FILES, LIBC, VISITORS, Switch, with_parent

BASE = Path("/var/tmp/range-base")
CACHE = Path("/var/tmp/range-built")
CLONE_NEWNS = 0x20000


def own_mounts() -> None:
    """Go into a mount namespace of our own, so that mounts end with this process."""
    if LIBC.unshare(CLONE_NEWNS):
        raise RuntimeError("must be run as root: no mount namespace")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@dataclass(frozen=True)
class Cast:
    """A storyline on its hosts; `second` is the same as `entry` where only one is needed."""

    story: Storyline
    entry: HostSpec
    second: HostSpec


class Stage:
    """Use it with `with`: built and booted inside, gone afterwards."""

    def __init__(self, specs: Iterable[HostSpec], casts: Iterable[Cast], args: Any, copied: bool = False) -> None:
        self.args, self.casts, self.copied = args, list(casts), copied
        self.work = Path(tempfile.mkdtemp(prefix="range-", dir="/var/tmp"))
        self.hosts = {spec.name: Host(spec, self.work / spec.name) for spec in specs}
        self.programs: list[subprocess.Popen[bytes]] = []
        self.lineage: subprocess.Popen[bytes] | None = None
        self.switch: Switch | None = None

    def __enter__(self) -> Self:
        try:
            own_mounts()
            self._build()
            self._boot()
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.leave()

    def _build(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._build_one, self.hosts.values()))
        trust(self.hosts.values())

    def _build_one(self, host: Host) -> None:
        host.work.mkdir()
        host.build(self.args.base, self.args.cache, self.copied)
        done = set()
        for cast in self.casts:
            ends = [(cast.entry, False), *([(cast.second, True)] if cast.story.two_hosts else [])]
            for spec, second in ends:
                if spec.name == host.spec.name and (cast.story.name, second) not in done:
                    host.weaken(cast.story, second)
                    done.add((cast.story.name, second))
        host.dress(self.work / "keys" / host.spec.name)

    def _boot(self) -> None:
        workstations = tuple(person.workstation for host in self.hosts.values() for person in host.spec.people)
        self.switch = Switch(workstations)
        known = []
        for host in self.hosts.values():
            host.boot(self.switch)
            spec = host.spec
            known.append({"name": spec.name, "address": spec.address, "pid": host.pid, "root": str(host.root)})
        words = ["--hosts", json.dumps(known), "--outside", str(self.switch.outside.pid), "--out", str(self.work)]
        self.lineage = subprocess.Popen(
            [sys.executable, str(HERE / "lineage.py"), *words], preexec_fn=with_parent, stdin=subprocess.DEVNULL
        )
        for _ in range(200):
            if (self.work / "lineage.ready").exists():
                break
            if self.lineage.poll() is not None:
                raise RuntimeError("the lineage process ended at once")
            time.sleep(0.05)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Host.wait_for_boot, self.hosts.values()))
        folders = [str(host.spec.folder / "depot") for host in self.hosts.values()]
        self.outside("depot.py", "--address", FILES, "--seed", str(self.args.seed), *folders)

    def outside(self, program: str, *words: str, show: bool = False) -> subprocess.Popen[bytes]:
        """Start one of our programs in the outside namespace."""
        assert self.switch
        to = None if show else (self.work / "programs.log").open("ab")
        process = subprocess.Popen(
            [*self.switch.enter(), sys.executable, str(HERE / program), *words],
            stdin=subprocess.DEVNULL,
            stdout=to,
            stderr=to,
            preexec_fn=with_parent,
        )
        self.programs.append(process)
        return process

    def person(self, host: Host, person: Person, until: float, pace: float, *more: str, show: bool = False) -> None:
        words = ["--who", person.name, "--host", host.spec.address, "--password", person.password]
        words += ["--source", person.workstation, "--tasks", str(host.spec.folder / f"people/{person.name}.txt")]
        words += ["--key", str(self.work / "keys" / host.spec.name / person.name), "--seed", str(self.args.seed)]
        words += [
            "--until",
            str(until),
            "--pace",
            str(pace),
            "--transcript",
            str(self.work / f"seen-{person.name}.txt"),
        ]
        words += ["--other-words"] if host.spec.split == "test" else []
        self.outside("desk.py", *words, *more, show=show)

    def visits(self, until: float, pace: float, show: bool = False) -> None:
        known = []
        for host in self.hosts.values():
            colleagues = [person.workstation for person in host.spec.people]
            for visit in host.visits:
                facts = asdict(visit) | {"address": host.spec.address, "from": [*VISITORS[:8], *colleagues]}
                known.append(facts)
        words = ["--seed", str(self.args.seed), "--until", str(until), "--pace", str(pace)]
        self.outside("visitors.py", *words, "--visits", json.dumps(known), *(["--loud"] if show else []), show=show)

    def job(self, cast: Cast, variant: int, address: str, start: float, pace: float, stay: bool) -> dict[str, Any]:
        """Words for intrusion.py."""
        two = cast.story.two_hosts
        name = f"{cast.story.name}#{variant}@{cast.entry.name}"
        people = {
            host.spec.name: {
                person.name: {
                    "key": str(self.work / "keys" / host.spec.name / person.name),
                    "workstation": person.workstation,
                    "password": person.password,
                }
                for person in host.spec.people
            }
            for host in self.hosts.values()
        }
        return {
            "id": name,
            "storyline": cast.story.name,
            "variant": variant,
            "seed": self.args.seed,
            "pace": pace,
            "start": start,
            "address": address,
            "entry": asdict(cast.entry.view()),
            "second": asdict(cast.second.view()) if two else None,
            "people": people,
            "tools": str(tree.bare(self.args.base, cast.entry.suite)),
            "control": str(self.work / "control"),
            "journal": str(self.work / f"journal-{name}.jsonl"),
            "stay": stay,
        }

    def failed_services(self) -> list[str]:
        """Services that ended with an error, with what they said last."""
        found = []
        for host in self.hosts.values():
            log = host.inside("/run/services/log")
            ended = dict.fromkeys(log.read_text().splitlines()) if log.exists() else {}
            for number, line in enumerate(host.services):
                if any(entry.startswith(line + " ended") and not entry.endswith(" 0") for entry in ended):
                    said = host.inside(f"/run/services/{number}.log").read_text(errors="replace")
                    found.append(f"{host.spec.name}: service failed: {line}\n    {said[-600:]}")
        return found

    def leave(self) -> None:
        """End everything in the order in which it hurts least; safe to call twice."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in self.programs:
            process.kill()
            process.wait()
        self.programs = []
        for host in self.hosts.values():
            host.stop()
        if self.lineage:
            self.lineage.send_signal(signal.SIGTERM)
            self.lineage.wait()
            self.lineage = None
        if self.switch:
            self.switch.__exit__(None, None, None)
            self.switch = None
        for line in Path("/proc/self/mountinfo").read_text().splitlines()[::-1]:
            place = line.split()[4]
            if place.startswith(f"{self.work}/"):
                subprocess.run(["umount", "-l", place], check=False)

    def remove(self) -> None:
        """Delete the work folder; refuses while something is still mounted below it."""
        if f" {self.work}" in Path("/proc/self/mountinfo").read_text():
            raise RuntimeError(f"something is still mounted under {self.work}")
        shutil.rmtree(self.work)
