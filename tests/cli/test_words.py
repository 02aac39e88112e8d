"""What ``watch`` says to a person, and that log content cannot make the terminal do anything."""

import io
from dataclasses import replace

import pytest
from cli_stage import FakeWatched, Stage, make_account, make_frame, make_scene

from watchfloor.cli.main import main
from watchfloor.cli.summary import brief, summarise
from watchfloor.cli.terminal import ProgressBar, Terminal

HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold red]evil[/] \u202egpj.exe\r\nwatchfloor: all is well \x9b31m\udcff :smile:"


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def hostile_watched() -> FakeWatched:
    scene = make_scene()
    root = replace(scene.root, image=HOSTILE, command_line=HOSTILE, user=HOSTILE)
    frame = make_frame(actor=HOSTILE, object=HOSTILE, event_id=HOSTILE, detail=HOSTILE, features=(HOSTILE,))
    books = make_account()
    books.reject_source(HOSTILE, HOSTILE, HOSTILE)
    scene = replace(scene, host=HOSTILE, root=root, processes=(root,), key_frames=(frame,), links=(HOSTILE,))
    return FakeWatched(scenes=(scene,), account=books, hosts=(HOSTILE,))


def test_a_malicious_scene_is_told_with_its_evidence(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.watched = FakeWatched(scenes=(make_scene(), make_scene("benign")))
    assert main(["watch", "a"]) == 0
    out = capsys.readouterr().out
    assert "Scenes on lab-1: 2 (1 malicious, 0 suspicious, 1 benign)." in out
    assert "MALICIOUS 0.97  On lab-1, cmd.exe" in out
    assert "System Owner/User Discovery" in out
    assert "Tactics: Discovery (TA0007) 90%." in out
    assert "log.evtx#17" in out
    assert "Read 3 records (inputs: 1) in 0.2 s: 3 kept as events, 0 rejected." in out
    assert "\x1b" not in out


def test_records_are_named_briefly_and_their_files_once() -> None:
    frames = (make_frame(event_id="case/a.zip::logs/x.evtx#1"), make_frame(event_id="case/y.evtx#2"))
    told, sources = brief(make_scene(key_frames=frames))
    assert [frame.event_id for frame in told.key_frames] == ["x.evtx#1", "y.evtx#2"]
    assert sources == ["case/a.zip::logs/x.evtx", "case/y.evtx"]


@pytest.mark.parametrize("ids", [("a/x.evtx#1", "b/x.evtx#1"), ("x.evtx#1",), ()])
def test_records_keep_their_name_where_a_brief_one_says_less_or_no_more(ids: tuple[str, ...]) -> None:
    scene = make_scene(key_frames=tuple(make_frame(event_id=name) for name in ids))
    assert brief(scene) == (scene, [])


def test_chinese(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.watched = FakeWatched(scenes=(make_scene(),))
    main(["watch", "a", "--lang", "zh"])
    out = capsys.readouterr().out
    for words in ("恶意 0.97", "发现 (TA0007)", "启动了", "读取 3 条记录"):
        assert words in out


def test_a_long_list_is_counted_not_dropped(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.watched = FakeWatched(scenes=tuple(make_scene(scene_id=f"s{n}") for n in range(40)))
    main(["watch", "a"])
    out = capsys.readouterr().out
    assert out.count("MALICIOUS") == 25
    assert "and 15 more that stand out" in out


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_log_content_is_shown_and_never_obeyed(terminal: bool, lang: str) -> None:
    stream = FakeTerminal() if terminal else io.StringIO()
    summarise(hostile_watched(), Terminal(stream), lang=lang, report=HOSTILE)  # type: ignore[arg-type]
    out = stream.getvalue()
    for character in ("\x1b]", "\x1b[2J", "\x07", "\u202e", "\r", "\x9b", "\udcff"):
        assert character not in out
    assert not any(line.startswith("watchfloor: all is well") for line in out.splitlines())
    flat = out.replace("\n", "")
    assert "[bold red]" in flat, "markup in a log is text"
    assert ":smile:" in flat, "so is an emoji's short name"
    if not terminal:
        assert "\x1b" not in out


def test_tables_line_up_in_plain_text() -> None:
    stream = io.StringIO()
    Terminal(stream).table(("a", "long header"), [("wide cell", "x"), ("b", "")], indent=1)
    assert stream.getvalue() == " a          long header\n wide cell  x\n b\n"


def test_the_progress_bar_shows_a_hostile_name_as_text() -> None:
    class Reading:
        source, bytes_done, bytes_total, events = HOSTILE, 5, 10, 3

    stream = FakeTerminal()
    with ProgressBar(stream) as bar:
        bar.show(Reading())  # type: ignore[arg-type]
    assert "3 events" in stream.getvalue()
    assert "\x1b]0" not in stream.getvalue()
