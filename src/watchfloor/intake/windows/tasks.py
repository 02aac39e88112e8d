"""The Task Scheduler's log, and the command inside a task definition."""

import re

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, put, text
from watchfloor.intake.windows.meaning import Meaning

# The definition is hostile XML of any shape; two element texts are all that is wanted, so no parser.
_COMMAND = re.compile(r"<Command>([^<]{1,8192})</Command>", re.IGNORECASE)
_ARGUMENTS = re.compile(r"<Arguments>([^<]{1,65536})</Arguments>", re.IGNORECASE)
_CLASS = re.compile(r"<ClassId>([^<]{1,64})</ClassId>", re.IGNORECASE)
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def task_command(definition: str) -> str | None:
    """What the task runs: command and arguments, or the COM class of its handler."""
    command = _COMMAND.search(definition)
    if command is None:
        handler = _CLASS.search(definition)
        return f"ClassId {handler.group(1)}" if handler else None
    arguments = _ARGUMENTS.search(definition, command.end())
    line = command.group(1) + (" " + arguments.group(1) if arguments else "")
    for entity, character in _ENTITIES:
        line = line.replace(entity, character)
    return line.strip() or None


def _user(data: Data, row: Row) -> None:
    user = text(data.get("UserContext")) or text(data.get("UserName"))
    put(row, "actor.user.name", user)


def _task(action: str, **more: str) -> Meaning:
    return Meaning(
        action,
        {"TaskName": "job.name", **more},
        finish=_user,
        detail=("ResultCode", "Priority"),
        sign="TaskName",
    )


EVENTS: dict[int, Meaning] = {
    100: _task("task.run"),
    101: _task("task.run"),
    102: _task("task.run"),
    106: _task("task.create"),
    107: _task("task.run"),
    108: _task("task.run"),
    110: _task("task.run"),
    118: _task("task.run"),
    119: _task("task.run"),
    129: Meaning(
        "task.run",
        {"TaskName": "job.name", "Path": "process.file.path"},
        {"ProcessID": "process.pid"},
        sign="TaskName",
    ),
    140: _task("task.change"),
    141: _task("task.delete"),
    142: _task("task.change"),
    200: _task("task.run", ActionName="script.content"),
    201: _task("task.run", ActionName="script.content"),
}
