"""Made-up records for the shipped rules about staying and raising rights: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample, other, started
from tests.rules.windows_records import script, security, sysmon

SAMPLES = (
    Sample(
        "Aid at the Logon Screen Replaced by a Shell",
        started("C:\\Windows\\System32\\cmd.exe", "cmd.exe", "C:\\Windows\\System32\\utilman.exe"),
        started("C:\\Windows\\System32\\userinit.exe", "userinit.exe", "C:\\Windows\\System32\\winlogon.exe"),
    ),
    Sample(
        "Program That Raises Rights Starts a Shell",
        started("C:\\Windows\\System32\\cmd.exe", "cmd.exe", "C:\\Windows\\System32\\fodhelper.exe"),
        started("C:\\Windows\\System32\\mmc.exe", "mmc.exe eventvwr.msc", "C:\\Windows\\System32\\eventvwr.exe"),
    ),
    Sample(
        "Shell Started by a Component That Raises Rights",
        started(
            "C:\\Windows\\System32\\cmd.exe",
            "cmd.exe",
            "C:\\Windows\\System32\\dllhost.exe",
            ParentCommandLine="dllhost.exe /Processid:{3E5FC7F9-9A51-4367-9063-A120244FBEC7}",
        ),
        started(
            "C:\\Windows\\System32\\cmd.exe",
            "cmd.exe",
            "C:\\Windows\\System32\\dllhost.exe",
            ParentCommandLine="dllhost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}",
        ),
    ),
    Sample(
        "Autostart, Bypass or Weakening Written by a Registry Command",
        started(
            "C:\\Windows\\System32\\reg.exe",
            "reg add HKCU\\Software\\Classes\\ms-settings\\shell\\open\\command /v DelegateExecute /f",
        ),
        started("C:\\Windows\\System32\\reg.exe", "reg add HKCU\\Software\\Vendor /v Theme /d dark /f"),
    ),
    Sample(
        "Command Tied to an Event by WMI",
        sysmon(20, Name="Updater", Type="Command Line", Destination="powershell -c whoami"),
        sysmon(20, Name="SCM Event Log Consumer", Type="Log File", Destination="a"),
    ),
    Sample(
        "Command Tied to an Event, in WMI's Own Log",
        other(
            "Microsoft-Windows-WMI-Activity/Operational",
            "Microsoft-Windows-WMI-Activity",
            5861,
            PossibleCause="Binding EventFilter: instance CommandLineEventConsumer",
        ),
        other(
            "Microsoft-Windows-WMI-Activity/Operational",
            "Microsoft-Windows-WMI-Activity",
            5861,
            PossibleCause="NTEventLogEventConsumer SCM Event Log Consumer",
        ),
    ),
    Sample(
        "Standing Order to WMI Given on a Command Line or in a Script",
        started(
            "C:\\Windows\\System32\\wbem\\WMIC.exe",
            "wmic /namespace:\\\\root\\subscription path __EventFilter create Name=x",
        ),
        started(
            "C:\\Windows\\System32\\powershell.exe",
            "powershell Get-WmiObject -Namespace root/subscription -Class __EventFilter",
        ),
    ),
    Sample(
        "Standing Order to WMI Given in a Script",
        script("Set-WmiInstance -Namespace root\\subscription -Class CommandLineEventConsumer -Arguments $a"),
        script("Get-WmiObject -Namespace root\\subscription -Class CommandLineEventConsumer"),
    ),
    Sample(
        "Program or Script Put into a Start-up Folder",
        sysmon(
            11,
            Image="C:\\Windows\\System32\\cmd.exe",
            TargetFilename="C:\\Users\\ann\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\a.bat",
        ),
        sysmon(
            11,
            Image="C:\\Windows\\System32\\cmd.exe",
            TargetFilename="C:\\Users\\ann\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\a.bat",
        ),
    ),
    Sample(
        "Service Made by a Command That Runs a Shell or from an Odd Place",
        started("C:\\Windows\\System32\\sc.exe", 'sc create upd binPath= "cmd /c powershell -nop" start= auto'),
        started("C:\\Windows\\System32\\sc.exe", 'sc create agent binPath= "C:\\Program Files\\A\\agent.exe"'),
    ),
    Sample(
        "Service Installed from an Odd Place, in the Security Log",
        security(4697, ServiceName="a", ServiceFileName="%COMSPEC% /c echo a"),
        security(4697, ServiceName="a", ServiceFileName="C:\\Program Files\\A\\a.exe"),
    ),
    Sample(
        "Service of a Known Tool for Remote Commands",
        other(
            "System", "Service Control Manager", 7045, ServiceName="PSEXESVC", ImagePath="%SystemRoot%\\PSEXESVC.exe"
        ),
        other(
            "System",
            "Service Control Manager",
            7045,
            ServiceName="Spooler",
            ImagePath="%SystemRoot%\\System32\\spoolsv.exe",
        ),
    ),
    Sample(
        "Scheduled Task Registered That Runs a Script or from a User's Folder",
        security(
            4698, TaskName="\\Up", TaskContent="<Exec><Command>powershell</Command><Arguments>-nop</Arguments></Exec>"
        ),
        security(4698, TaskName="\\Backup", TaskContent="<Exec><Command>C:\\Program Files\\B\\b.exe</Command></Exec>"),
    ),
    Sample(
        "Scheduled Task Made on Another Machine or as the System",
        started("C:\\Windows\\System32\\schtasks.exe", "schtasks /create /s SRV2 /tn a /tr b.exe /sc once /st 10:00"),
        started("C:\\Windows\\System32\\schtasks.exe", "schtasks /query /s SRV2"),
    ),
    Sample(
        "Account Made or Made Administrator by a Command",
        started("C:\\Windows\\System32\\net.exe", "net user helper P@ss /add"),
        started("C:\\Windows\\System32\\net.exe", "net user ann /active:yes"),
    ),
    Sample(
        "Account Put into a Powerful Group",
        security(4732, SubjectUserName="ann", TargetSid="S-1-5-32-544", MemberSid="S-1-5-21-1-2-3-1105"),
        security(4732, SubjectUserName="ann", TargetSid="S-1-5-32-545", MemberSid="S-1-5-21-1-2-3-1105"),
    ),
    Sample(
        "Account of a Person Named like a Machine",
        security(4720, SubjectUserName="ann", TargetUserName="helper$"),
        security(4720, SubjectUserName="ann", TargetUserName="helper"),
    ),
    Sample(
        "Script Page Written by a Web or Mail Server",
        sysmon(11, Image="C:\\Windows\\System32\\inetsrv\\w3wp.exe", TargetFilename="C:\\inetpub\\wwwroot\\a.aspx"),
        sysmon(
            11, Image="C:\\Windows\\System32\\inetsrv\\w3wp.exe", TargetFilename="C:\\inetpub\\wwwroot\\upload\\a.jpg"
        ),
    ),
    Sample(
        "Office Program Writes a Program or Script",
        sysmon(
            11,
            Image="C:\\Program Files\\Microsoft Office\\WINWORD.EXE",
            TargetFilename="C:\\Users\\ann\\AppData\\Roaming\\a.js",
        ),
        sysmon(11, Image="C:\\Program Files\\Microsoft Office\\WINWORD.EXE", TargetFilename="C:\\Users\\ann\\a.docx"),
    ),
)
