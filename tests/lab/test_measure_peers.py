"""Peers stand beside an expert on texts nobody learned from; a pack that did learn from them is no peer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.lab.tiny_backbone import made_texts, tiny_backbone
from watchfloor.lab import finetune, measure_peers, peers, peers_figures, scores


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, and few draws."""
    monkeypatch.setattr(scores, "DRAWS", 20)
    monkeypatch.setattr(peers_figures, "DRAWS", 50)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Bench:
    """An expert's data, its pack and what is measured of it."""

    def __init__(self, folder: Path, backbone: Path) -> None:
        self.data, self.pack, self.out = folder / "data.jsonl", folder / "toy.expert", folder / "peers.json"
        self.folder, self.backbone = folder, backbone

    def made(self, rows: list[dict[str, Any]], *more: str) -> None:
        self.data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        words = ["--task", "toy", "--data", str(self.data), "--out", str(self.pack), "--backbone", str(self.backbone)]
        assert finetune.main([*words, "--full-minutes", "0", "--baselines", "none", "--visits", "600", *more]) == 0

    def measure(self, systems: str, *more: str) -> int:
        words = ["toy", str(self.data), "--pack", str(self.pack), "--backbone", str(self.backbone), "--json"]
        words += [str(self.out), "--work", str(self.folder / "work"), "--minutes", "0.03", *more, "--systems", systems]
        return measure_peers.main(words)

    @property
    def found(self) -> dict[str, Any]:
        return json.loads(self.out.read_text())["toy"]  # type: ignore[no-any-return]


@pytest.fixture
def bench(tmp_path: Path, backbone: Path) -> Bench:
    return Bench(tmp_path, backbone)


def test_all_are_asked_the_same_texts_and_what_is_measured_is_not_measured_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.made(made_texts(500, 3), "--alarm", "none")
    for system in ("majority", "majority,words", "pack", "full"):  # of several what is missing, in a process each
        assert bench.measure(system) == 0
    systems = bench.found["systems"]
    assert {each["test"]["texts"] for each in systems.values()} == {bench.found["texts"]["test"]}
    right = {name: each["test"]["right"]["value"] for name, each in systems.items()}
    assert right["majority"] < 0.7 < right["TF-IDF + linear"]
    gain = systems["majority"]["test"]["gain of the pack"]["right"]
    assert gain["difference"] == pytest.approx(right["shipped pack"] - right["majority"], abs=1e-3)
    assert "gain of the pack" not in systems["shipped pack"]["test"]
    assert systems["full fine-tune of the backbone"]["texts shown"] >= 32

    with monkeypatch.context() as patch:
        patch.setattr(measure_peers, "answered", lambda *_: pytest.fail("measured again"))
        assert bench.measure("pack") == 0
    bench.out.unlink()  # the figures are gone, what was learned is kept
    monkeypatch.setitem(peers._ASKED, "full", lambda *_: pytest.fail("learned again"))
    assert bench.measure("full") == 0
    assert bench.found["systems"]["full fine-tune of the backbone"] == systems["full fine-tune of the backbone"]


def test_an_alarm_is_bounded_for_all_alike(bench: Bench) -> None:
    bench.made(made_texts(1_100, 14, noise=0.02))
    for system in ("pack", "words", "full"):
        assert bench.measure(system, "--false-alarms", "0.02") == 0
    systems = bench.found["systems"]
    for each in systems.values():
        assert each["test"]["accepted"]["high"] > 0.9
        assert 0 <= each["test"]["recall at 1% false alarms"]["value"] <= 1
    assert 0.7 < systems["TF-IDF + linear"]["test"]["ROC AUC"]["value"] <= 1
    gain = systems["TF-IDF + linear"]["test"]["gain of the pack"]["ROC AUC"]
    assert gain["low"] <= gain["value"] <= gain["high"]


def test_a_pack_that_learned_from_its_test_texts_is_no_peer(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.made(made_texts(500, 5), "--alarm", "none", "--refit")
    assert bench.measure("majority") == 4
    assert "learned from its test texts too" in capsys.readouterr().err
    # nor does it become one by keeping silent about it: its own sketch of what it saw tells
    manifest = json.loads((bench.pack / "pack.json").read_text())
    del manifest["data"]["figures"]
    (bench.pack / "pack.json").write_text(json.dumps(manifest))
    assert bench.measure("majority") == 4
    assert "of its test texts" in capsys.readouterr().err
    assert not bench.out.exists()


def test_data_that_the_pack_was_not_made_from_and_a_broken_file_of_figures(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.made(made_texts(500, 6), "--alarm", "none")
    bench.out.write_text('{"toy": [')
    assert bench.measure("majority") == 3
    assert "is no file of figures" in capsys.readouterr().err
    bench.out.unlink()
    bench.data.write_text(bench.data.read_text()[:-40])
    assert bench.measure("majority") == 4
    assert "is not what the pack 'toy' was made from" in capsys.readouterr().err
    bench.data.unlink()
    assert bench.measure("majority") != 0
    assert str(bench.data) in capsys.readouterr().err
    assert bench.measure("minlm") == 2
    assert "There are: pack, majority" in capsys.readouterr().err


def test_a_vector_that_is_off_by_more_costs_more(bench: Bench) -> None:
    facets = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "HLN", "I": "HLN", "A": "HLN"}
    draw, rows = np.random.default_rng(0), []
    for number in range(500):
        grave = number % 2 == 0
        label = "/".join(f"{name}:{values[0 if grave else -1] if draw.random() < 0.8 else values[number % len(values)]}"
                         for name, values in facets.items())  # fmt: skip
        told = made_texts(2, number)[0 if grave else 1]["text"]
        rows.append({"text": told, "label": label})
    bench.made(rows)
    for system in ("pack", "majority", "words"):
        assert bench.measure(system) == 0
    systems = bench.found["systems"]
    off = {name: each["test"]["off"]["value"] for name, each in systems.items()}
    assert off["TF-IDF + linear"] < off["majority"]
    gain = systems["majority"]["test"]["gain of the pack"]["off"]
    assert gain["difference"] == pytest.approx(off["majority"] - off["shipped pack"], abs=1e-3)
