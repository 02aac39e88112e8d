#!/bin/sh
# Web machine: parcel tracking (nginx, Python, Perl, PostgreSQL), a runner of queued jobs, releases, page checks.
# Every name, password and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1

for group in release shuttle; do getent group "$group" > /dev/null || groupadd "$group"; done
getent passwd waybill > /dev/null || useradd -r -d /srv/waybill -s /usr/sbin/nologin waybill
getent passwd shuttle > /dev/null || useradd -r -g shuttle -d /var/lib/shuttle -s /bin/bash shuttle
getent passwd pageprobe > /dev/null || useradd -r -m -d /var/lib/pageprobe -s /usr/sbin/nologin pageprobe
for who in jlindqvist rcosta pwojcik; do
    printf 'PATH=$PATH:/opt/shuttle/bin:/opt/release/bin\n' >> "/home/$who/.bashrc"
done
setcap cap_net_raw+p /usr/bin/ping
git config --system --add safe.directory '*'

# --- database
version=$(ls /etc/postgresql | tail -1)
cat > "/etc/postgresql/$version/main/conf.d/site.conf" <<'CONF'
listen_addresses = '*'
log_destination = 'syslog'
syslog_facility = 'LOCAL0'
log_connections = on
log_min_duration_statement = 400
max_connections = 40
shared_buffers = 32MB
fsync = off
CONF
hba=/etc/postgresql/$version/main/pg_hba.conf
printf 'host haulage all 10.20.0.0/16 scram-sha-256\n' >> "$hba"
pg_ctlcluster "$version" main start
su postgres -c psql <<'SQL'
CREATE ROLE waybill LOGIN PASSWORD 'warp-and-weft-6';
CREATE ROLE jlindqvist LOGIN;
CREATE ROLE rcosta LOGIN;
CREATE ROLE pwojcik LOGIN SUPERUSER;
CREATE ROLE shuttle LOGIN CREATEDB;
CREATE DATABASE haulage OWNER waybill;
\c haulage
SET ROLE waybill;
CREATE TABLE depot (id int PRIMARY KEY, town text, docks int);
CREATE TABLE parcel (id int PRIMARY KEY, sender text, consignee text, grams int, state text, due date);
CREATE TABLE scan (id bigserial PRIMARY KEY, parcel int, depot int, at timestamptz DEFAULT now(), note text);
CREATE TABLE tariff (zone int, grams int, cents int);
CREATE TABLE courier (id int PRIMARY KEY, name text, phone text, iban text);
CREATE INDEX ON scan (parcel);
INSERT INTO depot SELECT g, 'town ' || g, 2 + g % 5 FROM generate_series(1, 12) g;
INSERT INTO parcel SELECT g, 'sender ' || g % 90, 'consignee ' || g, 200 + g * 7 % 9000,
    (ARRAY['booked', 'moving', 'held', 'delivered'])[1 + g % 4], date '2026-11-01' + g % 60 FROM generate_series(1, 4000) g;
INSERT INTO scan (parcel, depot, note) SELECT 1 + g % 4000, 1 + g % 12, 'load' FROM generate_series(1, 12000) g;
INSERT INTO tariff SELECT z, w * 500, 300 + z * 40 + w * 25 FROM generate_series(1, 5) z, generate_series(1, 12) w;
INSERT INTO courier SELECT g, 'courier ' || g, '555-01' || g, 'XX00' || g FROM generate_series(1, 30) g;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO jlindqvist, rcosta, shuttle;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO jlindqvist, rcosta, shuttle;
RESET ROLE;
ANALYZE;
SQL
pg_ctlcluster "$version" main stop
ln -sf "/usr/lib/postgresql/$version/bin/pgbench" /usr/local/bin/pgbench
printf '\\set QUIET 1\n\\pset pager off\n\\unset QUIET\n' > /etc/postgresql-common/psqlrc
printf '127.0.0.1:5432:*:waybill:warp-and-weft-6\n' > /etc/waybill.pgpass
chown waybill: /etc/waybill.pgpass && chmod 600 /etc/waybill.pgpass

# --- the application, as a repository with its first release in place
mkdir -p /opt/waybill /opt/labels /opt/shuttle/bin /opt/release/bin /srv/releases /srv/waybill
cp -r app /tmp/app-src
git init -q --bare --shared=group -b main /srv/waybill.git
(cd /tmp/app-src && git init -q -b main && git add -A \
    && git -c user.name=jlindqvist -c user.email=jlindqvist@corp.example commit -qm 'Parcel pages' \
    && git tag v1.0 && git push -q /srv/waybill.git main v1.0)
