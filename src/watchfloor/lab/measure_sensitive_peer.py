"""The expert ``sensitive`` beside a general language model asked for the same spans: how much faster, and how well.

    python -m watchfloor.lab.measure_sensitive_peer ../shared/data MODEL.gguf [--texts 60] [--json FILE]

Presidio's texts, drawn over families, one thread each, processor time, the two in turns text by text. Types are left
out of account on both sides, for a model that finds a name and calls it something else has found it. **The pack that
ships has learned from these texts**: its F1 here says nothing of others (``docs/results/sensitive.md`` does).
"""

import argparse
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.causal_base import Base, library, load
from watchfloor.lab.sensitive_data import Tagged, presidio
from watchfloor.lab.sensitive_scores import interval, measured

#: What a span is called where its type is left out of account.
_ANY: Final = "DATA"
#: Tokens of an answer at most.
_MOST_TOKENS: Final = 96
_ASKED: Final = (
    "List all personal data in the text: names, places, organisations, addresses, numbers, dates, mail addresses. "
    "One a line, copied exactly, nothing else. Write NONE if there is none.\n\nText: {}"
)
#: One example of how it is done, as such models are usually asked.
_SHOWN: Final = ("Call Ada Byron in Leeds at 0113 496 0721.", "Ada Byron\nLeeds\n0113 496 0721")
_BULLET: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)])?\s*(?:[A-Z][A-Za-z ]{2,24}:\s+)?")


def asked(base: Base, text: str) -> str:
    """What the model writes when it is asked for the personal data in a text; the likeliest words."""
    torch = library("torch")
    ids = base.prompt([
        {"role": "user", "content": _ASKED.format(_SHOWN[0])}, {"role": "assistant", "content": _SHOWN[1]},
        {"role": "user", "content": _ASKED.format(text)},
    ])  # fmt: skip
    given = torch.tensor([ids], device=base.device)
    with torch.no_grad():
        found = base.model.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=_MOST_TOKENS,
                                    do_sample=False, pad_token_id=base.end)  # fmt: skip
    said: str = base.tokenizer.decode(found[0][len(ids) :], skip_special_tokens=True)
    return said


def spans_of(said: str, text: str) -> list[Span]:
    """The spans of ``text`` that an answer names, each where it stands first and has not been named before."""
    found: list[Span] = []
    for line in said.splitlines():
        value = _BULLET.sub("", line).strip(" \"'`.,;")
        start = text.find(value) if len(value) > 1 else -1
        while start >= 0 and any(start < each.end and each.start < start + len(value) for each in found):
            start = text.find(value, start + 1)
        if start >= 0:
            found.append(Span(start, start + len(value), _ANY, 1.0))
    return found


def drawn(examples: Sequence[Tagged], count: int, seed: int = 0) -> list[Tagged]:
    """At most ``count`` texts, one a family before any gives two."""
    order = np.random.default_rng(seed).permutation(len(examples)).tolist()
    turn: dict[str, int] = {}
    ranked = []
    for place in order:
        group = examples[place].group
        turn[group] = turn.get(group, -1) + 1
        ranked.append((turn[group], place))
    return [examples[place] for _, place in sorted(ranked)[:count]]


def measure(expert: Sensitive, base: Base, examples: Sequence[Tagged]) -> dict[str, Any]:
    """F1 without types of both, and how many times as long the model takes, with its interval over texts."""
    library("torch").set_num_threads(1)
    plain = [Tagged(each.text, tuple(span._replace(type=_ANY) for span in each.spans), each.group, each.source)
             for each in examples]  # fmt: skip
    expert.spans([each.text for each in plain])
    theirs, ours, times = [], [], []
    for each in plain:
        began = time.process_time()
        theirs.append(spans_of(asked(base, each.text), each.text))
        between = time.process_time()
        said = expert.spans([each.text])[0]
        times.append((between - began, time.process_time() - between))
        ours.append([span._replace(type=_ANY) for span in said])
    ratio = _ratio(times)
    low, high = interval(times, _ratio)
    return {
        "texts": len(plain), "families": len({each.group for each in plain}),
        "model": {"file": base.path.name, "sha256": base.sha256, "parameters": base.model.num_parameters()},
        "times as long": {"ratio": ratio, "low": low, "high": high},
        "seconds a text": dict(zip(("model", "expert"), np.mean(times, axis=0).tolist(), strict=True)),
        "model's spans": measured(plain, theirs), "expert's spans, texts it has learned from": measured(plain, ours),
    }  # fmt: skip


def _ratio(times: Sequence[tuple[float, float]]) -> float:
    return sum(a for a, _ in times) / max(sum(b for _, b in times), 1e-9)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path, help="a GGUF file or Hugging Face folder of an instruction-tuned model")
    parser.add_argument("--texts", type=int, default=60)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = measure(Sensitive(BUNDLED), load(given.model), drawn(presidio(given.data), given.texts))
    text = json.dumps(found, indent=1, ensure_ascii=False)
    if given.json:
        given.json.write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
