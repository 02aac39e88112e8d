"""The story in words: order, evidence, honesty about doubt, and hostile names."""

from dataclasses import replace

import pytest

from tests.film.documents import HOSTILE
from tests.film.told_scenes import doubtful, macro, ordinary, web_shell
from watchfloor.base.scenes import Scored
from watchfloor.film.story import base_name, chance, clip, headline, program, quiet_story, scene_story, visible

NAMES = {"T1059.001": "PowerShell", "T1003.001": "LSASS Memory"}


def name(technique: str) -> str:
    return NAMES.get(technique, "")


def test_a_story_tells_who_did_what_when_and_why_in_both_languages() -> None:
    english, chinese = scene_story(macro(), name)
    assert len(english) == len(chinese)
    assert english[0] == headline(macro())[0]
    assert english[0].startswith("On ws-17, WINWORD.EXE set off powershell.exe, rundll32.exe and schtasks")
    launch = english[2]
    assert launch.startswith("At 09:14:31 WINWORD.EXE started powershell.exe with “powershell.exe -nop")
    assert "read as PowerShell (T1059.001); the signs: started by WINWORD.EXE, " in launch
    assert launch.endswith("[ws-17-Sysmon.evtx#1188]")
    assert "依据：由 WINWORD.EXE 启动；命令行看似随机字符" in chinese[2] and "启动；命令" not in english[2]
    assert "14 times in a row" in english[6]
    assert "启动了 powershell.exe" in chinese[2] and "连续 14 次" in chinese[6]


def test_every_claim_names_a_record_and_frames_stand_in_time_order() -> None:
    scene = web_shell()
    scene = replace(scene, key_frames=tuple(reversed(scene.key_frames)))
    english, _ = scene_story(scene, name)
    told = english[2 : 2 + len(scene.key_frames)]
    ids = [sentence.rsplit("[", 1)[1].rstrip("]") for sentence in told]
    assert ids == [f"web-02/audit.log#{n}" for n in (401, 409, 431, 436, 440)]
    assert all("[" in sentence for sentence in english[1:])


def test_doubt_is_said() -> None:
    english, chinese = scene_story(doubtful(), name)
    assert "score 0.58" in english[0] and "real doubt" in english[-1] and "疑问" in chinese[-1]
    sure, _ = scene_story(macro(), name)
    assert "not proof" in sure[-1] and "score 0.97" in sure[-1]


def test_benign_scenes_and_quiet_results_have_words() -> None:
    english, chinese = scene_story(ordinary(), name)
    assert "look ordinary" in english[0] and "Judged benign" in english[-1]
    assert "No single record carries it" in english[-1] and "未见异常" in chinese[0]
    assert "31 scenes" in quiet_story(5120, 31, 0)[0]
    assert "7 records could not be read" in quiet_story(5120, 31, 7)[0]
    assert "nothing was judged" in quiet_story(0, 0, 7)[0]


def test_only_the_heaviest_frames_are_told_and_the_rest_is_counted() -> None:
    scene = macro()
    first = scene.key_frames[0]
    many = tuple(replace(first, event_id=f"e#{n}", weight=n / 100) for n in range(25))
    english, _ = scene_story(replace(scene, key_frames=many), name)
    assert any(sentence.startswith("15 lighter key frames") for sentence in english)
    assert any("[e#24]" in sentence for sentence in english)
    assert not any("[e#3]" in sentence for sentence in english[2:])


def test_frames_and_scenes_without_time_or_names_are_told() -> None:
    scene = macro()
    frame = replace(scene.key_frames[0], time=None, actor="", object="", action="no.such")
    root = replace(scene.root, start=None, image="", command_line="")
    bare = replace(scene, key_frames=(frame,), start=None, root=root, host="")
    english, chinese = scene_story(bare, name)
    assert "at a time the record does not tell" in english[2] and "记录无时间" in chinese[2]
    assert english[0].startswith("On ?, ? ")


def test_links_are_named_once_and_a_few_of_them() -> None:
    links = ("/bin/tar → /tmp/x: ran a dropped file",) * 3 + tuple(f"a{n} → b: started by a service" for n in range(9))
    english, chinese = scene_story(replace(macro(), links=links), name)
    assert "Joined into this scene: /bin/tar → /tmp/x: ran a dropped file (3 times)." in english
    assert "并入本场景：/bin/tar → /tmp/x：运行了前者写入的文件（3 次）。" in chinese
    assert "6 more joins are not told here." in english and sum("Joined" in s for s in english) == 4


def test_an_unknown_tactic_is_left_out_of_the_headline() -> None:
    scene = replace(macro(), tactics=(Scored("TA9999", 0.9),))
    assert "TA9999" not in headline(scene)[0] and "signs of" not in headline(scene)[0]
    assert "signs of New" in headline(scene, {"TA9999": ("New", "新")})[0]


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_names_come_out_printable(bad: str) -> None:
    scene = macro()
    frame = replace(scene.key_frames[0], actor=bad, object=bad, event_id=bad, features=(bad,), techniques=(bad,))
    frame = replace(frame, features_zh=(bad,))
    root = replace(scene.root, image=bad, command_line=bad, user=bad)
    evil = replace(scene, host=bad, scene_id=bad, key_frames=(frame,), links=(bad,), root=root)
    english, chinese = scene_story(evil, lambda _: bad)
    for sentence in (*english, *chinese):
        assert visible(sentence) == sentence
        assert "\n" not in sentence and "\u202e" not in sentence


def test_visible_spells_out_what_cannot_be_seen() -> None:
    assert visible("invoice\u202egnp.exe") == "invoice\\u{202E}gnp.exe"
    assert visible("a\x00\x1b[31m\n\ud800\u200b\ufe0f") == "a\\u{0000}\\u{001B}[31m\\u{000A}\\u{D800}\\u{200B}\\u{FE0F}"
    assert visible("e" + "\u0301" * 5) == "e" + "\u0301" * 3 + "\\u{0301}" * 2
    assert visible("账户 résumé\u3000\U0001f600") == "账户 résumé\u3000\U0001f600"


def test_clipping_and_names() -> None:
    assert len(clip("x" * 5_000_000, 100)) < 110
    assert base_name("C:\\a\\b.exe") == "b.exe" and base_name("/usr/bin/") == "bin" and base_name("\\") == "\\"
    assert chance(0.97) == ("score 0.97 of 1", "得分 0.97（满分 1）")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"C:\\Program Files\\a b.exe" /x', "C:\\Program Files\\a b.exe"),
        ("C:\\Program Files\\a b.exe /x", "C:\\Program Files\\a b.exe"),
        ("sh -c /tmp/x.exe", "sh"),
        ("", ""),
        ('"', '"'),
    ],
)
def test_the_program_of_a_command_line(line: str, expected: str) -> None:
    assert program(line) == expected
