"""Made-up records for rules on shares, the firewall, guards, logs kept as text and further commands."""

from typing import Any

from tests.rules.shipped_half_a import Lines, pair
from tests.rules.shipped_samples import Sample, audit, other
from tests.rules.windows_records import classic, command, logged, module, registry, script, system

FIREWALL = "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"
DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
SCHEDULER = "Microsoft-Windows-TaskScheduler/Operational"
TRANSFERS = "Microsoft-Windows-Bits-Client/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
RULES = r"HKLM\System\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules\{1}"


def share(title: str, attack: dict[str, Any], near: dict[str, Any], **both: Any) -> Sample:
    """A record of something touched in a share of a drive."""
    fields = {"ShareName": r"\\*\C$", "AccessMask": "0x120089", "AccessList": "%%4416", **both}
    return pair(title, 5145, attack, near, **fields)


def _rule(**fields: Any) -> Lines:
    made = {"Direction": 1, "Action": 3, "Protocol": 256, "RemoteAddresses": "*", "RuleName": "x"}
    return logged(FIREWALL, 2004, **{**made, "ModifyingApplication": r"C:\Windows\System32\mmc.exe", **fields})


def _ipsec(text: str) -> Lines:
    return (audit("MAC_IPSEC_EVENT", 1, text),)


def _module(name: str) -> Lines:
    call = (
        "arch=c000003e syscall=313 success=yes exit=0 a0=0 a1=1 a2=0 a3=0 items=0 ppid=2 pid=500 auid=4294967295 uid=0"
        ' gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="modprobe" exe="/usr/bin/kmod"'
    )
    return (audit("SYSCALL", 1, call), audit("KERN_MODULE", 1, f'name="{name}"'))


SHARES = (
    share(
        "Pipe of the System Opened as Attack Scripts Do",
        {"AccessMask": "0x3"},
        {"AccessMask": "0x12019f"},
        ShareName=r"\\*\IPC$",
        RelativeTargetName="spoolss",
    ),
    share(
        "Lists of Shares or Sessions Asked For as Attack Scripts Do",
        {"AccessMask": "0x3"},
        {"AccessMask": "0x12019f"},
        ShareName=r"\\*\IPC$",
        RelativeTargetName="srvsvc",
    ),
    share(
        "Files with Secrets Read over an Administrative Share",
        {"RelativeTargetName": r"Users\bob\AppData\Local\Google\Chrome\User Data\Default\Login Data"},
        {"RelativeTargetName": r"Users\bob\AppData\Local\Google\Chrome\User Data\Default\Bookmarks"},
    ),
    share(
        "Settings of Another Machine Read over an Administrative Share",
        {"RelativeTargetName": r"Windows\System32\drivers\etc\hosts"},
        {"RelativeTargetName": r"Windows\System32\drivers\afd.sys"},
    ),
    share(
        "Start Folder or System Place of Another Machine Written over a Share",
        {"AccessList": "%%4417"},
        {"AccessList": "%%4416"},
        RelativeTargetName=r"ProgramData\Microsoft\Windows\Start Menu\Programs\Startup\a.lnk",
    ),
    share(
        "Program Written to a Hidden System Share, in a Log Kept as Text",
        {"AccessList": "WriteData (or AddFile)"},
        {"AccessList": "ReadData (or ListDirectory)"},
        RelativeTargetName=r"Temp\a.exe",
    ),
    pair("Hidden Share Made", 5142, {"ShareName": r"\\*\tools$"}, {"ShareName": r"\\*\print$"}),
    pair(
        "Share Opened to Everybody",
        5143,
        {"NewSD": "O:BAG:DUD:(A;;FA;;;BA)(A;;0x1301bf;;;WD)"},
        {"NewSD": "O:BAG:DUD:(A;;FA;;;BA)(A;;0x1200a9;;;WD)"},
        OldSD="O:BAG:DUD:(A;;0x1200a9;;;WD)",
    ),
    Sample(
        "Share Opened to Everybody, Hidden or Removed by a Command",
        command(r"net share tools$=C:\tools /grant:everyone,full"),
        command(r"net share tools=C:\tools /grant:staff,read"),
    ),
    Sample(
        "Hidden Share Written to the Registry",
        registry(r"HKLM\System\CurrentControlSet\Services\LanmanServer\Shares\tools$", "x"),
        registry(r"HKLM\System\CurrentControlSet\Services\LanmanServer\Shares\tools", "x"),
    ),
)

