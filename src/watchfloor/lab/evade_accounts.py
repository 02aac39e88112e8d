"""Other accounts, hosts, domains and addresses: those of another victim, or of another server of the attacker."""

import re
from collections.abc import Iterable
from random import Random
from typing import Final

from watchfloor.base.events import Row
from watchfloor.lab.evade_names import TEXTS, Choice, Substitution, listed

_USERS: Final = ("actor.user.name", "user.name")
_FIXED: Final = re.compile(
    r"^(?:root|system|local system|(?:local|network) service|networkservice|localservice|nobody|daemon|sshd|www-data|"
    r"uid:\d{1,3}|uid:0|s-1-.*|anonymous.*|dwm-\d+|umfd-\d+|.*\$|-|n/a|guest|krbtgt|.*service)$", re.I
)  # fmt: skip
_AUTHORITIES: Final = re.compile(r"^(?:nt authority|nt service|builtin|workgroup|window manager|font driver host|"
                                 r"iis apppool|azuread|-|\.)$", re.I)  # fmt: skip
#: Words of commands: an account of that name is replaced in paths and account columns alone.
_WORDS: Final = frozenset(listed("user users admin administrator test group local domain public default system"))
_IP: Final = re.compile(r"(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w]|\.\d)")
_HOST_OF_URL: Final = re.compile(r"(?<=://)[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+", re.I)
_PEOPLE: Final = listed("mbrandt jolsen apetrova lnguyen cfischer tsato rgarcia kmeyer dnowak eiversen hpatel oweiss")
_MACHINES: Final = listed("desk-4417 pc-front02 note-lund acct-07 lab-bench3 ws-2291 frontdesk1 hp-room12")
_DOMAINS: Final = listed("northwind fabrika halden oakline solvik merano")
_SITES: Final = listed("static.oakline-media.net files.halden.io cdn.merano-shop.com go.solvik.org dl.fabrika-app.net")


def accounts(rows: list[Row], rng: Random, *, whole: bool) -> None:
    """Replace accounts, addresses and the attacker's sites in rows; hosts and domains only in a ``whole`` recording."""
    names = sorted({n for row in rows for column in _USERS for n in _short(row.get(column)) if not _FIXED.match(n)})
    choice = Choice(rng, _PEOPLE)
    people = {n.lower(): (_other_uid(n, rng) if n.lower().startswith("uid:") else choice.name()) for n in names}
    hosts = _hosts(rows, rng) if whole else {}
    for row in rows:
        for column in _USERS:
            if row.get(column):
                row[column] = _renamed(row[column], people, hosts)
        if row.get("device.hostname"):
            row["device.hostname"] = (
                Substitution(hosts).text(row["device.hostname"]) if hosts else row["device.hostname"]
            )
    spoken = {n: new for n, new in people.items() if len(n) >= 4 and n not in _WORDS and not n.startswith("uid:")}
    Substitution(spoken | {n: new for n, new in hosts.items() if len(n) >= 4 and n not in _WORDS}).rows(rows)
    homes = {
        f"{place}{n}": f"{place}{new}" for n, new in people.items() for place in ("\\users\\", "/home/", "/users/")
    }
    pattern = re.compile("|".join(re.escape(h) + r"(?![\w.-])" for h in sorted(homes)) or "(?!)", re.I)
    for row in rows:
        for column in TEXTS:
            if row.get(column):
                row[column] = pattern.sub(
                    lambda m: m[0][: -len(_tail(m[0]))] + people[_tail(m[0]).lower()], row[column]
                )
    _Addresses(rng).rows(rows)


def _tail(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def _short(name: str | None) -> list[str]:
    return [name.rpartition("\\")[2].partition("@")[0]] if name and name.strip() else []


def _other_uid(name: str, rng: Random) -> str:
    number = name[4:]
    return f"uid:{1000 + (int(number) + rng.randrange(1, 800)) % 9000}" if number.isdecimal() else name


def _renamed(name: str, people: dict[str, str], hosts: dict[str, str]) -> str:
    domain, slash, short = name.rpartition("\\")
    person, at, realm = short.partition("@")
    machine = person.removesuffix("$")
    new = people.get(person.lower()) or (hosts.get(machine.lower(), machine) + person[len(machine) :])
    return f"{hosts.get(domain.lower(), domain)}{slash}{new}{at}{realm}"


def _hosts(rows: Iterable[Row], rng: Random) -> dict[str, str]:
    """New names for hosts, short and full, and for domains of accounts."""
    choice, domain = Choice(rng, _MACHINES), Choice(rng, _DOMAINS)
    found: dict[str, str] = {}
    for full in sorted({row["device.hostname"].lower() for row in rows if row.get("device.hostname")}):
        short = full.partition(".")[0]
        found.setdefault(short, choice.name())
        if short != full:
            found[full] = f"{found[short]}.corp.example"
    for name in sorted({row[c] for row in rows for c in _USERS if row.get(c) and "\\" in row[c]}):
        part = name.rpartition("\\")[0].lower()
        if part and not _AUTHORITIES.match(part):
            found.setdefault(part, domain.name().upper())
    return {n: new for n, new in found.items() if n}


class _Addresses:
    """Other addresses of the same kind, and other sites in URLs; the same one for the same one."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._known: dict[str, str] = {}
        self._sites = Choice(rng, _SITES)

    def rows(self, rows: Iterable[Row]) -> None:
        for row in rows:
            for column in (*TEXTS, "src_endpoint.ip", "dst_endpoint.ip", "dst_endpoint.hostname"):
                if row.get(column):
                    row[column] = _HOST_OF_URL.sub(self._site, _IP.sub(self._address, row[column]))
        for row in rows:
            name = row.get("dst_endpoint.hostname")
            if name and name.lower() in self._known:
                row["dst_endpoint.hostname"] = self._known[name.lower()]

    def _site(self, match: re.Match[str]) -> str:
        return self._known.setdefault(match[0].lower(), self._sites.name())

    def _address(self, match: re.Match[str]) -> str:
        first, second = int(match[1]), int(match[2])
        if (
            first in (0, 127, 255)
            or first >= 224
            or (first, second) == (169, 254)
            or max(map(int, match.groups())) > 255
        ):
            return match[0]
        return self._known.setdefault(match[0], self._like(first, second))

    def _like(self, first: int, second: int) -> str:
        rng = self._rng
        low = f"{rng.randrange(1, 255)}.{rng.randrange(1, 255)}"
        if first == 10:
            return f"10.{rng.randrange(256)}.{low}"
        if (first, second) == (192, 168) or (first == 172 and 16 <= second < 32):
            return f"{first}.{second}.{low}"
        return f"{rng.choice((45, 91, 185, 193))}.{rng.randrange(60, 250)}.{low}"
