"""Files the commands write: complete or absent, never over an input."""

import os
from pathlib import Path

import pytest

from watchfloor.base.errors import RefusedError, UsageError, WatchfloorError
from watchfloor.cli import outputs


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text("{}")
    link = tmp_path / "link.json"
    link.symlink_to(log)
    for name in (log, link):
        with pytest.raises(UsageError, match="would be overwritten"):
            outputs.check([str(name)], [str(log)])
    with pytest.raises(UsageError, match="would be overwritten"):
        outputs.check([str(log)], [str(tmp_path)])
    outputs.check([str(tmp_path / "new.json")], [str(tmp_path)])


def test_what_cannot_work_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        outputs.check([str(tmp_path)], [])
    with pytest.raises(UsageError, match="does not exist") as missing:
        outputs.check([str(tmp_path / "no" / "x.json")], [])
    assert "mkdir -p" in missing.value.hint
    for name in ("", "-"):
        with pytest.raises(UsageError, match="needs a file name"):
            outputs.check([name], [])
    with pytest.raises(UsageError, match="two outputs"):
        outputs.check([str(tmp_path / "x"), str(tmp_path / "." / "x")], [])


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(RefusedError, match="permission denied"):
        outputs.check([str(tmp_path / "x")], [])


def test_a_file_is_complete_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    target.write_text("old")

    def breaks() -> object:
        yield b"half"
        raise RuntimeError("the scene could not be written")

    with pytest.raises(RuntimeError):
        outputs.write(str(target), breaks())  # type: ignore[arg-type]
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
    outputs.write(str(target), [b"new", b"er"])
    assert target.read_text() == "newer"


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    outputs.write(str(link), [b"new"])
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_device_is_written_to_not_replaced() -> None:
    outputs.check([os.devnull], [])
    outputs.write(os.devnull, [b"gone"])
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError(13, "Permission denied"), RefusedError),
        (OSError(30, "Read-only file system"), RefusedError),
        (OSError(28, "No space left on device"), WatchfloorError),
    ],
)
def test_a_failing_disk_has_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, kind: type[WatchfloorError]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(kind) as raised:
        outputs.write(str(tmp_path / "x"), [b"data"])
    assert type(raised.value) is kind
    assert list(tmp_path.iterdir()) == []
