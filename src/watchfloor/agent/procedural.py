"""The procedural planner: alert → backtrack → scope → hypothesis tests → kill chain → gaps. No language model."""

from collections import Counter
from collections.abc import Set
from typing import Any, Final

from watchfloor.agent.case import Alert, Claim, Investigation, Test
from watchfloor.agent.checking import quoted
from watchfloor.agent.decoding import decode
from watchfloor.agent.signs import Sign
from watchfloor.agent.subjects import subjects
from watchfloor.agent.telling import MOST_CITED, Telling
from watchfloor.agent.tools import BudgetSpentError, Toolbox
from watchfloor.agent.weighing import MALICIOUS, SUSPICIOUS, TELLING, Weights, ordinary, weigh
from watchfloor.base import attack

#: Hypotheses of an attack and the tactics whose signs speak for them.
HYPOTHESES: Final = (
    ("somebody stays after a restart or log-out", ("TA0003",)),
    ("credentials were taken", ("TA0006",)),
    ("data was gathered or carried out", ("TA0009", "TA0010")),
    ("somebody moved to another machine", ("TA0008",)),
    ("a machine outside steers this one", ("TA0011",)),
    ("rights were raised", ("TA0004",)),
    ("traces were hidden", ("TA0005",)),
    ("harm was done", ("TA0040",)),
)  # fmt: skip
#: What intelligence knows of an indicator adds so much to the verdict's scale.
KNOWN: Final = 2.0
#: Events of a case from which on far trees that show nothing are left out.
LARGE: Final = 1_500


class ProceduralPlanner:
    """Works a case in fixed steps."""

    name = "procedural"

    def investigate(self, alert: Alert, box: Toolbox) -> Investigation:
        """Work one case to its end, or as far as the budget reaches: then it says so among the open questions."""
        found = Investigation(alert.case_id, self.name)
        try:
            seeds = subjects(alert, box.index)
            for seed in seeds[:64]:
                box.call("lineage", process=seed)
                box.call("scope", process=seed)
        except BudgetSpentError as spent:
            found.open_questions.append(f"What else is there? {spent.message}")
        conclude(found, alert, box)
        return found


def conclude(found: Investigation, alert: Alert, box: Toolbox) -> None:
    """Fill an investigation from what was scoped: the same for both planners."""
    telling = Telling(box.growth)
    if not telling.members:
        found.verdict, found.confidence = "suspicious", 0.0
        found.open_questions.append("The alert names no record of this recording: is it about another one?")
        return
    signs = telling.signs()
    weights = weigh(box.growth, subjects(alert, box.index), signs)
    found.indicators = telling.indicators()
    _facts(found, box)
    score = weights.score() + KNOWN * any("intel" in one for one in found.indicators)
    found.verdict = "malicious" if score >= MALICIOUS else "suspicious" if score >= SUSPICIOUS else "benign"
    if found.verdict != "malicious" and any(telling.windows(m) for m in telling.members):
        _on_windows(found, alert)
    edge = SUSPICIOUS if found.verdict == "benign" else MALICIOUS
    found.confidence = min(0.99, 0.5 + abs(score - edge) / 6.0)
    if apart := _apart(found, weights, signs, box):
        _leave_out(found, apart, box)
        telling = Telling(box.growth)
        signs = telling.signs()
    root = telling.root()
    if root is not None:
        found.root_cause, found.entry_point = telling.root_claim(root), telling.entry(root)
        found.root_process = {k: v for k, v in box._process(root).items() if k not in ("process", "event_ids")}
    found.operations = telling.operations()
    found.timeline = telling.timeline()
    found.assets = telling.assets()
    _ask_assets(found, box)
    found.techniques = _techniques(signs, alert, box, found)
    signs = {name: shown for name, shown in signs.items() if weights.of(name) >= TELLING}
    found.tests = _tests(signs, telling, box)
    found.graph = telling.graph()
    _sum_up(found, signs, telling, box)
    _decode(found, telling)
    _gaps(found, signs, telling, root)


