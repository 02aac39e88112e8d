"""`rules fetch`: what was meant arrives whole, or nothing does; and nothing of anyone else's is touched."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib import request
from urllib.error import URLError

import pytest

from watchfloor.base.errors import InputError, RefusedError, UsageError, WatchfloorError
from watchfloor.base.settings import Settings
from watchfloor.rules import fetching
from watchfloor.rules.fetching import MARKER, Response, fetch, open_https
from watchfloor.rules.rule_archives import content_digest, rules_in

SETTINGS = Settings()
RULES = {
    "rules/windows/a.yml": b"title: a\n",
    "rules/b.yml": b"title: b\n",
    "rules-threat-hunting/c.yml": b"title: c\n",
    "LICENSE": b"Detection Rule License\n",
}
OTHERS = {
    "README.md": b"no rule",
    "tests/rules/x.yml": b"no rule",
    "rules/readme.txt": b"no rule",
    "deprecated/old.yml": b"no rule",
}
DIGEST = content_digest(RULES)


def zipped(path: Path, contents: dict[str, bytes], top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in contents.items():
            packed.writestr(top + name, content)
    return path


def tarred(path: Path, contents: dict[str, bytes], top: str = "") -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, content in contents.items():
            info = tarfile.TarInfo(top + name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MARKER
    }


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


def test_one_digest_whatever_the_rules_come_packed_in(tmp_path: Path) -> None:
    unpacked = tmp_path / "clone"
    for name, content in (RULES | OTHERS).items():
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_bytes(content)
    ways = [
        zipped(tmp_path / "plain.zip", RULES),
        zipped(tmp_path / "github.zip", RULES | OTHERS, "sigma-8eaafff1/"),
        tarred(tmp_path / "github.tar.gz", RULES | OTHERS, "sigma-8eaafff1/"),
        unpacked,
    ]
    for way in ways:
        assert rules_in(str(way), SETTINGS) == RULES, way
    lines = b"".join(
        hashlib.sha256(RULES[name]).hexdigest().encode() + b"  " + name.encode() + b"\n"
        for name in sorted(RULES)
        if name != "LICENSE"
    )
    assert hashlib.sha256(lines).hexdigest() == DIGEST
    assert content_digest(RULES | {"rules/b.yml": b"other"}) != DIGEST
    assert content_digest({"x" + name: content for name, content in RULES.items()}) != DIGEST


@pytest.mark.shared_data
def test_the_pin_is_that_of_the_commit(shared_data: Path) -> None:
    contents = rules_in(str(shared_data / "sigma" / "sigmahq_rules.zip"), SETTINGS)
    assert content_digest(contents) == fetching.DIGEST
    assert len(contents) == 3781


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


# Archives nobody should trust


@pytest.mark.parametrize(
    "name",
    [
        "../rules/evil.yml",
        "rules/../../evil.yml",
        "/rules/evil.yml",
        "rules//evil.yml",
        "rules/./evil.yml",
        "rules/..\\..\\evil.yml",
        "rules/c:evil.yml",
        "rules/\x1b[2Jevil.yml",
        "rules/\u202eevil.yml",
    ],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_elsewhere(tmp_path: Path, name: str, pack: Callable[[Path, dict[str, bytes]], Path]) -> None:
    archive = pack(tmp_path / "s", RULES | {name: b"title: evil\n"})
    with pytest.raises(InputError, match="leads elsewhere"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(archive))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]
    assert not (tmp_path.parent / "evil.yml").exists()


def test_links_are_never_made_nor_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text("secret")
    link = zipfile.ZipInfo("rules/link.yml")
    link.external_attr = 0o120777 << 16
    archive = zipped(tmp_path / "s.zip", RULES)
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr(link, str(secret))
    fetch(str(tmp_path / "one"), SETTINGS, origin=str(archive))
    assert not (tmp_path / "one" / "rules" / "link.yml").is_symlink()
    assert (tmp_path / "one" / "rules" / "link.yml").read_text() == str(secret)
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        info = tarfile.TarInfo("rules/link.yml")
        info.type, info.linkname = tarfile.SYMTYPE, str(secret)
        tar.addfile(info)
        plain = tarfile.TarInfo("rules/a.yml")
        tar.addfile(plain, io.BytesIO())
    fetch(str(tmp_path / "two"), SETTINGS, origin=str(tmp_path / "s.tar"))
    assert files_in(tmp_path / "two") == {"rules/a.yml": b""}
    clone = tmp_path / "clone"
    (clone / "rules").mkdir(parents=True)
    (clone / "rules" / "link.yml").symlink_to(secret)
    with pytest.raises(InputError, match="is a link"):
        fetch(str(tmp_path / "three"), SETTINGS, origin=str(clone))


def test_a_target_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "sigma").symlink_to(tmp_path / "real")
    fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(zipped(tmp_path / "s.zip", RULES)))
    assert (tmp_path / "sigma").is_symlink()
    assert files_in(tmp_path / "real") == RULES


def test_bombs(tmp_path: Path) -> None:
    big = {"rules/big.yml": b"a" * (5 * 1024 * 1024)}
    with pytest.raises(InputError, match="larger than any rule"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(zipped(tmp_path / "1.zip", big)))
    many = {f"rules/{n}.yml": b"" for n in range(50)}
    with pytest.raises(InputError, match="more than 20 members"):
        fetch(str(tmp_path / "sigma"), Settings(max_members=20), origin=str(zipped(tmp_path / "2.zip", many)))
    bomb = {f"rules/{n}.yml": b"a" * 3_000_000 for n in range(40)}
    with pytest.raises(InputError, match="bomb"):
        fetch(str(tmp_path / "sigma"), Settings(max_ratio=20), origin=str(zipped(tmp_path / "3.zip", bomb)))
    assert not (tmp_path / "sigma").exists()


def test_archives_that_contradict_themselves(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("rules/a.yml", "1")
        packed.writestr("rules/a.yml", "2")
    with pytest.raises(InputError, match="twice"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(tmp_path / "twice.zip"))
    both = zipped(tmp_path / "both.zip", {"rules/a.yml": b"", "rules/a.yml/b.yml": b""})
    with pytest.raises(InputError, match="as a file and as a folder"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(both))


@pytest.mark.parametrize("cut", [10, 100, -30, -100])
def test_damaged_archives(tmp_path: Path, cut: int) -> None:
    whole = zipped(tmp_path / "s.zip", {f"rules/{n}.yml": os.urandom(50) for n in range(20)}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:cut])
    with pytest.raises(InputError):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(tmp_path / "cut.zip"))
    spoilt = bytearray(whole)
    spoilt[60] ^= 0xFF
    (tmp_path / "spoilt.zip").write_bytes(bytes(spoilt))
    with pytest.raises(InputError):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(tmp_path / "spoilt.zip"))
    assert not (tmp_path / "sigma").exists()


def test_what_holds_no_rules(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").mkdir()
    zipped(tmp_path / "other.zip", OTHERS)
    for name, why in (("text", "neither a zip nor a tar"), ("empty", "no rules"), ("other.zip", "no rules")):
        with pytest.raises(InputError, match=why):
            fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(tmp_path / name))
    with pytest.raises(InputError, match="no such file"):
        fetch(str(tmp_path / "sigma"), SETTINGS, origin=str(tmp_path / "gone.zip"))


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
        fetching._HttpsOnly().redirect_request(None, None, 302, "", {}, address)


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
