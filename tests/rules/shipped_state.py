"""Made-up records for the shipped rules about state in the registry: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import registry, registry_gone

SAMPLES = (
    Sample(
        "Autostart in a Place Hardly Any Program Uses",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Windows\load",
            r"C:\Users\Public\a.exe",
        ),
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\AeDebug\Debugger",
            r'"C:\Windows\system32\vsjitdebugger.exe" -p %ld',
        ),
    ),
    Sample(
        "Autostart Entry Written by a Shell or Script",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Sync", r"C:\ProgramData\sync\s.exe"
        ),
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Tray",
            r"C:\Program Files\V\t.exe",
            r"C:\Windows\System32\msiexec.exe",
        ),
    ),
    Sample(
        "Service Rewritten in the Registry by a Shell or Script",
        registry(r"HKLM\System\CurrentControlSet\Services\Fax\ImagePath", r"C:\ProgramData\f.exe"),
        registry(
            r"HKLM\System\CurrentControlSet\Services\Fax\ImagePath",
            r"C:\Program Files\V\f.exe",
            r"C:\Windows\System32\services.exe",
        ),
    ),
    Sample(
        "Library Named Where a Service or System Program Loads It",
        registry(r"HKLM\System\CurrentControlSet\Services\WinSock2\Parameters\AutodialDLL", r"C:\Users\Public\a.dll"),
        registry(
            r"HKLM\System\CurrentControlSet\Services\WinSock2\Parameters\AutodialDLL",
            r"C:\Windows\System32\rasadhlp.dll",
        ),
    ),
    Sample(
        "Kind of File or Link Set to Open by a Shell or Script",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001_Classes\txtfile\shell\open\command\(Default)",
            r"C:\Windows\System32\cmd.exe /c start C:\Users\Public\a.exe %1",
        ),
        registry(
            r"HKU\S-1-5-21-1-2-3-1001_Classes\txtfile\shell\open\command\(Default)",
            r'"C:\Program Files\Notepad++\notepad++.exe" "%1"',
        ),
    ),
    Sample(
        "Path of a System Tool Set for One User",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\control.exe\(Default)",
            r"C:\Windows\System32\cmd.exe",
        ),
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\chrome.exe\(Default)",
            r"C:\Users\ann\AppData\Local\Google\Chrome\Application\chrome.exe",
        ),
    ),
    Sample(
        "Add-In Set to Load with an Office Program",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Office\16.0\Excel\Options\OPEN",
            r"/R C:\Users\ann\AppData\Roaming\a.xll",
        ),
        registry(r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Office\16.0\Excel\Options\OPEN", r"/R SOLVER.XLAM"),
    ),
    Sample(
        "Office Told to Trust a Folder or Live Data",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Office\16.0\Word\Security\Trusted Locations\Location9\Path",
            r"C:\Users\ann\Downloads",
        ),
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Office\16.0\Word\Security\Trusted Locations\Location2\Path",
            r"C:\Users\ann\AppData\Roaming\Microsoft\Templates",
        ),
    ),
    Sample(
        "Guard against Downloaded Programs Off",
        registry(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\SmartScreenEnabled", "Off"),
        registry(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\SmartScreenEnabled", "Warn"),
    ),
    Sample(
        "Protocols for Logon and Shares Weakened",
        registry(r"HKLM\System\CurrentControlSet\Control\Lsa\LmCompatibilityLevel", "DWORD (0x00000002)"),
        registry(r"HKLM\System\CurrentControlSet\Control\Lsa\LmCompatibilityLevel", "DWORD (0x00000005)"),
    ),
    Sample(
        "Log Switched Off or Closed in the Registry",
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-PowerShell/Operational\Enabled",
            "DWORD (0x00000000)",
        ),
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-PowerShell/Operational\Enabled",
            "DWORD (0x00000001)",
        ),
    ),
    Sample(
        "Entries of a Protection Deleted from the Registry",
        registry_gone(r"HKLM\SOFTWARE\Microsoft\AMSI\Providers\{2781761E-28E0-4109-99FE-B9D127C57AFE}"),
        registry_gone(r"HKLM\SOFTWARE\Vendor\Providers\{2781761E-28E0-4109-99FE-B9D127C57AFE}"),
    ),
    Sample(
        "Service of Recovery or Protection Disabled in the Registry",
        registry(
            r"HKLM\System\CurrentControlSet\Services\VSS\Start",
            "DWORD (0x00000004)",
            r"C:\Windows\System32\services.exe",
        ),
        registry(
            r"HKLM\System\CurrentControlSet\Services\VSS\Start",
            "DWORD (0x00000003)",
            r"C:\Windows\System32\services.exe",
        ),
    ),
    Sample(
        "Restore Points Switched Off",
        registry(r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\SystemRestore\DisableSR", "DWORD (0x00000001)"),
        registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SystemRestore\DisableSR", "DWORD (0x00000000)"),
    ),
    Sample(
        "Account or Secret Database Written by Another Program",
        registry(r"HKLM\SAM\SAM\Domains\Account\Users\000001F5\F", "Binary Data"),
        registry(r"HKLM\SAM\SAM\Domains\Account\Users\000001F5\F", "Binary Data", r"C:\Windows\system32\lsass.exe"),
    ),
    Sample(
        "Background, Notice or View of the Desktop Changed by a Script",
        registry(r"HKU\S-1-5-21-1-2-3-1001\Control Panel\Desktop\Wallpaper", r"C:\ProgramData\n.bmp"),
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\Control Panel\Desktop\Wallpaper",
            r"C:\Users\ann\a.jpg",
            r"C:\Windows\explorer.exe",
        ),
    ),
    Sample(
        "Service or Program Added to Safe Mode",
        registry(r"HKLM\System\CurrentControlSet\Control\SafeBoot\Network\AnyDesk\(Default)", "Service"),
        registry(
            r"HKLM\System\CurrentControlSet\Control\SafeBoot\Network\Av\(Default)",
            "Service",
            r"C:\Windows\System32\msiexec.exe",
        ),
    ),
    Sample(
        "Automatic Logon Set with a Password in Plain Text",
        registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\DefaultPassword", "secret"),
        registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\AutoAdminLogon", "0"),
    ),
    Sample(
        "Scheduled Task Written Past the Scheduler",
        registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Up\SD", "Binary Data"),
        registry(
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Up\SD",
            "Binary Data",
            r"C:\Windows\System32\svchost.exe",
        ),
    ),
    Sample(
        "Check of Drivers or Programs Switched Off",
        registry(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\Installer\AlwaysInstallElevated", "DWORD (0x00000001)"),
        registry(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\Installer\AlwaysInstallElevated", "DWORD (0x00000000)"),
    ),
    Sample(
        "Root Certificate Added by a Shell or Script",
        registry(r"HKLM\SOFTWARE\Microsoft\SystemCertificates\ROOT\Certificates\0A29\Blob", "Binary Data"),
        registry(
            r"HKLM\SOFTWARE\Microsoft\SystemCertificates\AuthRoot\Certificates\0A29\Blob",
            "Binary Data",
            r"C:\Windows\System32\svchost.exe",
        ),
    ),
    Sample(
        "Firewall Switched Off or Opened in the Registry",
        registry(
            r"HKLM\System\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile\EnableFirewall",
            "DWORD (0x00000000)",
        ),
        registry(
            r"HKLM\System\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile\EnableFirewall",
            "DWORD (0x00000001)",
        ),
    ),
    Sample(
        "Port Passed on to Another Machine",
        registry(
            r"HKLM\System\CurrentControlSet\Services\PortProxy\v4tov4\tcp\0.0.0.0/8080",
            "10.0.0.5/3389",
            r"C:\Windows\System32\netsh.exe",
        ),
        registry(
            r"HKLM\System\CurrentControlSet\Services\Tcpip\Parameters\Domain",
            "lab.example",
            r"C:\Windows\System32\netsh.exe",
        ),
    ),
    Sample(
        "Traces of a User's Work Deleted from the Registry",
        registry_gone(r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Terminal Server Client\Servers"),
        registry_gone(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs\.txt",
            r"C:\Windows\explorer.exe",
        ),
    ),
    Sample(
        "Script or Program Kept in the Registry",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Vendor\a",
            "IEX([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aQ==')))",
        ),
        registry(r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Vendor\a", r"C:\Program Files\V\v.exe --index"),
    ),
    Sample(
        "First Run of a Tool That Intruders Bring",
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Sysinternals\ProcDump\EulaAccepted",
            "DWORD (0x00000001)",
            r"C:\Temp\p.exe",
        ),
        registry(
            r"HKU\S-1-5-21-1-2-3-1001\SOFTWARE\Sysinternals\ZoomIt\EulaAccepted",
            "DWORD (0x00000001)",
            r"C:\Tools\z.exe",
        ),
    ),
    Sample(
        "Microsoft Defender Made Quiet or Less Strict",
        registry(
            r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\UX Configuration\Notification_Suppress",
            "DWORD (0x00000001)",
        ),
        registry(
            r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\UX Configuration\Notification_Suppress",
            "DWORD (0x00000000)",
        ),
    ),
    Sample(
        "Rules for Running Scripts Loosened",
        registry(r"HKLM\SOFTWARE\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell\ExecutionPolicy", "Bypass"),
        registry(r"HKLM\SOFTWARE\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell\ExecutionPolicy", "RemoteSigned"),
    ),
    Sample(
        "Service for Reading the Registry from Afar Switched On",
        registry(
            r"HKLM\System\CurrentControlSet\Services\RemoteRegistry\Start",
            "DWORD (0x00000003)",
            r"C:\Windows\System32\services.exe",
        ),
        registry(
            r"HKLM\System\CurrentControlSet\Services\RemoteRegistry\Start",
            "DWORD (0x00000004)",
            r"C:\Windows\System32\services.exe",
        ),
    ),
)
