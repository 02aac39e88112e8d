"""The Event: one operation an endpoint did, one row of an Arrow table with OCSF attribute names.

The table below is the whole schema. ``docs/events.md`` repeats it for readers with, per field, the
source fields each format fills it from; a test keeps the two in step.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

#: One event on its way into the table: only the fields that are set, keyed by column name.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, Arrow type and meaning."""

    name: str
    type: pa.DataType
    meaning: str


_TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.string()
_INT = pa.int64()

FIELDS: tuple[Field, ...] = (
    # where the record stands
    Field("source", _TEXT, "file the record came from, archive members as outer::inner"),
    Field("record", _TEXT, "address inside the source: EVTX record id, 1-based line or item, timestamp:serial"),
    # what happened, when, where
    Field("time", _TIME, "when it happened, UTC, microseconds; null when the record has no readable time"),
    Field("device.hostname", _TEXT, "host, lower case, as the record names it"),
    Field("device.os", _TEXT, "windows, linux or macos"),
    Field("metadata.log_name", _TEXT, "channel or log: Security, Microsoft-Windows-Sysmon/Operational, auditd …"),
    Field("metadata.event_code", _TEXT, "event id of the channel, or record type and system call"),
    Field("action", _TEXT, "class.activity, one of base.actions.ACTIONS"),
    Field("status", _TEXT, "success or failure where the record says so"),
    # who did it
    Field("actor.process.uid", _TEXT, "stable identity of the acting process: GUID, else filled from pid + start"),
    Field("actor.process.pid", _INT, "process id of the acting process"),
    Field("actor.process.file.path", _TEXT, "image of the acting process"),
    Field("actor.process.cmd_line", _TEXT, "command line of the acting process"),
    Field("actor.process.parent_process.uid", _TEXT, "stable identity of the actor's parent"),
    Field("actor.process.parent_process.pid", _INT, "process id of the actor's parent"),
    Field("actor.process.parent_process.file.path", _TEXT, "image of the actor's parent"),
    Field("actor.user.name", _TEXT, "account the actor runs as, DOMAIN\\name or name"),
    Field("actor.session.uid", _TEXT, "logon session: LogonId on Windows, ses on Linux"),
    # what it was done to
    Field("process.uid", _TEXT, "launch: the new process; open, inject: the target; stable identity"),
    Field("process.pid", _INT, "process id of that process"),
    Field("process.file.path", _TEXT, "image of that process"),
    Field("process.file.internal_name", _TEXT, "original file name from the image's version resource"),
    Field("process.cmd_line", _TEXT, "command line of that process"),
    Field("process.working_directory", _TEXT, "its current directory"),
    Field("process.integrity", _TEXT, "integrity level or elevation"),
    Field("file.path", _TEXT, "file, module, driver, pipe or share"),
    Field("file.hashes", _TEXT, "hashes as the source writes them: SHA256=…,MD5=…"),
    Field("file.signature", _TEXT, "signer and whether the signature is valid: 'valid: Microsoft Windows'"),
    Field("reg_key.path", _TEXT, "registry key and value name"),
    Field("reg_value.data", _TEXT, "data written to the value"),
    Field("src_endpoint.ip", _TEXT, "source address"),
    Field("src_endpoint.port", _INT, "source port"),
    Field("dst_endpoint.ip", _TEXT, "destination address"),
    Field("dst_endpoint.port", _INT, "destination port"),
    Field("dst_endpoint.hostname", _TEXT, "destination or queried name"),
    Field("user.name", _TEXT, "account the operation is about (logon, account change, run-as)"),
    Field("service.name", _TEXT, "service"),
    Field("job.name", _TEXT, "scheduled task"),
    Field("script.content", _TEXT, "script block, WMI query or consumer, task or service command, pipeline text"),
    Field("actual_permissions", _TEXT, "access mask, logon type or flags, as the source writes it"),
    Field("status_detail", _TEXT, "call trace, reason or whatever else the source says that has no column"),
    Field("raw_data", _TEXT, "the record itself: JSON of an EVTX record, the line, the joined audit lines"),
)

NAMES: tuple[str, ...] = tuple(f.name for f in FIELDS)
SCHEMA: pa.Schema = pa.schema([pa.field(f.name, f.type) for f in FIELDS])


def to_batch(rows: list[Row]) -> pa.RecordBatch:
    """Turn rows into a record batch of SCHEMA.

    Raises:
        pa.ArrowInvalid, pa.ArrowTypeError: a value does not fit its column (``time`` takes integer
            microseconds since 1970 UTC, ports and pids integers, all else str).
    """
    columns = [pa.array([row.get(f.name) for row in rows], type=f.type) for f in FIELDS]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def event_id(source: str, record: str) -> str:
    """The address of a record that a person can open: ``source#record``."""
    return f"{source}#{record}"
