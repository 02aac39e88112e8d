"""Downloads: pinned, recorded, checked from then on; one source that cannot be had does not keep the others."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from urllib import request

import pytest

from tests.knowledge import sources
from tests.knowledge.sources import WordCounter, zipped
from watchfloor.base.downloads import Response
from watchfloor.base.errors import InputError, UsageError
from watchfloor.base.settings import Settings
from watchfloor.knowledge.building import build
from watchfloor.knowledge.fetching import SOURCES, PublicSource, fetch_all, sources_named
from watchfloor.knowledge.knowledge_base import KnowledgeBase


class Forge:
    """A local server of files; counts what it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forge.asked.append(self.path)
                content = forge.files.get(self.path)
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def open(self, address: str, timeout: float) -> AbstractContextManager[Response]:
        path = address.removeprefix("https://forge.example")
        return request.urlopen(f"http://127.0.0.1:{self.server.server_port}{path}", timeout=timeout)  # type: ignore[no-any-return]


@pytest.fixture
def forge() -> Iterator[Forge]:
    made = Forge()
    made.files["/attack.json"] = json.dumps(sources.bundle()).encode()
    made.files["/sigma.zip"] = zipped({"sigma-1/rules/a.yml": sources.SIGMA})
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def source(name: str, file: str) -> PublicSource:
    return PublicSource(name, file, f"https://forge.example/{file}", f"example/{name}", "c0ffee", "Some Licence")


WANTED = (source("attack", "attack.json"), source("sigma", "sigma.zip"))


def test_what_is_fetched_is_built_with_its_source_named(tmp_path: Path, forge: Forge) -> None:
    fetched = fetch_all(tmp_path / "sources", WANTED, opener=forge.open)
    assert (fetched.fetched, fetched.failed) == (2, [])
    build(tmp_path / "kb", [str(fetched.folder)], Settings(), WordCounter())
    with KnowledgeBase.open(tmp_path / "kb") as base:
        assert base.search("T1003.001")[0].origin.record() == {
            "source": "example/attack", "version": "c0ffee", "licence": "Some Licence", "address": "https://forge.example/attack.json",
        }  # fmt: skip
        assert base.search("lsass", ("rule",))[0].origin.repository == "example/sigma"


def test_what_is_there_is_not_fetched_again(tmp_path: Path, forge: Forge) -> None:
    fetch_all(tmp_path / "sources", WANTED, opener=forge.open)
    forge.asked.clear()
    assert fetch_all(tmp_path / "sources", WANTED, opener=forge.open).fetched == 0
    assert forge.asked == []
    (tmp_path / "sources" / "attack" / "attack.json").write_text("{}")  # somebody changed it
    assert fetch_all(tmp_path / "sources", WANTED, opener=forge.open).fetched == 1


def test_other_content_at_a_pinned_address_is_not_taken(tmp_path: Path, forge: Forge) -> None:
    fetch_all(tmp_path / "sources", WANTED, opener=forge.open)
    (tmp_path / "sources" / "attack" / "attack.json").unlink()
    (tmp_path / "sources" / "sigma" / "sigma.zip").unlink()
    forge.files["/attack.json"] = b'{"type": "bundle", "objects": []}'
    forge.files["/sigma.zip"] = (
        zipped({"sigma-1/rules/a.yml": sources.SIGMA}) + b""
    )  # packed again: other times, same rules
    fetched = fetch_all(tmp_path / "sources", WANTED, opener=forge.open)
    assert [(address, "something else" in why) for address, why in fetched.failed] == [
        ("https://forge.example/attack.json", True)
    ]
    assert not (tmp_path / "sources" / "attack" / "attack.json").exists()
    assert [path.name for path in (tmp_path / "sources" / "attack").iterdir()] == []


def test_a_moving_source_is_taken_as_it_comes(tmp_path: Path, forge: Forge) -> None:
    moving = (replace(WANTED[0], moving=True, version=""),)
    fetch_all(tmp_path / "sources", moving, opener=forge.open)
    forge.files["/attack.json"] = json.dumps(sources.bundle("19.0")).encode()
    assert fetch_all(tmp_path / "sources", moving, opener=forge.open).fetched == 1
    recorded = json.loads((tmp_path / "sources" / ".watchfloor-sources.json").read_text())
    assert recorded["files"]["attack/attack.json"]["version"].startswith("sha256:")


def test_one_missing_source_is_named_and_all_missing_is_an_error(tmp_path: Path, forge: Forge) -> None:
    del forge.files["/sigma.zip"]
    fetched = fetch_all(tmp_path / "sources", WANTED, opener=forge.open)
    assert fetched.fetched == 1
    assert "answers 404" in fetched.failed[0][1]
    forge.files.clear()
    with pytest.raises(InputError, match="no source can be had"):
        fetch_all(tmp_path / "elsewhere", WANTED, opener=forge.open)


def test_a_known_digest_must_be_met(tmp_path: Path, forge: Forge) -> None:
    with pytest.raises(InputError, match="no source can be had"):
        fetch_all(tmp_path / "sources", (replace(WANTED[0], sha256="0" * 64),), opener=forge.open)


def test_every_address_is_https_and_pinned_or_known_to_move() -> None:
    for each in SOURCES:
        assert each.address.startswith("https://")
        assert each.moving or each.version in each.address
        assert each.licence
    assert "nvd" not in {each.name for each in sources_named(None)}
    assert {each.name for each in sources_named("cwe, nvd")} == {"cwe", "nvd"}
    with pytest.raises(UsageError, match="no source 'x'"):
        sources_named("x")
