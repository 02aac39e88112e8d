"""Models of a server change while they are asked: no request is dropped, none is answered by the wrong version."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.experts.rude_server import LABELS, Asked, Reply, said, serving
from watchfloor.base.errors import PackError, UsageError, WatchfloorError
from watchfloor.base.judgements import Judgement
from watchfloor.experts.endpoint import Endpoint, EndpointExpert
from watchfloor.experts.endpoint_errors import UnreachableError
from watchfloor.experts.endpoint_server import ModelServer, swap, versioned


class Models:
    """A server's models: even versions say malicious, odd ones benign; what is not loaded is not found."""

    def __init__(self, *loaded: str, delay: float = 0.01) -> None:
        self.loaded = ["base", *loaded]
        self.delay = delay
        self.not_found = 0
        self.answered: Counter[str] = Counter()
        self.lose_answers = False

    def __call__(self, asked: Asked, number: int) -> Reply:
        body = asked.body
        if asked.path == "/models":
            return Reply({"data": [{"id": each, "parent": None if each == "base" else "base"} for each in self.loaded]})
        if asked.path == "/load_lora_adapter":
            if body["lora_path"] == "/missing":
                return Reply({"error": {"message": "No adapter found for /missing"}}, status=404)
            self.loaded.append(body["lora_name"])
            return Reply(cut=True) if self.lose_answers else Reply(b"Success")
        if asked.path == "/unload_lora_adapter":
            self.loaded.remove(body["lora_name"])
            return Reply(b"Success")
        if body["model"] not in self.loaded:
            self.not_found += 1
            return Reply({"error": {"message": f"The model `{body['model']}` does not exist."}}, status=404)
        self.answered[body["model"]] += 1
        return Reply(said(says(body["model"]), body["model"]), delay=self.delay)


def says(model: str) -> str:
    return LABELS[int(model[-1]) % 2]


def expert_at(url: str, model: str = "command@0") -> EndpointExpert:
    return EndpointExpert(Endpoint("command", url, model, LABELS, "Malicious?", backoff_s=0.01, concurrency=4))


def test_swapping_under_load_drops_nothing_and_nothing_is_answered_by_the_wrong_version() -> None:
    models, judged, faults = Models("command@0"), list[Judgement](), list[Exception]()
    over = threading.Event()
    with serving(models) as server, expert_at(server.url) as expert, ModelServer(server.url) as shelf:

        def keep_asking(who: int) -> None:
            number = 0
            while not over.is_set():
                number += 1
                try:
                    judged.extend(expert.ask([f"{who} {number} {place}" for place in range(3)]))
                except WatchfloorError as error:
                    faults.append(error)

        threads = [threading.Thread(target=keep_asking, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        try:
            for version in range(1, 8):
                time.sleep(0.1)
                assert swap(expert, shelf, f"command@{version}", "/adapters/new") == f"command@{version - 1}"
        finally:
            time.sleep(0.1)
            over.set()
            for thread in threads:
                thread.join()
        assert shelf.adapters() == ["command@7"]
        assert shelf.models() == ["base", "command@7"]
    assert not faults
    assert models.not_found == 0
    assert len(models.answered) == 8
    assert all(each.best and each.best.name == says(each.version) for each in judged)
    assert Counter(each.version for each in judged) == models.answered


def test_a_version_that_cannot_be_loaded_changes_nothing() -> None:
    models = Models("command@0")
    with serving(models) as server, expert_at(server.url) as expert, ModelServer(server.url) as shelf:
        with pytest.raises(UsageError, match="No adapter found"):
            swap(expert, shelf, "command@1", "/missing")
        assert expert.ask(["a"])[0].version == "command@0"
        assert shelf.adapters() == ["command@0"]


def test_loading_whose_answer_is_lost_is_found_out_and_not_done_twice() -> None:
    models = Models()
    models.lose_answers = True
    with serving(models) as server, ModelServer(server.url) as shelf:
        shelf.load_lora("command@1", "/adapters/new")
        shelf.load_lora("command@1", "/adapters/new")
        assert models.loaded == ["base", "command@1"]
        shelf.unload_lora("command@1")
        shelf.unload_lora("command@1")
        assert models.loaded == ["base"]


def test_an_old_version_that_is_still_answering_is_not_taken_from_under_it() -> None:
    models = Models("command@0", delay=1.0)
    with serving(models) as server, expert_at(server.url) as expert, ModelServer(server.url) as shelf:
        found = list[Judgement]()
        thread = threading.Thread(target=lambda: found.extend(expert.ask(["slow"])))
        thread.start()
        while not models.answered:
            time.sleep(0.01)
        with pytest.raises(WatchfloorError, match="still answering"):
            swap(expert, shelf, "command@1", "/adapters/new", drain_s=0.1)
        thread.join()
        assert found[0].version == "command@0"
        assert found[0].best
        models.delay = 0.0
        assert expert.ask(["next"])[0].version == "command@1"


def test_the_base_is_swapped_out_and_stays() -> None:
    models = Models()
    with serving(models) as server, expert_at(server.url, "base") as expert, ModelServer(server.url) as shelf:
        assert swap(expert, shelf, "command@1", "/adapters/new") == "base"
        assert shelf.models() == ["base", "command@1"]


@pytest.mark.parametrize("reply", [Reply(b"<html>"), Reply({}), Reply({"detail": "Not Found"}, status=404)])
def test_what_is_no_model_server_is_said_to_be_none(reply: Reply) -> None:
    with serving(lambda *_: reply) as server, ModelServer(server.url) as shelf:
        with pytest.raises(UnreachableError) as caught:
            shelf.models()
        assert "/v1" in caught.value.hint


def test_a_server_that_loads_nothing_at_run_time_is_told_apart() -> None:
    def reply(asked: Asked, number: int) -> Reply:
        return Reply({"data": [{"id": "base"}]}) if asked.path == "/models" else Reply({"detail": "Not Found"}, 404)

    with serving(reply) as server, ModelServer(server.url) as shelf:
        with pytest.raises(UsageError) as caught:
            shelf.load_lora("command@1", "/adapters/new")
        assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" in caught.value.hint


def test_a_version_is_named_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(PackError):
        versioned("command", tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"1")
    first = versioned("command", tmp_path)
    assert first == versioned("command", tmp_path)
    assert len(first) == len("command@3f2a9c1b")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"2")
    assert versioned("command", tmp_path) != first
