"""Random Sigma rules, and records built from each rule's own values so that they often match it.

Where the meaning of Sigma leaves a corner open (a number spelled with blanks or underscores, a time with an offset,
one field twice in different case), no record goes there.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from sigma.conditions import ConditionAND
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.rule.detection import SigmaDetection, SigmaDetectionItem
from sigma.types import (
    SigmaBool,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    TimestampPart,
)

from tests.rules.literal import number, value_text

Record = tuple[dict[str, Any], str | None]

FIELDS = ("CommandLine", "Image", "ParentImage", "User", "EventID", "DestinationIp", "UtcTime", "user.name")
NAMES = ("selection_a", "selection_b", "filter_main", "filter-2", "keywords", "_hidden")
PATTERNS = ("them", "them", "selection_*", "*", "filter*", "selection_a", "_*", "*_*", "nothing_*")

ASCII = ("cmd.exe", "\\Temp\\", "-enc", "/c", "kiss", "a b", "%TEMP%", "-", "x\ny", "nul\0l", "(", "9", "true", "é")
FOREIGN = ("İstanbul", "straße", "\u212a", "\u212b", "ΟΔΟΣ", "日本", "\U0001f600", "ﬁ", "e\u0301")
JOINTS = ("*", "?", "\\*", "\\?", "\\\\", "\\", "\\\\*", "**", "", " ")
WORDS = ASCII + FOREIGN
COUNTS = (1, 1, 2, 3)
EXPANDED = ("100%", "\\%TEMP\\%", "a*b\\?", "cmd.exe")

# Each expression with texts that it may find something in. The last three are not RE2's.
REGEXES = {
    r"^cmd\.exe$": ("cmd.exe", "a\ncmd.exe", "cmd.exe\n"),
    r"k.s{2}": ("kiss", "K\nSS", "\u212aiss"),
    r"a|b$": ("b", "B\n", "cab"),
    r"\d{2,3}": ("12", "٣٣"),
    r"[^x]+\.dll": ("a.DLL", "x.dll"),
    r"\bwhoami\b": ("a whoami /all", "whoamis"),
    r"\*\?": ("*?",),
    r"(?i)mixed": ("mIXed",),
    r"straße|日本": ("STRAßE", "日本"),
    r"^": ("",),
    r"100%": ("100%",),
    r"(?<=foo)bar": ("foobar", "fooBAR", "bar"),
    r"(\w)\1": ("aa", "aA", "ab"),
    r"a(?!b)": ("ac", "ab", "a"),
}
NETWORKS = ("10.0.0.0/8", "192.168.1.0/24", "0.0.0.0/0", "127.0.0.1", "2001:db8::/32", "::1/128", "fe80::/10")
NUMBERS = (0, 9, -1, 4688, 3.5, 10, 9.0, 1e21)
PARTS = {
    "minute": (0, 30, 59),
    "hour": (0, 9, 23),
    "day": (1, 9, 28),
    "week": (1, 9, 53),
    "month": (1, 2, 12),
    "year": (1999, 2024),
}
POOLS: dict[str, Sequence[Any]] = {  # of two modifiers with a pool, the first one here counts
    "re": tuple(REGEXES),
    "cidr": NETWORKS,
    "fieldref": (*FIELDS, "commandline", "Missing"),
    "exists": (True, False),
    "expand": EXPANDED,
    **dict.fromkeys(("wide", "utf16", "utf16be"), ASCII[:-1]),
    **dict.fromkeys(("base64", "base64offset"), ASCII + FOREIGN),
    **dict.fromkeys(("lt", "lte", "gt", "gte"), NUMBERS),
    **PARTS,
}
DAYS = tuple(
    datetime(2020, 1, 1, hour, minute) + timedelta(days=days)
    for hour, minute, days in ((0, 0, 0), (9, 30, 60), (23, 59, 363), (9, 0, 1461))
)

_TEXT = (
    "contains startswith endswith contains|all all|contains contains|windash windash windash|contains|all cased "
    "cased|startswith contains|cased cased|endswith cased|contains|all expand contains|expand neq contains|neq "
    "neq|all windash|neq contains|all|neq windash|cased"
)
_ENCODED = (
    "base64 base64|contains base64offset|contains wide|base64offset|contains utf16|base64offset|contains wide "
    "utf16be|base64offset|contains wide|base64 utf16 utf16be wide|contains base64offset|contains|all "
    "base64offset|startswith base64|cased"
)
_REGEX = (
    "re re|i re|m re|s re|i|m|s re|ignorecase re|multiline re|dotall re|contains re|startswith re|endswith|i re|all "
    "re|neq re|i|contains re|expand"
)
_OTHER = (
    "cidr cidr|neq lt lte gt gte gt|neq fieldref fieldref|contains fieldref|startswith fieldref|endswith "
    "fieldref|neq exists exists|neq"
)
CHAINS = ("",) * 12 + tuple(f"{_TEXT} {_ENCODED} {_REGEX} {_OTHER}".split()) + tuple(PARTS)
KEYWORD_CHAINS = ("", "", "", "all", "contains|all", "re", "re|i", "re|all", "cased", "windash", "base64offset", "wide")


@cache
def index(count: int) -> SearchStrategy[int]:
    return st.integers(0, count - 1)


def pick(draw: DrawFn, options: Sequence[Any]) -> Any:
    """One of the options. A strategy per choice would take ten times as long to draw from."""
    return options[draw(index(len(options)))]


def text(draw: DrawFn) -> str:
    """A rule's string: words with wildcards, escapes and backslashes between them."""
    made: str = pick(draw, WORDS)
    for _ in range(pick(draw, (0, 0, 1, 2))):
        made += pick(draw, JOINTS) + pick(draw, (*WORDS, ""))
    return str(pick(draw, ("", "", "", "", "*", "\\"))) + made


