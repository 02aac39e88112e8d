"""Growing a case: from one process back to where it began and forward to every effect.

Backtracking as King & Chen (BackTracker, SOSP 2003) with the pruning of PrioTracker (NDSS 2018) and NoDoze (NDSS
2019): a step is taken over lineage, over a trace few others share, over a log-in or a hand-over, and not over what
everybody touches. Every process in the case carries the reason it is there, so nothing is in it unexplained.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchfloor.agent.bringing import HOOK_TREES, downloads, fetched, fetchers, hooked, session_starter
from watchfloor.agent.index import MOST_KINDS, Index
from watchfloor.agent.origins import back_of, handed_by, handed_to, shared, started_by
from watchfloor.agent.ties import SYSTEM, Tie
from watchfloor.film.lexicon import LAUNCHERS
from watchfloor.film.traces import COMMON, masked
from watchfloor.film.visitors import SERVERS, SHAPE
from watchfloor.film.words import base_name

#: Requests of one service account within so many seconds, each with this part odd, are one visitor's.
COMPANY_WITHIN: Final = 240.0
ODD_COMPANY: Final = 0.3
#: More odd requests than so many, and than this part of a service's, are its habit.
FEW_REQUESTS: Final = 20
ODD_HABIT: Final = 0.5
#: A session of which this part is odd is its owner's doing as a whole.
ODD_SESSION: Final = 0.5
#: Part of a tree's processes that must be odd or in the case for the tree to be the attacker's own.
OWN_SHARE: Final = 0.7
#: What serves log-ins, and what it asks whether an account may.
LOGIN_PROGRAMS: Final = SERVERS | {"unix_chkpwd"}
#: What the system brought: to run it says nothing of who one is.
NOT_OWN: Final = (*SYSTEM, *COMMON)
#: Processes of what a service started for one request, at most.
REQUEST: Final = 40
#: Times one trace is gone over: who planted it may join first, and then those who ran it.
PASSES: Final = 3
MOST_MEMBERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a process is in the case: over what, from whom (-1: the alert itself), by which trace, how surely."""

    step: str
    source: int
    trace: str = ""
    weight: float = 1.0


