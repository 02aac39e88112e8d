"""Archives of rules: one digest whatever they come packed in, and none of their tricks work."""

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rules.packed import OTHERS, RULES, files_in, tarred, zipped
from watchfloor.base.errors import InputError
from watchfloor.base.settings import Settings
from watchfloor.rules import fetching
from watchfloor.rules.fetching import fetch
from watchfloor.rules.rule_archives import content_digest, rules_in

SETTINGS = Settings()
DIGEST = content_digest(RULES)


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