chgrp -R shuttle /srv/waybill.git && chmod -R g+w /srv/waybill.git
install -d -m 2775 -g release /srv/releases /srv/releases/1.0 /srv/waybill
(cd /tmp/app-src && git archive v1.0) | tar -C /srv/releases/1.0 -xf -
ln -sfn /srv/releases/1.0 /srv/waybill/current
rm -rf /tmp/app-src
su jlindqvist -c 'cd && git clone -q --no-hardlinks /srv/waybill.git waybill'
su rcosta -c 'cd && git clone -q --no-hardlinks /srv/waybill.git waybill'
cp files/traffic.py /opt/waybill/ && cp files/labels.pl /opt/labels/ && cp files/runner.py /opt/shuttle/
cp files/shuttle /opt/shuttle/bin/ && cp files/cut-release files/switch-release /opt/release/bin/
cp files/page-probe files/trim-scans files/dump-haulage /usr/local/bin/
chmod 755 /opt/shuttle/bin/* /opt/release/bin/* /usr/local/bin/page-probe /usr/local/bin/trim-scans \
    /usr/local/bin/dump-haulage
for folder in queue running done failed; do install -d -m 2775 -o shuttle -g shuttle "/var/spool/shuttle/$folder"; done
install -d -m 2775 -o shuttle -g shuttle /var/lib/shuttle /var/log/shuttle
install -d -o waybill -g adm -m 2755 /var/log/waybill
install -d -m 700 /var/backups/haulage
mkdir -p /srv/bench && cat > /srv/bench/scans.sql <<'SQL'
\set p random(1, 4000)
SELECT parcel.state, count(*) FROM parcel JOIN scan ON scan.parcel = parcel.id WHERE parcel.id = :p GROUP BY 1;
INSERT INTO scan (parcel, depot, note) VALUES (:p, 1 + :p % 12, 'bench');
SQL
cat > /etc/sudoers.d/release <<'RULES'
%release ALL=(root) NOPASSWD: /opt/release/bin/switch-release
RULES
chmod 440 /etc/sudoers.d/release
su rcosta -c 'gpg --batch --quiet --passphrase "" --quick-gen-key "Rita Costa <rcosta@corp.example>" ed25519' \
    > /dev/null 2>&1 || true

# --- the page in front
cat > /etc/nginx/sites-available/waybill <<'NGX'
log_format brief '$remote_addr $time_iso8601 "$request" $status $request_time';
server {
    listen 80 default_server;
    access_log /var/log/nginx/waybill.log brief;
    root /srv/waybill/current/static;
    location = /style.css { expires 1h; }
    location = /robots.txt { expires 1h; }
    location /label/ { proxy_pass http://127.0.0.1:8390/; }
    location / { proxy_pass http://127.0.0.1:8380; proxy_set_header X-Forwarded-For $remote_addr; }
}
NGX
rm -f /etc/nginx/sites-enabled/*
ln -s /etc/nginx/sites-available/waybill /etc/nginx/sites-enabled/waybill
sed -i 's/worker_processes.*/worker_processes 1;/' /etc/nginx/nginx.conf

cat > /etc/cron.d/mill <<'CRON'
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
3-59/5 * * * * pageprobe /usr/local/bin/page-probe /parcel/17 > /dev/null 2>&1
*/4 * * * *  postgres  pgbench -n -c 2 -T 2 -f /srv/bench/scans.sql haulage > /tmp/bench.txt 2>&1
*/6 * * * *  postgres  psql -q -d haulage -c 'VACUUM ANALYZE scan'
*/10 * * * * root      /usr/local/bin/dump-haulage
*/7 * * * *  root      /usr/local/bin/trim-scans
*/9 * * * *  root      /usr/sbin/logrotate /etc/logrotate.d/mill
*/8 * * * *  shuttle   /opt/shuttle/bin/shuttle submit /srv/waybill.git/nightly.job > /dev/null 2>&1
*/2 * * * *  waybill   curl -fsS -m 5 -o /dev/null http://127.0.0.1:8380/health || logger -t waybill 'no answer'
CRON
cat > /srv/waybill.git/nightly.job <<'JOB'
git clone -q --no-hardlinks /srv/waybill.git src && cd src
python3 -m py_compile app.py
python3 -m unittest -q 2>&1 | tail -1
JOB
cat > /etc/logrotate.d/mill <<'ROT'
/var/log/nginx/waybill.log /var/log/waybill/*.log {
    su root adm
    size 6k
    rotate 5
    compress
    missingok
    sharedscripts
    postrotate
        test -f /run/nginx.pid && kill -USR1 $(cat /run/nginx.pid)
    endscript
}
ROT
apt-get install -y -q -d --no-install-recommends apache2-utils figlet pv moreutils > /dev/null
chown -R shuttle: /var/lib/shuttle
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat
