"""Made-up records for the shipped rules about the directory and its tickets: attacks and ordinary work near them."""

from tests.rules.shipped_samples import Sample
from tests.rules.windows_records import security

SAMPLES = (
    Sample(
        "Rights on the Domain, Guarded Accounts or Keys of an Account Changed",
        security(
            5136,
            SubjectUserName="ann",
            ObjectDN="CN=AdminSDHolder,CN=System,DC=lab,DC=example",
            ObjectClass="container",
            AttributeLDAPDisplayName="nTSecurityDescriptor",
        ),
        security(
            5136,
            SubjectUserName="ann",
            ObjectDN="CN=Bob,CN=Users,DC=lab,DC=example",
            ObjectClass="user",
            AttributeLDAPDisplayName="title",
        ),
    ),
    Sample(
        "Machine Posing as a Domain Controller",
        security(
            5137,
            SubjectUserName="ann",
            ObjectClass="nTDSDSA",
            ObjectDN="CN=NTDS Settings,CN=WS1,CN=Servers,CN=Sites,DC=lab",
        ),
        security(4742, SubjectUserName="ann", ServicePrincipalNames="HOST/ws1"),
    ),
    Sample(
        "Machine Account Made Without a Machine",
        security(4741, SubjectUserName="ann", TargetUserName="DESKTOP7$", ServicePrincipalNames="-", DnsHostName="-"),
        security(
            4741,
            SubjectUserName="ann",
            TargetUserName="WS7$",
            ServicePrincipalNames="HOST/WS7",
            DnsHostName="ws7.lab.example",
        ),
    ),
    Sample(
        "Account Changed to Be Roasted, Trusted or Impersonated",
        security(
            5136,
            SubjectUserName="ann",
            ObjectClass="user",
            AttributeLDAPDisplayName="servicePrincipalName",
            AttributeValue="fake/bob",
        ),
        security(
            5136,
            SubjectUserName="ann",
            ObjectClass="user",
            AttributeLDAPDisplayName="telephoneNumber",
            AttributeValue="7",
        ),
    ),
    Sample(
        "Template or Settings of the Certificate Authority Changed",
        security(4899, TemplateInternalName="User", SubjectUserName="ann"),
        security(4898, TemplateInternalName="User", SubjectUserName="ann"),
    ),
    Sample(
        "Certificate Asked For in Another's Name",
        security(4887, Requester=r"LAB\ann", Attributes="CertificateTemplate:Web\nSAN:upn=administrator@lab.example"),
        security(4887, Requester=r"LAB\WEB1$", Attributes="CertificateTemplate:Web\nSAN:dns=web1.lab.example"),
    ),
    Sample(
        "Name Record Planted That Draws Others' Logons",
        security(
            5137,
            SubjectUserName="ann",
            ObjectClass="dnsNode",
            ObjectDN="DC=*,DC=lab.example,CN=MicrosoftDNS,DC=DomainDnsZones,DC=lab",
        ),
        security(
            5137,
            SubjectUserName="WS7$",
            ObjectClass="dnsNode",
            ObjectDN="DC=ws7,DC=lab.example,CN=MicrosoftDNS,DC=DomainDnsZones,DC=lab",
        ),
    ),
    Sample(
        "Group Policy Made to Run Tasks or Moved Elsewhere",
        security(
            5136,
            SubjectUserName="ann",
            ObjectClass="groupPolicyContainer",
            AttributeLDAPDisplayName="gPCMachineExtensionNames",
            AttributeValue="[{AADCED64-746C-4633-A97C-D61349046527}]",
        ),
        security(
            5136,
            SubjectUserName="ann",
            ObjectClass="groupPolicyContainer",
            AttributeLDAPDisplayName="versionNumber",
            AttributeValue="7",
        ),
    ),
    Sample(
        "Logon Ticket Asked For in an Old Cipher by a Foreign Client",
        security(
            4768,
            TargetUserName="ann",
            ServiceName="krbtgt",
            TicketEncryptionType="0x17",
            TicketOptions="0x40800010",
            Status="0x0",
            PreAuthType="2",
        ),
        security(
            4768,
            TargetUserName="ann",
            ServiceName="krbtgt",
            TicketEncryptionType="0x12",
            TicketOptions="0x40810010",
            Status="0x0",
            PreAuthType="2",
        ),
    ),
    Sample(
        "Service Ticket Asked For in Place of a Logon Ticket",
        security(4768, TargetUserName="nopre", ServiceName="svc-sql", Status="0x0", TicketEncryptionType="0x17"),
        security(4768, TargetUserName="ann", ServiceName="krbtgt", Status="0x0", TicketEncryptionType="0x12"),
    ),
    Sample(
        "Pipe Opened by Which a Machine Is Made to Log On Elsewhere",
        security(
            5145, SubjectUserName="ann", ShareName=r"\\*\IPC$", RelativeTargetName="efsrpc", IpAddress="192.0.2.9"
        ),
        security(
            5145, SubjectUserName="ann", ShareName=r"\\*\IPC$", RelativeTargetName="srvsvc", IpAddress="192.0.2.9"
        ),
    ),
    Sample(
        "Services or Tasks of the Machine Steered from Afar",
        security(
            5145, SubjectUserName="ann", ShareName=r"\\*\IPC$", RelativeTargetName="svcctl", IpAddress="192.0.2.9"
        ),
        security(
            5145, SubjectUserName="SCCM$", ShareName=r"\\*\IPC$", RelativeTargetName="svcctl", IpAddress="192.0.2.9"
        ),
    ),
    Sample(
        "Stolen Hive or Output of a Remote Command on a Hidden Share",
        security(
            5145,
            SubjectUserName="ann",
            ShareName=r"\\*\ADMIN$",
            RelativeTargetName=r"Temp\hbGzQtLk.tmp",
            IpAddress="192.0.2.9",
        ),
        security(
            5145,
            SubjectUserName="ann",
            ShareName=r"\\*\C$",
            RelativeTargetName=r"Logs\setup.log",
            IpAddress="192.0.2.9",
        ),
    ),
    Sample(
        "Program Written to a Hidden System Share",
        security(
            5145,
            SubjectUserName="ann",
            ShareName=r"\\*\ADMIN$",
            RelativeTargetName="svc.exe",
            AccessList="%%1538 %%4417",
            IpAddress="192.0.2.9",
        ),
        security(
            5145,
            SubjectUserName="ann",
            ShareName=r"\\*\ADMIN$",
            RelativeTargetName="svc.exe",
            AccessList="%%4416",
            IpAddress="192.0.2.9",
        ),
    ),
)
