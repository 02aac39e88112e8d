#!/bin/sh
# forge-02: repositories, build farm, download page, things to install later without a network.
# Runs once in the new tree (chroot). Every name, password and secret in here is made up.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
host=$1
people="hsaarinen adiallo pvasquez"

# --- accounts beside the people
getent group forge > /dev/null || groupadd forge
for who in $people; do usermod -aG forge "$who"; done
id ci > /dev/null 2>&1 || useradd -r -m -d /srv/ci -s /bin/bash ci
id git > /dev/null 2>&1 || useradd -r -m -d /srv/git -s /usr/bin/git-shell git
usermod -p '*' git
usermod -aG forge ci
cat > /etc/sudoers.d/forge <<'SUDO'
hsaarinen ALL=(root) NOPASSWD: /usr/bin/apt-get install *, /usr/bin/dpkg -i *, /usr/bin/dpkg -r *, /sbin/ldconfig
adiallo ALL=(root) NOPASSWD: /usr/sbin/nginx -s reload, /usr/bin/dpkg -i *, /usr/bin/dpkg -r *
adiallo ALL=(ci) NOPASSWD: ALL
SUDO
chmod 440 /etc/sudoers.d/forge

# --- ssh keys of the people, for git and among each other on this host
install -d -m 700 -o git -g git /srv/git/.ssh
for who in $people ci; do
    home=$(getent passwd "$who" | cut -d: -f6)
    install -d -m 700 -o "$who" -g "$who" "$home/.ssh"
    [ -f "$home/.ssh/id_ed25519" ] || ssh-keygen -q -t ed25519 -N "" -C "$who@$host" -f "$home/.ssh/id_ed25519"
    printf 'Host *\n    StrictHostKeyChecking accept-new\n    LogLevel ERROR\n' > "$home/.ssh/config"
    cat "$home/.ssh/id_ed25519.pub" >> /srv/git/.ssh/authorized_keys
    chown "$who:$who" "$home/.ssh/id_ed25519" "$home/.ssh/id_ed25519.pub" "$home/.ssh/config"
    cat >> "$home/.bashrc" <<'RC'
export PAGER=cat GIT_PAGER=cat EDITOR=vim.tiny LESS=-FX GOFLAGS=-mod=mod GOPROXY=off GOSUMDB=off
export PATH=$HOME/bin:$HOME/.local/bin:$PATH
RC
    cat > "$home/.gitconfig" <<RC
[user]
	name = $who
	email = $who@corp.example
[init]
	defaultBranch = main
[pull]
	rebase = false
[advice]
	detachedHead = false
RC
    chown "$who:$who" "$home/.bashrc" "$home/.gitconfig"
done
cat /home/hsaarinen/.ssh/id_ed25519.pub /home/adiallo/.ssh/id_ed25519.pub >> /srv/ci/.ssh/authorized_keys
cat /home/pvasquez/.ssh/id_ed25519.pub >> /srv/ci/.ssh/authorized_keys
chown -R git:git /srv/git/.ssh && chown -R ci:ci /srv/ci/.ssh
chmod 600 /srv/git/.ssh/authorized_keys /srv/ci/.ssh/authorized_keys
git config --system safe.directory '*'
git config --system core.pager cat

# --- first contents of three repositories
seed=$(mktemp -d)
mkdir -p "$seed/tally" "$seed/courier/queue" "$seed/lantern/lantern" "$seed/lantern/tests"
cat > "$seed/tally/tally.h" <<'SRC'
#ifndef TALLY_H
#define TALLY_H
#include <stddef.h>
#define TALLY_LIMIT 64
struct tally { char names[TALLY_LIMIT][32]; long counts[TALLY_LIMIT]; size_t used; };
int tally_add(struct tally *t, const char *name, long by);
long tally_get(const struct tally *t, const char *name);
void tally_sort(struct tally *t);
#endif
SRC
cat > "$seed/tally/tally.c" <<'SRC'
#include "tally.h"
#include <stdlib.h>
#include <string.h>

