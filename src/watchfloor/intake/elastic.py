"""Elastic endpoint documents (ECS, ``event.module: endpoint``) of any operating system to Event rows."""

import shlex
from collections.abc import Callable, Iterator
from typing import Any

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import account, host_name, micros, number, put, registry_path, text

Document = dict[str, Any]
_MAX_NESTING = 6
#: Folders at the root of a Mac and of no other.
_MACOS = ("/Applications/", "/Library/", "/System/", "/Users/", "/Volumes/", "/private/")


def documents(value: Any, nesting: int = 0) -> Iterator[Document]:
    """The event documents inside a value: hits of a search answer, ``_source`` of a hit, or the thing itself."""
    if nesting > _MAX_NESTING:
        return
    if isinstance(value, list):
        for item in value:
            yield from documents(item, nesting + 1)
    elif isinstance(value, dict):
        for wrapper in ("rawResponse", "hits", "events", "_source"):
            if isinstance(value.get(wrapper), dict | list):
                yield from documents(value[wrapper], nesting + 1)
                return
        yield value


def is_endpoint(document: Document) -> bool:
    """True for what the Elastic endpoint sensor wrote."""
    return (
        _at(document, "event.module") == "endpoint"
        or _at(document, "agent.type") == "endpoint"
        or str(_at(document, "data_stream.dataset") or _at(document, "event.dataset") or "").startswith("endpoint.")
    )


def _at(document: Any, path: str) -> Any:
    """A field by its dotted name, nested or written flat; the only item of a one-item list (``fields``)."""
    if not isinstance(document, dict):
        return None
    if path in document:
        return document[path]
    node: Any = document
    for key in path.split("."):
        if not isinstance(node, dict):
            return None
        node = node.get(key)
    return node


