"""The report of investigations: one offline page, attack graph beside the film of the case, sentences beside records.

Everything that comes out of a log is made visible and escaped here; the page has no script and loads nothing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from watchfloor.agent.case import Claim, Investigation
from watchfloor.agent.drawing import slug, svg
from watchfloor.agent.recording import Recording
from watchfloor.base.events import event_id
from watchfloor.film.story import clip, visible

#: Records one report shows at most; what is cited beyond them is named by its id alone.
MOST_RECORDS: Final = 3_000
_STYLE: Final = """body{font:14px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1280px;padding:16px;color:#1c2733}
h1{font-size:22px}h2{font-size:19px;margin-top:36px;border-top:2px solid #c9d3dc;padding-top:12px}
h3{font-size:15px;margin:18px 0 4px}
.malicious{color:#a11}.suspicious{color:#a60}.benign{color:#286b2f}.beside{display:flex;gap:18px;align-items:flex-start}
.graph{flex:3;overflow:auto;max-height:640px;border:1px solid #d5dde4}.film{flex:2;overflow:auto;max-height:640px}
svg text{font:11px ui-monospace,monospace}.e{fill:none;stroke:#8797a5}
.n rect{stroke:#6d7f8e}code{background:#eef2f5;padding:0 3px}
.film li,.said li{margin:2px 0;overflow-wrap:anywhere}
.t{color:#5a6a78;font-variant-numeric:tabular-nums}a{color:#0b5394;text-decoration:none}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #e2e8ed;text-align:left;padding:3px 6px}
td,th{vertical-align:top;overflow-wrap:anywhere}
.r{font:12px ui-monospace,monospace;overflow-wrap:anywhere}@media(max-width:900px){.beside{display:block}}"""


def page(found: Iterable[Investigation], recording: Recording) -> str:
    """The whole page as text."""
    cases = list(found)
    cited: dict[str, None] = {}
    body = [_case(number, one, cited) for number, one in enumerate(cases, start=1)]
    head = f"<h1>Watchfloor: {len(cases)} investigation{'s' if len(cases) != 1 else ''}</h1>"
    records = _records(list(cited)[:MOST_RECORDS], recording)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Watchfloor investigation</title><style>{_STYLE}</style></head><body>{head}{''.join(body)}"
        f"<h2>Records</h2>{records}</body></html>"
    )


def _case(number: int, one: Investigation, cited: dict[str, None]) -> str:
    said = [c for c in (one.root_cause, one.entry_point, *one.summary) if c is not None]
    film = "".join(
        f'<li><span class="t">{escape((m.time or "")[11:19])}</span> {_claim(m.claim, cited)}'
        + (f' <b title="{escape(m.tactic)}">{escape(m.technique)}</b>' if m.technique else "") + "</li>"
        for m in one.timeline
    )  # fmt: skip
    tests = "".join(
        f"<li>{'Yes' if t.holds else 'No'}: {escape(t.hypothesis)}<ul>"
        + "".join(f"<li>for: {_claim(c, cited)}</li>" for c in t.evidence_for)
        + "".join(f"<li>against: {_claim(c, cited)}</li>" for c in t.evidence_against) + "</ul></li>"
        for t in one.tests
    )  # fmt: skip
    seen = "".join(
        f"<tr><td>{escape(i['type'])}</td><td><code>{escape(clip(str(i['value']), 300))}</code></td>"
        f"<td>{i['seen']}</td>"
        f"<td>{i['elsewhere']}</td><td>{escape(clip(str(i.get('intel', {}).get('label', '')), 120))}</td>"
        f"<td>{_links(tuple(i['event_ids']), cited)}</td></tr>"
        for i in one.indicators
    )
    left = f" {one.graph['left_out']} processes are not drawn." if one.graph.get("left_out") else ""
    for node in one.graph.get("nodes") or ():
        cited.update(dict.fromkeys(node["event_ids"][:1]))
    return (
        f'<h2>{number}. <span class="{one.verdict}">{one.verdict}</span> {escape(clip(one.case_id, 120))}</h2>'
        f"<p>Confidence {one.confidence:.2f}; {len(one.operations):,} events; {one.steps} steps, {one.seconds:.1f} s; "
        f"planner: {escape(one.planner)}; {len(one.rejected)} sentences refused by the checker.</p>"
        f'<ul class="said">{"".join(f"<li>{_claim(c, cited)}</li>" for c in said)}</ul>'
        f'<div class="beside"><div class="graph">{svg(one.graph)}</div>'
        f'<div class="film"><h3>Film of the case</h3><ol>{film}</ol></div></div>'
        f"<p>Red: what attackers do and others seldom. Dashed: tied by a trace, log-in or hand-over.{left}</p>"
        f"<h3>Hypotheses</h3><ul>{tests}</ul><h3>Indicators</h3>"
        f"<table><tr><th>kind<th>value<th>here<th>elsewhere<th>intelligence<th>record</tr>{seen}</table>"
        f"<h3>Open questions</h3><ul>{''.join(f'<li>{escape(visible(q))}</li>' for q in one.open_questions)}</ul>"
    )


def _claim(claim: Claim, cited: dict[str, None]) -> str:
    text = escape(visible(claim.text))
    parts = text.split("`")
    marked = "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
    return f"{marked} {_links(claim.event_ids, cited)}"


def _links(ids: tuple[str, ...], cited: dict[str, None]) -> str:
    cited.update(dict.fromkeys(ids))
    return " ".join(
        f'<a href="#r-{slug(i)}" title="{escape(visible(i), quote=True)}">[{n}]</a>' for n, i in enumerate(ids, start=1)
    )


def _records(ids: list[str], recording: Recording) -> str:
    if not ids:
        return "<p>None.</p>"
    table = recording.table
    parts = zip(table["source"].to_pylist(), table["record"].to_pylist(), strict=True)
    rows = {event_id(source or "", record or ""): row for row, (source, record) in enumerate(parts)}
    lines = []
    for identity in ids:
        row = rows.get(identity)
        if row is None:
            continue
        event: dict[str, Any] = table.slice(row, 1).to_pylist()[0]
        kept = " ".join(
            f"<b>{escape(k)}</b>={escape(clip(str(v), 300))}" for k, v in event.items()
            if v is not None and k not in ("source", "record", "owner", "time") and not k.endswith(".uid")
        )  # fmt: skip
        when = event["time"].astimezone(UTC) if isinstance(event["time"], datetime) else ""
        lines.append(
            f'<tr id="r-{slug(identity)}"><td class="r">{escape(visible(identity))}</td>'
            f'<td class="r">{escape(str(when)[:23])}</td><td class="r">{kept}</td></tr>'
        )
    return f"<table><tr><th>record<th>time<th>what it says</tr>{''.join(lines)}</table>"
