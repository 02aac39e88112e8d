"""Made-up records of Windows logs, in the shape of a collector, for samples of rules."""

from typing import Any

from tests.rules.shipped_samples import SYSTEM, other, started


def sysmon(code: int, **fields: Any) -> tuple[str, ...]:
    return other("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", code, **fields)


def security(code: int, **fields: Any) -> tuple[str, ...]:
    return other("Security", "Microsoft-Windows-Security-Auditing", code, **fields)


def registry(key: str, details: str, image: str = SYSTEM + "reg.exe") -> tuple[str, ...]:
    return sysmon(13, EventType="SetValue", TargetObject=key, Details=details, Image=image)


def registry_gone(key: str, image: str = SYSTEM + "reg.exe") -> tuple[str, ...]:
    return sysmon(12, EventType="DeleteKey", TargetObject=key, Image=image)


def made(path: str, image: str) -> tuple[str, ...]:
    return sysmon(11, TargetFilename=path, Image=image)


def deleted(path: str, image: str) -> tuple[str, ...]:
    return sysmon(23, TargetFilename=path, Image=image)


def system(code: int, provider: str, **fields: Any) -> tuple[str, ...]:
    return other("System", provider, code, **fields)


def logged(channel: str, code: int, **fields: Any) -> tuple[str, ...]:
    """A record of a log named after its only provider."""
    return other(channel, channel.partition("/")[0], code, **fields)


def script(text: str) -> tuple[str, ...]:
    return other("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", 4104, ScriptBlockText=text)


def classic(code: int, **fields: Any) -> tuple[str, ...]:
    return other("Windows PowerShell", "PowerShell", code, **fields)


def module(**fields: Any) -> tuple[str, ...]:
    return other("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", 4103, **fields)


def command(text: str, **more: str) -> tuple[str, ...]:
    """A program started with this command line; one without a folder is a program of Windows."""
    name = text.split()[0].strip('"').removesuffix(".exe")
    image = f"{name}.exe" if ":" in name else f"{SYSTEM}{name}.exe"
    return started(more.pop("image", image), text, **more)
