"""Experts on one base: what they answer does not depend on who else is asked, and changing them drops nothing."""

import base64
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.experts.staged import TEXT, drawn, listening
from watchfloor.base.errors import UsageError
from watchfloor.base.judgements import Judgement
from watchfloor.experts.adapter import Below
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.card import Windows
from watchfloor.experts.floor import ExpertFloor

TEXTS = [TEXT, "select name from users", "nc -l 4444", "a b c " * 30, "漏洞 执行 任意 代码", "x"]


def scores(judgement: Judgement) -> np.ndarray:
    return np.asarray([score for _, score in sorted((each.name, each.score) for each in judgement.labels)])


def test_shared_computation_gives_what_computing_alone_gives(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    names = ["one", "two", "three"]
    for seed, name in enumerate(names):
        floor.plug(drawn(backbone, name, seed))
    together = floor.ask_all(names, TEXTS)
    for seed, name in enumerate(names):
        alone = ExpertFloor(Backbone(backbone.pack.folder, threads=1, remembered_bytes=0))
        alone.plug(drawn(alone.backbone, name, seed))
        for text, judged in zip(TEXTS, together[name], strict=True):
            np.testing.assert_allclose(scores(judged), scores(alone.ask(name, [text])[0]), atol=1e-4)
    assert any(abs(scores(a) - scores(b)).max() > 0.01 for a, b in zip(together["one"], together["two"], strict=True))


def test_texts_of_different_experts_go_together_and_come_back_in_order(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone, "one", 1))
    floor.plug(drawn(backbone, "two", 2, windows=Windows(size=16, overlap=2, most=3)))
    questions = [(("one", "two")[place % 2], text) for place, text in enumerate(TEXTS * 3)]
    mixed = floor.ask_each(questions)
    assert [each.expert for each in mixed] == [name for name, _ in questions]
    for (name, text), judged in zip(questions, mixed, strict=True):
        np.testing.assert_allclose(scores(judged), scores(floor.ask(name, [text])[0]), atol=1e-4)


def test_an_expert_that_changes_the_trunk_answers_beside_others_as_it_does_alone(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    staged = [
        drawn(backbone, "plain", 1),
        drawn(backbone, "deep", 1, deep=True),
        drawn(backbone, "deeper", 2, deep=True),
    ]
    for each in staged:
        floor.plug(each)
    questions = [(("plain", "deep", "deeper")[place % 3], text) for place, text in enumerate(TEXTS * 3)]
    mixed = floor.ask_each(questions)
    for each in staged:
        alone = ExpertFloor(Backbone(backbone.pack.folder, threads=1, remembered_bytes=0))
        alone.plug(each)
        for (name, text), judged in zip(questions, mixed, strict=True):
            if name == each.name:
                np.testing.assert_allclose(scores(judged), scores(alone.ask(name, [text])[0]), atol=1e-4)
    plain, deep = (floor.ask(name, TEXTS) for name in ("plain", "deep"))
    assert max(abs(scores(a) - scores(b)).max() for a, b in zip(plain, deep, strict=True)) > 0.01


def test_an_expert_that_changes_the_trunk_still_knows_what_is_none_of_its_own(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone, deep=True, limit=1e9))
    assert "unlike anything it knows" in floor.ask("one", [TEXT])[0].abstained


def test_changes_for_another_number_of_blocks_are_not_plugged_in(backbone: Backbone) -> None:
    expert = drawn(backbone, deep=True)
    assert expert.adapter.below is not None
    twice = replace(expert.adapter, below=Below.of(expert.adapter.below.blocks * 2))
    with pytest.raises(UsageError, match="blocks"):
        ExpertFloor(backbone).plug(replace(expert, adapter=twice))


def test_changes_of_another_rank_are_not_plugged_in(backbone: Backbone) -> None:
    expert = drawn(backbone)
    halved = {name: (down[:, :4], up[:4]) for name, (down, up) in expert.adapter.lora.items()}
    with pytest.raises(UsageError, match="rank 4"):
        ExpertFloor(backbone).plug(replace(expert, adapter=replace(expert.adapter, lora=halved)))


@pytest.mark.parametrize("deep", [False, True])
def test_a_repeated_text_is_not_computed_again(backbone: Backbone, monkeypatch: pytest.MonkeyPatch, deep: bool) -> None:
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone, deep=deep))
    first = floor.ask("one", [TEXT])

    class Untouched:
        def run(self, *_: object) -> None:
            raise AssertionError("the trunk ran again")

    monkeypatch.setattr(backbone, "_trunk", Untouched())
    again = floor.ask("one", [TEXT])
    np.testing.assert_array_equal(scores(first[0]), scores(again[0]))


def test_what_is_remembered_is_bounded(backbone_folder: object) -> None:
    backbone = Backbone(backbone_folder, threads=1, remembered_bytes=40_000)  # type: ignore[arg-type]
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone))
    floor.ask("one", [f"text number {number} of many" for number in range(500)])
    assert sum(each.x.nbytes for each in backbone._memory._held.values()) <= 40_000


