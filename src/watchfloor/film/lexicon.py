"""Words that carry meaning in command lines and scripts, kept first when a text has too many words.

Written by hand from the public behaviour of administration and attack tools. A word here is not bad by
itself; it only gets a channel before the others. Also the folders and launchers an operating system has.
"""

from functools import lru_cache
from typing import Final

_SALIENT_WORDS: Final = r"""
-enc -encodedcommand -e -ec -nop -noprofile -noni -w -windowstyle hidden bypass -ep -executionpolicy -sta
-command iex invoke-expression invoke-command invoke-webrequest iwr downloadstring downloadfile downloaddata
webclient net.webclient frombase64string tobase64string gzipstream deflatestream memorystream reflection
assembly load virtualalloc virtualprotect createthread writeprocessmemory openprocess kernel32 ntdll amsi
amsiutils amsiinitfailed scriptblocklogging getfield setvalue nonpublic marshal getdelegateforfunctionpointer
add-type dllimport invoke-mimikatz mimikatz sekurlsa logonpasswords lsadump privilege::debug kerberos ptt golden
dcsync invoke-wmimethod invoke-cimmethod win32_process create get-wmiobject gwmi register-wmievent
set-wmiinstance __eventfilter commandlineeventconsumer activescripteventconsumer __filtertoconsumerbinding
set-mppreference add-mppreference disablerealtimemonitoring exclusionpath -exclusionpath start-bitstransfer
new-service start-service sc config binpath= start= failure schtasks /create /tr /sc /ru onlogon
register-scheduledtask new-scheduledtaskaction at wmic process call shadowcopy delete /node: vssadmin shadows
wbadmin bcdedit recoveryenabled wevtutil cl clear-eventlog auditpol fsutil usn cipher /w net user /add
localgroup administrators group domain /domain accounts view use share session nltest /dclist /domain_trusts
dsquery adfind sharphound bloodhound get-aduser get-adcomputer get-netuser whoami /priv /all /groups systeminfo
tasklist qwinsta quser query ipconfig netstat arp route nslookup hostname ping net1 set reg add save export
hklm\sam hklm\system hklm\security run runonce winlogon userinit image file execution options debugger
silentprocessexit certutil -urlcache -split -f -decode -encode bitsadmin /transfer regsvr32 /s /u /i: scrobj.dll
rundll32 javascript: comsvcs minidump dbghelp minidumpwritedump mshta vbscript: cmstp installutil msbuild regasm
regsvcs odbcconf mavinject control.exe hh.exe forfiles pcalua msiexec /q /i curl wget -o -s -k tftp ftp scp ssh
nc ncat netcat socat -lvp -lvnp bash -i sh -c /dev/tcp mkfifo python python3 perl ruby php import pty socket
subprocess os.dup2 exec eval base64 -d --decode xxd openssl chmod +x u+s 4755 777 chattr chown setcap setuid
crontab -l -r systemctl enable daemon-reload authorized_keys id_rsa .ssh known_hosts /etc/shadow /etc/passwd
/etc/sudoers sudoers visudo useradd adduser usermod passwd chpasswd groupadd insmod modprobe rmmod ld_preload
ld.so.preload ptrace gdb strace tcpdump nmap masscan hydra john hashcat find -perm -4000 -exec -suid uname -a id
w who last lastlog ps aux ss -tulpn ifconfig ip iptables ufw disable setenforce history unset histfile shred rm
-rf touch dd if= of= tar czf zip 7z rar rclone exfil upload --upload-file -t -x post launchctl osascript dscl
dump security find-generic-password dump-keychain tccutil csrutil spctl xattr quarantine screencapture pbpaste
defaults write loginhook plistbuddy launchagents launchdaemons kickstart
"""
SALIENT: Final[frozenset[str]] = frozenset(_SALIENT_WORDS.split())

#: Processes that start whatever they are told to: their children begin scenes of their own.
_LAUNCHERS_WORDS: Final = """
system smss.exe csrss.exe wininit.exe winlogon.exe services.exe svchost.exe userinit.exe explorer.exe
taskeng.exe taskhostw.exe taskhost.exe taskhostex.exe wmiprvse.exe sihost.exe runtimebroker.exe
applicationframehost.exe dllhost.exe lsass.exe logonui.exe dwm.exe fontdrvhost.exe searchindexer.exe ctfmon.exe
sshd sshd-session systemd init systemd-executor cron crond atd anacron login agetty getty xinetd inetd dockerd
containerd containerd-shim containerd-shim-runc-v2 gdm gnome-shell kthreadd launchd xpcproxy dock finder
loginwindow
"""
LAUNCHERS: Final[frozenset[str]] = frozenset(_LAUNCHERS_WORDS.split())

#: Programs whose dropped files belong to the system, not to a story.
_INSTALLERS_WORDS: Final = """
msiexec.exe trustedinstaller.exe tiworker.exe wuauclt.exe usoclient.exe mpcmdrun.exe mssense.exe msmpeng.exe
dpkg dpkg-deb apt apt-get rpm yum dnf pip pip3 ld cc1 as gcc cc collect2 make installer
"""
INSTALLERS: Final[frozenset[str]] = frozenset(_INSTALLERS_WORDS.split())

#: Daemons that run jobs.
JOB_DAEMONS: Final = frozenset(("cron", "crond", "atd", "anacron"))

#: Programs that start no other: a process that seems to be their child has another parent with the same pid.
_STARTS_NOTHING_WORDS: Final = """
ls cat cp mv rm mkdir rmdir touch chmod chown chgrp ln stat df du date sleep uname hostname whoami id who w uptime
wc cut tr head tail sort uniq tee echo printf basename dirname readlink realpath sha0sum md0sum cksum od base0
grep egrep fgrep gzip gunzip zcat ps pgrep pkill kill free top ss netstat ping getent lsof file diff cmp seq test
true false expr sync mktemp shred truncate chattr lsattr setfacl getfacl dig host nslookup
"""
STARTS_NOTHING: Final[frozenset[str]] = frozenset(_STARTS_NOTHING_WORDS.split())

#: Interpreters: two processes that both ran one share nothing yet.
SHELLS: Final = frozenset(
    (
        "cmd.exe",
        "powershell.exe",
        "pwsh.exe",
        "sh",
        "bash",
        "dash",
        "zsh",
        "ksh",
        "python",
        "python0",
        "python0.0",
        "perl",
    )
)

#: Programs that run what they are handed.
WRAPPERS: Final = frozenset(
    ("sudo", "setsid", "nohup", "env", "timeout", "nice", "xargs", "stdbuf", "wscript.exe", "cscript.exe")
)

# Longest match first; the class is what a hashed feature says of a folder, so that no user or lab shows.
_WINDOWS_FOLDERS: Final[tuple[tuple[str, str], ...]] = (
    ("\\windows\\system32\\drivers", "sys32drv"),
    ("\\windows\\system32\\windowspowershell", "sys32ps"),
    ("\\windows\\system32\\wbem", "sys32wbem"),
    ("\\windows\\system32\\tasks", "sys32tasks"),
    ("\\windows\\system32\\spool", "sys32spool"),
    ("\\windows\\system32", "sys32"),
    ("\\windows\\syswow64", "sys32"),
    ("\\windows\\winsxs", "winsxs"),
    ("\\windows\\temp", "wintemp"),
    ("\\windows\\tasks", "wintasks"),
    ("\\windows\\microsoft.net", "dotnet"),
    ("\\windows\\assembly", "dotnet"),
    ("\\windows\\installer", "wininst"),
    ("\\windows\\prefetch", "prefetch"),
    ("\\windows\\softwaredistribution", "winupdate"),
    ("\\appdata\\local\\temp", "usertemp"),
    ("\\appdata\\roaming\\microsoft\\windows\\start menu\\programs\\startup", "startup"),
    ("\\start menu\\programs\\startup", "startup"),
    ("\\appdata\\roaming\\microsoft\\windows\\recent", "recent"),
    ("\\appdata\\local\\microsoft\\windows\\inetcache", "inetcache"),
    ("\\appdata\\local\\microsoft", "applocalms"),
    ("\\appdata\\local\\google", "applocalbrowser"),
    ("\\appdata\\local", "applocal"),
    ("\\appdata\\roaming\\microsoft\\office", "approamoffice"),
    ("\\appdata\\roaming", "approam"),
    ("\\downloads", "downloads"),
    ("\\desktop", "desktop"),
    ("\\documents", "documents"),
    ("\\users\\public", "public"),
    ("\\programdata\\microsoft\\windows defender", "defender"),
    ("\\programdata", "programdata"),
    ("\\program files", "progfiles"),
    ("\\$recycle.bin", "recycle"),
    ("\\perflogs", "perflogs"),
    ("\\admin$", "adminshare"),
    ("\\c$", "adminshare"),
    ("\\pipe\\", "pipe"),
    ("\\windows", "windir"),
    ("\\users", "userdir"),
)
_UNIX_FOLDERS: Final[tuple[tuple[str, str], ...]] = (
    ("/dev/shm", "devshm"),
    ("/var/tmp", "vartmp"),
    ("/private/tmp", "tmp"),
    ("/tmp", "tmp"),
    ("/etc/cron", "etccron"),
    ("/var/spool/cron", "etccron"),
    ("/etc/systemd", "etcsystemd"),
    ("/lib/systemd", "libsystemd"),
    ("/etc/ssh", "etcssh"),
    ("/etc/pam.d", "etcpam"),
    ("/etc", "etc"),
    ("/var/log", "varlog"),
    ("/var/www", "varwww"),
    ("/var/lib/dpkg", "pkgdb"),
    ("/var/lib/apt", "pkgdb"),
    ("/var/cache", "varcache"),
    ("/var", "var"),
    ("/usr/local", "usrlocal"),
    ("/usr/lib", "usrlib"),
    ("/usr/share", "usrshare"),
    ("/usr/sbin", "bin"),
    ("/usr/bin", "bin"),
    ("/sbin", "bin"),
    ("/bin", "bin"),
    ("/lib", "usrlib"),
    ("/proc", "proc"),
    ("/sys", "sysfs"),
    ("/dev", "dev"),
    ("/run", "run"),
    ("/opt", "opt"),
    ("/root", "roothome"),
    ("/home", "home"),
    ("/library/launchagents", "launchagents"),
    ("/library/launchdaemons", "launchdaemons"),
    ("/library", "library"),
    ("/applications", "applications"),
    ("/system", "macsystem"),
)


@lru_cache(maxsize=65_536)
def folder_class(path: str) -> str:
    """The kind of folder a lower-case path lies in, without user, host or volume. ``""`` for no folder."""
    if path.startswith("/"):
        if "/.ssh" in path:
            return "dotssh"
        return next((name for needle, name in _UNIX_FOLDERS if path.startswith(needle)), "root")
    if "\\" not in path:
        return ""
    found = next((name for needle, name in _WINDOWS_FOLDERS if needle in path), "")
    return found or ("unc" if path.startswith("\\\\") else "drive")
