"""Made-up records for rules on databases, accounts and the directory, and for bursts in their logs."""

from typing import Any

from tests.rules.shipped_samples import Sample, other
from tests.rules.windows_records import command, logged, made, registry, script, security, sysmon

Lines = tuple[str, ...]


def database(code: int, *data: str) -> Lines:
    return other("Application", "MSSQLSERVER", code, Data=list(data) if len(data) > 1 else data[0])


def audited(statement: str, action: str = "AL") -> Lines:
    return database(33205, f"action_id:{action}\nsucceeded:true\nclass_type:SL\nstatement:{statement}\nadditional:")


def pair(title: str, code: int, attack: dict[str, Any], near: dict[str, Any], **both: Any) -> Sample:
    """A record of the Security log by a person, and one near it that differs in the named fields."""
    who = {"SubjectUserName": "ann", **both}
    return Sample(title, security(code, **{**who, **attack}), security(code, **{**who, **near}))


def at(second: int, channel: str, code: int, **fields: Any) -> Lines:
    times = {
        "EventTime": f"2024-03-01 06:{second // 60:02}:{second % 60:02}",
        "@timestamp": f"2024-03-01T10:{second // 60:02}:{second % 60:02}.000Z",
    }
    return logged(channel, code, **times, **fields)


def burst(channel: str, code: int, count: int, field: str, names: int, **fields: Any) -> Lines:
    """So many records a second apart, whose one field takes so many values."""
    found = (at(n, channel, code, **{field: f"{fields.get('before', '')}x{n % names}", **fields}) for n in range(count))
    return tuple(line for one in found for line in one)


def _ticket_machines(names: int) -> Lines:
    asked = {"TargetUserName": "ann@LAB.EXAMPLE", "TargetDomainName": "LAB.EXAMPLE", "Status": "0x0"}
    found = (at(n, "Security", 4769, ServiceName=f"PC{n % names}$", **asked) for n in range(14))
    return tuple(line for one in found for line in one)


def _pipes(*names: str) -> Lines:
    asked = {"SubjectUserName": "ann", "IpAddress": "192.0.2.9", "ShareName": r"\\*\IPC$", "AccessMask": "0x12019f"}
    found = (at(n, "Security", 5145, RelativeTargetName=name, **asked) for n, name in enumerate(names))
    return tuple(line for one in found for line in one)


def _many_hosts(hosts: int) -> Lines:
    on = {"TargetUserName": "ann", "LogonType": 3, "IpAddress": "192.0.2.9"}
    found = (at(n, "Security", 4624, Hostname=f"PC{n % hosts}.lab.example", **on) for n in range(10))
    return tuple(line for one in found for line in one)


def _refused(count: int) -> Lines:
    found = (at(n, "Application", 18456, SourceName="MSSQLSERVER", Data=[f"u{n}", " Reason: x"]) for n in range(count))
    return tuple(line for one in found for line in one)


def _rule_gone(after: int) -> Lines:
    rule = {"RuleId": "{1}", "RuleName": "x"}
    return (*at(0, "Security", 4946, **rule), *at(after, "Security", 4948, **rule))


GROUP = "%{bf967a9c-0de6-11d0-a285-00aa003049e2}"
USER = "%{bf967aba-0de6-11d0-a285-00aa003049e2}"
UNIT = "%{bf967aa5-0de6-11d0-a285-00aa003049e2}"
PERSON = {"SubjectUserName": "ann"}