def one_value(draw: DrawFn, chain: str) -> Any:
    """A value that a chain of modifiers takes."""
    names = set(chain.split("|"))
    pools = [pool for modifier, pool in POOLS.items() if modifier in names]
    if pools:
        return pick(draw, pools[0])
    if names <= {"", "neq"} and pick(draw, range(4)) == 0:
        return pick(draw, (*NUMBERS, True, False, None, ""))
    return text(draw)


def item(draw: DrawFn, keyword: bool = False) -> tuple[str, Any]:
    """One key with its modifiers, and a value or a list of them; without a field where a keyword is asked for."""
    chain = pick(draw, KEYWORD_CHAINS if keyword else CHAINS)
    field = "" if keyword else pick(draw, FIELDS)
    several = "all" in chain or (chain != "exists" and pick(draw, range(4)) == 0)
    count = pick(draw, COUNTS) if several else 1
    made = [text(draw) if keyword and not chain else one_value(draw, chain) for _ in range(count)]
    value = made if several else made[0]
    key = f"{field}|{chain}" if chain else field
    try:
        SigmaDetectionItem.from_mapping(key, value)
    except SigmaError:
        reject()
    return key, value


def mapping(draw: DrawFn) -> dict[str, Any]:
    return dict([item(draw) for _ in range(pick(draw, COUNTS))])


def detection(draw: DrawFn) -> Any:
    """A map, a list of maps, keywords in either shape, or keywords and maps in one list."""
    shape = pick(draw, ("map", "map", "map", "map", "maps", "keywords", "keyword map", "mixed"))
    if shape == "map":
        return mapping(draw)
    if shape == "maps":
        return [mapping(draw) for _ in range(pick(draw, COUNTS))]
    if shape == "keyword map":
        return dict([item(draw, keyword=True)])
    words = [pick(draw, (9, 4688, True, "")) if pick(draw, range(6)) == 0 else text(draw) for _ in range(2)]
    if shape == "mixed":
        return [*words, mapping(draw)]
    return pick(draw, (words, words, words[0], words[:1]))


