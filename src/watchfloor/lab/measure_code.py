"""What the expert ``code`` is worth on held-out code.

    python -m watchfloor.lab.measure_code ../shared/data

BenchmarkPython by part of the split (masked), per category, beside TF-IDF with a linear model; Bandit's findings on it
triaged; Java, C and Python of Semgrep's rule tests by annotated line; a sample of SySeVR's C slices.
"""

import random
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import zstandard

from watchfloor.experts.code import make_code, python, sarif, statements
from watchfloor.experts.code.expert import CodeExpert
from watchfloor.experts.code.kinds import KINDS
from watchfloor.lab.code_data import Case, benchmark
from watchfloor.lab.examples import json_lines, part

_SEED: Final = 7
_DRAWS: Final = 1000
#: One SySeVR slice in so many is looked at.
_SLICES: Final = 40

Pair = tuple[bool, bool]


def scores(pairs: Iterable[Pair]) -> dict[str, float]:
    """F1, recall, false-alarm rate, Youden's J and accuracy of (true, said) pairs."""
    count = Counter(pairs)
    hit, alarm, miss, quiet = (count[key] for key in ((True, True), (False, True), (True, False), (False, False)))
    recall, false = hit / max(1, hit + miss), alarm / max(1, alarm + quiet)
    f1 = 2 * hit / max(1, 2 * hit + alarm + miss)
    return {"n": sum(count.values()), "f1": f1, "recall": recall, "false": false, "youden": recall - false,
            "accuracy": (hit + quiet) / max(1, sum(count.values()))}  # fmt: skip


def interval(pairs: list[Pair], name: str = "f1") -> tuple[float, float]:
    """The 95% bootstrap interval of a score."""
    drawn = random.Random(_SEED)
    found = sorted(scores(drawn.choices(pairs, k=len(pairs)))[name] for _ in range(_DRAWS))
    return found[int(0.025 * _DRAWS)], found[int(0.975 * _DRAWS)]


def on_benchmark(expert: CodeExpert, cases: list[Case]) -> None:
    """Print figures by part and category, whether CWEs are right, and the mistakes."""
    for wanted in ("train", "dev", "test"):
        pairs: list[Pair] = []
        by: dict[str, list[Pair]] = defaultdict(list)
        right = named = 0
        for case in (each for each in cases if each.part == wanted):
            judged = expert.ask([case.text])[0]
            said = judged.labels[0].name == "vulnerable"
            pairs.append((case.vulnerable, said))
            by[case.category].append(pairs[-1])
            if said and case.vulnerable:
                names = judged.facts["cwe"]
                named += 1
                right += case.cwe == (names if isinstance(names, str) else names[0])
            if said != case.vulnerable and wanted != "test":
                print("   mistake", case.name, case.category, case.vulnerable, judged.facts)
        print(wanted, {key: round(each, 3) for key, each in scores(pairs).items()}, "F1 95%", interval(pairs),
              f"first CWE right {right}/{named}")  # fmt: skip
        for category, each in sorted(by.items()):
            print("  ", category, {key: round(value, 2) for key, value in scores(each).items()})


def linear(cases: list[Case]) -> None:
    """TF-IDF and a linear model on the same masked texts and split."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    train, test = ([each for each in cases if each.part == wanted] for wanted in ("train", "test"))
    vectors = TfidfVectorizer(ngram_range=(1, 3), token_pattern=r"\w+|[^\w\s]", min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=10.0, max_iter=500, class_weight="balanced", random_state=_SEED)
    model.fit(vectors.fit_transform([each.text for each in train]), [each.vulnerable for each in train])
    said = model.predict(vectors.transform([each.text for each in test]))
    pairs = [(each.vulnerable, bool(one)) for each, one in zip(test, said, strict=True)]
    print("TF-IDF + linear", scores(pairs), interval(pairs))
    print("always vulnerable", scores([(each.vulnerable, True) for each in test]))


def on_bandit(expert: CodeExpert, data: Path, cases: list[Case]) -> None:
    """Bandit's findings, kept or put aside; one is true where its file is vulnerable by the weakness its rule means."""
    with zstandard.open(data / "text" / "owasp_benchmark" / "bandit_on_python.sarif.json.zst", "rb") as file:
        log = sarif.read(file.read(), "bandit")
    held = {each.name: each for each in cases}
    readings = {name: expert.read(each.text) for name, each in held.items()}
    sarif.triage(log, lambda uri: readings.get(Path(uri).stem))
    tally: Counter[tuple[str, bool, str]] = Counter()
    for result in log["runs"][0]["results"]:
        name = Path(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).stem
        if name in held:
            kinds = sarif.BANDIT.get(result["ruleId"], frozenset())
            case = held[name]
            true = case.vulnerable and case.cwe in {f"CWE-{KINDS[kind].cwe}" for kind in kinds}
            tally[case.part, true, result["properties"]["watchfloor"]["triage"]] += 1
    print("Bandit triage (part, true, verdict):", sorted(tally.items()))


def on_semgrep(data: Path) -> None:
    """Annotated lines of Semgrep's rule tests in the category security: a finding within three lines after the mark."""
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for row in json_lines(data / "text" / "semgrep_rules" / "test_files.jsonl.zst"):
        language = {"py": "python", "java": "java", "c": "c"}.get(row["path"].rpartition(".")[2])
        if language is None or "security" not in row["path"]:
            continue
        if language == "python":
            found = [each for each in python.analyse(row["code"]).findings if each.strength != "unknown"]
        else:
            found = statements.java(row["code"]) if language == "java" else statements.c(row["code"])
        lines = {each.line for each in found}
        for line, mark, _ in row["ann"]:
            if mark in ("ruleid", "ok"):
                pairs[language].append((mark == "ruleid", bool(lines & set(range(line + 1, line + 4)))))
    for language, each in pairs.items():
        print("Semgrep tests", language, scores(each), interval(each), "always", scores([(y, True) for y, _ in each]))


def on_sysevr(data: Path) -> None:
    """A sample of SySeVR's slices of the test part, by the program they are from."""
    pairs: list[Pair] = []
    for name in ("API_function_call", "Arithmetic_expression", "Array_usage"):
        for row in json_lines(data / "text" / "sysevr" / f"{name}.jsonl.zst"):
            program = re.sub(r"_?\d+[a-z]?\.(?:c|cpp)\b.*$", "", row["id"].rpartition("/")[2])
            if part(program) == "test" and zlib.crc32(row["id"].encode()) % _SLICES == 0:
                pairs.append((bool(int(row["label"])), bool(statements.c(row["code"]))))
    print("SySeVR", scores(pairs), interval(pairs), "always", scores([(y, True) for y, _ in pairs]))


def main(data: Path) -> None:
    """Print all figures."""
    expert = make_code()
    cases = list(benchmark(data))
    on_benchmark(expert, cases)
    on_bandit(expert, data, cases)
    on_semgrep(data)
    on_sysevr(data)
    linear(cases)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
