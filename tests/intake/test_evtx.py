"""EVTX, on real files: kept whole, cut, and with damage in the middle."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.shared_data

CHUNK = 65_536


@pytest.fixture(scope="module")
def security(shared_data: Path) -> bytes:
    archive = zipfile.ZipFile(shared_data / "edr/unlabelled_evtx_omerbenamram/evtx.zip")
    return archive.read("samples/security.evtx")


def whys(account: Any) -> list[tuple[str, str]]:
    return [(rejection.where, rejection.why) for rejection in account.rejections]


def test_whole(security: bytes, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(security)
    rows, account = read(path)
    assert len(rows) == 2261
    assert not account.rejections
    assert {row["metadata.log_name"] for row in rows} == {"Security"}
    assert all(row["raw_data"].startswith('{"Event"') for row in rows)
    assert len({row["record"] for row in rows}) == 2261


def test_damaged_chunks_are_named_and_the_rest_is_read(security: bytes, tmp_path: Path, read: Any) -> None:
    whole = bytearray(security)
    path = tmp_path / "x"
    whole[4096 + 2 * CHUNK : 4096 + 2 * CHUNK + 8] = b"deadbeef"
    whole[4096 + 4 * CHUNK + 5000 : 4096 + 5 * CHUNK] = bytes(CHUNK - 5000)
    whole[4096 + 6 * CHUNK : 4096 + 7 * CHUNK] = bytes(CHUNK)
    path.write_bytes(whole)
    rows, account = read(path)
    assert 1700 < len(rows) < 2261
    reasons = dict(whys(account))
    assert {"chunk 3", "chunk 5", "chunk 7"} <= set(reasons)
    assert "records lost" in reasons["chunk 5"]
    assert "an empty chunk between used ones" in reasons["chunk 7"]


def test_cut_off(security: bytes, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x"
    path.write_bytes(security[: 4096 + 3 * CHUNK + 30_000])
    rows, account = read(path)
    assert len(rows) > 200
    assert ("chunk 4", "truncated EVTX: its last chunk is cut off") in whys(account)
    path.write_bytes(security[:100])
    assert whys(read(path)[1]) == [("header", "truncated EVTX: it ends in its header")]


def test_carved_chunks_without_a_header(security: bytes, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x"
    path.write_bytes(security[4096:])
    assert len(read(path)[0]) == 2261


def test_counts_of_the_index(shared_data: Path, read: Any) -> None:
    """Every EVTX of the regression set has as many events as its index row says."""
    import csv

    path = shared_data / "edr/sigma_regression/evtx.zip"
    rows, account = read(path)
    met: dict[str, int] = {}
    for row in rows:
        met[row["source"].split("::")[1]] = met.get(row["source"].split("::")[1], 0) + 1
    with (shared_data / "edr/index.csv").open(newline="") as lines:
        expected = {
            line["path"].split("::")[1]: int(line["n_events"])
            for line in csv.DictReader(lines)
            if line["source"] == "sigma_regression" and "::" in line["path"]
        }
    assert met == expected
    assert not account.rejections