def condition(draw: DrawFn, names: Sequence[str], depth: int = 2) -> str:
    """A condition over the named detections."""
    kind = pick(draw, ("name", "name", "of", "and", "or", "and not", "not", "brackets")[: 8 if depth else 3])
    if kind == "name":
        return str(pick(draw, names))
    if kind == "of":
        return f"{pick(draw, ('1', 'all', 'any'))} of {pick(draw, PATTERNS)}"
    if kind == "not":
        return f"not {pick(draw, names)}"
    if kind == "brackets":
        return f"{pick(draw, ('', 'not '))}({condition(draw, names, depth - 1)})"
    return f"{condition(draw, names, depth - 1)} {kind} {condition(draw, names, depth - 1)}"


def rule_dict(draw: DrawFn) -> dict[str, Any]:
    """A rule whose detections pySigma loads; its condition is not parsed yet."""
    first = pick(draw, range(len(NAMES)))
    names = (NAMES + NAMES)[first : first + pick(draw, COUNTS)]
    body = {name: detection(draw) for name in names}
    wanted = [condition(draw, names) for _ in range(pick(draw, COUNTS))]
    stated = wanted if len(wanted) > 1 or pick(draw, range(4)) == 0 else wanted[0]
    return {"title": "made up", "logsource": {"category": "any"}, "detection": {**body, "condition": stated}}


