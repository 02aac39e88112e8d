"""Made-up records for the shipped rules about the smaller logs: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import logged, system

SAMPLES = (
    Sample(
        "Service of Remote Access, Tunnel, Capture or Foreign Wrapper Installed",
        system(
            7045,
            "Service Control Manager",
            ServiceName="AnyDesk",
            ImagePath=r'"C:\ProgramData\AnyDesk\AnyDesk.exe" --service',
        ),
        system(7045, "Service Control Manager", ServiceName="Agent", ImagePath=r'"C:\Program Files\V\agent.exe"'),
    ),
    Sample(
        "Service That Runs from Another Machine or as a Known Kit Names It",
        system(7045, "Service Control Manager", ServiceName="a1b2c3d", ImagePath=r"\\SRV2\ADMIN$\a1b2c3d.exe"),
        system(7045, "Service Control Manager", ServiceName="Agent", ImagePath=r'"C:\Program Files\V\agent.exe"'),
    ),
    Sample(
        "Service of a Guard Stopped, Ended or Disabled, or Remote Registry Started",
        system(7040, "Service Control Manager", param1="Volume Shadow Copy", param2="demand start", param3="disabled"),
        system(
            7040,
            "Service Control Manager",
            param1="Background Intelligent Transfer Service",
            param2="auto start",
            param3="demand start",
        ),
    ),
    Sample(
        "Hive of Passwords Loaded or Saved Elsewhere",
        system(16, "Microsoft-Windows-Kernel-General", HiveName=r"\??\C:\Users\ann\AppData\Local\Temp\SAM-123.dmp"),
        system(16, "Microsoft-Windows-Kernel-General", HiveName=r"\??\C:\Users\ann\NTUSER.DAT"),
    ),
    Sample(
        "Domain Controller Refused a Forged Name, Ticket or Channel",
        system(16991, "Microsoft-Windows-Directory-Services-SAM", Attribute="sAMAccountName"),
        system(16983, "Microsoft-Windows-Directory-Services-SAM"),
    ),
    Sample(
        "Database Server Made to Run Commands",
        logged("Application", 15457, SourceName="MSSQLSERVER", Data=["xp_cmdshell", "0", "1"]),
        logged("Application", 15457, SourceName="MSSQLSERVER", Data=["max server memory (MB)", "0", "1"]),
    ),
    Sample(
        "Backups' Catalogue Deleted, Weakness Attacked or Attack Tool Found",
        logged("Application", 524, SourceName="Microsoft-Windows-Backup"),
        logged("Application", 753, SourceName="Microsoft-Windows-Backup"),
    ),
    Sample(
        "Scheduled Task Runs from an Odd Folder, Is Switched Off or Lies among Windows' Own",
        logged(
            "Microsoft-Windows-TaskScheduler/Operational", 200, TaskName=r"\Up", ActionName=r"C:\Users\Public\a.exe"
        ),
        logged(
            "Microsoft-Windows-TaskScheduler/Operational", 200, TaskName=r"\Up", ActionName=r"C:\Program Files\V\v.exe"
        ),
    ),
    Sample(
        "Remote Desktop Session from the Machine Itself",
        logged(
            "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
            21,
            User=r"LAB\ann",
            Address="127.0.0.1",
        ),
        logged(
            "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", 21, User=r"LAB\ann", Address="LOCAL"
        ),
    ),
    Sample(
        "Shell for Commands Opened by Remote Management",
        logged(
            "Microsoft-Windows-WinRM/Operational",
            91,
            resourceUri="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd",
        ),
        logged(
            "Microsoft-Windows-WinRM/Operational",
            91,
            resourceUri="http://schemas.microsoft.com/powershell/Microsoft.PowerShell",
        ),
    ),
    Sample(
        "Background Transfer from a Bare Address or by a Script",
        logged("Microsoft-Windows-Bits-Client/Operational", 59, url="http://192.0.2.7/a.txt", name="job"),
        logged(
            "Microsoft-Windows-Bits-Client/Operational", 59, url="https://edgedl.me.gvt1.com/edgedl/a.crx3", name="job"
        ),
    ),
    Sample(
        "Microsoft Defender's Settings Weakened, in Its Own Log",
        logged(
            "Microsoft-Windows-Windows Defender/Operational",
            5007,
            **{"New Value": r"HKLM\SOFTWARE\Microsoft\Windows Defender\DisableRealtimeMonitoring = 0x1"},
        ),
        logged(
            "Microsoft-Windows-Windows Defender/Operational",
            5007,
            **{"New Value": r"HKLM\SOFTWARE\Microsoft\Windows Defender\SignatureUpdates\Last = 0x1"},
        ),
    ),
    Sample(
        "Firewall Emptied, Switched Off or Opened for an Odd Program",
        logged(
            "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
            2004,
            Action="3",
            ApplicationPath=r"C:\Users\Public\a.exe",
        ),
        logged(
            "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
            2004,
            Action="3",
            ApplicationPath=r"C:\Program Files\V\v.exe",
        ),
    ),
    Sample(
        "Directory Asked for Accounts Worth Attacking",
        logged(
            "Microsoft-Windows-LDAP-Client/Debug",
            30,
            SearchFilter="(&(samAccountType=805306368)(servicePrincipalName=*))",
        ),
        logged("Microsoft-Windows-LDAP-Client/Debug", 30, SearchFilter="(&(objectClass=user)(mail=ann*))"),
    ),
    Sample(
        "Management Provider in an Odd Folder or Process Made from Afar",
        logged(
            "Microsoft-Windows-WMI-Activity/Operational", 5857, ProviderName="P", ProviderPath=r"C:\Users\Public\p.dll"
        ),
        logged(
            "Microsoft-Windows-WMI-Activity/Operational",
            5857,
            ProviderName="CIMWin32",
            ProviderPath=r"%systemroot%\system32\wbem\cimwin32.dll",
        ),
    ),
    Sample(
        "Autostart Entry Ran Script or a File in an Odd Folder",
        logged("Microsoft-Windows-Shell-Core/Operational", 9707, Command=r"C:\Users\Public\a.exe"),
        logged("Microsoft-Windows-Shell-Core/Operational", 9707, Command=r'"C:\Program Files\V\tray.exe" /min'),
    ),
)
