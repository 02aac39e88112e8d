"""Made-up records for the shipped rules about the Security log: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import security

SAMPLES = (
    Sample(
        "Logon from a Machine Named like an Attacker's",
        security(4624, TargetUserName="ann", WorkstationName="kali", LogonType="3", IpAddress="192.0.2.9"),
        security(4624, TargetUserName="ann", WorkstationName="WS2", LogonType="3", IpAddress="192.0.2.9"),
    ),
    Sample(
        "Remote Desktop or Administrator's Ticket from the Machine Itself",
        security(4624, TargetUserName="ann", LogonType="10", IpAddress="127.0.0.1"),
        security(4624, TargetUserName="ann", LogonType="10", IpAddress="192.0.2.9"),
    ),
    Sample(
        "Logon as Guest or by the Oldest Protocol",
        security(4722, TargetUserName="Guest", SubjectUserName="ann"),
        security(4624, TargetUserName="ann", LmPackageName="NTLM V2", LogonType="3"),
    ),
    Sample(
        "Other Account's Password Used by an Odd Program",
        security(
            4648,
            SubjectUserName="ann",
            TargetUserName="admin",
            TargetServerName="SRV2",
            ProcessName=r"C:\Users\Public\a.exe",
        ),
        security(
            4648,
            SubjectUserName="ann",
            TargetUserName="ann",
            TargetServerName="mail",
            ProcessName=r"C:\Program Files\Office\OUTLOOK.EXE",
        ),
    ),
    Sample(
        "Logon Process or Domain Name of a Known Kit",
        security(4611, LogonProcessName="User32LogonProcesss", SubjectUserName="WS1$"),
        security(4611, LogonProcessName="Winlogon", SubjectUserName="WS1$"),
    ),
    Sample(
        "Powerful Right Used by a Program in an Odd Folder",
        security(
            4703, SubjectUserName="ann", EnabledPrivilegeList="SeDebugPrivilege", ProcessName=r"C:\Users\Public\a.exe"
        ),
        security(
            4703,
            SubjectUserName="WS1$",
            EnabledPrivilegeList="SeDebugPrivilege",
            ProcessName=r"C:\Windows\System32\svchost.exe",
        ),
    ),
    Sample(
        "Memory of LSASS Asked For, in the Security Log",
        security(
            4663,
            SubjectUserName="ann",
            ObjectName=r"\Device\HarddiskVolume1\Windows\System32\lsass.exe",
            AccessMask="0x10",
            ProcessName=r"C:\Users\ann\m.exe",
        ),
        security(
            4663,
            SubjectUserName="WS1$",
            ObjectName=r"\Device\HarddiskVolume1\Windows\System32\lsass.exe",
            AccessMask="0x10",
            ProcessName=r"C:\Program Files\Av\a.exe",
        ),
    ),
    Sample(
        "Store of Passwords Opened by a Foreign Program",
        security(
            4663,
            SubjectUserName="ann",
            ObjectName=r"\REGISTRY\MACHINE\SAM\SAM\Domains\Account",
            AccessMask="0x1",
            ProcessName=r"C:\Windows\System32\reg.exe",
        ),
        security(
            4663,
            SubjectUserName="WS1$",
            ObjectName=r"\REGISTRY\MACHINE\SAM\SAM\Domains\Account",
            AccessMask="0x1",
            ProcessName=r"C:\Windows\System32\lsass.exe",
        ),
    ),
    Sample(
        "Second Identity or Password Proof of an Account Taken Over",
        security(4738, SubjectUserName="ann", TargetUserName="bob", SidHistory="%{S-1-5-21-1-2-3-512}"),
        security(4738, SubjectUserName="ann", TargetUserName="bob", SidHistory="-"),
    ),
    Sample(
        "Account Put into a Group with Hidden Power",
        security(4732, SubjectUserName="ann", TargetUserName="Backup Operators", TargetSid="S-1-5-32-551"),
        security(4732, SubjectUserName="ann", TargetUserName="Users", TargetSid="S-1-5-32-545"),
    ),
    Sample(
        "Scheduled Task of a Protection Removed or Switched Off",
        security(4701, SubjectUserName="ann", TaskName=r"\Microsoft\Windows\SystemRestore\SR"),
        security(4701, SubjectUserName="ann", TaskName=r"\Vendor\Update"),
    ),
    Sample(
        "Scheduled Task Registered among Those of Windows by a Person",
        security(
            4698,
            SubjectUserName="ann",
            SubjectUserSid="S-1-5-21-1-2-3-1105",
            TaskName=r"\Microsoft\Windows\Wininet\Cache2",
            TaskContent="<Task/>",
        ),
        security(
            4702,
            SubjectUserName="WS1$",
            SubjectUserSid="S-1-5-18",
            TaskName=r"\Microsoft\Windows\UpdateOrchestrator\Scan",
            TaskContent="<Task/>",
        ),
    ),
    Sample(
        "Groups or Accounts of the Machine Read by an Odd Program",
        security(
            4799, SubjectUserName="ann", TargetUserName="Administrators", CallerProcessName=r"C:\Users\Public\a.exe"
        ),
        security(
            4799,
            SubjectUserName="WS1$",
            TargetUserName="Administrators",
            CallerProcessName=r"C:\Windows\System32\svchost.exe",
        ),
    ),
    Sample(
        "Library for Logons Loaded That Windows Does Not Have",
        security(4622, SecurityPackageName=r"C:\Windows\system32\mimilib.dll : KiwiSSP"),
        security(4622, SecurityPackageName=r"C:\Windows\system32\msv1_0.DLL : NTLM"),
    ),
)
