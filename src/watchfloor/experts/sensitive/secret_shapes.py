"""Secrets that show what they are: tokens with a vendor's own prefix or shape, keys in blocks, passwords in addresses.

Formats are the vendors' published ones; types are named as secret scanners name them. Each shape has words of which one
must stand in the text (in small letters) before its pattern, RE2's and linear, is run at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.experts.sensitive.patterns import compiled
from watchfloor.experts.sensitive.spans import Span


@dataclass(frozen=True, slots=True)
class Shape:
    """One format. The span is group 1 where the pattern has one; ``score`` says how often it is a secret."""

    type: str
    words: tuple[bytes, ...]
    pattern: Any
    score: float


def _shape(kind: str, words: str, pattern: str, score: float = 0.98) -> Shape:
    return Shape(kind, tuple(each.encode() for each in words.split("|")), compiled(pattern), score)


_U: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
#: A value that follows a name: optional quotes and one of the usual signs between.
_IS: Final = r"[\"'\]]{0,2}\s{0,8}(?::=|=>|[=:,(]|\s)\s{0,8}[\"'\x60]{0,1}"

SHAPES: Final = (
    # clouds
    _shape("aws-access-key-id", "akia|asia|abia|acca|a3t", r"\b((?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})\b"),
    _shape(
        "aws-secret-access-key",
        "aws",
        r"(?i:aws.{0,24}(?:secret|sk)[\w.\- ]{0,30})" + _IS + r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
    ),
    _shape(
        "aws-secret-access-key",
        "secret",
        r"(?i:secret[_ \-]?(?:access[_ \-]?)?key)" + _IS + r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
    ),
    _shape("aws-session-token", "session", r"(?i:session[_ \-]?token)" + _IS + r"([A-Za-z0-9/+=]{80,})"),
    _shape("aws-appsync-key", "da2-", r"\b(da2-[a-z0-9]{26})\b"),
    _shape("aws-mws-token", "mws.", r"(amzn\.mws\." + _U + r")"),
    _shape("azure-storage-key", "accountkey", r"(?i:AccountKey)\s{0,4}=\s{0,4}([A-Za-z0-9+/]{86}==)"),
    _shape(
        "azure-connection-secret",
        "secret=|accesskey=",
        r"(?i:;\s?(?:Secret|SharedAccessKey))=([A-Za-z0-9+/]{36,64}={0,2})",
    ),
    _shape("azure-devops-token", "azdo", r"\b([A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})\b"),
    _shape(
        "azure-client-secret",
        "q~",
        r"(?:^|[\"'\x60\s>=:(,)])([A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.\-]{31,34})(?:$|[\"'\x60\s<),])",
    ),
    _shape("google-api-key", "aiza", r"\b(AIza[A-Za-z0-9_\-]{35})"),
    _shape("google-oauth-secret", "gocspx", r"(GOCSPX-[A-Za-z0-9_\-]{28})"),
    _shape("google-oauth-token", "ya29", r"\b(ya29\.[A-Za-z0-9_\-]{20,})"),
    _shape(
        "google-oauth-client-id", "googleusercontent", r"\b(\d{6,16}-[a-z0-9]{32}\.apps\.googleusercontent\.com)", 0.8
    ),
    _shape("digitalocean-token", "_v1_", r"\b(do[opr]_v1_[a-f0-9]{64})\b"),
    _shape("cloudflare-origin-key", "v1.0-", r"\b(v1\.0-[a-f0-9]{24}-[a-f0-9]{146})\b"),
    _shape("heroku-key", "hrku", r"\b(HRKU-[A-Za-z0-9_\-]{36,64})"),
    _shape("tailscale-key", "tskey-", r"\b(tskey-[a-z]{2,12}-[A-Za-z0-9]{8,24}(?:-[A-Za-z0-9]{16,48})?)\b"),
    _shape("planetscale-token", "pscale_", r"\b(pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.\-]{32,64})"),
    _shape("netlify-token", "nfp_", r"\b(nfp_[A-Za-z0-9_]{36})\b"),
    _shape("supabase-key", "sbp_", r"\b(sbp_[a-f0-9]{40})\b"),
    # code, packages, builds
    _shape("github-token", "ghp_|gho_|ghu_|ghs_|ghr_", r"\b(gh[pousr]_[A-Za-z0-9]{36,255})\b"),
    _shape("github-fine-grained-token", "github_pat_", r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b"),
    _shape(
        "gitlab-token",
        "gl",
        r"\b(gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_\-]{20,64}(?:\.[a-z0-9.]{2,16})?)",
    ),
    _shape("gitlab-runner-token", "gr1348941", r"\b(GR1348941[A-Za-z0-9_\-]{20})"),
    _shape("bitbucket-token", "atbb", r"\b(ATBB[A-Za-z0-9]{32})\b"),
    _shape("atlassian-token", "atatt3|atctt3", r"\b(AT[AC]TT3[A-Za-z0-9_=\-]{60,300})"),
    _shape("npm-token", "npm_", r"\b(npm_[A-Za-z0-9]{36})\b"),
    _shape("pypi-token", "pypi-", r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{40,})"),
    _shape("nuget-key", "oy2", r"\b(oy2[a-z0-9]{43})\b"),
    _shape("rubygems-key", "rubygems_", r"\b(rubygems_[a-f0-9]{48})\b"),
    _shape("crates-io-token", "cio", r"\b(cio[A-Za-z0-9]{32})\b"),
    _shape("clojars-token", "clojars_", r"\b(CLOJARS_[A-Za-z0-9]{60})\b"),
    _shape("dockerhub-token", "dckr_", r"\b(dckr_[po]at_[A-Za-z0-9_\-]{27,36})"),
    _shape("artifactory-token", "akc", r"\b(AKC[A-Za-z0-9]{60,80})\b"),
    _shape("sourcegraph-token", "sgp_|slk_", r"\b((?:sgp|slk)_[A-Za-z0-9]{16,80}(?:_[A-Za-z0-9]{40})?)\b"),
    _shape("postman-key", "pmak-", r"\b(PMAK-[A-Za-z0-9]{24}-[A-Za-z0-9]{34})\b"),
    _shape("pulumi-token", "pul-", r"\b(pul-[a-f0-9]{40})\b"),
    _shape(
        "hashicorp-token",
        "hvs.|hvb.|hvr.|atlasv1",
        r"\b(hv[sbr]\.[A-Za-z0-9_\-]{24,300}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=\-]{60,72})",
    ),
    _shape("doppler-token", "dp.", r"\b(dp\.(?:ct|pt|st|sa|scim|audit)\.(?:[a-z0-9_\-]{2,35}\.)?[A-Za-z0-9]{40,44})\b"),
    _shape("databricks-token", "dapi", r"\b(dapi[a-f0-9]{32}(?:-\d)?)\b"),
    _shape("linear-key", "lin_api_", r"\b(lin_api_[A-Za-z0-9]{40})\b"),
    _shape(
        "grafana-token",
        "glsa_|glc_|eyjrijoi",
        r"\b(glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2}|eyJrIjoi[A-Za-z0-9+/]{60,400}={0,2})",
    ),
    _shape("dependency-track-key", "odt_", r"\b(odt_[A-Za-z0-9]{32,52})\b"),
    _shape("openshift-token", "sha256~", r"(sha256~[A-Za-z0-9_\-]{43})"),
    # models
    _shape("llm-api-key", "sk-", r"\b(sk-(?:[a-z]{3,8}-)?[A-Za-z0-9_\-]{20,200})"),
    _shape("huggingface-token", "hf_|api_org_", r"\b((?:hf|api_org)_[A-Za-z0-9]{34,40})\b"),
    _shape("groq-key", "gsk_", r"\b(gsk_[A-Za-z0-9]{48,56})\b"),
    _shape("replicate-token", "r8_", r"\b(r8_[A-Za-z0-9]{37,40})\b"),
    _shape("search-key", "tvly-|fc-", r"\b(tvly-[A-Za-z0-9\-]{32,48}|fc-[a-f0-9]{32})\b"),
    _shape("nvidia-key", "nvapi-", r"\b(nvapi-[A-Za-z0-9_\-]{60,70})"),
    _shape("xai-key", "xai-", r"\b(xai-[A-Za-z0-9]{70,90})\b"),
    # people talk, mail, pay
    _shape(
        "slack-token", "xox|xapp-", r"\b(xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9\-]{10,250}|xapp-[A-Za-z0-9/\-]{20,250})"
    ),
    _shape(
        "webhook",
        "hooks.|webhook",
        r"(https://(?:hooks\.slack\.com/(?:services|workflows|triggers)/|hooks\.zapier\.com/hooks/catch/|"
        r"discord(?:app)?\.com/api/webhooks/|"
        r"[a-z0-9.\-]{1,60}\.webhook\.office\.com/|outlook\.office(?:365)?\.com/webhook/)[A-Za-z0-9_@/\-]{20,250})",
        0.95,
    ),
    _shape(
        "discord-token", "discord|token", r"\b([MNO][A-Za-z0-9_\-]{23,25}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,38})\b"
    ),
    _shape("telegram-bot-token", ":aa", r"\b(\d{8,10}:AA[A-Za-z0-9_\-]{32,33})"),
    _shape("sendgrid-key", "sg.", r"\b(SG\.[A-Za-z0-9_\-]{20,24}\.[A-Za-z0-9_\-]{39,50})"),
    _shape("mail-service-key", "key-|xkeysib-", r"\b(key-[a-f0-9]{32}|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16})\b"),
    _shape("mailchimp-key", "-us", r"\b([a-f0-9]{32}-us\d{1,2})\b"),
    _shape("twilio-key", "sk|ac", r"\b((?:SK|AC)[a-f0-9]{32})\b"),
    _shape("stripe-key", "k_live_|k_test_|k_prod_", r"\b([srp]k_(?:live|test|prod)_[A-Za-z0-9]{10,120})\b"),
    _shape("square-token", "sq0|eaaa", r"((?:sandbox-)?sq0[a-z]{3}-[A-Za-z0-9_\-]{22,43}|\bEAAA[A-Za-z0-9_\-]{60})"),
    _shape("shopify-token", "shp", r"\b(shp(?:ss|at|ca|pa|ua)_[A-Fa-f0-9]{32})\b"),
    _shape("easypost-key", "ezak|eztk", r"\b(EZ[AT]K[A-Za-z0-9]{54})\b"),
    _shape(
        "payment-key",
        "flwseck|shippo_",
        r"\b(FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,40}(?:-X)?|shippo_(?:live|test)_[a-fA-F0-9]{40})\b",
    ),
    _shape("facebook-token", "eaa", r"\b(EAA[A-Za-z0-9]{60,250})\b"),
    _shape("twitch-key", "live_", r"\b(live_\d{5,12}_[A-Za-z0-9]{24,36})\b"),
    _shape("dropbox-token", "sl.", r"\b(sl\.[A-Za-z0-9_\-]{100,})"),
    _shape("salesforce-token", "00d", r"\b(00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{40,140})"),
    _shape("figma-token", "figma", r"(?i:figma.{0,16}?)(\d{4}-" + _U + r"|figd_[A-Za-z0-9_\-]{38,44})"),
    # watching
    _shape("new-relic-key", "nr", r"\b(NR(?:AK|AA|II|IQ|RA|BR|JS|SP)-[A-Za-z0-9_\-]{19,44}|\b[a-z0-9]{36}NRAL\b)"),
    _shape("pixie-key", "px-", r"\b(px-(?:dep|api)-" + _U + r")"),
    _shape("dynatrace-token", "dt0", r"\b(dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b"),
    _shape("sentry-token", "sntry", r"\b(sntry[su]_[A-Za-z0-9+/=_]{60,400})"),
    _shape("stackhawk-key", "hawk.", r"\b(hawk\.[A-Za-z0-9_\-]{20}\.[A-Za-z0-9_\-]{20})"),
    _shape("mapbox-token", "k.eyj", r"\b([pst]k\.eyJ[A-Za-z0-9_\-]{40,250}\.[A-Za-z0-9_\-]{20,40})"),
    _shape("adafruit-key", "aio_", r"\b(aio_[A-Za-z0-9]{28})\b"),
    _shape("adobe-secret", "p8e-", r"\b(p8e-[A-Za-z0-9\-]{32})"),
    _shape("age-secret-key", "age-secret-key", r"(AGE-SECRET-KEY-1[0-9A-Z]{58})"),
    _shape("age-recipient", "age1", r"\b(age1[0-9a-z]{58})\b", 0.7),
    # anybody's
    _shape(
        "private-key",
        "private key",
        r"(-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{20,}(?:-----END [A-Z0-9 ]{3,40}-----)?)",
    ),
    _shape("private-key", "ls0tls1crudjti", r"(LS0tLS1CRUdJTi[A-Za-z0-9+/]{20,}={0,2})"),
    _shape("jwt", "eyj", r"\b(eyJ[A-Za-z0-9_\-=]{10,}\.eyJ[A-Za-z0-9_\-=]{6,}\.?[A-Za-z0-9_\-]{0,})", 0.9),
    _shape(
        "password-hash",
        "$",
        r"(\$(?:2[abxy]?|5|6|y|7)\$[A-Za-z0-9./$=,]{20,200}|\$(?:1|apr1)\$[A-Za-z0-9./]{1,8}\$[A-Za-z0-9./]{22}|"
        r"\$argon2(?:id|i|d)\$[A-Za-z0-9./$=,+]{20,200}|\$[89]\$[A-Za-z0-9./]{8,20}\$[A-Za-z0-9./]{30,60}|"
        r"\bpbkdf2_sha(?:256|512)\$\d{3,7}\$[A-Za-z0-9./]{5,40}\$[A-Za-z0-9+/=]{20,90})",
        0.9,
    ),
    _shape(
        "kerberos-hash",
        "$krb5",
        r"(\$krb5(?:asrep|tgs|pa)\$\d{1,3}\$[^\s\"']{32,})",
        0.9,
    ),
    _shape("django-secret-key", "django-insecure", r"(django-insecure-[^\"'\s]{30,80})"),
    _shape(
        "credentials-in-url",
        "://",
        r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://[^\s/:@\"'<>{}$]{0,64}:([^\s/:@\"'<>{}$\[\]()]{3,120})@[A-Za-z0-9\[]",
        0.93,
    ),
    _shape(
        "basic-auth",
        "basic",
        r"(?i:authorization[\"']?\s{0,3}[:=,]\s{0,3}[\"']?basic )([A-Za-z0-9+/]{8,400}={0,2})",
        0.93,
    ),
    _shape("bearer-token", "bearer", r"(?i:\bbearer:? )([A-Za-z0-9_\-.=+/~]{20,})", 0.9),
    _shape(
        "bearer-token",
        "authorization",
        r"(?i:authorization[\"']?\s{0,3}[:=,]\s{0,3}[\"']?(?:bearer|ssws|token) )([A-Za-z0-9_\-.=+/~]{12,})",
    ),
    _shape("curl-user", "curl|-u", r"(?:^|\s)(?:-u|--user)[ =][\"']?[^\s:\"'$]{1,64}:([^\s\"'$]{3,200})", 0.9),
    _shape(
        "windows-password",
        "psexec|net use|password",
        r"(?i)(?:psexec(?:64)?(?:\.exe)?.{1,100}? -p |net use .{1,120}?/user:\S{1,60} |-Password )"
        r"[\"']?([^\s\"'$%<*/][^\s\"']{2,80})",
        0.9,
    ),
    _shape(
        "vault-unseal-key",
        "unseal",
        r"(?i:\bunseal(?: key(?: \d{1,2})?:)? )([A-Za-z0-9+/]{43,44}=?|[0-9a-f]{64})(?:[^A-Za-z0-9+/=]|$)",
        0.93,
    ),
    _shape(
        "device-token",
        "/api/v1/",
        r"://[A-Za-z0-9.\-]{1,80}(?::\d{2,5})?/api/v1/([a-z0-9]{20})/(?:telemetry|attributes|rpc)",
    ),
    _shape(
        "login-key", "login_with_api_key", r"login_with_api_key[^\[]{1,60}\[\s{0,20}[\"'](\d{1,4}-[A-Za-z0-9]{64})[\"']"
    ),
    _shape(
        "password",
        "password|passwd",
        r"(?i)(?:^|[\s{;])(?:store|key)?passw(?:or)?d\s{1,4}(?:\"([^\"\n$]{3,120})\"|'([^'\n$]{3,120})')\s{0,4}(?:[\r\n;}]|$)",
        0.8,
    ),
    _shape(
        "okta-token",
        "okta",
        r"(?i:okta)[^\n]{0,40}\s{0,12}[^\n]{0,40}[\"' =:]\"?(00[A-Za-z0-9_\-]{40})(?:[^A-Za-z0-9_\-]|$)",
    ),
    _shape("jenkins-crumb", "jenkins-crumb", r"(?i:jenkins-crumb)[\"']?\s{0,3}[:=,]\s{0,3}[\"']?([0-9a-f]{32,64})\b"),
    _shape(
        "jenkins-password",
        "initial",
        r"(?i:admin user has been created)[^0-9a-f]{1,40}[^\n]{0,80}\n[^\n]{0,120}\s{1,8}([0-9a-f]{32})\s",
        0.97,
    ),
    _shape(
        "connection-string-password",
        "password|pwd",
        r"(?i:\b(?:user id|uid|user|username)\s?=\s?[^;\"'\n]{1,80};\s?(?:password|pwd)\s?=\s?)"
        r"((?:#[A-Za-z0-9]|[^\s;\"'{}$<%#*])[^\s;\"'{}$<>%*]{2,80})(?:[;\"']|$)",
        0.95,
    ),
    _shape(
        "jwt-secret",
        "jwt",
        r"(?i:jwt[_\-]?secret(?:[_\-]?key)?)[\"'\]]{0,2}\s{0,3}[:=]\s{0,3}(?:\"([^\"\n]{32,200})\"|'([^'\n]{32,200})')",
        0.95,
    ),
    _shape(
        "password",
        "user",
        r"(?i:(?:^|\n)[ \t]{0,20}user(?:name)? ?= ?[\w.@\-]{1,60}[ \t]{0,4}\n(?:[#;/][^\n]{0,120}\n){0,4}"
        r"[ \t]{0,20}pass(?:word|wd)? ?= ?)([^\s\"'(){}\[\]$<>%#*][^\s\"'(){}\[\]$<>%*]{3,80})[ \t]{0,4}(?:\n|$)",
        0.85,
    ),
    _shape("netrc-password", "machine", r"\bmachine \S{1,80}\s{1,8}login \S{1,80}\s{1,8}password (\S{3,120})", 0.95),
    _shape("wireguard-key", "key", r"(?:PrivateKey|PresharedKey)\s?=\s?([A-Za-z0-9+/]{43}=)", 0.97),
    _shape(
        "secure-string", "securestring", r"(?i:ConvertTo-SecureString )(?i:-String )?[\"']([^\"'$]{3,120})[\"']", 0.93
    ),
    _shape(
        "network-credential",
        "credential|directoryentry",
        r"(?:NetworkCredential|DirectoryEntry)\((?:\s{0,40}\"[^\"]{1,120}\",){1,2}\s{0,40}\"([^\"]{3,120})\"",
        0.93,
    ),
)

#: What is no secret but says how a site is built: reported, and sensitivity ``confidential``.
INFRASTRUCTURE: Final = (
    _shape(
        "aws-arn",
        "arn:aws",
        r"\b(arn:aws(?:-cn|-us-gov)?:[a-z0-9\-]{2,30}:[a-z0-9\-]{0,20}:\d{0,12}:[A-Za-z0-9_.:/*{}$\-]{1,200})",
        0.8,
    ),
    _shape(
        "storage-bucket",
        "s3",
        r"\b([a-z0-9][a-z0-9.\-]{2,62}\.s3(?:[.\-][a-z0-9\-]{4,20})?\.amazonaws\.com)(?:[^A-Za-z0-9/.\-]|/?$)",
        0.8,
    ),
    _shape(
        "storage-bucket",
        "s3",
        r"(?:^|[^A-Za-z0-9.\-])(s3(?:[.\-][a-z0-9\-]{4,20})?\.amazonaws\.com/[a-z0-9][a-z0-9.\-]{2,62})",
        0.8,
    ),
    _shape("storage-bucket", "storage.googleapis", r"\b([a-z0-9][a-z0-9._\-]{0,200}\.storage\.googleapis\.com)\b", 0.8),
    _shape(
        "storage-bucket",
        "storage.googleapis",
        r"(?:^|[^A-Za-z0-9.\-])(storage\.googleapis\.com/[a-z0-9][a-z0-9._\-]{2,62})",
        0.8,
    ),
    _shape(
        "aws-account", "account", r"(?i:aws[_\- ]?account[_\- ]?(?:id)?)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(\d{12})\b", 0.7
    ),
    _shape("shop-domain", "myshopify", r"\b([a-z0-9][a-z0-9\-]{2,60}\.myshopify\.com)\b", 0.7),
    _shape(
        "instrumentation-key",
        "instrumentationkey",
        r"(?i:InstrumentationKey=)([1-9a-f]" + _U[12:] + r"|" + _U + r")",
        0.6,
    ),
)
_NAMES: Final = frozenset(each.type for each in INFRASTRUCTURE)


def shaped(data: bytes, shapes: tuple[Shape, ...] = SHAPES) -> Iterator[Span]:
    """Secrets of the known shapes in folded text, a byte a character; they may overlap."""
    small = data.lower()
    for shape in shapes:
        if not any(word in small for word in shape.words):
            continue
        for hit in shape.pattern.finditer(data):
            group = hit.lastindex
            value = hit.group(group)
            if len(set(value)) > 3 and not _made_up(value):
                yield Span(hit.start(group), hit.end(group), shape.type, shape.score)
            elif len(value) == 40 and shape.type.startswith("aws-secret"):
                yield Span(hit.start(group), hit.end(group), shape.type, 0.6)


def is_infrastructure(kind: str) -> bool:
    """Whether a type says how a site is built rather than what opens it."""
    return kind in _NAMES


def _made_up(value: bytes) -> bool:
    """A stand-in as documentation has it: asterisks, angle brackets, a variable, ``xxxx``."""
    small = value.lower()
    return (
        b"xxxx" in small
        or b"****" in small
        or small.startswith((b"<", b"${", b"{{", b"%("))
        or b"your" in small
        or small.count(b"*") > 2
        or (b"example" in small and b"." not in small)
    )
