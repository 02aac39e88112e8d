"""``watchfloor rules explain``: why a rule holds for a record, or does not."""

import argparse
import sys
from contextlib import nullcontext
from datetime import date
from typing import TYPE_CHECKING, Any

from watchfloor.cli import outputs
from watchfloor.cli.rules_options import add_rule_options, rules_and_tuning

if TYPE_CHECKING:
    import pyarrow as pa

    from watchfloor.base.settings import Settings
    from watchfloor.cli.rules_options import Chosen
    from watchfloor.cli.terminal import Terminal
    from watchfloor.rules.explaining import ExplainedRecord, Explanation, Node
    from watchfloor.rules.ruleset import Correlation, Rule

NAME = "explain"
SUMMARY = "show which parts of a rule hold for one record"
DESCRIPTION = """Show a rule's condition as a tree with ✓ and ✗ at every part, and the values of one record that
decide it. RULE is an id, name, title or file name; EVENT is the address of a record, as `watchfloor rules match`
prints it. The answers are those of the engine that matches.

examples:
  watchfloor rules explain 'Whoami Utility Execution' 'Security.evtx#4711' --rules sigma/
  watchfloor rules explain e28a5a99-da44-436d-b7a0-2afc20a5f413 'case.zip::logs/s.evtx#12' --rules sigma/
  watchfloor rules explain proc_creation_win_whoami.yml 'logs/s.evtx#12' --input archive/s.evtx --rules sigma/
  watchfloor rules explain whoami_all.yml 'audit.log#1700000000.123:45' --rules own --json -"""

#: Characters of a value that a person is shown.
_VALUE_WIDTH = 160
#: Parts of a group that do not hold and are shown: a list may have hundreds.
_MOST_FALSE = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("rule", metavar="RULE", help="id, name, title or file name of a rule")
    add("event", metavar="EVENT", help="address of a record: source#record")
    add_rule_options(parser)
    add("--input", metavar="PATH", help="where the source is now: file, folder, archive or event lake")
    add("--json", metavar="FILE", help="write it as JSON, one line a rule and record; - is standard output")


def run(options: argparse.Namespace) -> int:
    """Find the rule and the record, ask the engine, print what it says."""
    from watchfloor.base.settings import from_environment
    from watchfloor.rules.explaining import base_rules, explain, find_rule
    from watchfloor.rules.ruleset import Correlation

    settings = from_environment()
    outputs.check(
        [options.json] if options.json not in (None, "-") else [], [options.input] if options.input is not None else []
    )
    chosen = rules_and_tuning(options, settings, date.today())
    rule = find_rule(chosen.rules, options.rule)
    events = _events(options, settings)
    about = base_rules(chosen.rules, rule) if isinstance(rule, Correlation) else [rule]
    explained = [(event, explain(chosen.rules, one, event, chosen.tuning)) for event in events for one in about]
    if options.json is not None:
        lines = [outputs.json_line(_record(event, one, rule, chosen)) for event, one in explained]
        if options.json == "-":
            sys.stdout.buffer.write(b"".join(lines))
            sys.stdout.buffer.flush()
            return 0
        outputs.write(options.json, lines)
    _tell(rule, explained, chosen)
    return 0


def _events(options: argparse.Namespace, settings: "Settings") -> "list[pa.RecordBatch]":
    from watchfloor.rules.addresses import Address, find_again

    address = Address.parse(options.event)
    shown: Any = nullcontext()
    if sys.stderr.isatty():
        from watchfloor.cli.terminal import ProgressBar

        shown = ProgressBar(sys.stderr)
    with shown as bar:
        return find_again(address, settings, options.input, bar.show if bar is not None else None)


def _facts(event: "pa.RecordBatch") -> dict[str, Any]:
    """What an Event is, in short."""
    from watchfloor.base.events import event_id
    from watchfloor.base.scenes import iso

    one = event.select(["source", "record", "time", "device.hostname", "action"]).to_pylist()[0]
    return {
        "event_id": event_id(one["source"] or "", one["record"] or ""),
        "time": iso(one["time"]),
        "host": one["device.hostname"] or "",
        "action": one["action"] or "",
    }


def _record(event: "pa.RecordBatch", explained: "Explanation", asked: Any, chosen: "Chosen") -> dict[str, Any]:
    """The contract's line of one rule and one record."""
    from watchfloor.rules.ruleset import Correlation

    rule = explained.rule
    record = {
        "type": "explanation",
        **_facts(event),
        "rule_id": rule.id or rule.key,
        "title": rule.title,
        "level": rule.level,
        "status": rule.status,
        "author": rule.author,
        "techniques": list(rule.techniques),
        "logsource": str(rule.logsource),
        "verdict": explained.verdict,
        "switched_off": explained.disabled.reason if explained.disabled is not None else None,
        "records": [one.to_json() for one in explained.records],
    }
    if isinstance(asked, Correlation):
        record["correlation"] = {"rule_id": asked.id or asked.key, "title": asked.title, "asks": _asks(asked, chosen)}
    return record


