"""What ``watch`` says to a person: the worst scenes in words, the books, and where the film is."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from watchfloor.base import attack
from watchfloor.base.account import Account
from watchfloor.base.actions import ACTIONS
from watchfloor.base.scenes import KeyFrame, Scene
from watchfloor.cli.terminal import Terminal
from watchfloor.film.story import LEVELS_ZH, base_name, clip, quiet_story, rules_told, scene_story

if TYPE_CHECKING:
    from watchfloor.cli.watch_rules import Hunted
    from watchfloor.film.matches import Claim
    from watchfloor.film.watching import Watched
    from watchfloor.operations.gathering import Gathered

#: Scenes told in full; a long list belongs into the report or the JSON lines.
TOLD_SCENES = 5
#: Further scenes named by their headline alone.
NAMED_SCENES = 20
SHOWN_FRAMES = 8
SHOWN_REASONS = 10
SHOWN_RULES = 10
SHOWN_FAULTS = 5
OBJECT_WIDTH = 72
RECORD_WIDTH = 44

#: Between the parts of a source: folders, and members of archives.
_PARTS = re.compile(r"[/\\]|::")

_STYLES = {"malicious": "bold red", "suspicious": "bold yellow", "unsure": "cyan", "benign": "green"}

_PHRASES = {
    "malicious": ("MALICIOUS", "恶意"),
    "suspicious": ("SUSPICIOUS", "可疑"),
    "unsure, most": (
        "{n} scenes are unlike anything the screen learned from: unsure, not benign. --all-scenes writes them.",
        "{n} 个场景与训练数据差异过大：无法判断，并非正常。--all-scenes 可将其写出。",
    ),
    "found": (
        "Scenes on {hosts}: {scenes} ({malicious} malicious, {suspicious} suspicious, {benign} benign).",
        "{hosts} 上共 {scenes} 个场景：恶意 {malicious}，可疑 {suspicious}，正常 {benign}。",
    ),
    "found, some unsure": (
        "Scenes on {hosts}: {scenes} "
        "({malicious} malicious, {suspicious} suspicious, {unsure} unsure, {benign} benign).",
        "{hosts} 上共 {scenes} 个场景：恶意 {malicious}，可疑 {suspicious}，无法判断 {unsure}，正常 {benign}。",
    ),
    "hosts": ("{n} hosts", "{n} 台主机"),
    "tactics": ("Tactics: {named}.", "战术：{named}。"),
    "time": ("time (UTC)", "时间 (UTC)"),
    "who": ("who", "主体"),
    "did": ("did", "动作"),
    "to": ("to what", "对象"),
    "weight": ("weight", "权重"),
    "record": ("record", "记录"),
    "more_scenes": (
        "and {n} more that stand out: see --json or --report.",
        "另有 {n} 个值得注意的场景：请用 --json 或 --report 查看。",
    ),
    "read": (
        "Read {read} records (inputs: {inputs}) in {seconds} s: {kept} kept as events, {rejected} rejected.",
        "从 {inputs} 个输入读取 {read} 条记录，用时 {seconds} 秒：保留 {kept} 条，拒收 {rejected} 条。",
    ),
    "missing_times": ("{n} events have no readable time.", "{n} 条事件没有可读的时间。"),
    "out_of_order": ("{n} events stood out of time order.", "{n} 条事件不按时间顺序。"),
    "rejected": ("Not read:", "未能读取："),
    "more_reasons": ("and {n} more reasons: see --json.", "另有 {n} 种原因：请用 --json 查看。"),
    "commands": (
        "Command expert: {bad} of {n} command lines malicious, above all {worst}",
        "命令专家：{n} 条命令行中有 {bad} 条恶意，首要为 {worst}",
    ),
    "commands_calm": ("Command expert: none of {n} command lines malicious.", "命令专家：{n} 条命令行均非恶意。"),
    "sources": ("Records are in: {named}", "记录所在文件：{named}"),
    "rules": (
        "Rules: {matches} matches of {rules} rules, {loaded} rules looked.",
        "规则：{rules} 条规则命中 {matches} 次（共 {loaded} 条规则）。",
    ),
    "no_match": ("Rules: none of {loaded} matched.", "规则：{loaded} 条规则均未命中。"),
    "level": ("level", "级别"),
    "matches": ("matches", "命中"),
    "rule": ("rule", "规则"),
    "more_rules": ("and {n} more rules: see --json.", "另有 {n} 条规则：请用 --json 查看。"),
    "seen_by": (
        "Scenes worth a look: {both} by both, {screen} by the screen alone, {by_rules} by rules alone "
        "(level high or critical).",
        "值得查看的场景：两者都指出 {both} 个，仅筛查模型 {screen} 个，仅规则 {by_rules} 个（级别高或严重）。",
    ),
    "gathered": (
        "Cases opened: {opened}. Scenes that belong to their attacks and look harmless by themselves: {raised}.",
        "案件：展开 {opened} 个；另有 {raised} 个看似正常的场景属于这些攻击。",
    ),
    "cases_left": (
        "{n} scenes that stand out opened no case, see --cases.",
        "{n} 个可疑场景未展开调查，参见 --cases。",
    ),
    "too_large": (
        "{n} scenes that stand out opened no case: a recording of over a million events is not indexed; "
        "watch a part of it.",
        "{n} 个可疑场景未展开调查：超过一百万条事件的记录不建索引，请分段查看。",
    ),
    "excepted": ("{n} matches are excepted by {file}.", "{n} 次命中被 {file} 列为例外。"),
    "failed": ("Rules that could not be used: {n}.", "无法使用的规则：{n} 条。"),
    "more_failed": (
        "and {n} more: see --json or `watchfloor rules check`.",
        "另有 {n} 条：请用 --json 或 `watchfloor rules check` 查看。",
    ),
    "report": ("Film: {path}", "影片：{path}"),
}


def summarise(
    watched: "Watched",
    terminal: Terminal,
    *,
    lang: str,
    report: str = "",
    hunted: "Hunted | None" = None,
    gathered: "Gathered | None" = None,
) -> None:
    """Print the scenes that stand out, the rules that matched, then the books, then where the film is."""
    words = _Words(lang)
    standing_out = [scene for scene in watched.scenes if scene.flagged]
    _found(watched, terminal, words)
    for scene in standing_out[:TOLD_SCENES]:
        terminal.line()
        _tell(scene, terminal, words, hunted)
    if standing_out[TOLD_SCENES:]:
        terminal.line()
        _name_the_rest(standing_out[TOLD_SCENES:], terminal, words)
    terminal.line()
    if gathered is not None and (gathered.cases or gathered.left):
        _cases(gathered, terminal, words)
        terminal.line()
    if hunted is not None:
        _rules(hunted, watched, terminal, words)
        terminal.line()
    _books(watched.account, watched.seconds, terminal, words)
    if report:
        terminal.line(words("report", path=report), style="bold")


def _cases(gathered: "Gathered", terminal: Terminal, words: "_Words") -> None:
    if gathered.cases:
        terminal.line(words("gathered", opened=gathered.cases, raised=gathered.raised))
    if gathered.left:
        terminal.line(words("too_large" if gathered.large else "cases_left", n=gathered.left))


class _Words:
    """Phrases in the language asked for."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.index = 1 if lang == "zh" else 0

    def __call__(self, phrase: str, **values: object) -> str:
        text = _PHRASES[phrase][self.index]
        shown = {key: f"{value:,}" if isinstance(value, int) else value for key, value in values.items()}
        return text.format(**shown) if shown else text


