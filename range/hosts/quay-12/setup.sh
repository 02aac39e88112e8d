#!/bin/sh
# Platform machine: images and their registry, monitoring of the neighbours, log collection, backups, certificates.
# Every name, password and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1

getent group berth > /dev/null || groupadd berth
getent passwd berth > /dev/null || useradd -r -g berth -d /srv/berth -s /usr/sbin/nologin berth
for who in watchpost drover; do
    getent passwd "$who" > /dev/null || useradd -r -G berth,adm -d /opt/berth -s /usr/sbin/nologin "$who"
done
for who in ymorel tnakata abiondo; do
    usermod -aG berth "$who"
    grep -q "^$who:" /etc/subuid || usermod --add-subuids 200000-265535 --add-subgids 200000-265535 "$who"
    cat >> "/home/$who/.bashrc" <<'RC'
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
PATH=$PATH:/opt/berth/bin
RC
done
setcap cap_net_raw+p /usr/bin/ping
git config --system --add safe.directory '*'
mkdir -p /etc/containers
printf '[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=512:2048"]\n[engine]\n' > /etc/containers/containers.conf
printf 'BUILDAH_ISOLATION=chroot\nSTORAGE_DRIVER=vfs\n' >> /etc/environment
printf '[[registry]]\nlocation = "quay-12:5080"\ninsecure = true\n' > /etc/containers/registries.conf.d/berth.conf
printf 'Defaults env_keep += "BUILDAH_ISOLATION STORAGE_DRIVER"\n' > /etc/sudoers.d/containers
printf '{"default":[{"type":"insecureAcceptAnything"}]}\n' > /etc/containers/policy.json
chmod 440 /etc/sudoers.d/containers

# --- registry and the raw material of images
install -d -m 2775 -o berth -g berth /srv/berth /srv/berth/registry /srv/berth/rootfs /srv/berth/logs /srv/berth/specs
mkdir -p /etc/berth /opt/berth/bin /opt/berth/sbin /opt/berth/watchpost
cat > /etc/berth/registry.yml <<'YML'
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: /srv/berth/registry}, delete: {enabled: true}}
http: {addr: ":5080"}
YML
mkdir -p /srv/berth/rootfs/busy/bin /srv/berth/rootfs/busy/etc /srv/berth/rootfs/busy/tmp
cp /bin/busybox /srv/berth/rootfs/busy/bin/busybox
for tool in sh ls cat echo id ps sleep wget httpd vi grep awk sed; do
    ln -sf busybox "/srv/berth/rootfs/busy/bin/$tool"
done
printf 'root:x:0:0:root:/:/bin/sh\n' > /srv/berth/rootfs/busy/etc/passwd
tar -C /srv/berth/rootfs/busy -czf /srv/berth/rootfs/busy.tar.gz .
cat > /srv/berth/specs/ferry.yml <<'YML'
image: tools/ferry
base: base/busy
copy: {ferry.sh: /bin/ferry}
env: {FERRY_PORT: "7000"}
YML
printf '#!/bin/sh\necho "ferry $(date) $*"\n' > /srv/berth/specs/ferry.sh