WALLS = (
    Sample("Firewall Rule That Lets Everything In", _rule(), _rule(RemoteAddresses="10.0.0.0/8")),
    Sample(
        "Firewall Rule That Silences a Program",
        _rule(Direction=2, Action=2, ApplicationPath=r"C:\Program Files\S\s.exe"),
        _rule(Direction=2, Action=3, ApplicationPath=r"C:\Program Files\S\s.exe"),
    ),
    Sample(
        "Firewall Rule That Silences a Guard",
        registry(RULES, r"v2.30|Action=Block|Active=TRUE|Dir=Out|App=C:\Program Files\Windows Defender\MsMpEng.exe|"),
        registry(RULES, r"v2.30|Action=Block|Active=TRUE|Dir=Out|App=C:\Program Files\Game\game.exe|"),
    ),
    Sample(
        "Port Opened in the Firewall by a Script or Command",
        _rule(Protocol=6, LocalPorts="4443", ModifyingApplication=r"C:\Windows\System32\netsh.exe"),
        _rule(Protocol=6, LocalPorts="4443", ModifyingApplication=r"C:\Windows\System32\mmc.exe"),
    ),
    Sample(
        "Firewall Changed by a Program in an Odd Folder",
        _rule(ModifyingApplication=r"C:\Users\Public\a.exe"),
        _rule(ModifyingApplication=r"C:\Program Files\A\a.exe"),
    ),
    Sample(
        "Firewall Opened for a Program in a Folder of Its Own",
        registry(RULES, r"v2.26|Action=Allow|Active=TRUE|Dir=In|App=C:\Tool\a.exe|Name=a|"),
        registry(RULES, r"v2.26|Action=Allow|Active=TRUE|Dir=In|App=C:\Program Files\Tool\a.exe|Name=a|"),
    ),
    Sample(
        "Port Opened in the Firewall by Hand, in the Registry",
        registry(RULES, r"v2.26|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=4443|Name=a|"),
        registry(RULES, r"v2.26|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=4443|Svc=a|Name=@a.dll,-1|"),
    ),
    pair(
        "Firewall Rule with a Telling Name", 4946, {"RuleName": "allow all inbound"}, {"RuleName": "Print server (TCP)"}
    ),
    Sample(
        "Rules of the Firewall Emptied, Deleted or Turned by a Command",
        command("netsh advfirewall firewall delete rule name=all"),
        command("netsh advfirewall firewall show rule name=all"),
    ),
    Sample(
        "Rules of the Firewall Deleted or Turned by a Script",
        script("Remove-NetFirewallRule -All"),
        script("Get-NetFirewallRule -All"),
    ),
)

GUARDS = (
    Sample(
        "Filter of a Guard Unloaded",
        system(1, "Microsoft-Windows-FilterManager", DeviceName="SysmonDrv"),
        system(1, "Microsoft-Windows-FilterManager", DeviceName="storqosflt"),
    ),
    Sample(
        "Filter of a Guard Unloaded, as Text",
        system(1, "FilterManager", Message="File System Filter 'SysmonDrv' unloaded successfully."),
        system(1, "FilterManager", Message="File System Filter 'storqosflt' unloaded successfully."),
    ),
    Sample(
        "Guard Reports an Attack in the Application Log",
        other("Application", "Guard", 2, Message="Guard detected malicious activity: vssadmin delete shadows"),
        other("Application", "Guard", 2, Message="Guard is watching for activity"),
    ),
    Sample(
        "Guard against Exploits Acted",
        logged("Microsoft-Windows-Security-Mitigations/User Mode", 24, ProcessPath=r"C:\a.exe"),
        logged("Microsoft-Windows-Security-Mitigations/User Mode", 2, ProcessPath=r"C:\a.exe"),
    ),
    Sample("Microsoft Defender Acted on Malware or Was Tampered With", logged(DEFENDER, 1117), logged(DEFENDER, 1150)),
    Sample(
        "Attack Surface Rule Would Have Stopped Something",
        logged(DEFENDER, 1122, ID="D1E49AAC-8F56-4280-B9BA-993A6D77406C"),
        logged(DEFENDER, 1122, ID="00000000-8F56-4280-B9BA-993A6D77406C"),
    ),
    Sample(
        "Guarded Logon Process Refused a Library",
        logged("Microsoft-Windows-CodeIntegrity/Operational", 3033, FileNameBuffer=r"\a.dll", ProcessName="lsass.exe"),
        logged("Microsoft-Windows-CodeIntegrity/Operational", 3033, FileNameBuffer=r"\a.dll", ProcessName="app.exe"),
    ),
    Sample(
        "Sensor or Guard Removed by a Command",
        command("sysmon64 -u force"),
        command("sysmon64 -c config.xml"),
    ),
    Sample(
        "Zone of the Name Server Asked For in Vain",
        other("DNS Server", "Microsoft-Windows-DNS-Server-Service", 6004, param1="192.0.2.9"),
        other("DNS Server", "Microsoft-Windows-DNS-Server-Service", 4013, param1="192.0.2.9"),
    ),
    Sample(
        "Name Server Told to Load a Library or Drop a Guard, in Its Audit Log",
        logged("Microsoft-Windows-DNS-Server/Audit", 541, Setting="ServerLevelPluginDll", NewValue=r"\\192.0.2.9\a"),
        logged("Microsoft-Windows-DNS-Server/Audit", 541, Setting="LogLevel", NewValue="1"),
    ),
    Sample(
        "Printer or Driver of a Known Kit Installed",
        logged("Microsoft-Windows-PrintService/Operational", 300, Param1="Kiwi Legit Printer"),
        logged("Microsoft-Windows-PrintService/Operational", 300, Param1="Second floor"),
    ),
    Sample(
        "Printer or Driver of a Known Kit Named by the Print Service",
        logged("Microsoft-Windows-PrintService/Admin", 808, Param1="mimispool.dll"),
        logged("Microsoft-Windows-PrintService/Admin", 808, Param1="unidrv.dll"),
    ),
)