def _on_windows(found: Investigation, alert: Alert) -> None:
    """Where the weights were not set a case is not closed, and what the screen is sure of stands."""
    sure = alert.verdict == "malicious"
    found.verdict = "malicious" if sure else "suspicious"
    found.open_questions.append(
        "Is it ordinary work? Weights were set on Linux; on Windows "
        + ("the verdict is the screen's, which this case did not confirm." if sure else "no case is closed by them.")
    )


def _apart(found: Investigation, weights: Weights, signs: dict[str, list[tuple[Sign, int]]], box: Toolbox) -> Set[int]:
    """Ordinary work the case grew into: of a benign one all that is not near the alert, of a large one what shows

    nothing.
    """
    growth = box.growth
    if found.verdict == "benign":
        elsewhere = sorted(name for name, weight in weights.far.items() if weight >= TELLING)
        if elsewhere:
            done = "; ".join(elsewhere[:6])
            found.open_questions.append(f"What was done beside the alert, is it known work? {done}.")
        return growth.members.keys() - weights.members
    size = sum(len(box.index.actors[m].rows) for m in growth.members)
    return ordinary(growth, weights, signs) if size > LARGE else frozenset()


def _leave_out(found: Investigation, apart: Set[int], box: Toolbox) -> None:
    box.growth.leave_out(apart)
    rows = {r for m in box.growth.members for r in box.index.actors[m].rows}
    found.indicators = [one for one in found.indicators if any(box.index.row_of(i) in rows for i in one["event_ids"])]
    found.open_questions.append(
        f"Is the rest ordinary work? {len(apart)} processes that share a session or a file with the case and show "
        "nothing of an attack were left out."
    )


def _facts(found: Investigation, box: Toolbox) -> None:
    """Threat intelligence and history of the indicators, as far as there are any."""
    try:
        for one in found.indicators[:20]:
            for known in box.call("intel", value=one["value"]) if box.intel is not None else ():
                one["intel"] = known
            if box.lake is not None:
                one["history"] = box.call("history", value=one["value"])
    except BudgetSpentError as spent:
        found.open_questions.append(f"What is known of the remaining indicators? {spent.message}")


def _ask_assets(found: Investigation, box: Toolbox) -> None:
    try:
        for asset in found.assets:
            if asset["type"] == "host" and box.assets:
                asset["facts"] = box.call("asset", host=asset["name"])
    except BudgetSpentError as spent:
        found.open_questions.append(f"Whose are the remaining hosts? {spent.message}")


def _techniques(
    signs: dict[str, list[tuple[Sign, int]]], alert: Alert, box: Toolbox, found: Investigation
) -> list[dict[str, Any]]:
    """Techniques the signs show, in the order of the kill chain, then those the alert brought along."""
    listed: dict[str, dict[str, Any]] = {}
    for shown in signs.values():
        sign = shown[0][0]
        ids = [box.index.id_of(row) for _, row in shown[:MOST_CITED]]
        one = listed.setdefault(sign.technique, {"id": sign.technique, "tactic": sign.tactic, "event_ids": []})
        one["event_ids"] = (one["event_ids"] + ids)[:MOST_CITED]
    for technique in alert.techniques:
        known = [i for i in alert.event_ids if box.index.row_of(i) is not None][:MOST_CITED] or found.operations[:1]
        listed.setdefault(technique, {"id": technique, "tactic": "", "event_ids": known, "from": "alert"})
    order = {tactic.id: place for place, tactic in enumerate(attack.TACTICS)}
    return sorted(listed.values(), key=lambda one: (order.get(one["tactic"], 99), one["id"]))


