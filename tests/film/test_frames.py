"""A frame is a small picture of one Event: same behaviour same picture, other behaviour another one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.film.staged import batch, did, launch
from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import to_batch
from watchfloor.film.frames import ACTOR, CHANNELS, OBJECT, ROWS, Camera, pattern
from watchfloor.film.pixels import PIXELS

PS = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"


def test_frames_are_small_grids_of_pixels() -> None:
    frames = Camera().encode(batch(launch("a", "b c:\\windows\\explorer.exe", PS, "powershell -nop", 1)))
    assert frames.shape == (1, ROWS, CHANNELS)
    assert frames.dtype == np.uint32
    assert frames.max() < PIXELS
    assert frames[0, ACTOR, 0] and frames[0, OBJECT, 0]


def test_user_and_host_do_not_change_the_picture() -> None:
    one = launch("a", "b x.exe", "C:\\Users\\ann\\Downloads\\t.exe", "t.exe 10.0.0.1", 1)
    two = launch(
        "z", "y x.exe", "D:\\Users\\bob\\Downloads\\t.exe", "t.exe 10.9.9.9", 99, **{"device.hostname": "other"}
    )
    frames = Camera().encode(batch(one, two))
    assert (frames[0] == frames[1]).all()
    assert pattern(frames)[0] == pattern(frames)[1]


def test_what_is_done_changes_the_picture() -> None:
    rows = [did(name, "a", PS, 1, file__path="c:\\x\\y.txt") for name in ACTIONS]
    assert len(np.unique(pattern(Camera().encode(batch(*rows))))) == len(rows)


def test_a_camera_gives_the_same_frames_in_any_batching_and_order() -> None:
    rows = [launch(f"u{i}", "p explorer.exe", PS, f"powershell -c job {chr(97 + i)}", i) for i in range(20)]
    whole = Camera().encode(batch(*rows))
    camera = Camera()
    single = np.concatenate([camera.encode(batch(r)) for r in reversed(rows)])[::-1]
    assert (whole == single).all()


def test_a_renamed_program_shows_its_original_name() -> None:
    honest = launch("a", "p explorer.exe", PS, "x", 1, **{"process.file.internal_name": "PowerShell.EXE"})
    renamed = launch(
        "a",
        "p explorer.exe",
        PS.replace("powershell", "calc"),
        "x",
        1,
        **{"process.file.internal_name": "PowerShell.EXE"},
    )
    frames = Camera().encode(batch(honest, renamed))
    assert frames[0, OBJECT, 3] == 0
    assert frames[1, OBJECT, 3] != 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional={
    "action": st.sampled_from(sorted(ACTIONS)), "process.cmd_line": st.text(), "file.path": st.text(),
    "script.content": st.text(), "dst_endpoint.port": st.integers(-(2**62), 2**62), "dst_endpoint.ip": st.text(),
    "actor.user.name": st.text(), "reg_key.path": st.text(), "status_detail": st.text(),
}), min_size=1, max_size=8))  # fmt: skip
def test_hostile_fields_never_break_the_camera(rows: list[dict[str, object]]) -> None:
    frames = Camera().encode(to_batch(rows))
    assert frames.shape == (len(rows), ROWS, CHANNELS)
    assert frames.max() < PIXELS
