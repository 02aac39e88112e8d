"""What making an expert came to, in words and as one offline page: no script, all drawn by hand, all text escaped."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from watchfloor.lab import drawing, paired, scores
from watchfloor.lab.answers import Answers
from watchfloor.lab.drawing import COLOURS, GREY, Axes, text
from watchfloor.lab.finetune_measure import EXPERT, Measured
from watchfloor.lab.finetune_words import Speaking

_SHARES: Final = ("texts", "n")
#: Figures of which less is better: no bar reaches one.
_LESS: Final = ("log loss", "calibration error", "calibration error, equal width")
_LABELS_SHOWN, _CONFUSED = 40, 10
_HOW: Final = (
    "Every figure is on texts that were held out of learning and of choosing; no near-duplicate of a text learned from "
    "is among them. The expert was read back from its pack and asked as anyone would ask it. Intervals are 95%: "
    "Wilson's for shares, a bootstrap over texts for the rest. Where it abstains, accuracy counts its likeliest label "
    "all the same."
)


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each who answers, the expert's first."""
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}


def words(found: dict[str, Any]) -> Iterator[str]:
    """The result in lines for a terminal."""
    if "scores" in found:
        yield ""
        yield from columns(list(comparison(found["scores"])))
        yield ""
        for name, result in found["against"].items():
            yield f"against {name}: {paired.said(result)}"
        for name, why in found["missing"].items():
            yield f"{name} {why}"
    if found["rejected"]:
        first = found["rejected"][0]
        count = found["data"]["rejected records"]
        yield f"{count:,} records could not be used, the first in {first['where']}: {first['why']}"
    for label, source in only_sources(found["texts"]):
        yield f"all texts of {label!r} come from {source!r}, and no other label's do: it may have learned the source"
    yield ""
    if found["made"]:
        signed = "signed" if found["signed"] else "not signed"
        yield f"Written: {found['pack']} ({found['bytes'] / 1024:,.0f} kB, {signed})."
        yield f"Plug it in with: watchfloor experts add {found['pack']}{'' if found['signed'] else ' --unsigned'}"
        return
    yield "Refused, no pack was written:"
    for reason in found["reasons"]:
        yield f"  - {reason['what']}"
        for example in reason["examples"]:
            yield f"      {example}"
        yield f"    {reason['then']}"