@dataclass(slots=True)
class Growth:
    """A growing case over an index. ``odd`` is what skills said of processes, by place, as probabilities."""

    index: Index
    odd: Mapping[int, float] = field(default_factory=dict)
    members: dict[int, Reason] = field(default_factory=dict)
    _waiting: deque[int] = field(default_factory=deque)
    _shares: dict[int, float] = field(default_factory=dict)
    _used: set[tuple[str, bool, bool]] = field(default_factory=set)
    #: Addresses hardly anybody uses that sessions of the case came from.
    rare: set[str] = field(default_factory=set)
    #: What brought each member about, as far as it is in the case: earlier members.
    causes: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    #: Processes of the alert and all that brought them about.
    behind: set[int] = field(default_factory=set)
    #: Log-ins in whose sessions merely something ran that the case had planted: others' until more is known.
    _hosts: set[int] = field(default_factory=set)
    #: Trees that joined for the company they kept: they bring no company of their own.
    _accompanied: set[int] = field(default_factory=set)
    #: Strangers' addresses whose other sessions have not joined yet, each with the member that showed it.
    _returns: list[tuple[int, str]] = field(default_factory=list)

    def seed(self, numbers: Iterable[int]) -> None:
        """Begin with the processes of an alert: each with the tree that is its own."""
        for number in numbers:
            self._admit_tree(number, Reason("alert", -1))

    def run(self) -> None:
        """Take every step there is, strongest traces first within what is known."""
        while self._waiting and len(self.members) < MOST_MEMBERS:
            number = self._waiting.popleft()
            self._back(number)
            for other in handed_to(self.index, number):
                self._admit_tree(other, Reason("hand-over", number))
            self._company(number)
            while self._returns:
                self._same_stranger(*self._returns.pop())
            for server in self.index.logins.get(number, ()):
                self._admit_tree(server, Reason("log-in", number))
            for trace in self.index.actors[number].traces:
                # again when its writer joins, or what brought the alert about: what others ran is then the case's
                wrote = trace[5:] in self.index.wrote.get(number, ())
                if (trace, wrote, number in self.behind) not in self._used:
                    self._used.add((trace, wrote, number in self.behind))
                    self._follow(trace, number)

    def leave_out(self, numbers: Iterable[int]) -> None:
        """Take members out again: ordinary work that the case grew into."""
        for number in numbers:
            del self.members[number]

    # going back

    def _back(self, number: int) -> None:
        """What brought a member about: its wrapper, the client of its session."""
        wrapper = handed_by(self.index, number)
        if wrapper is not None:
            self._admit_tree(wrapper, Reason("hand-over", number))
        login = self.index.sessions.server(number)
        behind = number in self.behind and not hooked(self.index, number)
        client = self.index.dialled.get(login if behind and login is not None else number)
        if client is not None and (number in self.behind or self._told_of(client)):
            self._admit_tree(client, Reason("log-in", number, "", 0.7))

    def _blame(self, number: int, reason: Reason) -> None:
        """Note that a member brought another about; what lies behind the alert is gone over with who started it."""
        if reason.source >= 0:
            if not self._cause(number, reason):
                return
            self.causes[reason.source].add(number)
            if reason.source not in self.behind:
                return
        for one in back_of(self.causes, (number,)) - self.behind:
            self.behind.add(one)
            above = started_by(self.index, one)
            if hooked(self.index, one):  # whoever started everybody's hook did not mean to
                above = [parent for parent in above if hooked(self.index, parent)]
            for below, parent in zip([one, *above], above, strict=False):
                self._admit(parent, Reason("lineage", below))
                self.causes[below].add(parent)
            self._admit_request([one, *above][-1], one)
            whole = self._one_purpose(one)
            self.causes[one].update(whole)
            self.behind.update(above, whole)
            self._waiting.extendleft([one, *above, *whole])

    def _one_purpose(self, number: int) -> list[int]:
        """What a process is one with: of a job, or of what a service started for one request, all there is."""
        index, actor = self.index, self.index.actors[number]
        if index.cron_tree(number) or (not actor.played.session and not index.hub(number)):
            return [m for m in index.trees[actor.tree] if m in self.members]
        return []

    def origins(self) -> set[int]:
        """Members that came before what they are tied to, step by step back from the alert; and the alert's own."""
        causes = {number: set(earlier) for number, earlier in self.causes.items()}
        for number, reason in self.members.items():
            if reason.source >= 0 and self._cause(number, reason):
                causes.setdefault(reason.source, set()).add(number)
        return back_of(causes, (m for m, r in self.members.items() if r.step == "alert")) & self.members.keys()

    def _cause(self, number: int, reason: Reason) -> bool:
        """Whether a member came before the one it is tied to, and does not merely run the same file."""
        actors, path = self.index.actors, reason.trace[5:]
        ran = reason.step == "trace" and path in actors[number].ran and path in actors[reason.source].ran
        if ran and path not in self.index.wrote.get(number, ()):
            return False
        return actors[number].first <= actors[reason.source].first + 1.0

    def _admit_request(self, top: int, number: int) -> None:
        """All that one visitor's request became."""
        address = self.index.visitors.address.get(top)
        if address is not None and self.index.visitors.new(address):
            for member in self.index.descendants(top):
                self._admit(member, Reason("lineage", number))

    def _same_stranger(self, member: int, address: str) -> None:
        """All sessions and requests of a stranger's address are one actor's, and begin with the first."""
        index = self.index
        server = index.sessions.server(member)
        seen = dict.fromkeys(index.sessions.alike(address, () if server is None else (server,)), "log-in")
        if index.visitors.new(address):
            seen |= dict.fromkeys(index.visitors.served[address], "same visitor")
        first = min(seen, key=lambda n: index.actors[n].first, default=member)
        for other, step in seen.items():
            self._admit_tree(other, Reason(step, member, f"address:{address}", 0.8))
            self._admit_tree(first, Reason(seen[first], other, f"address:{address}", 0.8))

    # admitting

    def _admit(self, number: int, reason: Reason) -> None:
        if number in self.members or len(self.members) >= MOST_MEMBERS:
            return
        self.members[number] = reason
        login = self.index.sessions.server(number)
        if login is not None and self.index.sessions.strange(login):
            address = self.index.sessions.address(login)
            if address not in self.rare and login not in self._hosts:
                self.rare.add(address)
                self._returns.append((number, address))
        self._waiting.append(number)

    def _admit_tree(self, number: int, reason: Reason) -> None:
        if number not in self.members:
            tree = self.own_tree(number, reason)
            self._admit(number, reason)
            for member in tree:
                self._admit(member, Reason("lineage", number if member != number else reason.source))
        self._blame(number, reason)

    def own_tree(self, number: int, reason: Reason) -> list[int]:
        """The part of the process tree that is one actor's own.

        Upwards while the parent was started in this recording for the same purpose: most of what it started is odd or
        in the case. A session is taken whole if hardly anybody comes from its address, or if the process was started
        by hand in it, not by something planted there, and it is odd as a whole or what the alert or a log-in is about.
        What a service started for one request is taken whole with the hand that planted a file or called.
        """
        index = self.index
        given = reason.step in ("alert", "log-in")
        planted = reason.step == "trace" and reason.trace[5:] in index.actors[number].ran
        planted = planted or (reason.step == "alert" and hooked(index, number))
        planter = reason.step == "trace" and not planted
        top = self._planted_above(number) if given else number
        for parent in index.ancestors(top):
            shell = index.actors[parent].said.startswith("-")  # a session's own: below it is decided of sessions
            if shell or self.generic(parent) or shared(index, parent, top) or not self._mostly_own(parent, top):
                break
            top = parent
        login = index.sessions.server(number)
        if login is not None:
            # who fetched what others ran may have been deceived: the fetching is the case's, the session is not
            odd = given or (self.odd_share(index.actors[number].tree) >= ODD_SESSION and not downloads(index, number))
            ours = not planted or index.sessions.address(login) in self.rare
            (self._hosts.discard if ours else self._hosts.add)(login)
            if (ours and index.sessions.strange(login)) or (odd and not planted and self._by_hand(number)):
                top = login
        found = index.descendants(top)
        tree = index.trees[index.actors[number].tree]
        alone = not index.actors[number].played.session and not index.hub(number)
        alone = alone and (given or (planter and len(tree) <= REQUEST))
        if index.cron_tree(number) or top == login or alone:
            found += tree
        found += fetchers(index, top)
        starter = session_starter(index, top) if given else None
        if starter is not None and starter not in found:
            top = self._planted_above(starter)
            found += [*index.descendants(top), *fetchers(index, top)]
        return list(dict.fromkeys(found))

    def _planted_above(self, number: int) -> int:
        """The highest process above, up to a session's shell or a daemon, that ran something not the system's own."""
        top = number
        for parent in self.index.ancestors(number):
            actor = self.index.actors[parent]
            if base_name(actor.played.image) in LAUNCHERS or actor.said.startswith("-"):
                break
            if self._brought(parent):
                top = parent
        return top

    def _by_hand(self, number: int) -> bool:
        """Whether a process was started from a session's shell with nothing but the system's programs in between."""
        above = self.index.ancestors(number)
        login = self.index.sessions.server(number)
        return (login is None or login in above) and not any(self._brought(n) for n in (number, *above))

    def _brought(self, number: int) -> bool:
        """Whether a process runs what came from elsewhere: what it starts is that code's doing, no hand's."""
        index = self.index
        ran = index.actors[number].ran
        return any(not path.startswith(NOT_OWN) or path in index.writes for path in ran) or fetched(index, number)

    def generic(self, number: int) -> bool:
        """Whether a process starts whatever it is told to, or was there before the recording."""
        actor = self.index.actors[number]
        return not actor.commands or base_name(actor.played.image) in LAUNCHERS

    def _mostly_own(self, parent: int, below: int) -> bool:
        tree = [n for n in self.index.descendants(parent) if self.index.actors[n].commands]
        if len(tree) < 3:
            # a session's own shell or server is not one command's
            said = self.index.actors[parent].said
            return not said.startswith("-") and base_name(self.index.actors[parent].played.image) not in LAUNCHERS
        own = set(self.index.descendants(below))
        odd = sum(n in self.members or n in own or self.odd.get(n, 0.0) >= 0.5 for n in tree)
        return odd >= OWN_SHARE * len(tree)

    # following

    def _follow(self, trace: str, number: int) -> None:
        index = self.index
        if len(index.kinds_of[trace]) > MOST_KINDS or trace.startswith("word:"):
            return
        holders = index.holders[trace]
        for _ in range(PASSES):
            others = [h for h in holders if h not in self.members]
            if not others:
                return
            before = len(self.members)
            tie = Tie(index, trace, [h for h in holders if h in self.members], others)
            for other in tie.candidates(others):
                if other in self.members:
                    continue
                share = self.odd_share(index.actors[other].tree)
                weight = tie.weight(other, share, self.near_odd(other))
                apart = not tie.gave(other) and self._another_actor(other)
                if weight and not apart and not self._passed(trace, number, other):
                    self._admit_tree(other, Reason("trace", number, trace, weight))
            if len(self.members) == before:
                return

    def _passed(self, trace: str, number: int, other: int) -> bool:
        """Whether a member merely ran in passing what runs in everybody's sessions, and others did or planted it."""
        index, path = self.index, trace[5:]
        if number in self.behind or path not in index.actors[number].ran or index.sessions.server(number) is None:
            return False
        if any(h in self.members and h not in index.runs.get(path, {}) for h in index.holders[trace]):
            return False
        trees = {index.actors[n].tree for n in index.runs[path] if n not in self.members}
        return len(trees - {index.actors[other].tree}) >= HOOK_TREES

    def _another_actor(self, number: int) -> bool:
        """Whether a process is in a session from an address hardly anybody uses, and the case is another such's."""
        sessions = self.index.sessions
        login = sessions.server(number)
        if login is None or not sessions.strange(login):
            return False
        return bool(self.rare) and sessions.address(login) not in self.rare

    def near_odd(self, number: int) -> bool:
        """Whether a process, its parent or a child is called odd by some skill."""
        actor = self.index.actors[number]
        return any(self.odd.get(n, 0.0) >= 0.5 for n in (number, actor.parent, *actor.children[:10]))

    def _told_of(self, number: int) -> bool:
        """Whether a process is odd, or its tree, or works in a stranger's session."""
        login = self.index.sessions.server(number)
        strange = login is not None and self.index.sessions.strange(login)
        return strange or self.near_odd(number) or self.odd_share(self.index.actors[number].tree) >= ODD_COMPANY

    def _company(self, number: int) -> None:
        """Other requests that the same service account served oddly at the same time: one attacker, many requests."""
        index, actor = self.index, self.index.actors[number]
        if any(base_name(index.actors[n].played.image) in LOGIN_PROGRAMS for n in (number, *index.ancestors(number))):
            return  # everybody's log-ins, which company says nothing of
        self._same_visitor(number)
        if actor.tree in self._accompanied:
            return
        if actor.played.session or actor.played.user in ("", "root") or self.odd_share(actor.tree) < ODD_COMPANY:
            return
        served = index.daemon_trees.get((actor.played.host, actor.played.user), ())
        alike = [n for n in served if masked(index.actors[n].said)[:SHAPE] == masked(actor.said)[:SHAPE]]
        odd = [n for n in alike if self.odd_share(index.actors[n].tree) >= ODD_COMPANY]
        if len(odd) > max(FEW_REQUESTS, ODD_HABIT * len(alike)):
            return  # what this service does all day looks odd, which then says nothing of a request
        for other in odd:
            if other not in self.members and abs(index.actors[other].first - actor.first) <= COMPANY_WITHIN:
                self._accompanied.add(index.actors[other].tree)
                self._admit_tree(other, Reason("same service", number, "", 0.7))

    def _same_visitor(self, number: int) -> None:
        """Other requests that the same account served a visitor who is new here."""
        index, played = self.index, self.index.actors[number].played
        address = index.visitors.address.get(number)
        if address is None or not index.visitors.new(address):
            return
        if address not in self.rare and index.sessions.strange_address(address):
            self.rare.add(address)
            self._returns.append((number, address))
        served = [n for n in index.visitors.served[address] if index.actors[n].played.host == played.host]
        served = [n for n in served if index.actors[n].played.user == played.user]
        first = min(served, key=lambda n: index.actors[n].first, default=number)
        for other in (*served, first):  # of repeated visits the first is where it began
            if other not in self.members or other == first:
                self._admit_tree(other, Reason("same visitor", number, f"address:{address}", 0.8))

    def odd_share(self, tree: int) -> float:
        """Part of a tree's processes that some skill calls odd, drawn towards 0 for small trees."""
        if tree not in self._shares:
            told = [self.odd.get(n, 0.0) >= 0.5 for n in self.index.trees[tree] if self.index.actors[n].commands]
            self._shares[tree] = sum(told) / (len(told) + 2)
        return self._shares[tree]
