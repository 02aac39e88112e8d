"""The static half of the page: what is seen before the film opens, on paper, and without scripts."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from watchfloor.base.actions import ACTIONS
from watchfloor.film.story import base_name, clip, visible

#: Scenes that the printed page tells; the rest is counted.
TOLD = 60

#: Rejections that the printed page lists; the rest is counted.
LISTED = 200

_PARTS = re.compile(r"::|[\\/]")
_VERDICTS = (("malicious", "恶意"), ("suspicious", "可疑"), ("unsure", "无法判断"), ("benign", "正常"))


def boot(document: Mapping[str, Any]) -> str:
    """Title and verdict counts: the first paint, while the film is being unpacked."""
    counts = _summary(document).get("verdicts") or {}
    cells = "".join(
        f'<span class="boot-count {name}"><b>{int(counts.get(name) or 0):,}</b> {_two(name, zh)}</span>'
        for name, zh in _VERDICTS
    )
    return f"<h1>{_safe(document.get('title'), 200)}</h1><p>{cells}</p>"


def paper(document: Mapping[str, Any]) -> str:
    """The report as plain headings, sentences and tables, worst scene first."""
    summary = _summary(document)
    scenes = [s for s in document.get("scenes") or () if isinstance(s, Mapping)]
    worth = (s for s in scenes if s.get("verdict") in ("malicious", "suspicious") or s.get("seen_by"))
    shown = sorted(worth, key=lambda s: -float(s.get("score") or 0))
    parts = [
        f"<h1>{_safe(document.get('title'), 200)}</h1>",
        f"<p>{_counts(summary)} {_safe(document.get('generated'), 40)}</p>",
        *(_scene(s) for s in shown[:TOLD]),
    ]
    if len(shown) > TOLD:
        more = len(shown) - TOLD
        parts.append(f"<p>{_two(f'{more:,} more scenes are in the film.', f'另有 {more:,} 个场景，见影片。')}</p>")
    if not shown:
        parts.append(f"<p>{_two('No scene was judged malicious or suspicious.', '没有场景被判为恶意或可疑。')}</p>")
    parts.append(_rejected(summary))
    return "\n".join(parts)


def _scene(scene: Mapping[str, Any]) -> str:
    story = scene.get("story") or {}
    verdict = str(scene.get("verdict"))
    verdict_zh = dict(_VERDICTS).get(verdict, verdict)
    head = (
        f"<h2>{_two(verdict, verdict_zh)} {float(scene.get('score') or 0):.2f} · "
        f"{_safe(scene.get('host'), 80)} · {_safe(str(scene.get('start') or '').replace('T', ' ')[:19], 40)}</h2>"
    )
    told = "".join(
        f'<ol class="{lang}-only">{"".join(f"<li>{_safe(s, 1500)}</li>" for s in story.get(lang) or ())}</ol>'
        for lang in ("en", "zh")
    )
    rows = "".join(_key_frame(k) for k in scene.get("key_frames") or ())
    return f"<section>{head}{told}<table><tbody>{rows}</tbody></table></section>"


def _key_frame(frame: Mapping[str, Any]) -> str:
    action = ACTIONS.get(str(frame.get("action")), ACTIONS["other"])
    cells: Iterable[str] = (
        _safe(str(frame.get("time") or "").replace("T", " ")[:23], 30),
        escape(base_name(str(frame.get("actor") or "?"))),
        _two(action.verb, action.verb_zh),
        _safe(frame.get("object"), 160),
        _safe(" ".join(map(str, frame.get("techniques") or ())), 80),
        f'<code title="{_safe(frame.get("event_id"), 2000)}">{_safe(short_id(frame.get("event_id")), 120)}</code>',
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _counts(summary: Mapping[str, Any]) -> str:
    read, rejected = int(summary.get("events_read") or 0), int(summary.get("events_rejected") or 0)
    kept, scenes = int(summary.get("events_kept") or 0), int(summary.get("scenes") or 0)
    return _two(
        f"{read:,} events read, {kept:,} kept, {rejected:,} rejected; {scenes:,} scenes.",
        f"读取 {read:,} 条事件，保留 {kept:,} 条，拒收 {rejected:,} 条；共 {scenes:,} 个场景。",
    )


def _rejected(summary: Mapping[str, Any]) -> str:
    items = [r for r in summary.get("rejected") or () if isinstance(r, Mapping)]
    if not items:
        return ""
    rows = "".join(
        f"<tr>{''.join(f'<td>{_safe(r.get(k), 200)}</td>' for k in ('source', 'where', 'why'))}</tr>"
        for r in items[:LISTED]
    )
    return f"<h2>{_two('Rejected input', '拒收的输入')}</h2><table><tbody>{rows}</tbody></table>{_cut(summary, items)}"


def _cut(summary: Mapping[str, Any], items: list[Mapping[str, Any]]) -> str:
    """What the list of rejections leaves out, in words; nothing when it is whole."""
    reasons = max(len(items), int(summary.get("rejections") or 0))
    if reasons <= LISTED:
        return ""
    listed = min(LISTED, len(items))
    return "<p>" + _two(
        f"Only the first {listed:,} of {reasons:,} reasons are listed here; the output of --json names more.",
        f"共 {reasons:,} 条原因，此处仅列出前 {listed:,} 条；--json 的输出列出更多。",
    ) + "</p>"  # fmt: skip


def short_id(event_id: Any) -> str:
    """An event id without the way to its file: ``a/b.zip::c/d.evtx#7`` is ``d.evtx#7``."""
    source, mark, record = ("" if event_id is None else str(event_id)).rpartition("#")
    return _PARTS.split(source)[-1] + mark + record


def _summary(document: Mapping[str, Any]) -> Mapping[str, Any]:
    summary = document.get("summary")
    return summary if isinstance(summary, Mapping) else {}


def _two(english: str, chinese: str) -> str:
    return f'<span class="en-only">{escape(english)}</span><span class="zh-only" lang="zh">{escape(chinese)}</span>'


def _safe(value: Any, length: int) -> str:
    text = "" if value is None else str(value)
    return escape(visible(text) if len(text) <= length else clip(text, length))
