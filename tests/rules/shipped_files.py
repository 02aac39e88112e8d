"""Made-up records for the shipped rules about files written and deleted: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import deleted, made, sysmon

SAMPLES = (
    Sample(
        "Note of an Extortionist Written",
        made(r"C:\Users\ann\Documents\HOW_TO_DECRYPT_FILES.txt", r"C:\Users\Public\a.exe"),
        made(r"C:\Users\ann\Documents\restore plan of the office.txt", r"C:\Windows\System32\notepad.exe"),
    ),
    Sample(
        "Link Put into a Start-up Folder by a Shell or Script",
        made(
            r"C:\Users\ann\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.lnk",
            r"C:\Windows\System32\wscript.exe",
        ),
        made(
            r"C:\Users\ann\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.lnk",
            r"C:\Windows\explorer.exe",
        ),
    ),
    Sample(
        "Script That Every PowerShell Runs Written",
        made(
            r"C:\Users\ann\Documents\WindowsPowerShell\Microsoft.PowerShell_profile.ps1", r"C:\Windows\System32\cmd.exe"
        ),
        made(
            r"C:\Users\ann\Documents\WindowsPowerShell\Microsoft.PowerShell_profile.ps1",
            r"C:\Windows\System32\notepad.exe",
        ),
    ),
    Sample(
        "Library Put Where a Windows Service Looks for a Missing One",
        made(r"C:\Windows\System32\wlbsctrl.dll", r"C:\Windows\System32\cmd.exe"),
        made(r"C:\Windows\System32\wlanapi.dll", r"C:\Windows\servicing\TrustedInstaller.exe"),
    ),
    Sample(
        "Program or Script Written to a Folder That Holds None",
        made(r"C:\Windows\Fonts\svc.exe", r"C:\Windows\System32\cmd.exe"),
        made(r"C:\Windows\Fonts\arial.ttf", r"C:\Windows\System32\cmd.exe"),
    ),
    Sample(
        "Program Written by a Tool That Writes None",
        made(r"C:\Users\ann\AppData\Local\Temp\a.exe", r"C:\Windows\System32\mshta.exe"),
        made(r"C:\Users\ann\AppData\Local\Temp\a.txt", r"C:\Windows\System32\wscript.exe"),
    ),
    Sample(
        "Program Written to a Writable Folder by PowerShell",
        made(r"C:\Users\ann\AppData\Local\Temp\a.exe", r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"),
        made(
            r"C:\ProgramData\chocolatey\lib\git\tools\git.exe",
            r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        ),
    ),
    Sample(
        "Copy of a Password Store Written",
        made(r"C:\Users\Public\Login Data", r"C:\Windows\System32\cmd.exe"),
        made(
            r"C:\Users\ann\AppData\Local\Google\Chrome\User Data\Default\Login Data",
            r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        ),
    ),
    Sample(
        "Lure Saved from Mail, Web or Archive",
        made(r"C:\Users\ann\AppData\Local\Temp\Temp1_invoice.zip\invoice.js", r"C:\Windows\explorer.exe"),
        made(r"C:\Users\ann\Downloads\setup.exe", r"C:\Program Files\Google\Chrome\Application\chrome.exe"),
    ),
    Sample(
        "File of a Scheduled Task Written Past the Scheduler",
        made(r"C:\Windows\System32\Tasks\Up", r"C:\Windows\System32\cmd.exe"),
        made(r"C:\Windows\System32\Tasks\Up", r"C:\Windows\System32\svchost.exe"),
    ),
    Sample(
        "Tool of Attackers Written to Disk",
        made(r"C:\Users\ann\Downloads\Rubeus.exe", r"C:\Windows\explorer.exe"),
        made(r"C:\Users\ann\Downloads\budget.zip", r"C:\Windows\explorer.exe"),
    ),
    Sample(
        "Tool That Intruders Bring Along Written to Disk",
        made(r"C:\ProgramData\rclone.exe", r"C:\Windows\System32\cmd.exe"),
        made(r"C:\Program Files\PuTTY\plink.exe", r"C:\Windows\System32\msiexec.exe"),
    ),
    Sample(
        "Memory of a Program Written to a File by a Helper",
        made(r"C:\Users\Public\a.dmp", r"C:\Windows\System32\rundll32.exe"),
        made(r"C:\ProgramData\Microsoft\Windows\WER\a.dmp", r"C:\Windows\System32\WerFault.exe"),
    ),
    Sample(
        "Tool of the Logon Screen or Boot Loader Overwritten",
        made(r"C:\Windows\System32\sethc.exe", r"C:\Windows\System32\cmd.exe"),
        made(r"C:\Windows\System32\sethc.exe", r"C:\Windows\servicing\TrustedInstaller.exe"),
    ),
    Sample(
        "Log File or List of Commands Deleted",
        deleted(r"C:\Windows\System32\winevt\Logs\Security.evtx", r"C:\Windows\System32\cmd.exe"),
        deleted(r"C:\Windows\Temp\a.evtx", r"C:\Windows\System32\cmd.exe"),
    ),
    Sample(
        "Trace of Programs Run or Files Loaded Deleted",
        deleted(r"C:\Windows\Prefetch\A.EXE-0A29FF9E.pf", r"C:\Windows\System32\cmd.exe"),
        deleted(r"C:\Windows\Prefetch\A.EXE-0A29FF9E.pf", r"C:\Windows\System32\svchost.exe"),
    ),
    Sample(
        "Backup or Copy of a Disk Deleted by a Shell or Foreign Program",
        deleted(r"D:\Backups\srv1.vbk", r"C:\Users\Public\a.exe"),
        deleted(r"D:\Backups\srv1.vbk", r"C:\Program Files\Veeam\Backup\VeeamAgent.exe"),
    ),
    Sample(
        "Age of a Program or Page Forged",
        sysmon(
            2,
            TargetFilename=r"C:\inetpub\wwwroot\a.aspx",
            Image=r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
            CreationUtcTime="2012-01-01 00:00:00.000",
        ),
        sysmon(
            2,
            TargetFilename=r"C:\Program Files\V\v.exe",
            Image=r"C:\Windows\System32\msiexec.exe",
            CreationUtcTime="2012-01-01 00:00:00.000",
        ),
    ),
    Sample(
        "Driver Loaded That Attackers Bring Along",
        sysmon(6, ImageLoaded=r"C:\Windows\System32\drivers\mhyprot2.sys", Signed="true", SignatureStatus="Valid"),
        sysmon(6, ImageLoaded=r"C:\Windows\System32\drivers\ntfs.sys", Signed="true", SignatureStatus="Valid"),
    ),
    Sample(
        "Name of a Mining Pool, Messenger's Robot or Own-Address Service Asked For",
        sysmon(22, QueryName="api.telegram.org", Image=r"C:\Users\ann\AppData\Roaming\a.exe", QueryResults="192.0.2.7"),
        sysmon(
            22,
            QueryName="api.telegram.org",
            Image=r"C:\Program Files\Mozilla Firefox\firefox.exe",
            QueryResults="192.0.2.7",
        ),
    ),
    Sample(
        "Name Asked For by a Helper That Speaks to Nobody",
        sysmon(22, QueryName="c2.example.com", Image=r"C:\Windows\System32\regsvr32.exe", QueryResults="192.0.2.7"),
        sysmon(22, QueryName="ocsp.digicert.com", Image=r"C:\Windows\System32\mshta.exe", QueryResults="192.0.2.7"),
    ),
)
