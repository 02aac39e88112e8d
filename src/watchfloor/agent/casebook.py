"""Cases worked so far, and which alerts each explains: an alert that an earlier case holds is not worked again.

One intrusion raises many alerts; an analyst wants one case that names them all. Knows nothing of how a case is worked.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from watchfloor.agent.case import Alert, Investigation
from watchfloor.agent.investigating import Investigator
from watchfloor.agent.subjects import subjects
from watchfloor.agent.telling import MOST_CITED


@dataclass(slots=True)
class Casebook:
    """Works alerts over one index, at most ``most`` cases; ``cases`` in the order they were worked."""

    investigator: Investigator
    most: int
    cases: list[Investigation] = field(default_factory=list)
    _holder: dict[str, int] = field(default_factory=dict)

    def work(self, alert: Alert) -> Investigation | None:
        """The case that explains an alert: an earlier one that holds half of its records, or a new one.

        None: it is in no earlier case, and there are as many as there may be.
        """
        found = self.explained(alert)
        if found is None:
            if len(self.cases) >= self.most:
                return None
            found = self.investigator.investigate(alert)
            for address in found.operations:
                self._holder.setdefault(address, len(self.cases))
            self.cases.append(found)
        else:
            ids = [address for address in alert.event_ids if address in self._holder][:MOST_CITED]
            _name(found, [{"id": t, "tactic": "", "event_ids": ids, "from": "alert"} for t in alert.techniques])
        found.alerts.append(alert.case_id)
        return found

    def explained(self, alert: Alert) -> Investigation | None:
        """The earlier case that holds half and more of the records of what an alert is about."""
        about = self._about(alert)
        held = Counter(self._holder[address] for address in about if address in self._holder)
        if not held:
            return None
        case, count = held.most_common(1)[0]
        return self.cases[case] if 2 * count >= len(about) else None

    def _about(self, alert: Alert) -> tuple[str, ...]:
        """The records of an alert's subjects; all of its records where it names no record of this index."""
        index = self.investigator.index
        rows = {address: index.row_of(address) for address in alert.event_ids}
        meant = set(subjects(alert, index))
        return tuple(a for a, row in rows.items() if row is not None and index.owners[row] in meant) or alert.event_ids

    def merged(self) -> list[Investigation]:
        """The cases, worst first; one most of which lies inside an earlier one is that one, with its alerts."""
        order = {"malicious": 0, "suspicious": 1, "benign": 2}
        kept: list[Investigation] = []
        for one in sorted(self.cases, key=lambda case: (order[case.verdict], -len(case.operations))):
            own = set(one.operations)
            whole = next((o for o in kept if own and 2 * len(own.intersection(o.operations)) > len(own)), None)
            if whole is None:
                kept.append(one)
            else:
                whole.alerts = list(dict.fromkeys([*whole.alerts, *one.alerts]))
                _name(whole, one.techniques)
        return kept


def _name(case: Investigation, techniques: Iterable[dict[str, Any]]) -> None:
    """Add techniques a case does not name yet: what its alerts say is said of it."""
    known = {one["id"] for one in case.techniques}
    case.techniques += [one for one in techniques if one["id"] not in known]
