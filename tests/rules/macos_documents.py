"""Documents of a Mac as Elastic's endpoint sensor writes them, each a line of a log."""

import json
from typing import Any

Lines = tuple[str, ...]

#: Folders of programs that do not stand in /usr/bin.
_FOLDERS = {"/bin/": ("bash", "cat", "chmod", "cp", "dd", "launchctl", "ln", "ls", "mv", "rm", "sh", "zsh")}


def _document(category: str, action: str, process: dict[str, Any], **fields: Any) -> Lines:
    document = {
        "@timestamp": "2026-03-01T10:00:03.500Z",
        "agent": {"type": "endpoint"},
        "data_stream": {"dataset": f"endpoint.events.{category}"},
        "event": {"module": "endpoint", "category": [category], "action": action, **fields.pop("event", {})},
        "host": {"hostname": "mac-1", "os": {"type": "macos", "family": "macos"}},
        "user": {"name": "ann"},
        "process": {"entity_id": "E1", "pid": 500, **process},
        **fields,
    }
    return (json.dumps(document),)


def ran(command: str, image: str = "", parent: str = "/bin/zsh", parent_command: str = "") -> Lines:
    """A launch; a program named without its folder stands where macOS keeps it."""
    name = command.split(maxsplit=1)[0]
    folder = next((folder for folder, names in _FOLDERS.items() if name in names), "/usr/bin/")
    process = {
        "executable": image or (name if name.startswith("/") else folder + name),
        "command_line": command.strip(),
        "parent": {"entity_id": "E0", "pid": 400, "executable": parent, "command_line": parent_command or parent},
    }
    return _document("process", "exec", process, event={"type": ["start"]})


def wrote(image: str, path: str, action: str = "creation") -> Lines:
    """What a program does to a file: creation, modification, rename, open, deletion."""
    return _document("file", action, {"executable": image}, file={"path": path})


def connected(image: str, address: str, port: int) -> Lines:
    """A connection made."""
    return _document(
        "network", "connection_attempted", {"executable": image}, destination={"ip": address, "port": port}
    )


def asked(image: str, name: str) -> Lines:
    """A name asked for."""
    return _document("network", "lookup_requested", {"executable": image}, dns={"question": {"name": name}})
