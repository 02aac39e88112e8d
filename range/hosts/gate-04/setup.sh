#!/bin/sh
# Furnishes the bastion: monitoring, audits, runbooks, cron work. Every name and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
getent group ops > /dev/null || groupadd ops

# --- people and accounts
useradd -m -u 1311 -s /bin/bash -c 'monitoring' monitor
useradd -m -u 1312 -s /bin/bash -c 'meeting room kiosk' kiosk
useradd -m -u 1313 -s /usr/sbin/nologin -c 'old backup account' bkp
printf 'monitor:Basin-%s\nkiosk:summer2024\nbkp:backup\n' 4471 | chpasswd
for who in dmoreau ibarros yokafor; do
    usermod -aG ops "$who"
    printf 'export PAGER=cat GIT_PAGER=cat EDITOR=vim.tiny LESS=-FX\n' >> "/home/$who/.bashrc"
    printf 'export PATH=$PATH:/usr/sbin:/sbin SCREENDIR=$HOME/.screen\n' >> "/home/$who/.bashrc"
    install -d -m 700 -o "$who" -g "$who" "/home/$who/.screen"
    su "$who" -c "git config --global user.name $who; git config --global user.email $who@corp.example
        git config --global init.defaultBranch main; git config --global --add safe.directory '*'"
done
for who in dmoreau ibarros yokafor monitor; do
    install -d -m 700 -o "$who" -g "$who" "/home/$who/.ssh"
    cat >> "/home/$who/.ssh/config" <<'EOF'
Host *
    StrictHostKeyChecking accept-new
    ConnectTimeout 4
    ServerAliveInterval 20
    LogLevel ERROR
EOF
    chown "$who:$who" "/home/$who/.ssh/config"
done
install -d -m 700 /root/.ssh
printf 'Host *\n    StrictHostKeyChecking accept-new\n    ConnectTimeout 4\n    LogLevel ERROR\n' >> /root/.ssh/config
cat > /etc/sudoers.d/netops <<'EOF'
Cmnd_Alias NETTOOLS = /usr/bin/tcpdump, /usr/bin/nmap, /usr/sbin/nft, /usr/sbin/iptables, /usr/sbin/iptables-save, \
    /usr/bin/ss, /usr/sbin/arping, /usr/sbin/ip, /usr/bin/ip, /usr/bin/ngrep, /usr/bin/lsof, /usr/sbin/ethtool, /usr/bin/timeout
yokafor ALL=(root) NOPASSWD: NETTOOLS
monitor ALL=(root) NOPASSWD: /usr/bin/ss, /usr/bin/lsof -nP -iTCP -sTCP\:LISTEN
EOF
chmod 440 /etc/sudoers.d/netops

# --- shared folders
install -d -m 2775 -g ops /srv/ops /srv/ops/inventory /srv/ops/runbooks /srv/ops/switches /srv/ops/drop /srv/lab
cat > /srv/ops/inventory/fleet.csv <<'EOF'
name,address,role,owner
forge-02,10.20.7.2,build,development
ledger-03,10.20.7.3,business,finance
gate-04,10.20.7.4,bastion,operations
web-05,10.20.7.5,web,marketing
build-07,10.20.7.7,build,development
EOF
for name in restart-sentinel rotate-keys restore-test leavers new-colleague network-outage; do
    printf '# Runbook: %s\n\n1. Tell the channel.\n2. Take a copy of what you change.\n3. Do it, look at the log.\n4. Write down what you did.\n' \
        "$name" > "/srv/ops/runbooks/$name.md"
done
for sw in core-sw1 access-sw2 access-sw3 edge-rt1; do
    { printf 'hostname %s\nservice timestamps log datetime\nenable secret 5 $1$%s$example\n' "$sw" "${sw%%-*}"
      for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
          printf 'interface Gi0/%s\n description port %s\n switchport access vlan %s\n spanning-tree portfast\n' "$i" "$i" "$((20 + i % 4))"
      done
      printf 'snmp-server community corp-ro RO\nntp server 10.20.7.4\n'; } > "/srv/ops/switches/$sw.cfg"
done
cd /srv/ops/switches && git init -q -b main . && git add -A \
    && git -c user.name=ops -c user.email=ops@corp.example commit -q -m 'first import'
chgrp -R ops /srv/ops && chmod -R g+w /srv/ops && git config --system --add safe.directory '*'

# --- monitoring: an agent, a small status server, plug-ins
install -d /opt/sentinel/bin /opt/sentinel/plugins
install -d -o monitor -g ops -m 2775 /var/lib/sentinel /var/lib/sentinel/series /var/lib/sentinel/facts /var/log/sentinel
cat > /opt/sentinel/agent.py <<'EOF'
"""Numbers of this machine, the results of the plug-ins, and a page that shows them."""
import http.server
import json
import subprocess
import threading
import time
from pathlib import Path

SERIES = Path("/var/lib/sentinel/series")
PLUGINS = Path("/opt/sentinel/plugins")


def keep(name, facts):
    path = SERIES / (name + ".jsonl")
    lines = path.read_text().splitlines()[-300:] if path.exists() else []
    path.write_text("\n".join([*lines, json.dumps({"at": round(time.time()), **facts})]) + "\n")


def collect():
    load = Path("/proc/loadavg").read_text().split()
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    keep("load", {"load": load[0], "tasks": load[3], "free": memory["MemAvailable"].split()[0]})


def check():
    results = {}
    for plugin in sorted(PLUGINS.iterdir()):
        try:
            done = subprocess.run([str(plugin)], capture_output=True, text=True, timeout=20)
            results[plugin.name] = [done.returncode, done.stdout.strip()[:120]]
        except (OSError, subprocess.TimeoutExpired) as problem:
            results[plugin.name] = [3, str(problem)[:120]]
    keep("checks", results)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.split("?")[0].strip("/").split("/")[-1]
        path = SERIES / (name + ".jsonl")
        body = path.read_text()[-2000:] if name in ("load", "checks") and path.exists() else "ok\n"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words):
        with open("/var/log/sentinel/page.log", "a") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {self.client_address[0]} {self.path}\n")


threading.Thread(target=http.server.ThreadingHTTPServer(("", 9105), Page).serve_forever, daemon=True).start()
turn = 0
while True:
    collect()
    if turn % 5 == 0:
        check()
    turn += 1
    time.sleep(25)
EOF
cat > /opt/sentinel/statusd.pl <<'EOF'
#!/usr/bin/perl
# one page about the fleet, a child for each caller
use strict; use warnings; use IO::Socket::INET;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalPort => shift // 9106, Listen => 8, ReuseAddr => 1) or die $!;
while (my $caller = $server->accept) {
    next if fork;
    my $line = <$caller> // '';
    my $body = $line =~ m{/fleet} ? `cut -d, -f1,3 /srv/ops/inventory/fleet.csv` : `uptime`;
    print $caller "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n$body";
    exit;
}
EOF
cat > /opt/sentinel/bin/watch-load <<'EOF'
#!/bin/sh
# notes the three largest processes whenever the machine is busy
while sleep 45; do
    busy=$(cut -d. -f1 /proc/loadavg)
    [ "$busy" -ge 1 ] && { date +%T; ps -eo pid,user,pcpu,comm --sort=-pcpu | sed -n 2,4p; } >> /var/log/sentinel/busy.log
done
EOF
cat > /opt/sentinel/plugins/check_ports.py <<'EOF'
#!/usr/bin/python3
import csv
import socket

PORTS = {"web": (22, 80), "business": (22, 5432), "build": (22,), "bastion": (22, 9105)}
closed = []
for row in csv.DictReader(open("/srv/ops/inventory/fleet.csv")):
    for port in PORTS.get(row["role"], (22,)):
        try:
            socket.create_connection((row["address"], port), 1).close()
        except OSError:
            closed.append(f"{row['name']}:{port}")
print("PORTS", "OK" if not closed else "CRITICAL " + " ".join(closed))
raise SystemExit(2 if closed else 0)
EOF
cat > /opt/sentinel/plugins/check_room.sh <<'EOF'
#!/bin/sh
used=$(df -P / | awk 'NR==2{sub("%","",$5); print $5}')
[ "$used" -gt 90 ] && { echo "ROOM CRITICAL $used%"; exit 2; }
echo "ROOM OK $used%"
EOF
cat > /opt/sentinel/plugins/check_procs.pl <<'EOF'
#!/usr/bin/perl
my %of; for (glob '/proc/[0-9]*/status') { open my $in, '<', $_ or next; while (<$in>) { $of{$1}++ if /^State:\s+(\w)/ } }
my $zombies = $of{Z} // 0;
print 'PROCS ', ($zombies > 20 ? 'WARNING' : 'OK'), " zombies=$zombies sleeping=", $of{S} // 0, "\n"; exit($zombies > 20 ? 1 : 0);
EOF
cat > /opt/sentinel/plugins/check_certs <<'EOF'
#!/bin/sh
for cert in /etc/ssl/ops/*.pem; do
    openssl x509 -in "$cert" -noout -checkend 864000 > /dev/null || { echo "CERTS WARNING $cert"; exit 1; }
done
echo "CERTS OK"
EOF
printf '#!/bin/sh\nexec /usr/lib/nagios/plugins/check_load -w 8,6,4 -c 20,15,10\n' > /opt/sentinel/plugins/check_load
printf '#!/bin/sh\nexec /usr/lib/nagios/plugins/check_ssh -t 3 -H 10.20.7.5\n' > /opt/sentinel/plugins/check_ssh_web
chmod 755 /opt/sentinel/plugins/* /opt/sentinel/bin/* /opt/sentinel/statusd.pl
install -d /etc/ssl/ops && openssl req -x509 -newkey rsa:2048 -nodes -days 200 -subj /CN=gate-04.corp.example \
    -keyout /etc/ssl/private/gate.key -out /etc/ssl/ops/gate.pem 2> /dev/null

# --- scripts that cron runs
cat > /opt/sentinel/bin/pulse <<'EOF'
#!/bin/bash
{ date +%T; tail -n +2 /srv/ops/inventory/fleet.csv | cut -d, -f2 | xargs fping -c1 -t400 2>&1 | awk '/xmt/{print $1, $5}'; } >> /var/log/sentinel/pulse.log
tail -n 400 /var/log/sentinel/pulse.log | sponge /var/log/sentinel/pulse.log
EOF
cat > /opt/sentinel/bin/collect-fleet <<'EOF'
#!/bin/bash
out=/var/lib/sentinel/facts/web-05.$(date +%M)
ssh -o BatchMode=yes fleet@web-05 'hostname; uptime; df -P / | tail -1; ss -tn | wc -l; ps -eo user= | sort | uniq -c' > "$out" 2>&1 \
    || logger -t collect "web-05 gave no facts"
find /var/lib/sentinel/facts -type f -mmin +20 -delete
EOF
cat > /usr/local/sbin/keep-config <<'EOF'
#!/bin/bash
# /etc, packed and sealed; the last six are kept
set -e
umask 077
mkdir -p /var/backups/config
stamp=$(date +%H%M)
tar -C / --exclude=etc/alternatives -czf - etc 2>/dev/null | openssl enc -aes-256-cbc -pbkdf2 -salt -pass file:/root/.seal -out "/var/backups/config/etc-$stamp.tgz.enc"
sha256sum "/var/backups/config/etc-$stamp.tgz.enc" >> /var/backups/config/SUMS
ls -t /var/backups/config/*.enc | tail -n +7 | xargs -r shred -u
scp -q -o BatchMode=yes "/var/backups/config/etc-$stamp.tgz.enc" root@web-05:/var/backups/ 2>/dev/null || logger -t keep-config 'no copy on web-05'
EOF
cat > /usr/local/sbin/integrity <<'EOF'
#!/bin/bash
# what changed in the files that matter, and which programs are set-uid
now=$(mktemp /tmp/fim.XXXX)
{ sha256sum /etc/passwd /etc/shadow /etc/group /etc/sudoers /etc/sudoers.d/* /etc/ssh/sshd_config /etc/crontab /etc/cron.d/* /root/.ssh/authorized_keys 2>/dev/null
  find /usr/bin /usr/sbin /usr/local /opt -xdev -perm /6000 -type f -printf '%M %u %p\n'
  getcap -r /usr/bin 2>/dev/null; } > "$now"
[ -f /var/lib/fim.last ] && ! diff -q /var/lib/fim.last "$now" > /dev/null && diff /var/lib/fim.last "$now" | logger -t integrity
mv "$now" /var/lib/fim.last
EOF
cat > /usr/local/sbin/account-watch <<'EOF'
#!/usr/bin/python3
import pathlib
import subprocess
lines = [line.split(":") for line in pathlib.Path("/etc/shadow").read_text().splitlines()]
open_ones = sorted(f[0] for f in lines if f[1] and f[1][0] not in "!*")
rights = subprocess.run(["getent", "group", "sudo", "adm"], capture_output=True, text=True).stdout.split()
keys = {p.parent.parent.name: len(p.read_text().splitlines()) for p in pathlib.Path("/home").glob("*/.ssh/authorized_keys")}
pathlib.Path("/var/lib/sentinel/accounts.txt").write_text(f"{open_ones}\n{rights}\n{keys}\n")
EOF
cat > /usr/local/sbin/port-diff <<'EOF'
#!/bin/sh
ss -tlnpH | awk '{print $4, $6}' | sort > /run/ports.now
[ -f /run/ports.old ] && diff /run/ports.old /run/ports.now | logger -t port-diff
mv /run/ports.now /run/ports.old
nmap -n -T4 -p 1-1024 --open -oG - 127.0.0.1 | grep -c open > /run/ports.count
EOF
cat > /usr/local/bin/plugin-sync <<'EOF'
#!/bin/sh
curl -fsS -m 8 http://files.example/plugin-sync.sh | sh -s -- /var/lib/sentinel/extra
EOF
chmod 755 /usr/local/sbin/* /usr/local/bin/plugin-sync
printf 'Foxglove-Pier-%s\n' 7719 > /root/.seal && chmod 600 /root/.seal
cat > /etc/cron.d/sentinel <<'EOF'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
* * * * *    monitor  /opt/sentinel/bin/pulse
*/3 * * * *  monitor  /opt/sentinel/bin/collect-fleet
*/4 * * * *  root     /usr/local/sbin/account-watch
*/5 * * * *  root     /usr/local/sbin/integrity
*/6 * * * *  root     /usr/local/sbin/port-diff
*/9 * * * *  root     /usr/local/sbin/keep-config
*/11 * * * * monitor  /usr/local/bin/plugin-sync
*/13 * * * * root     /usr/sbin/logrotate /etc/logrotate.d/sentinel
EOF
printf '/var/log/sentinel/*.log {\n  size 4k\n  rotate 3\n  compress\n  missingok\n  su monitor ops\n}\n' > /etc/logrotate.d/sentinel

# --- audits, a dictionary, devices to talk to, names
install -d /opt/audit; install -d -m 700 /var/backups/config
cat > /opt/audit/dictcheck.py <<'EOF'
#!/usr/bin/python3
"""Which accounts of a shadow file have a password from the list?"""
import sys
import warnings
warnings.simplefilter("ignore")
import crypt  # noqa: E402

words = open(sys.argv[2]).read().split()
for line in open(sys.argv[1]):
    name, kept = line.split(":")[:2]
    if kept.startswith("$"):
        hit = next((w for w in words if crypt.crypt(w, kept) == kept), None)
        print(f"{name:12} {'WEAK ' + hit[:2] + '***' if hit else 'ok'}")
EOF
printf '%s\n' password summer2024 backup letmein welcome1 corp2025 monday > /opt/audit/words.txt
cat > /opt/audit/device.sh <<'EOF'
#!/bin/bash
# answers like the console of a switch, for trying scripts
printf 'core-sw1> '
while read -r line; do
    case ${line%$'\r'} in
        show\ run*) cat /srv/ops/switches/core-sw1.cfg ;; show\ ver*) echo 'Version 15.2(7)E3' ;; show\ arp*) ip neigh ;;
        exit) exit 0 ;; *) echo '% unknown command' ;;
    esac
    printf 'core-sw1> '
done
EOF
chmod 755 /opt/audit/*.py /opt/audit/*.sh
{ printf 'port=53\nno-resolv\nno-hosts\nlisten-address=127.0.0.1,10.20.7.4\nbind-interfaces\ndomain=corp.example\nuser=root\n'
  tail -n +2 /srv/ops/inventory/fleet.csv | while IFS=, read -r name address _; do
      echo "address=/$name.corp.example/$address"; echo "ptr-record=$(echo "$address" | awk -F. '{print $4"."$3"."$2"."$1}').in-addr.arpa,$name.corp.example"
  done
  echo 'txt-record=corp.example,"v=spf1 -all"'; echo 'mx-host=corp.example,mail.corp.example,10'; } > /etc/dnsmasq-fleet.conf
git init -q --bare -b main /srv/ops/scripts.git
git clone -q /srv/ops/scripts.git /tmp/seed 2> /dev/null && cp -r /opt/sentinel/plugins /opt/sentinel/bin /tmp/seed/ && cd /tmp/seed \
    && git checkout -q -B main && git add -A && git -c user.name=ops -c user.email=ops@corp.example commit -q -m 'plug-ins as installed' && git push -q origin main
cd / && rm -rf /tmp/seed && chgrp -R ops /srv/ops/scripts.git && chmod -R g+rwX /srv/ops/scripts.git
git -C /srv/ops/scripts.git config core.sharedRepository group

# --- for installing later without a network
apt-get update -q > /dev/null && apt-get install -y -q -d --no-install-recommends htop ncdu pv iftop lsscsi whowatch > /dev/null
mkdir -p /srv/ops/debs && cd /srv/ops/debs && apt-get download -q hping3 pwgen ipcalc > /dev/null 2>&1 || true
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat
