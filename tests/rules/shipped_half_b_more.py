"""Made-up records for the shipped rules about programs that do what is not their work."""

from tests.rules.shipped_samples import Sample, other, started
from tests.rules.windows_records import classic, command, logged, made, module, registry, security, sysmon

SAMPLES = (
    Sample(
        "Autostart Entry Written by a Service Host",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\Software\Microsoft\Windows\CurrentVersion\Run\Upd",
            "C:\\Windows\\System32\\rundll32.exe a.dll,Start",
            "C:\\Windows\\system32\\svchost.exe",
        ),
        registry(
            r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run\SecurityHealth",
            "%windir%\\system32\\SecurityHealthSystray.exe",
            "C:\\Windows\\system32\\svchost.exe",
        ),
    ),
    Sample(
        "Autostart Entry That Starts a Loader of Foreign Code",
        registry(
            r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run\Upd", "C:\\Windows\\System32\\rundll32.exe a.dll,Start"
        ),
        registry(
            r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run\Logi",
            "C:\\Windows\\System32\\rundll32.exe C:\\Windows\\System32\\LogiLDA.dll,LogiFetch",
        ),
    ),
    Sample(
        "Service of the Remote Registry Started",
        command("svchost.exe -k localService -p -s RemoteRegistry", parent="C:\\Windows\\System32\\services.exe"),
        command("svchost.exe -k localService -p -s nsi", parent="C:\\Windows\\System32\\services.exe"),
    ),
    Sample(
        "Words Glued from Pieces in the PowerShell Log",
        classic(800, Data="$a=('ne'+'w-'+'item')"),
        classic(800, Data="Get-ChildItem 'C:\\a b' + 'c'"),
    ),
    Sample(
        "Words Glued from Pieces in the Log of PowerShell Modules",
        module(Payload="CommandInvocation(a): \"$a=('ne'+'w-'+'item')\""),
        module(Payload='CommandInvocation(Get-ChildItem): "Get-ChildItem"'),
    ),
    Sample(
        "PowerShell Started Hidden with Packed Orders (Classic Log)",
        classic(400, Data="HostApplication=powershell -noP -sta -w 1 -enc " + "SQBG" * 20),
        classic(400, Data="HostApplication=powershell -NoProfile -File C:\\Scripts\\backup.ps1"),
    ),
    Sample(
        "PowerShell Started Hidden with Packed Orders (Module Log)",
        module(ContextInfo="Host Application = powershell -noP -sta -w 1 -enc " + "SQBG" * 20),
        module(ContextInfo="Host Application = powershell -NoProfile -File C:\\Scripts\\backup.ps1"),
    ),
    Sample(
        "Program Started by PowerShell with Packed Orders",
        started(
            "C:\\Windows\\System32\\whoami.exe",
            "whoami",
            parent="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            ParentCommandLine="powershell.exe -noP -sta -w 1 -enc " + "SQBG" * 20,
        ),
        started(
            "C:\\Windows\\System32\\whoami.exe",
            "whoami",
            parent="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            ParentCommandLine="powershell.exe -File a.ps1",
        ),
    ),
    Sample(
        "File Transfer Program Runs a Script or Starts a Program",
        command("ftp.exe -s:c:\\users\\ann\\a.txt"),
        command("ftp.exe files.lab.example"),
    ),
    Sample(
        "Tool for Ease of Access Starts Any Other Program",
        started("C:\\Windows\\System32\\whoami.exe", "whoami", parent="C:\\Windows\\System32\\osk.exe"),
        started("C:\\Windows\\System32\\AtBroker.exe", "atbroker", parent="C:\\Windows\\System32\\osk.exe"),
    ),
    Sample(
        "Program of Windows in a User Folder under Another Name",
        started("C:\\Users\\ann\\AppData\\Local\\Temp\\d\\qx.exe", "qx.exe", OriginalFileName="CALC.EXE"),
        started("C:\\Windows\\System32\\calc.exe", "calc.exe", OriginalFileName="CALC.EXE"),
    ),
    Sample(
        "Transfer Job for a File of This Machine",
        logged("Microsoft-Windows-Bits-Client/Operational", 59, name="job", url="C:\\Windows\\system32\\cmd.exe"),
        logged("Microsoft-Windows-Bits-Client/Operational", 59, name="job", url="https://updates.example/a.cab"),
    ),
    Sample(
        "Account Made or Its Password Set (Registry)",
        registry(
            r"HKLM\SAM\SAM\Domains\Account\Users\Names\helper\(Default)",
            "Binary Data",
            "C:\\Windows\\system32\\lsass.exe",
        ),
        registry(
            r"HKLM\SAM\SAM\Domains\Account\Users\Names\WDAGUtilityAccount\(Default)",
            "Binary Data",
            "C:\\Windows\\system32\\lsass.exe",
        ),
    ),
    Sample(
        "Group of Administrators Changed (Registry)",
        registry(r"HKLM\SAM\SAM\Domains\Builtin\Aliases\00000220\C", "Binary Data", "C:\\Windows\\system32\\lsass.exe"),
        registry(r"HKLM\SAM\SAM\Domains\Builtin\Aliases\00000221\C", "Binary Data", "C:\\Windows\\system32\\lsass.exe"),
    ),
    Sample(
        "Folder Shared (Registry)",
        registry(
            r"HKLM\System\CurrentControlSet\Services\LanmanServer\Shares\drop",
            "Binary Data",
            "C:\\Windows\\system32\\svchost.exe",
        ),
        registry(
            r"HKLM\System\CurrentControlSet\Services\LanmanServer\Shares\NETLOGON",
            "Binary Data",
            "C:\\Windows\\system32\\svchost.exe",
        ),
    ),
    Sample(
        "Printer Told to Load a Module",
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Print\Printers\P1\CopyFiles\Module",
            "C:\\Windows\\system32\\spool\\drivers\\x64\\4\\a.dll",
            "C:\\Windows\\System32\\spoolsv.exe",
        ),
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Print\Printers\P1\CopyFiles\ICM\Module",
            "mscms.dll",
            "C:\\Windows\\System32\\spoolsv.exe",
        ),
    ),
    Sample(
        "Library Put into the Folder of Print Drivers by Another Program",
        made("C:\\Windows\\System32\\spool\\drivers\\x64\\4\\a.dll", "C:\\Users\\ann\\a.exe"),
        made("C:\\Windows\\System32\\spool\\drivers\\x64\\3\\a.dll", "C:\\Windows\\System32\\spoolsv.exe"),
    ),
    Sample(
        "Rights on the Domain Itself Rewritten",
        security(
            5136,
            SubjectUserName="MAIL$",
            SubjectUserSid="S-1-5-21-1-2-3-1103",
            ObjectDN="DC=lab,DC=example",
            AttributeLDAPDisplayName="nTSecurityDescriptor",
        ),
        security(
            5136,
            SubjectUserName="ann",
            SubjectUserSid="S-1-5-21-1-2-3-1103",
            ObjectDN="CN=ann,CN=Users,DC=lab,DC=example",
            AttributeLDAPDisplayName="nTSecurityDescriptor",
        ),
    ),
    Sample(
        "Machine Code or a Program Kept in an Event Log",
        other("Key Management Service", "KmsRequests", 1337, Data="FCE8820000006089E5" + "31C0" * 40),
        other("Application", "App", 1, Data="The program started"),
    ),
    Sample(
        "Browser, Office or Reader Starts a Thread in Another Program",
        sysmon(
            8,
            SourceImage="C:\\Program Files\\Internet Explorer\\iexplore.exe",
            TargetImage="C:\\Windows\\explorer.exe",
            StartAddress="0x01",
        ),
        sysmon(
            8,
            SourceImage="C:\\Program Files\\Internet Explorer\\iexplore.exe",
            TargetImage="C:\\Program Files\\Internet Explorer\\iexplore.exe",
            StartAddress="0x01",
        ),
    ),
    Sample(
        "Office Add-in Set Up Silently from a User Folder",
        command(
            "C:\\a\\VSTOInstaller.exe /s /i C:\\Users\\ann\\AppData\\Local\\Apps\\a\\a.vsto",
            image="C:\\a\\VSTOInstaller.exe",
        ),
        command("C:\\a\\VSTOInstaller.exe /i C:\\Tools\\a.vsto", image="C:\\a\\VSTOInstaller.exe"),
    ),
    Sample(
        "Trust in an Office Add-in Written by a Shell",
        registry(
            r"HKCU\Software\Microsoft\VSTO\Security\Inclusion\ee\Url",
            "file:///C:/Users/ann/a.vsto",
            "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
        ),
        registry(
            r"HKCU\Software\Microsoft\VSTO\Security\Inclusion\ee\Url",
            "file:///C:/Program Files/a/a.vsto",
            "C:\\Program Files\\a\\a.exe",
        ),
    ),
    Sample(
        "Remote Call of a Known Attack Traced",
        other(
            "RPC",
            "Microsoft-Windows-RPC",
            5,
            InterfaceUuid="12345678-1234-ABCD-EF00-01234567CFFB",
            ProcNum="26",
            AuthenticationLevel="1",
        ),
        other(
            "RPC",
            "Microsoft-Windows-RPC",
            5,
            InterfaceUuid="367ABB81-9844-35F1-AD32-98F038001003",
            ProcNum="42",
            AuthenticationLevel="6",
        ),
    ),
    Sample(
        "Remote Desktop from the Machine to Itself",
        logged(
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
            1149,
            Param1="ann",
            Param3="127.0.0.1",
        ),
        logged(
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
            1149,
            Param1="ann",
            Param3="10.1.1.4",
        ),
    ),
    Sample(
        "Program Run from a Share",
        started("\\\\srv9\\drop\\a.exe", "a.exe"),
        started("\\\\lab.example\\sysvol\\lab.example\\scripts\\a.exe", "a.exe"),
    ),
)
