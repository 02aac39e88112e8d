"""Names an attacker is free to choose: of tools, folders, services, tasks, accounts, hosts and addresses.

What the attack brought is found in its own rows: images and written files outside the system's folders. What ordinary
rows also name belongs to the host and stays; so does what works only under its name (``authorized_keys``).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from watchfloor.base.events import Row


def listed(text: str) -> list[str]:
    """The words of a table written as one text."""
    return text.split()


#: Columns that hold paths or free text.
TEXTS: Final = (
    "actor.process.file.path", "actor.process.cmd_line", "actor.process.parent_process.file.path",
    "process.file.path", "process.cmd_line", "process.working_directory", "file.path", "reg_key.path",
    "reg_value.data", "service.name", "job.name", "script.content", "status_detail",
)  # fmt: skip
_IMAGES: Final = ("process.file.path", "actor.process.file.path", "actor.process.parent_process.file.path")
_WRITES: Final = frozenset(
    ("file.create", "file.modify", "file.rename", "file.stream", "file.attributes", "module.load", "driver.load")
)
_PROGRAM: Final = re.compile(
    r"[a-z]:\\(?:[\w .()$~-]+\\)*?[\w.()$~-]+\.(?:exe|dll|ps1|bat|cmd|vbs|js|hta|scr|sct|xsl|inf|msi|cpl|sys)\b", re.I
)
_DRIVE: Final = re.compile(r"^(?:[a-z]:|\\device\\harddiskvolume\d+)\\", re.I)
_SYSTEM: Final = re.compile(
    r"^(?:[a-z]:|\\device\\harddiskvolume\d+)\\(?:windows(?!\\(?:temp|tasks)\\)|winnt|program files|program files "
    r"\(x86\)|programdata\\microsoft|systemroot|\$recycle)|\\(?:microsoft|start menu|google|mozilla)\\", re.I
)  # fmt: skip
_WRITABLE: Final = re.compile(r"^(?:[a-z]:\\|/tmp/|/var/tmp/|/dev/shm/|/private/tmp/|/home/|/users/|/root/)", re.I)
_LOOSE: Final = re.compile(r"^/(?:tmp|var/tmp|dev/shm|root|opt|srv|mnt|usr/local|home/[^/]+|Users/[^/]+|private/tmp)/")
_KEPT: Final = frozenset(
    listed(
        "authorized_keys known_hosts known_hosts.old id_rsa id_ed25519 id_ecdsa config .bashrc .profile .bash_profile "
        ".bash_history .bash_logout .zshrc .zprofile .viminfo .netrc .gitconfig .lesshst .wget-hsts credentials "
        "crontab passwd shadow sudoers desktop.ini explorer.exe"
    )
)
_SHARED: Final = re.compile(
    r"\\(?:temp|tmp|downloads|desktop|documents|public|programdata|roaming|local|tasks|users(?:\\[^\\]+)?)$|^[a-z]:$"
    r"|^/(?:tmp|var/tmp|dev/shm|root|opt|srv|mnt|private/tmp|home/[^/]+|users/[^/]+|usr/local/(?:bin|sbin|lib))$", re.I
)  # fmt: skip
_NEW_WINDOWS: Final = listed(
    "PrintQueue Telemetry OfficeSync DisplayHelper AudioTray PowerMonitor UpdateAgent BackupTask FontCache ThemeTool "
    "CardReader ScanHelper CalendarSync NotesSync InventoryAgent LicenseCheck"
)
_NEW_UNIX: Final = listed(
    "logtidy mailstat tmpclean fontscan diskreport netcheck pkgaudit timesync notesync cachewarm spoolcheck photoindex "
    "docbuild sitemap invoice inventory"
)
_WINDOWS_FOLDERS: Final = (
    r"C:\ProgramData\{0}", r"C:\Users\Public\Libraries\{0}", r"{1}\AppData\Local\{0}", r"{1}\AppData\Roaming\{0}",
    r"{1}\AppData\Local\Temp\{0}", r"{1}\Documents\{0}", r"C:\{0}",
)  # fmt: skip
_UNIX_FOLDERS: Final = ("/tmp/{0}", "/var/tmp/{0}", "/dev/shm/{0}", "{1}/.cache/{0}", "{1}/.local/share/{0}")
_ROOT_FOLDERS: Final = ("/opt/{0}/lib", "/usr/local/lib/{0}", "/var/lib/{0}", "/srv/{0}")


def split(path: str) -> tuple[str, str]:
    """Folder and base name, the folder without its last separator."""
    at = max(path.rfind("\\"), path.rfind("/"))
    return path[: max(at, 0)], path[at + 1 :]


def base(path: str) -> str:
    """Base name in lower case."""
    return split(path)[1].lower()


def movable(path: str) -> bool:
    """Whether an attacker could have put this file elsewhere."""
    if base(path) in _KEPT or not base(path) or "/.ssh/" in path:
        return False
    return bool(_LOOSE.match(path)) or (bool(_DRIVE.match(path)) and not _SYSTEM.search(path))


@dataclass(frozen=True, slots=True)
class Own:
    """What ordinary rows name: the host's own, which an attacker cannot rename."""

    paths: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()


def own(rows: Iterable[Row]) -> Own:
    """What these ordinary rows name."""
    paths: set[str] = set()
    commands: set[str] = set()
    bases: set[str] = set()
    for row in rows:
        paths |= {row[c].lower() for c in (*_IMAGES, "file.path") if row.get(c)}
        command = row.get("process.cmd_line") or row.get("actor.process.cmd_line")
        if command and command not in commands:
            commands.add(command)
            bases |= {base(word.strip("\"'")) for word in command[:2048].split()}
    return Own(frozenset(paths), frozenset(bases | {base(p) for p in paths}), frozenset(commands))