static long find(const struct tally *t, const char *name) {
  for (size_t i = 0; i < t->used; i++)
    if (!strcmp(t->names[i], name)) return (long)i;
  return -1;
}

int tally_add(struct tally *t, const char *name, long by) {
  long at = find(t, name);
  if (at < 0) {
    if (t->used == TALLY_LIMIT) return -1;
    at = (long)t->used++;
    strncpy(t->names[at], name, sizeof t->names[at] - 1);
    t->counts[at] = 0;
  }
  t->counts[at] += by;
  return 0;
}

long tally_get(const struct tally *t, const char *name) {
  long at = find(t, name);
  return at < 0 ? 0 : t->counts[at];
}

void tally_sort(struct tally *t) {
  for (size_t i = 0; i + 1 < t->used; i++)
    for (size_t j = i + 1; j < t->used; j++)
      if (t->counts[j] > t->counts[i]) {
        char name[32];
        long count = t->counts[i];
        memcpy(name, t->names[i], 32);
        t->counts[i] = t->counts[j];
        memcpy(t->names[i], t->names[j], 32);
        t->counts[j] = count;
        memcpy(t->names[j], name, 32);
      }
}
SRC
cat > "$seed/tally/main.c" <<'SRC'
#include "tally.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  static struct tally t;
  char line[256];
  FILE *in = argc > 1 ? fopen(argv[1], "r") : stdin;
  if (!in) { perror(argv[1]); return 1; }
  while (fgets(line, sizeof line, in))
    for (char *word = strtok(line, " \t\n,"); word; word = strtok(NULL, " \t\n,")) tally_add(&t, word, 1);
  tally_sort(&t);
  for (size_t i = 0; i < t.used && i < 10; i++) printf("%6ld %s\n", t.counts[i], t.names[i]);
  return 0;
}
SRC
cat > "$seed/tally/check.c" <<'SRC'
#include "tally.h"
#include <assert.h>
#include <stdio.h>

int main(void) {
  static struct tally t;
  assert(!tally_add(&t, "oak", 2) && !tally_add(&t, "elm", 5) && !tally_add(&t, "oak", 1));
  assert(tally_get(&t, "oak") == 3 && tally_get(&t, "fir") == 0);
  tally_sort(&t);
  assert(t.counts[0] == 5);
  puts("all checks passed");
  return 0;
}
SRC
cat > "$seed/tally/Makefile" <<'SRC'
CFLAGS ?= -O1 -g -Wall -Wextra
PREFIX ?= /usr/local
all: tally
tally: main.o tally.o
	$(CC) $(CFLAGS) -o $@ $^
libtally.so: tally.c tally.h
	$(CC) $(CFLAGS) -fPIC -shared -o $@ tally.c
checks: check.o tally.o
	$(CC) $(CFLAGS) -o $@ $^
check: checks
	./checks
install: tally
	install -D -m 755 tally $(DESTDIR)$(PREFIX)/bin/tally
clean:
	rm -f *.o *.so tally checks
.PHONY: all check install clean
SRC
printf '*.o\n*.so\ntally\nchecks\n.lab\n' > "$seed/tally/.gitignore"
printf '%s\n' '#!/bin/sh' 'make -s clean && make -s check' > "$seed/tally/.ci"

printf 'module corp.example/courier\n\ngo 1.19\n' > "$seed/courier/go.mod"
cat > "$seed/courier/queue/queue.go" <<'SRC'
// Package queue keeps parcels in order of their weight.
package queue

import "sort"

type Parcel struct {
	To     string
	Weight int
}

type Queue struct{ waiting []Parcel }

func (q *Queue) Add(p Parcel) {
	q.waiting = append(q.waiting, p)
	sort.Slice(q.waiting, func(i, j int) bool { return q.waiting[i].Weight < q.waiting[j].Weight })
}

func (q *Queue) Next() (Parcel, bool) {
	if len(q.waiting) == 0 {
		return Parcel{}, false
	}
	p := q.waiting[0]
	q.waiting = q.waiting[1:]
	return p, true
}
SRC
cat > "$seed/courier/queue/queue_test.go" <<'SRC'
package queue