TEXTS = (
    Sample(
        "Service of an Odd Place or Known Tool Installed, in a Log Kept as Text",
        system(7045, "Service Control Manager", ServiceName="a", ServiceFileName=r"C:\Users\Public\a.exe"),
        system(7045, "Service Control Manager", ServiceName="a", ServiceFileName=r"C:\Program Files\A\a.exe"),
    ),
    Sample(
        "Service of a Guard Disabled or Ended, or Remote Tool Installed, in a Log Kept as Text",
        system(7040, "x", Message="The start type of the Windows Defender service was changed from auto to disabled."),
        system(7040, "x", Message="The start type of the Fax service was changed from auto to disabled."),
    ),
    Sample(
        "Script of a Known Kit, in a Log Kept as Text",
        logged(POWERSHELL, 4104, Message="Creating Scriptblock text (1 of 1):\nInvoke-Kerberoast"),
        logged(POWERSHELL, 4104, Message="Creating Scriptblock text (1 of 1):\nInvoke-Pester"),
    ),
    Sample(
        "Script Weakens Guards or Fetches and Runs, in a Log Kept as Text",
        logged(POWERSHELL, 4104, Message=r"Creating Scriptblock text: Add-MpPreference -ExclusionPath C:\ "),
        logged(POWERSHELL, 4104, Message="Creating Scriptblock text: Get-MpPreference"),
    ),
    Sample(
        "Script Engine Started with Hidden Orders or of Old Make, in a Log Kept as Text",
        classic(400, Message="Details:\n\tHostApplication=powershell -c iex(a)\n\tEngineVersion=5.1"),
        classic(400, Message="Details:\n\tHostApplication=powershell -c a\n\tEngineVersion=5.1"),
    ),
    Sample(
        "Microsoft Defender Weakened, in a Log Kept as Text",
        logged(
            DEFENDER, 5007, Message=r"New value: HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C: = 0x0"
        ),
        logged(DEFENDER, 5007, Message=r"New value: HKLM\SOFTWARE\Microsoft\Windows Defender\SignatureAge = 0x0"),
    ),
    Sample(
        "Command Tied to an Event, in a Log Kept as Text",
        logged("Microsoft-Windows-WMI-Activity/Operational", 5861, Message="Consumer = CommandLineEventConsumer"),
        logged("Microsoft-Windows-WMI-Activity/Operational", 5861, Message="Consumer = NTEventLogEventConsumer"),
    ),
    pair(
        "Directory or Machine Account Changed Oddly, in a Log Kept as Text",
        4781,
        {"Message": "Target Account:\n\tOld Account Name:\tPC1$\n\tNew Account Name:\tDC1"},
        {"Message": "Target Account:\n\tOld Account Name:\tPC1$\n\tNew Account Name:\tPC2$"},
    ),
    Sample(
        "Scheduled Task Runs from an Odd Folder or One of a Guard Removed, in a Log Kept as Text",
        logged(SCHEDULER, 200, Message=r'Task Scheduler launched action "C:\Users\Public\a.exe" in instance "{1}"'),
        logged(SCHEDULER, 200, Message=r'Task Scheduler launched action "C:\Program Files\a.exe" in instance "{1}"'),
    ),
    Sample(
        "Firewall Switched Off or Opened for an Odd Program, in a Log Kept as Text",
        logged(FIREWALL, 2003, Message="New Setting:\n\tType:\tEnable Windows Firewall\n\tValue:\tNo"),
        logged(FIREWALL, 2003, Message="New Setting:\n\tType:\tEnable Windows Firewall\n\tValue:\tYes"),
    ),
    Sample(
        "Background Transfer from a Bare Address or of a Script, in a Log Kept as Text",
        logged(TRANSFERS, 59, Message="BITS started the a transfer job of the http://192.0.2.9/a URL."),
        logged(TRANSFERS, 59, Message="BITS started the a transfer job of the http://a.example/a URL."),
    ),
    Sample(
        "Script Engine Started with Hidden or Encoded Orders, in Its Own Log",
        classic(600, Data=["Alias", "\tHostApplication=powershell -enc aQBlAHgAaQBlAHgAaQBlAHgAaQBlAHgA\n"]),
        classic(600, Data=["Alias", "\tHostApplication=powershell -File C:\\jobs\\a.ps1\n"]),
    ),
    Sample(
        "Command Asks the Directory for Targets, in the Pipeline Log",
        classic(800, Data=["New-Object System.IdentityModel.Tokens.KerberosRequestorSecurityToken -ArgumentList a"]),
        classic(800, Data=["New-Object System.Text.StringBuilder -ArgumentList a"]),
    ),
    Sample(
        "Command Asks the Directory for Targets, in the Module Log",
        module(Payload='ParameterBinding(Get-ADUser): name="LDAPFilter"; value="(servicePrincipalName=*)"'),
        module(Payload='ParameterBinding(Get-ADUser): name="Identity"; value="ann"'),
    ),
    Sample(
        "Command of Attackers in the Pipeline Log",
        classic(800, Data=["Clear-EventLog -LogName System"]),
        classic(800, Data=["Get-EventLog -LogName System"]),
    ),
    Sample(
        "Command of Attackers in the Module Log",
        module(Payload='CommandInvocation(Clear-EventLog): "Clear-EventLog"'),
        module(Payload='CommandInvocation(Get-EventLog): "Get-EventLog"'),
    ),
)

