"""More made-up records for the third round of Windows rules: keys, tokens, policies and odd helpers."""

from tests.rules.shipped_samples import Sample, started
from tests.rules.windows_records import command, logged, made, script, security, sysmon


def _shares(machines: int) -> tuple[str, ...]:
    asked = {"SubjectUserName": "ann", "IpAddress": "192.0.2.9", "ShareName": r"\\*\ADMIN$"}
    return tuple(one for n in range(14) for one in security(5140, Hostname=f"WS{n % machines}.lab.example", **asked))


def _accounts_gone(accounts: int) -> tuple[str, ...]:
    gone = (security(4726, SubjectUserName="ann", TargetUserName=f"user{n % accounts}") for n in range(24))
    return tuple(one for lines in gone for one in lines)


SAMPLES = (
    Sample(
        "Database of the Federation Service Opened by a Foreign Program",
        sysmon(18, PipeName=r"\MICROSOFT##WID\tsql\query", Image=r"C:\Users\Public\a.exe"),
        sysmon(
            18,
            PipeName=r"\MICROSOFT##WID\tsql\query",
            Image=r"C:\Windows\ADFS\Microsoft.IdentityServer.ServiceHost.exe",
        ),
    ),
    Sample(
        "Key of the Federation Service Read from the Directory",
        security(
            4662,
            SubjectUserName="ann",
            Properties="{8d3bca50-1d7e-11d0-a081-00aa006c33ed}",
            ObjectType="%{5cb41ed0-0e4c-11d0-a286-00aa003049e2}",
        ),
        security(
            4662,
            SubjectUserName="svc_adfs",
            Properties="{8d3bca50-1d7e-11d0-a081-00aa006c33ed}",
            ObjectType="%{5cb41ed0-0e4c-11d0-a286-00aa003049e2}",
        ),
    ),
    Sample(
        "Script Takes Keys of Federation or of the Sync with the Cloud",
        script("Get-AADIntSyncCredentials; select private_configuration_xml from mms_management_agent"),
        script("Get-ADFSProperties | Format-List; Get-ADSyncScheduler"),
    ),
    Sample(
        "Built-in Administrator Impersonated by Delegation",
        security(
            4769,
            TargetUserName="Administrator@A.LOCAL",
            TransmittedServices="cifs/srv1@A.LOCAL",
            ServiceName="DC1$",
            Status="0x0",
        ),
        security(
            4769, TargetUserName="Administrator@A.LOCAL", TransmittedServices="-", ServiceName="DC1$", Status="0x0"
        ),
    ),
    Sample(
        "Machines' Part of Group Policies Searched for Passwords",
        security(
            5145,
            SubjectUserName="ann",
            ShareName=r"\\*\SYSVOL",
            RelativeTargetName=r"a.local\Policies\{1}\Machine\Preferences\Groups\Groups.xml",
        ),
        security(
            5145,
            SubjectUserName="PC1$",
            ShareName=r"\\*\SYSVOL",
            RelativeTargetName=r"a.local\Policies\{1}\Machine\Preferences\Groups\Groups.xml",
        ),
    ),
    Sample(
        "Password's Proof Sent to a Machine on the Internet",
        logged("Microsoft-Windows-NTLM/Operational", 8001, TargetName="cifs/203.0.113.9"),
        logged("Microsoft-Windows-NTLM/Operational", 8001, TargetName="cifs/10.1.2.3"),
    ),
    Sample(
        "Security Log Read or Exported by a Command",
        command('wevtutil qe Security /q:"*[System[EventID=4624]]" /f:text'),
        command("wevtutil qe Application /c:5 /f:text"),
    ),
    Sample(
        "Tokens for the Cloud Taken by a Command",
        started(r"C:\Users\Public\ROADtoken.exe", "ROADtoken.exe AwABAAAA"),
        command("dsregcmd /status"),
    ),
    Sample(
        "Library or Script Run by a Seldom Used Program",
        command(r"rundll32 url.dll,OpenURL C:\Users\Public\a.hta"),
        command("rundll32 url.dll,FileProtocolHandler https://example.org/a.html"),
    ),
    Sample(
        "Name Server's Guard Lowered or Its Zones Listed",
        command("dnscmd . /config /enableglobalqueryblocklist 0"),
        command("dnscmd . /config /enableglobalqueryblocklist 1"),
    ),
    Sample(
        "Registry Changed by a Script from an Odd Folder",
        command(r"reg import C:\Users\Public\a.reg"),
        command(r"reg import C:\Deploy\settings.reg"),
    ),
    Sample(
        "Passwords of a Backup or Password Store Asked For by a Command",
        command('sqlcmd -S srv -d VeeamBackup -Q "select user_name, password from VeeamBackup.dbo.Credentials"'),
        command('sqlcmd -S srv -d VeeamBackup -Q "select count(*) from dbo.Jobs"'),
    ),
    Sample(
        "Findings of a Collector of Secrets or Directory Data Written",
        made(r"C:\Users\ann\20240301120000_BloodHound.zip", r"C:\Users\ann\a.exe"),
        made(r"C:\Users\ann\20240301120000_report.zip", r"C:\Users\ann\a.exe"),
    ),
    Sample(
        "Script Reaches Many Machines at Once or Pushes Files There",
        script(r"Get-ADComputer -Filter * | % { Invoke-Command -ComputerName $_.Name { C:\Users\Public\a.exe } }"),
        script("Get-ADComputer -Filter * | % { Invoke-Command -ComputerName $_.Name { Get-Service spooler } }"),
    ),
    Sample(
        "Windows Tools or Secrets Reached from the Linux Subsystem",
        command("wsl -e cp /mnt/c/Windows/System32/config/SAM /tmp/"),
        command("wsl -e ls /mnt/c/Users/ann/project"),
    ),
    Sample(
        "Program of Windows Started by a Program That Hides in It",
        started(
            r"C:\Windows\System32\wermgr.exe",
            r"C:\Windows\System32\wermgr.exe",
            ParentImage=r"C:\Windows\System32\rundll32.exe",
        ),
        started(
            r"C:\Windows\System32\wermgr.exe", "wermgr.exe -upload", ParentImage=r"C:\Windows\System32\svchost.exe"
        ),
    ),
    Sample(
        "Script Exports Mailboxes or Reads Passwords in Policies",
        script(r"New-MailboxExportRequest -Mailbox ann -FilePath \\srv\share\a.pst"),
        script("Get-MailboxStatistics ann"),
    ),
    Sample(
        "Script Saves Hives of Passwords by Calls of Windows",
        script("[W]::RegSaveKey($k,'C:/a'); # SeBackupPrivilege"),
        script("[W]::RegQueryInfoKey($k); # last write of a key of software"),
    ),
    Sample(
        "Script Reads a File Through the Device of a Shadow Copy",
        script(r"cmd /c copy \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\Windows\System32\config\SAM C:\a"),
        script("Get-WmiObject Win32_ShadowCopy | select InstallDate"),
    ),
    Sample(
        "Many Databases, Mail or Office Programs Ended in One Line",
        command("taskkill /f /im sqlservr.exe /im outlook.exe /im veeamagent.exe"),
        command("taskkill /f /im outlook.exe"),
    ),
    Sample(
        "Files with Keys or Passwords Looked For on a Whole Drive",
        command(r"cmd /c dir /s /b C:\*.kdbx C:\*pass*.txt"),
        command(r"cmd /c dir /s /b C:\build\*.obj"),
    ),
    Sample(
        "Share Open to Everybody Made by a Command",
        command(r'net share data=C:\ "/grant:Everyone,FULL"'),
        command(r'net share data=D:\data "/grant:LAB\team,CHANGE"'),
    ),
    Sample(
        "Kit for Attacks on the Cloud's Directory Run",
        command("powershell -c Import-Module AADInternals; Get-AADIntTenantDetails"),
        command("powershell -c Get-ADSyncScheduler"),
    ),
    Sample(
        "Traffic of a Guard Led into Nothing",
        command(r"powershell New-NetFirewallRule -Direction Outbound -Action Block -Program 'C:\X\MsSense.exe'"),
        command(r"powershell New-NetFirewallRule -Direction Outbound -Action Allow -Program 'C:\X\MsSense.exe'"),
    ),
    Sample(
        "Helper of Windows That Needs No Network Talks to the Internet",
        sysmon(
            3,
            Image=r"C:\Windows\System32\colorcpl.exe",
            Initiated="true",
            DestinationIp="203.0.113.9",
            DestinationPort="443",
        ),
        sysmon(
            3,
            Image=r"C:\Windows\System32\colorcpl.exe",
            Initiated="true",
            DestinationIp="10.1.2.3",
            DestinationPort="389",
        ),
    ),
    Sample(
        "Guard Opened by a Foreign Program to End or Change It",
        sysmon(
            10, SourceImage=r"C:\Users\Public\a.exe", TargetImage=r"C:\Program Files\X\MsMpEng.exe", GrantedAccess="0x1"
        ),
        sysmon(
            10,
            SourceImage=r"C:\Users\Public\a.exe",
            TargetImage=r"C:\Program Files\X\MsMpEng.exe",
            GrantedAccess="0x1000",
        ),
    ),
    Sample("Hidden Shares of Many Machines Tried Out", _shares(14), _shares(2)),
    Sample("Many Accounts Deleted or Locked Away at Once", _accounts_gone(24), _accounts_gone(5)),
)
