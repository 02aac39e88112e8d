"""More made-up records for the shipped rules about state in the registry: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import registry, registry_gone

SAMPLES = (
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
