"""Checkpoints: everything a floor remembers, written as one file that is whole or absent.

A run that stops and goes on from its checkpoint ends as one that never stopped. ``marks`` says how many lines of
each source are in it: whoever reads the source again skips them.
"""

import os
from pathlib import Path
from typing import Any

import orjson

from watchfloor.base.errors import InputError, RefusedError, WatchfloorError
from watchfloor.operations.books import Books
from watchfloor.operations.floor import Floor
from watchfloor.operations.groups import Group, Member
from watchfloor.operations.incidents import Incident
from watchfloor.operations.memory import Memory

VERSION = 1
FILE = "floor.json"


def save(folder: str, floor: Floor, sources: list[str], marks: dict[str, int], history: list[dict[str, Any]]) -> None:
    """Write the floor's checkpoint; see ``save_state``."""
    save_state(folder, to_state(floor), sources, marks, history)


def save_state(
    folder: str, state: dict[str, Any], sources: list[str], marks: dict[str, int], history: list[dict[str, Any]]
) -> None:
    """Write a checkpoint; ``history`` are incidents of the past, for feedback about them.

    Raises:
        RefusedError: the folder may not be written to.
        WatchfloorError: the disk fails.
    """
    target = Path(folder) / FILE
    temporary = target.with_name(f".{FILE}-{os.getpid()}.tmp")
    whole = {"version": VERSION, "sources": sources, "marks": marks, "history": history, "floor": state}
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(orjson.dumps(whole))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except PermissionError as error:
        raise RefusedError(f"{folder} cannot be written: permission denied.", hint="Choose another --state.") from error
    except OSError as error:
        raise WatchfloorError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def load(folder: str, floor: Floor) -> tuple[list[str], dict[str, int], list[dict[str, Any]]]:
    """Put a checkpoint, if there is one, into a new floor; its sources, marks and history.

    Raises:
        InputError: there is one that cannot be read.
    """
    place = Path(folder) / FILE
    if not place.exists():
        return [], {}, []
    hint = f"Move {place} away to begin anew."
    try:
        state = orjson.loads(place.read_bytes())
        if state["version"] != VERSION:
            raise InputError(f"{place} was written by another version.", hint=hint)
        into(floor, state["floor"])
        return state["sources"], state["marks"], state["history"]
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{place} cannot be read: {error}.", hint=hint) from error


def to_state(floor: Floor) -> dict[str, Any]:
    """The floor as plain data: each member once, referred to by its number."""
    numbers: dict[int, int] = {}
    members: list[Member] = []

    def number(member: Member) -> int:
        if id(member) not in numbers:
            numbers[id(member)] = len(members)
            members.append(member)
        return numbers[id(member)]

    groups = [
        group.to_state() | {"members": [number(member) for member in group.members.values()]}
        for group in floor.groups.values()
    ]
    incidents = [
        incident.to_state() | {"members": [number(member) for member in incident.members]}
        for incident in floor.incidents.values()
    ]
    running = [
        [series.name, series.host, number(series.member), series.group is not None]
        for series in floor.memory.series.values()
        if series.member is not None
    ]
    books = floor.books
    return {
        "memory": floor.memory.to_state(),
        "groups": groups,
        "incidents": incidents,
        "running": running,
        "pending": dict(floor.pending),
        "members": [member.to_state() for member in members],
        "clock": [*(None if abs(one) == float("inf") else one for one in floor.clock()), floor.ahead],
        "books": [
            books.fed,
            books.late,
            books.leaps,
            books.repeats,
            books.episodes,
            dict(books.aside),
            books.retired,
        ],  # fmt: skip,
    }


def into(floor: Floor, state: dict[str, Any]) -> None:
    """Fill a new floor from plain data."""
    members = [Member.from_state(one) for one in state["members"]]
    floor.memory = Memory.from_state(state["memory"])
    for one in state["groups"]:
        group = Group.from_state(one | {"members": []})
        group.members = {members[place].name: members[place] for place in one["members"]}
        floor.groups[group.host] = group
    for one in state["incidents"]:
        fields = {key: value for key, value in one.items() if key not in ("members", "entities")}
        incident = Incident(**fields, entities=set(one["entities"]))
        incident.members = [members[place] for place in one["members"]]
        floor.incidents[incident.incident_id] = incident
    for name, host, place, grouped in state["running"]:
        series = floor.memory.series[name, host]
        series.member = members[place]
        series.group = floor.groups.get(host) if grouped else None
    floor.pending = dict(state["pending"])
    now, swept, ahead = state["clock"]
    never = float("-inf")
    floor.set_clock(never if now is None else now, never if swept is None else swept, ahead)
    floor.books = Books(*state["books"])
