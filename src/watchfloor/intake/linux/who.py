"""Who acts in an audit record: process, parent, account, session."""

from watchfloor.base.events import Row
from watchfloor.intake.linux.shapes import Fields

_OUTCOMES = {
    **dict.fromkeys(("yes", "1", "success"), "success"),
    **dict.fromkeys(("no", "0", "failed", "fail", "failure"), "failure"),
}
_UNSET = frozenset(("4294967295", "-1", "unset", "?"))


def integer(text: str | None, base: int = 10) -> int | None:
    """A number of a record that fits a column, else None."""
    if text is None or len(text) > 20:
        return None
    try:
        value = int(text, base)
    except ValueError:
        return None
    return value if -(2**63) <= value < 2**63 else None


def process_id(text: str | None) -> int | None:
    """A process id; the kernel knows no negative ones."""
    value = integer(text)
    return value if value is not None and value >= 0 else None


def account(fields: Fields, name: str, interpreted: bool) -> str | None:
    """Account of an id field: the enriched or interpreted name, else ``uid:0``."""
    value = fields.get(name)
    enriched = fields.get(name.upper())
    if enriched and enriched not in _UNSET and enriched != f"unknown({value or ''})":
        return enriched
    if value is None or value in _UNSET:
        return None
    return value if interpreted and not value.isdecimal() else f"uid:{value}"


def actor(fields: Fields, interpreted: bool) -> Row:
    """The actor columns a record fills by itself."""
    session = fields.get("ses")
    return {
        "actor.process.pid": process_id(fields.get("pid")),
        "actor.process.file.path": fields.get("exe") or fields.get("comm"),
        "actor.process.parent_process.pid": process_id(fields.get("ppid")),
        "actor.user.name": account(fields, "uid", interpreted) or account(fields, "auid", interpreted),
        "actor.session.uid": None if session in _UNSET else session,
    }


def outcome(fields: Fields) -> str | None:
    """Success or failure as ``success=``, ``res=`` or ``result=`` say."""
    text = fields.get("success") or fields.get("res") or fields.get("result")
    if text is None:
        return None
    return _OUTCOMES.get(text) or _OUTCOMES.get(text.rstrip("'").lower())


def detail(*parts: str | None) -> str | None:
    """The parts that are there, joined."""
    return "; ".join([part for part in parts if part]) or None
