"""Which records a rule's log source means: Sigma's taxonomy against channels, event ids, audit lines and actions.

The channels of Windows services and the event ids of generic categories stand in ``bundled/logsources.json``, made
by ``python -m watchfloor.lab.logsource_tables`` from pySigma's own tables (its Windows and Sysmon pipelines) and
what they lack; what stands for the same in other logs is said here.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

#: Categories of Windows logs other than Sysmon: service and event id.
_POWERSHELL: dict[str, tuple[str, int]] = {
    "ps_module": ("powershell", 4103),
    "ps_script": ("powershell", 4104),
    "ps_classic_start": ("powershell-classic", 400),
    "ps_classic_provider_start": ("powershell-classic", 600),
    "ps_classic_script": ("powershell-classic", 800),
}

#: Channels of records whose exporter left the channel out, by provider.
_PROVIDERS = {
    "microsoft-windows-sysmon": "microsoft-windows-sysmon/operational",
    "linux-sysmon": "linux-sysmon/operational",
    "microsoft-windows-security-auditing": "security",
    "microsoft-windows-powershell": "microsoft-windows-powershell/operational",
    "powershell": "windows powershell",
    "service control manager": "system",
}
_SYSMON = "microsoft-windows-sysmon/operational"
_LINUX_SYSMON = "linux-sysmon/operational"

#: What an action of the Event table stands for in Sigma's taxonomy; read where the source has no such record itself.
ACTION_CATEGORIES: dict[str, tuple[str, ...]] = {
    "process.launch": ("process_creation",),
    "process.terminate": ("process_termination",),
    "process.open": ("process_access",),
    "process.inject": ("create_remote_thread",),
    "process.tamper": ("process_tampering",),
    "module.load": ("image_load",),
    "driver.load": ("driver_load",),
    "file.create": ("file_event",),
    "file.modify": ("file_event",),
    "file.read": ("file_access",),
    "file.delete": ("file_delete",),
    "file.rename": ("file_rename",),
    "file.time": ("file_change",),
    "file.stream": ("create_stream_hash",),
    "pipe.create": ("pipe_created",),
    "pipe.connect": ("pipe_created",),
    "registry.key": ("registry_event",),
    "registry.value": ("registry_set", "registry_event"),
    "registry.rename": ("registry_rename", "registry_event"),
    "network.connect": ("network_connection",),
    "dns.query": ("dns_query",),
}

#: Linux services of Sigma that audit lines are.
_AUDITD = ("linux", "auditd")


@dataclass(frozen=True, slots=True)
class LogSource:
    """What a rule reads: Sigma's product, category and service, in lower case, "" where it says nothing."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.product, self.category, self.service) if part) or "any log"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one record is: the operating system, its channel in lower case ("" where it has none) and event id.

    ``category`` is set for a record that was put together from an Event's columns.
    """

    product: str
    channel: str = ""
    code: int = -1
    category: str = ""


@cache
def _tables() -> dict[str, dict[str, list[Any]]]:
    """The bundled tables, read at the first question."""
    text = (files("watchfloor") / "bundled" / "logsources.json").read_text(encoding="utf-8")
    tables: dict[str, dict[str, list[Any]]] = json.loads(text)
    return tables


@cache
def _services() -> dict[str, frozenset[str]]:
    """Channels of Windows services, in lower case."""
    return {service: frozenset(channels) for service, channels in _tables()["services"].items()}


@cache
def _sysmon_ids() -> dict[str, frozenset[int]]:
    """Event ids of categories in Sysmon's channel."""
    return {category: frozenset(ids) for category, ids in _tables()["sysmon"].items()}


def channel_of(log: str | None) -> str:
    """The channel of a log in lower case; where the exporter left the channel out, the log is the provider."""
    named = (log or "").lower()
    return _PROVIDERS.get(named, named)


def reads(source: LogSource, kind: Kind) -> bool:
    """Whether a rule with this log source reads records of this kind."""
    if source.product and source.product != kind.product:
        return False
    if source.category and not _in_category(source.category, kind):
        return False
    if source.service and not _in_service(source.service, kind):
        return False
    # a rule for everything on a product reads its records, one for everything reads nothing in particular
    return bool(source.product or source.category or source.service)


def _in_category(category: str, kind: Kind) -> bool:
    if kind.category:
        return category == kind.category
    if kind.channel in (_SYSMON, _LINUX_SYSMON):
        return kind.code in _sysmon_ids().get(category, ())
    place = _POWERSHELL.get(category)
    return place is not None and kind.code == place[1] and kind.channel in _services()[place[0]]


def _in_service(service: str, kind: Kind) -> bool:
    if kind.category:
        return False
    if kind.product == "windows":
        return kind.channel in _services().get(service, ())
    if kind.channel == _LINUX_SYSMON:
        return service == "sysmon"
    return (kind.product, service) == _AUDITD and kind.channel == "auditd"


def readable(source: LogSource) -> bool:
    """Whether any input Watchfloor reads can hold what a rule wants."""
    if source.product not in ("", "windows", "linux", "macos"):
        return False
    known = set(_sysmon_ids()) | set(_POWERSHELL) | {name for names in ACTION_CATEGORIES.values() for name in names}
    if source.category and source.category not in known:
        return False
    if source.service == "auditd":
        return source.product in ("", "linux")
    return not source.service or (source.product in ("", "windows") and source.service in _services())


def has_own_category(kind: Kind) -> bool:
    """Whether a record is already what a category means, so that no other need be put together from its Event."""
    return kind.channel in (_SYSMON, _LINUX_SYSMON)
