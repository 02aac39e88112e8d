"""`watchfloor rules fetch`: what is said of what came, and how to do without a network."""

import json
import zipfile
from pathlib import Path
from urllib.error import URLError

import pytest

from watchfloor.base import downloads
from watchfloor.cli.main import main
from watchfloor.rules import fetching


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("sigma-1/rules/a.yml", "title: a")
        packed.writestr("sigma-1/LICENSE", "DRL")
    return path


def test_rules_from_a_file(tmp_path: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "sigma"
    assert main(["rules", "fetch", str(folder), "--from", str(archive)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"1 rules fetched: {folder}\n")
    assert "They are not the pinned rules" in out
    assert out.count("Detection Rule License 1.1") == 1
    assert f"watchfloor rules match LOGS --rules {folder}" in out
    assert main(["rules", "fetch", str(folder), "--from", str(archive), "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["type"], record["rules"], record["pinned"], record["unchanged"]) == ("fetched", 1, False, True)


def test_what_goes_wrong_has_its_code(tmp_path: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "sigma")
    assert main(["rules", "fetch", folder, "--from", "http://example.org/s.zip"]) == 2
    assert main(["rules", "fetch", str(tmp_path), "--from", str(archive)]) == 2
    assert main(["rules", "fetch", folder, "--from", str(tmp_path / "gone.zip")]) == 3
    assert main(["rules", "fetch", folder, "--from", str(archive), "--sha256", "0" * 64]) == 4
    assert main(["rules", "fetch", folder, "--from", str(archive), "--sha256", "zz", "--json", "-"]) == 2
    assert json.loads(capsys.readouterr().out)["type"] == "error"
    assert [path.name for path in tmp_path.iterdir()] == ["s.zip"]


def test_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unreachable(*_: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(downloads.request.OpenerDirector, "open", lambda *_, **__: unreachable())
    assert main(["rules", "fetch", str(tmp_path / "sigma")]) == 3
    err = capsys.readouterr().err
    assert fetching.ADDRESS in err
    assert "--from" in err
