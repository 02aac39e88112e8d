"""`rules fetch`: what was meant arrives whole, or nothing does; and nothing of anyone else's is touched."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib import request
from urllib.error import URLError

import pytest

from tests.rules.packed import OTHERS, RULES, files_in, zipped
from watchfloor.base import downloads
from watchfloor.base.downloads import Response, open_https
from watchfloor.base.errors import InputError, RefusedError, UsageError, WatchfloorError
from watchfloor.base.settings import Settings
from watchfloor.rules import fetching
from watchfloor.rules.fetching import MARKER, fetch
from watchfloor.rules.rule_archives import content_digest

SETTINGS = Settings()
DIGEST = content_digest(RULES)


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """These small rules are the pinned ones."""
    monkeypatch.setattr(fetching, "DIGEST", DIGEST)


Serve = Callable[..., fetching.Opener]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A server on this machine that stands in for any https address."""
    answers: dict[str, object] = {"body": b"", "announced": None, "code": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers["body"]
            assert isinstance(body, bytes)
            self.send_response(int(str(answers["code"])))
            self.send_header("Content-Length", str(answers["announced"] or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def served(body: bytes, *, announced: int | None = None, code: int = 200) -> fetching.Opener:
        answers.update(body=body, announced=announced, code=code)

        def opener(address: str, timeout: float) -> AbstractContextManager[Response]:
            assert address.startswith("https://")
            return request.urlopen(f"http://127.0.0.1:{server.server_address[1]}/", timeout=timeout)  # type: ignore[no-any-return]

        return opener

    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_folder_holds_the_rules_and_nothing_else(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "s.zip", RULES | OTHERS, "sigma-1/")
    fetched = fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(archive))
    assert (fetched.rules, fetched.digest, fetched.licence, fetched.pinned) == (3, DIGEST, True, False)
    assert files_in(tmp_path / "sigma") == RULES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.zip", "sigma"]


def test_fetching_again_brings_what_is_new_and_drops_what_is_gone(tmp_path: Path) -> None:
    target = tmp_path / "sigma"
    target.mkdir()
    fetch(str(target), SETTINGS, origin=str(zipped(tmp_path / "1.zip", RULES)))
    again = fetch(str(target), SETTINGS, origin=str(tmp_path / "1.zip"))
    assert again.unchanged
    newer = {"rules/b.yml": b"title: newer\n", "rules/d.yml": b"title: d\n", "LICENSE": b"l"}
    assert not fetch(str(target), SETTINGS, origin=str(zipped(tmp_path / "2.zip", newer))).unchanged
    assert files_in(target) == newer
    (target / "rules" / "d.yml").unlink()
    assert not fetch(str(target), SETTINGS, origin=str(tmp_path / "2.zip")).unchanged
    assert files_in(target) == newer


def test_nobody_elses_files_are_touched(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "s.zip", RULES)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "mine.yml").write_text("mine")
    with pytest.raises(UsageError, match="nothing was fetched into it before"):
        fetch(str(foreign), SETTINGS, origin=str(archive))
    assert files_in(foreign) == {"mine.yml": b"mine"}
    target = tmp_path / "sigma"
    fetch(str(target), SETTINGS, origin=str(archive))
    (target / "rules" / "own.yml").write_text("own")
    with pytest.raises(UsageError, match=r"holds rules/own\.yml, which was not fetched"):
        fetch(str(target), SETTINGS, origin=str(archive))
    (target / "rules" / "own.yml").unlink()
    (target / "rules" / "b.yml").write_text("edited")
    with pytest.raises(UsageError, match=r"b\.yml was changed since"):
        fetch(str(target), SETTINGS, origin=str(archive))
    assert (target / "rules" / "b.yml").read_text() == "edited"
    with pytest.raises(UsageError, match="is a file"):
        fetch(str(archive), SETTINGS, origin=str(archive))
    with pytest.raises(UsageError, match="does not exist"):
        fetch(str(tmp_path / "no" / "sigma"), SETTINGS, origin=str(archive))


@pytest.mark.parametrize("marker", [b"", b"{", b"[]", b'{"files": {}}', b'{"files": 1, "digest": "", "rules": 0}'])
def test_a_marker_of_nobodys_is_none(tmp_path: Path, marker: bytes) -> None:
    (tmp_path / "sigma").mkdir()
    (tmp_path / "sigma" / MARKER).write_bytes(marker)
    with pytest.raises(UsageError):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(zipped(tmp_path / "s.zip", RULES)))


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "sigma"
    fetch(str(target), SETTINGS, origin=str(zipped(tmp_path / "1.zip", RULES)))
    newer = zipped(tmp_path / "2.zip", {"rules/x.yml": b"x"})
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == "x.yml":
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WatchfloorError, match="No space left"):
        fetch(str(target), SETTINGS, origin=str(newer))
    monkeypatch.undo()
    rename = Path.rename

    def stuck(path: Path, goal: Path) -> Path:
        if path.name == "new":
            raise OSError(5, "Input/output error")
        return rename(path, goal)

    monkeypatch.setattr(Path, "rename", stuck)
    with pytest.raises(WatchfloorError, match="Input/output"):
        fetch(str(target), SETTINGS, origin=str(newer))
    assert files_in(target) == RULES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.zip", "2.zip", "sigma"]


