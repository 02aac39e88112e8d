"""Rule files as they stand: found in files, folders and archives, read within limits, told apart by content.

Knows neither YAML nor Sigma: what is already in the cache is found without them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO

from watchfloor.base.account import Account
from watchfloor.base.settings import Settings
from watchfloor.intake.sources import STANDARD_INPUT, Input, find_inputs, kind_of, open_sources, printable
from watchfloor.intake.streams import encoding_of
from watchfloor.rules.ruleset import Fault

#: No rule is near this size; SigmaHQ's largest has 60 KB.
_LARGEST_FILE = 4 * 1024 * 1024
_SUFFIXES = (".yml", ".yaml")
_BLOCK = 512  # enough to know an archive or an encoding by


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of rules as it stands: where it is, and its bytes."""

    path: str
    content: bytes


def read_files(paths: Sequence[str], settings: Settings) -> tuple[list[RuleFile], list[Fault]]:
    """All rule files below the paths: YAML files, folders and archives of them; other files are passed over.

    A path that names a file outright is read whatever its name ends in.
    """
    account = Account()
    files: list[RuleFile] = []
    for item in find_inputs(paths, account):
        wanted = item.path in paths or _is_yaml(item.path)
        head = _plain(item, _LARGEST_FILE + 1 if wanted else _BLOCK)
        if head is None:
            found = _unpacked(item, settings, account, named=wanted)
        else:
            found = iter([RuleFile(_shown(item.path), head)] if wanted else ())
        for file in found:
            if len(file.content) > _LARGEST_FILE:
                account.reject_source(file.path, "file", "larger than any rule: 4 MiB")
            else:
                files.append(file)
    return files, [Fault(rejection.source, "", rejection.why) for rejection in account.rejections]


def _plain(item: Input, size: int) -> bytes | None:
    """The first bytes of a file that is just UTF-8 text; None where it must be unpacked, or cannot be opened."""
    if item.path == STANDARD_INPUT or not item.size:
        return None
    try:
        with FileIO(item.path) as stream:
            head = stream.read(size)
    except OSError:
        return None  # the reason is given by who opens it next
    whole = len(head) == min(size, item.size)
    return head if whole and not kind_of(head[:_BLOCK]) and encoding_of(head) == ("utf-8", 0) else None


def _unpacked(item: Input, settings: Settings, account: Account, *, named: bool) -> Iterator[RuleFile]:
    """The rule files inside an archive; a file that is none is one itself if it was ``named``."""
    for source in open_sources(item, settings, account, lambda _: None):
        if not _is_yaml(source.name) and not (named and source.name == _shown(item.path)):
            continue
        content = source.stream.read(_LARGEST_FILE + 1)
        if source.guard.damage and len(content) <= _LARGEST_FILE:
            account.reject_source(source.name, "file", source.guard.damage)
        else:
            yield RuleFile(source.name, content)


def _is_yaml(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)


def _shown(path: str) -> str:
    return path if path.isprintable() else printable(path)


def digest(files: Sequence[RuleFile], *more: bytes) -> str:
    """A sha256 over the contents and names of rule files and whatever else decides how they compile."""
    whole = hashlib.sha256()
    for part in more:
        whole.update(len(part).to_bytes(8, "little") + part)
    for file in files:
        name = file.path.encode("utf-8", "surrogatepass")
        whole.update(len(name).to_bytes(8, "little") + name + hashlib.sha256(file.content).digest())
    return whole.hexdigest()
