"""shuttle: runs queued jobs one after another; each in a fresh folder, its output in a log of its own."""

import pathlib
import shutil
import subprocess
import time

SPOOL, WORK, LOGS = (pathlib.Path(name) for name in ("/var/spool/shuttle", "/var/lib/shuttle/work", "/var/log/shuttle"))


def do(job):
    running = SPOOL / "running" / job.name
    job.rename(running)
    folder = WORK / job.stem
    folder.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{job.stem}.log").open("w") as log:
        try:
            code = subprocess.run(
                ["bash", "-e", str(running)], cwd=folder, stdout=log, stderr=subprocess.STDOUT, timeout=60, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = 124
        log.write(f"-- ended with {code}\n")
    running.rename(SPOOL / ("failed" if code else "done") / job.name)
    shutil.rmtree(folder, ignore_errors=True)
    for old in sorted(LOGS.glob("*.log"), key=lambda path: path.stat().st_mtime)[:-40]:
        old.unlink()


while True:
    for job in sorted((SPOOL / "queue").glob("*.job"), key=lambda path: path.stat().st_mtime):
        do(job)
    time.sleep(3)
