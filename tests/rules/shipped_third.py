"""Made-up records for the third round of Windows rules: smaller logs, files and settings."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import command, logged, made, registry, security, system

SAMPLES = (
    Sample(
        "Foreign Library Loaded by the Name Server",
        logged("DNS Server", 150, Data="C:\\Users\\Public\\a.dll"),
        logged("DNS Server", 2, Data="started"),
    ),
    Sample(
        "Network of a Sensor Cut Off",
        security(
            5157,
            Application="\\device\\harddiskvolume3\\program files\\windows defender\\mssense.exe",
            Direction="%%14593",
        ),
        security(5157, Application="\\device\\harddiskvolume3\\windows\\system32\\svchost.exe", Direction="%%14593"),
    ),
    Sample(
        "Web Server Given a Module or Its Log Switched Off",
        logged(
            "Microsoft-IIS-Configuration/Operational",
            29,
            Configuration="/system.webServer/globalModules/add[@name='m']",
            EditOperationType="1",
        ),
        logged(
            "Microsoft-IIS-Configuration/Operational",
            29,
            Configuration="/system.applicationHost/sites/site[@name='a']",
            EditOperationType="1",
        ),
    ),
    Sample(
        "Virtual Machine or Emulator Run to Hide or Tunnel",
        command("C:\\Temp\\q.exe qemu-system-x86_64 -m 1M -netdev user,id=l,hostfwd=tcp::1-:2 -nographic"),
        command("C:\\tools\\qemu-img.exe info a.img"),
    ),
    Sample(
        "Mailboxes Exported or Searched by a Command",
        command("powershell New-MailboxExportRequest -Mailbox ann -FilePath \\\\srv1\\c$\\a.pst"),
        command("powershell Get-Mailbox ann"),
    ),
    Sample(
        "Foreign Library Called by the Address Server",
        system(1033, "Microsoft-Windows-DHCP-Server", Data="a.dll"),
        system(1044, "Microsoft-Windows-DHCP-Server", Data="lab.example"),
    ),
    Sample(
        "Attack Surface Rule Stopped Something",
        logged(
            "Microsoft-Windows-Windows Defender/Operational",
            1121,
            ID="D4F940AB-401B-4EFC-AADC-AD5F3C50688A",
            Path="C:\\Windows\\System32\\cmd.exe",
        ),
        logged(
            "Microsoft-Windows-Windows Defender/Operational",
            1122,
            ID="9E6C4E1F-7D60-472F-BA1A-A39EF669E4B2",
            Path="C:\\V\\v.exe",
        ),
    ),
    Sample(
        "Driver Written That Attackers Bring Along",
        made("C:\\Windows\\Temp\\truesight.sys", "C:\\Users\\Public\\a.exe"),
        made("C:\\Windows\\Temp\\PROCEXP152.SYS", "C:\\Tools\\procexp64.exe"),
    ),
    Sample(
        "Module Written into the Folder of a Web or Mail Server",
        made("C:\\Windows\\System32\\inetsrv\\hmod.dll", "C:\\Windows\\System32\\cmd.exe"),
        made("C:\\Windows\\System32\\inetsrv\\rewrite.dll", "C:\\Windows\\System32\\msiexec.exe"),
    ),
    Sample(
        "Certificate of the Machine Carried Off",
        logged("Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational", 1007, SubjectNames="srv1"),
        logged("Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational", 1006, SubjectNames="srv1"),
    ),
    Sample(
        "Share of a Machine on the Internet Asked For",
        logged("Microsoft-Windows-SmbClient/Connectivity", 30803, ServerName="\\203.0.113.9"),
        logged("Microsoft-Windows-SmbClient/Connectivity", 30803, ServerName="\\10.1.2.3"),
    ),
    Sample(
        "File of a Group Policy Changed by a Shell or Tool",
        made(
            "C:\\Windows\\SYSVOL\\domain\\Policies\\{1}\\Machine\\Preferences\\ScheduledTasks\\ScheduledTasks.xml",
            "C:\\Users\\Public\\a.exe",
        ),
        made(
            "C:\\Windows\\SYSVOL\\domain\\Policies\\{1}\\Machine\\Preferences\\ScheduledTasks\\ScheduledTasks.xml",
            "C:\\Windows\\System32\\mmc.exe",
        ),
    ),
    Sample(
        "Mail Server Told to Export or Load Something",
        logged(
            "MSExchange Management",
            1,
            Data=["New-MailboxExportRequest", "-Mailbox ann -FilePath \\\\127.0.0.1\\c$\\a.aspx"],
        ),
        logged("MSExchange Management", 1, Data=["Get-Mailbox", "-Identity ann"]),
    ),
    Sample(
        "Names of Machines Redirected by a Script",
        made("C:\\Windows\\System32\\drivers\\etc\\hosts", "C:\\Windows\\System32\\cmd.exe"),
        made("C:\\Windows\\System32\\drivers\\etc\\hosts", "C:\\Windows\\System32\\notepad.exe"),
    ),
    Sample(
        "Odd Folder Shared with the Network",
        security(5142, SubjectUserName="ann", ShareName="\\\\*\\tmp", ShareLocalPath="C:\\Windows\\Temp"),
        security(5142, SubjectUserName="ann", ShareName="\\\\*\\home", ShareLocalPath="D:\\Home"),
    ),
    Sample(
        "Driver Refused by the Check of Code",
        logged("Microsoft-Windows-CodeIntegrity/Operational", 3023, FileNameBuffer="\\Windows\\Temp\\a.sys"),
        logged("Microsoft-Windows-CodeIntegrity/Operational", 3004, FileNameBuffer="\\Windows\\a.sys"),
    ),
    Sample(
        "Powerful Right Given to an Account",
        security(
            4704, SubjectUserName="ann", PrivilegeList="SeEnableDelegationPrivilege", TargetSid="S-1-5-21-1-2-3-1105"
        ),
        security(4704, SubjectUserName="ann", PrivilegeList="SeBatchLogonRight", TargetSid="S-1-5-21-1-2-3-1105"),
    ),
    Sample(
        "Template or Add-In of Office Written by Another Program",
        made(
            "C:\\Users\\ann\\AppData\\Roaming\\Microsoft\\Templates\\Normal.dotm", "C:\\Windows\\System32\\wscript.exe"
        ),
        made(
            "C:\\Users\\ann\\AppData\\Roaming\\Microsoft\\Templates\\Normal.dotm",
            "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
        ),
    ),
    Sample(
        "File That Makes Others Send Their Password's Proof",
        made("C:\\Share\\@a.scf", "C:\\Windows\\System32\\cmd.exe"),
        made(
            "C:\\Users\\ann\\AppData\\Roaming\\Microsoft\\Windows\\Libraries\\a.library-ms", "C:\\Windows\\explorer.exe"
        ),
    ),
    Sample(
        "Firewall Switched Off, in the Security Log",
        security(4950, ProfileChanged="Public", SettingType="Enable Windows Defender Firewall", SettingValue="No"),
        security(4950, ProfileChanged="Public", SettingType="Enable Windows Defender Firewall", SettingValue="Yes"),
    ),
    Sample(
        "Disk Image Opened from Mail, Archive or Hiding Place",
        logged(
            "Microsoft-Windows-VHDMP/Operational",
            1,
            VhdFileName="\\\\?\\C:\\Users\\ann\\AppData\\Local\\Temp\\Temp1_a.zip\\a.iso",
        ),
        logged("Microsoft-Windows-VHDMP/Operational", 1, VhdFileName="\\\\?\\D:\\Images\\office.iso"),
    ),
    Sample(
        "Plug-In of the Print Service Failed to Load",
        logged(
            "Microsoft-Windows-PrintService/Admin",
            808,
            PluginDllName="C:\\Windows\\system32\\spool\\DRIVERS\\x64\\3\\old\\1\\a.dll",
        ),
        logged("Microsoft-Windows-PrintService/Admin", 808, PluginDllName="C:\\Windows\\system32\\localspl.dll"),
    ),
    Sample(
        "Helper or Script Refused by the List of Allowed Programs",
        logged(
            "Microsoft-Windows-AppLocker/EXE and DLL",
            8004,
            FilePath="%SYSTEM32%\\MSHTA.EXE",
            TargetUser="S-1-5-21-1-2-3-1105",
        ),
        logged(
            "Microsoft-Windows-AppLocker/EXE and DLL",
            8004,
            FilePath="%OSDRIVE%\\USERS\\ANN\\DOWNLOADS\\SETUP.EXE",
            TargetUser="S-1-5-21-1-2-3-1105",
        ),
    ),
    Sample(
        "Repair Package Run from a Foreign Place",
        logged("Microsoft-Windows-Diagnosis-Scripted/Operational", 101, PackagePath="\\\\192.0.2.7\\s\\a.diagcab"),
        logged(
            "Microsoft-Windows-Diagnosis-Scripted/Operational",
            101,
            PackagePath="C:\\Windows\\diagnostics\\system\\networking",
        ),
    ),
    Sample(
        "Printer Driver Installed That Copies Windows' Own Libraries",
        logged(
            "Microsoft-Windows-PrintService/Operational", 316, param1="1234", param4="UNIDRV.DLL, kernelbase.dll, a.dll"
        ),
        logged("Microsoft-Windows-PrintService/Operational", 316, param1="Office", param4="UNIDRV.DLL, UNIDRVUI.DLL"),
    ),
    Sample(
        "Logon Process or Formula Editor Crashed",
        logged("Application", 1000, SourceName="Application Error", Data=["EQNEDT32.EXE", "2000.11.9.0"]),
        logged("Application", 1000, SourceName="Application Error", Data=["EXCEL.EXE", "16.0"]),
    ),
    Sample(
        "Archive Gathered in an Odd Folder",
        made("C:\\Users\\Public\\a.rar", "C:\\ProgramData\\rar.exe"),
        made("C:\\Users\\ann\\Documents\\report.zip", "C:\\Program Files\\7-Zip\\7zG.exe"),
    ),
    Sample(
        "Trust or Ticket Policy of the Domain Changed",
        security(4706, SubjectUserName="ann", TargetUserName="OTHER", DomainName="OTHER"),
        security(4716, SubjectUserName="DC1$", TargetUserName="OTHER"),
    ),
    Sample(
        "Auditing of One Person or of the Machine Changed",
        security(4912, SubjectUserName="ann", TargetUserSid="S-1-5-21-1-2-3-1105"),
        security(4616, SubjectUserName="LOCAL SERVICE", ProcessName="C:\\Windows\\System32\\svchost.exe"),
    ),
    Sample(
        "Device Plugged In That Types by Itself",
        security(6416, DeviceId="HID\\VID_16C0&PID_0486&MI_00\\7&1", ClassName="Keyboard"),
        security(6416, DeviceId="HID\\VID_046D&PID_C31C&MI_00\\7&1", ClassName="Keyboard"),
    ),
    Sample(
        "Browser Extension or Proxy Forced by a Script",
        registry(
            "HKLM\\SOFTWARE\\Policies\\Google\\Chrome\\ExtensionInstallForcelist\\1", "abc;https://example.org/u.xml"
        ),
        registry(
            "HKLM\\SOFTWARE\\Policies\\Google\\Chrome\\ExtensionInstallForcelist\\1",
            "abc;https://example.org/u.xml",
            "C:\\Windows\\System32\\svchost.exe",
        ),
    ),
    Sample(
        "Component of the Machine Redirected to an Odd File",
        registry(
            "HKU\\S-1-5-21-1-2-3-1001_Classes\\TypeLib\\{EAB22AC0-30C1-11CF-A7EB-0000C05BAE0B}\\1.1\\0\\win32\\(Default)",
            "script:C:\\ProgramData\\a.sct",
        ),
        registry(
            "HKLM\\SOFTWARE\\Classes\\CLSID\\{0A29FF9E-7F9C-4437-8B11-F424491E3931}\\InprocServer32\\(Default)",
            "C:\\Program Files\\V\\v.dll",
        ),
    ),
    Sample(
        "Environment Set So That Runtimes Load Foreign Code",
        registry("HKU\\S-1-5-21-1-2-3-1001\\Environment\\DOTNET_STARTUP_HOOKS", "C:\\Users\\Public\\a.dll"),
        registry("HKU\\S-1-5-21-1-2-3-1001\\Environment\\NODE_OPTIONS", "--max-old-space-size=4096"),
    ),
    Sample(
        "Rules for Finding Libraries Changed",
        registry("HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\ExcludeFromKnownDlls", "version.dll"),
        registry("HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\ProtectionMode", "DWORD (0x00000001)"),
    ),
    Sample(
        "Script of a Policy Entered by Hand",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\Scripts\\Startup\\0\\0\\Script",
            "C:\\ProgramData\\a.bat",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\Scripts\\Startup\\0\\0\\Script",
            "map.bat",
            "C:\\Windows\\System32\\svchost.exe",
        ),
    ),
    Sample(
        "Part Added to the Logon Window",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers\\{0A}\\(Default)",
            "Logon",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers\\{0A}\\(Default)",
            "Factor",
            "C:\\Windows\\System32\\msiexec.exe",
        ),
    ),
    Sample(
        "Remote Desktop Made Lax",
        registry(
            "HKLM\\System\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\\SecurityLayer",
            "DWORD (0x00000000)",
        ),
        registry(
            "HKLM\\System\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\\SecurityLayer",
            "DWORD (0x00000002)",
        ),
    ),
    Sample(
        "Settings of a Sensor or Filter Driver Changed by Hand",
        registry("HKLM\\System\\CurrentControlSet\\Services\\FileInfo\\Instances\\FileInfo\\Altitude", "385201"),
        registry(
            "HKLM\\System\\CurrentControlSet\\Services\\SysmonDrv\\Parameters\\Rules",
            "Binary Data",
            "C:\\Windows\\Sysmon64.exe",
        ),
    ),
)