def _found(watched: "Watched", terminal: Terminal, words: _Words) -> None:
    if not any(scene.flagged for scene in watched.scenes):
        account = watched.account
        quiet = quiet_story(account.kept, len(watched.scenes), account.rejected_records)
        terminal.line(quiet[words.index], style="bold")
        unsure = sum(scene.verdict == "unsure" for scene in watched.scenes)
        if unsure:
            terminal.line(words("unsure, most", n=unsure), style=_STYLES["unsure"])
        return
    hosts = watched.hosts[0] if len(watched.hosts) == 1 else words("hosts", n=len(watched.hosts))
    verdicts: list[str] = [scene.verdict for scene in watched.scenes]
    counts: dict[str, object] = {name: verdicts.count(name) for name in _STYLES}
    phrase = "found, some unsure" if counts["unsure"] else "found"
    terminal.line(words(phrase, scenes=len(verdicts), hosts=hosts, **counts), style="bold")


def _tell(scene: Scene, terminal: Terminal, words: _Words, hunted: "Hunted | None") -> None:
    scene, sources = brief(scene)
    headline, *sentences = scene_story(scene, attack.full_name)[words.index]
    if hunted is not None:
        matched = [(claim.level, claim.title, count) for claim, count in hunted.matches.in_scene(scene.scene_id)]
        sentences = rules_told(matched)[words.index] + sentences
    verdict = words(scene.verdict)
    terminal.line(f"{verdict} {scene.score:.2f}  {headline}", style=_STYLES[scene.verdict])
    if scene.tactics:
        named = (f"{attack.tactic_name(t.id, words.lang)} ({t.id}) {t.score:.0%}" for t in scene.tactics)
        terminal.line(words("tactics", named=", ".join(named)), indent=2)
    for sentence in sentences:
        terminal.line(sentence, indent=2)
    if scene.key_frames:
        headers = [words(name) for name in ("time", "who", "did", "to", "weight", "record")]
        heaviest = sorted(scene.key_frames, key=lambda frame: -frame.weight)[:SHOWN_FRAMES]
        terminal.table(headers, [_row(frame, words) for frame in heaviest], indent=2)
    if told := _experts(scene, words):
        terminal.line(told, indent=2)
    if sources:
        terminal.line(words("sources", named=", ".join(sources)), indent=2)