def test_experts_are_replaced_under_load_and_no_answer_is_lost_or_mixed(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    versions = [drawn(backbone, "one", seed) for seed in range(3)]
    expected = {}
    for each in versions:
        floor.plug(each)
        expected[each.version] = [scores(judged) for judged in floor.ask("one", TEXTS)]
    answers: list[list[Judgement]] = []
    faults: list[Exception] = []
    until = time.monotonic() + 1.5

    def asks() -> None:
        while time.monotonic() < until:
            try:
                answers.append(floor.ask("one", TEXTS))
            except Exception as error:
                faults.append(error)

    threads = [threading.Thread(target=asks) for _ in range(3)]
    for thread in threads:
        thread.start()
    swaps = 0
    while time.monotonic() < until:
        floor.plug(versions[swaps % 3])
        swaps += 1
        time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert not faults
    assert swaps > 20
    assert len(answers) > 5
    for judged in answers:
        assert len({each.version for each in judged}) == 1
        for each, right in zip(judged, expected[judged[0].version], strict=True):
            np.testing.assert_allclose(scores(each), right, atol=1e-4)


def test_an_expert_that_is_pulled_out_is_named_as_missing(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone))
    floor.plug(drawn(backbone, "two", 2))
    floor.pull("one")
    with pytest.raises(UsageError, match=r"no expert 'one'.*two"):
        floor.ask("one", [TEXT])
    with pytest.raises(UsageError):
        floor.pull("one")


def test_an_expert_of_another_backbone_is_not_plugged_in(backbone: Backbone) -> None:
    expert = drawn(backbone)
    with pytest.raises(UsageError, match="another backbone"):
        ExpertFloor(backbone).plug(replace(expert, card=replace(expert.card, base="0" * 64)))


def test_one_alarm_at_the_end_of_a_long_text_is_heard(backbone: Backbone) -> None:
    windows = Windows(size=32, overlap=8, most=20, join="alarm", alarm_label="malicious")
    floor = ExpertFloor(backbone)
    floor.plug(listening(drawn(backbone, windows=windows), "mimikatz", backbone))
    quiet = "the printer is on the second floor " * 20
    calm, loud = floor.ask("one", [quiet, quiet + " mimikatz"])
    assert calm.best is not None and calm.best.name == "benign"
    assert loud.best is not None and loud.best.name == "malicious"


def test_a_text_too_long_to_read_whole_is_refused_by_a_guard_not_half_read(backbone: Backbone) -> None:
    windows = Windows(size=32, overlap=8, most=3, join="alarm", alarm_label="malicious")
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone, windows=windows))
    judged = floor.ask("one", ["word " * 5_000])[0]
    assert "longer than it can read" in judged.abstained


def test_what_lies_far_from_all_it_knows_is_not_answered(backbone: Backbone) -> None:
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone, limit=1e9))
    judged = floor.ask("one", [TEXT])[0]
    assert judged.best is None
    assert "unlike anything it knows" in judged.abstained
    assert judged.record()["abstained"] is True


@pytest.mark.parametrize("text", ["", "   ", "\0", "\ud800", "\u202e" * 40, "a" * 200_000, "{{7*7}}\r\n", "🧨" * 300])
def test_hostile_texts_get_an_answer_or_an_abstention(backbone: Backbone, text: str) -> None:
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone))
    (judged,) = floor.ask("one", [text])
    assert judged.abstained or sum(each.score for each in judged.labels) == pytest.approx(1, abs=1e-4)


def test_an_outside_expert_is_asked_beside_those_of_the_base(backbone: Backbone) -> None:
    class Outside:
        name = "far"

        def ask(self, texts: list[str]) -> list[Judgement]:
            return [Judgement("far", (), "v", f"seen {text}") for text in texts]

    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone))
    floor.attach(Outside())  # type: ignore[arg-type]
    judged = floor.ask_each([("far", "a"), ("one", TEXT), ("far", "b")])
    assert [each.expert for each in judged] == ["far", "one", "far"]
    assert [judged[0].abstained, judged[2].abstained] == ["seen a", "seen b"]


def test_a_guard_that_looks_under_disguises_hears_what_is_encoded(backbone: Backbone) -> None:
    hidden = "nc -l " + base64.b64encode(b"mimikatz sekurlsa logonpasswords").decode()
    heard = {}
    for unmask in (False, True):
        windows = Windows(size=32, overlap=4, most=2, join="alarm", alarm_label="malicious", unmask=unmask)
        floor = ExpertFloor(backbone)
        floor.plug(listening(drawn(backbone, windows=windows), "mimikatz", backbone))
        judged = floor.ask("one", [hidden, "nc -l 4444"])
        heard[unmask] = [each.labels[0].name for each in judged]
    assert heard == {False: ["benign", "benign"], True: ["malicious", "benign"]}


def test_what_looks_under_disguises_is_meant_for_any_text_and_does_not_abstain_from_the_unfamiliar(
    backbone: Backbone,
) -> None:
    windows = Windows(size=32, overlap=4, most=2, join="alarm", alarm_label="malicious", unmask=True)
    floor = ExpertFloor(backbone)
    floor.plug(drawn(backbone, windows=windows, limit=1e9))
    assert not floor.ask("one", [TEXT])[0].abstained
