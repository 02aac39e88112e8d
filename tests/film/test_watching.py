"""Watching real records end to end: nothing lost, every claim opens, the intrusion found and told."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from watchfloor.base.settings import Settings
from watchfloor.film.watching import Watched, watch

RECORDING = Path(__file__).parents[2] / "src" / "watchfloor" / "bundled" / "recording"
LOG = RECORDING / "linux-host.audit.log.zst"


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    found = watch([str(LOG)], Settings())
    yield found
    found.close()


@pytest.fixture(scope="module")
def truth() -> set[str]:
    with zstandard.open(RECORDING / "truth.csv.zst", "rt", encoding="utf-8") as file:
        return {line.split(",")[0] for line in file if ",intrusion," in line}


def test_every_record_is_kept_or_rejected(watched: Watched) -> None:
    account = watched.account
    assert account.records_read == account.kept + account.rejected_records
    assert account.kept == sum(s.events for s in watched.scenes) > 30_000
    assert account.rejections == []


def test_the_largest_part_of_the_intrusion_is_called_malicious(watched: Watched, truth: set[str]) -> None:
    worst = [s for s in watched.scenes if s.verdict == "malicious"]
    cited = [f.event_id.partition("#")[2] for s in worst for f in s.key_frames]
    assert sum(record in truth for record in cited) >= 5


def test_most_ordinary_work_is_left_alone(watched: Watched) -> None:
    flagged = [s for s in watched.scenes if s.verdict != "benign"]
    assert len(flagged) < 0.25 * len(watched.scenes)


def test_key_frames_cite_records_that_exist(watched: Watched) -> None:
    with zstandard.open(LOG, "rt", encoding="utf-8", errors="replace") as file:
        records = {line.split("audit(", 1)[1].split(")", 1)[0] for line in file if "audit(" in line}
    for scene in watched.scenes:
        for frame in scene.key_frames:
            source, _, record = frame.event_id.partition("#")
            assert source == scene.source or Path(source).name == LOG.name
            assert record in records


def test_a_verdict_comes_with_shares_scores_and_a_root(watched: Watched) -> None:
    for scene in watched.scenes:
        assert 0 <= scene.score <= 1
        assert all(0 <= p.score <= 1 for p in scene.processes)
        assert sum(f.weight for f in scene.key_frames) == pytest.approx(1, abs=0.01)
        assert scene.frames <= scene.events
    ids = [s.scene_id for s in watched.scenes]
    assert len(set(ids)) == len(ids)


def test_the_same_input_gives_the_same_answer(watched: Watched, tmp_path: Path) -> None:
    again = watch([str(LOG)], Settings(workers=1, spool_bytes=1 << 20, temp_dir=str(tmp_path)))
    try:
        assert [(s.scene_id, s.score) for s in again.scenes] == [(s.scene_id, s.score) for s in watched.scenes]
    finally:
        again.close()
    assert list(tmp_path.iterdir()) == []


def test_the_report_document_holds_every_shown_frame(watched: Watched) -> None:
    document = watched.document(title="test")
    shown = [s for s in watched.scenes if s.verdict != "benign"]
    assert len(document["scenes"]) == len(shown)
    columns = document["frames"]
    lengths = {len(columns[n]) for n in ("scene", "process", "time", "action", "object", "score", "repeats", "event")}
    assert lengths == {sum(s.frames for s in shown)}
    json.dumps(document)


def test_a_report_with_too_many_frames_keeps_the_telling_ones_and_says_so(watched: Watched) -> None:
    document = watched.document(title="test", all_scenes=True, most_frames=50)
    assert len(document["frames"]["scene"]) == 50
    assert document["summary"]["frames_left_out"] > 0


def test_nothing_to_read_is_no_scene_and_one_reason(tmp_path: Path) -> None:
    found = watch([str(tmp_path / "nothing-here")], Settings())
    try:
        assert found.scenes == ()
        assert len(found.account.rejections) == 1
    finally:
        found.close()


@pytest.mark.shared_data
def test_a_textbook_attack_is_found_and_told(shared_data: Path) -> None:
    path = shared_data / "edr" / "otrf/head/atomic/windows/credential_access/host/cmd_psexec_lsa_secrets_dump.zip"
    found = watch([str(path)], Settings())
    try:
        worst = found.scenes[0]
        assert worst.verdict == "malicious"
        assert worst.techniques
    finally:
        found.close()


@pytest.mark.shared_data
def test_a_damaged_archive_costs_only_what_is_damaged(shared_data: Path, tmp_path: Path) -> None:
    whole = (shared_data / "edr" / "eqllib" / "sysmon-rta.json.gz").read_bytes()
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert gzip.decompress(whole)
    found = watch([str(cut)], Settings())
    try:
        assert 1_000 < found.account.kept < 37_356
        assert found.account.rejections
    finally:
        found.close()
