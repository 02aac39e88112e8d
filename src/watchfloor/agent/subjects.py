"""What an alert is about: the processes of its records that matter, and not what merely stood beside them."""

from watchfloor.agent.bringing import from_outside, hooked
from watchfloor.agent.case import Alert
from watchfloor.agent.index import Index


def subjects(alert: Alert, index: Index) -> list[int]:
    """The processes an alert is about, in the order it names them.

    Where code from outside was at work in somebody's own session, or a hook in anybody's, that code's doing: alerts of
    whole scenes name the person's own commands beside it, and those would make the session the case.
    """
    seeds = _named(alert, index)
    logins = {seed: index.sessions.server(seed) for seed in seeds}
    hooks = {s for s, login in logins.items() if login is not None and hooked(index, s)}
    hosts = {logins[s] for s in hooks}
    own = [s for s, login in logins.items()
           if login is not None and (login in hosts or not index.sessions.strange(login))]  # fmt: skip
    outside = {s for s in own if s in hooks or from_outside(index, s)}
    deceived = {logins[s] for s in outside}
    return [s for s in seeds if s not in own or s in outside or logins[s] not in deceived]


def _named(alert: Alert, index: Index) -> list[int]:
    rows = [index.row_of(address) for address in alert.event_ids]
    named = [index.owners[row] for row in rows if row is not None]
    named += [index.by_uid[uid] for uid in alert.process_uids if uid in index.by_uid]
    return list(dict.fromkeys(named))
