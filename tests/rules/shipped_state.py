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
)
