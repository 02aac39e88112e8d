"""Why a frame weighs what it weighs, in words: the hashed features that carried it, read back.

A pixel cannot be un-hashed, but the Event it came from is at hand: its channel says what was hashed.
Every reason is said in English and in Chinese.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from watchfloor.base.actions import ACTIONS
from watchfloor.film import words
from watchfloor.film.frames import ACTOR, CHANNELS, CONTEXT, OBJECT, PARENT, TEXT_FROM, TEXTS, TextColumn
from watchfloor.film.pixels import Pixels
from watchfloor.film.screen import Screen
from watchfloor.film.wording import (
    COMMON_FOLDERS,
    Pair,
    address,
    extension,
    fill,
    folder,
    host_phrase,
    phrase,
    spelling,
    user,
)

_Values = Mapping[str, Any]

_IMAGE: Final = "actor.process.file.path"
_PARENT_IMAGE: Final = "actor.process.parent_process.file.path"

#: What a channel shows, English and Chinese, with the blanks to fill: ``@`` a folder's class, ``~`` an
#: account's class, ``^`` an address, ``.`` a file type, ``!`` the action's verb, else the value itself.
_CHANNELS: Final[dict[tuple[int, int], tuple[str, str, tuple[str, ...]]]] = {
    (ACTOR, 0): ("done by {}", "由{}所为", (_IMAGE,)),
    (ACTOR, 1): ("the acting program lies in {}", "执行程序位于{}", ("@" + _IMAGE,)),
    (ACTOR, 2): ("{} lies in {}", "{}位于{}", (_IMAGE, "@" + _IMAGE)),
    (PARENT, 0): ("started by {}", "由{}启动", (_PARENT_IMAGE,)),
    (PARENT, 1): ("the parent program lies in {}", "父进程位于{}", ("@" + _PARENT_IMAGE,)),
    (PARENT, 2): ("{} was itself started by {}", "{}本身由{}启动", (_IMAGE, _PARENT_IMAGE)),
    (PARENT, 3): ("done as {}", "以{}身份执行", ("~actor.user.name",)),
    (PARENT, 4): ("{} runs as {}", "{}以{}身份运行", (_IMAGE, "~actor.user.name")),
    (PARENT, 5): ("integrity level {}", "完整性级别{}", ("process.integrity",)),
    (PARENT, 6): ("file signature: {}", "文件签名：{}", ("file.signature",)),
    (PARENT, 7): ("it concerns {}", "涉及{}", ("~user.name",)),
    (PARENT, 8): ("{} {}", "{}（{}）", ("!action", "~user.name")),
    (PARENT, 9): ("the service {}", "服务{}", ("service.name",)),
    (PARENT, 10): ("the task {}", "任务{}", ("job.name",)),
    (PARENT, 11): ("event type {}", "事件类型{}", ("metadata.event_code",)),
    (OBJECT, 0): ("{} is involved", "涉及{}", ("thing",)),
    (OBJECT, 1): ("the target lies in {}", "对象位于{}", ("@thing",)),
    (OBJECT, 2): ("the target is {}", "对象是{}", (".file.path",)),
    (OBJECT, 3): ("a renamed program, originally {}", "改过名的程序，原名{}", ("process.file.internal_name",)),
    (CONTEXT, 0): ("the act itself: {}", "动作本身：{}", ("!action",)),
    (CONTEXT, 1): ("{} together with “{}”", "{}与“{}”的组合", (_IMAGE, "!action")),
    (CONTEXT, 2): ("{} {}", "{} {}", ("!action", "thing")),
    (CONTEXT, 3): ("{} with {} as its target", "{}以{}为对象", (_IMAGE, "thing")),
    (CONTEXT, 4): ("{} acts in {}", "{}操作的对象位于{}", (_IMAGE, "@thing")),
    (CONTEXT, 5): ("access rights {}", "访问权限{}", ("actual_permissions",)),
    (CONTEXT, 6): ("access rights {} on {}", "访问权限{}，对象{}", ("actual_permissions", "thing")),
    (CONTEXT, 7): ("to {}, port {}", "目标为{}，端口{}", ("^dst_endpoint.ip", "dst_endpoint.port")),
    (CONTEXT, 8): ("{} talks to {}", "{}与{}通信", (_IMAGE, "^dst_endpoint.ip")),
    (CONTEXT, 9): ("outcome: {}", "结果：{}", ("status",)),
}

#: Channels every record of their kind fills alike: named only when nothing else is left to say.
_BARE: Final = frozenset({(CONTEXT, 0), (PARENT, 3)})

#: Where a quoted word stands.
_PLACES: Final[dict[str, Pair]] = {
    "actor.process.cmd_line": ("in {}'s own command line", "{} 自身命令行中的"),
    "process.cmd_line": ("in the command line", "命令行中的"),
    "reg_key.path": ("in the registry path", "注册表路径中的"),
    "reg_value.data": ("in the value written", "写入值中的"),
    "script.content": ("in the script", "脚本中的"),
    "status_detail": ("in the record's details", "记录详情中的"),
}

#: Channels that say who did it, and those that say to what: one of each is enough.
_ABOUT: Final = {
    (ACTOR, 0): "actor", (CONTEXT, 1): "actor", (ACTOR, 2): "actor", (OBJECT, 0): "thing", (CONTEXT, 2): "thing",
}  # fmt: skip

#: A launch's actor is the program that started it.
_LAUNCHED: Final = {
    (ACTOR, 0): ("started by {}", "由{}启动", (_IMAGE,)),
    (CONTEXT, 1): ("started by {}", "由{}启动", (_IMAGE,)),
}

#: States nobody wonders at.
_USUAL: Final = frozenset({"Success", "Medium"})

#: A command line from this length on is worth a word.
_LONG: Final = 400
_MOST_QUOTED: Final = 3


@dataclass(frozen=True, slots=True)
class Said:
    """One feature in words. ``weak`` says little; ``quoted_in`` is the column of a word that is quoted.

    Of those that say the same, as ``about`` names it, only the strongest is told.
    """

    english: str
    chinese: str
    weak: bool = False
    quoted_in: str = ""
    about: str = ""


def reasons(screen: Screen, frame: Pixels, values: _Values, most: int = 4) -> tuple[Pair, ...]:
    """The features of one frame ``(ROWS, CHANNELS)`` that speak most for an attack, strongest first."""
    strong: dict[str, list[Said]] = {}
    weak: dict[str, list[Said]] = {}
    for said in _weighed(screen, frame, values):
        kept = weak if said.weak else strong
        group = kept.setdefault(said.quoted_in or said.about or said.english, [])
        if not group or (said.quoted_in and said not in group and len(group) < _MOST_QUOTED):
            group.append(said)
        if len(strong) >= most:
            break
    chosen = list(strong.values()) or list(weak.values())[:2]
    return tuple(_joined(group, values) for group in chosen)


def _weighed(screen: Screen, frame: Pixels, values: _Values) -> Iterator[Said]:
    weight = screen.weights[frame]
    for place in np.argsort(-weight, axis=None):
        row, channel = divmod(int(place), CHANNELS)
        if weight[row, channel] <= 0.05:
            return
        said = describe(row, channel, values)
        if said is not None:
            yield said


def describe(row: int, channel: int, values: _Values) -> Said | None:
    """One channel of an Event's frame in words; None when it holds nothing to say."""
    for column in TEXTS:
        if column.row == row and column.channel <= channel < column.channel + column.width:
            text = values.get(column.name)
            found = column.read(text) if text else []
            if text and channel - column.channel < len(found):
                return _of_text(column, found[channel - column.channel], text, values)
    if row == ACTOR and 3 <= channel < TEXT_FROM - 1:
        return _shape(values.get("actor.process.cmd_line"), channel - 3)
    if row == OBJECT and 4 <= channel < TEXT_FROM:
        return _shape(values.get("process.cmd_line"), channel - 4)
    if row == CONTEXT and channel in (10, 11):
        return _trace(values.get("status_detail"), channel - 10)
    return _of_channel(row, channel, values)


