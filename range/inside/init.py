#!/usr/bin/python3
"""First process of a recorded host: wait for the network, start the services, then reap children.

It runs as pid 1 of its own pid, mount, network and uts namespaces; when it is killed the kernel ends every
process of the host with it. Words: the host's address, then the services as "user: command".
"""

import grp
import os
import pwd
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
LOGS = Path("/run/services")
AGAIN, REST = 40, 3  # a service that fails is started again, so often and after so many seconds


def run(*words):
    subprocess.run(words, env=ENVIRON, stdin=subprocess.DEVNULL, check=False)


def wait_for(path):
    for _ in range(2000):
        if Path(path).exists():
            return
        time.sleep(0.02)


def network(address):
    run("ip", "link", "set", "lo", "up")
    wait_for("/sys/class/net/eth0")
    run("ip", "addr", "add", address + "/16", "dev", "eth0")
    run("ip", "link", "set", "eth0", "up")
    run("ip", "route", "add", "default", "dev", "eth0")


def start(line, number):
    """Fork one service; returns its pid."""
    user, _, command = line.partition(": ")
    pid = os.fork()
    if pid:
        return pid
    try:
        out = os.open(LOGS / f"{number}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        who = pwd.getpwnam(user)
        os.initgroups(user, who.pw_gid)
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)
        os.chdir(who.pw_dir if Path(who.pw_dir).is_dir() else "/")
        words = shlex.split(command)
        os.execvpe(words[0], words, dict(ENVIRON, HOME=who.pw_dir, USER=user, LOGNAME=user, SHELL=who.pw_shell))
    except BaseException as wrong:
        sys.stderr.write(f"service {line!r}: {wrong}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)


class Services:
    """What runs beside sshd and cron."""

    def __init__(self, lines):
        self.lines, self.running, self.later = lines, {}, []
        self.failures = [0] * len(lines)

    def start(self, number):
        self.running[start(self.lines[number], number)] = number

    def ended(self, pid, status):
        number = self.running.pop(pid, None)
        if number is None:
            return
        code = os.waitstatus_to_exitcode(status)
        with (LOGS / "log").open("a") as out:
            out.write(f"{self.lines[number]} ended with {code}\n")
        self.failures[number] += 1
        if code and self.failures[number] <= AGAIN:
            self.later.append((time.time() + REST, number))

    def again(self):
        due = [entry for entry in self.later if entry[0] < time.time()]
        self.later = [entry for entry in self.later if entry not in due]
        for _, number in due:
            self.start(number)


def boot(address):
    os.chdir("/")
    os.umask(0o022)
    wait_for("/dev/log")
    network(address)
    for folder in ("/run/sshd", "/run/lock", LOGS):
        Path(folder).mkdir(exist_ok=True)
    seen = Path("/run/utmp")
    seen.touch()
    os.chown(seen, 0, grp.getgrnam("utmp").gr_gid)
    seen.chmod(0o664)
    run("service", "ssh", "start")
    run("service", "cron", "start")
    if Path("/usr/sbin/atd").exists():
        run("service", "atd", "start")


def reap(services):
    """Take notice of every child that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        services.ended(pid, status)


def main():
    boot(sys.argv[1])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    services = Services(sys.argv[2:])
    for number in range(len(services.lines)):
        services.start(number)
        time.sleep(0.3)
    Path("/run/booted").touch()
    while True:
        reap(services)
        services.again()
        signal.sigtimedwait({signal.SIGCHLD}, 1)


main()