import "testing"

func TestLightestFirst(t *testing.T) {
	q := &Queue{}
	q.Add(Parcel{"north", 9})
	q.Add(Parcel{"south", 3})
	if p, ok := q.Next(); !ok || p.To != "south" {
		t.Fatalf("got %v", p)
	}
}
SRC
cat > "$seed/courier/main.go" <<'SRC'
package main

import (
	"fmt"
	"os"

	"corp.example/courier/queue"
)

func main() {
	q := &queue.Queue{}
	for i, to := range os.Args[1:] {
		q.Add(queue.Parcel{To: to, Weight: (i*37 + len(to)) % 11})
	}
	for p, ok := q.Next(); ok; p, ok = q.Next() {
		fmt.Println(p.Weight, p.To)
	}
}
SRC
printf 'courier\n' > "$seed/courier/.gitignore"
printf '%s\n' '#!/bin/sh' 'GOFLAGS=-mod=mod GOPROXY=off go test ./...' > "$seed/courier/.ci"

cat > "$seed/lantern/lantern/__init__.py" <<'SRC'
"""Reads lines of key=value and answers questions about them."""

from .table import Table, parse

__all__ = ["Table", "parse"]
__version__ = "0.4"
SRC
cat > "$seed/lantern/lantern/table.py" <<'SRC'
import re

PAIR = re.compile(r"(\w+)=(\S+)")


def parse(line):
    return dict(PAIR.findall(line))


class Table:
    def __init__(self, lines=()):
        self.rows = [parse(line) for line in lines]

    def where(self, **wanted):
        return [row for row in self.rows if all(row.get(key) == str(value) for key, value in wanted.items())]

    def count(self, key):
        total = {}
        for row in self.rows:
            total[row.get(key)] = total.get(row.get(key), 0) + 1
        return total
SRC
cat > "$seed/lantern/tests/test_table.py" <<'SRC'
import unittest

from lantern import Table, parse


class Rows(unittest.TestCase):
    def test_pairs_are_found(self):
        self.assertEqual(parse("a=1 b=two rest"), {"a": "1", "b": "two"})

    def test_where_compares_as_text(self):
        self.assertEqual(len(Table(["a=1", "a=2"]).where(a=2)), 1)


if __name__ == "__main__":
    unittest.main()
SRC
: > "$seed/lantern/tests/__init__.py"
cat > "$seed/lantern/setup.py" <<'SRC'
from setuptools import setup

