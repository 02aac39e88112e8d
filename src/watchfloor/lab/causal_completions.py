"""Chat completions in OpenAI's form, out of a shelf of causal models: requests checked, answers put together.

A JSON schema is kept to by scoring: every answer it allows is a candidate, and the likeliest is given. That is a real
restriction of the model's output, and needs schemas with few answers: an object of one property with an ``enum``.
Knows nothing of HTTP.
"""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.base.errors import InputError, UsageError
from watchfloor.lab.causal_base import Base
from watchfloor.lab.causal_scoring import Scored
from watchfloor.lab.causal_shelf import CausalShelf

MOST_TOKENS: Final = 1024
MOST_TOP: Final = 20
#: Alternatives of one property beyond which scoring them all takes too long.
_MOST_ANSWERS: Final = 512
_ROLES: Final = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Request:
    """One checked request. ``allowed`` are the answers a schema leaves; empty where there is no schema."""

    model: str
    messages: list[dict[str, str]]
    max_tokens: int
    top: int
    logprobs: bool
    allowed: tuple[str, ...]


def request_of(body: dict[str, Any]) -> Request:
    """Check a request.

    Raises:
        InputError: it is not one, or asks for what this server cannot do.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not isinstance(messages, list) or not messages:
        raise InputError("model and messages are needed.")
    asked = []
    for each in messages:
        role, content = (each.get("role"), each.get("content")) if isinstance(each, dict) else (None, None)
        if role not in _ROLES or not isinstance(content, str):
            raise InputError(f"a message has a role of {', '.join(_ROLES)} and a text as content.")
        asked.append({"role": role, "content": content})
    if body.get("stream") or body.get("n", 1) != 1 or body.get("temperature", 0) not in (0, 0.0):
        raise InputError("this server gives one answer, not streamed, at temperature 0.")
    most = _whole(body, "max_completion_tokens", _whole(body, "max_tokens", 64, MOST_TOKENS), MOST_TOKENS)
    logprobs = body.get("logprobs") is True
    top = _whole(body, "top_logprobs", 0, MOST_TOP) if logprobs else 0
    return Request(model, asked, most, top, logprobs, _allowed(body.get("response_format")))


def _whole(body: dict[str, Any], name: str, usual: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return usual
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise InputError(f"{name} is a whole number up to {most}.")
    return value


def _allowed(wanted: Any) -> tuple[str, ...]:
    if wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text"):
        return ()
    name, values = _enum(wanted)
    if not name or not 0 < len(values) <= _MOST_ANSWERS or not all(isinstance(each, str) for each in values):
        raise InputError("response_format: this server takes a json_schema of an object with one required property "
                         f"that is an enum of at most {_MOST_ANSWERS} strings.")  # fmt: skip
    return tuple(json.dumps({name: value}, ensure_ascii=False) for value in values)


def _enum(wanted: Any) -> tuple[str, list[Any]]:
    """Name and values of a schema's only property; empty where it is another kind of schema."""
    try:
        schema = wanted["json_schema"]["schema"]
        ((name, kind),) = schema["properties"].items()
        known = wanted["type"] == "json_schema" and schema["type"] == "object" and schema["required"] == [name]
        return (name, list(kind["enum"])) if known else ("", [])
    except (KeyError, TypeError, ValueError, AttributeError):
        return "", []


def complete(shelf: CausalShelf, request: Request) -> dict[str, Any]:
    """Answer a request.

    Raises:
        UsageError: there is no model of this name, or it takes no such chat.
        InputError: the prompt is longer than the model reads.
    """
    shelf.check(request.model)
    base = shelf.base
    prompt = base.prompt(request.messages)
    longest = int(getattr(base.model.config, "max_position_embeddings", 0) or 0)
    if longest and len(prompt) + request.max_tokens > longest:
        raise InputError(f"This model's maximum context length is {longest} tokens; you asked for {len(prompt)} "
                         f"and {request.max_tokens} more.")  # fmt: skip
    if request.allowed:
        answers = [base.answer(each) for each in request.allowed]
        scored = shelf.score(request.model, prompt, answers, request.top)
        said = _cut(_with_allowed(max(scored, key=lambda each: each.total), scored, request.top), request.max_tokens)
        ended = len(said.tokens) < request.max_tokens
    else:
        said, ended = shelf.write(request.model, prompt, request.max_tokens, request.top)
    return _completion(base, request, said, len(prompt), "stop" if ended else "length")


def _with_allowed(best: Scored, scored: list[Scored], most: int) -> Scored:
    """The best answer, what other answers would have gone on with among its alternatives, however unlikely that is."""
    tops = []
    for place, top in enumerate(best.top):
        others = {each.tokens[place]: each.logprobs[place] for each in scored
                  if len(each.tokens) > place and each.tokens[:place] == best.tokens[:place]}  # fmt: skip
        told = sorted(others.items(), key=lambda each: -each[1])[:most]
        told += [each for each in top if each[0] not in others][: most - len(told)]
        tops.append(sorted(told, key=lambda each: -each[1]))
    return Scored(best.tokens, best.logprobs, tops)


def _cut(said: Scored, most: int) -> Scored:
    return Scored(said.tokens[:most], said.logprobs[:most], said.top[:most])


def _completion(base: Base, request: Request, said: Scored, asked: int, ended: str) -> dict[str, Any]:
    content = base.tokenizer.decode(said.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": content},
                              "finish_reason": ended, "logprobs": None}  # fmt: skip
    if request.logprobs:
        choice["logprobs"] = {"content": [
            _token(base, token, logprob) | {"top_logprobs": [_token(base, *each) for each in top]}
            for token, logprob, top in zip(said.tokens, said.logprobs, said.top, strict=True)
        ]}  # fmt: skip
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}", "object": "chat.completion", "created": int(time.time()),
        "model": request.model, "choices": [choice],
        "usage": {"prompt_tokens": asked, "completion_tokens": len(said.tokens),
                  "total_tokens": asked + len(said.tokens)},
    }  # fmt: skip


def _token(base: Base, token: int, logprob: float) -> dict[str, Any]:
    raw = piece(base, token)
    return {"token": raw.decode("utf-8", "replace"), "logprob": max(logprob, -9999.0), "bytes": list(raw)}


def piece(base: Base, token: int) -> bytes:
    """The bytes of one token, which need not be whole letters: byte-level vocabularies spell them in their own code."""
    spelled = base.tokenizer.convert_ids_to_tokens(token)
    if all(each in _LETTERS for each in spelled):
        return bytes(_LETTERS[each] for each in spelled)
    return str(base.tokenizer.decode([token], clean_up_tokenization_spaces=False)).encode()


def _byte_letters() -> dict[str, int]:
    """Letter -> byte of byte-level BPE: printable bytes are themselves, the others follow from U+0100 (GPT-2)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [each for each in range(256) if each not in plain]
    return {chr(each): each for each in plain} | {chr(256 + place): each for place, each in enumerate(others)}


_LETTERS: Final = _byte_letters()


def not_found(error: UsageError) -> bool:
    """Whether an error of the shelf is about a name that is not there."""
    return "does not exist" in error.message or "cannot be found" in error.message or "No adapter" in error.message
