#!/bin/sh
# An archive host where little happens: old minutes behind a web server, copies, checks, one administrator.
# Every name, password and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1

getent passwd lookout > /dev/null || useradd -r -d /opt/lookout -s /usr/sbin/nologin lookout
setcap cap_net_raw+p /usr/bin/ping
mkdir -p /srv/attic/minutes /srv/attic/plans /opt/lookout /var/lib/lookout
for n in $(seq 2 98); do
    awk -v n=$n 'BEGIN{srand(n); for(i=1;i<=30;i++) printf "%d. point %d, %s\n", i, rand()*900, rand()<.5?"agreed":"put off"}' \
        > /srv/attic/minutes/minutes-$n.txt
done
echo 'boxes 1 to 40: left wall' > /srv/attic/plans/plan.txt
ln -sf /srv/attic/plans/plan.txt /srv/attic/minutes/plan.txt
printf '<h1>Attic</h1><p>Old minutes, by number.</p>\n' > /srv/attic/minutes/index.html
rm -f /etc/nginx/sites-enabled/default
cat > /etc/nginx/conf.d/attic.conf <<'CONF'
server {
    listen 80;
    root /srv/attic/minutes;
    access_log /var/log/nginx/attic.log;
}
CONF
cat > /opt/lookout/agent <<'SH'
#!/bin/bash
# runs the checks of the fleet once a minute and keeps the newest answers
plugins=/usr/lib/nagios/plugins
while :; do
    {
        $plugins/check_load -w 20,20,20 -c 40,40,40
        $plugins/check_disk -w 5% -c 2% -p /
        $plugins/check_procs -w 400 -c 800
        $plugins/check_http -H 127.0.0.1 -p 80
        $plugins/check_ssh 127.0.0.1
    } > /var/lib/lookout/now.part 2>&1
    mv /var/lib/lookout/now.part /var/lib/lookout/now
    sleep 60
done
SH
cat > /usr/local/sbin/attic-copy <<'SH'
#!/bin/sh
# a copy of minutes and settings, and of the one before
rsync -a --delete --link-dest=/var/backups/attic/last /srv/attic /etc /var/backups/attic/next/
rm -rf /var/backups/attic/before
[ -d /var/backups/attic/last ] && mv /var/backups/attic/last /var/backups/attic/before
mv /var/backups/attic/next /var/backups/attic/last
logger -t attic-copy "$(du -sk /var/backups/attic/last | cut -f1) kB"
SH
cat > /usr/local/sbin/attic-seals <<'SH'
#!/bin/sh
cd /srv/attic && find . -type f -print0 | sort -z | xargs -0 sha256sum > /var/lib/attic-seals.new
[ -f /var/lib/attic-seals ] && ! cmp -s /var/lib/attic-seals /var/lib/attic-seals.new && logger -t seals changed
mv /var/lib/attic-seals.new /var/lib/attic-seals
SH
mkdir -p /var/backups/attic/last
chmod 755 /opt/lookout/agent /usr/local/sbin/attic-copy /usr/local/sbin/attic-seals
chown -R lookout: /var/lib/lookout

mkdir -p /srv/packages/pool
for version in 2.0 2.1; do
    work=$(mktemp -d)
    mkdir -p "$work/DEBIAN" "$work/usr/share/attic-labels"
    printf 'Package: attic-labels\nVersion: %s\nArchitecture: all\nMaintainer: desk <desk@corp.example>\nDescription: labels\n' \
        $version > "$work/DEBIAN/control"
    seq 100 > "$work/usr/share/attic-labels/labels.txt"
    dpkg-deb --root-owner-group -b "$work" "/srv/packages/pool/attic-labels_${version}_all.deb" > /dev/null
    rm -rf "$work"
done
(cd /srv/packages && dpkg-scanpackages -m pool > Packages 2> /dev/null)
dpkg -i /srv/packages/pool/attic-labels_2.0_all.deb > /dev/null
echo 'deb [trusted=yes] file:/srv/packages ./' > /etc/apt/sources.list
rm -rf /var/lib/apt/lists/*; apt-get -q update > /dev/null

cat > /etc/cron.d/attic <<'CRON'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
MAILTO=""
7,37 * * * *  root      /usr/local/sbin/attic-copy
*/25 * * * *  root      /usr/local/sbin/attic-seals
*/20 * * * *  root      apt-get -qq update
12,42 * * * * root      /usr/sbin/logrotate -s /var/lib/logrotate/attic /etc/logrotate.d/attic
*/30 * * * *  root      debsums -s attic-labels cron
*/10 * * * *  lookout   test -n "$(find /var/lib/lookout/now -mmin -5)" || logger -t lookout old
CRON
mkdir -p /var/lib/logrotate
printf '/var/log/nginx/attic.log {\n    size 1k\n    rotate 4\n    missingok\n    compress\n    create 640 www-data adm\n' \
    > /etc/logrotate.d/attic
printf '    postrotate\n        [ -s /run/nginx.pid ] && kill -USR1 "$(cat /run/nginx.pid)"\n    endscript\n}\n' \
    >> /etc/logrotate.d/attic
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat
