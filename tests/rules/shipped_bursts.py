"""Made-up records for the shipped correlations of Windows: attacks and ordinary work near them."""

from typing import Any

from tests.rules.shipped_samples import SYSTEM, Sample, line
from tests.rules.windows_records import security


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


SAMPLES = (
    Sample("One Password Tried on Many Accounts", _sprayed(12), _sprayed(2)),
    Sample("Tickets of Many Services Collected", _tickets(8), _tickets(2)),
    Sample(
        "Many Discovery Commands at Once (Windows)",
        _commands("whoami", "systeminfo", "ipconfig", "netstat", "nltest", "tasklist"),
        _commands("ipconfig", "ipconfig", "netstat", "ipconfig", "netstat", "ipconfig"),
    ),
    Sample("Account Lived for Minutes", _account(120), _account(3500)),
)
