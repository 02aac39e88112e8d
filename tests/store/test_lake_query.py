"""Questions in SQL are answered over the events and reach nothing else, for a bounded price."""

from pathlib import Path

import pytest

from watchfloor.base.errors import RefusedError, UsageError, WatchfloorError
from watchfloor.base.events import NAMES, to_batch
from watchfloor.store.lake import Lake, Limits

START = 1_772_323_200_000_000  # 2026-03-01


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.create(tmp_path_factory.mktemp("q") / "it's a lake")
    rows = [
        {"source": "s", "record": str(n), "time": START + n * 60_000_000, "device.hostname": f"h{n % 2}"}
        for n in range(3000)
    ]
    lake.add([to_batch(rows)])
    return lake


def test_a_question_is_answered(lake: Lake) -> None:
    sql = 'SELECT "device.hostname" h, count(*) n FROM events WHERE time >= ? GROUP BY ALL ORDER BY h'
    assert lake.query(sql, ["2026-03-02"]).to_pylist() == [{"h": "h0", "n": 780}, {"h": "h1", "n": 780}]
    assert lake.query("SELECT count(*) FROM events WHERE record = $r", {"r": "7"}).to_pydict() == {"count_star()": [1]}
    assert lake.query("SELECT * FROM events").column_names == list(NAMES)
    assert lake.query("FROM events SELECT max(time)::VARCHAR t").to_pylist() == [{"t": "2026-03-03 01:59:00+00"}]
    assert lake.query("DESCRIBE events").num_rows == len(NAMES)


def test_an_empty_lake_answers_too(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    assert lake.query("SELECT count(*) n FROM events").to_pylist() == [{"n": 0}]
    assert lake.query("SELECT * FROM events").column_names == list(NAMES)
    assert list(lake.batches()) == []
    assert lake.summary().events == 0


@pytest.mark.parametrize(
    "sql",
    [
        "COPY events TO '{there}/out.csv'",
        "COPY events TO '{stored}'",
        "COPY (SELECT 1) TO '{there}/out.parquet'",
        "EXPORT DATABASE '{there}/out'",
        "ATTACH '{there}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA version",
        "PRAGMA database_list",
        "SET threads = 1",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE SECRET s (TYPE s3)",
        "DROP VIEW events",
        "DELETE FROM events",
        "CALL pragma_version()",
        "CHECKPOINT",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY events TO '{there}/out.csv'",
        "",
        "-- nothing",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_json('/proc/self/environ')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('{there}/other.parquet')",
        "SELECT * FROM parquet_metadata('{there}/other.parquet')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
    ],
)
def test_a_question_reaches_nothing_but_the_events(lake: Lake, tmp_path: Path, sql: str) -> None:
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    stored = next((lake.folder / "events").rglob("*.parquet"))
    before = stored.read_bytes()
    with pytest.raises(RefusedError) as refused:
        lake.query(sql.format(there=tmp_path, stored=str(stored).replace("'", "''")))
    assert refused.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["other.parquet"]
    assert stored.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT getenv('HOME')",
        "SELECT * FROM lake",
        "SELECT nonsense FROM events",
        "SELEC",
        "SELECT * FROM query('CREATE TABLE x (a INT)')",
        "SELECT ?",
        "\0",
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(lake: Lake, sql: str) -> None:
    with pytest.raises(WatchfloorError) as raised:
        lake.query(sql)
    assert isinstance(raised.value, UsageError | RefusedError)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT count(*) FROM events a, events b, events c, events d WHERE a.record < d.record", "longer than"),
        ("SELECT * FROM events a, events b, events c", "rows|MiB"),
        ("SELECT * FROM range(1000000000000)", "rows"),
        ("SELECT repeat('x', 1000000) FROM events", "MiB|memory|longer"),
        ("SELECT list(a.record || b.record) FROM events a, events b, range(100)", "memory|longer"),
    ],
)
def test_a_question_that_costs_too_much_is_refused(lake: Lake, sql: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        lake.query(sql, limits=Limits(seconds=2, rows=1000 if "repeat" not in sql else 100_000))
