"""The referee is checked by hand: each case is a sentence of the Sigma specification with a record beside it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaRule

from tests.rules.literal import literal_match
from tests.rules.sigma_strategies import CHAINS, Record, rules_with_records


def rule(condition: str | list[str] = "a", **detections: Any) -> SigmaRule:
    body = {**detections, "condition": condition}
    return SigmaRule.from_dict({"title": "t", "logsource": {"category": "any"}, "detection": body})


# One map of fields to values, one record, and whether the rule fires.
MAPS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # Plain values match the whole text in any case; fields are found in any case.
    ({"Image": "cmd.exe"}, {"Image": "CMD.EXE"}, True),
    ({"Image": "cmd.exe"}, {"iMAGE": "cmd.exe"}, True),
    ({"Image": "cmd.exe"}, {"Image": "C:\\cmd.exe"}, False),
    ({"Image": "cmd.exe"}, {"Other": "cmd.exe"}, False),
    ({"Image": "\u212a"}, {"Image": "k"}, True),
    ({"User": "İ"}, {"User": "i"}, False),
    ({"User": "straße"}, {"User": "STRASSE"}, False),
    ({"Image": "a", "User": "b"}, {"Image": "a", "User": "b"}, True),
    ({"Image": "a", "User": "b"}, {"Image": "a"}, False),
    ({"Image": ["a", "b"]}, {"Image": "b"}, True),
    # Wildcards, newlines among what they match, and their escapes.
    ({"Image": "*\\cmd.exe"}, {"Image": "C:\\Windows\\cmd.exe"}, True),
    ({"Image": "a*z"}, {"Image": "a\n\0z"}, True),
    ({"Image": "a*z"}, {"Image": "az"}, True),
    ({"Image": "a?z"}, {"Image": "a\nz"}, True),
    ({"Image": "a?z"}, {"Image": "az"}, False),
    ({"Image": "a?z"}, {"Image": "abbz"}, False),
    ({"Image": r"a\*z"}, {"Image": "a*z"}, True),
    ({"Image": r"a\*z"}, {"Image": "abz"}, False),
    ({"Image": r"a\?z"}, {"Image": "a?z"}, True),
    ({"Image": r"a\?z"}, {"Image": "abz"}, False),
    ({"Image": r"a\\*z"}, {"Image": r"a\bcz"}, True),
    ({"Image": r"a\\\*z"}, {"Image": r"a\*z"}, True),
    ({"Image": r"a\\\*z"}, {"Image": r"a\bz"}, False),
    ({"Image": r"C:\a"}, {"Image": r"C:\a"}, True),
    # Null is absence, the empty string is presence, a dash is a text.
    ({"User": None}, {}, True),
    ({"User": None}, {"User": None}, True),
    ({"User": None}, {"User": ""}, False),
    ({"User": None}, {"User": "-"}, False),
    ({"User": ""}, {"User": ""}, True),
    ({"User": ""}, {"User": None}, False),
    ({"User": ""}, {}, False),
    ({"User": ""}, {"User": " "}, False),
    ({"User": "*"}, {"User": ""}, True),
    ({"User": "*"}, {}, False),
    ({"User": [None, "x"]}, {}, True),
    ({"User": []}, {}, True),
    # Numbers, booleans, lists and maps have a text.
    ({"EventID": 9}, {"EventID": 9}, True),
    ({"EventID": 9}, {"EventID": "9"}, True),
    ({"EventID": 9}, {"EventID": "9.0"}, True),
    ({"EventID": 9}, {"EventID": "0x9"}, False),
    ({"EventID": 9}, {"EventID": "9x"}, False),
    ({"EventID": "9"}, {"EventID": "9.0"}, False),
    ({"EventID": "3.5"}, {"EventID": 3.5}, True),
    ({"Elevated": True}, {"Elevated": "TRUE"}, True),
    ({"Elevated": True}, {"Elevated": True}, True),
    ({"Elevated": True}, {"Elevated": 1}, False),
    ({"Elevated": "false"}, {"Elevated": False}, True),
    ({"Data": "a\nb"}, {"Data": ["a", None, "b"]}, True),
    ({"Data": "a"}, {"Data": ["a", "b"]}, False),
    ({"Data|contains": "b"}, {"Data": ["a", "b"]}, True),
    ({"Data": "a"}, {"Data": {"#text": "a", "Name": "n"}}, True),
    ({"Data": '{"k":1}'}, {"Data": {"k": 1}}, True),
    # Parts of a text; all of them; the case when it counts.
    ({"Image|contains": "ell"}, {"Image": "powershELL.exe"}, True),
    ({"Image|contains": "a*c"}, {"Image": "xabcx"}, True),
    ({"Image|startswith": "power"}, {"Image": "powershell"}, True),
    ({"Image|startswith": "shell"}, {"Image": "powershell"}, False),
    ({"Image|endswith": "SHELL"}, {"Image": "powershell"}, True),
    ({"Image|contains|all": ["a", "b"]}, {"Image": "b a"}, True),
    ({"Image|contains|all": ["a", "b"]}, {"Image": "b"}, False),
    ({"Image|cased": "Cmd"}, {"Image": "Cmd"}, True),
    ({"Image|cased": "Cmd"}, {"Image": "cmd"}, False),
    ({"Image|cased|startswith": "Cmd"}, {"Image": "Cmd.exe"}, True),
    ({"Image|cased|startswith": "Cmd"}, {"Image": "cMd.exe"}, False),
    # A dash before a word stands for a slash and the long dashes; any of them will do even under `all`.
    ({"Cmd|windash|contains": " -s"}, {"Cmd": "ping /s"}, True),
    ({"Cmd|windash|contains": " /s"}, {"Cmd": "ping -s"}, True),
    ({"Cmd|windash|contains": " -s"}, {"Cmd": "ping \u2013s"}, True),
    ({"Cmd|windash|contains": "a-s"}, {"Cmd": "a/s"}, False),
    ({"Cmd|windash|contains|all": [" -s", " -t"]}, {"Cmd": "ping /s -t"}, True),
    ({"Cmd|windash|contains|all": [" -s", " -t"]}, {"Cmd": "ping /s"}, False),
    # Encodings: "foobar" at the three offsets is Zm9vYmFy, Zvb2Jhc and mb29iYX.
    ({"Cmd|base64": "foobar"}, {"Cmd": "Zm9vYmFy"}, True),
    ({"Cmd|base64": "foobar"}, {"Cmd": "xZm9vYmFy"}, False),
    ({"Cmd|base64offset|contains": "foobar"}, {"Cmd": "x Zm9vYmFy"}, True),
    ({"Cmd|base64offset|contains": "foobar"}, {"Cmd": "eGZvb2Jhcg=="}, True),
    ({"Cmd|base64offset|contains": "foobar"}, {"Cmd": "eHhmb29iYXI="}, True),
    ({"Cmd|base64offset|contains": "foobar"}, {"Cmd": "YmFyZm9v"}, False),
    ({"Cmd|wide": "ab"}, {"Cmd": "a\0b\0"}, True),
    ({"Cmd|utf16be": "ab"}, {"Cmd": "\0a\0b"}, True),
    ({"Cmd|utf16": "a"}, {"Cmd": "\ufeffa\0"}, True),
    ({"Cmd|wide|base64offset|contains": "ab"}, {"Cmd": "YQBiAA=="}, True),
    ({"Cmd|wide|base64offset|contains": "ab"}, {"Cmd": "YWI="}, False),
    ({"Cmd|expand": r"\%x\%*"}, {"Cmd": "%X% y"}, True),
    ({"Cmd|expand": "100%"}, {"Cmd": "100%"}, True),
    # Regular expressions search anywhere, in exact case unless flagged.
    ({"Cmd|re": "b.d"}, {"Cmd": "abcde"}, True),
    ({"Cmd|re": "B"}, {"Cmd": "abc"}, False),
    ({"Cmd|re|i": "B"}, {"Cmd": "abc"}, True),
    ({"Cmd|re": "a.c"}, {"Cmd": "a\nc"}, False),
    ({"Cmd|re|s": "a.c"}, {"Cmd": "a\nc"}, True),
    ({"Cmd|re": "^b$"}, {"Cmd": "a\nb"}, False),
    ({"Cmd|re|m": "^b$"}, {"Cmd": "a\nb"}, True),
    ({"Cmd|re": "(?<=a)b"}, {"Cmd": "ab"}, True),
    ({"Cmd|re|i": r"(\w)\1"}, {"Cmd": "aA"}, True),
    ({"Cmd|re": "x?"}, {}, False),
    # Networks, comparisons.
    ({"Ip|cidr": "10.0.0.0/8"}, {"Ip": "10.255.0.1"}, True),
    ({"Ip|cidr": "10.0.0.0/8"}, {"Ip": "11.0.0.1"}, False),
    ({"Ip|cidr": "10.0.0.0/8"}, {"Ip": "::1"}, False),
    ({"Ip|cidr": "10.0.0.0/8"}, {"Ip": "10.x"}, False),
    ({"Ip|cidr": "2001:db8::/32"}, {"Ip": "2001:0DB8:0::1"}, True),
    ({"N|lt": 5}, {"N": "4.9"}, True),
    ({"N|lt": 5}, {"N": 5}, False),
    ({"N|lte": 5}, {"N": 5}, True),
    ({"N|gt": 5}, {"N": "0x10"}, True),
    ({"N|gte": 5}, {"N": "five"}, False),
    ({"N|gt": -1}, {}, False),
    # Other fields.
    ({"A|fieldref": "B"}, {"A": "x", "b": "X"}, True),
    ({"A|fieldref": "B"}, {"A": "x"}, False),
    ({"A|fieldref": "B"}, {}, False),
    ({"A|fieldref|startswith": "B"}, {"A": "xy", "B": "x"}, True),
    ({"A|fieldref|startswith": "B"}, {"A": "x", "B": "xy"}, False),
    ({"A|fieldref|endswith": "B"}, {"A": "xy", "B": "Y"}, True),
    ({"A|fieldref|contains": "B"}, {"A": "xyz", "B": "y"}, True),
    ({"A|exists": True}, {"a": ""}, True),
    ({"A|exists": True}, {"A": None}, False),
    ({"A|exists": False}, {}, True),
    ({"A|exists": False}, {"A": "x"}, False),
    # Plain negation: an absent field is not the value.
    ({"A|neq": "x"}, {"A": "y"}, True),
    ({"A|neq": "x"}, {"A": "X"}, False),
    ({"A|neq": "x"}, {}, True),
    ({"A|neq": ["x", "y"]}, {"A": "y"}, False),
    # Parts of a time, as written.
    ({"T|minute": 30}, {"T": "2024-12-30T09:30:00Z"}, True),
    ({"T|hour": 9}, {"T": "2024-12-30 09:30:00.1234567"}, True),
    ({"T|hour": 9}, {"T": "2024-12-30T09:30:00+02:00"}, True),
    ({"T|day": 30}, {"T": "2024-12-30"}, True),
    ({"T|week": 1}, {"T": "2024-12-30T00:00:00Z"}, True),
    ({"T|month": 12}, {"T": "2024-12-30T00:00:00Z"}, True),
    ({"T|year": 2025}, {"T": "2024-12-30T00:00:00Z"}, False),
    ({"T|year": 2024}, {"T": "2024"}, False),
]

# Keywords, the record's fields, its own text if it has one, and whether the rule fires.
KEYWORDS: list[tuple[Any, dict[str, Any], str | None, bool]] = [
    ("fail", {"A": "x", "B": "Login FAILED"}, None, True),
    ("fail", {"A": "Login failed"}, "all is well", False),
    ("fail", {}, "a FAILURE", True),
    ("fail", {"fail": "x"}, None, False),
    (["one", "two"], {}, "two", True),
    ({"|all": ["one", "two"]}, {"A": "two", "B": "one"}, None, True),
    ({"|all": ["one", "two"]}, {"A": "two"}, None, False),
    ("one*two", {"A": "one", "B": "two"}, None, True),
    ("one*two", {"A": "two", "B": "one"}, None, False),
    (r"one\*two", {}, "xone*twox", True),
    (r"one\*two", {}, "one two", False),
    ("a\nb", {"A": "a", "B": None, "C": "b"}, None, True),
    (4688, {"A": 14688}, None, True),
    ({"|re": "o.e$"}, {"A": "one"}, None, True),
    ({"|re": "O.e"}, {"A": "one"}, None, False),
    ({"|cased": "One"}, {}, "xOnex", True),
    ({"|cased": "One"}, {}, "one", False),
    (["kw", {"A": "x"}], {"A": "x"}, "", True),
    (["kw", {"A": "x"}], {"A": "y"}, "kw", True),
    ([{"A": "x", "B": "y"}, {"A": "z"}], {"A": "z"}, None, True),
    ([{"A": "x", "B": "y"}, {"A": "z"}], {"A": "x"}, None, False),
]

# A condition over selection_1 (A is x), selection_2 (B is y) and filter (C is z), and the records it fires on.
CONDITIONS: list[tuple[str | list[str], str]] = [
    ("selection_1", "x xy xz xyz"),
    ("selection_1 and selection_2", "xy xyz"),
    ("selection_1 or selection_2", "x y xy xz yz xyz"),
    ("selection_1 and not filter", "x xy"),
    ("not filter", "- x y xy"),
    ("1 of selection_*", "x y xy xz yz xyz"),
    ("any of selection_*", "x y xy xz yz xyz"),
    ("all of selection_*", "xy xyz"),
    ("all of them", "xyz"),
    ("1 of them", "x y z xy xz yz xyz"),
    ("not 1 of them", "-"),
    ("not (selection_1 or (selection_2 and not filter))", "- z yz"),
    ("selection_1 or selection_2 and filter", "x xy xz yz xyz"),
    (["selection_1 and selection_2", "filter"], "z xy xz yz xyz"),
    ("1 of nothing_*", ""),
    ("all of nothing_*", ""),
    ("selection_1 and 1 of nothing_*", ""),
    ("selection_1 or 1 of nothing_*", "x xy xz xyz"),
    ("selection_1 and not 1 of nothing_*", "x xy xz xyz"),
]
RECORDS = "- x y z xy xz yz xyz"
THREE = {"selection_1": {"A": "x"}, "selection_2": {"B": "y"}, "filter": {"C": "z"}}


@pytest.mark.parametrize(("selection", "fields", "fires"), MAPS, ids=str)
def test_a_field_and_its_value(selection: dict[str, Any], fields: dict[str, Any], fires: bool) -> None:
    assert literal_match(rule(a=selection), fields) is fires
    assert literal_match(rule("not a", a=selection), fields) is not fires


@pytest.mark.parametrize(("selection", "fields", "text", "fires"), KEYWORDS, ids=str)
def test_keywords_and_lists(selection: Any, fields: dict[str, Any], text: str | None, fires: bool) -> None:
    assert literal_match(rule(a=selection), fields, text) is fires


@pytest.mark.parametrize(("condition", "fired"), CONDITIONS, ids=str)
def test_a_condition(condition: str | list[str], fired: str) -> None:
    wanted = rule(condition, **THREE)
    for name in RECORDS.split():
        fields = {field: letter for field, letter in zip("ABC", "xyz", strict=True) if letter in name}
        assert literal_match(wanted, fields) is (name in fired.split()), name


def test_a_filter_on_an_absent_field_does_not_suppress() -> None:
    wanted = rule("a and not b", a={"Image|endswith": "\\cmd.exe"}, b={"ParentImage|endswith": "\\good.exe"})
    assert literal_match(wanted, {"Image": "C:\\cmd.exe"})
    assert not literal_match(wanted, {"Image": "C:\\cmd.exe", "ParentImage": "C:\\good.exe"})


def test_an_unresolved_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match="unresolved placeholder admins"):
        literal_match(rule(a={"User|expand": "%admins%"}), {"User": "root"})


def test_the_strategies_know_every_modifier() -> None:
    assert {name for chain in CHAINS for name in chain.split("|") if name} == set(modifier_mapping)


def test_generated_rules_are_judged_and_both_outcomes_are_common() -> None:
    seen: Counter[bool] = Counter()

    @seed(4)
    @settings(max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rules_with_records())
    def judge(pair: tuple[dict[str, Any], list[Record]]) -> None:
        made, records = pair
        loaded = SigmaRule.from_dict(made)
        for fields, text in records:
            seen[literal_match(loaded, fields, text)] += 1

    judge()
    assert sum(seen.values()) >= 300
    assert min(seen[True], seen[False]) >= 0.15 * sum(seen.values()), seen
