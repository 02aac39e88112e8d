"""Made-up records for the shipped rules about remote work and traces in seldom read logs."""

from tests.rules.shipped_samples import Sample, other, started
from tests.rules.windows_records import logged, registry_gone, security, sysmon, system

SAMPLES = (
    Sample(
        "Protected Process Ended Under Watch, or Watched from a User Folder",
        other(
            "Application",
            "Microsoft-Windows-ProcessExitMonitor",
            3001,
            param1="C:\\Windows\\System32\\lsass.exe",
            param2="C:\\Tools\\a.exe",
            param3="0",
        ),
        other(
            "Application",
            "Microsoft-Windows-ProcessExitMonitor",
            3001,
            param1="C:\\Tools\\app.exe",
            param2="C:\\Windows\\System32\\taskkill.exe",
            param3="0",
        ),
    ),
    Sample(
        "Monitor for the End of a Process Set (Security Log)",
        security(
            4657,
            ObjectName="\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\SilentProcessExit\\lsass.exe",
            ObjectValueName="MonitorProcess",
            NewValue="C:\\a.exe",
        ),
        security(
            4657,
            ObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon",
            ObjectValueName="Shell",
            NewValue="explorer.exe",
        ),
    ),
    Sample(
        "Account Named by Signs Alone",
        security(4720, TargetUserName="$", SubjectUserName="SRV1$", TargetDomainName="LAB"),
        security(4720, TargetUserName="ann", SubjectUserName="admin", TargetDomainName="LAB"),
    ),
    Sample(
        "Lock on PowerShell or on Unknown Programs Taken Away",
        registry_gone(r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment\__PSLockdownPolicy"),
        registry_gone(r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment\TEMPDIR"),
    ),
    Sample(
        "Lock on PowerShell Taken Away (Security Log)",
        security(
            4657,
            ObjectName="\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\Session Manager\\Environment",
            ObjectValueName="__PSLockdownPolicy",
            OperationType="%%1906",
        ),
        security(
            4657,
            ObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\PowerShell\\ScriptBlockLogging",
            ObjectValueName="EnableScriptBlockLogging",
            OperationType="%%1905",
            NewValue="1",
        ),
    ),
    Sample(
        "Service of a Log or Guard Fell Over",
        started(
            "C:\\Windows\\System32\\WerFault.exe",
            "C:\\Windows\\system32\\WerFault.exe -u -p 54 -s 46",
            parent="C:\\Windows\\System32\\svchost.exe",
            ParentCommandLine="C:\\Windows\\System32\\svchost.exe -k LocalServiceNetworkRestricted -p -s EventLog",
        ),
        started(
            "C:\\Windows\\System32\\WerFault.exe",
            "C:\\Windows\\system32\\WerFault.exe -u -p 54 -s 46",
            parent="C:\\Windows\\System32\\svchost.exe",
            ParentCommandLine="C:\\Windows\\System32\\svchost.exe -k netsvcs -p -s BITS",
        ),
    ),
    Sample(
        "Service of a Log or Guard Ended Unasked",
        system(7034, "Service Control Manager", param1="Windows Event Log", param2="1"),
        system(7034, "Service Control Manager", param1="Print Spooler", param2="1"),
    ),
    Sample(
        "Fault of the Event Log or Guard Reported",
        other(
            "Application", "Application Error", 1000, Data=["svchost.exe_EventLog", "10.0", "wevtsvc.dll", "c0000005"]
        ),
        other("Application", "Application Error", 1000, Data=["app.exe", "10.0", "app.dll", "c0000005"]),
    ),
    Sample(
        "Process Held Still by a Program from a User Folder",
        sysmon(
            10,
            SourceImage="C:\\Users\\ann\\Desktop\\t.exe",
            TargetImage="C:\\Windows\\system32\\notepad.exe",
            GrantedAccess="0x800",
        ),
        sysmon(
            10,
            SourceImage="C:\\Program Files\\App\\app.exe",
            TargetImage="C:\\Windows\\system32\\notepad.exe",
            GrantedAccess="0x800",
        ),
    ),
    Sample(
        "Program with the Name of an Attack Kit at Work",
        sysmon(
            10,
            SourceImage="C:\\Tools\\mimikatz.exe",
            TargetImage="C:\\Windows\\system32\\notepad.exe",
            GrantedAccess="0x1000",
        ),
        sysmon(
            10,
            SourceImage="C:\\Tools\\procexp64.exe",
            TargetImage="C:\\Windows\\system32\\notepad.exe",
            GrantedAccess="0x1000",
        ),
    ),
    Sample(
        "Program with the Name of an Attack Kit in the Security Log",
        security(4673, ProcessName="C:\\t\\Rubeus.exe", PrivilegeList="SeTcbPrivilege", SubjectUserName="ann"),
        security(
            4673,
            ProcessName="C:\\Windows\\System32\\lsass.exe",
            PrivilegeList="SeTcbPrivilege",
            SubjectUserName="SRV1$",
        ),
    ),
    Sample(
        "Script Engine Talks to the Directory or Its Tickets",
        sysmon(
            3,
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            DestinationPort="389",
            DestinationIp="10.1.1.5",
            Initiated="true",
        ),
        sysmon(
            3,
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            DestinationPort="443",
            DestinationIp="10.1.1.5",
            Initiated="true",
        ),
    ),
    Sample(
        "Script Engine Calls the Services of Another Machine",
        sysmon(
            3,
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            DestinationPort="445",
            DestinationIp="10.1.1.5",
            Initiated="true",
        ),
        sysmon(3, Image="System", DestinationPort="445", DestinationIp="10.1.1.5", Initiated="true"),
    ),
    Sample(
        "Script Engine Opens the Pipe of a System Service",
        sysmon(
            18,
            EventType="ConnectPipe",
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            PipeName="\\samr",
        ),
        sysmon(18, EventType="ConnectPipe", Image="C:\\Windows\\explorer.exe", PipeName="\\srvsvc"),
    ),
    Sample(
        "Plain Program Reads Settings of Remote Management or Logon Security",
        security(
            4663,
            ProcessName="C:\\Windows\\System32\\notepad.exe",
            ObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN",
            AccessMask="0x1",
        ),
        security(
            4663,
            ProcessName="C:\\Windows\\System32\\svchost.exe",
            ObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN",
            AccessMask="0x1",
        ),
    ),
    Sample(
        "Task Manager Takes Full Hold of the Logon Service",
        security(
            4656,
            ProcessName="C:\\Windows\\System32\\Taskmgr.exe",
            ObjectName="\\Device\\HarddiskVolume2\\Windows\\System32\\lsass.exe",
            AccessMask="0x1fffff",
        ),
        security(
            4656,
            ProcessName="C:\\Windows\\System32\\Taskmgr.exe",
            ObjectName="\\Device\\HarddiskVolume2\\Windows\\System32\\svchost.exe",
            AccessMask="0x1fffff",
        ),
    ),
    Sample(
        "Control Panel Item or Screen Saver in a User Folder Noted by Windows",
        logged(
            "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant",
            17,
            ExePath="C:\\Users\\ann\\Downloads\\bill.cpl",
            ResolverName="ControlPanelApplet",
        ),
        logged(
            "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant",
            17,
            ExePath="C:\\Users\\ann\\Downloads\\game.exe",
            ResolverName="WrpKeyMitigation",
        ),
    ),
    Sample(
        "Fix for Old Programs Applied to a Program of Windows",
        logged(
            "Microsoft-Windows-Application-Experience/Program-Telemetry",
            500,
            ExePath="C:\\Windows\\System32\\osk.exe",
            FixName="CorrectFilePaths",
        ),
        logged(
            "Microsoft-Windows-Application-Experience/Program-Telemetry",
            500,
            ExePath="C:\\Games\\old.exe",
            FixName="CorrectFilePaths",
        ),
    ),
    Sample(
        "Component Asked For from Another Machine and Refused",
        system(
            10016,
            "Microsoft-Windows-DistributedCOM",
            param1="application-specific",
            param2="Remote",
            param3="Activation",
            param4="{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}",
            param9="10.1.1.9",
        ),
        system(
            10016,
            "Microsoft-Windows-DistributedCOM",
            param1="application-specific",
            param2="Local",
            param3="Activation",
            param4="{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}",
            param9="LocalHost (Using LRPC)",
        ),
    ),
    Sample(
        "Component That Runs Commands Asked For from Another Machine",
        system(
            10016,
            "Microsoft-Windows-DistributedCOM",
            param1="application-specific",
            param2="Remote",
            param3="Launch",
            param4="{49B2791A-B1AE-4C90-9B8E-E860BA07F889}",
            param9="10.1.1.9",
        ),
        system(
            10016,
            "Microsoft-Windows-DistributedCOM",
            param1="application-specific",
            param2="Local",
            param3="Launch",
            param4="{49B2791A-B1AE-4C90-9B8E-E860BA07F889}",
            param9="LocalHost (Using LRPC)",
        ),
    ),
    Sample(
        "Desktop Program Called from Another Machine",
        sysmon(
            3,
            Image="C:\\Windows\\explorer.exe",
            Initiated="false",
            SourceIp="10.1.1.9",
            SourcePort="49158",
            DestinationIp="10.1.1.8",
            DestinationPort="58172",
        ),
        sysmon(
            3,
            Image="C:\\Windows\\explorer.exe",
            Initiated="true",
            SourceIp="10.1.1.9",
            SourcePort="49158",
            DestinationIp="10.1.1.8",
            DestinationPort="80",
        ),
    ),
    Sample(
        "Desktop Program Called from Another Machine (Security Log)",
        security(
            5156,
            Application="\\device\\harddiskvolume2\\windows\\system32\\mmc.exe",
            Direction="%%14592",
            SourceAddress="10.1.1.8",
            DestAddress="10.1.1.9",
            DestPort="49200",
        ),
        security(
            5156,
            Application="\\device\\harddiskvolume2\\windows\\system32\\mmc.exe",
            Direction="%%14593",
            SourceAddress="10.1.1.8",
            DestAddress="10.1.1.9",
            DestPort="135",
        ),
    ),
    Sample(
        "Remote Shell of Commands Opened (Record Not Complete)",
        logged(
            "Microsoft-Windows-WinRM/Operational",
            91,
            EventPayload="2F00770069006E0064006F00770073002F007300680065006C006C002F0063006D0064000000",
        ),
        logged(
            "Microsoft-Windows-WinRM/Operational", 91, EventPayload="2F0050006F007700650072005300680065006C006C000000"
        ),
    ),
    Sample(
        "Remote Management of a Machine by Its Address",
        logged("Microsoft-Windows-WinRM/Operational", 6, connection="10.1.1.7/wsman?PSVersion=5.1"),
        logged("Microsoft-Windows-WinRM/Operational", 6, connection="srv1.lab.example/wsman?PSVersion=5.1"),
    ),
    Sample(
        "Database Refused a Procedure That Runs Commands",
        other("Application", "MSSQLSERVER", 15281, Data=["procedure", "sys.sp_OACreate", "Ole Automation Procedures"]),
        other("Application", "MSSQLSERVER", 15281, Data=["component", "dbo.Agent XPs", "Agent XPs"]),
    ),
    Sample(
        "Database Loads Procedures for Files, Shares or the Registry",
        other("Application", "MSSQLSERVER", 8128, Data=["xpstar.dll", "2019.150", "xp_dirtree"]),
        other("Application", "MSSQLSERVER", 8128, Data=["xplog70.dll", "2019.150", "xp_msver"]),
    ),
)
