"""Reasons in words: plain, in both languages, without the classes' code names."""

from typing import Any

import numpy as np
import pytest

from watchfloor.film import explain
from watchfloor.film.frames import ACTOR, CHANNELS, CONTEXT, OBJECT, PARENT, ROWS, TEXT_FROM
from watchfloor.film.lexicon import _UNIX_FOLDERS, _WINDOWS_FOLDERS
from watchfloor.film.wording import FOLDERS, fill, phrase, spelling

LAUNCH: dict[str, Any] = {
    "action": "process.launch",
    "actor.process.file.path": "C:\\Program Files\\Office16\\WINWORD.EXE",
    "actor.user.name": "CORP\\lena",
    "process.file.path": "C:\\Windows\\System32\\cmd.exe",
    "process.cmd_line": "cmd.exe /c powershell -Enc 42 C:\\Users\\lena\\AppData\\Local\\Temp\\x7.ps1 10.0.0.7",
    "process.integrity": "High",
}


class Weighing:
    """A screen whose weight of a pixel is what the test says."""

    def __init__(self, weights: list[float]) -> None:
        self.weights = np.asarray([0.0, *weights], np.float32)


def told(places: dict[tuple[int, int], float], values: dict[str, Any], most: int = 4) -> tuple[tuple[str, str], ...]:
    frame = np.zeros((ROWS, CHANNELS), np.uint32)
    for pixel, place in enumerate(places, 1):
        frame[place] = pixel
    screen: Any = Weighing(list(places.values()))
    return explain.reasons(screen, frame, values, most)


def words_of(values: dict[str, Any]) -> list[str]:
    found = [explain.describe(OBJECT, TEXT_FROM + i, values) for i in range(12)]
    return [said.english for said in found if said]


def test_every_folder_class_has_words_in_both_languages() -> None:
    classes = {name for _, name in _WINDOWS_FOLDERS + _UNIX_FOLDERS} | {"dotssh"} | {"unc", "drive", "root"}
    assert classes == set(FOLDERS)
    assert all(english and chinese for english, chinese in FOLDERS.values())


def test_masked_words_are_said_plainly_with_what_the_record_spells() -> None:
    said = words_of(LAUNCH)
    assert "-Enc" in said and "42" in said
    assert any(s.startswith("a path in a user's temporary folder (C:\\Users\\lena") for s in said)
    assert "a .ps1 file" in said and "a private address (10.0.0.7)" in said
    assert not [s for s in said if s.startswith(("@", ".", "<"))]


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        (
            "@root",
            "ls /srv/cache",
            ("a path in an uncommon folder under the root (/srv/cache)", "/srv/cache"),
        ),
        ("@root", "/i:http://a.example/x", ("a web address in a switch (/i:http://a.example/x)", "开关参数中的网址")),
        ("@drive", "x C:\\t\\a.exe", ("a path in the drive's root or an uncommon folder (C:\\t\\a.exe)", "盘符根目录")),
        (
            "<url:public>",
            "http://8.8.4.4/a",
            ("a web address without a name, a public address (http://8.8.4.4/a)", "公"),
        ),
        ("<b64>", "", ("text hidden in base64", "以 base64 隐藏的文本")),
        ("b64:iex", "", ("“iex” hidden in base64", "base64 中隐藏的“iex”")),
        ("...exe", "", ("two endings, the last .exe", "双重扩展名")),
        ("hive:hkcu", "", ("a key under HKCU", "HKCU 下的注册表键")),
    ],
)
def test_classes_in_plain_words(word: str, text: str, expected: tuple[str, str]) -> None:
    pair = phrase(word, text)
    assert pair is not None and pair[0] == expected[0] and expected[1] in pair[1]


def test_the_act_and_the_account_are_named_only_when_nothing_else_is_left() -> None:
    bare = {(CONTEXT, 0): 3.0, (PARENT, 3): 2.0}
    assert told(bare, LAUNCH) == (
        ("the act itself: started", "动作本身：启动了"),
        ("done as an ordinary account", "以普通账户身份执行"),
    )
    assert told(bare | {(PARENT, 5): 0.2}, LAUNCH) == (("integrity level High", "完整性级别 High"),)
    assert told({(PARENT, 5): 0.04}, LAUNCH) == ()


def test_words_of_one_text_stand_together_and_the_actor_is_named_once() -> None:
    line = {"process.cmd_line": "cmd.exe /c -enc bypass hidden"}
    places = {(OBJECT, TEXT_FROM + i): 2.0 - i / 10 for i in range(3)} | {(ACTOR, 0): 1.0, (CONTEXT, 1): 0.9}
    found = told(places, LAUNCH | line)
    assert found[0][0].endswith(" in the command line") and " and “" in found[0][0]
    assert found[0][1].startswith("命令行中的“")
    assert found[1:] == (("started by WINWORD.EXE", "由 WINWORD.EXE 启动"),)


def test_the_shape_of_a_command_line_is_named_only_where_it_stands_out() -> None:
    plain = LAUNCH | {"process.cmd_line": "cmd.exe /c dir"}
    assert [explain.describe(OBJECT, 4 + i, plain) for i in range(4)] == [None] * 4
    odd = LAUNCH | {"process.cmd_line": "pOwErShElL -nOp " + "^`+{" * 200}
    said = [explain.describe(OBJECT, 4 + i, odd) for i in range(4)]
    assert said[0] and said[0].english == "a long command line of 816 characters"
    assert said[2] and said[3]


def test_call_traces_and_missing_values() -> None:
    trace = {"status_detail": "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|UNKNOWN(0000)|dbgcore.DLL+6cf0", "action": "x"}
    first, last = (explain.describe(CONTEXT, n, trace) for n in (10, 11))
    assert first and first.english == "called from memory that no file backs"
    assert last and last.english == "called by way of dbgcore.dll"
    assert explain.describe(CONTEXT, 10, {"status_detail": "a|b"}) is None
    assert not [1 for row in range(ROWS) for channel in range(CHANNELS) if explain.describe(row, channel, {})]


def test_spelling_and_spaces() -> None:
    assert spelling("shadow0", "copy HarddiskVolumeShadow12 x") == "shadow0"  # not a word of its own there
    assert spelling("job0.ps0", "run Job17.PS1") == "Job17.PS1"
    assert fill("{}位于{}", "cmd.exe", "桌面") == "cmd.exe 位于桌面"
    assert fill("由{}启动，端口{}", "a.exe", "80") == "由 a.exe 启动，端口 80"