def _asks(correlation: "Correlation", chosen: "Chosen") -> str:
    from watchfloor.rules.wording import correlation_words

    titles = {rule.key: rule.title for rule in chosen.rules.rules}
    titles |= {rule.key: rule.title for rule in chosen.rules.correlations}
    return correlation_words(correlation.plan, titles)


def _tell(rule: "Rule | Correlation", explained: "list[tuple[pa.RecordBatch, Explanation]]", chosen: "Chosen") -> None:
    from watchfloor.cli.terminal import Terminal
    from watchfloor.rules.ruleset import Correlation

    terminal = Terminal(sys.stdout)
    _head(rule, terminal)
    if isinstance(rule, Correlation):
        terminal.line(f"A correlation. It asks for {_asks(rule, chosen)}.")
        terminal.line("Whether it holds depends on all records; here is what its rules say of this one.")
    for entry in chosen.expired:
        if not isinstance(rule, Correlation) and entry.names(rule):
            terminal.line(f"An exception for it has expired and no longer holds ({entry.reason}).", style="yellow")
    for event, one in explained:
        terminal.line()
        facts = _facts(event)
        terminal.line("  ".join(facts[name] for name in ("event_id", "time", "host", "action") if facts[name]))
        if isinstance(rule, Correlation):
            terminal.line()
            _head(one.rule, terminal)
        _told(one, terminal)


def _head(rule: "Rule | Correlation", terminal: "Terminal") -> None:
    from watchfloor.base.attack import full_name

    terminal.line(rule.title, style="bold")
    said = [rule.level, rule.status, f"by {rule.author}" if rule.author else "", rule.id or rule.name]
    terminal.line(" · ".join(part for part in said if part))
    terminal.line(rule.path)
    if rule.description:
        terminal.line(" ".join(rule.description.split()))
    if rule.techniques:
        terminal.line("ATT&CK: " + "; ".join(f"{one} {full_name(one)}" for one in rule.techniques) + ".")


def _told(explained: "Explanation", terminal: "Terminal") -> None:
    from watchfloor.rules.logsources import readable

    source = explained.rule.logsource
    wants = f"The rule reads {source}"
    for record in explained.records:
        terminal.line()
        if record.tree is not None:
            terminal.line(f"Record: {record.what}.")
            _tree(record.tree, terminal, 2)
            _exception(record, terminal)
        elif readable(source):
            terminal.line(f"{wants}; this record is {record.what}, so the rule does not look at it.", style="yellow")
    if not readable(source):
        terminal.line(f"{wants}, and Watchfloor reads no such log: the rule is never asked.", style="yellow")
    elif not explained.records:
        terminal.line(f"{wants}; nothing in this event is a record that rules read.", style="yellow")
    terminal.line()
    _verdict(explained, terminal)


def _exception(record: "ExplainedRecord", terminal: "Terminal") -> None:
    if record.excepted is not None:
        terminal.line(f"An exception takes the match away: {record.excepted.reason}.", style="yellow", indent=2)


def _verdict(explained: "Explanation", terminal: "Terminal") -> None:
    reason = explained.disabled.reason if explained.disabled is not None else ""
    words = {
        "matches": ("The rule matches.", "bold green"),
        "excepted": ("The rule holds, but an exception takes the match away.", "bold yellow"),
        "switched off": (f"The rule holds, but it is switched off ({reason}).", "bold yellow"),
        "does not match": ("The rule does not match.", "bold red"),
        "not read": ("The rule does not match: its log source does not read this event.", "bold red"),
    }
    text, style = words[explained.verdict]
    terminal.line(text, style=style)
    if reason and explained.verdict != "switched off":
        terminal.line(f"It is switched off besides ({reason}).", style="yellow")


def _tree(node: "Node", terminal: "Terminal", indent: int) -> None:
    mark, style = ("✓", "green") if node.holds else ("✗", "red")
    terminal.line(f"{mark} {node.words}{_value(node)}", style=style, indent=indent)
    hidden = 0
    false = 0
    for part in node.parts:
        false += not part.holds
        if not part.holds and false > _MOST_FALSE and node.kind != "and":
            hidden += 1
            continue
        _tree(part, terminal, indent + 2)
    if hidden:
        terminal.line(f"and {hidden:,} more that do not hold", indent=indent + 2)


def _value(node: "Node") -> str:
    from watchfloor.film.story import visible
    from watchfloor.rules.explaining import excerpt

    told = ""
    if node.predicate is not None and node.predicate.field is not None:
        literal = node.predicate.value if node.predicate.op != "fieldref" else ""
        told = "   ← absent" if node.value is None else f"   ← {visible(excerpt(node.value, literal, _VALUE_WIDTH))}"
    return told + (f"   ({node.note})" if node.note else "")
