"""Signs: what a command line or a touched file shows of an intruder's aims, for timelines and hypothesis tests.

A sign is no verdict. Administrators show many of them; hypothesis tests weigh them with who did it and how usual it is.
Patterns are written from the public behaviour of ATT&CK techniques. They read text and follow nothing in it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from watchfloor.film.traces import MOST_TEXT


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign. ``weight`` is how seldom ordinary work shows it, in [0, 1]."""

    name: str
    technique: str
    tactic: str
    weight: float
    pattern: re.Pattern[str]


def _sign(name: str, technique: str, tactic: str, weight: float, pattern: str) -> Sign:
    return Sign(name, technique, tactic, weight, re.compile(pattern, re.IGNORECASE))


COMMANDS: Final[tuple[Sign, ...]] = (
    _sign("opens a shell over the network", "T1059.004", "TA0011", 1.0,
          r"/dev/tcp/|bash -i\b|\bnc(?:at)?\b.{0,80}\s-(?:e|c)\b|pty\.spawn|mkfifo .{0,120}\bnc\b|socat .{0,120}exec"),
    _sign("runs something from a hidden or temporary folder", "T1564.001", "TA0005", 0.8,
          r"^(?:\S*/)?(?:sh|bash|python[\d.]*|perl|setsid|nohup)?\s*(?:/dev/shm|/tmp|/var/tmp)/\.?\w|"
          r"/\.[\w-]+/[\w.-]+\.(?:sh|py|pl)\b"),
    _sign("runs what it downloads", "T1059.004", "TA0002", 0.7, r"(?:curl|wget)\b.{0,300}\|\s*(?:ba|da|z)?sh\b"),
    _sign("downloads a program or script", "T1105", "TA0011", 0.5,
          r"\b(?:curl|wget)\b.{0,300}(?:-o|-O|--output)\b|\b(?:curl|wget)\b.{0,200}\.(?:sh|py|elf|pl|so|bin)\b"),
    _sign("decodes hidden text", "T1140", "TA0005", 0.6,
          r"base64\s+-{1,2}d|FromBase64String|-enc(?:odedcommand)?\s+[A-Za-z0-9+/=]{20}|xxd -r"),
    _sign("reads password hashes", "T1003.008", "TA0006", 0.6,
          r"(?:cat|cut|grep|cp|tar|head|unshadow|awk|sed)\b.{0,120}/etc/shadow"),
    _sign("reads private keys or credentials", "T1552.004", "TA0006", 0.6,
          r"(?:cat|cp|tar|grep|head|find|ls|scp|curl)\b.{0,160}(?:id_rsa|id_ed25519|\.pem\b|"
          r"\.git-credentials|\.netrc|\.npmrc|\.pgpass|\.aws/cred)"),
    _sign("searches files for passwords", "T1552.001", "TA0006", 0.5, r"grep\b.{0,80}(?:passw|secret|token|api.?key)"),
    _sign("reads another process's memory or environment", "T1003.007", "TA0006", 0.7,
          r"/proc/\S+/environ|\bgdb\b.{0,40}-p\b|\bgcore\b|strace\b.{0,60}-p\s*\d"),
    _sign("plants a scheduled job", "T1053.003", "TA0003", 0.6,
          r"\bcrontab\b(?!\s+-l)|/etc/cron(?:\.|tab)|/var/spool/cron|\bat\s+(?:now|-f)|"
          r"systemd-run\b.{0,60}on-cal"),
    _sign("adds an ssh key", "T1098.004", "TA0003", 0.7, r"authorized_keys"),
    _sign("makes or changes an account", "T1136.001", "TA0003", 0.5,
          r"\b(?:useradd|adduser|usermod|groupadd|chpasswd|gpasswd)\b"),
    _sign("changes who may become root", "T1548.003", "TA0004", 0.6, r"/etc/sudoers|\bvisudo\b"),
    _sign("leaves a program that runs as root", "T1548.001", "TA0004", 0.9,
          r"chmod\s+(?:\S*[ug]\+s|[246]7\d\d)|install\b.{0,60}-m\s*[246]7\d\d|\bsetcap\b"),
    _sign("looks for a way to become root", "T1083", "TA0007", 0.6,
          r"-perm\s+[-/]?[246]000|\bgetcap\s+-r|\bsudo\s+(?:-n\s+)?-l\b|linpeas|pspy"),
    _sign("makes root of an allowed program", "T1548.003", "TA0004", 0.8,
          r"-exec\s+\S*/?(?:ba|da)?sh\b|\bsudo\b.{0,160}(?:--eval|system\(|checkpoint-action|!/bin/sh|"
          r"-e\s*'?exec)"),
    _sign("preloads a library", "T1574.006", "TA0003", 0.9, r"ld\.so\.preload|LD_PRELOAD="),
    _sign("changes log-in modules or start scripts", "T1556.003", "TA0003", 0.7,
          r"/etc/pam\.d/|/etc/profile\.d/|update-motd\.d/\d|\.bashrc\b|\.profile\b|/etc/ld\.so"),
    _sign("installs a service", "T1543.002", "TA0003", 0.6,
          r"/etc/systemd/system/|\bupdate-rc\.d\b|systemctl\s+enable|/etc/init\.d/"),
    _sign("clears traces", "T1070", "TA0005", 0.7,
          r"\bshred\b|history\s+-c|HISTFILE=|unset\s+HIST|\.bash_history|(?:sed\s+-i|truncate|"
          r">)\s*.{0,80}/var/log|/var/log/\S+.{0,60}(?:sed -i|truncate)"),
    _sign("sets times back", "T1070.006", "TA0005", 0.7, r"\btouch\b.{0,60}\s-(?:r|d|t|[a-z]*m?t)\b"),
    _sign("packs data", "T1560.001", "TA0009", 0.4,
          r"\btar\b\s+-?c\w*z|\bzip\s+-|\b7z\s+a\b|\bpg_dump\b|\bmysqldump\b"),
    _sign("sends a file out", "T1048.003", "TA0010", 0.7,
          r"\bcurl\b.{0,200}(?:--data-binary|-T\s|--upload-file|-F\s|-d\s*@)|\bwget\b.{0,160}--post-file|"
          r"\bscp\b\s+(?!-[ft])\S.{0,160}\S+@\S+:|\bnc\b.{0,80}<|\bcurl\b.{0,120}\bftp://"),
    _sign("logs on to another machine", "T1021.004", "TA0008", 0.5,
          r"\bsshpass\b|\bssh\b.{0,160}(?:StrictHostKeyChecking=(?:no|accept-new)|UserKnownHostsFile)|"
          r"\bssh\b\s+-[a-zA-Z]*[LRDJ]\b"),
    _sign("scans the network", "T1046", "TA0007", 0.6,
          r"\b(?:nmap|masscan|fping|zmap)\b|\bnc\b\s+-\w*z|/dev/tcp/\$|for\s+\w+\s+in\s+.{0,60}/dev/tcp"),
    _sign("encrypts documents", "T1486", "TA0040", 0.9,
          r"openssl\s+enc\b.{0,120}\s-(?:in|out)\b|gpg\b.{0,80}(?:--symmetric|\s-c\b)"),
    _sign("deletes or stops backups or services", "T1489", "TA0040", 0.5,
          r"\b(?:systemctl|service)\b.{0,40}\b(?:stop|disable)\b|rm\s+-\w*r\w*\s+.{0,60}backup|"
          r"\bpkill\s+-x\b"),
    _sign("mines", "T1496.001", "TA0040", 0.9, r"xmrig|stratum\+|minerd|\bsha256sum\s+/dev/zero"),
    _sign("guesses passwords", "T1110.001", "TA0006", 0.8, r"\b(?:hydra|medusa|ncrack|patator)\b"),
    _sign("dumps credentials on Windows", "T1003.001", "TA0006", 1.0,
          r"sekurlsa|minidump|comsvcs|procdump.{0,60}lsass|reg(?:\.exe)?\"?\s+save\s+\"?hklm\\(?:sam|system|"
          r"security)|[\\/]config[\\/](?:sam|security)\b|ntds\.dit|ntdsutil"),
    _sign("runs hidden or fetched PowerShell", "T1059.001", "TA0002", 0.8,
          r"powershell.{0,200}(?:-w\w*\s+(?:1|h\w*)\b|-(?:e|ec|enc\w*)\s+[A-Za-z0-9+/=]{20}|downloadstring|\biex\b)"),
    _sign("plants a scheduled task", "T1053.005", "TA0003", 0.6, r"schtasks.{0,20}/(?:create|change)\b"),
    _sign("installs a Windows service", "T1543.003", "TA0003", 0.6,
          r"\bsc(?:\.exe)?\"?\s+(?:\\\\\S+\s+)?(?:create|config)\b|new-service\b"),
    _sign("runs at log-on or start", "T1547.001", "TA0003", 0.7,
          r"currentversion\\run|userinitmprlogonscript|\\start menu\\programs\\startup"),
    _sign("starts a program over WMI", "T1047", "TA0002", 0.6,
          r"wmic.{0,80}process\s+call\s+create|invoke-wmimethod|invoke-cimmethod"),
    _sign("runs code through a system program", "T1218", "TA0005", 0.7,
          r"\b(?:mshta|regsvr32|rundll32)(?:\.exe)?\"?\s.{0,120}(?:https?:|javascript:|vbscript:|scrobj)"),
    _sign("fetches with a system program", "T1105", "TA0011", 0.7,
          r"certutil.{0,40}-urlcache|bitsadmin.{0,40}/transfer"),
    _sign("clears Windows logs", "T1070.001", "TA0005", 0.9, r"wevtutil.{0,10}\scl\b|clear-eventlog"),
    _sign("makes a Windows account", "T1136.001", "TA0003", 0.6,
          r"\bnet1?(?:\.exe)?\"?\s+(?:user|localgroup)\b.{0,80}/add"),
    _sign("turns protection off", "T1562.001", "TA0005", 0.8,
          r"set-mppreference|disablerealtime|auditctl\s+-(?:e\s*0|D)|setenforce\s+0|ufw\s+disable|"
          r"iptables\s+-F"),
    _sign("deletes shadow copies", "T1490", "TA0040", 1.0,
          r"vssadmin.{0,40}delete|shadowcopy\s+delete|wbadmin.{0,40}delete|recoveryenabled\s+no"),
    _sign("looks round", "T1033", "TA0007", 0.15,
          r"^(?:/usr/bin/)?(?:id|whoami|uname|hostname|w|who|last|ss|netstat|ifconfig|ip|ps|getent|lsof|df|"
          r"mount|arp|systeminfo|ipconfig)\b"),
)  # fmt: skip

