"""What an alert's name says about the stage of an attack: a small lexicon, read in order, first match counts.

Names are public rule texts of products (Suricata's rule sets, Wazuh's rules, AMiner's detectors, Sigma titles), so
words like *scan* or *sudo* carry a stage the way analysts read it. A kind is no verdict: how much each weighs is
learned in the lab (`lab.reduce_ranking`), and what no entry knows counts as ``other``.
"""

import re
from typing import NamedTuple


class Kind(NamedTuple):
    """A class of alert: its name, the ATT&CK tactic it suggests ("" none), and a severity from 0 to 4."""

    name: str
    tactic: str
    severity: int


#: Reading order matters: what repeats other alerts, then routine, then the telling words, then oddities.
_TABLE: tuple[tuple[str, str, str, int], ...] = (
    ("echo", r"ids event|ids alerts? |ignoring now", "", 0),
    ("routine", r"database update|authentication success|log(?:in|on) success|successful log(?:in|on)", "", 0),
    ("session", r"session (?:opened|closed)", "", 1),
    (
        "scan",
        r"\bscan|nmap|nikto|sqlmap|masscan|port ?sweep|insecure connection attempt|\bprob(?:e|ing)\b",
        "TA0043",
        3,
    ),
    (
        "web_attack",
        r"web attack|injection|\bxss\b|traversal|suspicious url|web ?shell|shellshock|exploit|brute force "
        r"attempt|forbidden directory",
        "TA0001",
        3,
    ),
    (
        "credential",
        r"brute|multiple (?:failed|auth)|password|crack|credential|mimikatz|lsass|kerberoast|\bsam\b",
        "TA0006",
        3,
    ),
    (
        "web_error",
        r"(?:[45]00|40[1345]) error|error codes?\b|forbidden|status code|request method|characters in .*request",
        "TA0043",
        2,
    ),
    ("login_failed", r"login failed|failed log(?:in|on)|authentication fail|invalid user|login attempt", "TA0006", 1),
    ("privilege", r"\bsudo\b|changed uid|privilege|setuid|\buac\b|user_cmd|cred_refr|user_auth", "TA0004", 3),
    (
        "account",
        r"user_acct|user_start|user_end|cred_acq|cred_disp|user_login|login parameter|new user\b|account",
        "TA0003",
        2,
    ),
    ("service", r"service[_ ](?:start|stop)|service .*(?:creat|install|stopp)|new service", "TA0005", 2),
    ("execution", r"entropy in .*request|reverse shell|powershell|command|script|wmi|macro|\bexecut", "TA0002", 3),
    ("exfiltration", r"exfil|tunnel|entropy in dns|upload|staged", "TA0010", 3),
    ("beacon", r"beacon|command and control|\bc2\b|\bcnc\b|malware|trojan|botnet|ransom", "TA0011", 4),
    ("lateral", r"lateral|psexec|pass.the|remote (?:thread|service|desktop)|port 445", "TA0008", 3),
    ("evasion", r"log (?:cleared|removed|deleted)|disabled|tamper|obfuscat|masquerad|hidden", "TA0005", 3),
    ("impact", r"\bcpu\b|memory value|miner\b|encrypt|destruct|wiped|shadow cop", "TA0040", 2),
    ("dns", r"\bdns\b", "TA0011", 1),
    ("policy", r"\bpolicy\b|\binfo\b", "", 1),
    ("protocol", r"invalid|handshake|decompression|unable to match|unsolicited|no server welcome", "", 1),
    ("anomaly", r"unusual|new event|\bnew\b|deviat|out of expected|entropy|anomal", "", 1),
)
_LEXICON = tuple(
    (re.compile(pattern, re.IGNORECASE), Kind(name, tactic, level)) for name, pattern, tactic, level in _TABLE
)
_OTHER = Kind("other", "", 1)

#: All kinds, in a fixed order: features are laid out by it.
KINDS = (*(name for name, _, _, _ in _TABLE), "other")

#: Severities of the grave kinds, 3 and up.
SEVERITIES = {name: level for name, _, _, level in _TABLE if level >= 3}

#: Kinds an ATT&CK tactic a product itself names becomes.
_OF_TACTIC = {
    "TA0043": "scan", "TA0001": "web_attack", "TA0002": "execution", "TA0003": "account", "TA0004": "privilege",
    "TA0005": "evasion", "TA0006": "credential", "TA0007": "scan", "TA0008": "lateral", "TA0009": "exfiltration",
    "TA0010": "exfiltration", "TA0011": "beacon", "TA0040": "impact",
}  # fmt: skip

#: Kinds that only repeat or accompany others: never a reason of their own to join an incident elsewhere.
BACKGROUND = frozenset({"echo", "routine", "policy"})


def kind_of(name: str, severity: int = 0, tactics: tuple[str, ...] = ()) -> Kind:
    """The kind of an alert name; tactics and severity the product gave outweigh the lexicon."""
    found = next((kind for pattern, kind in _LEXICON if pattern.search(name)), _OTHER)
    if tactics:
        found = Kind(_OF_TACTIC.get(tactics[0], found.name), tactics[0], found.severity)
    return found._replace(severity=severity) if severity else found


_DETECTOR = re.compile(r"([A-Za-z][\w .-]{1,30}?)(?::| - |/)")
_SENSOR = re.compile(r"ET |SURICATA |GPL ")


def detector_of(name: str) -> str:
    """The product an alert names in front of a colon, for counting how many agree; "" where none is named."""
    found = _DETECTOR.match(name)
    if found:
        return found[1].lower()
    return "suricata" if _SENSOR.match(name) else ""
