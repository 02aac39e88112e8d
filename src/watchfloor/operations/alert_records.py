"""JSON records of several products as Alerts: our own lines, Suricata EVE, Wazuh, AMiner, OCSF findings.

Each record is recognised by what is in it, so one file may mix products. ``alert_of`` answers with an Alert, with
``Passed`` for a record that is well formed and no alert (a flow, a summary), or with the reason it is refused.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from watchfloor.base.attack import normalise_tactic, tactics_of
from watchfloor.base.findings import rank
from watchfloor.operations.alerts import LONGEST_HOST, LONGEST_NAME, Alert, clean

#: Times outside these are no times of alerts: 1990 to 2100.
_EARLIEST, _LATEST = 631_152_000.0, 4_102_444_800.0
#: Above these a number counts milliseconds, microseconds, nanoseconds.
_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
#: Host of an alert that names none.
NO_HOST = "-"
_PRIVATE = ("10.", "192.168.", "127.", "fd", "fe80:", *(f"172.{n}." for n in range(16, 32)))


class Passed(NamedTuple):
    """A record that is no alert, and what it is."""

    what: str


def seconds(value: Any) -> float | None:
    """A time as seconds since 1970 UTC: numbers (s, ms, µs, ns) or ISO 8601 (UTC where no zone is given)."""
    if isinstance(value, str):
        text = value.strip()
        try:
            number = float(text)
        except ValueError:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                return None
            try:
                number = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            except (OverflowError, ValueError):
                return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    else:
        return None
    for above, scale in _SCALES:
        if number > above:
            number /= scale
            break
    return number if _EARLIEST <= number <= _LATEST else None


def alert_of(record: Any, line: int) -> Alert | Passed | str:
    """The alert in one JSON record, what it is instead, or why it is refused."""
    if not isinstance(record, dict):
        return "not a JSON object"
    inner = record.get("_source")
    if isinstance(inner, dict):  # exported from an index
        record = inner
    if "event_type" in record:
        return _eve(record, line)
    if isinstance(record.get("rule"), dict) and "description" in record["rule"]:
        return _wazuh(record, line)
    if "class_uid" in record:
        return _ocsf(record, line)
    if record.get("type") in ("match", "scene", "summary", "incident"):
        return _ours(record, line)
    if isinstance(record.get("AnalysisComponent"), dict):
        return _aminer(record, line)
    return "no known kind of alert"


def made(
    when: Any, name: Any, host: Any, line: int, entity: Any = "", severity: int = 0, tactics: tuple[str, ...] = ()
) -> Alert | str:
    """An alert out of what a record says, or why there is none."""
    moment = seconds(when)
    if moment is None:
        return "no time that can be read"
    if not isinstance(name, str) or not name.strip():
        return "no alert name"
    return Alert(
        moment,
        clean(name, LONGEST_NAME),
        clean(host, LONGEST_HOST) or NO_HOST if isinstance(host, str) else NO_HOST,
        line,
        clean(entity, LONGEST_HOST) if isinstance(entity, str) else "",
        severity,
        tactics,
    )


def _tactics(values: Any) -> tuple[str, ...]:
    """Known tactic ids among ids and names."""
    found = []
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, str):
            known = normalise_tactic(value.replace(" ", "-"))
            if known:
                found.append(known)
    return tuple(dict.fromkeys(found))


def _of_techniques(values: Any) -> tuple[str, ...]:
    """The first tactic of each known technique."""
    found: list[str] = []
    for value in values if isinstance(values, list) else [values]:
        technique = value.get("id") if isinstance(value, dict) else value
        if isinstance(technique, str):
            found.extend(tactics_of(technique)[:1])
    return tuple(dict.fromkeys(found))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _ours(record: dict[str, Any], line: int) -> Alert | Passed | str:
    kind = record["type"]
    if kind == "match":
        level = record.get("level")
        tactics = _tactics(record.get("tactics")) or _of_techniques(record.get("techniques"))
        severity = rank(level) if isinstance(level, str) else 0
        return made(record.get("time"), record.get("title"), record.get("host"), line, "", severity, tactics)
    if kind == "scene":
        verdict = record.get("verdict")
        if verdict not in ("malicious", "suspicious"):
            return Passed("scene that is neither malicious nor suspicious")
        image = _dict(record.get("root_process")).get("image")
        program = image.replace("\\", "/").rsplit("/", 1)[-1] if isinstance(image, str) else "unknown program"
        tactics = _tactics([_dict(one).get("id") for one in record.get("tactics") or [] if isinstance(one, dict)])
        name = f"Watchfloor: {verdict} scene of {program}"
        return made(
            record.get("start"), name, record.get("host"), line, "", 4 if verdict == "malicious" else 2, tactics
        )
    return Passed(f"{kind} line")


def _eve(record: dict[str, Any], line: int) -> Alert | Passed | str:
    kind = record["event_type"]
    if kind != "alert":
        return Passed(f"EVE {kind[:40]} record") if isinstance(kind, str) else "event_type is no text"
    alert = _dict(record.get("alert"))
    signature = alert.get("signature")
    level = alert.get("severity")
    severity = {1: 3, 2: 2, 3: 1}.get(level, 0) if isinstance(level, int) else 0
    tactics = _tactics(_dict(alert.get("metadata")).get("mitre_tactic_id"))
    source, target = record.get("src_ip"), record.get("dest_ip")
    # The asset is the private side, the target where both are.
    asset, other = (source, target) if _outside(target) and not _outside(source) else (target, source)
    name = f"Suricata: Alert - {signature}" if isinstance(signature, str) and signature.strip() else None
    return made(record.get("timestamp"), name, asset or record.get("host"), line, other, severity, tactics)


def _outside(address: Any) -> bool:
    return not (isinstance(address, str) and address.lower().startswith(_PRIVATE))


def _wazuh(record: dict[str, Any], line: int) -> Alert | str:
    rule = record["rule"]
    level = rule.get("level")
    level = level if isinstance(level, int) else 0
    severity = 4 if level >= 15 else 3 if level >= 12 else 2 if level >= 7 else 1 if level else 0
    mitre = _dict(rule.get("mitre"))
    tactics = _tactics(mitre.get("tactic")) or _of_techniques(mitre.get("id"))
    description = rule.get("description")
    name = f"Wazuh: {description}" if isinstance(description, str) and description.strip() else None
    host = _dict(record.get("agent")).get("name") or _dict(record.get("predecoder")).get("hostname")
    entity = _dict(record.get("data")).get("srcip")
    return made(record.get("timestamp") or record.get("@timestamp"), name, host, line, entity, severity, tactics)


def _aminer(record: dict[str, Any], line: int) -> Alert | str:
    component = record["AnalysisComponent"]
    data = _dict(record.get("LogData"))
    times = data.get("Timestamps") or data.get("DetectionTimestamp")
    message = component.get("AnalysisComponentName") or component.get("Message")
    name = f"AMiner: {message}" if isinstance(message, str) and message.strip() else None
    host = _dict(record.get("AMiner")).get("ID")
    return made(times[0] if isinstance(times, list) and times else times, name, host, line)


def _ocsf(record: dict[str, Any], line: int) -> Alert | Passed | str:
    number = record["class_uid"]
    if not isinstance(number, int) or not 2000 <= number < 3000:
        return Passed("OCSF record that is no finding")
    info = _dict(record.get("finding_info")) or _dict(record.get("finding"))
    level = record.get("severity_id")
    severity = min(4, max(0, level - 1)) if isinstance(level, int) else 0
    attacks = record.get("attacks") or info.get("attacks") or []
    attacks = [one for one in attacks if isinstance(one, dict)] if isinstance(attacks, list) else []
    tactics = _tactics([_dict(one.get("tactic")).get("uid") for one in attacks])
    tactics = tactics or _of_techniques([_dict(one.get("technique")).get("uid") for one in attacks])
    device = _dict(record.get("device"))
    resources = record.get("resources")
    if not device and isinstance(resources, list) and resources:
        device = _dict(resources[0])
    host = device.get("hostname") or device.get("name") or device.get("ip") or device.get("uid")
    user = _dict(_dict(record.get("actor")).get("user")).get("name")
    name = info.get("title") or record.get("message")
    return made(record.get("time") or record.get("time_dt"), name, host, line, user, severity, tactics)
