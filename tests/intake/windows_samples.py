"""Made-up Windows events in the shapes collectors write them."""

import json
from typing import Any

GUID = "{11111111-2222-3333-4444-000000000001}"
PARENT_GUID = "{11111111-2222-3333-4444-000000000002}"


def sysmon_data(**more: Any) -> dict[str, Any]:
    return {
        "RuleName": "-",
        "UtcTime": "2024-03-01 10:00:00.123",
        "ProcessGuid": GUID,
        "ProcessId": "4321",
        "Image": "C:\\Windows\\System32\\cmd.exe",
        "CommandLine": "cmd.exe /c whoami",
        "CurrentDirectory": "C:\\Users\\ann\\",
        "User": "LAB\\ann",
        "LogonId": "0x3e7",
        "IntegrityLevel": "High",
        "Hashes": "SHA256=AA",
        "OriginalFileName": "Cmd.Exe",
        "ParentProcessGuid": PARENT_GUID,
        "ParentProcessId": "1234",
        "ParentImage": "C:\\Windows\\explorer.exe",
        "ParentCommandLine": "explorer.exe",
        **more,
    }


def nxlog(**more: Any) -> dict[str, Any]:
    """A flat NXLog record of a process creation; its EventTime is local time (UTC-4)."""
    return {
        "EventTime": "2024-03-01 06:00:00",
        "@timestamp": "2024-03-01T10:00:03.500Z",
        "Hostname": "WS1.lab.example",
        "EventID": 1,
        "SourceName": "Microsoft-Windows-Sysmon",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventType": "INFO",
        "ExecutionProcessID": 99,
        **sysmon_data(),
        **more,
    }


def winlogbeat(**more: Any) -> dict[str, Any]:
    return {
        "@timestamp": "2024-03-01T10:00:00.500Z",
        "log_name": "Microsoft-Windows-Sysmon/Operational",
        "source_name": "Microsoft-Windows-Sysmon",
        "event_id": 1,
        "computer_name": "WS1.lab.example",
        "event_data": sysmon_data(),
        "message": "Process Create:",
        **more,
    }


def ecs() -> dict[str, Any]:
    return {
        "@timestamp": "2024-03-01T10:00:00.500Z",
        "winlog": {
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "provider_name": "Microsoft-Windows-Sysmon",
            "event_id": 1,
            "computer_name": "WS1.lab.example",
            "event_data": sysmon_data(),
        },
        "host": {"name": "collector"},
    }


def sentinel_json() -> dict[str, Any]:
    return {
        "TimeGenerated": "2024-03-01T10:00:00.5Z",
        "Provider": "Microsoft-Windows-Sysmon",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Computer": "WS1.lab.example",
        "EventID": 1,
        "EventData": json.dumps(sysmon_data()),
    }


def sentinel_xml() -> dict[str, Any]:
    return {**sentinel_json(), "EventData": f"<EventData xmlns='urn:x'>{_data_elements()}</EventData>"}


def tree() -> dict[str, Any]:
    """As whids and evtx_dump write it."""
    return {
        "Event": {
            "EventData": sysmon_data(),
            "System": {
                "Channel": "Microsoft-Windows-Sysmon/Operational",
                "Computer": "WS1.lab.example",
                "EventID": "1",
                "Execution": {"ProcessID": "99"},
                "Provider": {"Name": "Microsoft-Windows-Sysmon"},
                "TimeCreated": {"SystemTime": "2024-03-01T10:00:00.500123900Z"},
            },
        }
    }


def wrapped() -> dict[str, Any]:
    """As a SIEM keeps the original: a tree of pairs in text."""
    inner = tree()
    inner["Event"]["EventData"] = {"Data": [{"Name": k, "text": v} for k, v in sysmon_data().items()]}
    return {"recv_time": "2024-03-01T10:00:09Z", "body": json.dumps(inner)}


def bare() -> dict[str, Any]:
    return {"EventId": 1, **sysmon_data(), "Computer": "WS1.lab.example"}


def message_only() -> dict[str, Any]:
    message = "Process Create:\r\n" + "\r\n".join(f"{k}: {v}" for k, v in sysmon_data().items())
    record = nxlog(Message=message)
    return {k: v for k, v in record.items() if k not in sysmon_data()}


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;")


def _data_elements() -> str:
    return "".join(f"<Data Name='{k}'>{_escaped(str(v))}</Data>" for k, v in sysmon_data().items())


def xml(provider: str = "Microsoft-Windows-Sysmon", channel: str = "Microsoft-Windows-Sysmon/Operational") -> str:
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='{provider}'/><EventID>1</EventID>"
        "<TimeCreated SystemTime='2024-03-01T10:00:00.500123900Z'/><Execution ProcessID='99' ThreadID='1'/>"
        f"<Channel>{channel}</Channel><Computer>WS1.lab.example</Computer></System>"
        f"<EventData>{_data_elements()}</EventData></Event>"
    )


def security(code: int, **data: Any) -> dict[str, Any]:
    return {
        "@timestamp": "2024-03-01T10:00:00Z",
        "winlog": {
            "channel": "Security",
            "provider_name": "Microsoft-Windows-Security-Auditing",
            "event_id": code,
            "computer_name": "DC1",
            "event_data": data,
        },
    }


LAUNCH_TEXT = """03/01/2024 10:00:00 AM
LogName=Security
EventCode=4688
ComputerName=WS1.lab.example
SourceName=Microsoft Windows security auditing.
Keywords=Audit Success
Message=A new process has been created.

Creator Subject:
	Security ID:		S-1-5-18
	Account Name:		ann
	Account Domain:		LAB
	Logon ID:		0x3E7

Target Subject:
	Account Name:		-
	Account Domain:		-

Process Information:
	New Process ID:		0x10e1
	New Process Name:	C:\\Windows\\System32\\cmd.exe
	Token Elevation Type:	%%1937
	Mandatory Label:		S-1-16-12288
	Creator Process ID:	0x4d2
	Creator Process Name:	C:\\Windows\\explorer.exe
	Process Command Line:	cmd.exe /c whoami
"""