@dataclass(slots=True)
class Substitution:
    """Replaces names in texts, longest first, whatever their case; a part of a longer name is no match."""

    pairs: dict[str, str]
    _pattern: re.Pattern[str] | None = field(init=False, default=None)
    _done: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.pairs = {old.lower(): new for old, new in self.pairs.items() if old}
        if self.pairs:
            names = "|".join(re.escape(n) for n in sorted(self.pairs, key=lambda n: (-len(n), n)))
            self._pattern = re.compile(rf"(?<![\w.-])(?:{names})(?![\w-]|\.\w)", re.I)

    def text(self, text: str) -> str:
        """The text with every name replaced."""
        if self._pattern is None:
            return text
        found = self._done.get(text)
        if found is None:
            found = self._pattern.sub(lambda m: self.pairs.get(m[0].lower(), m[0]), text)
            self._done[text] = found
        return found

    def rows(self, rows: Iterable[Row], columns: Iterable[str] = TEXTS) -> None:
        """Replace in columns of rows, in place."""
        columns = tuple(columns)
        for row in rows:
            for column in columns:
                if row.get(column):
                    row[column] = self.text(row[column])


def brought(rows: Iterable[Row], host: Own) -> list[str]:
    """Paths of the tools and files the attack brought, in order of appearance."""
    found: dict[str, str] = {}
    for row in rows:
        for path in _named(row):
            if movable(path) and path.lower() not in host.paths:
                found.setdefault(path.lower(), path)
    return list(found.values())


def _named(row: Row) -> Iterator[str]:
    missing = row.get("action") == "process.launch" and row.get("status") == "failure"
    for column in _IMAGES:
        if row.get(column) and not (missing and column == "process.file.path"):
            yield row[column]
    if row.get("action") in _WRITES and row.get("file.path"):
        yield row["file.path"]
    for column in ("process.cmd_line", "script.content", "reg_value.data"):
        if row.get(column):
            yield from _PROGRAM.findall(row[column][:8192])


class Choice:
    """New names out of a list, none twice."""

    def __init__(self, rng: Random, names: Iterable[str]) -> None:
        self._names = list(names)
        rng.shuffle(self._names)
        self._next = 0

    def name(self) -> str:
        """The next name; a number follows it once the list is used up."""
        turn, place = divmod(self._next, len(self._names))
        self._next += 1
        return self._names[place] + (str(turn + 1) if turn else "")


def moves(rows: list[Row], host: Own, rng: Random, *, rename: bool, repath: bool) -> Substitution:
    """New names, new folders or both for what the attack brought, as one substitution."""
    files = brought(rows, host)
    windows = Choice(rng, _NEW_WINDOWS), Choice(rng, _NEW_UNIX)
    bases: dict[str, str] = {}
    folders: dict[str, str] = {}
    pairs: dict[str, str] = {}
    system = {base(row[c]) for row in rows for c in _IMAGES if row.get(c) and not movable(row[c])} | host.bases
    for path in files:
        folder, name = split(path)
        low, unix = name.lower(), path.startswith("/")
        new_name, new_folder = name, folder
        if rename and (unix or "." in name) and low not in host.bases:
            stem, dot, extension = name.rpartition(".")
            kept = f".{extension}" if dot and stem and len(extension) <= 5 else ""
            new_name = bases.setdefault(low, windows[unix].name() + kept)
            if low not in system and len(name) >= 4:
                pairs[name] = new_name
        if repath:
            if folder.lower() not in folders:
                folders[folder.lower()] = _elsewhere(folder, rng, windows[unix].name())
            new_folder = folders[folder.lower()]
            if _private(folder, host):
                pairs[folder] = new_folder
        pairs[path] = f"{new_folder}{'/' if unix else chr(92)}{new_name}"
    if rename:
        pairs |= _jobs(rows, host, windows[0])
    return Substitution(pairs)


def _private(folder: str, host: Own) -> bool:
    """Whether a folder is the attack's alone: no shared one, and no ordinary row names it."""
    low = folder.lower()
    shared = _SHARED.search(folder) or not _WRITABLE.match(folder)
    return not shared and not any(low in text for text in (*host.paths, *(c.lower() for c in host.commands)))


def _jobs(rows: list[Row], host: Own, new: Choice) -> dict[str, str]:
    """Other names for services and tasks that the attack installed."""
    names = {
        row[column]
        for row in rows
        for column, action in (("service.name", "service.install"), ("job.name", "task.create"))
        if row.get(column) and row.get("action") == action
    }
    free = sorted(n for n in names if len(n) >= 4 and not n.lower().startswith("\\microsoft"))
    return {n.lstrip("\\"): new.name() for n in free if n.lower() not in host.bases}


def _elsewhere(folder: str, rng: Random, name: str) -> str:
    if folder.startswith("/"):
        home = re.match(r"/(?:home|Users)/[^/]+|/root", folder)
        loose = folder.startswith(("/tmp", "/var/tmp", "/dev/shm", "/private/tmp", "/home", "/Users"))
        choices = [f for f in _UNIX_FOLDERS if home or "{1}" not in f] if loose else list(_ROOT_FOLDERS)
    else:
        home = re.match(r".*?\\users\\(?!public(?:\\|$))[^\\]+", folder, re.I)
        choices = [f for f in _WINDOWS_FOLDERS if home or "{1}" not in f]
    return rng.choice(choices).format(name, home[0] if home else "")
