"""Sigma rules as weak supervision: each rule's detection staged as a few Events that it would fire on.

A rule says which fields an attack shows and which techniques that is. For every selection some combinations
of its values become one Event each, with neutral text around ``contains`` patterns. Filters and conditions
beyond selections are ignored, so these rows teach what attacks look like and never serve to measure.
Rules: SigmaHQ, Detection Rule License 1.1; nothing of them is shipped but what the weights learned.
"""

import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from watchfloor.base import attack
from watchfloor.base.events import Row

LEVELS: Final = ("high", "critical", "medium")
#: Events staged from one rule at most.
MOST: Final = 8

#: Sigma log source category → action.
_ACTIONS: Final = {
    "process_creation": "process.launch",
    "registry_set": "registry.value",
    "registry_add": "registry.key",
    "registry_event": "registry.value",
    "registry_delete": "registry.key",
    "file_event": "file.create",
    "file_delete": "file.delete",
    "file_rename": "file.rename",
    "file_access": "file.read",
    "image_load": "module.load",
    "driver_load": "driver.load",
    "ps_script": "script.run",
    "ps_module": "script.run",
    "ps_classic_start": "script.run",
    "network_connection": "network.connect",
    "process_access": "process.open",
    "create_remote_thread": "process.inject",
    "pipe_created": "pipe.create",
    "dns_query": "dns.query",
    "wmi_event": "wmi.persist",
}

#: Sigma field → Event column, for launches and for everything else.
_LAUNCH: Final = {
    "Image": "process.file.path",
    "CommandLine": "process.cmd_line",
    "OriginalFileName": "process.file.internal_name",
    "ParentImage": "actor.process.file.path",
    "ParentCommandLine": "actor.process.cmd_line",
    "User": "actor.user.name",
    "IntegrityLevel": "process.integrity",
    "CurrentDirectory": "process.working_directory",
}
_OTHER: Final = {
    "Image": "actor.process.file.path",
    "SourceImage": "actor.process.file.path",
    "TargetImage": "process.file.path",
    "GrantedAccess": "actual_permissions",
    "CallTrace": "status_detail",
    "TargetObject": "reg_key.path",
    "Details": "reg_value.data",
    "TargetFilename": "file.path",
    "ImageLoaded": "file.path",
    "PipeName": "file.path",
    "ScriptBlockText": "script.content",
    "Payload": "script.content",
    "Data": "script.content",
    "DestinationIp": "dst_endpoint.ip",
    "DestinationHostname": "dst_endpoint.hostname",
    "QueryName": "dst_endpoint.hostname",
    "User": "actor.user.name",
    "CommandLine": "actor.process.cmd_line",
}
_IMAGES: Final = ("process.file.path", "actor.process.file.path")


def sigma_rows(archive: Path) -> Iterator[tuple[dict[str, Any], list[Row]]]:
    """``(facts, rows)`` of each usable rule in a zip of SigmaHQ rules."""
    with zipfile.ZipFile(archive) as rules:
        for name in sorted(rules.namelist()):
            if name.endswith(".yml"):
                rule = next(iter(yaml.safe_load_all(rules.read(name))), None)
                found = _staged(rule) if isinstance(rule, dict) else []
                if isinstance(rule, dict) and found:
                    yield _facts(name, rule), found


def _facts(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    ids = [t for t in map(attack.normalise, (str(t) for t in rule.get("tags") or ())) if t]
    return {
        "name": f"sigma:{name}",
        "source": "sigma_rules",
        "lab": "text",
        "label": "malicious",
        "techniques": sorted(set(ids)),
        "tactics": [],
    }


def _staged(rule: dict[str, Any]) -> list[Row]:
    source = rule.get("logsource") or {}
    action = _ACTIONS.get(str(source.get("category")))
    product = source.get("product")
    if action is None or product not in ("windows", "linux", "macos") or rule.get("level") not in LEVELS:
        return []
    columns = _LAUNCH if action == "process.launch" else _OTHER
    detection = rule.get("detection") or {}
    selections = {k: v for k, v in detection.items() if k != "condition" and "filter" not in k.lower()}
    condition = str(detection.get("condition"))
    parts = [_alternatives(v, columns, str(product)) for v in selections.values()]
    parts = [p for p in parts if p]
    if not parts:
        return []
    together = " and " in condition or "all of" in condition
    choices: Iterator[tuple[Row, ...]] = itertools.product(*parts) if together else ((r,) for p in parts for r in p)
    rows = []
    for number, choice in enumerate(_spread(choices)):
        merged = _merge(choice)
        base: Row = {"action": action, "device.os": product, "source": "sigma", "record": str(number + 1)}
        base |= {"process.uid": f"s{number}"} if action == "process.launch" else {"actor.process.uid": f"s{number}"}
        rows.append(base | merged)
    return rows


def _spread(choices: Iterator[tuple[Row, ...]]) -> list[tuple[Row, ...]]:
    """At most MOST of the first few hundred choices, evenly spread."""
    some = list(itertools.islice(choices, 400))
    step = max(1, len(some) // MOST)
    return some[::step][:MOST]


def _merge(choice: tuple[Row, ...]) -> Row:
    merged: Row = {}
    for part in choice:
        for column, value in part.items():
            if column in merged and column.endswith(("cmd_line", "content")):
                merged[column] = f"{merged[column]} {value}"
            else:
                merged.setdefault(column, value)
    return merged


def _alternatives(selection: Any, columns: dict[str, str], product: str) -> list[Row]:
    """Rows of one selection: a map is one, a list of maps several."""
    if isinstance(selection, list):
        return [r for part in selection if isinstance(part, dict) for r in _alternatives(part, columns, product)]
    if not isinstance(selection, dict):
        return []
    options: list[list[tuple[str, str]]] = []
    for key, value in selection.items():
        name, *modifiers = str(key).split("|")
        column = columns.get(name)
        if column is None or "re" in modifiers or "cidr" in modifiers:
            continue
        values = [str(v) for v in (value if isinstance(value, list) else [value]) if v not in (None, "")]
        if "all" in modifiers:
            values = [" ".join(v.strip("*") for v in values)]
        texts = [_text(v, column, product) for v in values]
        if texts:
            options.append([(column, t) for t in texts])
    if not options:
        return []
    return [dict(c) for c in itertools.islice(itertools.product(*options), 64)]


def _text(value: str, column: str, product: str) -> str:
    """A value a pattern matches, in the surroundings such a field has."""
    text = value.replace("\\\\", "\\").replace("*", "").replace("?", "x")
    if column in _IMAGES and not (text[1:2] == ":" or text.startswith("/usr") or text.startswith("/tmp")):
        folder = "C:\\Windows\\System32" if product == "windows" else "/usr/bin"
        slash = "\\" if product == "windows" else "/"
        return text if slash in text.strip(slash) else f"{folder}{slash}{text.strip(slash)}"
    if column == "reg_key.path" and not text.upper().startswith(("HK", "\\REGISTRY")):
        return f"HKLM\\{text.strip(chr(92))}"
    return text
