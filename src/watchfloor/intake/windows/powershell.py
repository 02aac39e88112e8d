"""PowerShell: module and script block logging, and the classic log's engine and pipeline events."""

import re

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, put, text
from watchfloor.intake.windows.meaning import Meaning

# Plain searches, not patterns: these texts are long and there are many of them.
_HOST_APPLICATION = ("HostApplication=", "Host Application = ")
_USER = ("UserId=", "  User = ")
_SCRIPT_NAME = ("ScriptName=", "Script Name = ")
_COMMAND_LINE = ("\tCommandLine=",)

_PIPELINE = "Pipeline execution details for command line:"
_BLOCK = re.compile(r"\ACreating Scriptblock text \((\d+) of (\d+)\):\r?\n")
_BLOCK_TAIL = re.compile(r"\r?\n\r?\nScriptBlock ID: ([0-9a-f-]+)\r?\nPath: ?(.*)\Z", re.DOTALL)


def _after(context: str, keys: tuple[str, ...]) -> str | None:
    """The rest of the line after the first of the keys that is there."""
    for key in keys:
        start = context.find(key)
        if start >= 0:
            start += len(key)
            end = context.find("\n", start)
            return text((context[start:] if end < 0 else context[start:end]).strip())
    return None


def _context(context: str, row: Row) -> None:
    """Fill the actor from the ``Key = value`` lines PowerShell writes about its host process."""
    put(row, "actor.process.cmd_line", _after(context, _HOST_APPLICATION))
    put(row, "actor.user.name", _after(context, _USER))
    put(row, "file.path", _after(context, _SCRIPT_NAME))


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
        put(row, "script.content", _after(context, _COMMAND_LINE) or text(row.get("status_detail")))


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
