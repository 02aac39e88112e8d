"""From files, folders and archives to pySigma's rules; what cannot be loaded is named with the reason."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule
from sigma.rule.base import SigmaYAMLLoader

from watchfloor.base.account import Account
from watchfloor.base.settings import Settings
from watchfloor.intake.sources import find_inputs, open_sources
from watchfloor.rules.correlation_plan import read_correlation
from watchfloor.rules.ruleset import Fault

#: No rule is near this size; SigmaHQ's largest has 60 KB.
_LARGEST_FILE = 4 * 1024 * 1024
_SUFFIXES = (".yml", ".yaml")

#: Any kind of rule pySigma knows.
AnyRule = SigmaRule | SigmaCorrelationRule | SigmaFilter


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of rules as it stands: where it is, and its bytes."""

    path: str
    content: bytes


@dataclass(slots=True)
class Loaded:
    """Rules with the path each came from, in the order of the files, and what could not be loaded."""

    rules: list[tuple[str, AnyRule]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_files(paths: Sequence[str], settings: Settings) -> tuple[list[RuleFile], list[Fault]]:
    """All rule files below the paths: YAML files, folders and archives of them; other files are passed over.

    A path that names a file outright is read whatever its name ends in.
    """
    account = Account()
    files: list[RuleFile] = []
    for item in find_inputs(paths, account):
        named = item.path in paths
        for source in open_sources(item, settings, account, lambda _: None):
            if PurePosixPath(source.name).suffix.lower() not in _SUFFIXES and not (named and source.name == item.path):
                continue
            content = source.stream.read(_LARGEST_FILE + 1)
            if len(content) > _LARGEST_FILE:
                account.reject_source(source.name, "file", "larger than any rule: 4 MiB")
                continue
            if source.guard.damage:
                account.reject_source(source.name, "file", source.guard.damage)
                continue
            files.append(RuleFile(source.name, content))
    return files, [Fault(rejection.source, "", rejection.why) for rejection in account.rejections]


def digest(files: Sequence[RuleFile], *more: bytes) -> str:
    """A sha256 over the contents and names of rule files and whatever else decides how they compile."""
    whole = hashlib.sha256()
    for part in more:
        whole.update(len(part).to_bytes(8, "little") + part)
    for file in files:
        name = file.path.encode("utf-8", "surrogatepass")
        whole.update(len(name).to_bytes(8, "little") + name + hashlib.sha256(file.content).digest())
    return whole.hexdigest()


def load(files: Sequence[RuleFile]) -> Loaded:
    """Parse rule files; one bad rule never hides another, not even one of the same file."""
    loaded = Loaded()
    for file in files:
        for document in _documents(file, loaded.faults):
            _add(file.path, document, loaded)
    return loaded


def _documents(file: RuleFile, faults: list[Fault]) -> Iterator[Any]:
    documents: Iterator[Any] = yaml.load_all(file.content, Loader=SigmaYAMLLoader)
    while True:
        try:
            document = next(documents)
        except StopIteration:
            return
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
            faults.append(Fault(file.path, "", f"not readable as YAML: {_one_line(error)}"))
            return
        if document is not None:
            yield document


def _add(path: str, document: Any, loaded: Loaded) -> None:
    title = str(document.get("title", "")) if isinstance(document, dict) else ""
    try:
        loaded.rules.append((path, _parsed(document)))
    except SigmaError as error:
        loaded.faults.append(Fault(path, title, _one_line(error)))
    except Exception as error:
        # pySigma trips over some documents that are no rules with errors of other kinds.
        loaded.faults.append(Fault(path, title, f"not a rule: {type(error).__name__}: {_one_line(error)}"))


def _parsed(document: Any) -> AnyRule:
    if not isinstance(document, dict):
        raise TypeError("the document is no mapping")
    if "correlation" in document:
        return read_correlation(document)
    if "filter" in document:
        return SigmaFilter.from_dict(document)
    return SigmaRule.from_dict(document)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