BURSTS = (
    Sample("Passwords of a Database Server Guessed", _refused(7), _refused(3)),
    Sample(
        "Passwords of the Shell Server Guessed (Windows)",
        burst("OpenSSH/Operational", 4, 9, "process", 1, payload="Failed password for ann from 192.0.2.9 port 1 ssh2"),
        burst("OpenSSH/Operational", 4, 4, "process", 1, payload="Failed password for ann from 192.0.2.9 port 1 ssh2"),
    ),
    Sample(
        "Passwords Guessed through One Program",
        burst("Security", 4625, 6, "TargetUserName", 6, ProcessName=r"C:\sshd.exe", SubStatus="0xc000006a"),
        burst("Security", 4625, 6, "TargetUserName", 6, ProcessName="-", SubStatus="0xc000006a"),
    ),
    Sample(
        "One Account Put into Many Groups at Once",
        burst("Security", 4728, 9, "TargetUserName", 9, MemberSid="S-1-5-21-1-2-3-1105", **PERSON),
        burst("Security", 4728, 9, "TargetUserName", 2, MemberSid="S-1-5-21-1-2-3-1105", **PERSON),
    ),
    Sample(
        "Passwords of Many Accounts Set Anew at Once",
        burst("Security", 4724, 12, "TargetUserName", 12, **PERSON),
        burst("Security", 4724, 12, "TargetUserName", 3, **PERSON),
    ),
    Sample("Tickets for Many Machines Asked For by One Person", _ticket_machines(14), _ticket_machines(4)),
    Sample(
        "Accounts Database Read Name by Name",
        burst("Security", 4661, 12, "ObjectName", 12, ObjectType="SAM_ALIAS", AccessMask="0xc", **PERSON),
        burst("Security", 4661, 12, "ObjectName", 2, ObjectType="SAM_ALIAS", AccessMask="0xc", **PERSON),
    ),
    Sample(
        "Groups of the Directory Read One after Another",
        burst("Security", 4662, 14, "ObjectName", 14, ObjectType=GROUP, AccessMask="0x100", **PERSON),
        burst("Security", 4662, 14, "ObjectName", 14, ObjectType=GROUP, AccessMask="0x100", SubjectUserName="DC1$"),
    ),
    Sample("Firewall Rule Lived for Minutes", _rule_gone(120), _rule_gone(3500)),
    Sample("One Person Logs On to Many Machines at Once", _many_hosts(10), _many_hosts(3)),
    Sample(
        "Password of Another Account Tried on Many Machines",
        burst("Security", 4648, 8, "TargetServerName", 8, **PERSON),
        burst("Security", 4648, 8, "TargetServerName", 2, **PERSON),
    ),
    Sample(
        "Many Pipes of Lists Opened by One Person",
        _pipes("samr", "srvsvc", "winreg", "wkssvc"),
        _pipes("srvsvc", "wkssvc", "srvsvc", "wkssvc"),
    ),
)

DATABASES = (
    Sample(
        "Audit of a Database Server Stopped or Deleted",
        audited("ALTER SERVER AUDIT [a]\r\nWITH (STATE = OFF)"),
        audited("ALTER SERVER AUDIT [a]\r\nWITH (STATE = ON)"),
    ),
    Sample(
        "Account or Power over a Database Server Given",
        audited("CREATE LOGIN [x] WITH PASSWORD=N'******', CHECK_POLICY=OFF", "CR"),
        audited(r"CREATE LOGIN [LAB\bob] FROM WINDOWS", "CR"),
    ),
    Sample(
        "Option of a Database Server Loosened",
        database(15457, "clr enabled", "0", "1"),
        database(15457, "clr enabled", "1", "1"),
    ),
    Sample(
        "Database Server Loaded the Library of a Procedure That Reaches Outside",
        database(8128, "odsole70.dll", "2019.1", "sp_OACreate"),
        database(8128, "xpstar.dll", "2019.1", "xp_instance_regread"),
    ),
    Sample(
        "Database Owner Sa Refused",
        database(18456, "sa", " Reason: Password did not match", " [CLIENT: 192.0.2.9]"),
        database(18456, "sam", " Reason: Password did not match", " [CLIENT: 192.0.2.9]"),
    ),
    Sample(
        "Database Server Reset or Searched by a Command",
        command("sqlcmd -S srv -Q \"EXEC sp_addsrvrolemember 'x', 'sysadmin'\""),
        command('sqlcmd -S srv -Q "SELECT name FROM sys.databases"'),
    ),
    Sample(
        "Script Attacks or Resets a Database Server",
        script("Get-SQLInstanceDomain | Get-SQLServerInfo"),
        script("Get-SqlInstance -ServerInstance srv"),
    ),
)

