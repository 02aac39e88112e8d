"""Only what is better takes the place of what is there, and nobody is measured on texts they were made from."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.lab.tiny_backbone import made_texts, tiny_backbone
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.packs import ARRAYS, load
from watchfloor.lab import evaluate, finetune, promote, scores
from watchfloor.lab.answers import Answers
from watchfloor.lab.paired import compared
from watchfloor.store.signatures import make_key, signed_by


def rows_to(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


class Bench:
    """A weak and a strong expert for one question, and texts neither was made from."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self.folder, self.backbone = folder, tiny_backbone(folder / "backbone")
        self.weak = self.make("weak", made_texts(300, 1, noise=0.08))
        self.strong = self.make("strong", made_texts(700, 2))
        self.fresh = rows_to(folder / "fresh.csv", made_texts(300, 3))

    def make(self, name: str, rows: list[dict[str, str]]) -> Path:
        data, out = rows_to(self.folder / f"{name}.csv", rows), self.folder / name
        words = [
            "--task",
            "toy",
            "--data",
            str(data),
            "--out",
            str(out),
            "--backbone",
            str(self.backbone),
            "--alarm",
            "none",
        ]
        assert finetune.main([*words, "--full-minutes", "0", "--baselines", "none"]) == 0
        return out

    def promote(
        self, new: Path, old: Path, into: Path, data: Path | None = None, *more: str
    ) -> tuple[int, dict[str, Any]]:
        found = into.parent / "found.json"
        found.unlink(missing_ok=True)
        words = [str(new), "--over", str(old), "--data", str(data or self.fresh), "--into", str(into)]
        code = promote.main([*words, "--backbone", str(self.backbone), "--json", str(found), *more])
        return code, json.loads(found.read_text()) if found.exists() else {}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "DRAWS", 30)


def test_the_better_one_takes_the_place(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = tmp_path / "experts"
    make_key(tmp_path / "maker.key", tmp_path / "trusted" / "maker.pub")
    code, found = bench.promote(bench.strong, bench.weak, into, None, "--sign-with", str(tmp_path / "maker.key"))
    assert code == 0 and found["promoted"]
    assert found["comparison"]["p"] < 0.05 and found["comparison"]["difference"] > 0
    expert = load(into / "toy", base=Backbone(bench.backbone).version, trusted=tmp_path / "trusted")
    assert expert.version == load(bench.strong, base=expert.card.base).version
    assert signed_by(into / "toy", tmp_path / "trusted") is not None
    assert "Promoted" in capsys.readouterr().out


def test_the_worse_one_and_the_same_do_not(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = bench.promote(bench.weak, bench.strong, tmp_path / "experts")
    assert code == 4 and not found["promoted"]
    assert "not better beyond chance" in found["reasons"][0]
    assert not (tmp_path / "experts").exists()
    assert "Refused, nothing was written" in capsys.readouterr().out
    assert bench.promote(bench.strong, bench.strong, tmp_path / "experts")[0] == 2


def test_what_is_promoted_replaces_what_was_there_as_a_whole(bench: Bench, tmp_path: Path) -> None:
    into = tmp_path / "experts"
    (into / "toy").mkdir(parents=True)
    (into / "toy" / "left over").touch()
    assert bench.promote(bench.strong, bench.weak, into)[0] == 0
    assert sorted(path.name for path in (into / "toy").iterdir()) == sorted([ARRAYS, "pack.json", "texts.npy"])
    assert sorted(path.name for path in into.iterdir()) == ["toy"]


def test_texts_either_was_made_from_are_left_out_and_counted(bench: Bench, tmp_path: Path) -> None:
    mixed = rows_to(tmp_path / "mixed.csv", made_texts(300, 3) + made_texts(700, 2) + made_texts(300, 1, noise=0.08))
    _, found = bench.promote(bench.strong, bench.weak, tmp_path / "experts", mixed)
    data = found["data"]
    assert data["texts strong was made from, left out"] == 560
    assert data["texts weak was made from, left out"] > 150
    assert data["texts to measure on"] == 1_300 - 560 - data["texts weak was made from, left out"]


def test_training_texts_alone_are_refused(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = bench.promote(
        bench.strong, bench.weak, tmp_path / "experts", rows_to(tmp_path / "d.csv", made_texts(60, 2))
    )
    assert code == 4 and not found
    said = capsys.readouterr().err
    assert "are left to measure on, and 40 are needed" in said and "texts strong was made from, left out" in said


def answered(right: np.ndarray, truth: np.ndarray, abstained: np.ndarray | None = None) -> Answers:  # type: ignore[type-arg]
    chosen = np.where(right, truth, 1 - truth)
    never = np.zeros(len(truth), dtype=np.bool_) if abstained is None else abstained
    return Answers(("a", "b"), ((0, 1),), truth[:, None], np.eye(2)[chosen] * 0.8 + 0.1, never)


def test_a_label_that_is_lost_is_not_paid_for_by_another() -> None:
    truth = np.arange(400) % 4 // 3  # 300 of a, 100 of b
    old = answered(np.where(truth == 0, np.arange(400) % 3 > 0, True), truth)
    new = answered(np.where(truth == 0, True, np.arange(400) % 5 > 0), truth)
    result = compared(new.right, old.right, 0)
    assert result["p"] < 0.001
    (reason,) = promote.objections(new, old, result, 0.05)
    assert "recall of 'b' falls by more than 5%: from 100 to 80 of 100 texts" in reason
    assert not promote.objections(new, old, result, 0.25)


def test_one_that_hardly_answers_is_no_better() -> None:
    truth = np.arange(400) % 2
    old, shy = answered(np.arange(400) % 4 > 0, truth), answered(np.ones(400, bool), truth, np.arange(400) % 2 > 0)
    reasons = promote.objections(shy, old, compared(shy.right, old.right, 0), 0.05)
    assert reasons == ["it stands by fewer right answers, for it abstains more: 200, and the old one 300"]


@pytest.mark.parametrize("gain", [0.0, 0.12])
def test_equals_are_seldom_promoted_and_a_real_gain_mostly(gain: float) -> None:
    promoted = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = np.arange(300) % 2
        old, new = answered(rng.random(300) < 0.75, truth), answered(rng.random(300) < 0.75 + gain, truth)
        promoted += not promote.objections(new, old, compared(new.right, old.right, seed), 0.05)
    assert promoted <= 4 if not gain else promoted >= 30


def test_evaluation_measures_what_it_was_not_made_from(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(bench.strong), "--backbone", str(bench.backbone)]
    report, found = tmp_path / "r.html", tmp_path / "found.json"
    assert evaluate.main([*words, "--data", str(bench.fresh), "--report", str(report), "--json", str(found)]) == 0
    told = json.loads(found.read_text())
    assert told["scores"]["expert"]["accuracy"]["value"] > 0.8
    assert told["data"]["texts to measure on"] == 300
    assert report.read_text().count("<svg") >= 4
    capsys.readouterr()
    assert evaluate.main([*words, "--data", str(bench.folder / "strong.csv"), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["texts strong was made from, left out"] == 560


def test_an_expert_of_another_question_says_so(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = rows_to(tmp_path / "d.csv", [row | {"label": row["label"] + "!"} for row in made_texts(90, 4)])
    assert evaluate.main([str(bench.strong), "--data", str(strange), "--backbone", str(bench.backbone)]) == 4
    assert "most texts" in (said := capsys.readouterr().err) and "benign!" in said
    assert evaluate.main(["nobody", "--data", str(strange), "--backbone", str(bench.backbone)]) == 2
