"""Made-up records for the shipped rules about the registry: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import registry, sysmon

SAMPLES = (
    Sample(
        "Programs That Run at Logon Changed",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\Shell",
            "explorer.exe, C:\\Users\\Public\\a.exe",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\Shell",
            "explorer.exe",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Another Program Set to Run in Place of One",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\sethc.exe\\Debugger",
            "C:\\Windows\\System32\\cmd.exe",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\a.exe\\Mitigation",
            "0x1",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Library Set to Be Loaded into Many Programs",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Windows\\AppInit_DLLs",
            "C:\\Users\\Public\\a.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Print\\Monitors\\Local Port\\Driver",
            "localspl.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Component Redirected to a File in a User's Folder",
        registry(
            "HKU\\S-1-5-21-1-2-3-1001_Classes\\CLSID\\{0A29FF9E-7F9C-4437-8B11-F424491E3931}\\InprocServer32\\(Default)",
            "C:\\Users\\ann\\AppData\\Roaming\\a.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKU\\S-1-5-21-1-2-3-1001_Classes\\CLSID\\{0A29FF9E-7F9C-4437-8B11-F424491E3931}\\InprocServer32\\(Default)",
            "C:\\Program Files\\A\\a.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Registry Prepared to Get Rights Without Being Asked",
        registry(
            "HKU\\S-1-5-21-1-2-3-1001_Classes\\ms-settings\\shell\\open\\command\\(Default)",
            "C:\\Windows\\System32\\cmd.exe",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKU\\S-1-5-21-1-2-3-1001_Classes\\txtfile\\shell\\open\\command\\(Default)",
            "notepad.exe %1",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Question Before Higher Rights Switched Off",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\EnableLUA",
            "DWORD (0x00000000)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\EnableLUA",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Protection of Logon Secrets Switched Off",
        registry(
            "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest\\UseLogonCredential",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\RunAsPPL",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Microsoft Defender Weakened in the Registry",
        registry(
            "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender\\DisableAntiSpyware",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\DisableAntiSpyware",
            "DWORD (0x00000000)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Logging Switched Off in the Registry",
        registry(
            "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\PowerShell\\ScriptBlockLogging\\EnableScriptBlockLogging",
            "DWORD (0x00000000)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\PowerShell\\ScriptBlockLogging\\EnableScriptBlockLogging",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Service Written to the Registry That Runs a Shell or from a User's Folder",
        registry(
            "HKLM\\System\\CurrentControlSet\\Services\\abc\\ImagePath",
            "%COMSPEC% /c powershell -nop",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\System\\CurrentControlSet\\Services\\abc\\ImagePath",
            "C:\\Program Files\\A\\a.exe",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Library of the Remote Desktop Service Exchanged",
        registry(
            "HKLM\\System\\CurrentControlSet\\Services\\TermService\\Parameters\\ServiceDll",
            "C:\\Program Files\\RDP Wrapper\\rdpwrap.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\System\\CurrentControlSet\\Services\\TermService\\Parameters\\ServiceDll",
            "%SystemRoot%\\System32\\termsrv.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Remote Desktop Switched On",
        registry(
            "HKLM\\System\\CurrentControlSet\\Control\\Terminal Server\\fDenyTSConnections",
            "DWORD (0x00000000)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\System\\CurrentControlSet\\Control\\Terminal Server\\fDenyTSConnections",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Script Set to Run at a User's Logon or Pause",
        registry(
            "HKU\\S-1-5-21-1-2-3-1001\\Environment\\UserInitMprLogonScript",
            "C:\\Users\\Public\\a.bat",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry("HKU\\S-1-5-21-1-2-3-1001\\Environment\\Path", "C:\\Tools", "C:\\Windows\\System32\\reg.exe"),
    ),
    Sample(
        "Command Set to Run Once for Every User",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Active Setup\\Installed Components\\{1}\\StubPath",
            "C:\\Users\\Public\\a.exe",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Active Setup\\Installed Components\\{1}\\StubPath",
            "C:\\Program Files\\A\\setup.exe --configure-user-settings",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Check of Signatures Redirected",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\OID\\EncodingType 0\\CryptSIPDllVerifyIndirectData\\{1}\\Dll",
            "C:\\Users\\Public\\a.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\OID\\EncodingType 0\\CryptSIPDllVerifyIndirectData\\{1}\\Dll",
            "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\pwrshsip.dll",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Command Pasted into the Run Dialog",
        registry(
            "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RunMRU\\a",
            "mshta https://example.org/a.hta\\1",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RunMRU\\a",
            "cmd\\1",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Account Hidden or Tools Taken from the User",
        registry(
            "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts\\UserList\\helper",
            "DWORD (0x00000000)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\DisableTaskMgr",
            "DWORD (0x00000000)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Office's Protection against Macros Lowered",
        registry(
            "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Office\\16.0\\Excel\\Security\\VBAWarnings",
            "DWORD (0x00000001)",
            "C:\\Windows\\System32\\reg.exe",
        ),
        registry(
            "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Office\\16.0\\Excel\\Security\\VBAWarnings",
            "DWORD (0x00000002)",
            "C:\\Windows\\System32\\reg.exe",
        ),
    ),
    Sample(
        "Compatibility Shim Installed or Task Hidden",
        sysmon(
            12,
            EventType="DeleteValue",
            TargetObject="HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Up\\SD",
            Image="C:\\Windows\\System32\\reg.exe",
        ),
        sysmon(
            13,
            EventType="SetValue",
            TargetObject="HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Up\\SD",
            Details="Binary Data",
            Image="C:\\Windows\\System32\\svchost.exe",
        ),
    ),
)