def leaves(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from leaves(item)
        else:
            yield item


def number_likely(value: int | float) -> list[Any]:
    spelled: list[Any] = [value, str(value), f"{value:.1f}", value + 1, value - 1, f"{value}x", -value]
    return [*spelled, hex(value), f"0{value}"] if isinstance(value, int) and value >= 0 else spelled


def times_likely(value: SigmaTimestampPart) -> list[Any]:
    part, wanted = value.timestamp_part, int(value.number)
    if part is TimestampPart.WEEK:
        times = [day + timedelta(weeks=wanted - 1) for day in DAYS]
    else:
        changes: dict[str, Any] = {part.name.lower(): wanted}
        times = [day.replace(day=1).replace(**changes) for day in DAYS]
    return [time.isoformat(joint) + zone for time in times for joint in "T " for zone in ("", "Z")]


def likely(value: SigmaType, filling: str) -> list[Any]:
    """Values of a record that the rule's value is likely to match, and some that it just misses."""
    if isinstance(value, SigmaExpansion):
        return [each for inner in value.values for each in likely(inner, filling)]
    if isinstance(value, SigmaString):
        parts = [
            part if isinstance(part, str) else filling if part.name == "WILDCARD_MULTI" else "q" for part in value.s
        ]
        return ["".join(parts)]
    if isinstance(value, SigmaRegularExpression):
        pattern = str(value.regexp)
        return list(REGEXES.get(pattern) or REGEXES.get(pattern.removeprefix(".*").removesuffix(".*")) or ("aa",))
    if isinstance(value, SigmaCIDRExpression):
        first, last = value.network.network_address, value.network.broadcast_address
        return [str(first), str(last), last.exploded, "9.9.9.9", "::2", str(value.network), "x"]
    if isinstance(value, SigmaTimestampPart):
        return times_likely(value)
    if isinstance(value, SigmaCompareExpression):
        return number_likely(value.number.number)
    if isinstance(value, SigmaNumber):
        return number_likely(value.number)
    if isinstance(value, SigmaBool):
        return [value.boolean, str(value.boolean), str(value.boolean).upper(), not value.boolean, int(value.boolean)]
    if isinstance(value, SigmaNull):
        return [None, None, ""]
    assert isinstance(value, SigmaExists | SigmaFieldReference), value
    return ["there", "", None]


CHANGES: dict[str, Callable[[str], Any]] = {
    "same": lambda text: text,
    "upper": str.upper,
    "lower": str.lower,
    "swap": str.swapcase,
    "before": lambda text: "zz" + text,
    "after": lambda text: text + "zz",
    "line before": lambda text: "z\n" + text,
    "line after": lambda text: text + "\n",
    "nul": lambda text: text + "\0",
    "first lost": lambda text: text[1:],
    "last lost": lambda text: text[:-1],
    "twice": lambda text: text + text,
    "trap k": lambda text: re.sub("[kK]", "\u212a", text),
    "trap i": lambda text: re.sub("[iI]", "İ", text),
    "trap s": lambda text: text.replace("ss", "ß").replace("Σ", "ς"),
    "absent": lambda text: None,
    "empty": lambda text: "",
    "list": lambda text: [text, None, "zz"],
    "list of one": lambda text: [text],
    "map": lambda text: {"#text": text, "Name": "zz"},
    "other map": lambda text: {"inner": text},
    "other": lambda text: "unrelated",
}
CALM = ("same", "same", "same", "upper", "lower", "swap")
CASES = (str, str.lower, str.upper, str.swapcase)


def settled(value: Any) -> Any:
    """The value, unless its text is a number in a spelling that the meaning of Sigma leaves open."""
    if value is None:
        return None
    text = value_text(value)
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|0[xX][0-9a-fA-F]+", text):
        return value
    return value if number(text) is None and not re.fullmatch("(?i)[+-]?nan", text.strip()) else text + "x"


def changed(draw: DrawFn, value: Any, calm: bool) -> Any:
    change = pick(draw, CALM if calm else tuple(CHANGES))
    if value is None or (change == "same" and not isinstance(value, str)):
        return value
    return settled(CHANGES[change](value_text(value)))


def aimed_at(draw: DrawFn, aim: SigmaDetectionItem) -> Any:
    """A value that the item is likely to match: for `all`, of every one of its values."""
    filling = pick(draw, ("", "", "zz", "\n", "K*"))
    options = [likely(value, filling) for value in aim.value] or [[None]]
    if aim.value_linking is ConditionAND and len(options) > 1:
        return " ".join([value_text(option[0]) for option in options if option[0] is not None])
    return pick(draw, [each for option in options for each in option])


def refer(fields: dict[str, Any], aim: SigmaDetectionItem, around: str) -> None:
    """Make the item's field refer to the other one, so that the comparison has a chance."""
    for value in aim.value:
        if isinstance(value, SigmaFieldReference) and aim.field:
            target = value.field.lower()
            other = fields.setdefault(target, "Referred")
            if other is not None and target != aim.field.lower():
                spelled = value_text(other).upper()
                fields[aim.field.lower()] = settled(around * value.ends_with + spelled + around * value.starts_with)


def record(draw: DrawFn, rule: SigmaRule) -> Record:
    """A record built from the values of some of the rule's detections."""
    calm = pick(draw, range(4)) > 0
    fields: dict[str, Any] = {}
    words: list[str] = []
    for each in rule.detection.detections.values():
        if pick(draw, range(4)) == 0:
            continue
        for aim in leaves(each):
            value = changed(draw, aimed_at(draw, aim), calm)
            if aim.field is None:
                words.append("" if value is None else value_text(value))
                continue
            earlier = fields.get(aim.field.lower())
            if isinstance(earlier, str) and isinstance(value, str) and draw(st.booleans()):
                value = settled(f"{earlier} {value}")
            fields[aim.field.lower()] = value
            refer(fields, aim, pick(draw, ("", "\\", "x")))
    searched: str | None = None
    where = pick(draw, ("text", "field", "list", "nowhere") if words else ("nowhere", "nowhere", "text"))
    if where == "text":
        searched = pick(draw, ("", "zz", "\n")).join(["", *words, ""])
    elif where in ("field", "list"):
        fields["message"] = words if where == "list" else "\t".join(words)
    case = pick(draw, CASES)
    spelled = {name.lower(): name for name in FIELDS}
    return {case(spelled.get(name, name)): value for name, value in fields.items()}, searched


@st.composite
def rules_with_records(draw: DrawFn) -> tuple[dict[str, Any], list[Record]]:
    """A rule that pySigma loads, its conditions included, and one to three records made for it."""
    rule = rule_dict(draw)
    try:
        parsed = SigmaRule.from_dict(rule)
        for each in parsed.detection.parsed_condition:
            each.parse()
    except SigmaError:
        reject()
    return rule, [record(draw, parsed) for _ in range(pick(draw, COUNTS))]