def _of_channel(row: int, channel: int, values: _Values) -> Said | None:
    launch = _LAUNCHED.get((row, channel)) if values.get("action") == "process.launch" else None
    english, chinese, columns = launch or _CHANNELS.get((row, channel), ("", "", ()))
    blanks = [_blank(c, values) for c in columns]
    filled = [b for b in blanks if b is not None]
    if not english or len(filled) < len(blanks):
        return None
    weak = (
        (row, channel) in _BARE
        or any(c.startswith("@") and _folder_class(c[1:], values) in COMMON_FOLDERS for c in columns)
        or (values.get(columns[0]) in _USUAL and columns[0] in ("status", "process.integrity"))
    )
    said = english.format(*(b[0] for b in filled)), fill(chinese, *(b[1] for b in filled))
    return Said(*said, weak, about=_ABOUT.get((row, channel), ""))


def _of_text(column: TextColumn, word: str, text: str, values: _Values) -> Said | None:
    own_names = {_name(values.get(c)).lower().removesuffix(".exe") for c in (_IMAGE, "process.file.path")}
    if column.name == "dst_endpoint.hostname":
        pair = host_phrase(word)
        return Said(*pair, weak=not word.startswith(("<", "tld"))) if pair else None
    pair = phrase(word, text)
    if pair is not None:
        return Said(*pair, weak=word[1:] in COMMON_FOLDERS)
    shown = spelling(word, text)
    weak = not any(c.isalpha() for c in shown) or shown.lower() in own_names
    return Said(shown, shown, weak, quoted_in=column.name)


