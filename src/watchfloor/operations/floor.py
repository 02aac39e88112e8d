"""The floor: alerts one at a time in, incidents out, in one pass and bounded memory.

An alert goes to the run of its series (template and host), a run is a Member of its host's Group, a group whose score
passes the threshold an Incident or part of one. What is in none is put aside under one of `books.REASONS`.
"""

from collections.abc import Callable

from watchfloor.operations.alerts import Alert
from watchfloor.operations.baseline import GAP
from watchfloor.operations.books import BESIDE, ECHO, RARE, ROUTINE, SUPPRESSED, Books
from watchfloor.operations.groups import LINE_BITS, MOST_IDS, NOVEL_BITS, ORDINARY_BITS, Group, Member, features
from watchfloor.operations.incidents import Incident, incident_id
from watchfloor.operations.kinds import BACKGROUND
from watchfloor.operations.memory import Memory, Series, in_run
from watchfloor.operations.ranking import CRITICAL, Ranking

#: Seconds after its last strong sign that an incident takes in what else is odd, and the longest it may grow.
HOT, LONGEST = 1800.0, 6 * 3600.0
#: Surprise from which an alert on the incident's own host belongs to it.
SAME_HOST_BITS = 1.5
#: Members of other hosts that join for their time alone, at most.
MOST_CONTEXT = 64
#: Hosts above which such an alert must be rarer, a bit for each doubling.
SMALL_SITE = 32
#: A clock this far ahead is not believed before so many alerts in a row agree.
LEAP, BELIEVED = 30 * 86_400.0, 100
#: Seconds a group that passes the threshold is given to show what else belongs to it, and how far above the
#: threshold it is opened at once.
SETTLE, SURE = 120.0, 4.0
_FIRST_LOOK = 32
#: How many times its largest run a run has to be before it is looked at again.
_LOUD = 8
_SWEEP_SECONDS = 60.0


class Floor:
    """Reduces one stream of alerts. ``on_open`` hears of each incident when it opens."""

    def __init__(
        self,
        ranking: Ranking,
        *,
        suppressed: Callable[[str, str], bool] | None = None,
        adjust: Callable[[Group], float] | None = None,
        on_open: Callable[[Incident], None] | None = None,
        on_judged: Callable[[Group], None] | None = None,
    ) -> None:
        self.ranking = ranking
        self.memory = Memory()
        self.books = Books()
        self.groups: dict[str, Group] = {}
        self.incidents: dict[str, Incident] = {}
        self.pending: dict[str, float] = {}
        self.now = float("-inf")
        self._suppressed = suppressed
        self._adjust = adjust
        self.on_open = on_open
        self._on_judged = on_judged
        self.ahead = 0
        self._swept = float("-inf")

    def feed(self, alert: Alert, source: int) -> None:
        """Take one alert; ``source`` is the number of its file in the run."""
        series = self.memory.find(alert)
        when = alert.time
        self.books.fed += 1
        if when > self.now:
            when = self._advance(when)
        elif when < self.now - GAP:
            self.books.late += 1
            when = self.now
        if abs(when - series.last) <= GAP:
            self.books.repeats += 1
            series.run += 1
            if when > series.last:
                series.last = when
            member = series.member
            if member is not None:
                member.count += 1
                if member.count <= MOST_IDS:
                    member.ids.append(source << LINE_BITS | alert.line)
                if alert.time > member.last:
                    member.last = alert.time
                elif alert.time < member.first:
                    member.first = alert.time
            else:
                self.books.aside[ECHO if series.kind.name == "echo" else ROUTINE] += 1
            if series.run >= series.look:
                self._look(series, when)
            return
        self._begin(series, alert, when, source)

    def _advance(self, when: float) -> float:
        """Move the clock, unless one alert's clock is wildly ahead of the others."""
        if when > self.now + LEAP and self.now > float("-inf"):
            self.ahead += 1
            self.books.leaps += 1
            if self.ahead < BELIEVED:
                return self.now
        self.ahead = 0
        if self.now == float("-inf"):
            self.memory.start = when
        self.now = when
        if self.pending:
            self._settle()
        if when - self._swept >= _SWEEP_SECONDS:
            self._swept = when
            self._sweep()
        return when

    def _begin(self, series: Series, alert: Alert, when: float, source: int) -> None:
        """A new episode: the alert was not seen on this host for a while."""
        memory = self.memory
        self.books.episodes += 1
        if series.member is not None:
            self._leave(series)
        series.peak = max(series.peak, series.run)
        fresh = series.past.count == 0.0
        series.surprise = memory.begin(series, when)
        series.run, series.last, series.look = 1, when, _FIRST_LOOK
        group = self._group(series, when)
        group.note(alert.entity)
        hidden = self._suppressed is not None and self._suppressed(series.name, series.host)
        old = group.members.get(series.name)
        if old is not None:
            member = old  # the same name again in one story: one member, the greater surprise
        else:
            member = group.members[series.name] = Member(
                series.name, series.host, series.kind, series.detector, alert.time, alert.time, series.surprise,
                series.peak, alert.severity, fresh=fresh, hidden=hidden,
            )  # fmt: skip
        member.last = max(member.last, alert.time)
        member.given = max(member.given, alert.severity)
        member.add(source, alert.line)
        series.member, series.group = member, group
        novel = series.surprise >= NOVEL_BITS
        memory.count(series, when, novel=novel)
        if member.excess > 0:
            group.last = max(group.last, when)
        if member.excess > 0 or member.given:
            self._judge(group, when)
        if not member.owner:
            self._offer(member, group, when)

    def _group(self, series: Series, when: float) -> Group:
        """The host's group at this time; one that has been quiet, or grew too long, makes room for a new one."""
        group = self.groups.get(series.host)
        if group is not None and (when - group.last > GAP or when - group.start > LONGEST):
            self._close(group)
            group = None
        if group is None:
            self.pending.pop(series.host, None)
            around = self.memory.surroundings(series.host, when)
            group = self.groups[series.host] = Group(series.host, when, when, around)
        return group

    def _look(self, series: Series, when: float) -> None:
        """A run has doubled: it may be a burst by now."""
        series.look = max(series.look, series.run) * 2
        member, group = series.member, series.group
        if member is not None and group is None and self.now - member.first > LONGEST:
            self._leave(series)  # its incident has grown long enough
        if member is None and series.run >= _LOUD * max(series.peak, _FIRST_LOOK):
            # A run that began quietly and was let go has become a flood: what follows is a member of its own.
            group = self._group(series, when)
            if series.name not in group.members:
                hidden = self._suppressed is not None and self._suppressed(series.name, series.host)
                member = group.members[series.name] = Member(
                    series.name, series.host, series.kind, series.detector, when, when, series.surprise, series.peak,
                    hidden=hidden,
                )  # fmt: skip
                series.member, series.group = member, group
        if member is None or group is None:
            return
        if member.burst > 0:
            group.last = max(group.last, when)
            self._judge(group, when)
            if not member.owner:
                self._offer(member, group, when)

    def _judge(self, group: Group, when: float) -> None:
        """Score a group; open an incident, or let its own go on."""
        group.around.elsewhere = max(group.around.elsewhere, self.memory.elsewhere(group))
        given = max((one.given for one in group.members.values() if one.excess > 0), default=0)
        score = self.ranking.score(features(group), given)
        if given == CRITICAL:
            score = max(score, self.ranking.threshold)  # a product is sure, and it is not usual here
        group.score = max(group.score, score)
        if self._on_judged is not None:
            self._on_judged(group)
        shift = self._adjust(group) if self._adjust is not None else 0.0
        over = score + shift - self.ranking.threshold
        if not group.incident and over < SURE and not self._settled(group, over, when):
            return
        if over < 0:
            return
        incident = self._home(group, score, when)
        if incident is None:
            return
        opening = not incident.members
        group.incident = incident.incident_id
        if score + shift >= incident.score + incident.adjusted:
            incident.score, incident.adjusted = score, shift
        incident.strong_last = max(incident.strong_last, when)
        incident.entities |= group.entities
        self._gather(group, incident, when)
        if opening:
            self._look_back(incident, when)
            if self.on_open is not None:
                self.on_open(incident)

    def _home(self, group: Group, score: float, when: float) -> Incident | None:
        """The incident of a group that passed: its own, one it continues or a new one; None if it adds nothing."""
        found = self.incidents.get(group.incident) or self._linked(group, when)
        if found is not None:
            return found
        members = group.members.values()
        if not any(not one.owner and _belongs(one) for one in members):
            owner = next((one.owner for one in members if one.owner), "")
            return self.incidents.get(owner)  # all of it was context of that one already
        lead = max(members, key=lambda one: (one.excess + one.burst, one.name))
        made = incident_id(group.host, lead.name, group.start)
        self.incidents[made] = Incident(made, when, score, when)
        return self.incidents[made]

    def _settled(self, group: Group, over: float, when: float) -> bool:
        """Whether a group has had its time to settle; the first time it passes, its time begins."""
        due = self.pending.get(group.host)
        if due is None:
            if over >= 0:
                self.pending[group.host] = when + SETTLE
            return False
        if when < due:
            return False
        del self.pending[group.host]
        return True

    def _settle(self, *, last: bool = False) -> None:
        """Judge groups whose time to settle is over; at the end of the stream, all that wait."""
        for host in [host for host, due in self.pending.items() if last or self.now >= due]:
            group = self.groups.get(host)
            if group is None:
                del self.pending[host]
                continue
            self.pending[host] = min(self.pending[host], self.now)
            self._judge(group, self.now)
            self.pending.pop(host, None)

    def _linked(self, group: Group, when: float) -> Incident | None:
        """A recent incident this group continues: the same host, name, address, or the same moments."""
        names = {member.name for member in group.members.values() if member.excess > 0}
        best: Incident | None = None
        for incident in self.incidents.values():
            quiet = when - incident.strong_last
            if quiet > HOT or when - incident.opened > LONGEST:
                continue
            near = (
                group.host in incident.joined
                or quiet <= 2 * _SWEEP_SECONDS
                or bool(incident.entities & group.entities)
                or any(member.name in names and member.excess > 0 for member in incident.members)
            )
            if near and (best is None or incident.strong_last > best.strong_last):
                best = incident
        return best

    def _gather(self, group: Group, incident: Incident, when: float) -> None:
        for member in group.members.values():
            if not member.owner and _belongs(member):
                incident.add(member, when)

    def _offer(self, member: Member, group: Group, when: float) -> None:
        """A member that opened nothing: part of its group's incident, or context of a hot one elsewhere."""
        if member.hidden:
            return
        own = self.incidents.get(group.incident)
        if own is not None:
            if _belongs(member):
                own.add(member, when)
            return
        if not self._telling(member):
            return
        hot = [
            one
            for one in self.incidents.values()
            if when - one.strong_last <= HOT and when - one.opened <= LONGEST and one.context < MOST_CONTEXT
        ]
        if hot:
            self._join(max(hot, key=lambda one: one.strong_last), member, when)

    def _look_back(self, incident: Incident, when: float) -> None:
        """What was odd on other hosts just before an incident opened belongs to its context."""
        for group in self.groups.values():
            if group.incident:
                continue
            for member in group.members.values():
                if incident.context >= MOST_CONTEXT:
                    return
                if not member.owner and not member.hidden and when - member.last <= GAP and self._telling(member):
                    self._join(incident, member, when)

    def _join(self, incident: Incident, member: Member, when: float) -> None:
        incident.context += 1
        incident.add(member, when)

    def _telling(self, member: Member) -> bool:
        """Rare enough to be context of an incident on another host."""
        hosts = len(self.memory.hosts)
        extra = (hosts // SMALL_SITE).bit_length() if hosts > SMALL_SITE else 0
        return member.kind.name not in BACKGROUND and member.surprise >= ORDINARY_BITS + extra

    def _sweep(self) -> None:
        """Close groups that went quiet; runs in incidents end when the incident has grown long enough."""
        for group in [one for one in self.groups.values() if self.now - one.last > 2 * GAP]:
            self._close(group)

    def _close(self, group: Group) -> None:
        """Count what the group leaves aside, and let its series go."""
        for member in group.members.values():
            series = self.memory.series.get((member.name, member.host))
            if series is not None and series.member is member:
                if member.owner and in_run(series, self.now) and self.now - member.first <= LONGEST:
                    series.group = None  # the run goes on, and its incident with it
                    continue
                self._leave(series)
            if not member.owner:
                self._put_aside(member, group)
        self.groups.pop(group.host, None)

    def _leave(self, series: Series) -> None:
        series.member = series.group = None

    def _put_aside(self, member: Member, group: Group) -> None:
        if member.hidden:
            reason = SUPPRESSED
        elif member.kind.name == "echo":
            reason = ECHO
        elif group.incident:
            reason = BESIDE
        else:
            reason = RARE if member.excess > 0 else ROUTINE
        self.books.aside[reason] += member.count

    def retire(self) -> list[Incident]:
        """Incidents that can grow no more, taken out of memory: for streams without an end."""
        over = [
            one
            for one in self.incidents.values()
            if self.now - one.strong_last > HOT + 2 * GAP and self.now - one.opened > LONGEST + 2 * GAP
        ]
        for incident in over:
            del self.incidents[incident.incident_id]
            self.books.retired += incident.alerts
            for member in incident.members:
                series = self.memory.series.get((member.name, member.host))
                if series is not None and series.member is member:
                    self._leave(series)
        return over

    def clock(self) -> tuple[float, float]:
        """Time of the newest alert, and of the last sweep: for a checkpoint."""
        return self.now, self._swept

    def set_clock(self, now: float, swept: float, ahead: int) -> None:
        """Out of a checkpoint."""
        self.now, self._swept, self.ahead = now, swept, ahead

    def finish(self) -> list[Incident]:
        """End of the stream: everything is counted; incidents, highest priority first."""
        self._settle(last=True)
        for group in list(self.groups.values()):
            self._close(group)
        return self.ranked()

    def ranked(self) -> list[Incident]:
        """Incidents so far, highest priority first, then as they opened."""
        return sorted(self.incidents.values(), key=lambda one: (-(one.score + one.adjusted), one.opened))


def _belongs(member: Member) -> bool:
    """Whether a member of an incident's own host is part of it."""
    if member.hidden or member.kind.name in BACKGROUND:
        return not member.hidden and member.excess > 0
    return member.surprise >= SAME_HOST_BITS or member.burst >= 1.0