COMMANDS = (
    Sample(
        "Zone of a Name Server Asked For by a Command",
        command("nslookup -type=axfr lab.example 192.0.2.1"),
        command("nslookup -type=mx lab.example 192.0.2.1"),
    ),
    Sample(
        "Shell Server Broke Off after Too Many Passwords",
        logged("OpenSSH/Operational", 4, payload="Disconnecting: Too many authentication failures [preauth]"),
        logged("OpenSSH/Operational", 4, payload="Failed password for ann from 192.0.2.9 port 1 ssh2"),
    ),
    Sample(
        "Shell Server Set Up on Windows by a Command",
        command("powershell Add-WindowsCapability -Online -Name OpenSSH.Server~~~~0.0.1.0"),
        command("powershell Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0"),
    ),
    Sample(
        "Background Transfer Ordered by a Person",
        logged(TRANSFERS, 59, name="BITS Transfer", url="https://a.example/a.zip"),
        logged(TRANSFERS, 59, name="Updater", url="https://a.example/a.zip"),
    ),
    Sample(
        "Way to the Internet Turned to Another Machine",
        registry(r"HKU\S-1-5-21\Software\Microsoft\Windows\CurrentVersion\Internet Settings\ProxyServer", "a:8080"),
        registry(r"HKU\S-1-5-21\Software\Microsoft\Windows\CurrentVersion\Internet Settings\ProxyEnable", "a:8080"),
    ),
    pair(
        "Doors of Remote Management Looked Over",
        4656,
        {"ObjectServer": "WS-Management Listener"},
        {"ObjectServer": "Security"},
        ObjectType="Unknown",
    ),
    Sample(
        "Remote Management Set Up, Loosened or Looked Over by a Command",
        command("winrm enumerate winrm/config/listener"),
        command("winrm id -r:srv1"),
    ),
    Sample(
        "Remote Management Set Up or Loosened by a Script",
        script(r"Set-Item WSMan:\localhost\Client\TrustedHosts -Value * -Force"),
        script(r"Get-Item WSMan:\localhost\Client\TrustedHosts"),
    ),
)

LINUX = (
    Sample(
        "Network Key Entry Made by a Plain User or to the Machine Itself",
        _ipsec("op=SAD-add auid=1000 ses=2 subj=unconfined src=127.0.0.1 dst=127.0.0.1 spi=1(0x1) res=1"),
        _ipsec("op=SAD-add auid=4294967295 ses=2 subj=unconfined src=10.0.0.1 dst=10.0.0.2 spi=1(0x1) res=1"),
    ),
    Sample(
        "Guarded Packet from the Machine to Itself Was Broken",
        _ipsec("op=SA-icv-failure src=127.0.0.1 dst=127.0.0.1 spi=1(0x1) seqno=200"),
        _ipsec("op=SA-icv-failure src=10.0.0.1 dst=10.0.0.2 spi=1(0x1) seqno=200"),
    ),
    Sample(
        "Kernel Module Loaded That Is Seldom Used but Often Attacked",
        _module("rxrpc"),
        _module("nf_tables"),
    ),
)

SAMPLES = (*SHARES, *WALLS, *GUARDS, *TEXTS, *COMMANDS)