def only_sources(texts: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Labels all of whose texts come from one source that no other label has: nobody can tell the two apart."""
    owners: dict[str, set[str]] = {}
    for label, row in texts.items():
        for source in row["sources"]:
            owners.setdefault(source, set()).add(label)
    return [
        (label, next(iter(row["sources"])))
        for label, row in texts.items()
        if len(row["sources"]) == 1 and owners[next(iter(row["sources"]))] == {label} and len(owners) > 1
    ]


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines whose columns stand below each other."""
    widths = [max(len(row[place]) for row in rows) + 2 for place in range(len(rows[0]))]
    for row in rows:
        yield "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def comparison(figures: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Rows of a comparison: what, then everybody's figure with its interval."""
    yield ("", *figures)
    rows = dict.fromkeys(key for each in figures.values() for key in each if key != "texts")
    for key in rows:
        yield (key, *(number(each.get(key)) for each in figures.values()))


def number(value: dict[str, Any] | None) -> str:
    """A figure with its interval."""
    if value is None or value["value"] is None:
        return "-"
    return f"{value['value']:.3f} ({value['low']:.3f}–{value['high']:.3f})"


def page(found: dict[str, Any], measured: Measured | None, speaking: Speaking | None) -> str:
    """The report as HTML. Only what could be measured is in it."""
    parts = [f"<h1>Expert {text(found['task'])}</h1>", verdict(found)]
    if measured is not None and len(measured.test):
        parts += charts(found, measured)
    parts += ["<h2>Data</h2>", _data(found), *_labels(found, speaking)]
    return drawing.page(f"expert {found['task']}", parts)


def verdict(found: dict[str, Any]) -> str:
    """Made or refused, and why."""
    if found["made"]:
        best = found["scores"][EXPERT]["accuracy"]
        lead = "; ".join(f"{name} {result['difference']:+.3f}" for name, result in found["against"].items())
        many = f"{found['scores'][EXPERT]['texts']:,}"
        said = f"Accuracy {number(best)} on {many} texts it never saw; against {lead}."
        return f'<div class="yes"><p>Written to {text(found["pack"])}. {text(said)}</p></div>'
    items = []
    for reason in found["reasons"]:
        shown = "".join(f"<li><code>{text(each)}</code>" for each in reason["examples"])
        items.append(f"<li>{text(reason['what'])}<ul>{shown}</ul>{text(reason['then'])}")
    return f'<div class="no"><p>Refused; no pack was written.</p><ul>{"".join(items)}</ul></div>'


def charts(found: dict[str, Any], measured: Measured) -> list[str]:
    """What it is worth, whether its probabilities can be trusted, and where it is wrong."""
    ours = measured.answers[EXPERT]
    colour = colours(list(measured.answers))
    figures = found["scores"]
    parts = ["<h2>What it is worth</h2>", _bars("accuracy", figures, colour), _bars("macro F1", figures, colour)]
    if "ROC AUC" in figures[EXPERT]:
        parts += [_bars(key, figures, colour) for key in figures[EXPERT] if key.startswith("detected")]
        parts.append(_bars("accepted", figures, colour))
    parts.append(drawing.table(*_split(list(comparison(figures)))))
    if found["against"] or found["missing"]:
        parts.append(_against(found))
    if "with near-duplicates" in found:
        parts.append("<h3>With test texts that are like training texts</h3>")
        parts.append(drawing.table(*_split(list(comparison({"expert": found["with near-duplicates"]})))))
    parts += [f"<p>{text(_HOW)}</p>", "<h2>Can its probabilities be trusted?</h2>"]
    parts += [reliability(measured.answers, colour), covered(measured.answers, colour)]
    if found.get("history"):
        parts += ["<h2>How it learned</h2>", learning(found["history"])]
    parts.append("<h2>Where it is wrong</h2>")
    if len(ours.facets) == 1:
        parts.append(confusion(ours))
    parts += [_mistakes(found["mistakes"]), "<h2>Each label</h2>", _classes(found["labels"])]
    parts += ["<h2>Each source</h2>", _sources(found["sources"])]
    return parts


def _split(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    return rows[0], rows[1:]


def _bars(key: str, figures: dict[str, dict[str, Any]], colour: dict[str, str]) -> str:
    rows = [(name, each[key], colour[name]) for name, each in figures.items() if each.get(key)]
    return drawing.bars(key, rows)


def _against(found: dict[str, Any]) -> str:
    rows = [(f"against {name}", paired.said(each), each["test"]) for name, each in found["against"].items()]
    rows += [(name, why, "") for name, why in found["missing"].items()]
    return drawing.table(("the expert", "more often right", "paired test, one-sided"), rows)


def reliability(everybody: dict[str, Answers], colour: dict[str, str]) -> str:
    """What was said of the likeliest label against how often it was right, in 15 bins of equal weight."""
    axes = Axes()
    parts, shown = [axes.line([(0, 0), (1, 1)], GREY, dash=True)], {}
    for name, given in _sure(everybody):
        bins = [(said, so) for weight, said, so in scores.top_bins(given, np.ones(len(given))).tolist() if weight]
        parts += [axes.line(bins, colour[name]), *(axes.dot(said, so, 4, colour[name]) for said, so in bins)]
        shown[name] = colour[name]
    return axes.figure("Reliability", "probability said", "share that was right", "".join(parts), shown)


def covered(everybody: dict[str, Answers], colour: dict[str, str]) -> str:
    """Accuracy when the texts they are least sure of are left to others."""
    curves = {name: scores.coverage(given) for name, given in _sure(everybody)}
    low = min((y for curve in curves.values() for _, y in curve), default=0.0)
    axes = Axes((0.0, max(0.0, low - 0.05)), (1.0, 1.0))
    drawn = "".join(axes.line(curve, colour[name]) for name, curve in curves.items())
    return axes.figure("Coverage", "share of texts answered, surest first", "accuracy on them", drawn,
                       {name: colour[name] for name in curves})  # fmt: skip


def _sure(everybody: dict[str, Answers]) -> Iterator[tuple[str, Answers]]:
    """Those whose probabilities differ from text to text."""
    for name, given in everybody.items():
        if len(given) and np.ptp(given.sure) > 1e-9:
            yield name, given


def learning(history: Sequence[dict[str, float]]) -> str:
    """Loss on texts learned from and on development texts, round by round; the second stage begins at the line."""
    most = max(max(each["train_loss"], each["dev_loss"]) for each in history)
    axes = Axes((0.0, 0.0), (float(max(len(history) - 1, 1)), most * 1.05 or 1.0))
    legend = {"learned from": COLOURS[1], "development": COLOURS[0]}
    lines = [
        axes.line([(place, each[key]) for place, each in enumerate(history)], colour)
        for key, colour in (("train_loss", COLOURS[1]), ("dev_loss", COLOURS[0]))
    ]
    second = next((place for place, each in enumerate(history) if place and each["epoch"] >= 100), None)
    if second is not None:
        lines.append(axes.line([(second - 0.5, 0), (second - 0.5, most * 1.05)], GREY, dash=True))
    losses = axes.figure("Loss", "round", "cross entropy", "".join(lines), legend)
    right = Axes((0.0, 0.0), (float(max(len(history) - 1, 1)), 1.0))
    drawn = right.line([(place, each["dev_accuracy"]) for place, each in enumerate(history)], COLOURS[0])
    return losses + right.figure("Accuracy", "round", "development texts right", drawn, {"development": COLOURS[0]})


def confusion(given: Answers) -> str:
    """Truth against answer for the commonest labels, darker where there are more."""
    names, table = scores.confusion(given, _CONFUSED)
    if not table[-1].any() and not table[:, -1].any():
        names, table = names[:-1], table[:-1, :-1]
    head = "".join(f"<th>{text(name[:24])}" for name in names)
    rows = []
    for name, row in zip(names, table.tolist(), strict=True):
        total = max(sum(row), 1)
        cells = "".join(f'<td style="background:rgba(0,97,143,{0.75 * count / total:.2f})">{count:,}' for count in row)
        rows.append(f"<tr><th>{text(name[:40])}{cells}")
    caption = "<caption>truth down, answer across</caption>"
    return f"<div class=wide><table>{caption}<tr><th>{head}{''.join(rows)}</table></div>"


def _mistakes(mistakes: Sequence[dict[str, Any]]) -> str:
    if not mistakes:
        return "<p>No mistake it stood by.</p>"
    rows = "".join(
        f"<tr><td><code>{text(' '.join(each['text'][:400].split()))}</code><td>{text(each['truth'])}"
        f"<td>{text(each['answer'])}<td>{each['sure']:.2f}<td class=quiet>{text(each['source'])}"
        for each in mistakes
    )
    lead = "<p>The mistakes it was surest of. Look for wrong labels first.</p>"
    return f"{lead}<div class=wide><table><tr><th>text<th>truth<th>answer<th>sure<th>source{rows}</table></div>"


def _classes(rows: Sequence[dict[str, Any]]) -> str:
    cells = [
        (row["label"], f"{row['texts']:,}", number(row["recall"]),
         "-" if row["precision"] is None else f"{row['precision']:.3f}", f"{row['F1']:.3f}")
        for row in rows[:_LABELS_SHOWN]
    ]  # fmt: skip
    more = f"<p>{len(rows) - _LABELS_SHOWN:,} rarer labels are not shown.</p>" if len(rows) > _LABELS_SHOWN else ""
    return drawing.table(("label", "test texts", "recall", "precision", "F1"), cells) + more


def _sources(rows: Sequence[dict[str, Any]]) -> str:
    cells = [(row["source"], row["label"], f"{row['texts']:,}", f"{row['right']:.1%}") for row in rows[:_LABELS_SHOWN]]
    return drawing.table(("source", "label", "test texts", "right"), cells)


def _data(found: dict[str, Any]) -> str:
    data = dict(found["data"])
    taken = ", ".join(f"{what}: {name}" for what, name in data.pop("columns").items())
    rows = [("columns", taken), *((key, f"{v:,}" if isinstance(v, int) else v) for key, v in data.items())]
    rejected = [(f"{each['where']}", each["why"]) for each in found["rejected"][:12]]
    parts = [drawing.table((), rows)]
    if rejected:
        why = "; ".join(f"{why}: {count:,}" for why, count in found["rejected_why"].items())
        parts.append(f"<h3>Records that could not be used</h3><p>{text(why)}</p>{drawing.table((), rejected)}")
    return "".join(parts)


def _labels(found: dict[str, Any], speaking: Speaking | None) -> list[str]:
    """Where each label's texts come from, and the words that speak for it."""
    rows = []
    for label, row in list(found["texts"].items())[:_LABELS_SHOWN]:
        sources = ", ".join(f"{name} {count:,}" for name, count in row["sources"].items())
        said = ", ".join(f"{word} {weight:+.1f}" for word, weight in (speaking or {}).get(label, []))
        rows.append((label, f"{row['train']:,} / {row['dev']:,} / {row['test']:,}", sources or "-", said or "-"))
    parts = ["<h2>Where each label's words come from</h2>"]
    for label, source in only_sources(found["texts"]):
        parts.append(f'<p class="no">All texts of {text(label)} come from {text(source)}, and no other label has texts '
                     "of it: the expert may have learned to tell the source.</p>")  # fmt: skip
    parts.append(drawing.table(("label", "train / dev / test", "sources", "words that speak for it most"), rows))
    return parts
