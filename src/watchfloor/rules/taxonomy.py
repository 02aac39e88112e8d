"""Event columns under the field names of Sigma's taxonomy, for logs that have no Sysmon.

A launch in Security 4688, an execve of auditd, a Defender table or a macOS log becomes a record of the category
``process_creation`` with Image, CommandLine, ParentImage and so on, and rules written for Sysmon read it. The
mapping follows pySigma's Windows audit pipeline and the Sigma taxonomy appendix.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from watchfloor.rules.logsources import ACTION_CATEGORIES

_ACTOR = {
    "Image": "actor.process.file.path",
    "ProcessId": "actor.process.pid",
    "ProcessGuid": "actor.process.uid",
    "User": "actor.user.name",
    "LogonId": "actor.session.uid",
}
_LAUNCH = {
    "Image": "process.file.path",
    "OriginalFileName": "process.file.internal_name",
    "CommandLine": "process.cmd_line",
    "CurrentDirectory": "process.working_directory",
    "IntegrityLevel": "process.integrity",
    "ProcessId": "process.pid",
    "ProcessGuid": "process.uid",
    "ParentImage": "actor.process.file.path",
    "ParentCommandLine": "actor.process.cmd_line",
    "ParentProcessId": "actor.process.pid",
    "ParentProcessGuid": "actor.process.uid",
    "User": "actor.user.name",
    "LogonId": "actor.session.uid",
    "Hashes": "file.hashes",
}
_BETWEEN = {
    "SourceImage": "actor.process.file.path",
    "SourceProcessId": "actor.process.pid",
    "SourceUser": "actor.user.name",
    "TargetImage": "process.file.path",
    "TargetProcessId": "process.pid",
    "GrantedAccess": "actual_permissions",
    "CallTrace": "status_detail",
}
_FILE = _ACTOR | {"TargetFilename": "file.path", "Hashes": "file.hashes"}
_LOADED = _ACTOR | {"ImageLoaded": "file.path", "Hashes": "file.hashes", "Signature": "file.signature"}
_REGISTRY = _ACTOR | {"TargetObject": "reg_key.path", "Details": "reg_value.data"}
_NETWORK = _ACTOR | {
    "SourceIp": "src_endpoint.ip",
    "SourcePort": "src_endpoint.port",
    "DestinationIp": "dst_endpoint.ip",
    "DestinationPort": "dst_endpoint.port",
    "DestinationHostname": "dst_endpoint.hostname",
}

#: Category to Sigma field to Event column.
COLUMNS: dict[str, dict[str, str]] = {
    "process_creation": _LAUNCH,
    "process_termination": _ACTOR | {"Image": "process.file.path", "ProcessId": "process.pid"},
    "process_access": _BETWEEN,
    "create_remote_thread": _BETWEEN,
    "process_tampering": _BETWEEN | {"Image": "process.file.path"},
    "image_load": _LOADED,
    "driver_load": _LOADED,
    "file_event": _FILE,
    "file_access": _FILE | {"FileName": "file.path"},
    "file_delete": _FILE,
    "file_rename": _FILE | {"FilePath": "file.path"},
    "file_change": _FILE,
    "create_stream_hash": _FILE,
    "pipe_created": _ACTOR | {"PipeName": "file.path"},
    "registry_set": _REGISTRY,
    "registry_event": _REGISTRY,
    "registry_rename": _REGISTRY,
    "network_connection": _NETWORK,
    "dns_query": _ACTOR | {"QueryName": "dst_endpoint.hostname", "QueryResults": "status_detail"},
}

#: What a category says of every such record, as Sysmon writes it.
_CONSTANTS: dict[str, dict[str, str]] = {
    "registry_set": {"EventType": "SetValue"},
    "network_connection": {"Initiated": "true"},
}
#: A fork repeats the image of its parent; what it runs comes with the exec that follows.
_FORK = "fork"


class TaxonomyRecord(NamedTuple):
    """One record put together from an Event: its place in the batch, category and fields."""

    event: int
    category: str
    fields: dict[str, Any]


def taxonomy_records(batch: pa.RecordBatch, own: frozenset[int] | set[int]) -> Iterator[TaxonomyRecord]:
    """Records for the Events of a batch, but for those that are such records themselves (``own``)."""
    actions = batch.column("action").to_pylist()
    wanted: dict[str, list[int]] = {}
    for row, action in enumerate(actions):
        if action in ACTION_CATEGORIES and row not in own:
            for category in ACTION_CATEGORIES[action]:
                wanted.setdefault(category, []).append(row)
    for category, rows in wanted.items():
        yield from _of_category(batch, category, rows)


def _of_category(batch: pa.RecordBatch, category: str, rows: list[int]) -> Iterator[TaxonomyRecord]:
    names = COLUMNS[category]
    needed = sorted({*names.values(), "status_detail", "device.hostname"})
    picked = batch.select(needed).take(pa.array(rows, pa.int64()))
    lists = [(name, picked.column(column).to_pylist()) for name, column in names.items()]
    details = picked.column("status_detail").to_pylist()
    hosts = picked.column("device.hostname").to_pylist()
    constants = _CONSTANTS.get(category, {})
    for place, row in enumerate(rows):
        if category == "process_creation" and details[place] == _FORK:
            continue
        fields: dict[str, Any] = {name: values[place] for name, values in lists if values[place] is not None}
        fields |= constants
        fields["Computer"] = hosts[place]
        yield TaxonomyRecord(row, category, fields)