def brief(scene: Scene) -> tuple[Scene, list[str]]:
    """The scene with records named ``file#record``, and the full sources; unchanged where that is ambiguous.

    A source is a path that may run through archives: repeated in every sentence it hides the sentence.
    """
    sources = dict.fromkeys(frame.event_id.rpartition("#")[0] for frame in scene.key_frames)
    short = {source: _PARTS.split(source)[-1] or source for source in sources}
    if len(set(short.values())) < len(short) or all(source == name for source, name in short.items()):
        return scene, []
    frames = (
        replace(frame, event_id=f"{short[source]}#{record}")
        for frame in scene.key_frames
        for source, _, record in [frame.event_id.rpartition("#")]
    )
    return replace(scene, key_frames=tuple(frames)), list(sources)


def _experts(scene: Scene, words: _Words) -> str:
    """What the command expert says of the scene's command lines, in one line; nothing where it was not asked."""
    asked = [frame for frame in scene.key_frames if frame.judged.get("labels")]
    bad = [
        frame for frame in asked if frame.judged["labels"][0]["label"] == "malicious" and not frame.judged["abstained"]
    ]
    if not asked:
        return ""
    if not bad:
        return words("commands_calm", n=len(asked))
    worst = max(bad, key=lambda frame: float(frame.judged["labels"][0]["score"]))
    return words("commands", bad=len(bad), n=len(asked), worst=clip(worst.object, OBJECT_WIDTH))


def _row(frame: KeyFrame, words: _Words) -> tuple[str, ...]:
    action = ACTIONS.get(frame.action, ACTIONS["other"])
    return (
        f"{frame.time:%m-%d %H:%M:%S}" if frame.time else "?",
        base_name(frame.actor) if frame.actor else "?",
        action.verb_zh if words.lang == "zh" else action.verb,
        clip(frame.object, OBJECT_WIDTH) or "?",
        f"{frame.weight:.2f}",
        clip(frame.event_id, RECORD_WIDTH),
    )