def _tests(signs: dict[str, list[tuple[Sign, int]]], telling: Telling, box: Toolbox) -> list[Test]:
    index, growth = box.index, box.growth
    commands, paths = index.column("process.cmd_line"), index.column("file.path")
    tests = []
    for hypothesis, tactics in HYPOTHESES:
        claims = []
        for name, shown in signs.items():
            sign, row = shown[0]
            if sign.tactic in tactics and sign.weight >= TELLING:
                value = commands[row] if index.actions[row] == "process.launch" else paths[row]
                claims.append(Claim(f"{quoted(value or '')}: {name}.", (index.id_of(row),), "sign"))
        tests.append(Test(hypothesis, bool(claims), tuple(claims[:6]), ()))
    logins = {login for m in telling.members if (login := growth.index.sessions.server(m)) is not None}
    usual: list[Claim] = []
    rare: list[Claim] = []
    for login in sorted(logins)[:20]:
        said = telling.entry(login)
        if said is not None and said.event_ids:
            address = index.sessions.address(login)
            count = len(index.sessions.from_address[address])
            (rare if growth.index.sessions.strange(login) else usual).append(
                Claim(f"{quoted(address)}: {count} log-ins here came from it.", said.event_ids, "log-in")
            )
    only_usual = bool(usual) and not rare and not any(t.holds for t in tests)
    tests.append(Test("it is an administrator or user at ordinary work", only_usual, tuple(usual[:6]), tuple(rare[:6])))
    return tests


def _sum_up(found: Investigation, signs: dict[str, list[tuple[Sign, int]]], telling: Telling, box: Toolbox) -> None:
    strong = {name: shown[0][0] for name, shown in signs.items()}
    started = box.index.actors[telling.members[0]]
    row = started.rows[0]
    hosts = sorted({box.index.actors[m].played.host for m in telling.members})
    what = {"malicious": "This is an attack", "suspicious": "This should be looked at",
            "benign": "Nothing here needs an attacker to explain it"}[found.verdict]  # fmt: skip
    first = Claim(
        f"{what}: it begins with {quoted(started.said or started.played.user or started.played.host)}.",
        (box.index.id_of(row),),
        "verdict",
    )
    found.summary = [first]
    tactics = Counter(sign.tactic for sign in strong.values())
    for name, sign in sorted(strong.items(), key=lambda kv: -kv[1].weight)[:8]:
        rows = [r for _, r in signs[name]]
        host = box.index.actors[box.index.owners[rows[0]]].played.host
        ids = tuple(box.index.id_of(r) for r in rows[:MOST_CITED])
        found.summary.append(Claim(f"On {quoted(host)} it {name} ({sign.technique}).", ids, "sign"))
    found.graph["hosts"], found.graph["tactics"] = hosts, dict(tactics)


def _decode(found: Investigation, telling: Telling) -> None:
    """What is hidden in command lines, in plain text beside the record it stands in."""
    index = telling.index
    commands = index.column("process.cmd_line")
    for number in telling.members[:2_000]:
        for row in index.actors[number].rows:
            if index.actions[row] == "process.launch" and commands[row] and len(commands[row]) > 24:
                for layer in decode(commands[row])[:2]:
                    found.indicators.append({"type": "decoded", "value": layer.text[:400], "how": layer.how,
                                             "seen": 1, "elsewhere": 0, "event_ids": [index.id_of(row)]})  # fmt: skip
        if len(found.indicators) >= 60:
            return


def _gaps(found: Investigation, signs: dict[str, list[tuple[Sign, int]]], telling: Telling, root: int | None) -> None:
    ask = found.open_questions.append
    index = telling.index
    if root is not None:
        if index.actors[root].parent == -1 and telling.index.sessions.server(root) is None:
            ask("Who started the first process? Its parent was started before the recording or is not recorded.")
        elif telling.index.sessions.server(root) is not None:
            ask("How did they get the password or key for the first log-in? The recording does not show it.")
        if index.actors[root].first - index.span[0] < 60:
            ask("Did it begin earlier? The first trace lies within a minute of the recording's beginning.")
    if index.span[1] - max(index.actors[m].last for m in telling.members) < 60:
        ask("Is it still going on? The last trace lies within a minute of the recording's end.")
    names = {shown[0][0].tactic for shown in signs.values()}
    if "TA0010" in names:
        ask("What was in the files that were sent out? The log does not keep their content.")
    if "TA0006" in names:
        ask("Which of the credentials that were read have been used elsewhere since?")
    if any(i["type"] == "address" for i in found.indicators):
        ask("Which other machines, whose logs are not here, spoke to the same addresses?")