#: Written or changed paths that say what was planted, whoever's command did it.
PATHS: Final[tuple[Sign, ...]] = (
    _sign("plants a scheduled job", "T1053.003", "TA0003", 0.7, r"^/etc/cron|^/var/spool/cron"),
    _sign("adds an ssh key", "T1098.004", "TA0003", 0.8, r"/\.ssh/authorized_keys"),
    _sign("changes who may become root", "T1548.003", "TA0004", 0.7, r"^/etc/sudoers"),
    _sign("installs a service", "T1543.002", "TA0003", 0.7, r"^/etc/systemd/system/|^/etc/init\.d/"),
    _sign("changes log-in modules or start scripts", "T1556.003", "TA0003", 0.8,
          r"^/etc/pam\.d/|^/etc/profile\.d/|^/etc/ld\.so|/\.bashrc$|/\.profile$"),
    _sign("hides a file", "T1564.001", "TA0005", 0.5, r"^/(?:tmp|var/tmp|dev/shm)/\.[\w-]"),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def of_command(command: str) -> tuple[Sign, ...]:
    """Signs a command line shows; only its first MOST_TEXT characters are read."""
    text = command[:MOST_TEXT]
    return tuple(sign for sign in COMMANDS if sign.pattern.search(text))


@lru_cache(maxsize=65_536)
def of_written(path: str) -> tuple[Sign, ...]:
    """Signs a written path shows."""
    return tuple(sign for sign in PATHS if sign.pattern.search(path[:512]))
