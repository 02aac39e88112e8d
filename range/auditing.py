"""The machine's one audit daemon while a recording runs, and the rules of all hosts."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import preflight
from switch import with_parent

HERE = Path(__file__).resolve().parent
BACKLOG = 262144
CONFIG = """local_events = yes
write_logs = yes
log_file = {log}
log_group = root
log_format = ENRICHED
flush = INCREMENTAL_ASYNC
freq = 200
max_log_file = 60000
num_logs = 2
max_log_file_action = IGNORE
space_left = 75
space_left_action = IGNORE
admin_space_left = 50
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
priority_boost = 12
name_format = HOSTNAME
q_depth = 20000
overflow_action = IGNORE
plugin_dir = {plugins}
end_of_event_timeout = 2
"""


def checked(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Auditing:
    """Started, and undone again to the last setting."""

    def __init__(self, work: Path) -> None:
        self.folder = work / "audit"
        self.log = work / "audit.log"
        self.before = preflight.audit_status()
        self.daemon: subprocess.Popen[bytes] | None = None
        self.began = False

    def rules_of(self, root: Path) -> list[str]:
        """Rules for one host, with the machine's paths of its tree."""
        found = []
        for line in self._lines():
            if "@" not in line:
                continue
            place = line.partition("=@/")[2].split(" ")[0]
            paths = [path for path in sorted(root.glob(place)) if not path.is_symlink()]
            found += [line.replace("@/" + place, f"{root}/{path.relative_to(root)}") for path in paths]
        return found

    def _lines(self) -> list[str]:
        lines = (HERE / "audit.rules").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith("-a")]

    def start(self, roots: list[Path]) -> None:
        (self.folder / "plugins").mkdir(parents=True, mode=0o750)
        settings = CONFIG.format(log=self.log, plugins=self.folder / "plugins")
        for name, text in (("auditd.conf", settings), ("range.rules", self._all_rules(roots))):
            (self.folder / name).write_text(text, encoding="utf-8")
            (self.folder / name).chmod(0o640)
        self.began = True
        checked("auditctl", "-b", str(BACKLOG), "--backlog_wait_time", "60000", "--reset-lost")
        self._all_accounts(roots)
        words = ["auditd", "-n", "-s", "nochange", "-c", str(self.folder)]
        names = f"mount --bind {self.folder}/passwd /etc/passwd && mount --bind {self.folder}/group /etc/group"
        words = ["unshare", "--mount", "/bin/sh", "-c", f'{names} && exec "$@"', "sh", *words]
        self.daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, preexec_fn=with_parent)
        for _ in range(100):
            time.sleep(0.1)
            if self.daemon.poll() is not None:
                raise RuntimeError("auditd ended at once")
            if self.log.exists() and preflight.audit_status().get("pid") == str(self.daemon.pid):
                break
        checked("auditctl", "-R", str(self.folder / "range.rules"))
        checked("auditctl", "-e", "1")

    def _all_rules(self, roots: list[Path]) -> str:
        lines = [line for line in self._lines() if "@" not in line]
        lines += [line for root in roots for line in self.rules_of(root)]
        return "\n".join(lines) + "\n"

    def _all_accounts(self, roots: list[Path]) -> None:
        """Files of accounts with every host's numbers: auditd remembers a name it found, but searches again for one
        it did not find, and falls behind. The names it writes are replaced by each host's own when the log is cut.
        """
        for name in ("passwd", "group"):
            lines: dict[str, str] = {}
            for etc in (Path("/etc"), *(root / "etc" for root in roots)):
                for line in (etc / name).read_text(encoding="utf-8", errors="replace").splitlines():
                    if line.count(":") >= 3:
                        lines.setdefault(line.split(":")[2], line)
            for number in range(900, 3000):  # accounts that are made on the way
                rest = "::/:/bin/false" if name == "passwd" else ""
                lines.setdefault(
                    str(number), f"n{number}:x:{number}:{number}{rest}" if rest else f"n{number}:x:{number}:"
                )
            (self.folder / name).write_text("\n".join(lines.values()) + "\n", encoding="utf-8")

    def size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def stop(self) -> None:
        """Rules, daemon and settings as they were before."""
        if not self.began:
            return
        subprocess.run(["auditctl", "-D"], check=False, stdout=subprocess.DEVNULL)
        if self.daemon:
            for _ in range(600):  # what the kernel still holds is written first
                if preflight.audit_status().get("backlog", "0") == "0":
                    break
                time.sleep(0.5)
            time.sleep(2)
            self.daemon.terminate()
            self.daemon.wait()
        for words in (
            ("-e", self.before.get("enabled", "0")),
            ("-b", self.before.get("backlog_limit", "64")),
            ("--backlog_wait_time", self.before.get("backlog_wait_time", "60000")),
        ):
            subprocess.run(["auditctl", *words], check=False, capture_output=True)
        self.began = False
