"""Hand-made streams: a quiet site for some days, and an attack in it."""

import random

from watchfloor.operations.alerts import Alert
from watchfloor.operations.floor import Floor
from watchfloor.operations.groups import FEATURES
from watchfloor.operations.incidents import Incident
from watchfloor.operations.ranking import Ranking

START = 1_700_000_000.0
HOUR = 3600.0
#: Opens what is novel by several names at once: no test depends on what the lab learned.
RANKING = Ranking(tuple(1.0 if name in ("surprise", "novel names") else 0.0 for name in FEATURES), -6.5, 0.0)


def background(hours: int = 96, hosts: int = 4, seed: int = 0) -> list[Alert]:
    """Routine alerts, a little irregular, on each host; lines count from 1 in time order."""
    chance = random.Random(seed)
    found = []
    for hour in range(hours):
        for host in range(hosts):
            for name in ("Wazuh: ClamAV database update", "Suricata: Alert - ET INFO update", "Wazuh: IDS event."):
                for _ in range(chance.randrange(1, 4)):
                    moment = START + hour * HOUR + chance.random() * HOUR
                    found.append(Alert(moment, name, f"host{host}", 0))
    return numbered(found)


def attack(at: float, host: str = "host1") -> list[Alert]:
    """Several names that were never seen, on one host in two minutes."""
    names = ("ET SCAN Nmap", "Web attack: SQL injection", "Successful sudo to ROOT executed", "Reverse shell command")
    return [Alert(at + 30.0 * place, name, host, 0, entity="203.0.113.9") for place, name in enumerate(names)]


def numbered(alerts: list[Alert]) -> list[Alert]:
    """In time order, with lines from 1."""
    return [one._replace(line=line) for line, one in enumerate(sorted(alerts, key=lambda one: one.time), 1)]


def fed(alerts: list[Alert], ranking: Ranking = RANKING) -> tuple[Floor, list[Incident]]:
    """A floor that saw all of them, and its incidents."""
    floor = Floor(ranking)
    for alert in alerts:
        floor.feed(alert, 0)
    return floor, floor.finish()


def balanced(floor: Floor, incidents: list[Incident]) -> bool:
    """Whether every alert fed is in an incident or put aside."""
    books = floor.books
    return books.fed == sum(one.alerts for one in incidents) + books.retired + sum(books.aside.values())