def _words(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(item.lower() for item in items[:16] if isinstance(item, str))


def to_row(document: Document) -> Row:
    """One event document as a row; an unknown kind is kept as action ``other``."""
    row: Row = {}
    put(row, "device.os", _system(document))
    put(row, "time", micros(_at(document, "@timestamp") or _at(document, "event.created")))
    put(row, "device.hostname", host_name(_at(document, "host.hostname") or _at(document, "host.name")))
    put(row, "metadata.log_name", text(_at(document, "data_stream.dataset") or _at(document, "event.dataset")))
    put(row, "metadata.event_code", text(_at(document, "event.action") or _at(document, "event.code")))
    user = account(_at(document, "user.domain"), _at(document, "user.name"))
    put(row, "actor.user.name", user or _user_id(document))
    put(row, "actor.session.uid", text(_at(document, "process.Ext.session") or _at(document, "process.session_id")))
    outcome = text(_at(document, "event.outcome"))
    if outcome in ("success", "failure"):
        row["status"] = outcome
    categories = _words(_at(document, "event.category"))
    if "alert" in _words(_at(document, "event.kind")):
        _alert(document, row)
    else:
        kind = next((_KINDS[name] for name in categories if name in _KINDS), _other)
        kind(document, row)
    return row


def _user_id(document: Document) -> str | None:
    uid = text(_at(document, "user.id"))
    return f"uid:{uid}" if uid else None


def _system(document: Document) -> str | None:
    """The operating system that is named, else the one that paths are of; none where nothing tells."""
    for field in ("host.os.type", "host.os.family", "host.os.platform"):
        name = str(_at(document, field) or "").lower()
        if name in ("windows", "linux", "macos"):
            return name
        if name == "darwin":
            return "macos"
    if _at(document, "host.os.family"):  # a distribution's
        return "linux"
    path = str(_image(_at(document, "process")) or _at(document, "file.path") or "")
    if path.startswith("/"):
        return "macos" if path.startswith(_MACOS) else "linux"
    return "windows" if "\\" in path or _at(document, "registry.path") else None


def command_line(process: Any) -> str | None:
    """The command line as written, else its arguments quoted."""
    written = text(_at(process, "command_line"))
    if written:
        return written
    args = _at(process, "args")
    if isinstance(args, list) and args:
        return " ".join(shlex.quote(str(item)) for item in args[:65_536])
    return None


def _image(process: Any) -> str | None:
    return text(_at(process, "executable")) or text(_at(process, "name"))


def _identify(row: Row, prefix: str, process: Any) -> None:
    put(row, f"{prefix}.uid", text(_at(process, "entity_id")))
    put(row, f"{prefix}.pid", number(_at(process, "pid")))
    put(row, f"{prefix}.file.path", _image(process))


def _actor(document: Document, row: Row) -> None:
    process = _at(document, "process")
    _identify(row, "actor.process", process)
    put(row, "actor.process.cmd_line", command_line(process))
    _identify(row, "actor.process.parent_process", _at(process, "parent"))


def _process(document: Document, row: Row) -> None:
    process = _at(document, "process")
    action = str(_at(document, "event.action") or "").lower()
    types = _words(_at(document, "event.type"))
    if "end" in types or action in ("end", "exit", "termination"):
        _actor(document, row)
        row["action"] = "process.terminate"
        _identify(row, "process", process)
        code = _at(process, "exit_code")
        put(row, "status_detail", f"exit code {code}" if isinstance(code, int) else None)
    elif "start" in types or action in ("exec", "fork", "start"):
        _launch(document, row, process)
        if action == "fork" or ("fork" in action and "exec" not in action):
            row["status_detail"] = "fork"
    else:
        _actor(document, row)
        _identify(row, "process", process)
        row["action"] = "process.set_user" if action in ("uid_change", "gid_change", "session_id_change") else "other"
        row["status_detail"] = action or None


def _launch(document: Document, row: Row, process: Any) -> None:
    """The actor of a launch is the parent."""
    parent = _at(process, "parent")
    row["action"] = "process.launch"
    _identify(row, "process", process)
    put(row, "process.cmd_line", command_line(process))
    put(row, "process.working_directory", text(_at(process, "working_directory")))
    put(row, "process.integrity", text(_at(process, "Ext.token.integrity_level_name")))
    put(row, "process.file.internal_name", text(_at(process, "pe.original_file_name")))
    _identify(row, "actor.process", parent)
    put(row, "actor.process.cmd_line", command_line(parent))
    _identify(row, "actor.process.parent_process", _at(parent, "parent"))
    put(row, "file.hashes", hashes(_at(process, "hash")))
    put(row, "file.signature", signature(_at(process, "code_signature") or _at(process, "Ext.code_signature")))


def hashes(values: Any) -> str | None:
    """``SHA256=…,MD5=…`` of a hash object."""
    if not isinstance(values, dict):
        return None
    found = [
        f"{name.upper()}={values[name]}" for name in ("sha256", "sha1", "md5") if isinstance(values.get(name), str)
    ]
    return ",".join(found) or None


def signature(value: Any) -> str | None:
    """``valid: signer`` of a code signature object, or of the first of a list."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return None
    if first.get("exists") is False:
        return "unsigned"
    state = "valid" if first.get("trusted") or first.get("status") == "trusted" else "not trusted"
    signer = text(first.get("subject_name"))
    return f"{state}: {signer}" if signer else state


_FILE = {
    "creation": "file.create",
    "deletion": "file.delete",
    "rename": "file.rename",
    "open": "file.read",
    "access": "file.read",
    "extended_attributes_delete": "file.attributes",
    "modification": "file.modify",
    "overwrite": "file.modify",
}


def _file(document: Document, row: Row) -> None:
    _actor(document, row)
    action = str(_at(document, "event.action") or "").lower()
    file = _at(document, "file")
    row["action"] = _FILE.get(action, "file.modify")
    put(row, "file.path", text(_at(file, "path")) or text(_at(file, "name")))
    put(row, "file.hashes", hashes(_at(file, "hash")))
    put(row, "file.signature", signature(_at(file, "code_signature")))
    original = text(_at(file, "Ext.original.path"))
    put(row, "status_detail", f"from {original}" if original else None)


def _library(document: Document, row: Row) -> None:
    _actor(document, row)
    library = _at(document, "dll") or _at(document, "file")
    row["action"] = "module.load"
    put(row, "file.path", text(_at(library, "path")) or text(_at(library, "name")))
    put(row, "file.hashes", hashes(_at(library, "hash")))
    put(row, "file.signature", signature(_at(library, "code_signature") or _at(library, "Ext.code_signature")))


def _driver(document: Document, row: Row) -> None:
    _library(document, row)
    row["action"] = "driver.load"


def _registry(document: Document, row: Row) -> None:
    _actor(document, row)
    registry = _at(document, "registry")
    types = _words(_at(document, "event.type"))
    row["action"] = "registry.value" if _at(registry, "value") and "deletion" not in types else "registry.key"
    put(row, "reg_key.path", registry_path(_at(registry, "path")) or registry_path(_at(registry, "key")))
    put(row, "reg_value.data", text(_at(registry, "data.strings")) or text(_at(registry, "data.bytes")))
    put(row, "status_detail", text(_at(document, "event.action")))


def _network(document: Document, row: Row) -> None:
    _actor(document, row)
    action = str(_at(document, "event.action") or "").lower()
    question = text(_at(document, "dns.question.name"))
    for side, column in (("source", "src_endpoint"), ("destination", "dst_endpoint")):
        put(row, f"{column}.ip", text(_at(document, f"{side}.ip")))
        put(row, f"{column}.port", number(_at(document, f"{side}.port")))
    put(row, "dst_endpoint.hostname", question or text(_at(document, "destination.domain")))
    if question or action.startswith("lookup"):
        row["action"] = "dns.query"
    else:
        incoming = action == "connection_accepted" or _at(document, "network.direction") == "ingress"
        row["action"] = "network.listen" if incoming else "network.connect"
    put(row, "status_detail", action or None)


def _authentication(document: Document, row: Row) -> None:
    _actor(document, row)
    action = str(_at(document, "event.action") or "").lower()
    if "off" in action:
        row["action"] = "logon.end"
    else:
        row["action"] = "logon.failure" if row.get("status") == "failure" else "logon.success"
    target = account(_at(document, "user.target.domain"), _at(document, "user.target.name"))
    put(row, "user.name", target or account(_at(document, "user.domain"), _at(document, "user.name")))
    put(row, "src_endpoint.ip", text(_at(document, "source.ip")))
    put(row, "status_detail", action or None)


_WRITES_MEMORY = ("writeprocessmemory", "virtualallocex", "virtualprotectex", "mapviewofsection", "queueuserapc")


def _api(document: Document, row: Row) -> None:
    _actor(document, row)
    name = text(_at(document, "process.Ext.api.name"))
    target = _at(document, "Target.process")
    writes = bool(name) and any(word in str(name).lower() for word in _WRITES_MEMORY)
    _identify(row, "process", target)
    row["action"] = ("process.inject" if writes else "process.open") if target else "other"
    put(row, "status_detail", text(_at(document, "process.Ext.api.summary")) or name)


def _alert(document: Document, row: Row) -> None:
    _actor(document, row)
    row["action"] = "defender.detect"
    put(row, "file.path", text(_at(document, "file.path")) or row.get("actor.process.file.path"))
    put(row, "status_detail", text(_at(document, "rule.name")) or text(_at(document, "message")))


def _other(document: Document, row: Row) -> None:
    _actor(document, row)
    row["action"] = "other"
    put(row, "status_detail", text(_at(document, "message")))


_KINDS: dict[str, Callable[[Document, Row], None]] = {
    "process": _process,
    "file": _file,
    "library": _library,
    "driver": _driver,
    "registry": _registry,
    "network": _network,
    "authentication": _authentication,
    "session": _authentication,
    "api": _api,
}
