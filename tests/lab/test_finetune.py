"""A customer's file becomes an expert that can be asked, or a refusal that explains itself."""

import csv
import json
import xml.dom.minidom
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.lab.tiny_backbone import TELLING, made_texts, tiny_backbone
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import load
from watchfloor.lab import finetune, scores
from watchfloor.lab.near_duplicates import normalised
from watchfloor.lab.sketch import hashes, sketch_of, stood_in
from watchfloor.store.signatures import make_key, signed_by

Rows = Sequence[dict[str, Any]]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Nets this small are slowed down by threads, the more so on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Bench:
    """One customer's folder; ``run`` is the command line."""

    def __init__(self, folder: Path, backbone: Path) -> None:
        self.folder, self.backbone = folder, backbone
        self.data, self.out, self.report = folder / "data.csv", folder / "toy.expert", folder / "report.html"

    def run(self, rows: Rows, *more: str) -> int:
        with self.data.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        words = ["--task", "toy", "--data", str(self.data), "--out", str(self.out), "--backbone", str(self.backbone)]
        words += ["--report", str(self.report), "--json", str(self.folder / "found.json"), "--full-minutes", "0"]
        return finetune.main([*words, "--baselines", "words", *more])

    @property
    def found(self) -> dict[str, Any]:
        return json.loads((self.folder / "found.json").read_text())  # type: ignore[no-any-return]

    @property
    def reasons(self) -> str:
        return " ".join(f"{each['what']} {each['then']}" for each in self.found["reasons"])


@pytest.fixture
def bench(tmp_path: Path, backbone: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(scores, "DRAWS", 50)
    return Bench(tmp_path, backbone)


@pytest.mark.parametrize(("seed", "more"), [(0, []), (1, []), (2, ["--deep", "--visits", "2000"])])
def test_a_file_of_labelled_texts_becomes_an_expert_that_answers(
    bench: Bench, seed: int, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row | {"source": f"source {n % 3}"} for n, row in enumerate(made_texts(600, seed))]
    assert bench.run(rows, "--seed", str(seed), "--alarm", "none", *more) == 0
    floor = ExpertFloor(Backbone(bench.backbone))
    floor.plug(load(bench.out, base=floor.backbone.version))
    fresh = made_texts(60, 1_000 + seed)
    judged = floor.ask("toy", [row["text"] for row in fresh])
    right = np.mean([each.labels[0].name == row["label"] for each, row in zip(judged, fresh, strict=True)])
    assert right > 0.8
    found = bench.found
    assert found["scores"]["expert"]["accuracy"]["low"] > found["scores"]["majority"]["accuracy"]["high"]
    assert abs(found["scores"]["expert"]["accuracy"]["value"] - right) < 0.15, "what it says of itself holds"
    assert found["against"]["majority"]["p"] < 0.001
    assert found["scores"]["TF-IDF + linear"]["accuracy"]["value"] > 0.8
    out, err = capsys.readouterr()
    assert f"Written: {bench.out}" in out and "TF-IDF + linear" in out
    assert "600 kept, 0 rejected; text from column 'text', label from column 'label'" in err


def test_the_card_says_what_it_is_made_of_and_worth(bench: Bench) -> None:
    rows = made_texts(600, 2)
    assert bench.run(rows, "--about", "tells toys apart") == 0
    card = load(bench.out, base=Backbone(bench.backbone).version).card
    assert card.task == "tells toys apart"
    assert card.measured["test"]["accuracy"]["value"] == pytest.approx(
        bench.found["scores"]["expert"]["accuracy"]["value"], abs=1e-4
    )
    assert set(card.measured["baselines"]) == {"majority", "TF-IDF + linear"}
    assert card.data["texts in train"] + card.data["texts in dev"] + card.data["texts in test"] == 600
    known = sketch_of(bench.out)
    assert known is not None
    stood, untold = stood_in([row["text"].upper() for row in rows], known)
    assert (int(stood.sum()), untold) == (card.data["texts in train"] + card.data["texts in dev"], 0)
    assert not stood_in([row["text"] for row in made_texts(600, 3)], known)[0].any()


def test_the_same_file_and_seed_make_the_same_expert(bench: Bench) -> None:
    rows = made_texts(400, 4)
    assert bench.run(rows, "--alarm", "none") == 0
    first = bench.found["scores"]["expert"]
    bench.out = bench.folder / "again"
    assert bench.run(rows, "--alarm", "none") == 0
    assert bench.found["scores"]["expert"]["log loss"] == pytest.approx(first["log loss"], rel=1e-3)


def test_learning_again_ships_what_knows_all_texts_and_says_whose_figures_they_are(bench: Bench) -> None:
    rows = [row | {"source": ("web", "mail")[n % 2]} for n, row in enumerate(made_texts(600, 8))]
    assert bench.run(rows, "--refit", "--alarm", "none") == 0
    known = sketch_of(bench.out)
    assert known is not None
    assert stood_in([row["text"] for row in rows], known)[0].all()
    card = load(bench.out, base=Backbone(bench.backbone).version).card
    assert "twin" in card.data["figures"]
    assert card.measured["test"]["accuracy"]["n"] == card.data["texts in test"]
    assert {each["source"] for each in bench.found["sources"]} == {"web", "mail"}
    assert sum(each["texts"] for each in bench.found["sources"]) == card.data["texts in test"]


def test_a_pack_is_signed(bench: Bench) -> None:
    make_key(bench.folder / "maker.key", bench.folder / "trusted" / "maker.pub")
    assert bench.run(made_texts(400, 5), "--sign-with", str(bench.folder / "maker.key"), "--alarm", "none") == 0
    signed = signed_by(bench.out, bench.folder / "trusted")
    assert signed is not None and signed.by == "maker"
    load(bench.out, base=Backbone(bench.backbone).version, trusted=bench.folder / "trusted")


def test_facets_are_learned(bench: Bench) -> None:
    first, second = made_texts(500, 6), made_texts(500, 7, ("unsure", "benign"))
    names = {"malicious": "A:M", "benign": "A:B"}, {"unsure": "B:U", "benign": "B:B"}
    rows = [
        {"description": f"{a['text']} {b['text'].replace('backup', 'copy').replace('printer', 'paper')}",
         "vector": f"{names[0][a['label']]}/{names[1][b['label']]}"}
        for a, b in zip(first, np.random.default_rng(0).permutation(np.asarray(second, dtype=object)), strict=True)
    ]  # fmt: skip
    assert bench.run(rows, "--label", "vector") == 0
    found = bench.found["scores"]
    assert found["expert"]["accuracy"]["value"] > 0.6 > 0.55 > found["majority"]["accuracy"]["low"]
    assert "all facets right" in found["expert"]


def test_three_labels_of_which_one_means_that_none_fits(bench: Bench) -> None:
    assert bench.run(made_texts(600, 8, tuple(TELLING)), "--none-label", "unsure") == 0
    found = bench.found["scores"]["expert"]
    assert found["accuracy"]["value"] > 0.6
    floor = ExpertFloor(Backbone(bench.backbone))
    floor.plug(load(bench.out, base=floor.backbone.version))
    shown = {
        label.name for each in floor.ask("toy", [row["text"] for row in made_texts(30, 9)]) for label in each.labels
    }
    assert shown == {"malicious", "benign"}


def test_the_report_is_one_page_that_shows_and_hides_nothing(bench: Bench) -> None:
    rows = made_texts(500, 10, noise=0.1)
    nasty = "<script>alert(1)</script> \u202e<img src=x>"
    rows = [
        row | {"text": f"{row['text']} {nasty}", "source": "<b>one</b>" if row["label"] == "benign" else "other"}
        for row in rows
    ]
    assert bench.run(rows, "--alarm", "none") == 0
    page = bench.report.read_text("utf-8")
    assert "<script" not in page and "<img" not in page and "<b>one" not in page and "\u202e" not in page
    assert "default-src 'none'" in page and "http" not in page.split("<h1>")[1].replace("http-equiv", "")
    for said in ("Reliability", "Coverage", "Loss", "macro F1", "truth down", "surest of", "words that speak"):
        assert said in page
    assert "may have learned to tell the source" in page
    assert any(word in page.split("Where each label&#x27;s words")[-1] for word in ("mimikatz", "exfiltrate", "backup"))
    for drawn in page.split("<svg")[1:]:
        xml.dom.minidom.parseString("<svg" + drawn.split("</svg>")[0] + "</svg>")


def test_shuffled_labels_make_no_expert(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    rows = made_texts(400, 11)
    labels = np.random.default_rng(1).permutation([row["label"] for row in rows]).tolist()
    assert bench.run([row | {"label": label} for row, label in zip(rows, labels, strict=True)], "--alarm", "none") == 4
    assert not bench.out.exists()
    assert "does not beat always answering the commonest label" in bench.reasons
    assert "Refused, no pack was written" in capsys.readouterr().out
    assert "Refused" in bench.report.read_text() and "<svg" in bench.report.read_text()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (made_texts(50, 1), "too little data"),
        ([row | {"label": "x"} for row in made_texts(300, 1)], "one-sided"),
        ([row | {"label": f"id {n}"} for n, row in enumerate(made_texts(300, 1))], "looks like an id"),
        (
            [*made_texts(300, 1), *({"text": r["text"], "label": "unsure"} for r in made_texts(300, 1)[:30])],
            "contradict",
        ),
        (
            [r | {"split": ("train", "test")[n % 2]} for n, r in enumerate(made_texts(300, 1) * 2 + made_texts(1, 5))],
            "",
        ),
        (
            [r | {"split": "train" if n % 9 else "test"} for n, r in enumerate(made_texts(300, 1))],
            "test part is too small",
        ),
    ],
)
def test_texts_that_cannot_be_learned_from_are_refused_at_once(
    bench: Bench, rows: Rows, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not said:  # every text stands in both parts
        rows = [r | {"split": part} for r in made_texts(300, 1) for part in ("train", "test")]
        said = "leaks: 300 of 300"
    assert bench.run(rows) == 4
    assert said in bench.reasons
    assert not bench.out.exists()
    assert said.split(":")[0] in bench.report.read_text()
    assert "scores" not in bench.found
    out = capsys.readouterr().out
    assert said in out and all(each["then"] in out for each in bench.found["reasons"])


def test_a_file_without_labels_or_with_broken_lines(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run([{"foo": "x", "bar": "y"}]) == 2
    assert "--text COLUMN --label COLUMN" in capsys.readouterr().err
    rows = [*made_texts(400, 12), {"text": "", "label": "benign"}]
    assert bench.run(rows, "--alarm", "none") == 0
    assert bench.found["data"]["rejected records"] == 1
    assert bench.found["rejected"][0]["where"] == "line 402"
    assert "line 402" in bench.report.read_text()


def test_a_place_that_is_taken_and_a_label_that_is_not_there(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(made_texts(400, 13), "--alarm", "evil") == 2
    assert "There are: benign, malicious" in capsys.readouterr().err
    bench.out.mkdir()
    (bench.out / "precious").touch()
    assert bench.run(made_texts(400, 13)) == 2
    assert "is there already" in capsys.readouterr().err
    assert (bench.out / "precious").exists()


def test_a_label_that_raises_alarms_is_bounded_where_that_can_be_measured(bench: Bench) -> None:
    assert bench.run(made_texts(1_100, 14)) == 0
    found = bench.found
    assert found["alarm"] == "malicious"
    assert found["scores"]["expert"]["accepted"]["high"] > 0.95
    assert found["scores"]["expert"]["detected"]["value"] > 0.5
    assert load(bench.out, base=Backbone(bench.backbone).version).card.windows.alarm_label == "malicious"


def test_full_fine_tune_is_compared_with(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def stands_in(*given: Any, minutes: float, **_: Any) -> Any:
        asked.append(minutes)
        return np.tile([0.5, 0.5], (len(given[3]), 1))

    monkeypatch.setattr(finetune, "full_finetune", stands_in)
    assert bench.run(made_texts(400, 15), "--full-minutes", "0.5", "--alarm", "none") == 0
    assert asked == [0.5]
    assert "full fine-tune" in bench.found["scores"]
    assert "full fine-tune" in bench.report.read_text()


def test_hashes_are_of_texts_as_they_are_compared() -> None:
    assert hashes(["Net  USER"]) == hashes([normalised("net user ")])


def test_an_expert_speaks_as_the_source_it_was_asked_to(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """One of two sources calls half of what the other calls malicious benign."""
    rows = []
    for number, row in enumerate(made_texts(800, 11)):
        lenient = number % 4 < 2
        quiet = lenient and "mimikatz" in row["text"]
        rows.append(row | {"label": "benign" if quiet else row["label"], "source": "lenient" if lenient else "strict"})
    fresh = [row for row in made_texts(120, 1_011) if "mimikatz" in row["text"]]
    said = {}
    for voice in ("lenient", "strict"):
        bench.out = bench.folder / voice
        assert bench.run(rows, "--alarm", "none", "--voice", voice, "--seed", "1") == 0
        floor = ExpertFloor(Backbone(bench.backbone))
        floor.plug(load(bench.out, base=floor.backbone.version))
        judged = floor.ask("toy", [row["text"] for row in fresh])
        said[voice] = np.mean([label.score for each in judged for label in each.labels if label.name == "malicious"])
    assert said["strict"] > said["lenient"]
    bench.out = bench.folder / "nobody"
    assert bench.run(rows, "--voice", "nobody") == 2
    assert "no text to learn from and to choose by is from 'nobody'" in capsys.readouterr().err
