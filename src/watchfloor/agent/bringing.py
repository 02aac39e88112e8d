"""Code that somebody brought in without reading it: what a package manager fetched, what was piped into a shell."""

from typing import Final

from watchfloor.agent.index import Index
from watchfloor.film.lexicon import SHELLS
from watchfloor.film.words import base_name

#: Programs that fetch or build what others wrote, and run parts of it while they do.
MANAGERS: Final = frozenset(
    ("pip", "pip3", "pipx", "npm", "npx", "yarn", "pnpm", "gem", "bundle", "cargo", "go", "composer", "cpan", "cpanm",
     "make", "mvn", "gradle", "git", "dpkg", "apt", "apt-get", "dnf", "yum", "rpm")
)  # fmt: skip
_DOWNLOADERS: Final = frozenset(("curl", "wget", "fetch", "aria2c"))
_READS_SCRIPT: Final = SHELLS | {"python", "python3", "perl", "ruby", "node"}
_UNPACKERS: Final = _DOWNLOADERS | {"tar", "unzip", "cpio", "scp"}
#: Other trees that run a file, from which on it is everybody's hook, and who runs it says nothing of who planted it.
HOOK_TREES: Final = 3
#: Processes with a path that are looked through for who left it there, at most.
MOST_HOLDERS: Final = 40
#: Seconds between the two ends of a pipe.
_PIPE: Final = 2.0


def fetched(index: Index, number: int) -> bool:
    """Whether a process runs what it was brought: a package manager, or a shell fed by a download."""
    said = index.actors[number].commands
    return any(_managed(command) for command in said) or bool(fetchers(index, number))


def from_outside(index: Index, number: int) -> bool:
    """Whether a process, or what started it in its session, runs what a manager fetched or a download left there."""
    for one in (number, *index.ancestors(number)):
        actor = index.actors[one]
        if actor.said.startswith("-"):
            return False
        if fetched(index, one) and actor.children:  # a manager that started nothing brought nothing
            return True
        for path in actor.ran:
            if any(_runs(index, holder, _UNPACKERS) for holder in list(index.holders[f"path:{path}"])[:MOST_HOLDERS]):
                return True
    return False


def hooked(index: Index, number: int) -> bool:
    """Whether a process runs, or was started by, what was put there on record and now runs in everybody's trees."""
    for one in (number, *index.ancestors(number)):
        actor = index.actors[one]
        if actor.said.startswith("-"):
            return False
        if any(index.ran_in(path) > HOOK_TREES for path in actor.ran & index.writes.keys()):
            return True
    return False


def downloads(index: Index, number: int) -> bool:
    """Whether a process is a program that fetches files."""
    return _runs(index, number, _DOWNLOADERS)


def _runs(index: Index, number: int, programs: frozenset[str]) -> bool:
    return any(base_name(command.split(" ", 1)[0]) in programs for command in index.actors[number].commands)


def fetchers(index: Index, number: int) -> list[int]:
    """Downloads whose output a process reads as its script: a pipe's other end."""
    actor = index.actors[number]
    if actor.parent == -1 or not any(_takes_script(command) for command in actor.commands):
        return []
    return [
        other
        for other in index.actors[actor.parent].children
        if abs(index.launched(other) - index.launched(number)) <= _PIPE and downloads(index, other)
    ]


def _managed(command: str) -> bool:
    words = [word for word in command[:512].split()[:3] if not word.startswith("-")]
    names = [base_name(word) for word in words]
    return any(name in MANAGERS for name in (names[:2] if names and names[0] in _READS_SCRIPT else names[:1]))


def _takes_script(command: str) -> bool:
    """Whether a command is an interpreter that is named no script: it reads one from its input."""
    words = command.split()
    if not words or base_name(words[0]) not in _READS_SCRIPT:
        return False
    rest = words[1:]
    return not rest or rest[0] in ("-", "-s") or (len(rest) == 1 and rest[0] in ("-e", "-x", "-ex"))


def session_starter(index: Index, number: int) -> int | None:
    """The shell or interpreter that was at work in a session when a process without a known parent began there.

    Who sends a program into the background leaves it no parent on record.
    """
    actor = index.actors[number]
    if actor.parent != -1 or not actor.played.session or not actor.commands:
        return None
    began = index.launched(number)
    shells = [
        other
        for other in index.trees[actor.tree]
        if other != number
        and _runs(index, other, _READS_SCRIPT)
        and not index.actors[other].said.startswith("-")
        and index.launched(other) <= began <= index.actors[other].last + _PIPE
    ]
    return max(shells, key=index.launched, default=None)
