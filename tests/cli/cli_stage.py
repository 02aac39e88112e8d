"""Scenes made by hand, and the stage a faked watching plays on: the command line is tested alone."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from watchfloor.base.account import Account
from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored, VerdictName
from watchfloor.base.settings import Settings

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

_ROOT = Process(
    uid="{1}",
    pid=4242,
    image="C:\\Windows\\System32\\cmd.exe",
    command_line='cmd.exe /c "whoami"',
    start=NOON,
    score=0.97,
    user="LAB\\ada",
    events=3,
)
_FRAME = KeyFrame(
    event_id="log.evtx#17",
    time=NOON,
    actor="C:\\Windows\\System32\\cmd.exe",
    action="process.launch",
    object="C:\\Windows\\System32\\whoami.exe",
    weight=0.6,
    process_uid="{1}",
    techniques=("T1033",),
)


def make_scene(verdict: VerdictName = "malicious", **changes: Any) -> Scene:
    """One small scene with one key frame."""
    scene = Scene(
        scene_id=f"s-{verdict}",
        source="log.evtx",
        host="lab-1",
        root=_ROOT,
        start=NOON,
        end=NOON,
        events=3,
        frames=2,
        verdict=verdict,
        score={"malicious": 0.97, "suspicious": 0.6, "benign": 0.02}[verdict],
        tactics=(Scored("TA0007", 0.9),),
        techniques=(Scored("T1033", 0.88),),
        processes=(_ROOT,),
        key_frames=(_FRAME,),
    )
    return replace(scene, **changes)


def make_frame(**changes: Any) -> KeyFrame:
    """The key frame of ``make_scene``, changed."""
    return replace(_FRAME, **changes)


def make_account(**changes: Any) -> Account:
    """Books of three events in one input."""
    return replace(Account(kept=3, inputs=1), **changes)


@dataclass
class FakeWatched:
    """What ``film.watching.watch`` returns, made by hand."""

    scenes: tuple[Scene, ...] = ()
    account: Account = field(default_factory=make_account)
    seconds: float = 0.25
    hosts: tuple[str, ...] = ("lab-1",)
    frames_encoded: int = 2
    #: No Linux host: cases are opened on films, see ``tests/operations/test_gathering.py``.
    reel: Any = field(default_factory=lambda: SimpleNamespace(meetings=SimpleNamespace(linux=frozenset())))

    closed: bool = False

    def document(self, *, title: str, all_scenes: bool = False, most_frames: int = 0) -> dict[str, Any]:
        """Something the fake player can show."""
        assert not self.closed
        return {"title": title, "all_scenes": all_scenes, "most_frames": most_frames}

    def close(self) -> None:
        """Temporary files would be deleted here."""
        self.closed = True


@dataclass
class Stage:
    """What the faked skill answers, and what it was asked."""

    watched: FakeWatched = field(default_factory=FakeWatched)
    error: BaseException | None = None
    inputs: list[str] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    hear: Any = None
