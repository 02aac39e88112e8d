"""More made-up records for the shipped rules about the smaller logs: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import logged

SAMPLES = (
    Sample(
        "Firewall Emptied, Switched Off or Opened for an Odd Program",
        logged(
            "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
            2004,
            Action="3",
            ApplicationPath=r"C:\Users\Public\a.exe",
        ),
        logged(
            "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
            2004,
            Action="3",
            ApplicationPath=r"C:\Program Files\V\v.exe",
        ),
    ),
    Sample(
        "Directory Asked for Accounts Worth Attacking",
        logged(
            "Microsoft-Windows-LDAP-Client/Debug",
            30,
            SearchFilter="(&(samAccountType=805306368)(servicePrincipalName=*))",
        ),
        logged("Microsoft-Windows-LDAP-Client/Debug", 30, SearchFilter="(&(objectClass=user)(mail=ann*))"),
    ),
    Sample(
        "Management Provider in an Odd Folder or Process Made from Afar",
        logged(
            "Microsoft-Windows-WMI-Activity/Operational", 5857, ProviderName="P", ProviderPath=r"C:\Users\Public\p.dll"
        ),
        logged(
            "Microsoft-Windows-WMI-Activity/Operational",
            5857,
            ProviderName="CIMWin32",
            ProviderPath=r"%systemroot%\system32\wbem\cimwin32.dll",
        ),
    ),
    Sample(
        "Autostart Entry Ran Script or a File in an Odd Folder",
        logged("Microsoft-Windows-Shell-Core/Operational", 9707, Command=r"C:\Users\Public\a.exe"),
        logged("Microsoft-Windows-Shell-Core/Operational", 9707, Command=r'"C:\Program Files\V\tray.exe" /min'),
    ),
)
