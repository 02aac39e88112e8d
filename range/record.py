"""Make one Linux recording: ordinary work with one harmless intrusion inside it, and the truth of each event.

    python range/record.py --minutes 30 --out DIR

Builds a Debian host in namespaces of its own (loopback only), sets audit rules, lets three people, a few services
and one intruder work in it, then removes everything again and writes to DIR:
`linux-host.audit.log.zst`, `truth.csv.zst`, `storyline.json`, `DATASHEET.md`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import host
import preflight
import publish

HERE = Path(__file__).resolve().parent
BACKLOG = 262144


def say(words: str) -> None:
    print(time.strftime("%H:%M:%S"), words, file=sys.stderr, flush=True)


def checked(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Recording:
    """Everything that must be undone, in the order in which it was done."""

    def __init__(self, work: Path, args: argparse.Namespace) -> None:
        self.work, self.args, self.root = work, args, work / "root"
        self.before = preflight.audit_status()
        self.host: host.Host | None = None
        self.lineage: subprocess.Popen[bytes] | None = None
        self.auditd: subprocess.Popen[bytes] | None = None
        self.people: list[subprocess.Popen[bytes]] = []
        self.begin = self.end = 0.0
        self.status: dict[str, str] = {}

    def prepare(self) -> None:
        say("building the host's tree")
        host.build(self.root, self.args.base)
        host.furnish(self.root, self.work / "keys")
        self.lineage = subprocess.Popen(
            [sys.executable, str(HERE / "lineage.py"), "--root", str(self.root), "--out", str(self.work)]
        )
        self.wait_for(self.work / "lineage.ready")
        self.host = host.Host(self.root)
        say("the host runs")

    def wait_for(self, path: Path) -> None:
        for _ in range(200):
            if path.exists():
                return
            time.sleep(0.1)
        raise RuntimeError(f"{path.name} did not appear")

    def listen(self) -> None:
        """Start auditd in the host's mount and uts namespaces, so that names are resolved as there."""
        assert self.host
        inside = self.host.enter("mount", "uts")
        rules = self.root / "etc/audit/rules.d/range.rules"
        shutil.copy(HERE / "audit.rules", rules)
        rules.chmod(0o600)
        checked("auditctl", "-b", str(BACKLOG), "--backlog_wait_time", "60000", "--reset-lost")
        self.auditd = subprocess.Popen([*inside, "auditd", "-n", "-s", "nochange"], stdin=subprocess.DEVNULL)
        self.wait_for(self.root / "var/log/audit/audit.log")
        time.sleep(1)
        if self.auditd.poll() is not None:
            raise RuntimeError("auditd ended at once")
        checked(*inside, "auditctl", "-R", "/etc/audit/rules.d/range.rules")
        checked("auditctl", "-e", "1")
        self.begin = time.time()

    def start_people(self) -> None:
        assert self.host
        length = self.args.minutes * 60
        rng = random.Random(f"{self.args.seed}:plan")
        until, seed = str(self.begin + length - 8), str(self.args.seed)
        begins = self.begin + length * rng.uniform(0.30, 0.40)
        returns = self.begin + length * rng.uniform(0.86, 0.89)
        network = [*self.host.enter("net"), sys.executable]
        jobs = [
            [
                "desk.py",
                "--who",
                who,
                "--tasks",
                str(HERE / f"tasks/{who}.txt"),
                "--key",
                str(self.work / "keys" / who),
                "--seed",
                seed,
                "--until",
                until,
                "--pace",
                str(self.args.pace),
                "--transcript",
                str(self.work / f"seen-{who}.txt"),
            ]
            for who in host.SUBJECTS
        ]
        jobs.append(["visitors.py", "--seed", seed, "--until", until])
        jobs.append(
            [
                "intrusion.py",
                "--journal",
                str(self.work / "journal.jsonl"),
                "--seed",
                seed,
                "--start",
                str(begins),
                "--again",
                str(returns),
                "--pace",
                str(min(1.0, self.args.minutes / 30)),
            ]
        )
        for job in jobs:
            self.people.append(subprocess.Popen([*network, str(HERE / job[0]), *job[1:]], stdin=subprocess.DEVNULL))

    def run(self) -> None:
        while time.time() < self.begin + self.args.minutes * 60:
            time.sleep(min(60, max(0.1, self.begin + self.args.minutes * 60 - time.time())))
            status = preflight.audit_status()
            size = (self.root / "var/log/audit/audit.log").stat().st_size >> 20
            say(
                f"{(time.time() - self.begin) / 60:.0f} min, lost {status.get('lost')}, "
                f"backlog {status.get('backlog')}, raw log {size} MB"
            )
        self.end = time.time()

    def undo(self) -> None:
        """Leave nothing behind: rules, daemon, processes, namespaces, files."""
        if self.auditd:
            subprocess.run(["auditctl", "-D"], check=False, stdout=subprocess.DEVNULL)
            time.sleep(2)
            self.auditd.terminate()
            self.auditd.wait()
        for person in self.people:
            person.terminate()
            person.wait()
        if self.host:
            self.host.stop()
        if self.lineage:
            self.lineage.send_signal(signal.SIGTERM)
            self.lineage.wait()
        for log in sorted((self.root / "var/log/audit").glob("audit.log")):
            shutil.move(log, self.work / "audit.log")
        checked("auditctl", "-e", self.before.get("enabled", "0"))
        checked("auditctl", "-b", self.before.get("backlog_limit", "64"))
        checked("auditctl", "--backlog_wait_time", self.before.get("backlog_wait_time", "60000"))
        host.remove(self.root)

    def note(self) -> None:
        """What the cutting and labelling needs to know about this run."""
        assert self.host
        (self.work / "run.json").write_text(
            json.dumps(
                {
                    "host": host.NAME,
                    "host_pid": self.host.pid,
                    "begin": self.begin,
                    "end": self.end,
                    "minutes": self.args.minutes,
                    "seed": self.args.seed,
                    "pace": self.args.pace,
                    "lost": int(self.status.get("lost", -1)),
                }
            ),
            encoding="utf-8",
        )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pace", type=float, default=0.7, help="factor on the pauses of the three people")
    parser.add_argument("--install", action="store_true", help="install missing Debian packages first")
    parser.add_argument("--base", type=Path, help="a bare tree made earlier by debootstrap; it is copied, not changed")
    parser.add_argument(
        "--keep", type=Path, help="copy the private raw material (other programs' events too) here; for debugging"
    )
    return parser.parse_args()


def main() -> int:
    args = parse()
    problems = preflight.missing(args.install)
    if problems:
        print("cannot record here:\n  " + "\n  ".join(problems), file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    work = Path(tempfile.mkdtemp(prefix="range-", dir="/var/tmp"))
    recording = Recording(work, args)
    try:
        try:
            recording.prepare()
            recording.listen()
            recording.start_people()
            recording.run()
            recording.status = preflight.audit_status()
            recording.note()
        finally:
            recording.undo()
            if args.keep:
                shutil.copytree(work, args.keep, dirs_exist_ok=True)
        facts = publish.write(work, args.out)
    finally:
        if not (work / "root").exists():
            shutil.rmtree(work)
    print(json.dumps(facts, indent=1))
    if facts["roots"].get("intruder not found"):
        print("some of the intruder's connections could not be followed: labels are incomplete", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
