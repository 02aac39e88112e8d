#!/usr/bin/python3
"""First process of the recorded host: start the services, then reap children.

It runs as pid 1 of its own pid, mount, network and uts namespaces; when it is
killed the kernel ends every process of the host with it.
"""

import os
import signal
import subprocess
from pathlib import Path

ADDRESSES = ("10.20.7.7", "10.20.7.21", "10.20.7.22", "10.20.7.23", "10.20.7.30", "10.20.9.66")
ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def run(*words: str) -> None:
    subprocess.run(words, env=ENVIRON, stdin=subprocess.DEVNULL, check=False)


def main() -> None:
    os.chdir("/")
    os.umask(0o022)
    run("ip", "link", "set", "lo", "up")
    for address in ADDRESSES:  # every machine of the story is an address of the loopback interface
        run("ip", "addr", "add", address + "/32", "dev", "lo")
    Path("/run/sshd").mkdir(exist_ok=True)
    run("service", "ssh", "start")
    run("service", "cron", "start")
    run(
        "start-stop-daemon",
        "--start",
        "--background",
        "--chuid",
        "www-data",
        "--chdir",
        "/srv/status",
        "--make-pidfile",
        "--pidfile",
        "/run/status.pid",
        "--exec",
        "/usr/bin/python3",
        "--",
        "/srv/status/app.py",
    )
    Path("/run/booted").touch()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        signal.sigtimedwait({signal.SIGCHLD}, 5)


main()
