#!/bin/sh
# Laboratory machine: data sets, a catalogue, a MariaDB of measurements, tools of two scientists.
# Every name, password and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1

getent group estuary > /dev/null || groupadd estuary
for who in hvermeer oduarte kbrandt; do usermod -aG estuary "$who"; done
for who in catalogue gauge; do
    getent passwd "$who" > /dev/null || useradd -r -d "/opt/lab/$who" -s /usr/sbin/nologin "$who"
done
for who in hvermeer oduarte kbrandt; do
    echo 'export SCREENDIR=$HOME/.screen' >> "/home/$who/.bashrc"
    su "$who" -c "git config --global init.defaultBranch trunk"
done

# --- data: what the laboratory works on
install -d -m 2775 -g estuary /srv/estuary /srv/estuary/raw /srv/estuary/derived /srv/estuary/runs /srv/estuary/seq
install -d -m 2770 -g estuary /srv/estuary/embargo
for station in 03 07 12 18 24 31 40 52; do
    awk -v s="$station" 'BEGIN{srand(s); print "time,level,salinity,turbidity"; for(i=0;i<600;i++)
        printf "2026-%02d-%02dT%02d:00,%.3f,%.2f,%.1f\n", 1+i/50, 1+i%28, i%24,
            2*sin(i/1.98+s)+rand()*0.2, 20+8*sin(i/12)+rand(), 3+rand()*40}' > "/srv/estuary/raw/gauge-$station.csv"
done
awk 'BEGIN{srand(5); split("A C G T",b," "); for(r=1;r<=60;r++){printf ">contig_%03d len=240\n", r;
    for(i=0;i<4;i++){s=""; for(j=0;j<60;j++) s=s b[1+int(rand()*4)]; print s}}}' > /srv/estuary/seq/plankton.fa
awk 'BEGIN{srand(9); print "sample,depth,species,count"; split("diatom copepod ciliate krill rotifer",k," ");
    for(i=1;i<=500;i++) printf "S%04d,%d,%s,%d\n", i, rand()*60, k[1+int(rand()*5)], rand()*900}' \
    > /srv/estuary/seq/counts.csv
printf 'Embargoed until the paper is out: dredging study, sites 12 and 31.\nContact: hvermeer\n' \
    > /srv/estuary/embargo/README
cp /srv/estuary/raw/gauge-12.csv /srv/estuary/embargo/dredging-12.csv
chgrp -R estuary /srv/estuary && chmod -R g+w /srv/estuary

# --- catalogue (read by colleagues and partners) and the feed of one gauge
mkdir -p /opt/lab/catalogue /opt/lab/gauge /opt/lab/bin /opt/lab/wheels
cat > /opt/lab/catalogue/serve.py <<'PY'
"""Catalogue of the laboratory's data sets: answers JSON, takes notes of runs."""

import http.server
import json
import os
import pathlib
import time
import urllib.parse

DATA = pathlib.Path("/srv/estuary")


class Catalogue(http.server.BaseHTTPRequestHandler):
    def answer(self, value, status=200):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        like = urllib.parse.parse_qs(url.query).get("like", [""])[0]
        names = sorted(path.stem for path in (DATA / "raw").glob("*.csv"))
        if url.path == "/health":
            return self.answer({"ok": True, "sets": len(names), "pid": os.getpid()})
        if url.path.startswith("/stations"):
            return self.answer([name.removeprefix("gauge-") for name in names])
        if url.path == "/runs":
            return self.answer(sorted(path.name for path in (DATA / "runs").glob("*.json"))[-20:])
        if url.path.startswith("/datasets"):
            return self.answer([name for name in names if like in name or len(like) > 3])
        return self.answer({"error": "no such page"}, 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        note = {"at": time.time(), "fields": dict(urllib.parse.parse_qsl(body)[:8])}
        (DATA / "runs" / f"{time.time_ns()}.json").write_text(json.dumps(note))
        self.answer({"noted": True})

    def log_message(self, form, *words):
        with open("/var/log/catalogue/access.log", "a", encoding="utf-8") as log:
            log.write(f"{self.address_string()} {time.strftime('%H:%M:%S')} {form % words}\n")


http.server.ThreadingHTTPServer(("0.0.0.0", 8811), Catalogue).serve_forever()
PY
install -d -o catalogue -g adm -m 2755 /var/log/catalogue
usermod -aG estuary catalogue
cat > /opt/lab/gauge/feed.pl <<'PL'
#!/usr/bin/perl
# Plays the river gauge on the roof: one line to each caller, a new reading every ten seconds.
use strict; use warnings; use IO::Socket::INET; use POSIX ();
my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 4090, Listen => 5, ReuseAddr => 1) or die;
while (my $caller = $door->accept) {
    my $now = time;
    printf $caller "%s,%.3f,%.2f\n", POSIX::strftime('%FT%T', gmtime $now), 2 * sin($now / 7100), 20 + rand 8;
    close $caller;
}
PL
chown -R catalogue: /opt/lab/catalogue && chown -R gauge: /opt/lab/gauge

