"""What an adaptation did, in words and as one offline page: no script, all drawn by hand, all text escaped."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.lab import drawing
from watchfloor.lab.adapt_gate import Judged, Side, bins
from watchfloor.lab.drawing import GREY, Axes

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_COLOURS: Final = {"before": "#9a5b00", "after": "#00618f"}


def words(found: dict[str, Any]) -> Iterator[str]:
    """The result in lines for a terminal."""
    for name, family in found["families"].items():
        yield ""
        left = f"left as it was, {family['reason']}" if family["reason"] else "on scenes held out of learning"
        yield f"{name}: {left}"
        if not family["figures"]:
            continue
        rows = list(table(family["figures"]))
        width = max(len(row[0]) for row in rows)
        for first, *rest in rows:
            yield f"  {first:<{width}}  " + "".join(f"{cell:<26}" for cell in rest).rstrip()
    if found["replay"]:
        yield ""
        yield "the recording it shipped with, scenes held out of learning"
        for key, value in found["replay"]["before"].items():
            yield f"  {key}: {_part(value)} before, {_part(found['replay']['after'][key])} after"
    if found["learned"] and found["pull"] is None:
        yield ""
        yield "The first look stays as it was: no change of it serves scenes held out of learning."
    for side, said in found["learned"].items():
        yield ""
        yield f"what now {side}: {'; '.join(said) or 'nothing new'}"
    yield ""
    if found["promoted"]:
        yield f"Written: {found['pack']}. Use it with WATCHFLOOR_MODEL_PACK={found['pack']}."
        return
    yield "Refused, no pack was written:"
    for reason in found["reasons"]:
        yield f"  - {reason}"


def table(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Rows of a comparison: what, knowing nothing, before, after."""
    yield ("", "knowing nothing", "before", "after")
    trivial = figures["trivial"]
    for key in figures["before"]:
        before, after = (figures[side][key] for side in ("before", "after"))
        if "share" in before:
            nothing = {"accuracy": f"{trivial['accuracy of calling all the commoner class']:.3f}"}.get(key, "")
            yield (key, nothing, _part(before), _part(after))
        else:
            nothing = f"{trivial[key]:.3f}" if key in trivial else ""
            yield (key, nothing, _number(before), _number(after))
    for key, value in figures["difference"].items():
        yield (f"difference of {key}", "", "", f"{value['value']:+.3f} ({value['low']:+.3f} to {value['high']:+.3f})")


def _part(value: dict[str, Any]) -> str:
    if value["share"] is None:
        return "none"
    hits = round(value["share"] * value["n"])
    return f"{hits:,}/{value['n']:,} ({max(value['low'], 0):.3f}–{value['high']:.3f})"


def _number(value: dict[str, float]) -> str:
    return f"{value['value']:.3f} ({value['low']:.3f}–{value['high']:.3f})"


def page(found: dict[str, Any], judged: dict[str, Judged]) -> str:
    """The report as HTML."""
    if found["promoted"]:
        verdict = f'<p class="yes">The adapted screen was written to {drawing.text(found["pack"])}.</p>'
    else:
        items = "".join(f"<li>{drawing.text(reason)}</li>" for reason in found["reasons"])
        verdict = f'<div class="no"><p>Refused; no pack was written.</p><ul>{items}</ul></div>'
    parts = [f"<h1>Adapted screen</h1>{verdict}<h2>Data</h2>{_data(found)}"]
    for name, family in found["families"].items():
        parts.append(f"<h2>{drawing.text(name)}: scenes held out of learning</h2>")
        if family["reason"]:
            parts.append(f"<p>Left as it was: {drawing.text(family['reason'])}.</p>")
        if name in judged:
            parts += [_html_table(family["figures"]), reliability(judged[name]), precision_recall(judged[name])]
    if found["replay"]:
        parts.append("<h2>The recording it shipped with</h2><table><tr><th><th>before<th>after")
        for key, value in found["replay"]["before"].items():
            parts.append(f"<tr><th>{drawing.text(key)}<td>{_part(value)}<td>{_part(found['replay']['after'][key])}")
        parts.append("</table>")
    for side, said in found["learned"].items():
        parts.append(f"<h2>What now {side}</h2><ul>{''.join(f'<li>{drawing.text(one)}' for one in said)}</ul>")
    return drawing.page("adapted screen", parts)


def _data(found: dict[str, Any]) -> str:
    return f"{drawing.table((), list(found['data'].items()))}<p>{drawing.text(_HOW)}</p>"


_HOW: Final = (
    "Every figure is out of fold: a scene is judged by first-look weights, a calibration and thresholds that never saw "
    "its group. Scenes whose very same frames stand in several folds are not judged. Log loss and calibration error "
    "give both classes the same weight. Intervals are 95%: Wilson's for shares, a bootstrap over scenes for the rest."
)


def _html_table(figures: dict[str, Any]) -> str:
    head, *rows = table(figures)
    return drawing.table(head, rows)


def reliability(judged: Judged) -> str:
    """What was said against what was so."""
    axes = Axes()
    parts = [axes.line([(0, 0), (1, 1)], GREY, dash=True)]
    for name, side in _sides(judged):
        full = [(said, true, weight) for weight, said, true in bins(judged.attack, side.probability).tolist() if weight]
        parts.append(axes.line([(said, true) for said, true, _ in full], _COLOURS[name]))
        parts += [axes.dot(said, true, 2 + 10 * weight**0.5, _COLOURS[name]) for said, true, weight in full]
    return axes.figure("Reliability", "probability said", "share of attacks", "".join(parts), _COLOURS)


def precision_recall(judged: Judged) -> str:
    """Precision at each share of attack scenes found."""
    axes, parts = Axes(), []
    for name, side in _sides(judged):
        parts.append(axes.line(curve(judged.attack, side.probability), _COLOURS[name]))
    return axes.figure("Precision and recall", "attack scenes found", "precision", "".join(parts), _COLOURS)


def curve(attack: Flags, probability: Floats) -> list[tuple[float, float]]:
    """Points (recall, precision) from the strictest threshold on."""
    order = np.argsort(-probability, kind="stable")
    hits, score = np.cumsum(attack[order]), probability[order]
    last = np.flatnonzero(np.r_[score[1:] != score[:-1], True])
    recall, precision = hits[last] / max(hits[-1], 1), hits[last] / (last + 1)
    return list(zip(recall.tolist(), precision.tolist(), strict=True))


def _sides(judged: Judged) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return (("before", judged.before), ("after", judged.after))