def test_a_target_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "sigma").symlink_to(tmp_path / "real")
    fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(zipped(tmp_path / "s.zip", RULES)))
    assert (tmp_path / "sigma").is_symlink()
    assert files_in(tmp_path / "real") == RULES


# Addresses


@pytest.mark.usefixtures("pinned")
def test_the_pinned_rules_come_and_are_not_fetched_twice(tmp_path: Path, serve: Serve) -> None:
    seen: list[tuple[int, int]] = []
    body = zipped(tmp_path / "s.zip", RULES | OTHERS, "sigma-1/").read_bytes()
    opener = serve(body)
    fetched = fetch(
        str(tmp_path / "sigma"), SETTINGS, opener=opener, on_progress=lambda done, size: seen.append((done, size))
    )
    assert fetched.pinned
    assert fetched.origin == fetching.ADDRESS
    assert files_in(tmp_path / "sigma") == RULES
    assert seen[-1] == (len(body), len(body))

    def never(address: str, timeout: float) -> AbstractContextManager[Response]:
        raise AssertionError("fetched again")

    assert fetch(str(tmp_path / "sigma"), SETTINGS, opener=never).unchanged


@pytest.mark.usefixtures("pinned")
def test_other_rules_at_the_pinned_address_are_refused(tmp_path: Path, serve: Serve) -> None:
    body = zipped(tmp_path / "s.zip", RULES | {"rules/new.yml": b"title: new"}).read_bytes()
    with pytest.raises(RefusedError, match="not the pinned rules"):
        fetch(str(tmp_path / "sigma"), SETTINGS, opener=serve(body))
    assert not (tmp_path / "sigma").exists()


def test_another_address_needs_its_hash(tmp_path: Path, serve: Serve) -> None:
    body = zipped(tmp_path / "s.zip", RULES).read_bytes()
    address = "https://example.org/s.zip"
    with pytest.raises(RefusedError, match="not the pinned rules") as refused:
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=address, opener=serve(body))
    assert "--sha256" in refused.value.hint
    with pytest.raises(RefusedError, match="not the file it should be"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=address, sha256="0" * 64, opener=serve(body))
    right = hashlib.sha256(body).hexdigest().upper()
    assert fetch(str(tmp_path / "sigma"), SETTINGS, origin=address, sha256=right, opener=serve(body)).rules == 3


def test_a_hash_is_kept_to_for_files_too(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "s.zip", RULES)
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    with pytest.raises(RefusedError, match="not the file it should be"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(archive), sha256="1" * 64)
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(archive), sha256="abc")
    with pytest.raises(UsageError, match="a folder is none"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(tmp_path), sha256=right)
    assert fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(archive), sha256=right).rules == 3


@pytest.mark.parametrize("address", ["http://example.org/s.zip", "ftp://example.org/s.zip", "file:///etc/passwd"])
def test_only_https(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError, match="only https"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=address)
    with pytest.raises(URLError, match="unknown url type"), open_https(address, 1.0):
        pass
    with pytest.raises(URLError, match="not https"):
        downloads._HttpsOnly().redirect_request(None, None, 302, "", {}, address)


def test_answers_that_are_none(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    target = str(tmp_path / "sigma")
    with pytest.raises(InputError, match="answers 404"):
        fetch(target, SETTINGS, opener=serve(b"", code=404))
    with pytest.raises(InputError, match=r"cut off after 5 of 99 bytes|cannot be reached"):
        fetch(target, SETTINGS, opener=serve(b"short", announced=99))
    with pytest.raises(InputError, match="neither a zip nor a tar") as wrong:
        fetch(target, SETTINGS, opener=serve(b"<html>please log in</html>"))
    assert fetching.ADDRESS in wrong.value.message
    monkeypatch.setattr(fetching, "_LARGEST", 1000)
    with pytest.raises(InputError, match="larger than"):
        fetch(target, SETTINGS, opener=serve(b"x" * 5000))
    with pytest.raises(InputError, match="larger than"):
        fetch(target, SETTINGS, opener=serve(b"x", announced=5000))
    assert list(tmp_path.iterdir()) == []


def test_no_network_says_how_to_do_without(tmp_path: Path) -> None:
    def unreachable(address: str, timeout: float) -> AbstractContextManager[Response]:
        raise URLError("Name or service not known")

    with pytest.raises(InputError, match="cannot be reached: Name or service not known") as lost:
        fetch(str(tmp_path / "sigma"), SETTINGS, opener=unreachable)
    assert "--from" in lost.value.hint
