#!/bin/sh
# ledger-03: database, bookkeepers' app, reports, backups. Runs once in the new tree (chroot).
# Every name, password and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1
people="ihalvorsen cjanssen bfaulkner"

# --- accounts beside the people
for group in dba books-read; do getent group $group > /dev/null || groupadd $group; done
id books > /dev/null 2>&1 || useradd -r -m -d /srv/books -s /bin/bash books
id vault > /dev/null 2>&1 || useradd -r -m -d /srv/vault -s /bin/bash vault
usermod -p '*' vault
usermod -aG books-read books
chmod 755 /srv/vault
install -d -m 755 -o vault -g vault /srv/vault/forge /srv/vault/ledger /srv/vault/wal
cat > /etc/sudoers.d/ledger <<'SUDO'
%dba ALL=(postgres) NOPASSWD: ALL
%dba ALL=(root) NOPASSWD: /usr/bin/pg_ctlcluster, /usr/bin/pg_lsclusters, /usr/sbin/logrotate -f /etc/logrotate.d/ledger, \
    /usr/bin/tail -n * /var/log/*, /usr/bin/grep * /var/log/syslog
cjanssen ALL=(books) NOPASSWD: /usr/local/bin/publish-report
SUDO
chmod 440 /etc/sudoers.d/ledger

for who in $people books root postgres; do
    home=$(getent passwd "$who" | cut -d: -f6)
    group=$(id -gn "$who")
    install -d -m 700 -o "$who" -g "$group" "$home/.ssh"
    [ -f "$home/.ssh/id_ed25519" ] || ssh-keygen -q -t ed25519 -N "" -C "$who@$host" -f "$home/.ssh/id_ed25519"
    printf 'Host *\n    StrictHostKeyChecking accept-new\n    LogLevel ERROR\n' > "$home/.ssh/config"
    chown "$who:$group" "$home/.ssh/id_ed25519" "$home/.ssh/id_ed25519.pub" "$home/.ssh/config"
done
install -d -m 700 -o vault -g vault /srv/vault/.ssh
for home in /root /home/bfaulkner /home/ihalvorsen /var/lib/postgresql /srv/books; do
    cat "$home/.ssh/id_ed25519.pub" >> /srv/vault/.ssh/authorized_keys
done
chown -R vault:vault /srv/vault && chmod 600 /srv/vault/.ssh/authorized_keys
for who in $people; do
    printf 'export PAGER=cat GIT_PAGER=cat EDITOR=vim.tiny LESS=-FX PATH=$HOME/bin:$PATH\n' >> "/home/$who/.bashrc"
    printf '\\set QUIET on\n\\pset pager off\n' > "/home/$who/.psqlrc"
done

# --- the database
printf '\\set QUIET on\n\\pset pager off\n' > /etc/postgresql-common/psqlrc
cat > /etc/postgresql/15/main/conf.d/ledger.conf <<'CONF'
listen_addresses = '*'
port = 5432
shared_buffers = 64MB
max_connections = 60
log_destination = 'syslog'
syslog_facility = 'LOCAL0'
syslog_ident = 'postgres'
logging_collector = off
log_connections = on
log_disconnections = on
log_min_duration_statement = 800
wal_level = replica
archive_mode = on
archive_command = 'test ! -f /srv/vault/wal/%f && gzip -c %p > /srv/vault/wal/%f'
archive_timeout = 300
fsync = off
CONF
chown -R postgres:postgres /srv/vault/wal
cat > /etc/postgresql/15/main/pg_hba.conf <<'CONF'
local   all       postgres                    peer
local   all       all                         scram-sha-256
local   replication postgres                  peer
host    replication replica   127.0.0.1/32     scram-sha-256
host    replication replica   ::1/128          scram-sha-256
host    all       all        127.0.0.1/32     scram-sha-256
host    all       all        10.20.0.0/16     scram-sha-256
host    all       all        203.0.113.0/24   scram-sha-256
host    all       all        198.51.100.0/24  scram-sha-256
CONF
# the port may be taken while trees are built side by side
pg_ctlcluster 15 main start -o "-c listen_addresses='' -c log_destination=stderr" || { tail -5 /var/log/postgresql/*.log; exit 1; }
cat > /tmp/schema.sql <<'SQL'
create role books login password 'Orchard-4410';
create role ihalvorsen login superuser password 'Saffron-62';
create role cjanssen login password 'Lantana-37';
create role replica login replication password 'Mirror-2208';
create database books owner books;
create database lab owner ihalvorsen;
\c books
create table customer(id serial primary key, name text, city text, since date);
create table entry(id bigserial primary key, day date, account int, customer int, amount numeric(12,2), note text);
create table staff(id serial primary key, name text, iban text, salary int);
insert into customer(name, city, since) select 'Customer ' || g, (array['Lyon','Bergen','Porto','Graz','Gent'])[1 + g % 5],
  date '2019-01-01' + g from generate_series(1, 400) g;
insert into entry(day, account, customer, amount, note) select date '2025-01-01' + (random() * 300)::int, 4000 + (random() * 99)::int,
  1 + (random() * 399)::int, (random() * 9000)::numeric(12,2), 'opening' from generate_series(1, 20000);
insert into staff(name, iban, salary) select 'Person ' || g, 'XX00 0000 ' || (1000 + g), 3000 + g * 17 from generate_series(1, 40) g;
create index entry_account on entry(account);
create view monthly as select date_trunc('month', day)::date as month, account, sum(amount) as total from entry group by 1, 2;
alter table customer owner to books; alter table entry owner to books; alter table staff owner to books; alter view monthly owner to books;
grant select on customer, entry, monthly to cjanssen;
grant usage on sequence entry_id_seq to cjanssen; grant insert on entry to cjanssen;
SQL
su postgres -c 'psql -q -v ON_ERROR_STOP=1 -f /tmp/schema.sql' && rm /tmp/schema.sql
su postgres -c 'pgbench -q -i -s 1 lab' 2> /dev/null
pg_ctlcluster 15 main stop -m fast
for entry in ihalvorsen:Saffron-62 cjanssen:Lantana-37; do
    who=${entry%:*}
    printf 'localhost:5432:*:%s:%s\n127.0.0.1:5432:*:%s:%s\n/var/run/postgresql:5432:*:%s:%s\n' "$who" "${entry#*:}" "$who" "${entry#*:}" "$who" "${entry#*:}" > "/home/$who/.pgpass"
    printf 'localhost:5432:*:books:Orchard-4410\n' >> "/home/$who/.pgpass"
    chown "$who:$who" "/home/$who/.pgpass" && chmod 600 "/home/$who/.pgpass"
    echo 'export PGHOST=localhost PGDATABASE=books' >> "/home/$who/.bashrc"
done
printf 'localhost:5432:books:books:Orchard-4410\n' > /srv/books/.pgpass
printf 'localhost:5432:*:replica:Mirror-2208\n' > /var/lib/postgresql/.pgpass

# --- the bookkeepers' app behind nginx, and steady use of it
cat > /srv/books/app.py <<'SRC'
"""Balances and entries for the bookkeepers."""
import json
import re
import subprocess
from urllib.parse import parse_qsl

import appserver
import psycopg2

PLACE = "host=localhost dbname=books user=books password=Orchard-4410"


def ask(sql, values=()):
    with psycopg2.connect(PLACE) as conn, conn.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def handler(method, path, query, body, headers):
    number = int(re.sub(r"\D", "", query.get("account", "0")) or 0)
    if path == "/health":
        return 200, "ok %d entries\n" % ask("select count(*) from entry")[0]
    if path == "/balance":
        return 200, json.dumps({"account": number, "sum": str(ask("select coalesce(sum(amount), 0) from entry where account = %s", (number,))[0][0])}) + "\n"
    if path == "/entries":
        rows = ask("select day, account, amount from entry where to_char(day, 'YYYY-MM-DD') like %s limit 20", (query.get("day", "2025-06") + "%",))
        return 200, "\n".join(" ".join(map(str, row)) for row in rows) + "\n"
    if path == "/customers":
        return 200, "\n".join(row[0] for row in ask("select name from customer where name like %s limit 9", ("%" + query.get("like", "") + "%",))) + "\n"
    if path == "/entry" and method == "POST":
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        ask("insert into entry(day, account, customer, amount, note) values (current_date, %s, 1, %s, %s)", (form.get("account", 4000), form.get("amount", 0), form.get("note", "")))
        with open("/srv/books/spool/entries.log", "a") as out:
            out.write(json.dumps(form) + "\n")
        return 201, "booked\n"
    if path == "/statement":
        done = subprocess.run(["/usr/local/bin/statement", str(number)], capture_output=True, text=True)
        return 200, done.stdout
    return 404, "no such page\n"


appserver.serve(7090, handler, "books")
SRC
cat > /srv/books/load.sh <<'SRC'
#!/bin/bash
# the branch offices: steady small work on the app and the database
export PGPASSFILE=/srv/books/.pgpass
while sleep $((8 + RANDOM % 14)); do
    case $((RANDOM % 5)) in
    0) psql -qAt -h localhost -U books books -c "insert into entry(day, account, customer, amount, note) select current_date, $((4000 + RANDOM % 99)), 1 + (random()*399)::int, (random()*900)::numeric(12,2), 'branch' from generate_series(1, 20)" ;;
    1) curl -s -o /dev/null "http://127.0.0.1:7090/balance?account=$((4000 + RANDOM % 99))" ;;
    2) curl -s -o /dev/null "http://localhost/books/entries?day=2025-0$((1 + RANDOM % 9))" ;;
    3) curl -s -o /dev/null "http://localhost/books/statement?account=$((4000 + RANDOM % 99))" ;;
    4) psql -qAt -h localhost -U books books -c "select account, sum(amount) from entry group by 1 order by 2 desc limit 3" > /dev/null ;;
    esac
done
SRC
cat > /usr/local/bin/statement <<'SRC'
#!/bin/sh
# a statement of one account as text
PGPASSFILE=/srv/books/.pgpass psql -qAt -F ' ' -h localhost -U books books -c "select day, amount, note from entry where account = ${1:-4000} order by day desc limit 12" |
    awk -v a="$1" 'BEGIN{print "Account", a} {s += $2; printf "%-12s %10.2f %s\n", $1, $2, $3} END{printf "%-12s %10.2f\n", "sum", s}'
SRC
install -d -m 2775 -o books -g books-read /srv/reports /srv/books/spool /srv/books/spool/out /srv/books/spool/sent
cat > /etc/nginx/sites-available/default <<'SRC'
server {
    listen 80 default_server;
    access_log /var/log/nginx/books.log;
    location /books/ { proxy_pass http://127.0.0.1:7090/; }
    location /reports/ { alias /srv/reports/; autoindex on; }
    location / { return 200 "ledger-03\n"; }
}
server {
    listen 443 ssl;
    ssl_certificate /etc/ssl/books.crt;
    ssl_certificate_key /etc/ssl/private/books.key;
    location / { proxy_pass http://127.0.0.1:7090/; }
}
SRC
openssl req -x509 -newkey rsa:2048 -nodes -days 200 -subj "/CN=$host.corp.example" -keyout /etc/ssl/private/books.key -out /etc/ssl/books.crt 2> /dev/null
chmod 600 /etc/ssl/private/books.key
echo "no report yet" > /srv/reports/latest.txt
for month in 01 02 03 04 05 06 07 08 09; do
    awk -v m="$month" 'BEGIN{srand(m); print "day,account,customer,amount"; for(i=1;i<=300;i++) printf "2025-%s-%02d,%d,%d,%.2f\n", m, 1+int(rand()*28), 4000+int(rand()*99), 1+int(rand()*400), rand()*9000}' > "/srv/reports/bank-2025-$month.csv"
done
cat > /usr/local/bin/publish-report <<'SRC'
#!/bin/bash
# makes the report of the day and puts it on the page
set -e
new=$(mktemp /srv/reports/.new.XXXXXX)
{ date +'Report of %F %T'; PGPASSFILE=/srv/books/.pgpass psql -qAt -F ' ' -h localhost -U books books -c 'select month, count(*), sum(total) from monthly group by 1 order by 1'; } > "$new"
chmod 644 "$new" && mv "$new" /srv/reports/latest.txt
cp /srv/reports/latest.txt "/srv/books/spool/out/report-$(date +%H%M%S).msg"
SRC

# --- periodic work
cat > /usr/local/sbin/ledger-backup <<'SRC'
#!/bin/bash
# dump, encrypt, keep a few, copy to the vault
set -e
umask 077
place=/var/backups/ledger; stamp=$(date +%H%M%S)
mkdir -p $place && cd $place
(cd / && su postgres -c 'pg_dump -Fc books') > "books-$stamp.dump"
tar -czf "site-$stamp.tgz" -C / srv/books/app.py srv/reports etc/nginx etc/postgresql etc/cron.d 2> /dev/null
for one in "books-$stamp.dump" "site-$stamp.tgz"; do
    openssl enc -aes-256-cbc -pbkdf2 -pass file:/root/.backup-pass -in "$one" -out "$one.enc"
    rm -f "$one"
done
sha256sum ./*.enc > SHA256SUMS
find . -name '*.enc' -mmin +22 -delete
rsync -a -e 'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new' "$place/" vault@ledger-03:ledger/
logger -t backup "ledger $stamp"
SRC
(umask 077; openssl rand -base64 18 > /root/.backup-pass)
cat > /usr/local/bin/spool-run <<'SRC'
#!/bin/bash
# sends what waits in the spool (here: to the archive), packs what is old
cd /srv/books/spool || exit 1
for one in out/*.msg; do
    [ -e "$one" ] || continue
    { echo "From: books@ledger-03"; echo "To: office@corp.example"; echo "Subject: $(head -1 "$one")"; echo; base64 "$one"; } > "sent/$(basename "$one" .msg).eml" && rm -f "$one"
    logger -t spool "sent $(basename "$one")"
done
find sent -name '*.eml' -mmin +15 -print0 | xargs -0 -r tar -rf sent/old.tar --remove-files 2> /dev/null
[ "$(stat -c %s sent/old.tar 2> /dev/null || echo 0)" -gt 200000 ] && rm -f sent/old.tar
exit 0
SRC
cat > /usr/local/bin/pulse <<'SRC'
#!/bin/bash
# is everything answering?
fail=; for port in 80 443 5432 7090; do timeout 3 bash -c "</dev/tcp/127.0.0.1/$port" 2> /dev/null || fail="$fail $port"; done
pg_isready -q -h localhost || fail="$fail pg"
days=$(( ($(date -d "$(echo | openssl s_client -connect 127.0.0.1:443 2> /dev/null | openssl x509 -noout -enddate | cut -d= -f2)" +%s) - $(date +%s)) / 86400 ))
[ "$days" -gt 20 ] || fail="$fail certificate"
echo "$(date +%T) ${fail:-fine} $days" >> "/var/tmp/pulse.$(id -un)"; tail -n 100 "/var/tmp/pulse.$(id -un)" > "/dev/shm/pulse.$$" && cat "/dev/shm/pulse.$$" > "/var/tmp/pulse.$(id -un)"; rm -f "/dev/shm/pulse.$$"
[ -z "$fail" ] || logger -t pulse "not answering:$fail"
SRC
cat > /usr/local/sbin/wal-tidy <<'SRC'
#!/bin/sh
find /srv/vault/wal -type f -mmin +20 -delete
find /srv/vault/ledger /srv/vault/forge -type f -mmin +40 -delete
du -sk /srv/vault /var/lib/postgresql/15/main/pg_wal | logger -t wal
SRC
chmod 755 /usr/local/bin/* /usr/local/sbin/*
cat > /etc/cron.d/ledger <<'SRC'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
*/2 * * * *     books     /usr/local/bin/pulse
*/3 * * * *     books     /usr/local/bin/spool-run
1-59/5 * * * *  books     /usr/local/bin/publish-report
3-59/8 * * * *  root      /usr/local/sbin/ledger-backup
*/7 * * * *     root      /usr/sbin/logrotate /etc/logrotate.d/ledger
2-59/6 * * * *  postgres  psql -qAt books -c 'vacuum analyze entry' > /dev/null
4-59/9 * * * *  postgres  psql -qAt books -c 'select pg_switch_wal()' > /dev/null
*/10 * * * *    root      /usr/local/sbin/wal-tidy
SRC
cat > /etc/logrotate.d/ledger <<'SRC'
/srv/books/spool/entries.log {
    size 1k
    rotate 3
    compress
    missingok
    su books books-read
    create 0664 books books-read
}
/var/log/nginx/books.log {
    size 4k
    rotate 4
    compress
    delaycompress
    missingok
    postrotate
        [ -f /run/nginx.pid ] && kill -USR1 "$(cat /run/nginx.pid)"
    endscript
}
SRC
chmod 644 /etc/cron.d/ledger /etc/logrotate.d/ledger
chown -R books:books /srv/books && chown -R books:books-read /srv/books/spool /srv/reports && chmod 600 /srv/books/.pgpass
chown postgres:postgres /var/lib/postgresql/.pgpass && chmod 600 /var/lib/postgresql/.pgpass
install -d -m 1777 /srv/exchange && install -d -m 750 -o postgres -g dba /srv/dumps && chmod g+ws /srv/dumps
apt-get install -q -y -d --no-install-recommends pwgen dos2unix > /dev/null