# --- own tools
cat > /opt/lab/bin/tidemean <<'PY'
#!/usr/bin/python3
"""tidemean FILE...: mean, spread and range of each gauge."""
import csv
import statistics
import sys

for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        levels = [float(row["level"]) for row in csv.DictReader(file)]
    print(name.rsplit("/")[-1], f"{statistics.mean(levels):.3f} {statistics.pstdev(levels):.3f}",
          f"{max(levels) - min(levels):.3f}")
PY
cat > /opt/lab/bin/gauge-pull <<'SH'
#!/bin/bash
# one reading of the roof gauge into today's file
exec 3<>/dev/tcp/127.0.0.1/4090 || exit 1
read -r line <&3
echo "$line" >> /srv/estuary/derived/roof-$(date +%F).csv
SH
cat > /opt/lab/bin/nightly-derive <<'SH'
#!/bin/sh
# daily means of all gauges, packed; the week before is thrown away
set -e
cd /srv/estuary/derived
for file in ../raw/gauge-*.csv; do
    datamash -t, --header-in -s -R 3 mean 2 min 2 max 2 < "$file" > "$(basename "$file" .csv).stat"
done
cat -- *.stat | zstd -q -f -o "stats-$(date +%H%M).zst"
find . -name 'stats-*.zst' -mmin +40 -delete
logger -t derive "statistics of $(ls ../raw | wc -l) gauges"
SH
cat > /opt/lab/bin/db-dump <<'SH'
#!/bin/sh
set -e
umask 077
mkdir -p /var/backups/estuary-db
mariadb-dump --single-transaction estuary | pigz -p1 > "/var/backups/estuary-db/estuary-$(date +%H%M).sql.gz"
ls -t /var/backups/estuary-db/*.sql.gz | tail -n +5 | xargs -r rm -f
SH
cat > /opt/lab/bin/quota-note <<'SH'
#!/bin/sh
# who fills the disk: one line a person for the group's page
for home in /home/*; do printf '%s %s\n' "$(basename "$home")" "$(du -sk "$home" 2>/dev/null | cut -f1)"; done \
    | sort -k2 -rn > /srv/estuary/runs/quota.txt
SH
chmod 755 /opt/lab/bin/*
ln -sf /opt/lab/bin/tidemean /usr/local/bin/tidemean
echo 'PATH=$PATH:/opt/lab/bin' > /etc/profile.d/lab.sh
for who in hvermeer oduarte kbrandt; do echo 'PATH=$PATH:/opt/lab/bin' >> "/home/$who/.bashrc"; done

cat > /etc/cron.d/lab <<'CRON'
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
*/2 * * * *  gauge     /usr/bin/sg estuary -c /opt/lab/bin/gauge-pull
*/9 * * * *  root      /opt/lab/bin/nightly-derive
*/13 * * * * root      /opt/lab/bin/db-dump
*/6 * * * *  root      /opt/lab/bin/quota-note
*/4 * * * *  catalogue curl -fsS -m 5 -o /dev/null http://127.0.0.1:8811/health || logger -t catalogue "no answer"
*/11 * * * * root      /usr/sbin/logrotate /etc/logrotate.d/catalogue
*/5 * * * *  oduarte   test -x $HOME/bin/hourly && $HOME/bin/hourly
CRON
usermod -aG estuary gauge
printf '/var/log/catalogue/access.log {\n    su catalogue adm\n    size 3k\n    rotate 3\n    compress\n' \
    > /etc/logrotate.d/catalogue
printf '    missingok\n    copytruncate\n}\n' >> /etc/logrotate.d/catalogue

printf '2026-11-20T06:00:00,0.812,24.10\n' > /srv/estuary/derived/roof-2026-11-20.csv
chgrp estuary /srv/estuary/derived/*.csv && chmod g+w /srv/estuary/derived/*.csv
setcap cap_net_raw+p /usr/bin/ping

# --- measurements in MariaDB; people come in through their own accounts
install -d -o mysql -g mysql /run/mysqld
mariadbd --user=mysql --skip-networking --socket=/run/mysqld/mysqld.sock > /dev/null 2>&1 &
for _ in $(seq 60); do mariadb-admin ping > /dev/null 2>&1 && break; sleep 0.5; done
mariadb <<'SQL'
CREATE DATABASE IF NOT EXISTS estuary;
USE estuary;
CREATE TABLE IF NOT EXISTS station (id INT PRIMARY KEY, name VARCHAR(40), lat DOUBLE, lon DOUBLE);
CREATE TABLE IF NOT EXISTS reading (id BIGINT AUTO_INCREMENT PRIMARY KEY, station INT, at DATETIME, level DOUBLE,
    salinity DOUBLE, KEY (station, at));
CREATE TABLE IF NOT EXISTS permit (holder VARCHAR(60), site INT, until DATE, note TEXT);
INSERT IGNORE INTO station SELECT seq, CONCAT('gauge ', seq), 53+seq/100, 5+seq/80 FROM seq_1_to_60;
INSERT INTO reading (station, at, level, salinity)
    SELECT 1+MOD(seq,60), '2026-01-01' + INTERVAL seq HOUR, 2*SIN(seq/1.98), 20+RAND()*8 FROM seq_1_to_6000;
INSERT INTO permit SELECT CONCAT('holder ', seq), 1+MOD(seq,60), '2027-01-01', 'dummy' FROM seq_1_to_40;
CREATE USER IF NOT EXISTS hvermeer@localhost IDENTIFIED VIA unix_socket;
CREATE USER IF NOT EXISTS oduarte@localhost IDENTIFIED VIA unix_socket;
CREATE USER IF NOT EXISTS reader@localhost IDENTIFIED BY 'low-tide-17';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER, LOCK TABLES ON estuary.* TO hvermeer@localhost, oduarte@localhost;
GRANT FILE ON *.* TO hvermeer@localhost;
GRANT SELECT ON estuary.* TO reader@localhost;
SQL
/opt/lab/bin/db-dump
mariadb-admin shutdown
wait
printf '[client]\nuser=reader\npassword=low-tide-17\n' > /opt/lab/reader.cnf
chown root:estuary /opt/lab/reader.cnf && chmod 640 /opt/lab/reader.cnf

# --- packages that people install later without a registry
(cd /opt/lab/wheels && python3 -m pip download -q --no-deps --only-binary :all: tabulate tqdm click attrs \
    humanize python-dateutil six packaging) || true
chmod -R a+rX /opt/lab/wheels
apt-get install -y -q -d --no-install-recommends cowsay figlet jo units tidy > /dev/null

# --- a shared repository, a keyring for results
git init -q --bare --shared=group -b trunk /srv/estuary/notes.git
chgrp -R estuary /srv/estuary/notes.git
git config --system --add safe.directory '*'
su hvermeer -c 'cd && git clone -q /srv/estuary/notes.git notes 2>/dev/null && cd notes && printf "# Field notes\n" \
    > README.md && git add . && git commit -qm "Field notes" && git push -q origin HEAD:trunk'
su hvermeer -c 'gpg --batch --quiet --passphrase "" --quick-gen-key "Hanna Vermeer <hvermeer@corp.example>" future-default default' \
    > /dev/null 2>&1 || true
su oduarte -c 'cd && git clone -q /srv/estuary/notes.git field-notes && mkdir -p bin'
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat
