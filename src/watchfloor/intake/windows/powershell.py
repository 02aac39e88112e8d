"""PowerShell: module and script block logging, and the classic log's engine and pipeline events."""

import re

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, put, text
from watchfloor.intake.windows.meaning import Meaning

_KEY = r"(?:^|\n)[ \t]*{}[ \t]*=[ \t]*([^\r\n]*)"
_HOST_APPLICATION = re.compile(_KEY.format("Host ?Application"))
_USER = re.compile(_KEY.format("(?:UserId|User)"))
_COMMAND_LINE = re.compile(_KEY.format("CommandLine"))
_SCRIPT_NAME = re.compile(_KEY.format("Script ?Name"))

_PIPELINE = "Pipeline execution details for command line:"
_BLOCK = re.compile(r"\ACreating Scriptblock text \((\d+) of (\d+)\):\r?\n")
_BLOCK_TAIL = re.compile(r"\r?\n\r?\nScriptBlock ID: ([0-9a-f-]+)\r?\nPath: ?(.*)\Z", re.DOTALL)


def _context(context: str, row: Row) -> None:
    """Fill the actor from the ``Key = value`` lines PowerShell writes about its host process."""
    for pattern, column in ((_HOST_APPLICATION, "actor.process.cmd_line"), (_USER, "actor.user.name")):
        found = pattern.search(context)
        if found:
            put(row, column, text(found.group(1).strip()))
    found = _SCRIPT_NAME.search(context)
    if found:
        put(row, "file.path", text(found.group(1).strip()))


def _module(data: Data, row: Row) -> None:
    message = text(data.get("Message"))
    context = text(data.get("ContextInfo")) or text(data.get("param1")) or message
    if context:
        _context(context, row)
    if "script.content" not in row:
        put(row, "script.content", text(data.get("param3")) or message)


def _block(data: Data, row: Row) -> None:
    if "script.content" not in row:
        _block_from_message(text(data.get("Message")) or "", row)
        return
    part, parts = text(data.get("MessageNumber")), text(data.get("MessageTotal"))
    identity = text(data.get("ScriptBlockId"))
    if identity:
        row["status_detail"] = f"part {part} of {parts} of script block {identity}"


def _block_from_message(message: str, row: Row) -> None:
    head = _BLOCK.match(message)
    if head is None:
        put(row, "script.content", text(message))
        return
    tail = _BLOCK_TAIL.search(message)
    put(row, "script.content", message[head.end() : tail.start() if tail else len(message)])
    if tail:
        put(row, "file.path", text(tail.group(2).strip()))
        row["status_detail"] = f"part {head[1]} of {head[2]} of script block {tail[1]}"


def _parts(data: Data) -> list[str]:
    """The unnamed values of a classic event, in whichever way the container kept them."""
    values = data.get("Data")
    if isinstance(values, dict):
        values = values.get("#text")
    if isinstance(values, list):
        return [value for value in values if isinstance(value, str)]
    if isinstance(values, str):
        return [values]
    params = [data.get(f"param{n}") for n in (1, 2, 3)]
    return [value for value in params if isinstance(value, str)]


def _engine(data: Data, row: Row) -> None:
    context = "\n".join(_parts(data)) or text(data.get("Message")) or ""
    _context(context, row)
    if row["action"] == "script.run":
        put(row, "script.content", row.get("actor.process.cmd_line"))


def _pipeline(data: Data, row: Row) -> None:
    parts = _parts(data)
    message = text(data.get("Message")) or ""
    context = "\n".join(parts[1:]) or message
    _context(context, row)
    if parts:
        put(row, "script.content", text(parts[0].strip()))
        if len(parts) > 2:
            put(row, "status_detail", text(parts[2].strip()))
    elif message.startswith(_PIPELINE):
        line = message[len(_PIPELINE) :].split("\r\n\r\nContext Information:", 1)[0].strip()
        put(row, "script.content", text(line.removesuffix(". ").removesuffix(".").strip()))
        _, _, details = message.partition("\r\nDetails: \r\n")
        put(row, "status_detail", text(details.strip()))
    if "script.content" not in row:
        found = _COMMAND_LINE.search(context)
        put(row, "script.content", text(found.group(1).strip()) if found else text(row.get("status_detail")))


EVENTS: dict[int, Meaning] = {
    4100: Meaning("script.run", {"Payload": "script.content"}, finish=_module),
    4103: Meaning("script.run", {"Payload": "script.content"}, finish=_module),
    4104: Meaning("script.run", {"ScriptBlockText": "script.content", "Path": "file.path"}, finish=_block),
}

CLASSIC: dict[int, Meaning] = {
    400: Meaning("script.run", finish=_engine),
    403: Meaning("other", finish=_engine),
    600: Meaning("other", finish=_engine),
    800: Meaning("script.run", finish=_pipeline),
}
