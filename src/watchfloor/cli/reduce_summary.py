"""What ``watchfloor reduce`` says in words: the incidents to open, and where all other alerts went."""

from watchfloor.cli.reduce_run import Run
from watchfloor.cli.terminal import Terminal

_SHOWN = 20


def summarise(done: Run, terminal: Terminal, *, json_file: str) -> None:
    """Incidents, highest priority first, then the books."""
    outcome = done.outcome
    books = outcome.summary()
    incidents = outcome.incidents
    terminal.line(f"{books['alerts_in']:,} alerts, {len(incidents)} to open.", style="bold")
    for incident in incidents[:_SHOWN]:
        record = incident.to_json(done.reader.sources)
        terminal.line()
        terminal.line(
            f"{incident.priority:5.1f}  {record['start'][:16].replace('T', ' ')}  {incident.incident_id}",
            style="bold red" if incident.priority >= 50 else "yellow",
        )
        terminal.line(record["story"], indent=7)
        if record["alert_ids"]:
            terminal.line(f"first record: {record['alert_ids'][0]}", indent=7)
    if len(incidents) > _SHOWN:
        terminal.line(f"… and {len(incidents) - _SHOWN} more; --json writes all.")
    terminal.line()
    terminal.line(f"put aside: {books['put_aside_total']:,}", style="bold")
    for reason, count in sorted(books["put_aside"].items(), key=lambda one: -one[1]):
        terminal.line(f"{count:>10,}  {reason}")
    for what, count in sorted(done.reader.passed.items()):
        terminal.line(f"{count:>10,}  no alert: {what}")
    account = done.reader.account
    if account.rejections:
        terminal.line(f"not read: {sum(account.reasons.values()):,}", style="bold yellow")
        for (source, why), count in list(account.reasons.items())[:10]:
            terminal.line(f"{count:>10,}  {source}: {why}")
    _feedback(done, terminal)
    if json_file:
        terminal.line(f"written: {json_file}")


def _feedback(done: Run, terminal: Terminal) -> None:
    for line in done.feedback_lines():
        if line["type"] == "proposal":
            names = "; ".join(f"{one['name']} on {one['host']}" for one in line["suppress"][:3])
            cost = f"{line['alerts_put_aside']:,} alerts, {len(line['incidents_hidden'])} incidents"
            verdict = "refused, it would hide what was called true" if line["refused"] else "possible"
            terminal.line(f"suppress {names} (line {line['line']}): hides {cost}; {verdict}")
            continue
        for vote in line["votes"][:10]:
            terminal.line(f"learned: {vote['name']} on {vote['host']}: {vote['logits']:+.2f} logits")
        for one in line["suppressions"]:
            terminal.line(f"suppressed: {one['name']} on {one['host']} (line {one['line']}: {one['reason']})")
        for one in line["unknown"]:
            terminal.line(f"line {one['line']}: no incident {one['incident_id']} is known")