setup(name="lantern", version="0.4", packages=["lantern"])
SRC
printf '.venv\nbuild\ndist\n*.egg-info\n__pycache__\n' > "$seed/lantern/.gitignore"
printf '%s\n' '#!/bin/sh' 'python3 -m unittest discover -q -s tests -t .' > "$seed/lantern/.ci"
chmod 755 "$seed"/*/.ci

for name in tally courier lantern kettle signpost bramble; do
    git init -q --bare -b main "/srv/git/$name.git"
    cat > "/srv/git/$name.git/hooks/post-receive" <<'HOOK'
#!/bin/sh
# tells the build farm which branch moved
name=$(basename "$(pwd)" .git)
while read -r old new ref; do
    echo "$(date +%s) $name ${ref#refs/heads/} $(echo "$new" | cut -c1-8)" >> /srv/git/pushes.log
    case $new in 0000*) ;; *) echo "$new ${ref#refs/heads/}" > "/srv/ci/queue/$name" ;; esac
done
logger -t push "$name moved"
HOOK
    cat > "/srv/git/$name.git/hooks/update" <<'HOOK'
#!/bin/bash
# main only moves forward; very large blobs stay out
[ "$1" = refs/heads/main ] && [[ $2 != 000* ]] && ! git merge-base --is-ancestor "$2" "$3" && echo "main: no rewinding" && exit 1
exit 0
HOOK
    chmod 755 "/srv/git/$name.git/hooks/post-receive" "/srv/git/$name.git/hooks/update"
    [ -d "$seed/$name" ] || continue
    git -C "$seed/$name" init -q -b main
    git -C "$seed/$name" add -A
    git -C "$seed/$name" -c user.name=hsaarinen -c user.email=hsaarinen@corp.example commit -q -m "$name: first version"
    git -C "$seed/$name" push -q "/srv/git/$name.git" main 2> /dev/null || true
done
install -d -m 775 -o ci -g forge /srv/ci/queue /srv/ci/results /srv/ci/log /srv/ci/work
usermod -aG forge git
install -o ci -g ci -m 664 /dev/null /srv/ci/log/builds.log
chown -R git:git /srv/git && chmod 755 /srv/git && touch /srv/git/pushes.log && chown git:git /srv/git/pushes.log
rm -rf "$seed"

# --- build farm: a poller and a page
cat > /srv/ci/poller.py <<'SRC'
"""Looks for moved branches, builds each in a fresh folder, keeps the last words of every build."""
import json
import os
import random
import shutil
import subprocess
import syslog
import tempfile
import time
from pathlib import Path

QUEUE, RESULTS = Path("/srv/ci/queue"), Path("/srv/ci/results")


def sh(*words, cwd=None):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr)[-1500:]


def build(name, commit):
    work = tempfile.mkdtemp(prefix=f"ci-{name}-", dir=random.choice(("/tmp", "/dev/shm", "/srv/ci/work")))
    try:
        sh("git", "clone", "-q", f"/srv/git/{name}.git", work)
        sh("git", "checkout", "-q", commit, cwd=work)
        code, words = sh("./.ci", cwd=work) if os.access(work + "/.ci", os.X_OK) else sh("ls", "-l", cwd=work)
        sha = sh("git", "log", "-1", "--format=%h %an %s", cwd=work)[1].strip()
        row = {"name": name, "code": code, "commit": sha, "at": int(time.time())}
        (RESULTS / f"{name}.json").write_text(json.dumps(row))
        (RESULTS / f"{name}.log").write_text(words)
        with open("/srv/ci/log/builds.log", "a") as out:
            out.write(f"{time.strftime('%F %T')} {name} {code} {sha}\n")
        syslog.syslog(f"{name} {'passed' if code == 0 else 'failed'}: {sha}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


syslog.openlog("farm", syslog.LOG_PID)
os.environ["HOME"] = "/srv/ci"
while True:
    for ticket in sorted(QUEUE.iterdir()):
        try:
            commit = ticket.read_text().split()[0]
            ticket.unlink()
            build(ticket.name, commit)
        except (OSError, IndexError, subprocess.SubprocessError) as wrong:
            syslog.syslog(f"{ticket.name}: {wrong}")
    sh("git", "ls-remote", "-q", f"/srv/git/{random.choice(('tally', 'courier', 'lantern', 'kettle'))}.git", "main")
    time.sleep(random.uniform(12, 30))
SRC
cat > /srv/ci/board.py <<'SRC'
"""The farm's page: what was built last, and a place to leave notes."""
import json
import subprocess
from pathlib import Path

import appserver

RESULTS = Path("/srv/ci/results")


def handler(method, path, query, body, headers):
    if method == "POST" and path == "/hook":
        (Path("/srv/ci/log") / "notes.log").open("a").write(repr(body[:200]) + "\n")
        return 202, "noted\n"
    if path == "/job":
        name = query.get("name", "tally")
        name = name if isinstance(name, str) else name[0]
        log = RESULTS / (Path(name).name + ".log")
        head = subprocess.run(
            ["git", "-C", f"/srv/git/{Path(name).name}.git", "log", "-3", "--oneline"], capture_output=True, text=True
        )
        return 200, head.stdout + (log.read_text() if log.exists() else "not built yet\n")
    if path in ("/", "/health"):
        return 200, json.dumps([json.loads(one.read_text()) for one in sorted(RESULTS.glob("*.json"))]) + "\n"
    return 404, "no such page\n"


appserver.serve(7080, handler, "board")
SRC
chown ci:ci /srv/ci/*.py

# --- download page, with archives of the team and an installer
install -d -m 775 -o adiallo -g forge /srv/dist /srv/dist/wheels /srv/dist/gems
cat > /etc/nginx/sites-available/default <<'SRC'
server {
    listen 7081;
    root /srv/dist;
    autoindex on;
    access_log /var/log/nginx/dist.log;
    location /board/ { proxy_pass http://127.0.0.1:7080/; }
}
SRC
work=$(mktemp -d)
git clone -q /srv/git/tally.git "$work/tally-1.2" && git -C "$work/tally-1.2" archive --prefix=tally-1.2/ HEAD | gzip > /srv/dist/tally-1.2.tar.gz
cat > /srv/dist/bootstrap.sh <<'SRC'
#!/bin/sh
# sets up a desk of the team: curl -fsS http://forge-02:7081/bootstrap.sh | sh
set -e
work=$(mktemp -d /tmp/boot.XXXXXX)
trap 'rm -rf "$work"' EXIT
curl -fsS http://forge-02:7081/tally-1.2.tar.gz | tar -C "$work" -xz
make -s -C "$work/tally-1.2" PREFIX="$HOME/.local" install
mkdir -p "$HOME/.config/team"
echo IyB0ZWFtIGRlZmF1bHRzCmVkaXRvcj12aW0udGlueQpjb2xvdXI9bm8K | base64 -d > "$HOME/.config/team/defaults"
echo "desk ready: $(id -un)@$(hostname)"
SRC
echo 'tally-1.2.tar.gz bootstrap.sh wheels/ gems/ pkgs/' > /srv/dist/index.txt
for one in shade:1.1 ferry:0.7 almanac:2.0; do
    name=${one%:*}; mkdir -p "$work/$name"
    printf 'from setuptools import setup\nsetup(name="%s", version="%s", py_modules=["%s"])\n' "$name" "${one#*:}" "$name" > "$work/$name/setup.py"
    printf '"""Helpers of the team: %s."""\nimport hashlib\n\n\ndef mark(text):\n    return hashlib.sha1(("%s:" + text).encode()).hexdigest()[:10]\n' "$name" "$name" > "$work/$name/$name.py"
    (cd "$work/$name" && python3 setup.py -q bdist_wheel -d /srv/dist/wheels > /dev/null 2>&1)
done
rm -rf "$work"

# --- packages to install later without a network
apt-get install -q -y -d --no-install-recommends pv datamash figlet indent patchelf ncdu sl pwgen > /dev/null
install -d /srv/dist/pkgs && cp /var/cache/apt/archives/*.deb /srv/dist/pkgs/
chown -R adiallo:forge /srv/dist

# --- periodic work
install -d -m 750 -g adm /var/backups/forge /var/lib/forge
: > /var/lib/forge/privileged
cat > /usr/local/sbin/repo-backup <<'SRC'
#!/bin/sh
# bundles every repository, keeps the last few, sends one on
set -e
cd /var/backups/forge
for repo in /srv/git/*.git; do
    name=$(basename "$repo" .git)
    [ -n "$(git -C "$repo" for-each-ref --count=1)" ] || continue
    git -C "$repo" bundle create -q "/var/backups/forge/$name-$(date +%H%M).bundle" --all
done
tar -czf "etc-$(date +%H%M).tar.gz" -C / etc/nginx etc/cron.d etc/ssh etc/sudoers.d
find . -name '*.bundle' -mmin +25 -delete; find . -name 'etc-*.tar.gz' -mmin +25 -delete
sha256sum * > SHA256SUMS
rsync -a -e 'ssh -o BatchMode=yes -o ConnectTimeout=4 -o StrictHostKeyChecking=accept-new' SHA256SUMS ./*.bundle vault@ledger-03:forge/ || logger -t backup "no copy sent"
SRC
cat > /usr/local/sbin/privileged-files <<'SRC'
#!/bin/sh
# compares programs with special rights to the list of last time
new=$(mktemp /dev/shm/priv.XXXXXX)
{ find /usr /opt -xdev -type f -perm /6000 -printf '%m %u %p\n'; getcap -r /usr 2> /dev/null; } | sort > "$new"
diff -u /var/lib/forge/privileged "$new" | grep '^[+-][0-9/]' | logger -t privileged
mv "$new" /var/lib/forge/privileged
awk -F: '$2 !~ /^[*!]/ {print $1}' /etc/shadow | sort | md5sum > /var/lib/forge/logins
SRC
cat > /usr/local/bin/gauge <<'SRC'
#!/bin/bash
out=/var/tmp/gauge.$(id -un)
echo "$(date +%T) $(cut -d' ' -f1 /proc/loadavg) $(df -P / | awk 'NR==2{print $5}') $(ps -e --no-headers | wc -l) $(ss -tn | wc -l)" >> "$out"
tail -n 120 "$out" > "$out.x" && mv "$out.x" "$out"
SRC
cat > /usr/local/bin/nightly <<'SRC'
#!/bin/bash
# builds what changed since the last time, quietly
work=$(mktemp -d /tmp/nightly.XXXX); trap 'rm -rf $work' EXIT
git clone -q --depth 1 file:///srv/git/${1:-tally}.git "$work/src" 2>/dev/null && cd "$work/src" || exit 0
if [ -x ./.ci ]; then ./.ci > "$work/out" 2>&1; code=$?; else code=0; fi
logger -t nightly "${1:-tally} $(git rev-parse --short HEAD) code $code"
SRC
cat > /usr/local/bin/dist-index <<'SRC'
#!/bin/sh
cd /srv/dist && find . -type f ! -name 'SHA*' -printf '%P\n' | sort > index.txt && xargs -d '\n' sha256sum < index.txt > SHA256 2>/dev/null
curl -fsS -o /dev/null -m 5 http://127.0.0.1:7081/index.txt || logger -t dist 'page does not answer'
SRC
chmod 755 /usr/local/sbin/repo-backup /usr/local/sbin/privileged-files /usr/local/bin/gauge /usr/local/bin/nightly /usr/local/bin/dist-index
cat > /etc/cron.d/forge <<'SRC'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
*/2 * * * *     ci       /usr/local/bin/gauge
*/3 * * * *     adiallo  /usr/local/bin/dist-index
*/5 * * * *     hsaarinen  /usr/local/bin/nightly tally
2-59/9 * * * *  ci       /usr/local/bin/nightly courier
*/6 * * * *     root     /usr/sbin/logrotate /etc/logrotate.d/forge
4-59/10 * * * * root     /usr/local/sbin/privileged-files
7-59/12 * * * * root     /usr/local/sbin/repo-backup
*/11 * * * *    git      cd /srv/git && for r in *.git; do git -C $r gc -q --auto; done; tail -n 200 pushes.log > p.new && mv p.new pushes.log
SRC
cat > /etc/logrotate.d/forge <<'SRC'
/srv/ci/log/*.log {
    size 1k
    rotate 3
    compress
    missingok
    su ci ci
    create 0664 ci ci
}
/var/log/nginx/dist.log {
    size 4k
    rotate 3
    missingok
    postrotate
        [ -f /run/nginx.pid ] && kill -USR1 "$(cat /run/nginx.pid)"
    endscript
}
SRC
chmod 644 /etc/logrotate.d/forge /etc/cron.d/forge
su hsaarinen -s /bin/sh -c 'cd && git clone -q /srv/git/courier.git warm && cd warm && GOFLAGS=-mod=mod GOPROXY=off go test ./... > /dev/null && cd && rm -rf warm'
su ci -s /bin/sh -c 'cd && git clone -q /srv/git/courier.git warm && cd warm && GOFLAGS=-mod=mod GOPROXY=off go test ./... > /dev/null && cd && rm -rf warm'
