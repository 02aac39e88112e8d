"""Scenes in words, English and Chinese: who did what to what, when, and why it is judged so.

Every string that comes out of a log passes ``visible`` here, so a sentence can be printed to a terminal
or put on a page: control and bidirectional characters are spelled out, long text is clipped.
A sentence names the records it rests on in brackets: ``[source#record]``.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from watchfloor.base import attack
from watchfloor.base.actions import ACTIONS
from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored
from watchfloor.film.wording import neighbour

#: One sentence in English and in Chinese.
Pair = tuple[str, str]

#: Key frames a story tells one by one; the rest is counted.
TOLD = 10

#: Links between process trees that a story names; the rest is counted.
JOINED = 4

#: Rules that matched which a story names; the rest is counted.
NAMED_RULES = 5

#: Levels of findings in Chinese.
LEVELS_ZH: Mapping[str, str] = {
    "informational": "信息",
    "low": "低",
    "medium": "中",
    "high": "高",
    "critical": "严重",
}

#: Tactics of ATT&CK by id.
TACTICS: Mapping[str, Pair] = {t.id: (t.name, t.name_zh) for t in attack.TACTICS}

_VERDICTS: Mapping[str, Pair] = {
    "malicious": ("malicious", "恶意"),
    "suspicious": ("suspicious", "可疑"),
    "unsure": ("unsure", "无法判断"),
    "benign": ("benign", "正常"),
}

#: Why trees were joined, as ``film.links`` says it.
_WHY_ZH: Mapping[str, str] = {"code injected": "被注入代码", "ran a dropped file": "运行了前者写入的文件"}

# The program a command line begins with: quoted, a Windows path that may hold spaces, or the first word.
_PROGRAM = re.compile(
    r"""\s*(?:"([^"]+)"|((?:[A-Za-z]:|\\\\)[^"]{0,400}?\.(?:exe|com|scr|bat|cmd|ps1|msi))(?=\s|$)|(\S+))""",
    re.IGNORECASE,
)

# A pile of more combining marks than this would be drawn over the lines around it.
_MOST_MARKS = 3

# Printable for Python, yet drawn as nothing: fillers, joiners and variation selectors.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)


def visible(text: str) -> str:
    r"""Spell out what a reader could not see: control, bidi and zero-width characters as ``\u{202E}``."""
    if text.isascii() and text.isprintable():
        return text
    marks = 0
    shown = []
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        shown.append(char if _plain(char) and marks <= _MOST_MARKS else f"\\u{{{ord(char):04X}}}")
    return "".join(shown)


def _plain(char: str) -> bool:
    return (char.isprintable() and char not in _INVISIBLE) or char == "\u3000"


def clip(text: str, length: int) -> str:
    """``text`` on one line, made visible and cut in the middle when longer than ``length``."""
    if len(text) > length:
        head = length * 2 // 3
        text = f"{text[:head]} … {text[len(text) - (length - head) :]}"
    return visible(text)


def _bare(text: str) -> str:
    """A command line that is one quoted program, without its quotes."""
    inner = text[1:-1]
    return inner if text[:1] == text[-1:] == '"' and '"' not in inner else text


def base_name(path: str) -> str:
    """The last part of a Windows or POSIX path, clipped and made visible."""
    parts = path.replace("\\", "/").rstrip("/").rsplit("/", 1)
    return clip(parts[-1] or path, 80)


def program(command_line: str) -> str:
    """The program that a command line starts, as written there."""
    found = _PROGRAM.match(command_line[:1000])
    return next((g for g in found.groups() if g), command_line) if found else command_line


def chance(score: float) -> Pair:
    """The score in words, never as "97 in 100 are attacks".

    It is calibrated for a mix with as many attacks as ordinary scenes, and no site has that mix.
    """
    return (f"score {score:.2f} of 1", f"得分 {score:.2f}（满分 1）")


def headline(scene: Scene, tactics: Mapping[str, Pair] = TACTICS) -> Pair:
    """The scene in one sentence: where, what set off what, signs of which tactics, the verdict."""
    root = base_name(scene.root.image) if scene.root.image else "?"
    host = clip(scene.host, 60) or "?"
    odds, odds_zh = chance(scene.score)
    verdict, verdict_zh = _VERDICTS[scene.verdict]
    if scene.verdict == "unsure":
        return (
            f"On {host}, {root} and what it started are unlike what the screen learned from. Unsure ({odds}).",
            f"在 {host} 上，{root} 及其启动的进程与训练数据差异过大。无法判断（{odds_zh}）。",
        )
    if not scene.flagged:
        return (
            f"On {host}, {root} and what it started look ordinary. Judged benign ({odds}).",
            f"在 {host} 上，{root} 及其启动的进程未见异常。判为正常（{odds_zh}）。",
        )
    others = _others(scene)
    doing = f"set off {_join(others)}" if others else "acted alone"
    doing_zh = f"引出 {'、'.join(others)}" if others else "独自行动"
    named = [tactics[t.id] for t in _ranked(scene.tactics)[:3] if t.id in tactics]
    signs = f": signs of {_join([n[0] for n in named])}" if named else ""
    signs_zh = f"，有{'、'.join(n[1] for n in named)}的迹象" if named else ""
    return (
        f"On {host}, {root} {doing}{signs}. Judged {verdict} ({odds}).",
        f"在 {host} 上，{root} {doing_zh}{signs_zh}。判为{verdict_zh}（{odds_zh}）。",
    )


def scene_story(scene: Scene, technique_name: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """The scene in short sentences in time order, English and Chinese; the first is the headline."""
    frames = _in_order(scene.key_frames)
    told = _heaviest(frames)
    pairs = [headline(scene), _opening(scene, frames)]
    pairs += [_told(frame, technique_name) for frame in told]
    if len(frames) > len(told):
        more = len(frames) - len(told)
        pairs.append((f"{more} lighter key frames are not told here.", f"另有 {more} 个权重较低的关键帧未在此叙述。"))
    pairs += _techniques(scene, frames, technique_name)
    pairs += [(clip(words[0], 400), clip(words[1], 400)) for words in map(neighbour, scene.company)]
    pairs += _links(scene.links)
    pairs.append(_closing(scene, frames))
    return [p[0] for p in pairs], [p[1] for p in pairs]


def rules_told(rules: Sequence[tuple[str, str, int]]) -> tuple[list[str], list[str]]:
    """The rules that matched in a scene, as (level, title, times): one sentence in each language, or none."""
    if not rules:
        return [], []
    named = [_rule_named(*rule) for rule in rules[:NAMED_RULES]]
    english, chinese = "; ".join(n[0] for n in named), "；".join(n[1] for n in named)
    if len(rules) > NAMED_RULES:
        more = len(rules) - NAMED_RULES
        english += f"; and {more:,} more rules"
        chinese += f"；另有 {more:,} 条规则"
    return [f"Rules that matched here: {english}."], [f"此处命中的规则：{chinese}。"]


def rules_alone(level: str, title: str) -> Pair:
    """What the headline of a scene that only rules name has to add."""
    named, named_zh = _rule_named(level, title, 1)
    return f" It is shown for a rule alone: {named}.", f"因规则命中而列出：{named_zh}。"


def _rule_named(level: str, title: str, count: int) -> Pair:
    shown, kind = clip(title, 100), clip(level, 20)
    times, times_zh = ("", "") if count == 1 else (f", {count:,} times", f"，{count:,} 次")
    return f"“{shown}” ({kind}{times})", f"“{shown}”（{LEVELS_ZH.get(level, kind)}{times_zh}）"


def quiet_story(events_kept: int, scenes: int, rejected: int) -> Pair:
    """What to say when no scene stands out: what was looked at, and what could not be."""
    english = f"No scene stood out: {events_kept:,} events in {scenes:,} scenes were looked at."
    chinese = f"没有场景值得注意：共查看 {scenes:,} 个场景、{events_kept:,} 条事件。"
    if rejected:
        english += f" {rejected:,} records could not be read, so they were not judged."
        chinese += f"有 {rejected:,} 条记录无法读取，因而未作判断。"
    if not events_kept:
        english = "No event could be read from the input, so nothing was judged."
        chinese = "输入中没有可读取的事件，因此未作任何判断。"
    return english, chinese


def _others(scene: Scene) -> list[str]:
    """Processes beside the root that the key frames name, in time order, at most three."""
    by_uid = {p.uid: p for p in scene.processes}
    names: list[str] = []
    for frame in _in_order(scene.key_frames):
        actor = by_uid.get(frame.process_uid)
        if actor is not None and actor.uid != scene.root.uid:
            names.append(base_name(actor.image))
        if frame.action == "process.launch" and frame.object:
            names.append(base_name(program(frame.object)))
    root = base_name(scene.root.image)
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.lower().removesuffix(".exe"), name)
    found.pop(root.lower().removesuffix(".exe"), None)
    return list(found.values())[:3]


def _opening(scene: Scene, frames: list[KeyFrame]) -> Pair:
    root: Process = scene.root
    name = base_name(root.image) if root.image else "?"
    start = root.start or scene.start
    when = f"{start:%Y-%m-%d %H:%M:%S} UTC" if start else ""
    pid = f"pid {root.pid}" if root.pid is not None else ""
    facts = ", ".join(f for f in (pid, clip(root.user, 60)) if f)
    about = f" ({facts})" if facts else ""
    about_zh = f"（{facts}）" if facts else ""
    said = _bare(clip(root.command_line.strip(), 120))
    line = f" with “{said}”" if said else ""
    line_zh = f"，命令行“{said}”" if said else ""
    cite = _cite([f for f in frames if f.process_uid == root.uid][:1]) or f"[{visible(scene.scene_id)}]"
    counts = f"{scene.events:,} events of {len(scene.processes):,} processes"
    counts_zh = f"{len(scene.processes):,} 个进程，{scene.events:,} 条事件"
    began = f"It begins at {when} with" if when else "It begins, at a time no record tells, with"
    began_zh = f"始于 {when}：" if when else "起始时间未见记录："
    return (
        f"{began} {name}{about}{line}; the scene holds {counts}. {cite}",
        f"{began_zh}{name}{about_zh}{line_zh}；该场景含 {counts_zh}。{cite}",
    )


def _told(frame: KeyFrame, technique_name: Callable[[str], str]) -> Pair:
    action = ACTIONS.get(frame.action, ACTIONS["other"])
    actor = base_name(frame.actor) if frame.actor else "?"
    target = _target(frame)
    when = f"At {_clock(frame.time)} {actor}" if frame.time else f"{actor}, at a time the record does not tell,"
    when_zh = f"{_clock(frame.time)}，{actor}" if frame.time else f"（记录无时间）{actor}"
    line = (
        frame.object if frame.action == "process.launch" and program(frame.object) != frame.object.strip('" ') else ""
    )
    line = _bare(line.strip())
    detail = f" with “{clip(line, 110)}”" if line else ""
    detail_zh = f"，命令行“{clip(line, 110)}”" if line else ""
    times = f", {frame.repeats:,} times in a row" if frame.repeats > 1 else ""
    times_zh = f"，连续 {frame.repeats:,} 次" if frame.repeats > 1 else ""
    english = f"{when} {action.verb} {target}{detail}{times}"
    chinese = f"{when_zh} {action.verb_zh} {target}{detail_zh}{times_zh}"
    if frame.techniques:
        names = [_technique(t, technique_name) for t in frame.techniques[:3]]
        english += f": read as {_join(names)}"
        chinese += f"；读作 {'、'.join(names)}"
    if frame.features:
        why = [clip(f, 120) for f in frame.features[:3]]
        why_zh = [clip(f, 120) for f in (frame.features_zh or frame.features)[:3]]
        english += f"; the signs: {('; ' if any(',' in w for w in why) else ', ').join(why)}"
        chinese += f"。依据：{'；'.join(why_zh)}"
    return f"{english}. {_cite([frame])}", f"{chinese}。{_cite([frame])}"


def _target(frame: KeyFrame) -> str:
    if not frame.object:
        return "?"
    if frame.action == "process.launch":
        return base_name(program(frame.object))
    if frame.action.startswith(("process.", "module.", "driver.")):
        return base_name(frame.object)
    return clip(frame.object, 100)


def _techniques(scene: Scene, frames: list[KeyFrame], technique_name: Callable[[str], str]) -> list[Pair]:
    """Techniques with their chances, each with the first frame that shows it; none is left unsaid."""
    best = _ranked(scene.techniques)[:5]
    if not best:
        return []
    english, chinese = [], []
    for item in best:
        cite = _cite([f for f in frames if item.id in f.techniques][:1])
        space = f" {cite}" if cite else ""
        english.append(f"{_technique(item.id, technique_name)} {item.score:.0%}{space}")
        chinese.append(f"{_technique(item.id, technique_name)} {item.score:.0%}{space}")
    return [
        (f"Techniques, most likely first: {'; '.join(english)}.", f"可能的技术（由高到低）：{'；'.join(chinese)}。")
    ]


def _links(links: tuple[str, ...]) -> list[Pair]:
    """What joined other process trees to this one; the same link is said once, and only a few are named."""
    counts = Counter(links)
    pairs = []
    for link, count in list(counts.items())[:JOINED]:
        way, found, why = link.rpartition(": ")
        why_zh = _WHY_ZH.get(why, why.replace("started by ", "由其启动：", 1))
        times, times_zh = (f" ({count:,} times)", f"（{count:,} 次）") if count > 1 else ("", "")
        there = f"{clip(way, 140)}：{clip(why_zh, 60)}" if found else clip(link, 160)
        pairs.append((f"Joined into this scene: {clip(link, 160)}{times}.", f"并入本场景：{there}{times_zh}。"))
    rest = sum(list(counts.values())[JOINED:])
    if rest:
        pairs.append((f"{rest:,} more joins are not told here.", f"另有 {rest:,} 处并入未在此叙述。"))
    return pairs


def _closing(scene: Scene, frames: list[KeyFrame]) -> Pair:
    """The verdict with its uncertainty, resting on the heaviest frames."""
    odds, odds_zh = chance(scene.score)
    cites = _cite(sorted(frames, key=lambda f: -f.weight)[:3])
    rests = f" {cites}" if cites else " No single record carries it."
    rests_zh = cites or "没有单条记录起决定作用。"
    if scene.verdict == "unsure":
        return (
            f"Nothing in it looks malicious ({odds}), but much of it is unknown here: not judged benign.{rests}",
            f"未见恶意（{odds_zh}），但其中许多内容未知：不判为正常。{rests_zh}",
        )
    if not scene.flagged:
        return (
            f"Judged benign: {odds}, below what is called suspicious.{rests}",
            f"判为正常：{odds_zh}，低于可疑的界限。{rests_zh}",
        )
    verdict, verdict_zh = _VERDICTS[scene.verdict]
    doubt = (
        "This is a model's estimate, not proof, and where attacks are rare more such verdicts are false: "
        "open the records it rests on most."
        if scene.score >= 0.8
        else "That leaves real doubt: administration and software updates can look like this."
    )
    doubt_zh = (
        "这是模型的估计，并非证明；攻击越少见，此类判定的误报越多：请打开其主要依据的记录核对。"
        if scene.score >= 0.8
        else "仍有相当疑问：日常运维与软件更新也可能如此。"
    )
    return (
        f"Judged {verdict}: {odds}. {doubt}{rests}",
        f"判为{verdict_zh}：{odds_zh}。{doubt_zh}{rests_zh}",
    )


def _technique(technique: str, technique_name: Callable[[str], str]) -> str:
    name, shown = clip(technique_name(technique), 100), clip(technique, 40)
    return f"{name} ({shown})" if name and name != shown else shown


def _in_order(frames: tuple[KeyFrame, ...]) -> list[KeyFrame]:
    """Time order; frames without a time stay after the frame they follow."""
    last: datetime | None = None
    keyed: list[tuple[bool, float, int, KeyFrame]] = []
    for index, frame in enumerate(frames):
        last = frame.time or last
        keyed.append((last is not None, last.timestamp() if last else 0.0, index, frame))
    return [k[3] for k in sorted(keyed, key=lambda k: k[:3])]


def _heaviest(frames: list[KeyFrame]) -> list[KeyFrame]:
    if len(frames) <= TOLD:
        return frames
    kept = {id(f) for f in sorted(frames, key=lambda f: -f.weight)[:TOLD]}
    return [f for f in frames if id(f) in kept]


def _ranked(items: tuple[Scored, ...]) -> list[Scored]:
    return sorted(items, key=lambda i: -i.score)


def _clock(time: datetime) -> str:
    return f"{time:%H:%M:%S}"


def _cite(frames: list[KeyFrame]) -> str:
    return "".join(f"[{visible(f.event_id)}]" for f in frames)


def _join(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
