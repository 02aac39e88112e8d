"""Made-up records for the shipped rules about stealing secrets: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample, other, started
from tests.rules.windows_records import security, sysmon

SAMPLES = (
    Sample(
        "Memory of LSASS Dumped with an Unusual Tool",
        started("C:\\Windows\\System32\\rdrleakdiag.exe", "rdrleakdiag.exe /p 612 /o C:\\Temp /fullmemdmp /wait 1"),
        started("C:\\Windows\\System32\\rdrleakdiag.exe", "rdrleakdiag.exe /p 900 /h"),
    ),
    Sample(
        "Dump File of LSASS Written",
        sysmon(11, Image="C:\\Users\\ann\\a.exe", TargetFilename="C:\\Users\\ann\\lsass.dmp"),
        sysmon(11, Image="C:\\Windows\\System32\\taskmgr.exe", TargetFilename="C:\\Temp\\notepad.dmp"),
    ),
    Sample(
        "Thread Started in LSASS by Another Process",
        sysmon(8, SourceImage="C:\\Users\\ann\\a.exe", TargetImage="C:\\Windows\\System32\\lsass.exe"),
        sysmon(8, SourceImage="C:\\Windows\\System32\\csrss.exe", TargetImage="C:\\Windows\\System32\\lsass.exe"),
    ),
    Sample(
        "LSASS Opened by Code That Belongs to No File",
        sysmon(
            10,
            SourceImage="C:\\Windows\\System32\\rundll32.exe",
            TargetImage="C:\\Windows\\System32\\lsass.exe",
            GrantedAccess="0x1410",
            CallTrace="C:\\Windows\\System32\\ntdll.dll+9|UNKNOWN(0001)",
        ),
        sysmon(
            10,
            SourceImage="C:\\Windows\\System32\\svchost.exe",
            TargetImage="C:\\Windows\\System32\\lsass.exe",
            GrantedAccess="0x1000",
            CallTrace="C:\\Windows\\System32\\ntdll.dll+9",
        ),
    ),
    Sample(
        "Directory Database Copied by a Command",
        started("C:\\Windows\\System32\\ntdsutil.exe", 'ntdsutil "ac i ntds" ifm "create full C:\\Temp" q q'),
        started("C:\\Windows\\System32\\ntdsutil.exe", 'ntdsutil "metadata cleanup" quit'),
    ),
    Sample(
        "Directory Database or Password Hive Appears in an Odd Place",
        sysmon(11, Image="C:\\Windows\\System32\\esentutl.exe", TargetFilename="C:\\Users\\Public\\ntds.dit"),
        sysmon(11, Image="C:\\Windows\\System32\\lsass.exe", TargetFilename="C:\\Windows\\NTDS\\ntds.dit"),
    ),
    Sample(
        "Copy of the Directory Database Opened by the Storage Engine",
        other("Application", "ESENT", 325, Data="lsass (612) C:\\Temp\\Active Directory\\ntds.dit"),
        other("Application", "ESENT", 326, Data="lsass (612) C:\\Windows\\NTDS\\ntds.dit"),
    ),
    Sample(
        "Directory Secrets Asked For by an Account That Is No Machine",
        security(4662, SubjectUserName="ann", Properties="%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"),
        security(4662, SubjectUserName="DC1$", Properties="%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"),
    ),
    Sample(
        "Domain's Backup Key for Secrets Read",
        security(4662, SubjectUserName="ann", ObjectName="CN=BCKUPKEY_1 Secret,CN=System,DC=lab"),
        security(4662, SubjectUserName="ann", ObjectName="CN=Policies,CN=System,DC=lab"),
    ),
    Sample(
        "Service Ticket Asked For in an Old Cipher",
        security(4769, TargetUserName="ann@LAB", ServiceName="svc-sql", TicketEncryptionType="0x17", Status="0x0"),
        security(4769, TargetUserName="ann@LAB", ServiceName="svc-sql", TicketEncryptionType="0x12", Status="0x0"),
    ),
    Sample(
        "Logon Ticket Given Without Proof of the Password",
        security(4768, TargetUserName="ann", PreAuthType="0", TicketEncryptionType="0x17", Status="0x0"),
        security(4768, TargetUserName="ann", PreAuthType="2", TicketEncryptionType="0x12", Status="0x0"),
    ),
    Sample(
        "Account Set Up to Be Guessed or Trusted",
        security(4738, TargetUserName="ann", UserAccountControl="\r\n\t\t%%2096"),
        security(4738, TargetUserName="ann", UserAccountControl="\r\n\t\t%%2089"),
    ),
    Sample(
        "Key or Right to Impersonate Written to a Directory Object",
        security(5136, SubjectUserName="ann", AttributeLDAPDisplayName="msDS-KeyCredentialLink"),
        security(5136, SubjectUserName="ann", AttributeLDAPDisplayName="description"),
    ),
    Sample(
        "Machine Account Renamed Without Its Mark",
        security(4781, OldTargetUserName="PC7$", NewTargetUserName="DC1"),
        security(4781, OldTargetUserName="PC7$", NewTargetUserName="PC8$"),
    ),
    Sample(
        "Machine Account Changed by Nobody",
        security(4742, SubjectUserName="ANONYMOUS LOGON", TargetUserName="DC1$", PasswordLastSet="3/1/2024"),
        security(4742, SubjectUserName="DC1$", TargetUserName="DC1$", PasswordLastSet="3/1/2024"),
    ),
    Sample(
        "Words of a Known Kit for Stealing Secrets",
        started("C:\\Users\\ann\\a.exe", "a.exe privilege::debug exit"),
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c echo golden ticket"),
    ),
    Sample(
        "Certificate Template Abuse on a Command Line",
        started("C:\\Temp\\Certify.exe", "Certify.exe find /vulnerable"),
        started("C:\\Windows\\System32\\certreq.exe", "certreq -submit web.req web.cer"),
    ),
    Sample(
        "Stored Passwords Listed or Searched For",
        started("C:\\Windows\\System32\\vaultcmd.exe", 'vaultcmd /listcreds:"Windows Credentials" /all'),
        started("C:\\Windows\\System32\\findstr.exe", "findstr /i error C:\\logs\\app.log"),
    ),
    Sample(
        "Browser's Stored Logons Copied by a Command",
        started(
            "C:\\Windows\\System32\\cmd.exe",
            'cmd /c copy "C:\\Users\\ann\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Login Data" C:\\a',
        ),
        started("C:\\Windows\\System32\\cmd.exe", "cmd /c copy C:\\data\\report.json D:\\"),
    ),
    Sample(
        "Kerberos Ticket or Attack Kit's File Written",
        sysmon(11, Image="C:\\Temp\\a.exe", TargetFilename="C:\\Temp\\ann@krbtgt-LAB.kirbi"),
        sysmon(11, Image="C:\\Temp\\a.exe", TargetFilename="C:\\Temp\\20240301_users.csv"),
    ),
    Sample(
        "Disk Read Past the File System",
        sysmon(9, Image="C:\\Users\\ann\\a.exe", Device="\\Device\\HarddiskVolume2"),
        sysmon(9, Image="C:\\Windows\\System32\\svchost.exe", Device="\\Device\\HarddiskVolume2"),
    ),
    Sample(
        "Logon with New Credentials for the Network Alone",
        security(4624, LogonType="9", LogonProcessName="seclogo", TargetUserName="ann"),
        security(4624, LogonType="2", LogonProcessName="User32", TargetUserName="ann"),
    ),
    Sample(
        "Recovery Password of a Domain Controller Set",
        security(4794, SubjectUserName="ann"),
        security(4724, SubjectUserName="ann"),
    ),
    Sample(
        "Domain's Administrators Enumerated over the Network",
        security(4661, SubjectUserName="ann", ObjectType="SAM_GROUP", ObjectName="S-1-5-21-1-2-3-512"),
        security(4661, SubjectUserName="DC1$", ObjectType="SAM_GROUP", ObjectName="S-1-5-21-1-2-3-512"),
    ),
)