ACCOUNTS = (
    pair(
        "Account Made Weak in Its Keys or Left without a Guard",
        4738,
        {"UserAccountControl": "\n\t\t%%2095"},
        {"UserAccountControl": "\n\t\t%%2063"},
    ),
    pair(
        "Password of an Account Set Never to Expire",
        4738,
        {"UserAccountControl": "\n\t\t%%2089"},
        {"UserAccountControl": "\n\t\t%%2057"},
    ),
    pair(
        "Account Renamed like an Administrator or a Service",
        4781,
        {"OldTargetUserName": "bob", "NewTargetUserName": "adminbob"},
        {"OldTargetUserName": "bob", "NewTargetUserName": "robert"},
    ),
    pair(
        "Account Made on a Machine of Its Own",
        4720,
        {"HomeDirectory": "%%1793", "LogonHours": "%%1797"},
        {"HomeDirectory": "-", "LogonHours": "%%1793"},
        TargetUserName="helper",
    ),
    pair(
        "Account That Comes with the System Switched On or Given a Password",
        4722,
        {"TargetSid": "S-1-5-21-1-2-3-500"},
        {"TargetSid": "S-1-5-21-1-2-3-1500"},
    ),
    pair(
        "Right Password Refused by a Rule of the Account",
        4625,
        {"Status": "0xc000006e", "SubStatus": "0x0"},
        {"Status": "0xc000006d", "SubStatus": "0xc000006a"},
        LogonType=10,
    ),
    pair(
        "Right to Act as Others, Read Everything or Log On from Afar Given",
        4704,
        {"PrivilegeList": "SeImpersonatePrivilege"},
        {"PrivilegeList": "SeTimeZonePrivilege"},
    ),
    pair(
        "Everybody Put into a Powerful Group",
        4732,
        {"MemberSid": "S-1-1-0"},
        {"MemberSid": "S-1-5-21-1-2-3-1105"},
        TargetSid="S-1-5-32-544",
    ),
    pair(
        "Account Taken Out of a Powerful or Guarded Group",
        4729,
        {"TargetSid": "S-1-5-21-1-2-3-512"},
        {"TargetSid": "S-1-5-21-1-2-3-1512"},
    ),
    pair(
        "First Group of an Account Set to a Powerful One",
        4738,
        {"PrimaryGroupId": "512"},
        {"PrimaryGroupId": "513"},
    ),
    pair(
        "Account Put into a Powerful Group, by Its Name",
        4728,
        {"TargetUserName": "Domain Admins"},
        {"TargetUserName": "Domain Users"},
        TargetUserSid=r"LAB\x",
    ),
    pair(
        "Account Made Weak, in a Log Kept as Text",
        4738,
        {"Message": "User Account Control:\n\t\t'Don't Require Preauth' - Enabled"},
        {"Message": "User Account Control:\n\t\t'Don't Require Preauth' - Disabled"},
    ),
    pair(
        "Powerful Right Given to an Account, in a Log Kept as Text",
        4704,
        {"Message": "New Right:\n\tUser Right:\tSeDebugPrivilege"},
        {"Message": "New Right:\n\tUser Right:\tSeTimeZonePrivilege"},
    ),
)