def _joined(group: list[Said], values: _Values) -> Pair:
    """Words of one text together: ``“-enc” and “hidden” in the command line``."""
    column = group[0].quoted_in
    if not column:
        return group[0].english, group[0].chinese
    place, place_zh = _PLACES.get(column, ("in the record", "记录中的"))
    owner = _name(values.get(_IMAGE)) or "its actor"
    quoted = [f"“{s.english}”" for s in group]
    told = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return f"{told} {place.format(owner)}", f"{place_zh.format(owner)}{'、'.join(quoted)}"


def _shape(text: str | None, index: int) -> Said | None:
    """Length, randomness, odd characters and case of a command line, where they stand out."""
    if not text:
        return None
    shape = words.shape_words(text)[index]
    if index == 0:
        if len(text) < _LONG:
            return None
        return Said(f"a long command line of {len(text):,} characters", f"长达 {len(text):,} 个字符的命令行")
    kind, _, value = shape.partition(":")
    level = int(value.rstrip("!")) if value.rstrip("!").isdigit() else 0
    if kind == "ent" and level >= 11:
        return Said("a command line that looks random", "命令行看似随机字符")
    if kind == "spec" and (value.endswith("!") or level >= 4):
        return Said("many odd characters in the command line", "命令行中特殊字符很多")
    if kind == "case":
        return Said("letters of mixed case, as if to hide words", "大小写混杂，似在掩饰关键词")
    return None


def _trace(text: str | None, index: int) -> Said | None:
    """What a call trace or a status text says."""
    if not text:
        return None
    if "|" not in text:
        found = words.text_words(text, 6)
        return Said(found[index], found[index], quoted_in="status_detail") if index < len(found) else None
    if index == 0:
        if "unknown(" not in text.lower():
            return None
        return Said("called from memory that no file backs", "调用来自无文件支撑的内存")
    via = words.base_name(text.lower().split("|")[:24][-1].partition("+")[0])
    return Said(f"called by way of {via}", f"经由 {via} 调用")


def _blank(column: str, values: _Values) -> Pair | None:
    kind, name = (column[0], column[1:]) if column[0] in "@~^.!" else ("", column)
    value = _thing(values) if name == "thing" else values.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if kind == "@":
        found = _folder_class(name, values)
        return folder(found) if found else None
    if kind == "~":
        return user(text)
    if kind == "^":
        return address(text)
    if kind == ".":
        return extension(words.path_words(text)[2], text)
    if kind == "!":
        action = ACTIONS.get(text, ACTIONS["other"])
        return action.verb, action.verb_zh
    shown = _name(text) if name.endswith(".path") or name == "thing" else text[:80]
    return shown, shown


def _folder_class(name: str, values: _Values) -> str:
    value = _thing(values) if name == "thing" else values.get(name)
    return words.path_words(str(value))[1] if value else ""


def _thing(values: _Values) -> Any:
    return values.get("process.file.path") or values.get("file.path")


def _name(path: Any) -> str:
    return str(path or "").replace("\\", "/").rpartition("/")[2]
