#!/bin/sh
# Runs once in the new tree (chroot), after inside/common.sh: services, documents and the weaknesses of the old story.
# Every name, password and secret in here is made up.
set -e
host=$1

# --- people beside those of host.toml
useradd -m -u 1004 -s /bin/bash deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
printf 'deploy:Lantern-03\nroot:Basalt-58\n' | chpasswd
printf 'export PAGER=cat EDITOR=vim.tiny LESS=-FX\n' >> /home/deploy/.bashrc

# the key of the developer opens the deployment account: an ordinary convenience, and the way of the lateral movement
su mlind -c 'ssh-keygen -q -t ed25519 -N "" -C mlind@desk -f /home/mlind/.ssh/id_ed25519'
cat /home/mlind/.ssh/id_ed25519.pub >> /home/deploy/.ssh/authorized_keys
mkdir -p /root/.ssh && ssh-keygen -q -t ed25519 -N "" -C root@"$host" -f /root/.ssh/id_ed25519
cat /root/.ssh/id_ed25519.pub >> /home/deploy/.ssh/authorized_keys
chown deploy:deploy /home/deploy/.ssh/authorized_keys

# --- status page, and the sudo rule that is too wide
install -d -o www-data -g www-data /srv/status/cache /srv/status/log
cp status_app.py /srv/status/app.py
cat > /etc/sudoers.d/status <<'EOF'
# the page's cache is partly owned by root
www-data ALL=(root) NOPASSWD: /usr/bin/find /srv/status/cache *
EOF
chmod 440 /etc/sudoers.d/status
printf 'STATUS_DB=/srv/status/status.db\nSTATUS_DB_PASSWORD=sparrow-canal-88\nUPLOAD_TOKEN=tk_5f1c0d7e2a\n' > /srv/status/.env
chown www-data:www-data /srv/status/.env
usermod -s /bin/bash www-data

# --- documents
install -d -m 2775 -g share /srv/share /srv/share/finance /srv/share/contracts /srv/share/reports
for month in 01 02 03 04 05 06 07 08 09 10 11 12; do
    { echo 'day,account,amount'
      awk -v m="$month" 'BEGIN{srand(m); for(i=1;i<=400;i++) printf "2025-%s-%02d,%d,%.2f\n", m, 1+int(rand()*28), 4000+int(rand()*60), rand()*9000}'
    } > "/srv/share/finance/ledger-2025-$month.csv"
    printf 'Contract %s-2025\nParties: Example Works Ltd and Sample Supply Co.\nTerm: 24 months.\n' "$month" > "/srv/share/contracts/contract-$month.txt"
done
chgrp -R share /srv/share && chmod -R g+w /srv/share && chmod 2750 /srv/share/contracts

# --- periodic work
install -d -m 750 /var/backups/share
cat > /usr/local/sbin/nightly-backup <<'EOF'
#!/bin/sh
set -e
stamp=$(date +%H%M)
mkdir -p /var/backups/share/mirror
rsync -a --delete /srv/share/ /var/backups/share/mirror/
tar -C /var/backups/share -czf "/var/backups/share/share-$stamp.tar.gz" mirror
sha256sum "/var/backups/share/share-$stamp.tar.gz" > "/var/backups/share/share-$stamp.sha256"
rsync -a -e 'ssh -o StrictHostKeyChecking=accept-new' /var/backups/share/*.sha256 deploy@10.20.7.7:backups/
find /var/backups/share -name 'share-*.tar.gz' -mmin +15 -delete
logger -t backup "share backed up"
EOF
cat > /usr/local/bin/metrics <<'EOF'
#!/bin/sh
out=/var/tmp/metrics.$(id -un)
{ date +%s; df -P / | awk 'NR==2{print "disk",$5}'; awk '{print "load",$1}' /proc/loadavg
  ps -eo user= | sort | uniq -c | sort -rn | head -5; ss -tn | wc -l; free -m | awk '/Mem/{print "mem",$3}'; } >> "$out"
tail -n 200 "$out" > "$out.new" && mv "$out.new" "$out"
EOF
cat > /usr/local/bin/healthcheck <<'EOF'
#!/bin/bash
if ! answer=$(curl -fsS -m 5 http://127.0.0.1:8080/health); then logger -t health "status page down"; exit 1; fi
echo "$(date -Is) $answer" >> /home/deploy/health.log
EOF
chmod 755 /usr/local/sbin/nightly-backup /usr/local/bin/metrics /usr/local/bin/healthcheck
install -d -o deploy -g deploy /home/deploy/backups /home/deploy/releases
cat > /etc/cron.d/site <<'EOF'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
* * * * *    deploy   /usr/local/bin/healthcheck
*/2 * * * *  deploy   /usr/local/bin/metrics
*/3 * * * *  www-data sudo find /srv/status/cache -name '*.tmp' -mmin +4 -delete
*/5 * * * *  root     /usr/sbin/logrotate /etc/logrotate.d/status
*/7 * * * *  root     /usr/local/sbin/nightly-backup
EOF
cat > /etc/logrotate.d/status <<'EOF'
/srv/status/log/access.log {
    size 2k
    rotate 4
    compress
    missingok
    notifempty
    create 0644 www-data www-data
    su www-data www-data
}
EOF