DIRECTORY = (
    pair(
        "Rights in the Directory Changed by a Machine",
        4662,
        {"SubjectUserName": "MAIL1$"},
        {"SubjectUserName": "ann"},
        AccessMask="0x40000",
        ObjectType=UNIT,
    ),
    pair(
        "Rights or Owner of a Directory Object Changed by a Person",
        4662,
        {"AccessMask": "0x80000"},
        {"AccessMask": "0x20"},
        ObjectType=USER,
    ),
    pair(
        "Policy of the Whole Domain or of Its Controllers Changed",
        5136,
        {"ObjectDN": "CN={31B2F340-016D-11D2-945F-00C04FB984F9},CN=Policies,CN=System,DC=a"},
        {"ObjectDN": "CN={11111111-016D-11D2-945F-00C04FB984F9},CN=Policies,CN=System,DC=a"},
        ObjectClass="groupPolicyContainer",
        AttributeLDAPDisplayName="versionNumber",
    ),
    pair("Rules for Passwords Weakened", 4739, {"MinPasswordLength": "0"}, {"MinPasswordLength": "14"}),
    pair(
        "Ticket Whose Domain Is Written in Small Letters",
        4769,
        {"TargetDomainName": "lab.example"},
        {"TargetDomainName": "LAB.EXAMPLE"},
        TargetUserName="ann@LAB.EXAMPLE",
        ServiceName="DC1$",
    ),
    pair(
        "Accounts Database Opened with Every Right over the Network",
        4661,
        {"AccessMask": "0xf01ff"},
        {"AccessMask": "0x2d"},
        ObjectType="SAM_DOMAIN",
    ),
    pair(
        "Weak Settings of an Account Written to the Directory",
        5136,
        {"AttributeValue": "4194816"},
        {"AttributeValue": "512"},
        AttributeLDAPDisplayName="userAccountControl",
        OperationType="%%14674",
    ),
    pair(
        "Member of a Powerful Group Written to the Directory",
        5136,
        {"ObjectDN": "CN=Domain Admins,CN=Users,DC=a"},
        {"ObjectDN": "CN=Staff,CN=Users,DC=a"},
        AttributeLDAPDisplayName="member",
    ),
    pair(
        "Name of a Machine Changed by a Person",
        5136,
        {"AttributeLDAPDisplayName": "dNSHostName"},
        {"AttributeLDAPDisplayName": "description"},
        ObjectClass="computer",
    ),
    Sample("Deleted Object of the Directory Brought Back", security(5138, **PERSON), security(5139, **PERSON)),
    pair(
        "Mark of Guarded Accounts or Shape of the Directory Written by a Person",
        5136,
        {"AttributeLDAPDisplayName": "adminCount"},
        {"AttributeLDAPDisplayName": "telephoneNumber"},
        ObjectClass="user",
    ),
    pair(
        "Recovery Keys of Disks Read from the Directory",
        4662,
        {"Properties": "{43061ac1-c8ad-4ccc-b785-2bfac20fc60a}"},
        {"Properties": "{43061ac1-0000-0000-0000-000000000000}"},
    ),
    pair(
        "Machine Logs On by Certificate",
        4768,
        {"TargetUserName": "PC1$"},
        {"TargetUserName": "ann"},
        PreAuthType="16",
        Status="0x0",
    ),
    pair(
        "Rights or Settings of the Certificate Answering Server Changed",
        5124,
        {},
        {"EventID": 5123},
    ),
    pair("List of Watched Groups Changed", 4908, {"SidList": "-"}, {"SidList": "%{S-1-5-21-1-2-3-1613}"}),
    Sample(
        "List of Watched Groups Changed in the Registry",
        registry(r"HKLM\System\CurrentControlSet\Control\Lsa\Audit\SpecialGroups", "S-1-5-21-1"),
        registry(r"HKLM\System\CurrentControlSet\Control\Lsa\Audit\Other", "S-1-5-21-1"),
    ),
)

FILES = (
    Sample(
        "File Whose Name Is Written Backwards or Padded",
        made("C:\\Users\\ann\\a\u202excod.exe", r"C:\Windows\explorer.exe"),
        made(r"C:\Users\ann\a b.exe", r"C:\Windows\explorer.exe"),
    ),
    Sample(
        "Command with a Name Written Backwards or Padded",
        command("notepad C:\\Users\\ann\\a\u202etxt.exe"),
        command(r"notepad C:\Users\ann\txt.a"),
    ),
    Sample(
        "Keys of the Shell Server Written on Windows",
        sysmon(11, TargetFilename=r"C:\ProgramData\ssh\administrators_authorized_keys", Image=r"C:\a.exe"),
        sysmon(11, TargetFilename=r"C:\ProgramData\ssh\ssh_host_rsa_key.pub", Image=r"C:\a.exe"),
    ),
)

SAMPLES = (*BURSTS, *DATABASES, *ACCOUNTS, *DIRECTORY, *FILES)