cat > /opt/berth/bin/mkimage <<'SH'
#!/bin/bash
# mkimage NAME TAG [FILE...]: busybox rootfs and files -> OCI layout in $HOME/layouts
set -e
name=$1 tag=$2
shift 2
box=$(buildah from scratch)
buildah add -q "$box" /srv/berth/rootfs/busy.tar.gz /
for file; do buildah copy -q "$box" "$file" "/opt/$(basename "$file")"; done
buildah config --cmd /bin/sh --label "built=$(date +%s)" --author "$(id -un)" "$box"
buildah commit -q --rm "$box" "$name:$tag"
mkdir -p "$HOME/layouts"
buildah push -q "$name:$tag" "oci:$HOME/layouts/${name##*/}:$tag"
echo "$name:$tag $(du -sh "$HOME/layouts/${name##*/}" | cut -f1)"
SH
cat > /opt/berth/bin/catalogue <<'SH'
#!/bin/sh
# every image and its tags
curl -fsS http://quay-12:5080/v2/_catalog | jq -r '.repositories[]' | while read -r name; do
    printf '%s %s\n' "$name" "$(curl -fsS "http://quay-12:5080/v2/$name/tags/list" | jq -r '.tags // [] | join(" ")')"
done
SH
cat > /opt/berth/sbin/drover-send <<'SH'
#!/bin/bash
# ships new lines of the system's logs to the collector
exec tail -n 0 -F -q /var/log/syslog /var/log/auth.log 2>/dev/null > >(while read -r line; do
    batch+="$line"$'\n'
    if read -r -t 0; then continue; fi
    printf '%s' "$batch" > /dev/tcp/127.0.0.1/6514 2>/dev/null || true
    batch=
done)
SH
cat > /opt/berth/sbin/stow <<'SH'
#!/bin/sh
# restic of what cannot be made again; borg of the registry's configuration
set -e
export RESTIC_PASSWORD_FILE=/etc/berth/restic.pass RESTIC_REPOSITORY=/srv/vault/restic GOMAXPROCS=1
export BORG_PASSPHRASE=keel-and-mast BORG_REPO=/srv/vault/borg
case $1 in
restic) restic backup -q --tag timer /etc/berth /srv/berth/specs /opt/berth; restic forget -q --keep-last 6 ;;
borg) borg create --compression lz4 "::specs-{now:%H%M%S}" /srv/berth/specs /etc/containers
    borg prune --keep-last 5 ;;
esac
logger -t stow "$1 done"
SH
cat > /opt/berth/sbin/issue <<'SH'
#!/bin/sh
# issue NAME: certificate of the harbour's own authority
set -e
cd /etc/berth/ca
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "issued/$1.key" -out "issued/$1.csr" \
    -subj "/CN=$1.corp.example" 2> /dev/null
printf 'subjectAltName=DNS:%s.corp.example,DNS:%s\n' "$1" "$1" > "issued/$1.ext"
openssl x509 -req -in "issued/$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 \
    -extfile "issued/$1.ext" -out "issued/$1.pem" 2> /dev/null
rm -f "issued/$1.csr" "issued/$1.ext"
chmod 640 "issued/$1.key"
openssl x509 -in "issued/$1.pem" -noout -subject -enddate
SH
cat > /opt/berth/sbin/gc-registry <<'SH'
#!/bin/sh
exec su -s /bin/sh berth -c 'docker-registry garbage-collect --delete-untagged /etc/berth/registry.yml' 2>&1 | tail -1
SH
chmod 755 /opt/berth/bin/* /opt/berth/sbin/*

# --- monitor: asks the neighbours, writes a board and numbers for the exporter
cat > /opt/berth/watchpost/watchpost.py <<'PY'
"""watchpost: asks each neighbour's ports in turn and shows a board on :8844."""

import http.server
import json
import pathlib
import socket
import threading
import time

CHECKS = json.loads(pathlib.Path("/etc/berth/checks.json").read_text())
STATE: dict[str, dict] = {}


def ask(name, host, port):
    start = time.monotonic()
    try:
        with socket.create_connection((host, port), 2):
            up = 1
    except OSError:
        up = 0
    STATE[name] = {"up": up, "ms": round(1000 * (time.monotonic() - start), 1), "at": int(time.time())}


def rounds():
    while True:
        for name, (host, port) in CHECKS.items():
            ask(name, host, port)
            time.sleep(7)
        lines = [f'watchpost_up{{check="{name}"}} {one["up"]}' for name, one in STATE.items()]
        pathlib.Path("/var/lib/watchpost/checks.prom").write_text("\n".join(lines) + "\n")


class Board(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = json.dumps(STATE, indent=1) if "checks" in self.path else "\n".join(
            f"{name:24} {'up' if one['up'] else 'DOWN'} {one['ms']}" for name, one in STATE.items()
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode() + b"\n")

    def log_message(self, form, *words):
        pass


threading.Thread(target=rounds, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", 8844), Board).serve_forever()
PY
install -d -o watchpost -g watchpost /var/lib/watchpost
cat > /etc/berth/checks.json <<'JSON'
{"registry": ["127.0.0.1", 5080], "collector": ["127.0.0.1", 6514], "atlas ssh": ["atlas-11", 22],
 "atlas catalogue": ["atlas-11", 8811], "mill web": ["mill-13", 80], "mill ssh": ["mill-13", 22]}
JSON

# --- backups and certificates
install -d -m 700 /srv/vault
printf 'anchor-chain-29\n' > /etc/berth/restic.pass && chmod 600 /etc/berth/restic.pass
RESTIC_PASSWORD_FILE=/etc/berth/restic.pass restic -q init -r /srv/vault/restic
BORG_PASSPHRASE=keel-and-mast borg init -e repokey /srv/vault/borg > /dev/null 2>&1
mkdir -p /etc/berth/ca/issued && chmod 750 /etc/berth/ca
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -subj '/CN=Harbour CA' \
    -keyout /etc/berth/ca/ca.key -out /etc/berth/ca/ca.pem 2> /dev/null
chgrp -R berth /etc/berth && chmod 600 /etc/berth/ca/ca.key
chgrp root /etc/berth/restic.pass

# --- code of the platform
git init -q --bare --shared=group -b main /srv/berth/charts.git
git clone -q /srv/berth/charts.git /tmp/charts 2> /dev/null
mkdir -p /tmp/charts/services && printf 'name: ferry\nreplicas: 2\nport: 7000\n' > /tmp/charts/services/ferry.yml
printf '# Charts\n\nOne file a service.\n' > /tmp/charts/README.md
(cd /tmp/charts && git -c user.name=ymorel -c user.email=ymorel@corp.example commit -q -m x --allow-empty \
    && git add . && git -c user.name=ymorel -c user.email=ymorel@corp.example commit -qm 'First charts' \
    && git push -q origin HEAD:main)
rm -rf /tmp/charts
chown -R berth:berth /srv/berth && chmod -R g+w /srv/berth
printf 'Nov 20 06:00:01 quay-12 drover: collector opened\n' > /srv/berth/logs/all.log
sha256sum /srv/berth/logs/all.log > /srv/berth/logs/seals.txt
chown drover:berth /srv/berth/logs/*
for who in ymorel tnakata; do su "$who" -c 'cd && git clone -q /srv/berth/charts.git charts'; done

cat > /etc/cron.d/berth <<'CRON'
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
*/8 * * * *  root      /opt/berth/sbin/stow restic > /dev/null 2>&1
*/12 * * * * root      /opt/berth/sbin/stow borg > /dev/null 2>&1
*/3 * * * *  watchpost curl -fsS -m 4 http://127.0.0.1:9180/metrics -o /var/lib/watchpost/last.txt
*/17 * * * * root      /opt/berth/sbin/gc-registry > /dev/null 2>&1
*/10 * * * * root      /usr/sbin/logrotate /etc/logrotate.d/collector
*/5 * * * *  drover    sha256sum /srv/berth/logs/all.log >> /srv/berth/logs/seals.txt 2>/dev/null
CRON
printf '/srv/berth/logs/all.log {\n    su drover berth\n    size 20k\n    rotate 4\n    compress\n    missingok\n' \
    > /etc/logrotate.d/collector
printf '    copytruncate\n}\n' >> /etc/logrotate.d/collector
apt-get install -y -q -d --no-install-recommends tini dumb-init catatonit jo > /dev/null
rm -f /etc/cron.daily/man-db /etc/cron.daily/apt-compat