def _name_the_rest(scenes: list[Scene], terminal: Terminal, words: _Words) -> None:
    for scene in scenes[:NAMED_SCENES]:
        headline = scene_story(scene, attack.full_name)[words.index][0]
        terminal.line(f"{words(scene.verdict)} {scene.score:.2f}  {headline}", style=_STYLES[scene.verdict])
    if scenes[NAMED_SCENES:]:
        terminal.line(words("more_scenes", n=len(scenes) - NAMED_SCENES))


def _rules(hunted: "Hunted", watched: "Watched", terminal: Terminal, words: _Words) -> None:
    """Which rules matched, the gravest first, each with a record that shows it; then what each eye saw."""
    record, claims = hunted.record(watched.scenes), hunted.matches.gravest()
    if claims:
        told = words("rules", matches=record["matches"], rules=len(claims), loaded=record["rules_loaded"])
        terminal.line(told, style="bold")
        headers = [words(name) for name in ("level", "matches", "record", "rule")]
        terminal.table(headers, [_rule_row(claim, words) for claim in claims[:SHOWN_RULES]], indent=2)
        if claims[SHOWN_RULES:]:
            terminal.line(words("more_rules", n=len(claims) - SHOWN_RULES), indent=2)
    else:
        terminal.line(words("no_match", loaded=record["rules_loaded"]), style="bold")
    seen = record["seen_by"]
    terminal.line(words("seen_by", both=seen["both"], screen=seen["screen"], by_rules=seen["rules"]))
    excepted = sum(entry["matches"] for entry in record["excepted"])
    if excepted:
        terminal.line(words("excepted", n=excepted, file=hunted.exceptions))
    failed = record["failed"]
    if failed:
        terminal.line(words("failed", n=len(failed)), style="yellow")
        for fault in failed[:SHOWN_FAULTS]:
            name = clip(fault["title"] or fault["path"], OBJECT_WIDTH)
            terminal.line(f"{name}: {clip(fault['why'], 2 * OBJECT_WIDTH)}", indent=2)
        if failed[SHOWN_FAULTS:]:
            terminal.line(words("more_failed", n=len(failed) - SHOWN_FAULTS), indent=2)


def _rule_row(claim: "Claim", words: _Words) -> tuple[str, ...]:
    source, _, number = next(iter(claim.events), "").rpartition("#")
    return (
        LEVELS_ZH.get(claim.level, claim.level) if words.lang == "zh" else claim.level,
        f"{claim.matches:,}",
        clip(f"{_PARTS.split(source)[-1]}#{number}", OBJECT_WIDTH),
        clip(claim.title, OBJECT_WIDTH),
    )


def _books(account: Account, seconds: float, terminal: Terminal, words: _Words) -> None:
    terminal.line(
        words(
            "read",
            read=account.records_read,
            inputs=account.inputs,
            seconds=f"{seconds:.1f}",
            kept=account.kept,
            rejected=account.rejected_records,
        )
    )
    if account.missing_times:
        terminal.line(words("missing_times", n=account.missing_times))
    if account.out_of_order:
        terminal.line(words("out_of_order", n=account.out_of_order))
    if not account.reasons:
        return
    terminal.line(words("rejected"), style="yellow")
    reasons = sorted(account.reasons.items(), key=lambda item: -item[1])
    for (source, why), count in reasons[:SHOWN_REASONS]:
        terminal.line(f"{count:,} × {clip(source, OBJECT_WIDTH)}: {why}", indent=2)
    if reasons[SHOWN_REASONS:]:
        terminal.line(words("more_reasons", n=len(reasons) - SHOWN_REASONS), indent=2)
