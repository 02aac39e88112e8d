"""Made-up records for the shipped rules about what running programs do: code they load, open, write and call."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import sysmon

SAMPLES = (
    Sample(
        "Library for Passwords or Accounts in an Odd Program",
        sysmon(7, Image="C:\\Users\\Public\\a.exe", ImageLoaded="C:\\Windows\\System32\\vaultcli.dll"),
        sysmon(7, Image="C:\\Windows\\System32\\svchost.exe", ImageLoaded="C:\\Windows\\System32\\vaultcli.dll"),
    ),
    Sample(
        "Script Engine in a Program That Runs No Scripts",
        sysmon(7, Image="C:\\Windows\\System32\\wbem\\WMIC.exe", ImageLoaded="C:\\Windows\\System32\\jscript.dll"),
        sysmon(7, Image="C:\\Windows\\System32\\wscript.exe", ImageLoaded="C:\\Windows\\System32\\jscript.dll"),
    ),
    Sample(
        "Managed Code in a Program of Windows That Is Not Managed",
        sysmon(
            7,
            Image="C:\\Windows\\System32\\notepad.exe",
            ImageLoaded="C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\clr.dll",
        ),
        sysmon(
            7,
            Image="C:\\Windows\\System32\\mmc.exe",
            ImageLoaded="C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\clr.dll",
        ),
    ),
    Sample(
        "Library with the Name of Windows' Own from Another Folder",
        sysmon(7, Image="C:\\ProgramData\\x\\a.exe", ImageLoaded="C:\\ProgramData\\x\\version.dll", Signed="false"),
        sysmon(7, Image="C:\\ProgramData\\x\\a.exe", ImageLoaded="C:\\Windows\\System32\\version.dll", Signed="true"),
    ),
    Sample(
        "Missing Library Loaded by a Service, or Unsigned One in LSASS or DNS",
        sysmon(
            7, Image="C:\\Windows\\System32\\lsass.exe", ImageLoaded="C:\\Windows\\System32\\mypass.dll", Signed="false"
        ),
        sysmon(
            7, Image="C:\\Windows\\System32\\lsass.exe", ImageLoaded="C:\\Windows\\System32\\msv1_0.dll", Signed="true"
        ),
    ),
    Sample(
        "Office Program Takes In Tasks, WMI or a Foreign Add-in",
        sysmon(
            7,
            Image="C:\\Program Files\\Microsoft Office\\WINWORD.EXE",
            ImageLoaded="C:\\Windows\\System32\\taskschd.dll",
        ),
        sysmon(
            7,
            Image="C:\\Program Files\\Microsoft Office\\WINWORD.EXE",
            ImageLoaded="C:\\Windows\\System32\\wininet.dll",
        ),
    ),
    Sample(
        "Thread Started in a Process of Windows by a Foreign Program",
        sysmon(8, SourceImage="D:\\a.exe", TargetImage="C:\\Windows\\System32\\svchost.exe"),
        sysmon(8, SourceImage="C:\\Windows\\System32\\csrss.exe", TargetImage="C:\\Windows\\System32\\svchost.exe"),
    ),
    Sample(
        "Thread in Another Process Whose Code Belongs to No File",
        sysmon(
            8,
            SourceImage="C:\\Windows\\System32\\svchost.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            StartModule="-",
        ),
        sysmon(
            8,
            SourceImage="C:\\Windows\\System32\\svchost.exe",
            TargetImage="C:\\Windows\\System32\\notepad.exe",
            StartModule="C:\\Windows\\System32\\ntdll.dll",
        ),
    ),
    Sample(
        "Handle or Copy of LSASS Asked For",
        sysmon(
            10,
            SourceImage="C:\\Users\\ann\\a.exe",
            TargetImage="C:\\Windows\\System32\\lsass.exe",
            GrantedAccess="0x1440",
            CallTrace="ntdll.dll+1",
        ),
        sysmon(
            10,
            SourceImage="C:\\Users\\ann\\a.exe",
            TargetImage="C:\\Windows\\System32\\lsass.exe",
            GrantedAccess="0x1000",
            CallTrace="ntdll.dll+1",
        ),
    ),
    Sample(
        "Process Opened by a Call Straight from Code of No File",
        sysmon(
            10,
            SourceImage="C:\\Users\\ann\\a.exe",
            TargetImage="C:\\Windows\\explorer.exe",
            GrantedAccess="0x1FFFFF",
            CallTrace="UNKNOWN(0000022A)|UNKNOWN(0000022B)",
        ),
        sysmon(
            10,
            SourceImage="C:\\Users\\ann\\a.exe",
            TargetImage="C:\\Windows\\explorer.exe",
            GrantedAccess="0x1FFFFF",
            CallTrace="C:\\Windows\\SYSTEM32\\ntdll.dll+9|C:\\Users\\ann\\a.exe+1",
        ),
    ),
    Sample(
        "Macro Opens a Process, or a Foreign Program One That Holds Secrets",
        sysmon(
            10,
            SourceImage="C:\\Users\\Public\\a.exe",
            TargetImage="C:\\Program Files\\KeePass\\KeePass.exe",
            GrantedAccess="0x1F3FFF",
            CallTrace="ntdll.dll+1",
        ),
        sysmon(
            10,
            SourceImage="C:\\Windows\\System32\\svchost.exe",
            TargetImage="C:\\Program Files\\KeePass\\KeePass.exe",
            GrantedAccess="0x1000",
            CallTrace="ntdll.dll+1",
        ),
    ),
    Sample(
        "Pipe Named to Catch a Service or Host PowerShell Elsewhere",
        sysmon(17, EventType="CreatePipe", PipeName="\\a1b2\\pipe\\spoolss", Image="C:\\Temp\\p.exe"),
        sysmon(17, EventType="CreatePipe", PipeName="\\spoolss", Image="C:\\Windows\\System32\\spoolsv.exe"),
    ),
    Sample(
        "Program or Script Downloaded from a Bare Address or a Drop",
        sysmon(
            15,
            Image="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
            TargetFilename="C:\\Users\\ann\\Downloads\\a.iso:Zone.Identifier",
            Contents="[ZoneTransfer]  ZoneId=3  HostUrl=http://192.0.2.7:8080/a.iso",
        ),
        sysmon(
            15,
            Image="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
            TargetFilename="C:\\Users\\ann\\Downloads\\a.exe:Zone.Identifier",
            Contents="[ZoneTransfer]  ZoneId=3  HostUrl=https://dl.example.org/a.exe",
        ),
    ),
    Sample(
        "Standing Order to WMI with an Odd Filter or a Shell",
        sysmon(
            19, Name="a", Query="SELECT * FROM __InstanceModificationEvent WHERE TargetInstance.SystemUpTime >= 240"
        ),
        sysmon(19, Name="a", Query="SELECT * FROM MSFT_SCMEventLogEvent"),
    ),
    Sample(
        "Tool of Windows Talks to Another Machine on the Network",
        sysmon(
            3,
            Image="C:\\Windows\\System32\\regsvr32.exe",
            Initiated="true",
            DestinationIp="10.0.0.7",
            DestinationPort="8080",
        ),
        sysmon(
            3,
            Image="C:\\Windows\\System32\\regsvr32.exe",
            Initiated="true",
            DestinationIp="127.0.0.1",
            DestinationPort="135",
        ),
    ),
    Sample(
        "Foreign Program Speaks to the Directory or to Shares",
        sysmon(3, Image="C:\\Users\\Public\\a.exe", Initiated="true", DestinationIp="10.0.0.5", DestinationPort="389"),
        sysmon(3, Image="C:\\Users\\Public\\a.exe", Initiated="true", DestinationIp="10.0.0.5", DestinationPort="443"),
    ),
    Sample(
        "Program Other than Windows' Own Asks for Kerberos Tickets",
        sysmon(
            3, Image="C:\\Windows\\System32\\cmd.exe", Initiated="true", DestinationIp="10.0.0.5", DestinationPort="88"
        ),
        sysmon(
            3,
            Image="C:\\Windows\\System32\\lsass.exe",
            Initiated="true",
            DestinationIp="10.0.0.5",
            DestinationPort="88",
        ),
    ),
    Sample(
        "Shell or Script Host Talks to a Port of Remote Shells or a Hidden Desktop",
        sysmon(
            3,
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            Initiated="true",
            DestinationIp="10.0.0.7",
            DestinationPort="1337",
        ),
        sysmon(
            3,
            Image="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            Initiated="true",
            DestinationIp="10.0.0.7",
            DestinationPort="5985",
        ),
    ),
    Sample(
        "Name of a Chat, a Drop or Own Address Asked For by a Tool or Foreign Program",
        sysmon(22, Image="C:\\Windows\\System32\\rundll32.exe", QueryName="api.ipify.org", QueryStatus="0"),
        sysmon(
            22,
            Image="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
            QueryName="ipinfo.io",
            QueryStatus="0",
        ),
    ),
    Sample(
        "Any Name Asked For by a Loader, or the Directory by a Foreign Program",
        sysmon(22, Image="C:\\Windows\\System32\\regsvr32.exe", QueryName="a.example.org", QueryStatus="0"),
        sysmon(22, Image="C:\\Windows\\System32\\svchost.exe", QueryName="a.example.org", QueryStatus="0"),
    ),
    Sample(
        "Program's Image Replaced While It Starts",
        sysmon(25, Image="C:\\Windows\\System32\\svchost.exe", Type="Image is replaced"),
        sysmon(25, Image="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe", Type="Image is replaced"),
    ),
    Sample(
        "Driver Known to Let Others into the Kernel",
        sysmon(6, ImageLoaded="C:\\Windows\\Temp2\\gdrv.sys", Signed="true", SignatureStatus="Valid"),
        sysmon(6, ImageLoaded="C:\\Windows\\System32\\drivers\\tcpip.sys", Signed="true", SignatureStatus="Valid"),
    ),
)
