"""Process identity: one process, one uid, whatever the order of input and however often a pid is reused."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.events import SCHEMA, Row, to_batch
from watchfloor.intake.identity import ProcessTable
from watchfloor.intake.lineage import guid_start

S = 1_000_000
T0 = 0x5F8FE8AA * S
G1 = "{747f3d96-e8aa-5f8f-0000-001000000000}"
G2 = "{747f3d96-e8b0-5f8f-0000-002000000000}"
ZERO = "{00000000-0000-0000-0000-000000000000}"


def event(at: float, action: str = "file.read", host: str | None = "h", os: str = "windows", **fields: Any) -> Row:
    short = {
        "pid": "actor.process.pid",
        "uid": "actor.process.uid",
        "image": "actor.process.file.path",
        "cmd": "actor.process.cmd_line",
        "ppid": "actor.process.parent_process.pid",
        "new_pid": "process.pid",
        "new_uid": "process.uid",
        "new_image": "process.file.path",
        "new_cmd": "process.cmd_line",
        "detail": "status_detail",
    }
    row: Row = {"source": "s", "record": "1", "time": T0 + int(at * S), "action": action, "device.os": os}
    row["device.hostname"] = host
    row.update({short.get(name, name): value for name, value in fields.items()})
    return row


def launch(at: float, pid: int, image: str, parent: int = 4, **fields: Any) -> Row:
    return event(at, "process.launch", pid=parent, new_pid=pid, new_image=image, **fields)


def resolved(*batches: list[Row]) -> tuple[list[Row], list[Row]]:
    """Events and processes after both passes."""
    table = ProcessTable()
    for rows in batches:
        table.observe(to_batch(rows))
    table.freeze()
    out: list[Row] = []
    for rows in batches:
        batch = table.resolve(to_batch(rows))
        assert batch.schema.equals(SCHEMA)
        out.extend(batch.to_pylist())
    return out, table.processes().to_pylist()


def actors(rows: list[Row]) -> list[str]:
    return [row["actor.process.uid"] for row in rows]


def test_the_start_inside_a_sysmon_guid() -> None:
    assert guid_start(G1) == T0
    assert guid_start(G1.strip("{}")) == T0
    assert guid_start("host/10@2020-10-21T07:52:10.123Z") == T0 + 123_000
    elastic = "YzJkOWNlOWEtZmRlZi1hNDA1LTEyNWMtMTcxYTkxZDBlNTRhLTE0MDg0LTEzMjU0OTQzNDI1LjI4NTYxMjAwMA=="
    assert guid_start(elastic) == 1_610_469_825_285_612, "2021-01-12T16:43:45.285612Z"
    for not_sysmon in (ZERO, "", "NDU2Nw==", "{747f3d96-e8aa-5f8f-0000-00100000000g}", "h/1@9999-99-99T00:00:00.000Z"):
        assert guid_start(not_sysmon) > 1 << 60


def test_sysmon_and_security_see_one_process() -> None:
    rows, processes = resolved(
        [launch(0.4, 10, r"C:\a.exe"), event(5, pid=10)],
        [launch(0, 10, r"C:\a.exe", new_uid=G1, new_cmd="a -x", uid=ZERO)],
    )
    assert [row["process.uid"] for row in rows] == [G1, None, G1]
    assert rows[1]["actor.process.uid"] == G1
    assert rows[1]["actor.process.file.path"] == r"C:\a.exe"
    assert rows[1]["actor.process.cmd_line"] == "a -x"
    assert rows[1]["actor.process.parent_process.uid"] == "h/4@?"
    assert rows[1]["actor.process.parent_process.pid"] == 4
    assert {p["uid"] for p in processes} == {G1, "h/4@?"}


def test_a_reused_pid_is_another_process() -> None:
    rows, _ = resolved(
        [launch(0, 10, "a"), event(5, pid=10), launch(9, 10, "b"), event(11, pid=10), event(-60, pid=10)]
    )
    assert actors(rows)[1] == "h/10@2020-10-21T07:52:10.000Z"
    assert actors(rows)[3] == "h/10@2020-10-21T07:52:19.000Z"
    assert rows[3]["actor.process.file.path"] == "b"
    assert actors(rows)[4] == "h/10@?"
    assert rows[4]["actor.process.file.path"] is None, "the image of a later process is not its own"


def test_a_pid_reused_within_seconds_shows_by_its_image() -> None:
    rows, _ = resolved(
        [launch(0, 10, r"C:\Windows\conhost.exe", new_uid=G1), launch(1.5, 10, r"C:\Windows\cmd.exe")],
        [launch(0.5, 10, r"\Device\HarddiskVolume2\Windows\CONHOST.EXE"), launch(2.5, 10, r"C:\Windows\cmd.exe")],
    )
    assert [row["process.uid"] for row in rows] == [G1, cmd := "h/10@2020-10-21T07:52:11.500Z", G1, cmd]


def test_a_launch_logged_just_after_the_first_act() -> None:
    rows, _ = resolved([event(0, pid=10), launch(0.9, 10, "a"), event(-2, pid=11), launch(0, 11, "b")])
    assert actors(rows)[0].startswith("h/10@2020")
    assert actors(rows)[2] == "h/11@?"


def test_an_ended_process_yields_to_the_next_within_jitter() -> None:
    ended = event(5, "process.terminate", new_pid=10)
    rows, processes = resolved([launch(0, 10, "a"), ended, event(8.5, pid=10), launch(9, 10, "b")])
    assert rows[2]["actor.process.file.path"] == "b"
    first = next(p for p in processes if p["image"] == "a")
    assert (first["end"] - first["start"]).total_seconds() == 5


def test_a_guid_without_a_launch_gives_bare_pids_its_name() -> None:
    rows, processes = resolved([event(3, uid=G1, pid=10, image="a.exe"), event(60, pid=10), event(-9, pid=10)])
    assert actors(rows) == [G1, G1, "h/10@?"]
    started = {p["uid"]: p["start"] for p in processes}
    assert started[G1] is not None and started["h/10@?"] is None


def test_a_foreign_guid_without_a_launch_was_there_before_the_recording() -> None:
    rows, _ = resolved([event(3, uid="Zm9v", pid=10, image="a"), event(-60, pid=10)])
    assert actors(rows) == ["Zm9v", "Zm9v"]
    assert rows[1]["actor.process.file.path"] == "a"


def test_a_4688_is_bound_to_the_guid_only_mentioned_later() -> None:
    rows, processes = resolved([launch(0.2, 10, r"C:\A.exe"), event(50, uid=G1, pid=10, image=r"c:\a.exe")])
    assert rows[0]["process.uid"] == G1
    rows, processes = resolved([launch(0, 10, "a"), event(50, uid=G2, pid=10, image="a")])
    assert rows[0]["process.uid"] != G2, "this GUID says it started six seconds later"
    assert len({p["uid"] for p in processes}) == 3


def test_exec_keeps_the_process_a_fork_began() -> None:
    rows, processes = resolved(
        [
            launch(0, 10, "/bin/bash", parent=9, os="linux", detail="fork"),
            launch(0.5, 10, "/usr/bin/env", parent=1, os="linux", new_cmd="env python"),
            launch(0.6, 10, "/usr/bin/python3", parent=1, os="linux", new_cmd="python"),
            event(0.3, pid=10, os="linux"),
            event(9, pid=10, os="linux"),
            launch(20, 10, "/bin/sh", parent=9, os="linux", detail="fork"),
        ]
    )
    uid = "h/10@2020-10-21T07:52:10.000Z"
    assert [r["process.uid"] for r in rows[:3]] == [uid, uid, uid]
    assert [r["actor.process.file.path"] for r in rows[3:5]] == ["/bin/bash", "/usr/bin/python3"]
    assert rows[5]["process.uid"] != uid
    one = next(p for p in processes if p["uid"] == uid)
    assert one["image"] == "/usr/bin/python3" and one["cmd_line"] == "python"
    assert one["parent_uid"] == "h/9@?", "who forked it stays its parent"


def test_exec_without_forks_goes_by_parent_exit_and_age() -> None:
    def uids(*rows: Row) -> list[str]:
        return [row["process.uid"] for row in resolved(list(rows))[0]]

    first = launch(0, 10, "/bin/sh", parent=9, os="linux")
    assert len(set(uids(first, launch(30, 10, "/bin/ls", parent=9, os="linux")))) == 1
    assert len(set(uids(first, launch(30, 10, "/bin/ls", parent=8, os="linux")))) == 2
    assert len(set(uids(first, launch(7200, 10, "/bin/ls", parent=9, os="linux")))) == 2
    ended = event(10, "process.terminate", new_pid=10, os="linux")
    assert len(set(uids(first, launch(30, 10, "/bin/ls", parent=9, os="linux"), ended)[:2])) == 2


def test_a_failed_launch_changes_nothing() -> None:
    rows, processes = resolved(
        [
            launch(0, 10, "/bin/bash", parent=9, os="linux"),
            launch(1, 10, "/nope", parent=9, os="linux", status="failure"),
            event(2, pid=10, os="linux"),
        ]
    )
    assert rows[2]["actor.process.file.path"] == "/bin/bash"
    assert "/nope" not in {p["image"] for p in processes}
    assert len({r["process.uid"] for r in rows[:2]}) == 1


def test_hosts_without_a_name_are_one_per_source() -> None:
    rows, processes = resolved(
        [launch(0, 10, "a", host=None), {**event(1, pid=10, host=None), "source": "other"}, event(1, pid=10)]
    )
    assert rows[0]["process.uid"] == "s/10@2020-10-21T07:52:10.000Z"
    assert actors(rows)[1:] == ["other/10@?", "h/10@?"]
    assert {p["host"] for p in processes} == {None, "h"}


def test_hostile_facts() -> None:
    rows, processes = resolved(
        [
            launch(0, -(2**63), "neg", parent=2**63 - 1),
            event(1, pid=-(2**63)),
            event(2),
            {"source": "s", "action": "process.launch", "process.pid": 5},
            {"source": "s", "action": "process.launch"},
            {"source": "s", "action": "process.launch", "time": T0},
            {**event(0, pid=7), "time": None},
            {**event(0, pid=7), "time": 253_402_300_799_000_000},
            {**event(0, pid=7), "time": -62_135_596_800_000_000},
            launch(3, 8, "self", parent=8, uid="X", new_uid="X"),
            launch(4, 20, "loop", new_uid="A", uid="B"),
            launch(4, 21, "loop", new_uid="B", uid="A"),
        ]
    )
    assert actors(rows)[1].startswith(f"h/{-(2**63)}@2020")
    assert actors(rows)[2] is None
    assert actors(rows)[6] == "h/7@?"
    parents = {p["uid"]: p["parent_uid"] for p in processes}
    for uid in parents:
        seen = set()
        node: str | None = uid
        while node is not None:
            assert node not in seen
            seen.add(node)
            node = parents[node]


def test_nothing_at_all() -> None:
    table = ProcessTable()
    table.freeze()
    assert table.processes().num_rows == 0
    assert actors(table.resolve(to_batch([event(0, pid=3), event(0)])).to_pylist()) == ["h/3@?", None]


lives = st.lists(
    st.tuples(
        st.integers(0, 3),  # pid
        st.integers(0, 400),  # start, 10 s apart so that lives of one pid are told apart
        st.booleans(),  # logged by Sysmon
        st.booleans(),  # logged by Security
        st.lists(st.integers(1, 8), max_size=4),  # acts, seconds after the start
    ),
    max_size=25,
    unique_by=lambda life: (life[0], life[1]),
)


@settings(max_examples=150, deadline=None)
@given(lives, st.randoms(use_true_random=False), st.integers(1, 20))
def test_order_and_batching_do_not_matter(lives: list[tuple[Any, ...]], random: Any, size: int) -> None:
    rows: list[Row] = []
    truth: dict[str, tuple[int, int] | None] = {}
    for pid, start, sysmon, security, acts in lives:
        at = start * 10
        guid = f"{{747f3d96-{(T0 // S + at) & 0xFFFF:04x}-{(T0 // S + at) >> 16:04x}-0000-{pid:012x}}}"
        if sysmon:
            rows.append(launch(at, pid, f"image{start}", new_uid=guid, record=f"L{pid},{start}"))
        if security:
            rows.append(launch(at + 0.25, pid, f"image{start}", record=f"M{pid},{start}"))
        for n, act in enumerate(acts):
            rows.append(event(at + act, pid=pid, record=f"E{pid},{start},{n}"))
            truth[f"E{pid},{start},{n}"] = (pid, start) if sysmon or security else None
    random.shuffle(rows)
    batches = [rows[at : at + size] for at in range(0, len(rows), size)]
    out, processes = resolved(*batches)
    by_record = {row["record"]: row for row in out}
    ordered, _ = resolved(sorted(rows, key=lambda row: (row["time"], row["record"])))
    assert {r["record"]: r for r in ordered} == by_record
    for record, life in truth.items():
        row = by_record[record]
        assert row["actor.process.uid"] in {p["uid"] for p in processes}
        if life is not None:
            own = by_record.get(f"L{life[0]},{life[1]}") or by_record[f"M{life[0]},{life[1]}"]
            assert row["actor.process.uid"] == own["process.uid"]
            assert row["actor.process.file.path"] == f"image{life[1]}"
    assert len({p["uid"] for p in processes}) == len(processes)


def test_rows_keep_what_they_said() -> None:
    said = event(5, uid="theirs", pid=10, image="own", cmd="own")
    rows, _ = resolved([launch(0, 10, "other"), said])
    columns = ("actor.process.uid", "actor.process.file.path", "actor.process.cmd_line")
    assert [rows[1][name] for name in columns] == ["theirs", "own", "own"]
