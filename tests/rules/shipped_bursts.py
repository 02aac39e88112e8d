"""Made-up records for the shipped correlations of Windows: attacks and ordinary work near them."""

from typing import Any

from tests.rules.shipped_samples import SYSTEM, Sample, line
from tests.rules.windows_records import security, sysmon


def _at(second: int, code: int, **fields: Any) -> tuple[str, ...]:
    times = {
        "EventTime": f"2024-03-01 06:{second // 60:02}:{second % 60:02}",
        "@timestamp": f"2024-03-01T10:{second // 60:02}:{second % 60:02}.000Z",
    }
    return security(code, **times, **fields)


def _sprayed(accounts: int) -> tuple[str, ...]:
    tries = (_at(n, 4625, TargetUserName=f"user{n % accounts}", IpAddress="192.0.2.9") for n in range(12))
    return tuple(line for one in tries for line in one)


def _tickets(services: int) -> tuple[str, ...]:
    asked = {"TargetUserName": "ann@LAB", "TicketEncryptionType": "0x17", "Status": "0x0"}
    found = (_at(n, 4769, ServiceName=f"svc{n % services}", **asked) for n in range(8))
    return tuple(line for one in found for line in one)


def _commands(*names: str) -> tuple[str, ...]:
    found = (
        line(
            Image=f"{SYSTEM}{name}.exe",
            CommandLine=name,
            OriginalFileName=f"{name}.exe",
            UtcTime=f"2024-03-01 10:00:{n:02}.123",
        )
        for n, name in enumerate(names)
    )
    return tuple(one for lines in found for one in lines)


def _account(gone_after: int) -> tuple[str, ...]:
    who = {"TargetUserName": "helper", "TargetSid": "S-1-5-21-1-2-3-1105", "SubjectUserName": "ann"}
    return (*_at(0, 4720, **who), *_at(gone_after, 4726, **who))


def _many(code: int, names: int, **fields: str) -> tuple[str, ...]:
    found = (_at(n, code, TargetUserName=f"user{n % names}", **fields) for n in range(12))
    return tuple(line for one in found for line in one)


def _task(gone_after: int) -> tuple[str, ...]:
    who = {"TaskName": "\\hbGzQtLk", "SubjectUserName": "ann", "TaskContent": "<Task/>"}
    return (*_at(0, 4698, **who), *_at(gone_after, 4699, **who))


def _files(extension: str) -> tuple[str, ...]:
    found = (
        sysmon(
            11,
            TargetFilename=f"C:\\Users\\ann\\Documents\\{n}.docx{extension}",
            Image="C:\\ProgramData\\a.exe",
            UtcTime=f"2024-03-01 10:00:{n:02}.123",
        )
        for n in range(24)
    )
    return tuple(one for lines in found for one in lines)


SAMPLES = (
    Sample("One Password Tried on Many Accounts", _sprayed(12), _sprayed(2)),
    Sample("Tickets of Many Services Collected", _tickets(8), _tickets(2)),
    Sample(
        "Many Discovery Commands at Once (Windows)",
        _commands("whoami", "systeminfo", "ipconfig", "netstat", "nltest", "tasklist"),
        _commands("ipconfig", "ipconfig", "netstat", "ipconfig", "netstat", "ipconfig"),
    ),
    Sample("Account Lived for Minutes", _account(120), _account(3500)),
    Sample(
        "Names of Accounts Tried Out",
        _many(4768, 12, Status="0x6", IpAddress="192.0.2.9"),
        _many(4768, 2, Status="0x6", IpAddress="192.0.2.9"),
    ),
    Sample(
        "Passwords of Many Accounts Refused to One Machine",
        _many(4776, 12, Status="0xc000006a", Workstation="WS7"),
        _many(4776, 12, Status="0x0", Workstation="WS7"),
    ),
    Sample("Many Accounts Locked Out at Once", _many(4740, 12), _many(4740, 2)),
    Sample("Scheduled Task Lived for a Minute", _task(20), _task(900)),
    Sample("Many Documents Written with a Second Extension", _files(".xqz9a"), _files(".tmp")),
)
