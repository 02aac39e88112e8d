"""What a hunt says: to a program as one record, to a person as the rules that matched, gravest first."""

from typing import TYPE_CHECKING, Any

from watchfloor.base.findings import Finding, rank
from watchfloor.base.scenes import iso
from watchfloor.cli.terminal import Terminal

if TYPE_CHECKING:
    from watchfloor.cli.rules_options import Chosen
    from watchfloor.rules.hunting import Hunt
    from watchfloor.rules.ruleset import Correlation, Rule

#: Rules shown to a person; all are in the JSON.
_SHOWN = 40
_SHOWN_FAULTS = 10
#: A rule that makes up this share of all matches, and matched this often, is called noisy.
_NOISY_SHARE = 0.2
_NOISY_LEAST = 20


def record_of(hunt: "Hunt", chosen: "Chosen") -> dict[str, Any]:
    """The rules' part of the summary record: loaded, unusable, by rule, exceptions and what they took away."""
    rules = hunt.rules
    return {
        "rules_loaded": len(rules.rules) + len(rules.correlations),
        "rules_failed": len(hunt.faults),
        "rules_without_input": rules.unreadable(),
        "failed": [{"path": f.path, "title": f.title, "why": f.why} for f in hunt.faults],
        "disabled": [
            {"rule_id": rules.rules[place].key, "title": rules.rules[place].title, "reason": entry.reason}
            for place, entry in hunt.disabled.items()
        ]
        + [
            {"rule_id": rule.key, "title": rule.title, "reason": hunt.disabled_correlations[rule.key].reason}
            for rule in rules.correlations
            if rule.key in hunt.disabled_correlations
        ],
        "excepted": [
            {"rule": entry.rule, "reason": entry.reason, "matches": count} for entry, count in hunt.exceptions.items()
        ],
        "exceptions_expired": [entry.rule for entry in chosen.expired],
        "exceptions_unused": [entry.rule for entry in hunt.tuning.unused(chosen.rules)],
        "uncorrelated": {"no_group": hunt.ungrouped, "no_time": hunt.untimed},
        "by_rule": by_rule(hunt),
    }


def by_rule(hunt: "Hunt") -> list[dict[str, Any]]:
    """Every rule that matched, the noisiest first."""
    known: dict[str, Rule | Correlation] = {rule.key: rule for rule in hunt.rules.rules}
    known |= {rule.key: rule for rule in hunt.rules.correlations}
    total = sum(tally.matches for tally in hunt.tallies.values()) or 1
    ranked = sorted(hunt.tallies.items(), key=lambda item: (-item[1].matches, item[0]))
    return [
        {
            "rule_id": known[key].id or key,
            "title": known[key].title,
            "level": known[key].level,
            "status": known[key].status,
            "author": known[key].author,
            "matches": tally.matches,
            "excepted": tally.excepted,
            "hosts": len(tally.hosts),
            "share": round(tally.matches / total, 4),
            "noisy": tally.matches >= _NOISY_LEAST and tally.matches >= _NOISY_SHARE * total,
            "first": iso(tally.first),
            "last": iso(tally.last),
        }
        for key, tally in ranked
    ]


def summarise(record: dict[str, Any], examples: dict[str, Finding], terminal: Terminal, *, json_file: str) -> None:
    """Print the rules that matched, gravest first, then the books."""
    rows = sorted(record["by_rule"], key=lambda row: (-rank(row["level"]), -row["matches"]))
    shown = [row for row in rows if row["matches"]][:_SHOWN]
    if shown:
        terminal.line(f"{record['matches']:,} matches of {len(rows):,} rules.", style="bold")
        terminal.line()
        cells = [
            [
                row["level"],
                f"{row['matches']:,}" + ("  noisy" if row["noisy"] else ""),
                str(row["hosts"]),
                examples[row["rule_id"]].event_ids[0] if row["rule_id"] in examples else "",
                row["title"],
            ]
            for row in shown
        ]
        terminal.table(("level", "matches", "hosts", "first record", "rule"), cells)
        if len(rows) > len(shown):
            terminal.line(f"and {len(rows) - len(shown)} more: see --json.")
    else:
        terminal.line("No rule matched.", style="bold")
    terminal.line()
    _books(record, terminal)
    if json_file:
        terminal.line(f"Matches: {json_file}", style="bold")


def _books(record: dict[str, Any], terminal: Terminal) -> None:
    terminal.line(
        f"{record['rules_loaded']:,} rules over {record['events_kept']:,} events in {record['seconds']:.1f} s; "
        f"{record['rules_without_input']:,} of them are for logs that Watchfloor does not read."
    )
    for entry in record["excepted"]:
        terminal.line(f"Excepted: {entry['matches']:,} matches of {entry['rule']} ({entry['reason']}).")
    for entry in record["disabled"]:
        terminal.line(f"Switched off: {entry['title']} ({entry['reason']}).")
    for rule in record["exceptions_expired"]:
        terminal.line(f"An exception for {rule} has expired and no longer holds.", style="yellow")
    for rule in record["exceptions_unused"]:
        terminal.line(f"An exception is about {rule}, which no rule is called.", style="yellow")
    failed = record["failed"]
    if failed:
        terminal.line(f"{len(failed):,} rules could not be used:", style="yellow")
        for fault in failed[:_SHOWN_FAULTS]:
            terminal.line(f"{fault['title'] or fault['path']}: {fault['why']}", indent=2)
        if len(failed) > _SHOWN_FAULTS:
            terminal.line(
                f"and {len(failed) - _SHOWN_FAULTS:,} more: see --json or `watchfloor rules check`.", indent=2
            )
    for rejected in record["rejected"][:_SHOWN_FAULTS]:
        terminal.line(f"Not read: {rejected['source']} {rejected['where']}: {rejected['why']}", style="yellow")
