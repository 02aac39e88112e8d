"""One person's working time: takes tasks from a file and types them into ssh sessions on the host.

A task file holds blocks that begin with `%% name [again]`. Blocks are done in order, and those marked
`again` also come back at random. In a line, {n}, {word} and {pick:a|b|c} are filled in from the seed;
`@keys TEXT` sends keys without waiting for a prompt (\\n, \\e are understood), `@pause SECONDS` waits, and
`@away SECONDS` logs out and comes back later.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import terminal

SOME_WORDS = (
    "amber birch cedar delta ember fjord grove heron inlet juniper kestrel lagoon maple north opal pine quartz river"
)
WORDS = SOME_WORDS.split()
MORE_WORDS = (
    "acorn bramble copper dune estuary fennel garnet hazel iris jasper kelp larch meadow nettle orchid quill reed"
)
OTHER_WORDS = MORE_WORDS.split()
WRONG = re.compile(
    r"command not found|No such file|cannot access|syntax error|Traceback|[Pp]ermission denied|Connection refused|"
    r"Unable to locate|fatal:|not permitted|Could not resolve|Name or service|No route to host"
)


def fill(line: str, rng: random.Random, n: int, word: str = "", words: Sequence[str] = WORDS) -> str:
    """Replace {pick:a|b}, {n} and {word}."""
    line = re.sub(r"\{pick:([^}]*)\}", lambda found: rng.choice(found.group(1).split("|")), line)
    return line.replace("{n}", str(n)).replace("{word}", word or rng.choice(words))


@dataclass
class Task:
    name: str
    again: bool
    lines: list[str] = field(default_factory=list)


def read_tasks(path: Path) -> list[Task]:
    """Blocks of a task file; a here-document stays one entry."""
    tasks: list[Task] = []
    until = None
    for raw in path.read_text(encoding="utf-8").splitlines():
        if until is not None:
            tasks[-1].lines[-1] += "\n" + raw
            until = None if raw == until else until
        elif raw.startswith("%%"):
            words = raw.split()
            tasks.append(Task(words[1], "again" in words[2:]))
        elif raw.strip():
            tasks[-1].lines.append(raw)
            here = re.search(r"<<'(\w+)'", raw)
            until = here.group(1) if here else None
    return tasks


class Person:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.end, self.pace = args, args.until, args.pace
        self.transcript = args.transcript.open("a", encoding="utf-8", buffering=1)
        self.rng = random.Random(f"{args.seed}:{args.who}")
        self.words = OTHER_WORDS if args.other_words else WORDS
        self.session: terminal.Terminal | None = None

    def think(self, middle: float) -> None:
        """Lognormal pause around `middle` seconds."""
        pause = min(40.0, self.pace * middle * math.exp(self.rng.gauss(0, 0.7)))
        time.sleep(max(0.0, min(pause, self.end - time.time())))

    def do(self, task: Task) -> None:
        n, word = self.rng.randint(2, 98), self.rng.choice(self.words)
        for place, raw in enumerate(task.lines):
            if time.time() > self.end or self.session is None or self.session.closed:
                return
            line = fill(raw, self.rng, n, word)
            if line.startswith("@pause "):
                time.sleep(float(line.split()[1]))
            elif line.startswith("@away "):
                self.log_out()
                time.sleep(max(0.0, min(float(line.split()[1]), self.end - time.time())))
            elif line.startswith("@keys "):
                self.session.keys(line[6:].replace("\\n", "\n").replace("\\e", "\x1b").replace("\\c", "\x03"))
                time.sleep(0.6)
            elif task.lines[place + 1 : place + 2] and task.lines[place + 1].startswith("@keys"):
                self.session.keys(line + "\n")  # a program that waits for keys: no prompt will come
                time.sleep(2)
            else:
                shown, done = self.session.ask(line, self.args.patience, self.args.password)
                self.tell(task.name, line, shown, done)
                self.think(2.6)

    def tell(self, name: str, line: str, shown: str, done: bool) -> None:
        self.transcript.write(f"---- {name} {time.time():.1f}\n{shown}\n")
        if not self.args.loud:
            return
        bad = "" if done else "HUNG "
        bad += "looks wrong " if WRONG.search(shown) else ""
        print(f"[{self.args.who} {name}] {line.splitlines()[0]}" + (f"   <-- {bad}" if bad else ""), flush=True)
        if bad:
            print("    " + shown[-700:].strip().replace("\n", "\n    "), flush=True)

    def log_in(self) -> None:
        self.session = terminal.over_ssh(self.args.key, self.args.source, f"{self.args.who}@{self.args.host}")
        if self.session.closed:
            self.tell("log-in", "ssh", f"{self.session.seen()} Permission denied or no connection", False)
            self.think(10)

    def log_out(self) -> None:
        if self.session and not self.session.closed:
            self.session.keys("\n")
            self.session.wait(3)
            self.session.line("exit", 3)
        if self.session:
            self.session.hang_up()
        self.session = None

    def work(self, tasks: list[Task]) -> None:
        todo, left = list(tasks), 0
        again = [task for task in tasks if task.again]
        while time.time() < self.end:
            if self.session is None or self.session.closed:
                self.log_in()
                left = self.rng.randint(3, 7)
            self.do(todo.pop(0) if todo else self.rng.choice(again))
            left -= 1
            if left <= 0:
                self.log_out()
                self.think(14)
            else:
                self.think(5)
        self.log_out()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--who", required=True)
    parser.add_argument("--host", required=True, help="address of the host")
    parser.add_argument("--password", required=True)
    parser.add_argument("--source", required=True, help="address of the person's workstation")
    parser.add_argument("--tasks", type=Path, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--until", type=float, required=True, help="real time at which to log out")
    parser.add_argument("--pace", type=float, default=1.0, help="factor on every pause")
    parser.add_argument("--transcript", type=Path, required=True, help="what the person saw, to see whether tasks work")
    parser.add_argument("--patience", type=float, default=90, help="seconds after which a command is interrupted")
    parser.add_argument("--other-words", action="store_true", help="fill in {word} from the test hosts' list")
    parser.add_argument("--loud", action="store_true", help="print each command and what looks wrong")
    person = Person(parser.parse_args())
    person.think(4)
    person.work(read_tasks(person.args.tasks))


if __name__ == "__main__":
    main()
